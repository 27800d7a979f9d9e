"""Sending. A message is acknowledged only after COMMIT, and stored once however often it is sent."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.core import clock
from apps.messaging import permissions, queries
from apps.messaging.models import Forward, Message
from apps.people.models import User
from apps.realtime.publish import publish_change
from apps.teams.models import Channel, ChannelKind

from .composing import Composed, check_reach, compose
from .drafts import tell_of_draft
from .errors import ChannelArchived, ClientIdTaken, MessageDeleted, MessagingError, NoSuchRoot, NotAMember
from .telling import mentioned_here, tell_of_message


@dataclass(frozen=True, slots=True)
class Sent:
    """A stored message with its viewer-neutral row; `created` is false when a retry found the first result."""

    message: Message
    body: dict[str, Any]
    created: bool
    not_here: tuple[str, ...] = ()


def send_message(
    *,
    by: User,
    channel: Channel,
    client_id: uuid.UUID,
    text: str,
    root_number: int | None = None,
    asks_acknowledgement: bool = False,
    is_confirmed: bool = False,
) -> Sent:
    """Store a message in a channel that the sender reads, and publish it after the commit.

    `channel` comes from `visible_to(by)`. A retry with the same client id returns the first result. Raises EmptyMessage,
    MessageTooLong, ChannelArchived, NotAMember (removed in the meantime), NoSuchRoot, ClientIdTaken, and
    MentionNeedsConfirmation where the text tells more than fifty people and the sender has not said yes to that.
    """
    composed = compose(text, channel)
    return _send(
        by=by,
        channel=channel,
        client_id=client_id,
        composed=composed,
        root_number=root_number,
        asks_acknowledgement=asks_acknowledgement,
        is_confirmed=is_confirmed,
    )


def forward_message(
    *, by: User, source: Message, channel: Channel, client_id: uuid.UUID, text: str = "", is_confirmed: bool = False
) -> Sent:
    """Pass a message on into another conversation, as it is now, with its author and time; `text` is a word to go with it.

    Both are the sender's to read. Raises what `send_message` raises, and MessageDeleted.
    """
    composed = compose(text, channel, may_be_empty=True)
    source.refresh_from_db(fields=["deleted_at", "body", "rendered"])
    if source.deleted_at is not None and queries.own_message(by, client_id) is None:
        raise MessageDeleted(_("This message was deleted."))
    forward = queries.forward_of(source)
    return _send(
        by=by, channel=channel, client_id=client_id, composed=composed, forward=forward, is_confirmed=is_confirmed
    )


def _send(
    *,
    by: User,
    channel: Channel,
    client_id: uuid.UUID,
    composed: Composed,
    root_number: int | None = None,
    asks_acknowledgement: bool = False,
    is_confirmed: bool = False,
    forward: Forward | None = None,
) -> Sent:
    message = Message(
        channel=channel,
        author=by,
        client_id=client_id,
        body=composed.body,
        rendered=composed.rendered,
        mentions=composed.mentions,
        asks_acknowledgement=asks_acknowledgement,
        is_forward=forward is not None,
        created_at=clock.now(),
    )
    try:
        if not permissions.can_send(by, channel):
            raise ChannelArchived(_("This channel is archived: it can be read, not written to."))
        if composed.keys and queries.own_message(by, client_id) is None:
            check_reach(composed.keys, channel, by=by, is_confirmed=is_confirmed)
        with transaction.atomic():
            return _store(message, composed, root_number, forward)
    except IntegrityError:
        return find_sent(by=by, channel=channel, client_id=client_id)
    except (ChannelArchived, NoSuchRoot) as error:
        # A retry of what was stored before is told so, whatever became of the place since.
        return _sent_before(by, channel, client_id, error)


def _sent_before(by: User, channel: Channel, client_id: uuid.UUID, error: MessagingError) -> Sent:
    if queries.own_message(by, client_id) is None:
        raise error
    return find_sent(by=by, channel=channel, client_id=client_id)


def find_sent(*, by: User, channel: Channel, client_id: uuid.UUID) -> Sent:
    """Return the first result of a client id. Raises ClientIdTaken when it went to another channel."""
    message = queries.own_message(by, client_id)
    if message is None or message.channel_id != channel.pk:
        raise ClientIdTaken(_("This message was already sent elsewhere. Write it anew."))
    return Sent(message=message, body=queries.bodies_of([message])[message.pk], created=False)


def _store(message: Message, composed: Composed, root_number: int | None, forward: Forward | None) -> Sent:
    channel, by = message.channel, message.author
    message.number, message.change = _take_place(channel, message.created_at)
    root = None
    if root_number is not None:
        root = queries.root_in(channel, root_number, viewer=by)
        if root is None or root.deleted_at is not None:
            raise NoSuchRoot(_("The message that you answer is not there any more."))
        message.root = root
        message.ordinal = root.reply_count + 1
    _insert(message)
    if forward is not None:
        forward.message = message
        forward.save(force_insert=True)
    if root is not None:
        _join_thread(message, root, mentioned=mentioned_here(message, composed.keys))
    row = queries.message_body(message, by, root=root, forward=forward)
    # What is below is for people who are called; most messages call nobody.
    if root is not None or composed.keys or message.asks_acknowledgement:
        tell_of_message(message, composed.keys)
    number, change = message.number, message.change
    frame = queries.message_change(row)
    transaction.on_commit(lambda: publish_change("channel", channel.pk, change, frame, place=number))
    return Sent(message=message, body=row, created=True, not_here=composed.not_here)


def _join_thread(reply: Message, root: Message, *, mentioned: Sequence[int]) -> None:
    """Count a reply at its root; its author, the root's and those whom it mentions follow the thread from now on.

    The author's own mark moves to the reply if it stood right before it; one without a mark had the thread before them. Who
    ceased to follow and writes again follows again.
    """
    Message.objects.filter(pk=root.pk).update(reply_count=F("reply_count") + 1, last_reply_at=reply.created_at)
    root.reply_count += 1
    root.last_reply_at = reply.created_at
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO messaging_threadmark AS mark (root_id, user_id, up_to, is_following, at)"
            " SELECT %(root)s, who.id, who.up_to, true, %(now)s"
            " FROM (SELECT %(by)s::bigint AS id, %(seen)s::int AS up_to"
            "  UNION SELECT others.id, 0 FROM unnest(%(others)s::bigint[]) AS others(id) WHERE others.id <> %(by)s) AS who"
            " ORDER BY who.id"
            " ON CONFLICT (root_id, user_id) DO UPDATE SET is_following = true, at = EXCLUDED.at,"
            "  up_to = CASE WHEN mark.up_to >= EXCLUDED.up_to - 1 THEN EXCLUDED.up_to ELSE mark.up_to END"
            "  WHERE mark.user_id = %(by)s",
            {
                "root": root.pk,
                "by": reply.author_id,
                "others": [root.author_id, *mentioned],
                "seen": reply.ordinal,
                "now": reply.created_at,
            },
        )


def _take_place(channel: Channel, now: datetime) -> tuple[int, int]:
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
# sender's mark moves to their own message if it stood right before it; a mark set by hand stays. The draft that the message was
# is emptied on all devices; one that another device went on with has another text and stays.
INSERT_MESSAGE = """
WITH stored AS (
  INSERT INTO messaging_message
    (channel_id, number, change, author_id, client_id, root_id, ordinal, body, rendered, mentions, priority,
     asks_acknowledgement, acknowledged_count, is_forward, created_at, reply_count)
  SELECT %(channel)s, %(number)s, %(change)s, %(user)s, %(client_id)s, %(root)s, %(ordinal)s, %(body)s, %(rendered)s,
    %(mentions)s::jsonb, %(priority)s, %(asks)s, 0, %(is_forward)s, %(now)s, 0
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
), emptied AS (
  UPDATE messaging_draft SET body = '', version = version + 1, saved_at = %(now)s
  WHERE user_id = %(user)s AND channel_id = %(channel)s AND root_number = %(root_number)s
    AND btrim(body, E' \\n\\t') = btrim(%(body)s, E' \\n\\t') AND EXISTS (SELECT 1 FROM stored)
  RETURNING version
)
SELECT id, (SELECT version FROM emptied) FROM stored
"""


def _insert(message: Message) -> None:
    """Store a message at its place and move the sender's mark. Raises NotAMember where the sender has left."""
    channel = message.channel
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
                "root_number": message.root.number if message.root else 0,
                "ordinal": message.ordinal,
                "body": message.body,
                "rendered": message.rendered,
                "mentions": orjson.dumps(message.mentions).decode() if message.mentions else None,
                "priority": message.priority,
                "asks": message.asks_acknowledgement,
                "is_forward": message.is_forward,
                "now": message.created_at,
                "team": channel.team_id if channel.kind == ChannelKind.STANDARD else None,
                "has_own_rows": channel.has_own_rows,
            },
        )
        row = cursor.fetchone()
    if row is None:
        raise NotAMember(_("There is no such page, or it is not yours to see."))
    message.pk, emptied = row
    message._state.adding = False
    if emptied is not None:
        tell_of_draft(message.author, channel.pk, message.root.number if message.root else 0, emptied)
