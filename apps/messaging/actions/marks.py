"""How far people have come: watermarks of channels and threads, written for many people in one statement."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest

from apps.core import clock
from apps.messaging import queries
from apps.messaging.models import Message, ThreadMark
from apps.notifications import actions as notices
from apps.people.models import User
from apps.realtime.publish import publish_hints
from apps.teams import queries as teams_queries
from apps.teams.models import Channel

Marks = Mapping[tuple[int, int], tuple[int, int]]
"""(user id, channel id) -> (read up to, delivered up to); 0 where that half is not told."""


# A mark set by hand ("unread from here") gives way only to what was seen after it was set: marks wait a second to be written.
SAVE_MARKS = """
WITH told AS (
  SELECT * FROM unnest(%(users)s::bigint[], %(channels)s::bigint[], %(read)s::bigint[], %(delivered)s::bigint[],
    %(heard)s::timestamptz[]) AS t(user_id, channel_id, up_to, delivered, heard_at)
), before AS (
  SELECT mark.user_id, mark.channel_id, mark.up_to, mark.unread_from
  FROM messaging_readmark mark JOIN told USING (user_id, channel_id)
), saved AS (
  INSERT INTO messaging_readmark AS mark (channel_id, user_id, base, up_to, delivered, at)
  SELECT c.id, t.user_id, 0, least(t.up_to, c.last_number), least(greatest(t.delivered, t.up_to), c.last_number), %(now)s
  FROM told t JOIN teams_channel c ON c.id = t.channel_id ORDER BY t.user_id, c.id
  ON CONFLICT (user_id, channel_id) DO UPDATE SET
    up_to = greatest(mark.up_to, EXCLUDED.up_to),
    delivered = greatest(mark.delivered, EXCLUDED.delivered),
    unread_from = CASE WHEN EXCLUDED.up_to >= mark.unread_from AND (mark.by_hand_at IS NULL OR mark.by_hand_at < (SELECT heard_at
        FROM told WHERE told.user_id = mark.user_id AND told.channel_id = mark.channel_id)) THEN NULL ELSE mark.unread_from END,
    at = CASE WHEN EXCLUDED.up_to > mark.up_to THEN EXCLUDED.at ELSE mark.at END
  RETURNING channel_id, user_id, base, up_to, delivered, unread_from
)
SELECT s.channel_id, s.user_id, s.base, s.up_to, s.delivered, coalesce(s.unread_from - 1, greatest(s.base, s.up_to)),
  (SELECT last_number FROM teams_channel WHERE id = s.channel_id),
  s.up_to > coalesce(b.up_to, 0) OR (b.unread_from IS NOT NULL AND s.unread_from IS NULL)
FROM saved s LEFT JOIN before b USING (user_id, channel_id)
"""


@dataclass(frozen=True, slots=True)
class _Saved:
    """A mark as it was stored: where its owner stands, and whether they have read on."""

    channel: int
    user: int
    base: int
    up_to: int
    delivered: int
    read: int  # up to where nothing is unread for the owner
    last: int
    has_read: bool


def save_marks(marks: Marks, *, heard_at: Mapping[tuple[int, int], datetime] | None = None) -> None:
    """Write many people's marks in one statement, and tell them to their other devices and to small channels.

    Pairs of somebody who does not read the channel are dropped; numbers beyond the channel's last are cut; marks never fall. One
    that was heard (`heard_at`, now where it is not told) before a mark was set by hand leaves that one alone.
    """
    if not marks:
        return
    allowed = teams_queries.allowed_channels({user for user, _ in marks}, {channel for _, channel in marks})
    now, heard = clock.now(), heard_at or {}
    rows = [
        (user, channel, *marks[user, channel], heard.get((user, channel), now))
        for user, channel in sorted(marks)
        if (user, channel) in allowed
    ]
    if not rows:
        return
    names = ("users", "channels", "read", "delivered", "heard")
    columns = {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    with connection.cursor() as cursor:
        cursor.execute(SAVE_MARKS, {**columns, "now": now})
        saved = [_Saved(*row) for row in cursor.fetchall()]
    _tell_marks(saved)
    notices.read_up_to([(one.user, one.channel, max(one.base, one.up_to)) for one in saved if one.has_read])


def _tell_marks(saved: list[_Saved]) -> None:
    small = _small_channels({one.channel for one in saved})
    by_channel: dict[int, list[list[int]]] = {}
    hints: list[tuple[str, int, dict[str, Any]]] = []
    for one in saved:
        hint = {"kind": "mark", "topic": f"channel:{one.channel}", "read": one.read, "last": one.last}
        hints.append(("user", one.user, hint))
        if one.channel in small:
            by_channel.setdefault(one.channel, []).append([one.user, one.base, one.up_to, one.delivered])
    hints += [("channel", channel, {"kind": "marks", "marks": marks}) for channel, marks in by_channel.items()]
    publish_hints(hints)


def _small_channels(channels: set[int]) -> set[int]:
    """Return the channels with at most 200 marks, in which each sees how far the others have read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id FROM unnest(%s::bigint[]) AS c(id) WHERE (SELECT count(*) FROM"
            " (SELECT 1 FROM messaging_readmark r WHERE r.channel_id = c.id LIMIT %s) AS few) <= %s",
            [list(channels), queries.MARKS_SHOWN_UP_TO + 1, queries.MARKS_SHOWN_UP_TO],
        )
        return {row[0] for row in cursor.fetchall()}


def mark_read(*, user: User, channel: Channel, up_to: int) -> None:
    """Mark a channel read up to a number, as opening its page does."""
    save_marks({(user.pk, channel.pk): (up_to, up_to)})


def mark_unread(*, user: User, channel: Channel, number: int) -> None:
    """Mark a channel unread from a message on, for its owner alone; others go on seeing how far they had read."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO messaging_readmark AS mark"
            " (channel_id, user_id, base, up_to, delivered, unread_from, at, by_hand_at) VALUES (%s, %s, 0, %s, %s, %s, %s, %s)"
            " ON CONFLICT (user_id, channel_id) DO UPDATE SET"
            "  unread_from = EXCLUDED.unread_from, by_hand_at = EXCLUDED.by_hand_at",
            [channel.pk, user.pk, number - 1, number, number, now, now],
        )
    topic = f"channel:{channel.pk}"
    hint = {"kind": "mark", "topic": topic, "read": number - 1, "last": channel.last_number, "by_hand": True}
    transaction.on_commit(lambda: publish_hints([("user", user.pk, hint)]))


def mark_opened(*, user: User, channel: Channel, up_to: int, has_script: bool) -> None:
    """Mark read what a page shows when it is opened; one with a script tells itself what was seen."""
    if not has_script and up_to:
        mark_read(user=user, channel=channel, up_to=up_to)


def start_marks(*, user_id: int, channel_ids: Collection[int], since: str, anew: bool) -> None:
    """Set where somebody begins to count in channels: what was there at the instant `since` (ISO 8601) is not unread.

    `anew` moves the beginning of somebody who came back; otherwise an existing mark stays. Two statements.
    """
    begun = queries.numbers_at(channel_ids, datetime.fromisoformat(since))
    if not begun:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO messaging_readmark AS mark (channel_id, user_id, base, up_to, delivered, at)"
            " SELECT c.id, %s, c.number, 0, c.number, %s FROM unnest(%s::bigint[], %s::bigint[]) AS c(id, number)"
            " ON CONFLICT (user_id, channel_id) DO UPDATE SET base = greatest(mark.base, EXCLUDED.base) WHERE %s",
            [user_id, clock.now(), list(begun), list(begun.values()), anew],
        )


# -- Threads --------------------------------------------------------------------------------------------------------------
ThreadMarks = Mapping[tuple[int, int, int], int]
"""(user id, channel id, number of the root) -> the ordinal of the last reply that was seen."""


def save_thread_marks(marks: ThreadMarks) -> None:
    """Write how far people have read threads, in one statement; their other devices and their notices follow.

    Marks of somebody who does not read the channel are dropped; ordinals beyond the last reply are cut; marks never fall. Who
    looks into a thread gets a row without following it.
    """
    if not marks:
        return
    allowed = teams_queries.allowed_channels({user for user, *_ in marks}, {channel for _, channel, _ in marks})
    rows = [(*key, marks[key]) for key in sorted(marks) if key[:2] in allowed]
    if not rows:
        return
    users, channels, roots, seen = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO messaging_threadmark AS mark (root_id, user_id, up_to, is_following, at)"
            " SELECT m.id, t.user_id, least(t.up_to, m.reply_count), false, %s"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) AS t(user_id, channel_id, number, up_to)"
            " JOIN messaging_message m ON m.channel_id = t.channel_id AND m.number = t.number AND m.root_id IS NULL"
            " ORDER BY m.id, t.user_id"
            " ON CONFLICT (root_id, user_id) DO UPDATE SET up_to = EXCLUDED.up_to, at = EXCLUDED.at"
            "  WHERE EXCLUDED.up_to > mark.up_to"
            " RETURNING user_id, up_to, (SELECT ARRAY[root.channel_id, root.number, root.reply_count]"
            "  FROM messaging_message root WHERE root.id = mark.root_id)",
            [clock.now(), users, channels, roots, seen],
        )
        saved = cursor.fetchall()
    publish_hints([("user", user, _thread_hint(place, up_to)) for user, up_to, place in saved])
    notices.read_threads([(user, channel, root, up_to) for user, up_to, (channel, root, _) in saved])


def _thread_hint(place: list[int], up_to: int) -> dict[str, Any]:
    channel, root, replies = place
    return {"kind": "thread", "topic": f"channel:{channel}", "root": root, "read": up_to, "replies": replies}


def mark_thread_read(*, user: User, channel: Channel, root_number: int, up_to: int) -> None:
    """Mark a thread read up to a reply's ordinal, as opening its page does."""
    save_thread_marks({(user.pk, channel.pk, root_number): up_to})


def mark_thread_opened(*, user: User, channel: Channel, root: Message, has_script: bool) -> None:
    """Mark read the thread that a page shows; one with a script tells itself what was seen."""
    if not has_script and root.reply_count:
        mark_thread_read(user=user, channel=channel, root_number=root.number, up_to=root.reply_count)


def follow_where_written(root_ids: Collection[int], *, all_read: bool) -> None:
    """Have everybody who wrote in threads follow them, as if each message had been sent: for messages that were stored otherwise.

    `all_read`: nothing in them is unread; else what the mark in the channel covers is read. One statement; existing marks stay.
    """
    if not root_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO messaging_threadmark (root_id, user_id, up_to, is_following, at)"
            " SELECT wrote.root_id, wrote.user_id,"
            "  CASE WHEN %(all_read)s THEN root.reply_count ELSE"
            "   (SELECT count(*) FROM messaging_message reply WHERE reply.root_id = root.id"
            "    AND reply.number <= greatest(wrote.own,"
            "     coalesce((SELECT greatest(mark.base, mark.up_to) FROM messaging_readmark mark"
            "      WHERE mark.user_id = wrote.user_id AND mark.channel_id = root.channel_id), 0))) END,"
            "  true, wrote.at"
            " FROM (SELECT coalesce(root_id, id) AS root_id, author_id AS user_id, max(created_at) AS at, max(number) AS own"
            "  FROM messaging_message WHERE root_id = ANY(%(roots)s) OR id = ANY(%(roots)s) GROUP BY 1, 2) AS wrote"
            " JOIN messaging_message root ON root.id = wrote.root_id AND root.reply_count > 0"
            " ORDER BY wrote.root_id, wrote.user_id ON CONFLICT (root_id, user_id) DO NOTHING",
            {"all_read": all_read, "roots": sorted(root_ids)},
        )


def follow_thread(*, by: User, root: Message, on: bool) -> None:
    """Begin or cease to follow a thread. Who begins has read what is there; who writes in it later follows it again."""
    mark, is_new = ThreadMark.objects.get_or_create(
        root=root, user=by, defaults={"up_to": root.reply_count, "is_following": on}
    )
    if not is_new and mark.is_following != on:
        ThreadMark.objects.filter(pk=mark.pk).update(
            is_following=on, up_to=Greatest("up_to", Value(root.reply_count)) if on else F("up_to"), at=clock.now()
        )
