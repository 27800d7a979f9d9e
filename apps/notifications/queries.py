"""Reads of notices: the page, the badge, who is to be told what."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet

from apps.people.models import User
from apps.people.queries import people_of_units
from apps.teams import queries as teams_queries
from apps.teams.models import Channel

from .models import Audience, Notice, NoticeBatch, NoticeQuerySet
from .registry import NoticeKind, NoticeView, kinds, kinds_in_order

COUNTED_UP_TO = 100  # a badge says 99+ above that
PAGE = 30
UNREAD = "unread"  # a filter beside the kinds


# -- Counts ----------------------------------------------------------------------------------------------------------------
def unread_total(user: User) -> int:
    """Return how many unread notices somebody has, at most 100; one query."""
    return Notice.objects.counted_for(user).unread().filter(kind__in=list(kinds)).order_by()[:COUNTED_UP_TO].count()


def count_unread(user: User) -> QuerySet[Any]:
    """Return, as a subquery, what `unread_total` counts."""
    unread = Notice.objects.counted_for(user).unread().filter(kind__in=list(kinds))
    counted: QuerySet[Any] = unread.order_by().values("user").annotate(count=Count("pk")).values("count")
    return counted


def count_mentions(user: User) -> QuerySet[Any]:
    """Return, as a subquery of a query over channels, how often somebody is mentioned unread in each."""
    here = channels_with_mentions(user).filter(channel=OuterRef("pk"))
    counted: QuerySet[Any] = here.values("channel").annotate(count=Count("pk")).values("count")
    return counted


def unread_by_kind(user: User) -> dict[str, int]:
    """Return the unread notices of somebody by kind; one query."""
    rows = Notice.objects.counted_for(user).unread().filter(kind__in=list(kinds)).order_by().values("kind")
    return dict(rows.annotate(unread=Count("pk")).values_list("kind", "unread"))


def unread_counts(users: Collection[int], *, channel_id: int | None = None) -> dict[int, int]:
    """Return how many unread notices each of these people has, at most 100, as `unread_total` counts them.

    A constant number of queries; one where all are in `channel_id`, a channel that all of them are known to read.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT user_id, channel_id, count(*) FROM notifications_notice"
            " WHERE user_id = ANY(%s) AND read_at IS NULL AND kind = ANY(%s) GROUP BY user_id, channel_id",
            [list(users), list(kinds)],
        )
        rows = cursor.fetchall()
    elsewhere = [row for row in rows if row[1] is not None and row[1] != channel_id]
    readable = teams_queries.readable_pairs({row[0] for row in elsewhere}, {row[1] for row in elsewhere})
    counts = dict.fromkeys(users, 0)
    for user_id, place_id, count in rows:
        if place_id is None or place_id == channel_id or (user_id, place_id) in readable:
            counts[user_id] = min(counts[user_id] + count, COUNTED_UP_TO)
    return counts


def unread_mentions(user: User, channel_ids: Collection[int] | None = None) -> dict[int, int]:
    """Return the channels in which somebody is mentioned unread, with how often; one query."""
    rows = channels_with_mentions(user)
    if channel_ids is not None:
        rows = rows.filter(channel__in=channel_ids)
    return dict(rows.annotate(unread=Count("pk")).values_list("channel", "unread"))


def channels_with_mentions(user: User) -> QuerySet[Notice, Any]:
    """Return, as a subquery, the ids of the channels in which somebody is mentioned unread or asked to acknowledge."""
    mentions = Notice.objects.unread().filter(user=user, kind__in=["mention", "acknowledgement"])
    return mentions.exclude(channel=None).order_by().values("channel")


# -- Batches ---------------------------------------------------------------------------------------------------------------
def people_of_audience(*, channel: Channel, audience: str, unit_id: int | None, actor_id: int) -> QuerySet[User]:
    """Return the active people whom a notice of a channel is for, each once, without the one who caused it."""
    people = teams_queries.people_of(channel).exclude(pk=actor_id)
    if audience == Audience.UNIT:
        assert unit_id is not None
        people = people.filter(pk__in=people_of_units([unit_id]))
    return people


def people_left(batch: NoticeBatch, limit: int) -> QuerySet[User, Any]:
    """Return the ids of the next people of a batch, in order."""
    people = people_of_audience(
        channel=batch.channel, audience=batch.audience, unit_id=batch.unit_id, actor_id=batch.actor_id
    )
    return people.filter(pk__gt=batch.cursor).order_by("pk").values("pk")[:limit]


# -- What is told ----------------------------------------------------------------------------------------------------------
def hints_of(notices: Sequence[Notice], counts: Mapping[int, int]) -> list[tuple[str, int, dict[str, Any]]]:
    """Return the hint that tells each of these unread notices to its person."""
    return [("user", notice.user_id, _notice_hint(notice, counts.get(notice.user_id, 0))) for notice in notices]


def _notice_hint(notice: Notice, unread: int) -> dict[str, Any]:
    actor = notice.actor
    body: dict[str, Any] = {
        "id": notice.pk,
        "kind": notice.kind,
        "actor": {"id": actor.pk, "names": actor.names} if actor else None,
        "channel": notice.channel_id,
        "number": notice.number,
        "root": notice.root_number,
        "count": notice.count,
    }
    if notice.is_quiet:
        body["quiet"] = True
    return {"kind": "notice", "unread": unread, "notice": body}


# -- The page --------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A line of the Activity page."""

    notice: Notice
    kind: NoticeKind
    view: NoticeView

    @property
    def is_unread(self) -> bool:
        return self.notice.read_at is None


@dataclass(frozen=True, slots=True)
class NoticePage:
    """A page of notices, newest first; `older` is where the next one begins, empty at the end."""

    rows: tuple[NoticeRow, ...]
    older: str


def of_filter(user: User, show: str) -> NoticeQuerySet:
    """Return the notices of somebody that a filter lets through: all, the unread ones, or those of a kind, open ones alone."""
    notices = Notice.objects.visible_to(user).filter(kind__in=[show] if show in kinds else list(kinds))
    open_only = kinds[show].open_only if show in kinds else None
    if open_only is not None:
        notices = open_only(user, notices)
    return notices.unread() if show == UNREAD else notices


def filter_counts(user: User, unread: Mapping[str, int]) -> list[tuple[NoticeKind, int]]:
    """Return the kinds with what their filters count: what is still to be done (one query a kind), else what is unread."""
    return [
        (
            kind,
            of_filter(user, kind.code).order_by()[:COUNTED_UP_TO].count()
            if kind.open_only
            else unread.get(kind.code, 0),
        )
        for kind in kinds_in_order()
    ]


def page_of(user: User, *, show: str = "", before: str = "", limit: int = PAGE) -> NoticePage:
    """Return a page of somebody's notices, newest first, from the place `before` on; constant queries.

    Notices of which nothing is left to say are skipped, so that a page may be shorter than its limit.
    """
    notices = of_filter(user, show).select_related("actor").order_by("-changed_at", "-id")
    place = read_place(before)
    if place is not None:
        notices = notices.filter(Q(changed_at__lt=place[0]) | Q(changed_at=place[0], pk__lt=place[1]))
    found = list(notices[: limit + 1])
    shown = found[:limit]
    older = f"{shown[-1].changed_at.isoformat()}/{shown[-1].pk}" if len(found) > limit else ""
    return NoticePage(tuple(rows_of(user, shown)), older)


def rows_of(user: User, notices: Iterable[Notice]) -> list[NoticeRow]:
    """Return the lines of notices that the user may see, in their order; each kind describes its own at once."""
    of_kind: dict[str, list[Notice]] = defaultdict(list)
    notices = list(notices)
    for notice in notices:
        of_kind[notice.kind].append(notice)
    views: dict[int, NoticeView] = {}
    for code, own in of_kind.items():
        if code in kinds:
            views.update(kinds[code].describe(user, own))
    return [NoticeRow(notice, kinds[notice.kind], views[notice.pk]) for notice in notices if notice.pk in views]


def read_place(text: str) -> tuple[datetime, int] | None:
    """Return the instant (UTC) and id that a page's address begins from; None for anything that is no place of a notice."""
    moment, _, number = text.partition("/")
    try:
        instant = datetime.fromisoformat(moment)
        if instant.tzinfo is None:
            return None
        instant = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    # A year at an edge of the calendar would leave it again in the zone of the database.
    if not 1970 <= instant.year <= 9998 or not number.isascii() or not number.isdigit() or len(number) > 18:
        return None
    return instant, int(number)
