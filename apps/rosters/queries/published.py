"""What staff see of published rosters: lines of shifts, which cells were changed of late, the roster of a unit."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Min, Q, QuerySet

from apps.core import clock
from apps.people.models import Assignment, StaffType, User
from apps.rosters.models import PRESENT_KINDS, Plan, Shift, ShiftType
from apps.sites.models import Unit
from apps.sites.queries import SiteCalendar, calendar_of

RECENTLY = timedelta(days=7)  # a change is marked for so long
# Publishing writes all cells at one instant, but a cell's own may lie microseconds later.
AT_ONCE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ShiftLine:
    """A shift as people read it: by the clock of its site."""

    shift: Shift
    zone: ZoneInfo

    @property
    def kind(self) -> ShiftType:
        return self.shift.shift_type

    @property
    def starts_at(self) -> datetime:
        begin: datetime = self.shift.period.lower
        return begin.astimezone(self.zone)

    @property
    def ends_at(self) -> datetime:
        end: datetime = self.shift.period.upper
        return end.astimezone(self.zone)

    @property
    def ends_clock(self) -> str:
        return f"{self.ends_at:%H:%M}"

    @property
    def minutes(self) -> int:
        """Working time, without the break; a shift of on-call time counts as its type says."""
        length = int((self.ends_at - self.starts_at).total_seconds() // 60) - self.kind.break_minutes
        return length * self.kind.counts_percent // 100


@dataclass(frozen=True, slots=True)
class RosterDay:
    """A day of a calendar: `kind` is weekday, saturday, sunday or holiday, by the site."""

    on: date
    kind: str
    name: str
    is_today: bool

    @property
    def is_rest(self) -> bool:
        return self.kind != "weekday"


@dataclass(frozen=True, slots=True)
class RosterCell:
    """Somebody's day: its shifts, and the codes that stood there before, where that was changed of late."""

    shifts: tuple[ShiftType, ...]
    was: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RosterRow:
    person: User
    cells: list[RosterCell]


@dataclass(frozen=True, slots=True)
class RosterGroup:
    """People of one position."""

    label: str
    rows: list[RosterRow]


@dataclass(frozen=True, slots=True)
class HeadCount:
    """How many are in a shift on each day."""

    shift_type: ShiftType
    numbers: list[int]


@dataclass(frozen=True, slots=True)
class UnitRoster:
    """The published roster of a unit for days [first, last)."""

    unit: Unit
    days: list[RosterDay]
    groups: list[RosterGroup]
    counts: list[HeadCount]
    types: list[ShiftType]  # what stands in it, for the legend
    published_at: datetime | None
    is_published: bool


def days_of(calendar: SiteCalendar, first: date, last: date, today: date) -> list[RosterDay]:
    """Return the days [first, last) with what the calendar says of each."""
    days = [first + DAY * number for number in range((last - first).days)]
    return [RosterDay(day, str(calendar.kind_of(day)), calendar.name_of(day), day == today) for day in days]


def units_of(user: User) -> QuerySet[Any]:
    """Return the units whose published roster somebody may read: those that they work in or manage."""
    worked_in = Assignment.objects.today().filter(user=user).values("unit")
    managed = user.units_with_role("unit_manager").values("pk")
    return Unit.objects.visible_to(user).filter(Q(pk__in=worked_in) | Q(pk__in=managed))


class Version(NamedTuple):
    """A published row, known [known_from, known_until)."""

    plan_id: int
    user_id: int
    day: date
    type_id: int
    code: str
    known_from: datetime
    known_until: datetime | None


def versions_of(shifts: QuerySet[Shift]) -> list[Version]:
    """Return the published rows among these that hold, and those that held until of late; one query."""
    recent = Q(known_during__endswith__gt=clock.now() - RECENTLY)
    rows = shifts.filter(Q(known_during__upper_inf=True) | recent, is_live=True).order_by("period")
    return [
        Version(*row)
        for row in rows.values_list(
            "plan_id",
            "user_id",
            "day",
            "shift_type_id",
            "shift_type__code",
            "known_during__startswith",
            "known_during__endswith",
        )
    ]


def first_publications(plan_ids: Collection[int], first: date, last: date) -> dict[tuple[int, date], datetime]:
    """Return when each day of these plans was published first; one query."""
    rows = Shift.objects.filter(plan__in=plan_ids, is_live=True, day__gte=first, day__lt=last).values_list(
        "plan", "day"
    )
    return {(plan, day): at for plan, day, at in rows.annotate(at=Min("known_during__startswith"))}


def codes_before(rows: Sequence[Version], published_at: Mapping[tuple[int, date], datetime]) -> tuple[str, ...] | None:
    """Return the codes that stood in a cell before its last changes; None where nothing was changed of late.

    `rows` are all versions of one cell, so that a cell that is empty now is told from one that always was.
    """
    firsts = [at for row in rows if (at := published_at.get((row.plan_id, row.day)))]
    if not firsts:
        return None
    since = max(clock.now() - RECENTLY, min(firsts) + AT_ONCE)
    then = tuple(
        row.code for row in rows if row.known_from <= since and (row.known_until is None or since < row.known_until)
    )
    now = tuple(row.code for row in rows if row.known_until is None)
    return then if sorted(then) != sorted(now) else None


def roster_of_unit(unit: Unit, first: date, last: date) -> UnitRoster:
    """Return the published roster of a unit for days [first, last): people by position, then by name; seven queries."""
    rows = versions_of(Shift.objects.filter(unit=unit, day__gte=first, day__lt=last))
    cells: dict[tuple[int, date], list[Version]] = {}
    for row in rows:
        cells.setdefault((row.user_id, row.day), []).append(row)
    holding = [row for row in rows if row.known_until is None]
    types = ShiftType.objects.in_bulk({row.type_id for row in holding})
    assigned = Assignment.objects.filter(unit=unit, during__overlap=DateRange(first, last), user__is_active=True)
    people = User.objects.filter(Q(pk__in={row.user_id for row in holding}) | Q(pk__in=assigned.values("user")))
    plans = list(Plan.objects.filter(unit=unit, during__overlap=DateRange(first, last), published_at__isnull=False))
    firsts = first_publications([plan.pk for plan in plans], first, last)
    site = unit.department.site
    days = days_of(calendar_of(site, first, last), first, last, clock.today(site.zone))
    ordered = sorted(types.values(), key=lambda kind: (kind.place, kind.code))
    return UnitRoster(
        unit=unit,
        days=days,
        groups=_by_position(
            RosterRow(person, [_cell(cells.get((person.pk, day.on), ()), types, firsts) for day in days])
            for person in people
        ),
        counts=_count_heads(holding, ordered, days),
        types=ordered,
        published_at=max((plan.published_at for plan in plans if plan.published_at), default=None),
        is_published=bool(holding),
    )


def _cell(
    rows: Sequence[Version], types: Mapping[int, ShiftType], firsts: Mapping[tuple[int, date], datetime]
) -> RosterCell:
    kinds = tuple(types[row.type_id] for row in rows if row.known_until is None)
    return RosterCell(kinds, codes_before(rows, firsts) if rows else None)


def _by_position(rows: Iterable[RosterRow]) -> list[RosterGroup]:
    """Group people by their position; those of which there are few, who lead, come first."""
    groups: dict[tuple[int, str], list[RosterRow]] = {}
    jobs = list(StaffType.values)
    for row in rows:
        person = row.person
        job = jobs.index(person.job) if person.job in jobs else len(jobs)
        groups.setdefault((job, person.title or person.get_job_display()), []).append(row)
    ordered = sorted(groups.items(), key=lambda item: (item[0][0], len(item[1]), item[0][1]))
    return [
        RosterGroup(label, sorted(found, key=lambda row: (row.person.display_name, row.person.pk)))
        for (_job, label), found in ordered
    ]


def _count_heads(rows: Iterable[Version], types: Iterable[ShiftType], days: Sequence[RosterDay]) -> list[HeadCount]:
    numbers = Counter((row.type_id, row.day) for row in rows)
    counted = [kind for kind in types if kind.kind in PRESENT_KINDS]
    return [HeadCount(kind, [numbers[kind.pk, day.on] for day in days]) for kind in counted]
