"""Messages as rows of a page and as bodies of frames: what hangs on them comes in one query a kind, whatever their number."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Count
from django.utils.translation import gettext as _

from apps.core.markup import plain_excerpt, render_message
from apps.messaging.models import Forward, Message, Reaction
from apps.people.models import User
from apps.teams import queries as teams_queries
from apps.teams.models import Channel

ACKNOWLEDGED_SHOWN = 200  # people named in a frame; the list of readers has them all
GROUP_WITHIN_SECONDS = 300
NAMED = 50  # people with one reaction who are named, in frames and on pages; the rest is counted


@dataclass(frozen=True, slots=True)
class ReactionGroup:
    """How many reacted to a message with one emoji, the first fifty of them, and whether the viewer is one of all."""

    emoji: str
    count: int
    user_ids: tuple[int, ...]
    mine: bool = False


@dataclass(frozen=True, slots=True)
class AckState:
    """Who has taken note of a message that asks for it: how many, the first 200, and whether the viewer has or is to."""

    count: int
    user_ids: tuple[int, ...]
    mine_at: datetime | None = None
    waits: bool = False
    asked: int = 0  # people whom it asks; 0 where that was not counted

    @property
    def mine(self) -> bool:
        return self.mine_at is not None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as a page shows it to somebody."""

    message: Message
    author: User
    reactions: tuple[ReactionGroup, ...]
    ack: AckState | None = None
    source: Forward | None = None
    starts_group: bool = True  # an author's messages within five minutes stand together
    starts_day: bool = False
    is_first_unread: bool = False
    new_replies: int = 0  # replies in the thread that the viewer has not read
    is_followed: bool = False  # the viewer follows its thread
    is_own: bool = False
    mentions_me: bool = False
    may_edit: bool = False
    may_delete: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is nothing but its text: most are, and are drawn without a look at all that could hang on one."""
        message = self.message
        has_more = message.pinned_at or message.deleted_at or message.edited_at or message.reply_count
        return bool(message.body) and not (has_more or self.reactions or self.ack or self.source)


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a channel's history, oldest first, and whether more lies on either side."""

    rows: tuple[MessageRow, ...]
    has_older: bool
    has_newer: bool

    @property
    def first(self) -> int:
        return self.rows[0].message.number if self.rows else 0

    @property
    def last(self) -> int:
        return self.rows[-1].message.number if self.rows else 0


@dataclass(frozen=True, slots=True)
class _Hung:
    """What hangs on one message."""

    reactions: tuple[ReactionGroup, ...] = ()
    ack: AckState | None = None
    mark: tuple[int, bool] | None = None  # of the viewer in its thread: up to which ordinal, whether they follow it
    fresh: int = 0  # replies of others that are unread, where the viewer has no mark


# Each part is one look into an index a message, and none where its message has nothing of the kind.
HUNG = """
SELECT m.id,
  (SELECT json_agg(json_build_array(g.emoji, g.people, g.users, g.mine) ORDER BY g.first) FROM
    (SELECT r.emoji, count(*) AS people, min(r.id) AS first, bool_or(r.user_id = %(me)s) AS mine,
      (array_agg(r.user_id ORDER BY r.id))[:%(reacted)s] AS users
     FROM messaging_reaction r WHERE r.message_id = m.id GROUP BY r.emoji) g),
  CASE WHEN m.asks_acknowledgement THEN (SELECT array_agg(first.user_id ORDER BY first.id) FROM
    (SELECT a.id, a.user_id FROM messaging_acknowledgement a WHERE a.message_id = m.id ORDER BY a.id LIMIT %(named)s) first) END,
  CASE WHEN m.asks_acknowledgement THEN
    (SELECT a.at FROM messaging_acknowledgement a WHERE a.message_id = m.id AND a.user_id = %(me)s) END,
  t.up_to, t.is_following,
  CASE WHEN m.reply_count > 0 AND t.id IS NULL AND %(unread)s > 0 THEN (SELECT count(*) FROM messaging_message reply
    WHERE reply.root_id = m.id AND reply.number >= %(unread)s AND reply.author_id <> %(me)s) END
FROM messaging_message m LEFT JOIN messaging_threadmark t ON m.reply_count > 0 AND t.root_id = m.id AND t.user_id = %(me)s
WHERE m.id = ANY(%(ids)s)
"""


def hung_on(messages: Collection[Message], *, viewer: User | None = None, first_unread: int = 0) -> dict[int, _Hung]:
    """Return what hangs on messages, by message id: reactions, acknowledgements, the viewer's place in threads; one query."""
    if not messages:
        return {}
    me = viewer.pk if viewer else 0
    by_id = {message.pk: message for message in messages}
    numbers = {"named": ACKNOWLEDGED_SHOWN, "reacted": NAMED, "me": me, "unread": first_unread}
    with connection.cursor() as cursor:
        cursor.execute(HUNG, {**numbers, "ids": list(by_id)})
        return {
            message_id: _Hung(
                reactions=_groups_of(reacted),
                ack=_ack_of(by_id[message_id], users, mine_at, viewer),
                mark=None if up_to is None else (up_to, follows),
                fresh=fresh or 0,
            )
            for message_id, reacted, users, mine_at, up_to, follows, fresh in cursor.fetchall()
        }


def _groups_of(reacted: Any) -> tuple[ReactionGroup, ...]:
    if not reacted:
        return ()
    groups = reacted if isinstance(reacted, list) else orjson.loads(reacted)
    return tuple(ReactionGroup(emoji, count, tuple(ids), mine=mine) for emoji, count, ids, mine in groups)


def _ack_of(
    message: Message, users: list[int] | None, mine_at: datetime | None, viewer: User | None
) -> AckState | None:
    if not message.asks_acknowledgement:
        return None
    is_asked = viewer is not None and message.author_id != viewer.pk and message.deleted_at is None
    return AckState(message.acknowledged_count, tuple(users or ()), mine_at=mine_at, waits=is_asked and mine_at is None)


def excerpt_of(text: str, limit: int) -> str:
    """Return the beginning of a message's text in one line; a table is only named, in the reader's language."""
    return plain_excerpt(text, limit, table_word=_("[table]"))


def people_reacting(messages: Collection[int], viewer: User) -> dict[int, tuple[int, list[str]]]:
    """Return how many others have a reaction at each message now, and which, by first use; one query, none without messages."""
    if not messages:
        return {}
    given = Reaction.objects.filter(message__in=messages).exclude(user=viewer).values_list("message")
    found = given.annotate(people=Count("user", distinct=True), names=ArrayAgg("emoji", order_by="pk"))
    return {message_id: (people, list(dict.fromkeys(names))) for message_id, people, names in found}


def people_who_reacted(message: Message, *, viewer: User) -> list[tuple[ReactionGroup, list[User]]]:
    """Return the reactions of a message with those who gave them, fifty named for each; two queries."""
    groups = hung_on([message], viewer=viewer)[message.pk].reactions
    people = User.objects.in_bulk({user_id for group in groups for user_id in group.user_ids})
    return [(group, [people[user_id] for user_id in group.user_ids]) for group in groups]


def own_reactions(message: Message, user: User) -> list[str]:
    """Return the emoji with which somebody reacted to a message, in the order in which they did; one query."""
    return list(Reaction.objects.filter(message=message, user=user).order_by("id").values_list("emoji", flat=True))


def forwards_of(messages: Collection[int]) -> dict[int, Forward]:
    """Return what each of these messages passes on; one query."""
    if not messages:
        return {}
    found = Forward.objects.filter(message__in=messages).select_related("author__home_unit", "source")
    return {forward.message_id: forward for forward in found}


def forward_of(source: Message) -> Forward:
    """Return an unsaved copy of a message to be passed on.

    One that was passed on without a word keeps its first author; one with a word is passed on with that word and what it quotes.
    """
    before = forwards_of([source.pk]).get(source.pk) if source.is_forward else None
    if before is not None and not source.body:
        return Forward(
            source=before.source,
            author=before.author,
            written_at=before.written_at,
            body=before.body,
            rendered=before.rendered,
        )
    body, rendered = source.body, source.rendered
    if before is not None:
        quoted = "\n".join(f"> {line}" for line in before.body.splitlines())
        body = f"{source.body}\n\n> {before.author.display_name}:\n{quoted}"
        rendered = render_message(body)
    return Forward(source=source, author=source.author, written_at=source.created_at, body=body, rendered=rendered)


def build_rows(
    messages: Sequence[Message],
    *,
    viewer: User,
    first_unread: int = 0,
    may_manage: bool = False,
    channel: Channel | None = None,
) -> tuple[MessageRow, ...]:
    """Return messages, oldest first, as rows with day breaks and groups in the viewer's zone.

    One query for what hangs on them, one more where some were forwarded, and one where some ask to be acknowledged and `channel`,
    which they all stand in, is given. `first_unread` is a number; 0 where all is read.
    """
    hung = hung_on(messages, viewer=viewer, first_unread=first_unread)
    forwards = forwards_of([message.pk for message in messages if message.is_forward])
    asks = channel is not None and any(message.asks_acknowledgement for message in messages)
    people = teams_queries.people_of(channel).count() if channel is not None and asks else 0
    my_keys = keys_of(viewer) if any(message.mentions for message in messages) else frozenset()
    zone = viewer.time_zone
    rows: list[MessageRow] = []
    previous: Message | None = None
    for message in messages:
        day = message.created_at.astimezone(zone).date()
        starts_day = previous is None or previous.created_at.astimezone(zone).date() != day
        # The first unread number may be a reply's, which stands in its thread: the line is drawn at the next root.
        is_first_unread = bool(first_unread) and message.number >= first_unread
        is_first_unread = is_first_unread and (previous is None or previous.number < first_unread)
        continues = (
            previous is not None
            and previous.author_id == message.author_id
            and not starts_day
            and not is_first_unread
            and (not message.asks_acknowledgement or message.deleted_at is not None)  # who asks for something is named
            and (message.created_at - previous.created_at).total_seconds() < GROUP_WITHIN_SECONDS
        )
        own = hung.get(message.pk, _Hung())
        up_to, follows = own.mark or (0, False)
        is_own = message.author_id == viewer.pk
        rows.append(
            MessageRow(
                message=message,
                author=message.author,
                reactions=own.reactions,
                ack=replace(own.ack, asked=max(people - 1, own.ack.count)) if own.ack and people else own.ack,
                source=forwards.get(message.pk),
                starts_group=not continues,
                starts_day=starts_day,
                is_first_unread=is_first_unread,
                new_replies=max(0, message.reply_count - up_to) if own.mark else own.fresh,
                is_followed=follows,
                is_own=is_own,
                mentions_me=not is_own and not my_keys.isdisjoint(message.mention_keys),
                may_edit=is_own and message.deleted_at is None and message.is_within_edit_time,
                may_delete=message.deleted_at is None and (is_own or may_manage),
            )
        )
        previous = message
    return tuple(rows)


def keys_of(user: User) -> frozenset[str]:
    """Return the keys of mentions that mean this person: themself, their units today, everybody."""
    return frozenset({f"user:{user.pk}", "channel:", *(f"unit:{unit_id}" for unit_id in user.unit_ids_today)})


# -- Bodies ---------------------------------------------------------------------------------------------------------------
def message_body(
    message: Message,
    author: User,
    reactions: Iterable[ReactionGroup] = (),
    root: Message | None = None,
    ack: AckState | None = None,
    forward: Forward | None = None,
) -> dict[str, Any]:
    """Return the viewer-neutral row of a message, as docs/realtime-protocol.md describes it."""
    if ack is None and message.asks_acknowledgement:
        ack = AckState(message.acknowledged_count, ())
    is_deleted = message.deleted_at is not None
    return {
        "channel": message.channel_id,
        "number": message.number,
        "author": _person_body(author),
        "client_id": str(message.client_id),
        "html": message.html,
        "at": message.created_at.isoformat(),
        "edited_at": message.edited_at.isoformat() if message.edited_at else None,
        "deleted": is_deleted,
        "ordinal": message.ordinal,
        "priority": message.priority,
        "mentions": message.mention_keys,
        "ack": {"count": ack.count, "users": list(ack.user_ids)} if ack and not is_deleted else None,
        "pinned": {"at": message.pinned_at.isoformat(), "by": message.pinned_by_id}
        if message.pinned_at and not is_deleted
        else None,
        "source": _source_body(forward) if forward and not is_deleted else None,
        "reply_count": message.reply_count,
        "root": {"number": root.number, "reply_count": root.reply_count} if root else None,
        "reactions": [
            {"emoji": group.emoji, "count": group.count, "users": list(group.user_ids)} for group in reactions
        ],
    }


def _person_body(person: User) -> dict[str, Any]:
    return {"id": person.pk, "names": person.names, "titles": person.titles, "job": person.job}


def _source_body(forward: Forward) -> dict[str, Any]:
    source = forward.source
    return {
        "author": _person_body(forward.author),
        "at": forward.written_at.isoformat(),
        "html": forward.html,
        "channel": source.channel_id if source else None,
        "number": source.number if source else None,
    }


def bodies_of(messages: Collection[Message]) -> dict[int, dict[str, Any]]:
    """Return the viewer-neutral rows of messages that came with author and root, by message id; two queries at most."""
    hung = hung_on(messages)
    forwards = forwards_of([message.pk for message in messages if message.is_forward])
    bodies = {}
    for message in messages:
        own = hung.get(message.pk, _Hung())
        bodies[message.pk] = message_body(
            message, message.author, own.reactions, message.root, own.ack, forwards.get(message.pk)
        )
    return bodies


def page_body(page: Page) -> dict[str, Any]:
    """Return a stretch of history for a script, oldest first."""
    return {
        "messages": [
            message_body(row.message, row.author, row.reactions, ack=row.ack, forward=row.source) for row in page.rows
        ],
        "has_older": page.has_older,
        "has_newer": page.has_newer,
    }


def message_change(row: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a change that carries a message's newest state."""
    return {"kind": "message", "message": row}
