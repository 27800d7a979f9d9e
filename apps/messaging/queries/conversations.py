"""The chat list: conversations with titles, previews and unread counts."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Left

from apps.core.compiled import CompiledRows
from apps.core.text import search_key
from apps.messaging.models import ConversationSetting, Draft, Message
from apps.notifications import queries as notices
from apps.people.models import User
from apps.teams import queries as teams_queries
from apps.teams.models import Channel, ChannelKind, ChannelMembership, Reader, reader_of

from .listing import Arranged, Arrangement, OwnSection, arrangement_of
from .marks import unread_expression
from .rows import excerpt_of

LISTED = 300  # conversations at most
SHOWN = 40  # on a page that does not ask for all, beside those that its reader has arranged
RECENT = 15  # conversations on top of the chat list, whatever their kind
NEVER = datetime.min.replace(tzinfo=UTC)
PREVIEW_LENGTH = 80  # characters; static/js/chat/list.js cuts what arrives live to the same length


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a conversation's newest message, in one line; `author` is empty where it goes without saying."""

    author: str
    is_own: bool
    is_deleted: bool
    is_forward: bool
    text: str


@dataclass(frozen=True, slots=True)
class ConversationItem:
    """A line of the chat list."""

    channel: Channel
    title: str
    companions: tuple[User, ...]
    unread: int
    preview: Preview | None = None
    arranged: Arranged = field(default_factory=Arranged)
    draft: str = ""  # how the unsent text begins
    has_draft: bool = False  # here or in one of its threads
    mentions: int = 0  # unread ones of the viewer

    @property
    def is_person(self) -> bool:
        return self.channel.kind == ChannelKind.DIRECT

    @property
    def calls(self) -> bool:
        """Whether it counts among what waits: a muted one by a mention alone."""
        return self.unread > 0 and (not self.arranged.is_quiet or self.mentions > 0)

    @property
    def icon(self) -> str:
        return "teams" if self.channel.kind == ChannelKind.GROUP else self.channel.icon


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the chat list: favourites, a heading of one's own, the newest of all, a team's channels, people and so on."""

    kind: str  # "favourites", "own", "recent", "team", "wide" or "people"; "found" for a list of one part
    title: str
    items: tuple[ConversationItem, ...]
    section_id: int | None = None  # of one's own

    @property
    def unread(self) -> int:
        """How many of its conversations call; for a heading that is closed."""
        return sum(1 for item in self.items if item.calls)


@dataclass(frozen=True, slots=True)
class ConversationList:
    """The rows of a chat list, and how their reader has arranged them."""

    items: tuple[ConversationItem, ...]
    arrangement: Arrangement
    has_more: bool  # than are listed

    @property
    def drafts(self) -> int:
        """How many conversations hold unsent text."""
        return len(self.arrangement.drafts)


def conversations_of(
    user: User,
    *,
    only_unread: bool = False,
    archived: bool = False,
    unread_first: bool = False,
    at: int = 0,
    limit: int = LISTED,
) -> list[ConversationItem]:
    """Return the channels that somebody reads, those with the newest messages first; see `list_of`."""
    show = "unread" if only_unread else "archived" if archived else ""
    return list(list_of(user, show=show, at=at, limit=limit, unread_first=unread_first).items)


class Listed(NamedTuple):
    """What decides the shape of a chat list's query."""

    reader: Reader
    show: str
    unread_first: bool
    limit: int


def _listed(shape: Listed, stand_in: Callable[[int], int]) -> QuerySet[Any]:
    """Return the query of `list_of`: one channel more than the limit, those that make way for others last."""
    user, at = shape.reader.stand_in(stand_in(0)), stand_in(1)
    placed = ConversationSetting.objects.filter(Q(is_favourite=True) | Q(section__isnull=False), user=user)
    is_first = Q(unread__gt=0) if shape.unread_first else Q(pk__in=placed.values("channel"))
    channels: QuerySet[Any] = (
        Channel.objects.visible_to(user)
        .filter(archived_at__isnull=shape.show != "archived")
        .annotate(unread=unread_expression(user), mentions_count=Coalesce(Subquery(notices.count_mentions(user)), 0))
        .select_related("team", "site")
        .order_by(
            Case(When(is_first | Q(pk=at), then=Value(0)), default=Value(1)),
            F("last_message_at").desc(nulls_last=True),
            "pk",
        )
    )
    if shape.show == "unread":
        channels = channels.filter(Q(unread__gt=0) | Q(pk=at))
    elif shape.show == "drafts":
        drafts = Draft.objects.filter(user=user).exclude(body="")
        channels = channels.filter(Q(pk__in=drafts.values("channel")) | Q(pk=at))
    return channels[: shape.limit + 1]


_LISTED: CompiledRows[Listed, Channel] = CompiledRows(_listed)


def list_of(
    user: User, *, show: str = "", at: int = 0, root: int = 0, limit: int = LISTED, unread_first: bool = False
) -> ConversationList:
    """Return a chat list, those with the newest messages first, with titles, previews, unread counts, drafts and mentions.

    Favourites and what stands under a heading of one's own do not count towards the limit, as long as they are not too many.
    With `unread_first`, those that are read make way for unread ones where the limit is reached.

    `show` may be "unread", "archived" or "drafts"; the first and the last keep the channel `at`, which is being read just now and
    whose drafts (its own, that of the thread `root`) come whole. Four queries for any number of channels: the arrangement,
    channels with counts, the people of direct and group channels, the newest messages.
    """
    arrangement = arrangement_of(user, at=at, root=root)
    placed = 0 if show or unread_first else len(arrangement.placed)
    limit = min(limit + placed, LISTED)
    # In tens: SQL is made once for each limit.
    listed = Listed(reader_of(user), show, unread_first=unread_first, limit=limit + -limit % 10)
    found: list[Any] = _LISTED.rows(listed, user.pk, at)
    has_more, found = len(found) > limit, found[:limit]
    found.sort(key=lambda channel: channel.pk)
    found.sort(key=lambda channel: channel.last_message_at or NEVER, reverse=True)
    people = teams_queries.companions(found, user)
    previews = previews_of(found, viewer=user)
    items = tuple(
        ConversationItem(
            channel=channel,
            title=title_of(channel, people.get(channel.pk, [])),
            companions=tuple(people.get(channel.pk, ())),
            unread=channel.unread,
            preview=previews.get(channel.pk),
            arranged=arrangement.of(channel.pk),
            draft=excerpt_of(arrangement.drafts.get(channel.pk, ""), PREVIEW_LENGTH),
            has_draft=channel.pk in arrangement.drafts,
            mentions=channel.mentions_count,
        )
        for channel in found
    )
    return ConversationList(items, arrangement, has_more)


def conversations_to_choose(user: User, text: str) -> list[ConversationItem]:
    """Return the open conversations whose title has a text in it, those with the newest messages first."""
    wanted = text.strip().casefold()
    found = conversations_of(user)
    return [item for item in found if wanted in search_key(item.title, str(item.channel.team or ""))]


def previews_of(channels: Collection[Channel], *, viewer: User) -> dict[int, Preview]:
    """Return how the newest message of each channel begins, root or reply; one query, one index look-up a channel.

    The channels are the viewer's to read; what was written before they may read shows nothing.
    """
    direct = {channel.pk for channel in channels if channel.kind == ChannelKind.DIRECT}
    last = Message.objects.filter(channel=OuterRef("pk"), number=OuterRef("last_number")).order_by()
    wanted = Channel.objects.filter(pk__in=[channel.pk for channel in channels]).values(
        last=Subquery(last.values("pk"))
    )
    hidden = ChannelMembership.objects.open().filter(
        channel=OuterRef("channel"), user=viewer, visible_from__gt=OuterRef("number")
    )
    newest: QuerySet[Any] = (
        Message.objects.filter(~Exists(hidden), pk__in=wanted)
        .annotate(beginning=Left("body", 4 * PREVIEW_LENGTH))
        .select_related("author")
        .defer("body")
    )
    return {
        message.channel_id: Preview(
            author="" if message.channel_id in direct else message.author.display_name,
            is_own=message.author_id == viewer.pk,
            is_deleted=message.deleted_at is not None,
            is_forward=message.is_forward,
            text=excerpt_of(message.beginning, PREVIEW_LENGTH),
        )
        for message in (newest if channels else ())
    }


def sections_of(items: Iterable[ConversationItem], *, recent: int = 0, own: Sequence[OwnSection] = ()) -> list[Section]:
    """Return the chat list in sections: favourites, `own` headings, teams by their newest message, wide channels, people.

    Favourites keep their places, by title; all else stands by its newest message. With `recent`, that many of those that stand
    under no heading of one's own come before the teams together, whatever their kind.
    """
    favourites: list[ConversationItem] = []
    headed: dict[int, list[ConversationItem]] = {section.id: [] for section in own}
    others: list[ConversationItem] = []
    for item in items:
        if item.arranged.is_favourite:
            favourites.append(item)
        else:
            headed.get(item.arranged.section_id or 0, others).append(item)
    favourites.sort(key=lambda item: (item.title, item.channel.pk))
    sections = [Section("favourites", "", tuple(favourites))] if favourites else []
    sections += [Section("own", one.name, tuple(headed[one.id]), one.id) for one in own if headed[one.id]]
    return sections + _by_kind(others, recent)


def _by_kind(items: list[ConversationItem], recent: int) -> list[Section]:
    newest = [item for item in items if item.channel.last_message_at is not None][:recent]
    shown = {item.channel.pk for item in newest}
    teams: dict[int, list[ConversationItem]] = {}
    wide: list[ConversationItem] = []
    people: list[ConversationItem] = []
    for item in items:
        if item.channel.pk in shown:
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
        "mentions": item.mentions,
        "notify": item.arranged.notify,
        "favourite": item.arranged.is_favourite,
        "section": item.arranged.section_id,
        "draft": item.draft,
    }
