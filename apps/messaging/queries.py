"""Messages, threads, marks and unread counts, shaped for pages and for frames."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from django.db import connection
from django.db.models import BigIntegerField, Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest, Left
from django.utils.text import Truncator

from apps.people.models import User
from apps.realtime.registry import Frame, Missed
from apps.teams import queries as teams_queries
from apps.teams.models import Channel, ChannelKind, ChannelMembership

from .models import Message, Reaction, ReadMark

PAGE = 50
RECENT = 15  # conversations on top of the chat list, whatever their kind
PREVIEW_LENGTH = 80  # characters; static/js/chat/list.js cuts what arrives live to the same length
RELOAD_BEYOND = 500  # changes; a client further behind fetches the newest page
MARKS_SHOWN_UP_TO = 200  # members; above, others' marks are fetched on demand


@dataclass(frozen=True, slots=True)
class ReactionGroup:
    """The people who reacted to a message with one emoji, in the order in which they did."""

    emoji: str
    user_ids: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.user_ids)


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as every reader sees it."""

    message: Message
    author: User
    reactions: tuple[ReactionGroup, ...]
    starts_group: bool = True  # an author's messages within five minutes stand together
    starts_day: bool = False
    is_first_unread: bool = False
    new_replies: int = 0  # replies in the thread that the viewer has not read


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
class Preview:
    """The beginning of a conversation's newest message, in one line; `author` is empty where it goes without saying."""

    author: str
    is_own: bool
    is_deleted: bool
    text: str


@dataclass(frozen=True, slots=True)
class ConversationItem:
    """A line of the chat list."""

    channel: Channel
    title: str
    companions: tuple[User, ...]
    unread: int
    preview: Preview | None = None

    @property
    def is_person(self) -> bool:
        return self.channel.kind == ChannelKind.DIRECT

    @property
    def icon(self) -> str:
        return "teams" if self.channel.kind == ChannelKind.GROUP else self.channel.icon


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the chat list: the newest of all, the channels of a team, those of the whole hospital, or people."""

    kind: str  # "recent", "team", "wide" or "people"; "found" for a list of one part
    title: str
    items: tuple[ConversationItem, ...]


GROUP_WITHIN_SECONDS = 300


def reactions_of(messages: Collection[int]) -> dict[int, tuple[ReactionGroup, ...]]:
    """Return the reactions of each message, grouped by emoji in the order of their first use; one query."""
    if not messages:
        return {}
    grouped: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    rows = Reaction.objects.filter(message__in=messages).order_by("id").values_list("message_id", "emoji", "user_id")
    for message_id, emoji, user_id in rows:
        grouped[message_id][emoji].append(user_id)
    return {
        message_id: tuple(ReactionGroup(emoji, tuple(user_ids)) for emoji, user_ids in emojis.items())
        for message_id, emojis in grouped.items()
    }


def build_rows(messages: Sequence[Message], *, viewer: User, first_unread: int = 0) -> tuple[MessageRow, ...]:
    """Return messages, oldest first, as rows with day breaks and groups in the viewer's zone.

    One query for reactions, and with `first_unread` (a number; 0 where all is read) one for unread replies.
    """
    reactions = reactions_of([message.pk for message in messages])
    new_replies = new_replies_of(messages, viewer=viewer, first_unread=first_unread) if first_unread else {}
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
        rows.append(
            MessageRow(
                message=message,
                author=message.author,
                reactions=reactions.get(message.pk, ()),
                starts_group=not continues,
                starts_day=starts_day,
                is_first_unread=is_first_unread,
                new_replies=new_replies.get(message.pk, 0),
            )
        )
        previous = message
    return tuple(rows)


def new_replies_of(roots: Sequence[Message], *, viewer: User, first_unread: int) -> dict[int, int]:
    """Return, for roots, how many replies of others the viewer has not read; one query."""
    replies = Message.objects.filter(root__in=roots, number__gte=first_unread).exclude(author=viewer)
    return dict(replies.values_list("root").annotate(count=Count("pk")))


def threads_with_news(channel: Channel, *, viewer: User, first_unread: int, besides: Page) -> list[Message]:
    """Return the roots outside a page whose threads hold unread replies of others, at most twenty; one query."""
    if not first_unread:
        return []
    replies = Message.objects.filter(channel=channel, root__isnull=False, number__gte=first_unread)
    roots = replies.exclude(author=viewer).values("root")
    shown = [row.message.pk for row in besides.rows]
    first = visible_from(channel, viewer)
    return list(
        Message.objects.filter(pk__in=roots, number__gte=first)
        .exclude(pk__in=shown)
        .select_related("author")
        .order_by("-last_reply_at")[:20]
    )


def _history(channel: Channel, visible_from: int) -> QuerySet[Message]:
    """Return the roots of a channel that a member may see; replies stand in their threads."""
    return (
        Message.objects.filter(channel=channel, root=None, number__gte=max(visible_from, channel.first_number))
        .select_related("author__home_unit")
        .order_by("number")
    )


def visible_from(channel: Channel, user: User) -> int:
    """Return the first number that a member may read; no query where history is for all."""
    if not channel.has_own_rows:
        return 1
    row = ChannelMembership.objects.open().filter(channel=channel, user=user).values_list("visible_from", flat=True)
    return row.first() or 1


def page_of(
    channel: Channel,
    *,
    viewer: User,
    before: int | None = None,
    newer: int | None = None,
    around: int | None = None,
    first_unread: int = 0,
) -> Page:
    """Return fifty messages of a channel by keyset: the newest, those before or after a number, or those around one.

    Three queries at most (where history begins, messages with authors, reactions), whatever the channel's size.
    """
    history = _history(channel, visible_from(channel, viewer))
    if around is not None:
        older = list(history.filter(number__lt=around).reverse()[: PAGE // 2 + 1])
        later = list(history.filter(number__gte=around)[: PAGE // 2 + 1])
        has_older, has_newer = len(older) > PAGE // 2, len(later) > PAGE // 2
        messages = [*reversed(older[: PAGE // 2]), *later[: PAGE // 2]]
    elif newer is not None:
        following = list(history.filter(number__gt=newer)[: PAGE + 1])
        has_older, has_newer = True, len(following) > PAGE
        messages = following[:PAGE]
    else:
        if before is not None:
            history = history.filter(number__lt=before)
        newest = list(history.reverse()[: PAGE + 1])
        has_older, has_newer = len(newest) > PAGE, before is not None
        messages = newest[:PAGE][::-1]
    return Page(
        rows=build_rows(messages, viewer=viewer, first_unread=first_unread), has_older=has_older, has_newer=has_newer
    )


def page_to_open(channel: Channel, *, viewer: User, first_unread: int) -> Page:
    """Return where somebody begins to read: the newest page, or the one around the first unread message if that is older."""
    page = page_of(channel, viewer=viewer, first_unread=first_unread)
    if first_unread and page.has_older and page.first > first_unread:
        return page_of(channel, viewer=viewer, around=first_unread, first_unread=first_unread)
    return page


def thread_of(root: Message, *, viewer: User) -> tuple[MessageRow, ...]:
    """Return a root and its replies, oldest first; at most the newest 500 replies. The first reply names its author."""
    replies = Message.objects.filter(root=root).select_related("author__home_unit").order_by("-number")[:500]
    first, *others = build_rows([root, *reversed(replies)], viewer=viewer)
    if others:
        others[0] = replace(others[0], starts_group=True)
    return (first, *others)


# -- Marks and unread -------------------------------------------------------------------------------------------------
def unread_expression(user: User) -> Any:
    """Return, on a query over channels, how many messages the user has not read."""
    mark = ReadMark.objects.filter(channel=OuterRef("pk"), user=user)
    zero = Value(0, output_field=BigIntegerField())
    read = Coalesce(Subquery(mark.values(place=Greatest("base", "up_to"))[:1]), zero)
    by_hand = Subquery(mark.values(place=F("unread_from") - 1)[:1])
    return Greatest(F("last_number") - Coalesce(by_hand, read), zero, output_field=BigIntegerField())


def conversations_of(
    user: User, *, only_unread: bool = False, archived: bool = False, at: int = 0, limit: int = 300
) -> list[ConversationItem]:
    """Return the channels that somebody reads, those with the newest messages first, with titles, previews and unread counts.

    Three queries for any number of channels: channels with counts, the people of direct and group channels, and the newest
    messages. `only_unread` keeps the channel `at`, which is being read just now.
    """
    channels: QuerySet[Any] = (
        Channel.objects.visible_to(user)
        .filter(archived_at__isnull=not archived)
        .annotate(unread=unread_expression(user))
        .select_related("team", "site")
        .order_by(F("last_message_at").desc(nulls_last=True), "pk")
    )
    if only_unread:
        channels = channels.filter(Q(unread__gt=0) | Q(pk=at))
    found = list(channels[:limit])
    people = teams_queries.companions(found, user)
    previews = previews_of(found, viewer=user)
    return [
        ConversationItem(
            channel=channel,
            title=title_of(channel, people.get(channel.pk, [])),
            companions=tuple(people.get(channel.pk, ())),
            unread=channel.unread,
            preview=previews.get(channel.pk),
        )
        for channel in found
    ]


def previews_of(channels: Collection[Channel], *, viewer: User) -> dict[int, Preview]:
    """Return how the newest message of each channel begins, root or reply; one query, one index look-up a channel."""
    direct = {channel.pk for channel in channels if channel.kind == ChannelKind.DIRECT}
    last = Message.objects.filter(channel=OuterRef("pk"), number=OuterRef("last_number")).order_by()
    wanted = Channel.objects.filter(pk__in=[channel.pk for channel in channels]).values(
        last=Subquery(last.values("pk"))
    )
    newest: QuerySet[Any] = (
        Message.objects.visible_to(viewer)
        .filter(pk__in=wanted)
        .annotate(beginning=Left("body", 4 * PREVIEW_LENGTH))
        .select_related("author")
        .defer("body")
    )
    return {
        message.channel_id: Preview(
            author="" if message.channel_id in direct else message.author.display_name,
            is_own=message.author_id == viewer.pk,
            is_deleted=message.deleted_at is not None,
            text=Truncator(" ".join(message.beginning.split())).chars(PREVIEW_LENGTH),
        )
        for message in (newest if channels else ())
    }


def sections_of(items: Iterable[ConversationItem], *, recent: int = 0) -> list[Section]:
    """Return the chat list in sections: teams by their newest message, then wide channels, then people and groups.

    With `recent`, that many of those with the newest messages stand above them together, whatever their kind.
    """
    items = list(items)
    newest = [item for item in items if item.channel.last_message_at is not None][:recent]
    teams: dict[int, list[ConversationItem]] = {}
    wide: list[ConversationItem] = []
    people: list[ConversationItem] = []
    for item in items:
        if item in newest:
            continue
        if item.channel.kind in {ChannelKind.DIRECT, ChannelKind.GROUP}:
            people.append(item)
        elif item.channel.team_id is not None:
            teams.setdefault(item.channel.team_id, []).append(item)
        else:
            wide.append(item)
    sections = [Section("recent", "", tuple(newest))] if newest else []
    sections += [Section("team", str(rows[0].channel.team), tuple(rows)) for rows in teams.values()]
    sections += [Section("wide", "", tuple(wide))] if wide else []
    return sections + ([Section("people", "", tuple(people))] if people else [])


def title_of(channel: Channel, companions: Iterable[User]) -> str:
    """Return what a conversation is called for somebody: its name, or the others in it."""
    if channel.name:
        return channel.name
    return ", ".join(person.display_name for person in companions)


def unread_total(user: User) -> int:
    """Return how many conversations hold something unread, for the badge of the rail."""
    return (
        Channel.objects.visible_to(user)
        .filter(archived_at=None)
        .annotate(unread=unread_expression(user))
        .filter(unread__gt=0)
        .count()
    )


def unread_channels(user: User) -> list[int]:
    """Return the ids of the conversations that hold something unread, for a page that keeps the badge true; one query."""
    channels = Channel.objects.visible_to(user).filter(archived_at=None).annotate(unread=unread_expression(user))
    return list(channels.filter(unread__gt=0).values_list("pk", flat=True))


def mark_of(channel: Channel, user: User) -> ReadMark:
    """Return somebody's mark; an unsaved one at 0 where there is no row."""
    return ReadMark.objects.filter(channel=channel, user=user).first() or ReadMark(channel=channel, user=user)


def read_up_to(mark: ReadMark) -> int:
    """Return the number up to which all is read, a mark set by hand included."""
    if mark.unread_from is not None:
        return mark.unread_from - 1
    return max(mark.base, mark.up_to)


def marks_of(channel: Channel, *, limit: int = MARKS_SHOWN_UP_TO) -> dict[int, tuple[int, int]]:
    """Return (base, up_to) of each person with a mark; nothing above 200 marks, where they are fetched on demand."""
    here = ReadMark.objects.filter(channel=channel, user__in=teams_queries.people_of(channel).values("pk"))
    rows = here.values_list("user_id", "base", "up_to")[: limit + 1]
    marks = {user_id: (base, up_to) for user_id, base, up_to in rows}
    return marks if len(marks) <= limit else {}


def numbers_at(channel_ids: Collection[int], at: datetime) -> dict[int, int]:
    """Return the last number that each channel had at an instant; one query that reads back from the newest message."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, (SELECT m.number FROM messaging_message m WHERE m.channel_id = c.id AND m.created_at <= %s"
            " ORDER BY m.number DESC LIMIT 1) FROM unnest(%s::bigint[]) AS c(id)",
            [at, list(channel_ids)],
        )
        return {channel_id: number for channel_id, number in cursor.fetchall() if number}


# -- Frames -------------------------------------------------------------------------------------------------------------
def message_body(
    message: Message, author: User, reactions: Iterable[ReactionGroup] = (), root: Message | None = None
) -> dict[str, Any]:
    """Return the viewer-neutral row of a message, as docs/realtime-protocol.md describes it."""
    return {
        "channel": message.channel_id,
        "number": message.number,
        "author": {"id": author.pk, "names": author.names, "titles": author.titles, "job": author.job},
        "client_id": str(message.client_id),
        "html": message.html,
        "at": message.created_at.isoformat(),
        "edited_at": message.edited_at.isoformat() if message.edited_at else None,
        "deleted": message.deleted_at is not None,
        "reply_count": message.reply_count,
        "root": {"number": root.number, "reply_count": root.reply_count} if root else None,
        "reactions": [{"emoji": group.emoji, "users": list(group.user_ids)} for group in reactions],
    }


def conversation_body(item: ConversationItem) -> dict[str, Any]:
    """Return a line of the chat list for a script: where it stands and how much is unread."""
    channel = item.channel
    return {
        "id": channel.pk,
        "kind": channel.kind,
        "title": item.title,
        "team": str(channel.team) if channel.team_id else None,
        "people": [person.pk for person in item.companions],
        "number": channel.last_number,
        "change": channel.last_change,
        "unread": item.unread,
    }


def page_body(page: Page) -> dict[str, Any]:
    """Return a stretch of history for a script, oldest first."""
    return {
        "messages": [message_body(row.message, row.author, row.reactions) for row in page.rows],
        "has_older": page.has_older,
        "has_newer": page.has_newer,
    }


def message_change(row: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a change that carries a message's newest state."""
    return {"kind": "message", "message": row}


def frames_after(channel_id: int, change: int) -> Missed:
    """Return the newest state of every row of a channel with a higher change, in order of change.

    `newest` and the rows come from one snapshot, so that a change is never skipped: a missing number was superseded.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.last_change,"
            " (SELECT array_agg(m.id) FROM (SELECT id FROM messaging_message WHERE channel_id = c.id AND change > %s"
            "  ORDER BY change LIMIT %s) m),"
            " (SELECT jsonb_agg(jsonb_build_array(change, user_id, left_at IS NULL) ORDER BY change)"
            "  FROM teams_channelmembership WHERE channel_id = c.id AND change > %s),"
            " c.archived_at IS NOT NULL,"
            " (SELECT max(change) FROM messaging_message WHERE channel_id = c.id)"
            " FROM teams_channel c WHERE c.id = %s",
            [change, RELOAD_BEYOND + 1, change, channel_id],
        )
        row = cursor.fetchone()
    if row is None:
        return Missed(newest=change, frames=())
    newest, ids, members, is_archived, newest_message = row
    members = members if isinstance(members, list) else orjson.loads(members) if members else []
    if newest - change > RELOAD_BEYOND or len(ids or ()) > RELOAD_BEYOND:
        return Missed(newest=newest, frames=(), reload=True)
    frames = _message_frames(ids or [], newest)
    for at, user_id, joined in members:
        body = teams_queries.membership_body(user_id, joined=joined)
        frames.append(Frame(at, orjson.dumps(body), revokes=() if joined else (user_id,)))
    if is_archived and change < newest:
        frames.append(Frame(newest, orjson.dumps({"kind": "archived"})))
    elif newest > max([change, newest_message or 0, *(at for at, *_ in members)]):
        # The newest change is no row's: the channel was opened again, after whatever else had happened.
        frames.append(Frame(newest, orjson.dumps({"kind": "restored"})))
    frames.sort(key=lambda frame: frame.change)
    return Missed(newest=newest, frames=tuple(frames))


def _message_frames(ids: Collection[int], newest: int) -> list[Frame]:
    messages = Message.objects.filter(pk__in=ids, change__lte=newest).select_related("author", "root")
    reactions = reactions_of(ids)
    return [
        Frame(
            message.change,
            orjson.dumps(
                message_change(message_body(message, message.author, reactions.get(message.pk, ()), message.root))
            ),
            place=message.number,
        )
        for message in messages.order_by("change")
    ]


def own_message(author: User, client_id: Any) -> Message | None:
    """Return the message that an author sent with a client id, with its root, or None."""
    return Message.objects.filter(author=author, client_id=client_id).select_related("root").first()


def root_in(channel: Channel, number: int, *, viewer: User) -> Message | None:
    """Return a root of a channel by its number, or None where there is none, or none that the viewer may see."""
    if number < visible_from(channel, viewer):
        return None
    return (
        Message.objects.filter(Q(channel=channel, number=number), root=None).select_related("author__home_unit").first()
    )
