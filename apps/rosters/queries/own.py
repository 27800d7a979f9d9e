"""One's own published shifts: the next one, the coming ones, a month of them, and who works beside."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from apps.core import clock
from apps.people.models import User
from apps.rosters.models import Shift, ShiftKind, ShiftType
from apps.sites.queries import SiteCalendar, calendar_of

from .published import DAY, RosterDay, ShiftLine, Version, codes_before, days_of, first_publications, versions_of
from .resolver import shifts_in

AHEAD = timedelta(days=35)  # how far the next shift is looked for
SOON = timedelta(days=14)
COMING = 8
AT_WORK = frozenset(ShiftKind.values) - {ShiftKind.LEAVE, ShiftKind.OFF}


@dataclass(frozen=True, slots=True)
class OwnDay:
    """A day of one's own month; `was` says what stood there before, where it was changed of late."""

    day: RosterDay
    lines: list[ShiftLine]
    was: tuple[str, ...] | None
    is_outside: bool  # of the month
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Companions:
    """Who is in a shift of the unit in the middle of one's own."""

    shift_type: ShiftType
    people: list[User]


@dataclass(frozen=True, slots=True)
class OwnRoster:
    """The page of somebody's own shifts."""

    first: date
    weeks: list[list[OwnDay]]
    next: ShiftLine | None
    is_now: bool
    coming: list[tuple[ShiftLine, tuple[str, ...] | None]]
    chosen: OwnDay | None
    companions: list[Companions]
    counts: list[tuple[ShiftType, int]]
    minutes: int
    changed: int  # how many days of the coming weeks were changed of late


def month_after(first: date, months: int = 1) -> date:
    """Return the first day of the month so many months on."""
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def own_roster(user: User, first: date, chosen: date | None = None) -> OwnRoster:
    """Return somebody's month from its first day, with what comes next whatever the month; eight queries at most.

    The chosen day is by default that of the next shift.
    """
    now, today = clock.now(), clock.today(user.time_zone)
    week_begins = user.home.site.week_begins if user.home else 0
    begin = first - DAY * ((first.weekday() - week_begins) % 7)
    end = month_after(first)
    end += DAY * ((week_begins - end.weekday()) % 7)
    near = (today - 2 * DAY, today + AHEAD)
    mine = Shift.objects.filter(user=user).filter(Q(day__gte=begin, day__lt=end) | Q(day__gte=near[0], day__lt=near[1]))
    cells: dict[date, list[Version]] = {}
    for row in versions_of(mine):
        cells.setdefault(row.day, []).append(row)
    plan_ids = {row.plan_id for rows in cells.values() for row in rows}
    firsts = first_publications(plan_ids, min(begin, near[0]), max(end, near[1])) if plan_ids else {}
    was = {day: codes_before(rows, firsts) for day, rows in cells.items()}
    holding = mine.live().select_related("shift_type", "unit__department__site").order_by("period")
    lines = [ShiftLine(shift, shift.unit.department.site.zone) for shift in holding]
    ahead = [line for line in lines if line.kind.kind in AT_WORK and line.ends_at > now]
    upcoming = ahead[0] if ahead else None
    if chosen is None:
        chosen = upcoming.shift.day if upcoming else today
    calendar = _calendar(user, begin, end)
    days = [
        OwnDay(
            day=day,
            lines=[line for line in lines if line.shift.day == day.on],
            was=was.get(day.on),
            is_outside=(day.on.year, day.on.month) != (first.year, first.month),
            is_chosen=day.on == chosen,
        )
        for day in days_of(calendar, begin, end, today)
    ]
    of_month = [line for day in days if not day.is_outside for line in day.lines]
    looked_at = next((day for day in days if day.is_chosen), None)
    return OwnRoster(
        first=first,
        weeks=[days[place : place + 7] for place in range(0, len(days), 7)],
        next=upcoming,
        is_now=upcoming is not None and upcoming.starts_at <= now,
        coming=[
            (line, was.get(line.shift.day))
            for line in lines
            if line.starts_at > now and line is not upcoming and line.shift.day < today + SOON
            if line.kind.kind != ShiftKind.OFF
        ][:COMING],
        chosen=looked_at,
        companions=_companions(user, looked_at),
        counts=_count_types(of_month),
        minutes=sum(line.minutes for line in of_month),
        changed=sum(1 for day, before in was.items() if before is not None and today <= day < near[1]),
    )


def _calendar(user: User, first: date, last: date) -> SiteCalendar:
    if user.home is not None:
        return calendar_of(user.home.site, first, last)
    return SiteCalendar(first, last, "", (5, 6), {})


def _companions(user: User, day: OwnDay | None) -> list[Companions]:
    """Return who is at work in the unit in the middle of the day's first shift, those of the same shift first."""
    own = next((line for line in day.lines if line.kind.kind in AT_WORK), None) if day else None
    if own is None:
        return []
    middle = own.starts_at + (own.ends_at - own.starts_at) / 2
    found: dict[int, Companions] = {}
    for shift in shifts_in(own.shift.unit_id, middle):
        if shift.user_id != user.pk:
            found.setdefault(shift.shift_type_id, Companions(shift.shift_type, [])).people.append(shift.user)
    return sorted(found.values(), key=lambda group: group.shift_type.pk != own.kind.pk)


def _count_types(lines: list[ShiftLine]) -> list[tuple[ShiftType, int]]:
    kinds = {line.kind.pk: line.kind for line in lines}
    numbers = Counter(line.kind.pk for line in lines)
    ordered = sorted(kinds.values(), key=lambda kind: (kind.place, kind.code))
    return [(kind, numbers[kind.pk]) for kind in ordered]
