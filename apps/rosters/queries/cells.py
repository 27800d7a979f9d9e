"""Cells of a roster: what stands in them, what was done to them, and with which codes they are written."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange
from django.db.models import DateField, F, Func, Max, Q, QuerySet

from apps.core.compiled import CompiledRows, CompiledValues, Given
from apps.core.names import order_of_languages
from apps.people.models import Assignment, StaffType, User
from apps.rosters.models import Plan, Shift, ShiftEvent, ShiftKind, ShiftSource, ShiftType
from apps.sites.models import Unit

from .given import DAY, DAYS, IsAmong, among

Cell = tuple[int, date]
"""Somebody's day in a roster: their id and the local day."""
REACH = timedelta(days=3)  # a shift of one day can overlap those of the days around it, over all zones


@dataclass(frozen=True, slots=True)
class Entry:
    """A shift as it stands in a cell, or is to stand there."""

    code: str
    note: str = ""
    locked: bool = False
    source: str = ShiftSource.MANUAL

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "locked": self.locked, "note": self.note, "source": str(self.source)}


def read_entries(stored: Iterable[Mapping[str, Any]]) -> tuple[Entry, ...]:
    """Return the entries that a ShiftEvent holds."""
    return tuple(Entry(row["code"], row["note"], row["locked"], row["source"]) for row in stored)


@dataclass(frozen=True, slots=True)
class CellState:
    """What stands in a cell since when and by whom."""

    user_id: int
    day: date
    entries: tuple[Entry, ...]
    change: int = 0
    at: datetime | None = None
    by: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "user_id": self.user_id,
            "day": self.day.isoformat(),
            "entries": [entry.as_json() for entry in self.entries],
            "change": self.change,
            "at": self.at.isoformat() if self.at else None,
            "by": self.by,
        }


class Standing(NamedTuple):
    """A shift that holds, as plain values; a month of a ward has two thousand."""

    pk: int
    plan_id: int
    unit_id: int
    user_id: int
    day: date
    code: str
    kind: str
    shift_type_id: int
    period: DateTimeTZRange
    is_exclusive: bool
    is_locked: bool
    source: str
    note: str
    known_from: datetime

    @property
    def cell(self) -> Cell:
        return self.user_id, self.day

    @property
    def is_leave(self) -> bool:
        return self.kind == ShiftKind.LEAVE

    @property
    def entry(self) -> Entry:
        return Entry(self.code, self.note, self.is_locked, self.source)


FIELDS = (
    "pk", "plan_id", "unit_id", "user_id", "day", "shift_type__code", "shift_type__kind", "shift_type_id", "period",
    "is_exclusive", "is_locked", "source", "note", "known_during",
)  # fmt: skip


def standing(rows: Any) -> list[Standing]:
    """Return rows of shifts as plain values, each cell's in the order of their beginnings; one query."""
    return _made_standing(rows.values_list(*FIELDS))


def _made_standing(rows: Iterable[tuple[Any, ...]]) -> list[Standing]:
    found = [Standing._make((*row[:-1], row[-1].lower)) for row in rows]
    return sorted(found, key=lambda row: (row.user_id, row.day, row.period.lower, row.code))


def by_cell(rows: Iterable[Standing]) -> dict[Cell, list[Standing]]:
    """Return shifts by their cells."""
    cells: dict[Cell, list[Standing]] = {}
    for row in rows:
        cells.setdefault(row.cell, []).append(row)
    return cells


_DRAFTED: CompiledValues[None] = CompiledValues(
    lambda _shape, number: (
        Shift.objects.draft()
        .filter(among(), plan_id=number(0), day__gte=Given("first", DAY), day__lt=Given("last", DAY))
        .values_list(*FIELDS)
    )
)
_ELSEWHERE: CompiledValues[None] = CompiledValues(
    lambda _shape, number: (
        Shift.objects.live()
        .filter(among(), period__overlap=Given("over", DateTimeRangeField()), is_exclusive=True)
        .exclude(plan_id=number(0))
        .values_list(*FIELDS)
    )
)


def drafted(plan: Plan, users: Collection[int], first: date, last: date) -> list[Standing]:
    """Return the drafted shifts of people on days [first, last) and on those that these may touch."""
    rows = _DRAFTED.rows(None, plan.pk, ids=sorted(users), first=first - REACH, last=last + REACH)
    return _made_standing(rows)


def published_elsewhere(plan: Plan, users: Collection[int], over: DateTimeTZRange) -> list[Standing]:
    """Return the published shifts of people outside a roster that fill some of a stretch of time."""
    return _made_standing(_ELSEWHERE.rows(None, plan.pk, ids=sorted(users), over=over))


_EVENTS: CompiledRows[None, ShiftEvent] = CompiledRows(
    lambda _shape, number: (
        ShiftEvent.objects.filter(
            among(), IsAmong(F("day"), Func(Given("days", ArrayField(DateField())), function="ANY")), plan_id=number(0)
        )
        .select_related("by")
        .order_by("user_id", "day", "-change", "-pk")
        .distinct("user_id", "day")
    )
)


def newest_events(plan: Plan, cells: Collection[Cell]) -> dict[Cell, ShiftEvent]:
    """Return the newest of what was done to each of these cells, with who did it; one query."""
    if not cells:
        return {}
    users, days = {user for user, _day in cells}, {day for _user, day in cells}
    newest = _EVENTS.rows(None, plan.pk, ids=sorted(users), days=sorted(days))
    return {(row.user_id, row.day): row for row in newest if (row.user_id, row.day) in cells}


def state_after(event: ShiftEvent) -> CellState:
    """Return what stands in a cell since somebody changed it."""
    by = event.by.display_name if event.by else ""
    entries = read_entries(event.after)
    return CellState(event.user_id, event.day, entries, change=event.change, at=event.at, by=by)


def history_of(plan: Plan, user_id: int, day: date) -> list[ShiftEvent]:
    """Return what was done to a cell, newest first, with who did and who approved it; one query."""
    rows = ShiftEvent.objects.filter(plan=plan, user=user_id, day=day).select_related("by", "approved_by")
    return list(rows.order_by("-change", "-pk"))


def newest_change(plan_id: int) -> int:
    """Return the last change of a roster as it is now; for pages that ask whether others changed it."""
    return Plan.objects.filter(pk=plan_id).aggregate(newest=Max("last_change"))["newest"] or 0


# -- Codes ----------------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Codes:
    """What may stand in the cells of a unit's roster: its own shift types before its site's."""

    types: list[ShiftType]
    _by_code: dict[str, list[ShiftType]] = field(default_factory=dict)
    _by_id: dict[int, ShiftType] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in sorted(self.types, key=lambda row: row.unit_id is None):
            self._by_code.setdefault(row.code.casefold(), []).append(row)
            self._by_id[row.pk] = row

    def find(self, code: str, day: date) -> ShiftType | None:
        """Return the shift type that a code means on a day; capitals do not matter unless two codes differ by them alone."""
        found = [row for row in self._by_code.get(code.strip().casefold(), ()) if holds_on(row, day)]
        exact = [row for row in found if row.code == code.strip()]
        return next(iter(exact or found), None)

    def stand_in(self, shift_type: ShiftType) -> ShiftType:
        """Return what stands for a shift type while Ramadan hours hold."""
        return self._by_id.get(shift_type.in_ramadan_id or 0, shift_type)

    @property
    def has_ramadan(self) -> bool:
        return any(row.in_ramadan_id for row in self.types)


def holds_on(row: ShiftType, day: date) -> bool:
    """Whether a shift type is in use on a day."""
    return (row.valid_from is None or row.valid_from <= day) and (row.valid_until is None or day < row.valid_until)


_CODES: CompiledRows[None, ShiftType] = CompiledRows(
    lambda _shape, number: ShiftType.objects.filter(Q(unit_id=number(0)) | Q(unit=None, site_id=number(1))).order_by(
        "place", "code"
    )
)


def codes_of(unit: Unit) -> Codes:
    """Return the codes of a unit, in the order of lists; one query."""
    return Codes(_CODES.rows(None, unit.pk, unit.department.site_id))


# -- Who is in the unit ---------------------------------------------------------------------------------------------------
def _build_members(has_users: bool, number: Callable[[int], int]) -> QuerySet[Any, Any]:
    rows = Assignment.objects.filter(unit_id=number(0), during__overlap=Given("days", DAYS))
    return (rows.filter(among()) if has_users else rows).order_by().values_list("user_id", "during")


_MEMBERS = CompiledValues(_build_members)


def memberships(
    unit: Unit, first: date, last: date, users: Collection[int] | None = None
) -> dict[int, list[tuple[date, date]]]:
    """Return the days [from, until) on which people work in a unit, within [first, last); one query."""
    among_them = {} if users is None else {"ids": sorted(users)}
    rows = _MEMBERS.rows(users is not None, unit.pk, days=DateRange(first, last), **among_them)
    days: dict[int, list[tuple[date, date]]] = {}
    for user_id, during in rows:
        begin, end = max(during.lower or first, first), min(during.upper or last, last)
        days.setdefault(user_id, []).append((begin, end))
    return days


def is_member_on(days: Iterable[tuple[date, date]], day: date) -> bool:
    """Whether a day lies in one of these stretches."""
    return any(begin <= day < end for begin, end in days)


def people_in(plan: Plan) -> set[int]:
    """Return who has to do with a roster: those who work in the unit on one of its days, and those who stand in it."""
    first, last = plan.during.lower, plan.during.upper
    there = Assignment.objects.filter(unit=plan.unit_id, during__overlap=(first, last), user__is_active=True)
    standing_there = Shift.objects.filter(plan=plan, known_during__upper_inf=True)
    return {*there.values_list("user_id", flat=True), *standing_there.values_list("user_id", flat=True).distinct()}


def in_order_of_lists(users: Iterable[User]) -> list[User]:
    """Return people as a roster lists them: by staff type, in the order in which a hospital names them, and by name."""
    language = order_of_languages()[0]
    places = {job: place for place, job in enumerate(StaffType.values)}

    def place_of(user: User) -> tuple[int, str, int]:
        return places.get(user.job, len(places)), getattr(user, f"name_{language}", "") or user.display_name, user.pk

    return sorted(users, key=place_of)


def newly_published(user: User, plans: Collection[Plan]) -> dict[int, list[tuple[date, str]]]:
    """Return what the newest publication of rosters changed for somebody: by roster, days in order, each with its codes or –."""
    since = {plan.pk: plan.published_at for plan in plans if plan.published_at}
    begun = Q(known_during__startswith__in=set(since.values()))
    ended = Q(known_during__endswith__in=set(since.values()))
    rows = Shift.objects.filter(begun | ended, user=user, plan__in=since, is_live=True).order_by("day", "period")
    cells: dict[int, dict[date, list[str]]] = {}
    for plan_id, day, code, known in rows.values_list("plan_id", "day", "shift_type__code", "known_during"):
        codes = cells.setdefault(plan_id, {}).setdefault(day, [])
        if known.lower == since[plan_id] and known.upper is None:
            codes.append(code)
    return {plan_id: [(day, " ".join(codes) or "–") for day, codes in days.items()] for plan_id, days in cells.items()}
