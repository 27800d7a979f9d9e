"""A roster as its grid shows it: people down, days across, counts at the right, need and have below, and what is wrong."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import F
from django.utils.translation import gettext as _

from apps.core import clock
from apps.people.models import QualificationKind, User
from apps.rosters import rules
from apps.rosters.models import Plan, Shift, ShiftType
from apps.sites import queries as sites_queries
from apps.sites.models import Unit

from .cells import (
    Codes,
    Standing,
    codes_of,
    in_order_of_lists,
    is_member_on,
    memberships,
    published_elsewhere,
    standing,
)
from .facts import MinuteOf, load_judged
from .judging import Judge, Seat

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the head: `kind` is weekday, saturday, sunday or holiday; `name` what a holiday is called."""

    on: date
    kind: str
    name: str
    is_today: bool
    is_tentative: bool = False


class ShiftIn(NamedTuple):
    """A shift in a cell."""

    code: str
    colour: str
    locked: bool
    note: str
    kind: str


class GridCell(NamedTuple):
    """Somebody's day. `published` are the codes that hold now, where they differ from the draft."""

    day: date
    shifts: tuple[ShiftIn, ...] = ()
    is_changed: bool = False
    published: tuple[str, ...] = ()
    findings: tuple[rules.Finding, ...] = ()

    @property
    def codes(self) -> str:
        return " ".join(shift.code for shift in self.shifts)

    @property
    def is_locked(self) -> bool:
        return any(shift.locked for shift in self.shifts)


@dataclass(frozen=True, slots=True)
class Row:
    """A person: their cells by day, how often each code stands there, the minutes of work, on which days they are of the unit."""

    user: User
    cells: tuple[GridCell, ...]
    counts: Mapping[str, int]
    minutes: int
    is_member: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class CoverDay:
    """How many a shift needs on a day, how many it has; `missing` is never below 0."""

    need: int
    have: int
    target: int | None = None
    maximum: int | None = None

    @property
    def missing(self) -> int:
        return max(0, self.need - self.have)


@dataclass(frozen=True, slots=True)
class CoverRow:
    """A shift, or those in it with a qualification, over the days; None on days without demand."""

    shift_type: ShiftType
    skill: str
    skill_name: str
    days: tuple[CoverDay | None, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some people cannot fill a hole."""

    sentence: str
    users: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.users)


@dataclass(frozen=True, slots=True)
class Hole:
    """A shift that lacks people on a day: why nobody fills it, grouped, the commonest first; `free` are those who could."""

    day: date
    shift_type: ShiftType
    missing: int
    skill: str = ""
    skill_name: str = ""
    reasons: tuple[Reason, ...] = ()
    free: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """All of a roster that its page shows; `change` is what an edit names as the state that it saw."""

    plan: Plan
    days: tuple[Day, ...]
    rows: tuple[Row, ...]
    cover: tuple[CoverRow, ...]
    holes: tuple[Hole, ...]
    findings: tuple[rules.Finding, ...]
    change: int
    codes: tuple[ShiftType, ...] = ()
    changed: int = 0  # cells whose draft differs from what was published


def days_of(plan: Plan, days: Collection[date] | None = None) -> list[date]:
    """Return the days of a roster, or those of them that are asked for, in order."""
    first, last = plan.during.lower, plan.during.upper
    whole = [first + number * DAY for number in range((last - first).days)]
    return [day for day in whole if days is None or day in days]


def grid_of(plan: Plan, *, days: Collection[date] | None = None, users: Collection[int] | None = None) -> Grid:
    """Return a roster as its grid shows it, or some days and some people's rows of it; the number of queries is constant.

    Cover, holes and findings are of everybody on those days, whoever's rows are asked for.
    """
    shown = days_of(plan, days)
    first, last = plan.during.lower, plan.during.upper
    change = Plan.objects.filter(pk=plan.pk).values_list("last_change", flat=True).get()  # before what it stands for
    unit = plan.unit
    facts, bound = load_judged(unit, first, last, plan_id=plan.pk)
    findings = tuple(rules.check(facts, bound))
    codes = codes_of(unit)
    rows, changed = _rows(plan, shown, users, facts, codes, findings)
    cover = _cover(facts, shown, codes)
    ordinals = {day.toordinal() for day in shown}
    return Grid(
        plan=plan,
        days=_head(unit, shown),
        rows=rows,
        cover=cover,
        holes=tuple(_holes(cover, shown)),
        findings=tuple(f for f in findings if not f.days or ordinals.intersection(f.days)),
        change=change,
        codes=tuple(codes.types),
        changed=changed,
    )


def _head(unit: Unit, shown: Sequence[date]) -> tuple[Day, ...]:
    if not shown:
        return ()
    site = unit.department.site
    calendar = sites_queries.calendar_of(site, shown[0], shown[-1] + DAY)
    today = clock.today(site.zone)
    return tuple(
        Day(day, str(calendar.kind_of(day)), calendar.name_of(day), day == today, calendar.is_tentative(day))
        for day in shown
    )


# -- People and cells -----------------------------------------------------------------------------------------------------
def _rows(
    plan: Plan,
    shown: Sequence[date],
    users: Collection[int] | None,
    facts: rules.Facts,
    codes: Codes,
    findings: Iterable[rules.Finding],
) -> tuple[tuple[Row, ...], int]:
    draft, live = _held(plan)
    changed = {
        cell for cell in {*draft, *live} if plan.published_at and _said(draft.get(cell)) != _said(live.get(cell))
    }
    members = memberships(plan.unit, plan.during.lower, plan.during.upper)
    wanted = {*members, *(user for user, _day in draft), *(user for user, _day in live)}
    if users is not None:
        wanted &= set(users)
    people = User.objects.filter(pk__in=wanted).select_related("home_unit")
    found: dict[tuple[int, int], list[rules.Finding]] = {}
    for finding in findings:
        for day in finding.days if finding.user_id else ():
            found.setdefault((finding.user_id, day), []).append(finding)
    colours = {row.pk: row.colour for row in codes.types}
    ordinals = {day.toordinal() for day in shown}
    rows = []
    for user in in_order_of_lists(people):
        mine = members.get(user.pk, [])
        cells = tuple(
            _cell(
                day,
                draft.get((user.pk, day), []),
                live.get((user.pk, day), []),
                colours,
                found.get((user.pk, day.toordinal()), ()),
                is_changed=(user.pk, day) in changed,
            )
            for day in shown
        )
        if user.is_active or any(cell.shifts or cell.published for cell in cells):
            counts = Counter(shift.code for cell in cells for shift in cell.shifts)
            minutes = _minutes(facts, user.pk, ordinals)
            rows.append(Row(user, cells, dict(counts), minutes, tuple(is_member_on(mine, day) for day in shown)))
    return tuple(rows), len(changed)


class Held(NamedTuple):
    """A shift of a roster, with its times as minutes since the epoch: to read two thousand ranges takes longer than all else."""

    user_id: int
    day: date
    is_live: bool
    code: str
    kind: str
    shift_type_id: int
    begins: int
    ends: int
    is_locked: bool
    note: str


HeldCells = dict[tuple[int, date], list[Held]]


def _held(plan: Plan) -> tuple[HeldCells, HeldCells]:
    """Return what is drafted, and what is published where something is, by cell; one query."""
    rows = Shift.objects.filter(plan=plan, known_during__upper_inf=True)
    if plan.published_at is None:
        rows = rows.filter(is_live=False)
    times = rows.annotate(begins=MinuteOf(F("period"), bound="lower"), ends=MinuteOf(F("period"), bound="upper"))
    cells: tuple[HeldCells, HeldCells] = ({}, {})
    for row in times.order_by("begins", "shift_type__code").values_list(
        "user_id", "day", "is_live", "shift_type__code", "shift_type__kind", "shift_type_id", "begins", "ends",
        "is_locked", "note",
    ):  # fmt: skip
        held = Held._make(row)
        cells[held.is_live].setdefault((held.user_id, held.day), []).append(held)
    return cells


def _said(rows: Sequence[Held] | None) -> list[tuple[object, ...]]:
    """Return what a cell says to those who read the published roster."""
    return sorted((row.shift_type_id, row.begins, row.ends, row.note) for row in rows or ())


def _cell(
    day: date,
    draft: Sequence[Held],
    live: Sequence[Held],
    colours: Mapping[int, str],
    findings: Sequence[rules.Finding],
    *,
    is_changed: bool,
) -> GridCell:
    if not draft and not findings and not is_changed:
        return GridCell(day)
    return GridCell(
        day=day,
        shifts=tuple(
            ShiftIn(row.code, colours.get(row.shift_type_id, "d"), row.is_locked, row.note, row.kind) for row in draft
        ),
        is_changed=is_changed,
        published=tuple(row.code for row in live) if is_changed else (),
        findings=tuple(findings),
    )


def _minutes(facts: rules.Facts, user_id: int, ordinals: Collection[int]) -> int:
    shifts = facts.shifts.get(user_id, ())
    return sum(shift.minutes for shift in shifts if shift.unit_id == facts.unit_id and shift.day in ordinals)


# -- Need and have --------------------------------------------------------------------------------------------------------
def _cover(facts: rules.Facts, shown: Sequence[date], codes: Codes) -> tuple[CoverRow, ...]:
    """Return need and have of each shift and qualification that somebody demands on one of the days.

    Who learns the ward with a preceptor is no head.
    """
    types = {row.pk: row for row in codes.types}
    there: dict[tuple[int, int], list[int]] = {}
    for user_id, shifts in facts.shifts.items():
        for shift in shifts:
            if shift.unit_id == facts.unit_id and not facts.is_under("preceptee", user_id, shift.day):
                type_id = facts.stands_for.get(shift.type_id, shift.type_id)
                there.setdefault((type_id, shift.day), []).append(user_id)
    days: dict[tuple[int, str], dict[int, CoverDay]] = {}
    for day in (one.toordinal() for one in shown):
        for need in facts.needs_on(day):
            people = there.get((need.type_id, day), [])
            have = sum(1 for user in people if not need.skill or facts.has_skill(user, need.skill, day))
            cover = CoverDay(need.minimum, have, need.target, need.maximum)
            days.setdefault((need.type_id, need.skill), {})[day] = cover
    names = _names_of_skills({skill for _type, skill in days if skill})
    order = {pk: place for place, pk in enumerate(types)}
    return tuple(
        CoverRow(types[pk], skill, names.get(skill, ""), tuple(days[pk, skill].get(day.toordinal()) for day in shown))
        for pk, skill in sorted(days, key=lambda key: (order.get(key[0], 0), key[1]))
        if pk in types
    )


def _names_of_skills(skills: Collection[str]) -> dict[str, str]:
    return {kind.code: kind.name for kind in QualificationKind.objects.filter(code__in=skills)}


def _holes(cover: Iterable[CoverRow], shown: Sequence[date]) -> Iterable[Hole]:
    found = [
        Hole(day, row.shift_type, there.missing, row.skill, row.skill_name)
        for row in cover
        for day, there in zip(shown, row.days, strict=True)
        if there is not None and there.missing
    ]
    return sorted(found, key=lambda hole: (hole.day, hole.shift_type.place, hole.shift_type.code, hole.skill))


def hole_of(plan: Plan, day: date, shift_type: ShiftType, *, skill: str = "") -> Hole:
    """Return why nobody fills a shift on a day: each person's first reason, grouped; the number of queries is constant.

    The facts are loaded once and each person's shift is only supposed, so that sixty people cost one check each.
    """
    seat = _Seat(plan, day, shift_type, skill)
    grouped: dict[str, list[int]] = {}
    free = []
    for user_id in seat.candidates():
        sentence = seat.reason_against(user_id)
        if sentence:
            grouped.setdefault(sentence, []).append(user_id)
        else:
            free.append(user_id)
    reasons = [Reason(sentence, tuple(users)) for sentence, users in grouped.items()]
    cover = next(
        (
            row
            for row in _cover(seat.judge.facts, [day], seat.codes)
            if (row.shift_type, row.skill) == (shift_type, skill)
        ),
        None,
    )
    there = cover.days[0] if cover else None
    return Hole(
        day=day,
        shift_type=shift_type,
        missing=there.missing if there else 0,
        skill=skill,
        skill_name=_names_of_skills({skill}).get(skill, "") if skill else "",
        reasons=tuple(sorted(reasons, key=lambda reason: -reason.count)),
        free=tuple(free),
    )


@dataclass(slots=True)
class _Seat:
    """A place in a shift on a day, and what is known of those who might take it."""

    plan: Plan
    day: date
    shift_type: ShiftType
    skill: str
    judge: Judge = field(init=False)
    codes: Codes = field(init=False)
    _members: Mapping[int, list[tuple[date, date]]] = field(init=False)
    _drafts: Mapping[int, list[Standing]] = field(init=False)
    _elsewhere: set[int] = field(init=False)
    _stands_there: ShiftType = field(init=False)  # in Ramadan another type than the one that is asked for

    def __post_init__(self) -> None:
        plan, day = self.plan, self.day
        self.judge = Judge.of(plan)
        self.codes = codes_of(plan.unit)
        self._members = memberships(plan.unit, day, day + DAY)
        self._stands_there = self.shift_type
        if day.toordinal() in self.judge.facts.ramadan:
            self._stands_there = self.codes.stand_in(self.shift_type)
        period = self._stands_there.period_on(day, plan.unit.department.site.zone)
        rows = Shift.objects.draft().filter(plan=plan, user__in=self._members)
        near = standing(rows.filter(day__gte=day - 2 * DAY, day__lte=day + 2 * DAY))
        self._drafts = {}
        for row in near:
            if row.day == day or (
                row.is_exclusive and row.period.lower < period.upper and period.lower < row.period.upper
            ):
                self._drafts.setdefault(row.user_id, []).append(row)
        self._elsewhere = {row.user_id for row in published_elsewhere(plan, self._members.keys(), period)}

    def candidates(self) -> list[int]:
        """Return the active people of the unit on that day."""
        people = User.objects.filter(pk__in=self._members, is_active=True)
        return [user.pk for user in in_order_of_lists(people)]

    def reason_against(self, user_id: int) -> str:
        """Return the first thing that speaks against somebody, or nothing."""
        rows = self._drafts.get(user_id, [])
        if self.skill and not self.judge.facts.has_skill(user_id, self.skill, self.day.toordinal()):
            return _("lack the qualification")
        if any(row.is_leave for row in rows):
            return _("are on leave")
        if any(row.is_locked for row in rows):
            return _("have a locked cell")
        if any(row.is_exclusive for row in rows):
            return _("are in another shift then")
        if user_id in self._elsewhere:
            return _("are on duty in another unit")
        cell = (user_id, self.day)
        broken = self.judge.new_breaches([cell], [Seat(user_id, self.day, self._stands_there.pk)], is_final=True)
        return self.judge.words_of(broken[0]) if broken else ""
