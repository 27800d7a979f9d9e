"""Sending and marking. A message is acknowledged only after COMMIT, and stored once however often it is sent."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.text import clean_text
from apps.people.models import User
from apps.realtime.publish import publish_change, publish_hints
from apps.teams import queries as teams_queries
from apps.teams.models import Channel, ChannelKind

from . import permissions, queries
from .models import BODY_LIMIT, Message


class MessagingError(Exception):
    """A message cannot be sent; `code` is for programs, the text for people."""

    code = "refused"


class EmptyMessage(MessagingError):
    code = "empty"


class MessageTooLong(MessagingError):
    code = "too_long"


class ChannelArchived(MessagingError):
    code = "archived"


class NotAMember(MessagingError):
    """The channel is not (or no longer) the sender's: answered like one that does not exist."""

    code = "not_found"


class NoSuchRoot(MessagingError):
    code = "no_such_root"


class ClientIdTaken(MessagingError):
    """The client id already names another message of this author."""

    code = "client_id_taken"


@dataclass(frozen=True, slots=True)
class Sent:
    """A stored message with its viewer-neutral row; `created` is false when a retry found the first result."""

    message: Message
    body: dict[str, Any]
    created: bool


def check_text(text: str) -> str:
    """Return the text as it is stored. Raises EmptyMessage or MessageTooLong (over 10,000 characters)."""
    text = clean_text(text)
    if not text.strip():
        raise EmptyMessage(_("There is nothing to send yet: write a message first."))
    if len(text) > BODY_LIMIT:
        raise MessageTooLong(
            _("The message has %(length)d characters; %(limit)d are allowed. Split it or attach it as a file.")
            % {"length": len(text), "limit": BODY_LIMIT}
        )
    return text


def send_message(
    *, by: User, channel: Channel, client_id: uuid.UUID, text: str, root_number: int | None = None
) -> Sent:
    """Store a message in a channel that the sender reads, and publish it after the commit.

    `channel` comes from `visible_to(by)`. A retry with the same client id returns the first result. Raises EmptyMessage,
    MessageTooLong, ChannelArchived, NotAMember (removed in the meantime), NoSuchRoot, ClientIdTaken.
    """
    text = check_text(text)
    try:
        if not permissions.can_send(by, channel):
            raise ChannelArchived(_("This channel is archived: it can be read, not written to."))
        with transaction.atomic():
            return _store(by, channel, client_id, text, root_number)
    except IntegrityError:
        return find_sent(by=by, channel=channel, client_id=client_id)
    except (ChannelArchived, NoSuchRoot):
        # A retry of what was stored before is told so, whatever became of the place since.
        if queries.own_message(by, client_id) is None:
            raise
        return find_sent(by=by, channel=channel, client_id=client_id)


def find_sent(*, by: User, channel: Channel, client_id: uuid.UUID) -> Sent:
    """Return the first result of a client id. Raises ClientIdTaken when it went to another channel."""
    message = queries.own_message(by, client_id)
    if message is None or message.channel_id != channel.pk:
        raise ClientIdTaken(_("This message was already sent elsewhere. Write it anew."))
    reactions = queries.reactions_of([message.pk]).get(message.pk, ())
    return Sent(message=message, body=queries.message_body(message, by, reactions, message.root), created=False)


def _store(by: User, channel: Channel, client_id: uuid.UUID, text: str, root_number: int | None) -> Sent:
    now = clock.now()
    number, change = _take_place(channel, now)
    root = None
    if root_number is not None:
        root = queries.root_in(channel, root_number, viewer=by)
        if root is None or root.deleted_at is not None:
            raise NoSuchRoot(_("The message that you answer is not there any more."))
    message = Message(
        channel=channel,
        number=number,
        change=change,
        author=by,
        client_id=client_id,
        root=root,
        body=text,
        created_at=now,
    )
    _insert(message, channel, now)
    if root is not None:
        Message.objects.filter(pk=root.pk).update(reply_count=F("reply_count") + 1, last_reply_at=now)
        root.reply_count += 1
    row = queries.message_body(message, by, (), root)
    frame = queries.message_change(row)
    transaction.on_commit(lambda: publish_change("channel", channel.pk, change, frame, place=number))
    return Sent(message=message, body=row, created=True)


def _take_place(channel: Channel, now: Any) -> tuple[int, int]:
    """Lock the channel's row and take the next number and the next change. Raises ChannelArchived."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE teams_channel SET last_number = last_number + 1, last_change = last_change + 1, last_message_at = %s"
            " WHERE id = %s AND archived_at IS NULL RETURNING last_number, last_change",
            [now, channel.pk],
        )
        row = cursor.fetchone()
    if row is None:
        raise ChannelArchived(_("This channel is archived: it can be read, not written to."))
    return row[0], row[1]


# One statement for what every message costs. It runs after the channel was locked, so it sees who belongs to it now: the
# insert finds nothing to insert where the sender's own row or their place in the team was closed meanwhile, or their account. The
# sender's mark moves to their own message if it stood right before it; a mark set by hand stays.
INSERT_MESSAGE = """
WITH stored AS (
  INSERT INTO messaging_message
    (channel_id, number, change, author_id, client_id, root_id, body, created_at, reply_count)
  SELECT %(channel)s, %(number)s, %(change)s, %(user)s, %(client_id)s, %(root)s, %(body)s, %(now)s, 0
  WHERE EXISTS (SELECT 1 FROM people_user WHERE id = %(user)s AND is_active)
    AND (%(team)s IS NULL OR EXISTS
      (SELECT 1 FROM teams_teammembership WHERE team_id = %(team)s AND user_id = %(user)s AND left_at IS NULL))
    AND (NOT %(has_own_rows)s OR EXISTS
      (SELECT 1 FROM teams_channelmembership WHERE channel_id = %(channel)s AND user_id = %(user)s AND left_at IS NULL))
  RETURNING id
), marked AS (
  INSERT INTO messaging_readmark (channel_id, user_id, base, up_to, delivered, at)
  SELECT %(channel)s, %(user)s, 0, %(number)s, %(number)s, %(now)s FROM stored
  WHERE %(number)s = 1 OR EXISTS
    (SELECT 1 FROM messaging_readmark WHERE channel_id = %(channel)s AND user_id = %(user)s)
  ON CONFLICT (user_id, channel_id) DO UPDATE SET up_to = EXCLUDED.up_to, at = EXCLUDED.at,
    delivered = greatest(messaging_readmark.delivered, EXCLUDED.delivered)
  WHERE greatest(messaging_readmark.base, messaging_readmark.up_to) >= EXCLUDED.up_to - 1
    AND messaging_readmark.unread_from IS NULL
)
SELECT id FROM stored
"""


def _insert(message: Message, channel: Channel, now: Any) -> None:
    """Store a message at its place and move the sender's mark. Raises NotAMember where the sender has left."""
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_MESSAGE,
            {
                "channel": message.channel_id,
                "number": message.number,
                "change": message.change,
                "user": message.author_id,
                "client_id": message.client_id,
                "root": message.root_id,
                "body": message.body,
                "now": now,
                "team": channel.team_id if channel.kind == ChannelKind.STANDARD else None,
                "has_own_rows": channel.has_own_rows,
            },
        )
        row = cursor.fetchone()
    if row is None:
        raise NotAMember(_("There is no such page, or it is not yours to see."))
    message.pk = row[0]
    message._state.adding = False


# -- Marks ----------------------------------------------------------------------------------------------------------------
Marks = Mapping[tuple[int, int], tuple[int, int]]
"""(user id, channel id) -> (read up to, delivered up to); 0 where that half is not told."""


def save_marks(marks: Marks) -> None:
    """Write many people's marks in one statement, and tell them to their other devices and to small channels.

    Pairs of somebody who does not read the channel are dropped; numbers beyond the channel's last are cut; marks never fall.
    """
    if not marks:
        return
    allowed = teams_queries.allowed_channels({user for user, _ in marks}, {channel for _, channel in marks})
    rows = [(user, channel, *marks[user, channel]) for user, channel in sorted(marks) if (user, channel) in allowed]
    if not rows:
        return
    users, channels, read, delivered = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO messaging_readmark AS mark (channel_id, user_id, base, up_to, delivered, at)"
            " SELECT c.id, t.user_id, 0, least(t.up_to, c.last_number), least(greatest(t.delivered, t.up_to), c.last_number), %s"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) AS t(user_id, channel_id, up_to, delivered)"
            " JOIN teams_channel c ON c.id = t.channel_id ORDER BY t.user_id, c.id"
            " ON CONFLICT (user_id, channel_id) DO UPDATE SET"
            "  up_to = greatest(mark.up_to, EXCLUDED.up_to),"
            "  delivered = greatest(mark.delivered, EXCLUDED.delivered),"
            "  unread_from = CASE WHEN EXCLUDED.up_to >= mark.unread_from THEN NULL ELSE mark.unread_from END,"
            "  at = CASE WHEN EXCLUDED.up_to > mark.up_to THEN EXCLUDED.at ELSE mark.at END"
            " RETURNING channel_id, user_id, base, up_to, delivered,"
            "  (SELECT last_number FROM teams_channel WHERE id = mark.channel_id)",
            [clock.now(), users, channels, read, delivered],
        )
        saved = cursor.fetchall()
    _tell_marks(saved)


def _tell_marks(saved: list[tuple[int, int, int, int, int, int]]) -> None:
    small = _small_channels({channel for channel, *_ in saved})
    by_channel: dict[int, list[list[int]]] = {}
    hints: list[tuple[str, int, dict[str, Any]]] = []
    for channel, user, base, up_to, delivered, last in saved:
        hint = {"kind": "mark", "topic": f"channel:{channel}", "read": max(base, up_to), "last": last}
        hints.append(("user", user, hint))
        if channel in small:
            by_channel.setdefault(channel, []).append([user, base, up_to, delivered])
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
