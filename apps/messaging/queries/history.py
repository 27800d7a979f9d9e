"""A channel's history by keyset, threads, pins, single messages."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject

from apps.messaging.models import Message, ReadMark, Revision, ThreadMark
from apps.people.models import User
from apps.teams.models import Channel, ChannelMembership

from .rows import MessageRow, Page, build_rows

PAGE = 50
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
    others since their mark in the channel.
    """
    first = visible_from(channel, viewer)
    mine = ThreadMark.objects.filter(user=viewer)
    behind = mine.filter(is_following=True, root__channel=channel, root__reply_count__gt=F("up_to")).values("root")
    condition = Q(pk__in=behind)
    if first_unread:
        replies = Message.objects.filter(channel=channel, root__isnull=False, number__gte=first_unread)
        fresh = replies.exclude(author=viewer).exclude(root__in=mine.values("root"))
        condition |= Q(pk__in=fresh.values("root"))
    return list(
        Message.objects.filter(condition, number__gte=first)
        .exclude(pk__in=[row.message.pk for row in besides.rows])
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
    """Return the first number that a member may read; no query where history is for all, or the channel came for this reader."""
    if not channel.has_own_rows:
        return 1
    if channel.viewer_id == user.pk:
        return int(channel.viewer_sees_from)
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

    Where history begins, messages with authors, and what `build_rows` asks: constant, whatever the channel's size.
    """
    history = _history(channel, visible_from(channel, viewer))
    messages, has_older, has_newer = _stretch(history, before=before, newer=newer, around=around)
    return Page(
        rows=build_rows(messages, viewer=viewer, first_unread=first_unread, channel=channel),
        has_older=has_older,
        has_newer=has_newer,
    )


def _stretch(
    history: QuerySet[Message], *, before: int | None = None, newer: int | None = None, around: int | None = None
) -> tuple[list[Message], bool, bool]:
    """Return fifty of these messages, which come by number, and whether there are older and newer ones; two queries at most."""
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
    return messages, has_older, has_newer


def page_to_open(channel: Channel, *, viewer: User, first_unread: int) -> Page:
    """Return where somebody begins to read: the newest page, or the one around the first unread message if that is older."""
    page = page_of(channel, viewer=viewer, first_unread=first_unread)
    if first_unread and page.has_older and page.first > first_unread:
        return page_of(channel, viewer=viewer, around=first_unread, first_unread=first_unread)
    return page


def thread_of(
    root: Message, *, viewer: User, before: int | None = None, newer: int | None = None, at: int | None = None
) -> Thread:
    """Return a root and fifty of its replies by keyset: the newest, those before or after a number, or those around one.

    The first reply names its author. Three queries at most, whatever the thread's length.
    """
    replies = Message.objects.filter(root=root).select_related("author__home_unit").order_by("number")
    messages, has_older, has_newer = _stretch(replies, before=before, newer=newer, around=at)
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
