"""A channel's history by keyset, threads, pins, single messages."""

from bisect import bisect_left
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject

from apps.core.compiled import CompiledRows
from apps.messaging.models import Message, ReadMark, Revision, ThreadMark
from apps.people.models import Assignment, User
from apps.teams.models import Channel, ChannelMembership, Reader, reader_of

from .rows import MessageRow, Page, build_rows

PAGE = 50
AFTER_ALL = 2**62  # a number that no message reaches
NEWS_SHOWN, NEWS_WITHIN = 20, 5_000  # threads; numbers
PINS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Thread:
    """A root and a page of its replies."""

    root: MessageRow
    page: Page

    @property
    def rows(self) -> tuple[MessageRow, ...]:
        return (self.root, *self.page.rows)


def threads_with_news(channel: Channel, *, viewer: User, first_unread: int, besides: Page) -> list[Message]:
    """Return the roots outside a page whose threads hold what the viewer has not read, at most twenty; one query.

    Those are threads that they follow and have not read to the end, and threads that they never looked into with replies of
    others since their mark in the channel, of its newest five thousand numbers.
    """
    mine = ThreadMark.objects.filter(user=viewer)
    roots = mine.filter(is_following=True, root__channel=channel, root__reply_count__gt=F("up_to")).values("root")
    if first_unread:
        since = max(first_unread, channel.last_number - NEWS_WITHIN)
        replies = Message.objects.filter(channel=channel, root__isnull=False, number__gte=since)
        fresh = replies.exclude(author=viewer).exclude(root__in=mine.values("root"))
        roots = roots.union(fresh.order_by().values("root"))  # with OR, PostgreSQL would look at every message there is
    shown = {row.message.pk for row in besides.rows}
    found = (
        Message.objects.filter(pk__in=roots, number__gte=visible_from(channel, viewer))
        .select_related("author")
        .order_by("-last_reply_at")[: NEWS_SHOWN + len(shown)]
    )
    return [message for message in found if message.pk not in shown][:NEWS_SHOWN]


def visible_from(channel: Channel, user: User) -> int:
    """Return the first number that a member may read; no query where history is for all, or the channel came for this reader."""
    if not channel.has_own_rows:
        return 1
    if channel.viewer_id == user.pk:
        return int(channel.viewer_sees_from)
    row = ChannelMembership.objects.open().filter(channel=channel, user=user).values_list("visible_from", flat=True)
    return row.first() or 1


def _first_of(channel: Channel, viewer: User) -> int:
    return max(visible_from(channel, viewer), channel.first_number)


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

    Where history begins, messages with authors, and what `build_rows` asks: constant, whatever the channel's size.
    """
    line = Line(False, channel.pk, _first_of(channel, viewer))
    messages, has_older, has_newer = _stretch(line, before=before, newer=newer, around=around)
    return Page(
        rows=build_rows(messages, viewer=viewer, first_unread=first_unread, channel=channel),
        has_older=has_older,
        has_newer=has_newer,
    )


class Line(NamedTuple):
    """Messages by number: the roots of a channel, whose replies stand in their threads, or the replies of a root."""

    is_thread: bool
    owner_id: int  # the channel, or the root
    first: int = 1  # the first number that may be read


def _line(shape: tuple[bool, str, int], stand_in: Callable[[int], int]) -> QuerySet[Message]:
    is_thread, side, count = shape
    own = Q(root=stand_in(0)) if is_thread else Q(channel=stand_in(0), root=None)
    line = Message.objects.filter(own, number__gte=stand_in(1)).select_related("author__home_unit")
    sides = {
        "before": line.filter(number__lt=stand_in(2)).order_by("-number")[:count],
        "from": line.filter(number__gte=stand_in(2)).order_by("number")[:count],
    }
    return sides["before"].union(sides["from"], all=True) if side == "both" else sides[side]


_LINE: CompiledRows[tuple[bool, str, int], Message] = CompiledRows(_line)


def _read(line: Line, side: str, number: int, count: int) -> list[Message]:
    """Return so many messages "before" a number, "from" it on, or on "both" sides of it, by number; one query."""
    found = _LINE.rows((line.is_thread, side, count), line.owner_id, line.first, number)
    found.sort(key=lambda message: message.number)
    return found


def _both_sides(line: Line, number: int, count: int) -> tuple[list[Message], list[Message]]:
    found = _read(line, "both", number, count)
    split = bisect_left(found, number, key=lambda message: message.number)
    return found[:split], found[split:]


def _stretch(
    line: Line, *, before: int | None = None, newer: int | None = None, around: int | None = None
) -> tuple[list[Message], bool, bool]:
    """Return fifty messages of a line, and whether there are older and newer ones; one query."""
    if around is not None:
        older, later = _both_sides(line, around, PAGE // 2 + 1)
        has_older, has_newer = len(older) > PAGE // 2, len(later) > PAGE // 2
        return [*older[-(PAGE // 2) :], *later[: PAGE // 2]], has_older, has_newer
    if newer is not None:
        following = _read(line, "from", newer + 1, PAGE + 1)
        return following[:PAGE], True, len(following) > PAGE
    newest = _read(line, "before", AFTER_ALL if before is None else before, PAGE + 1)
    return newest[-PAGE:], len(newest) > PAGE, before is not None


def page_to_open(channel: Channel, *, viewer: User, first_unread: int) -> Page:
    """Return where somebody begins to read: the newest page, or the one around the first unread message if that is older."""
    if not first_unread or channel.last_number - first_unread < PAGE:
        return page_of(channel, viewer=viewer, first_unread=first_unread)
    # More numbers than a page holds; but replies take numbers too, and they stand in their threads.
    older, later = _both_sides(Line(False, channel.pk, _first_of(channel, viewer)), first_unread, PAGE + 1)
    has_newer = len(later) > PAGE
    later = later[: PAGE // 2] if has_newer else later
    kept = PAGE - len(later)
    messages = [*(older[-kept:] if kept else ()), *later]
    rows = build_rows(messages, viewer=viewer, first_unread=first_unread, channel=channel)
    return Page(rows=rows, has_older=len(older) > kept, has_newer=has_newer)


def thread_of(
    root: Message, *, viewer: User, before: int | None = None, newer: int | None = None, at: int | None = None
) -> Thread:
    """Return a root and fifty of its replies by keyset: the newest, those before or after a number, or those around one.

    The first reply names its author. Three queries at most, whatever the thread's length.
    """
    messages, has_older, has_newer = _stretch(Line(True, root.pk), before=before, newer=newer, around=at)
    first, *others = build_rows([root, *messages], viewer=viewer, channel=root.channel)
    if others:
        others[0] = replace(others[0], starts_group=True)
    return Thread(first, Page(tuple(others), has_older=has_older, has_newer=has_newer))


def row_of(message: Message, *, viewer: User, may_manage: bool = False) -> MessageRow:
    """Return one message as a row."""
    return build_rows([message], viewer=viewer, may_manage=may_manage, channel=message.channel)[0]


def pins_of(channel: Channel, *, viewer: User) -> tuple[MessageRow, ...]:
    """Return the pinned messages of a channel, the latest pin first, at most a hundred."""
    pinned = (
        Message.objects.filter(
            channel=channel, pinned_at__isnull=False, deleted_at=None, number__gte=visible_from(channel, viewer)
        )
        .select_related("author__home_unit", "root", "pinned_by")
        .order_by("-pinned_at")[:PINS_SHOWN]
    )
    return build_rows(list(pinned), viewer=viewer)


def count_pins(channel: Channel) -> int:
    """Return how many messages are pinned; one query, none where the channel came `for_page`."""
    if hasattr(channel, "pins_count"):
        return int(channel.pins_count)
    return Message.objects.filter(channel=channel, pinned_at__isnull=False, deleted_at=None).count()


def for_page(channels: QuerySet[Channel], viewer: User) -> QuerySet[Channel]:
    """Have channels bring along what their page shows of them: the viewer's mark and how much is pinned."""
    mark = ReadMark.objects.filter(channel=OuterRef("pk"), user=viewer)
    pins = (
        Message.objects.filter(channel=OuterRef("pk"), pinned_at__isnull=False, deleted_at=None)
        .order_by()
        .values("channel")
    )
    found: QuerySet[Any] = channels.annotate(
        pins_count=Coalesce(Subquery(pins.annotate(count=Count("pk")).values("count")), 0),
        viewer_mark=Subquery(
            mark.values(row=JSONObject(base="base", up_to="up_to", delivered="delivered", unread_from="unread_from"))
        ),
    )
    return found


def _found(shape: tuple[Reader, bool], stand_in: Callable[[int], int]) -> QuerySet[Channel]:
    reader, with_mark = shape
    user = reader.stand_in(stand_in(0))
    channels: QuerySet[Channel] = Channel.objects.visible_to(user).for_viewer(user).select_related("team", "site")
    units = Assignment.objects.today().filter(user=user).order_by().values("unit_id").distinct()
    channels = channels.filter(pk=stand_in(1)).annotate(viewer_unit_ids=ArraySubquery(units))
    return for_page(channels, user) if with_mark else channels


_FOUND: CompiledRows[tuple[Reader, bool], Channel] = CompiledRows(_found)


def find_channel(user: User, channel_id: int, *, with_mark: bool = False) -> Channel | None:
    """Return a channel `for_viewer` if this active user reads it, `for_page` if its page is to be shown; one query.

    It brings along the units that the reader works in today, by which a message may mention them.
    """
    channel: Any = _FOUND.first((reader_of(user), with_mark), user.pk, channel_id)
    if channel is not None:
        user.__dict__.setdefault("unit_ids_today", channel.viewer_unit_ids)
    return channel  # type: ignore[no-any-return]


def versions_of(message: Message) -> QuerySet[Revision]:
    """Return the earlier texts of a message, newest first."""
    return Revision.objects.filter(message=message).order_by("-id")


def followers_of(root: Message) -> QuerySet[ThreadMark]:
    """Return the marks of those who follow a thread."""
    return ThreadMark.objects.filter(root=root, is_following=True)


def own_message(author: User, client_id: Any) -> Message | None:
    """Return the message that an author sent with a client id, with its root, or None."""
    found: Message | None = (
        Message.objects.filter(author=author, client_id=client_id).select_related("author", "root").first()
    )
    return found


def root_in(channel: Channel, number: int, *, viewer: User) -> Message | None:
    """Return a root of a channel by its number, or None where there is none, or none that the viewer may see."""
    message = message_in(channel, number, viewer=viewer)
    return message if message is not None and message.root_id is None else None


def message_in(channel: Channel, number: int, *, viewer: User) -> Message | None:
    """Return a message of a channel by its number, a reply with its root, or None where the viewer sees none."""
    if number < visible_from(channel, viewer):
        return None
    found: Message | None = (
        Message.objects.filter(channel=channel, number=number)
        .select_related("author__home_unit", "root__author")
        .first()
    )
    if found is not None:
        found.channel = channel
    return found


def messages_at(places: Collection[tuple[int, int]], viewer: User) -> dict[tuple[int, int], Message]:
    """Return those of these messages that somebody sees, by (channel id, number), with authors and channels; one query."""
    if not places:
        return {}
    condition = Q(pk__in=[])
    by_channel: dict[int, list[int]] = {}
    for channel_id, number in places:
        by_channel.setdefault(channel_id, []).append(number)
    for channel_id, numbers in by_channel.items():
        condition |= Q(channel=channel_id, number__in=numbers)
    found = Message.objects.visible_to(viewer).filter(condition)
    found = found.select_related("author", "root", "channel__team", "channel__site")
    return {(message.channel_id, message.number): message for message in found}
