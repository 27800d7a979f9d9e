"""Messages as rows of a page and as bodies of frames: what hangs on them comes in one query a kind, whatever their number."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count

from apps.messaging.models import Forward, Message, Reaction, ThreadMark
from apps.people.models import User

ACKNOWLEDGED_SHOWN = 200  # people named in a frame; the list of readers has them all
GROUP_WITHIN_SECONDS = 300
NAMED = 50  # people with one reaction whose names are shown


@dataclass(frozen=True, slots=True)
class ReactionGroup:
    """The people who reacted to a message with one emoji, in the order in which they did."""

    emoji: str
    user_ids: tuple[int, ...]
    mine: bool = False

    @property
    def count(self) -> int:
        return len(self.user_ids)


@dataclass(frozen=True, slots=True)
class AckState:
    """Who has taken note of a message that asks for it: how many, the first 200, and whether the viewer has or is to."""

    count: int
    user_ids: tuple[int, ...]
    mine: bool = False
    waits: bool = False


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
    """What hangs on messages, by message id."""

    reactions: dict[int, tuple[ReactionGroup, ...]]
    acks: dict[int, AckState]
    forwards: dict[int, Forward]


def hung_on(messages: Collection[Message], *, viewer: User | None = None) -> _Hung:
    """Return reactions, acknowledgements and what was passed on; one query a kind, none for a kind that no message has."""
    return _Hung(
        reactions=reactions_of([message.pk for message in messages], viewer=viewer),
        acks=_acks_of([message for message in messages if message.asks_acknowledgement], viewer),
        forwards=forwards_of([message.pk for message in messages if message.is_forward]),
    )


def reactions_of(messages: Collection[int], *, viewer: User | None = None) -> dict[int, tuple[ReactionGroup, ...]]:
    """Return the reactions of each message, grouped by emoji in the order of their first use; one query."""
    if not messages:
        return {}
    grouped: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    rows = Reaction.objects.filter(message__in=messages).order_by("id").values_list("message_id", "emoji", "user_id")
    for message_id, emoji, user_id in rows:
        grouped[message_id][emoji].append(user_id)
    me = viewer.pk if viewer else 0
    return {
        message_id: tuple(ReactionGroup(emoji, tuple(ids), mine=me in ids) for emoji, ids in emojis.items())
        for message_id, emojis in grouped.items()
    }


def people_reacting(messages: Collection[int], viewer: User) -> dict[int, int]:
    """Return how many others have a reaction at each message now; one query, none without messages."""
    if not messages:
        return {}
    given = Reaction.objects.filter(message__in=messages).exclude(user=viewer).values_list("message")
    return dict(given.annotate(people=Count("user", distinct=True)))


def people_who_reacted(message: Message, *, viewer: User) -> list[tuple[ReactionGroup, list[User]]]:
    """Return the reactions of a message with those who gave them, fifty named for each; two queries."""
    groups = reactions_of([message.pk], viewer=viewer).get(message.pk, ())
    people = User.objects.in_bulk({user_id for group in groups for user_id in group.user_ids[:NAMED]})
    return [(group, [people[user_id] for user_id in group.user_ids[:NAMED]]) for group in groups]


def _acks_of(messages: Collection[Message], viewer: User | None) -> dict[int, AckState]:
    if not messages:
        return {}
    me = viewer.pk if viewer else 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.id, (SELECT array_agg(first.user_id ORDER BY first.id) FROM"
            " (SELECT a.id, a.user_id FROM messaging_acknowledgement a WHERE a.message_id = m.id ORDER BY a.id LIMIT %s) first),"
            " EXISTS (SELECT 1 FROM messaging_acknowledgement a WHERE a.message_id = m.id AND a.user_id = %s)"
            " FROM unnest(%s::bigint[]) AS m(id)",
            [ACKNOWLEDGED_SHOWN, me, [message.pk for message in messages]],
        )
        found = {message_id: (tuple(users or ()), mine) for message_id, users, mine in cursor.fetchall()}
    return {
        message.pk: AckState(
            count=message.acknowledged_count,
            user_ids=found[message.pk][0],
            mine=found[message.pk][1],
            waits=viewer is not None
            and message.author_id != me
            and message.deleted_at is None
            and not found[message.pk][1],
        )
        for message in messages
    }


def forwards_of(messages: Collection[int]) -> dict[int, Forward]:
    """Return what each of these messages passes on; one query."""
    if not messages:
        return {}
    found = Forward.objects.filter(message__in=messages).select_related("author__home_unit", "source")
    return {forward.message_id: forward for forward in found}


def forward_of(source: Message) -> Forward:
    """Return an unsaved copy of a message to be passed on; one that was passed on before keeps its first author."""
    before = forwards_of([source.pk]).get(source.pk) if source.is_forward else None
    if before is not None and not source.body:
        return Forward(
            source=before.source,
            author=before.author,
            written_at=before.written_at,
            body=before.body,
            rendered=before.rendered,
        )
    return Forward(
        source=source,
        author=source.author,
        written_at=source.created_at,
        body=source.body,
        rendered=source.rendered,
    )


def build_rows(
    messages: Sequence[Message], *, viewer: User, first_unread: int = 0, may_manage: bool = False
) -> tuple[MessageRow, ...]:
    """Return messages, oldest first, as rows with day breaks and groups in the viewer's zone.

    One query for reactions; with acknowledgements, forwarded messages, threads or unread messages among them one more for each.
    `first_unread` is a number; 0 where all is read.
    """
    hung = hung_on(messages, viewer=viewer)
    threads = thread_marks_of(messages, viewer=viewer)
    unmarked = [message for message in messages if message.reply_count and message.pk not in threads]
    news = new_replies_of(unmarked, viewer=viewer, first_unread=first_unread) if first_unread and unmarked else {}
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
            and (message.created_at - previous.created_at).total_seconds() < GROUP_WITHIN_SECONDS
        )
        mark = threads.get(message.pk)
        is_own = message.author_id == viewer.pk
        rows.append(
            MessageRow(
                message=message,
                author=message.author,
                reactions=hung.reactions.get(message.pk, ()),
                ack=hung.acks.get(message.pk),
                source=hung.forwards.get(message.pk),
                starts_group=not continues,
                starts_day=starts_day,
                is_first_unread=is_first_unread,
                new_replies=max(0, message.reply_count - mark.up_to) if mark else news.get(message.pk, 0),
                is_followed=mark is not None and mark.is_following,
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


def thread_marks_of(messages: Iterable[Message], *, viewer: User) -> dict[int, ThreadMark]:
    """Return the viewer's marks in the threads that hang on these messages; one query, none without threads."""
    roots = [message.pk for message in messages if message.reply_count]
    if not roots:
        return {}
    return {mark.root_id: mark for mark in ThreadMark.objects.filter(root__in=roots, user=viewer)}


def new_replies_of(roots: Sequence[Message], *, viewer: User, first_unread: int) -> dict[int, int]:
    """Return, for roots that the viewer never looked into, how many replies of others are unread; one query."""
    replies = Message.objects.filter(root__in=roots, number__gte=first_unread).exclude(author=viewer)
    return dict(replies.values_list("root").annotate(count=Count("pk")))


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
        "pinned": {"at": message.pinned_at.isoformat(), "by": message.pinned_by_id} if message.pinned_at else None,
        "source": _source_body(forward) if forward and not is_deleted else None,
        "reply_count": message.reply_count,
        "root": {"number": root.number, "reply_count": root.reply_count} if root else None,
        "reactions": [{"emoji": group.emoji, "users": list(group.user_ids)} for group in reactions],
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
    """Return the viewer-neutral rows of messages that came with author and root, by message id; one query a kind."""
    hung = hung_on(messages)
    return {
        message.pk: message_body(
            message,
            message.author,
            hung.reactions.get(message.pk, ()),
            message.root,
            hung.acks.get(message.pk),
            hung.forwards.get(message.pk),
        )
        for message in messages
    }


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
