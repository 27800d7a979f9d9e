"""The rosters of the demo hospital: what shifts there are, who works when, who is on call, and what people may do.

Every ward walks through a cycle that keeps its country's rules; this month is published everywhere. The units that a visitor
is likely to open have the month before, closed, and the month to come, as a draft or with nothing in it yet.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange

from apps.core import clock
from apps.people.models import Assignment, Contract, Qualification, QualificationKind, StaffType, User
from apps.rosters.models import (
    ABSENT_KINDS,
    SHOWN_STATES,
    Condition,
    ConditionKind,
    DayKind,
    Demand,
    Duty,
    Family,
    Override,
    Pattern,
    PatternPlace,
    Plan,
    PlanState,
    Rotation,
    RotationTurn,
    Rule,
    RuleSetting,
    Shift,
    ShiftEvent,
    ShiftKind,
    ShiftSource,
    ShiftType,
    Tier,
    Waiver,
)
from apps.sites.models import CalendarEntry, CalendarKind, Site, Unit
from apps.sites.queries import KindOfDay, SiteCalendar, calendar_of

from .people import Staff, lead_of_office
from .shift_plans import (
    CHARGE_CYCLES,
    CHARGE_GROUPS,
    CONTRACTS,
    CYCLES,
    DUTIES,
    NIGHTS_ONLY,
    OFFICES,
    QUALIFICATIONS,
    RAMADANS,
    SETTINGS,
    SHIFT_TYPES,
    SHOWN,
    DutyPlan,
    Turns,
)

ANCHOR = date(2020, 1, 6)  # the first day of all cycles
PUBLISHED_BEFORE = timedelta(days=16)  # a month's first day
KNOWN_SINCE = timedelta(days=120)  # what fills duties
DAY = timedelta(days=1)
SEAM = 2  # days off on either side of being lent
LOOKED_BACK, LOOKED_AHEAD = 2 * DAY, 4 * DAY  # days around today that every unit's published rosters reach
ROUND_THE_CLOCK = {"ward", "negative_pressure", "icu", "emergency"}
BY_DAY = {"screening", "clinic"}
OFFICE, OFF, BLANK = "W", "O", ""

Habit = Callable[[date], str]
"""What somebody's work is like: a day's code, or nothing on the rest days of office hours."""


@dataclass
class _Row:
    """Somebody in a unit's roster."""

    user: User
    habit: Habit
    is_counted: bool = True
    """Whether they count as cover; somebody who learns the ward does not."""
    absent: list[tuple[date, date]] = field(default_factory=list)
    """Days [from, until) on which they work elsewhere."""
    days: tuple[date, date] | None = None
    """The days of somebody who is lent to the unit."""
    learns_from: int = 0
    """Whose shifts they share."""


Cells = dict[tuple[int, date], str]
"""What stands where, by person and day; "W+HC" are two shifts."""


@dataclass(frozen=True)
class _Month:
    first: date
    last: date
    state: PlanState

    def days(self) -> list[date]:
        return [self.first + DAY * offset for offset in range((self.last - self.first).days)]


def store_rosters(staff: Staff, sites: Mapping[str, Site], dice: Random, now: datetime) -> int:
    """Store the rosters of all units that have one, and all that they stand on; returns the number of their shifts."""
    _store_calendar(sites)
    _Abilities(staff, dice).store()
    _store_rules(staff, sites)
    shifts = 0
    for code, site in sites.items():
        shifts += _SiteRosters(code, site, staff, dice, now).store()
    return shifts


def _store_calendar(sites: Mapping[str, Site]) -> None:
    """Ramadan of the sites where its hours hold, tentative while it is far off; a founding day of our own in Korea."""
    rows = []
    for site in sites.values():
        today = clock.today(site.zone)
        if site.country == "AE":
            first, last = next(days for days in RAMADANS if days[1] > today)
            names = {"name_ko": "라마단", "name_en": "Ramadan", "name_ar": "رمضان"}
            is_near = first - today < timedelta(days=10)
            rows.append(
                CalendarEntry(
                    site=site, kind=CalendarKind.RAMADAN, during=DateRange(first, last), is_confirmed=is_near, **names
                )
            )
        else:
            names = {"name_ko": "개원기념일", "name_en": "Foundation Day", "name_ar": "يوم التأسيس"}
            founded = [date(year, 4, 15) for year in (today.year, today.year + 1)]
            rows += [CalendarEntry(site=site, during=DateRange(day, day + DAY), **names) for day in founded]
    CalendarEntry.objects.bulk_create(rows)


# -- What people may do ---------------------------------------------------------------------------------------------------
class _Abilities:
    """The qualifications of nurses."""

    def __init__(self, staff: Staff, dice: Random) -> None:
        self.staff, self.dice = staff, dice
        self.rows: list[Qualification] = []
        self.kinds: dict[str, QualificationKind] = {}

    def store(self) -> None:
        for code, (expires, ko, en, ar) in QUALIFICATIONS.items():
            kind = QualificationKind(code=code, expires=expires, name_ko=ko, name_en=en, name_ar=ar)
            self.kinds[code] = kind
        QualificationKind.objects.bulk_create(self.kinds.values())
        for path, unit in self.staff.units.items():
            self._qualify_unit(path, unit)
        Qualification.objects.bulk_create(self.rows)

    def _qualify_unit(self, path: str, unit: Unit) -> None:
        nurses = [person for person in self.staff.by_place[path] if person.job == StaffType.NURSE and person.is_active]
        today = clock.today(unit.department.site.zone)
        for place, person in enumerate(nurses):
            joined = person.joined_at.date()
            if (
                path == TROUBLED and person is nurses[LAPSES]
            ):  # runs out while the next roster lasts, and was not renewed
                until = (today.replace(day=1) + 32 * DAY).replace(day=18)
                self._give(person, "bls", until - timedelta(days=730), until=until)
                continue
            self._give(person, "bls", joined, renewed=today - timedelta(days=100 + 19 * place % 500))
            if unit.kind in {"icu", "emergency"} or place % 5 == 0:
                self._give(person, "acls", joined, renewed=today - timedelta(days=110 + 23 * place % 500))
            if unit.kind in {"icu", "negative_pressure"} and (today - joined).days > 180:
                self._give(person, "ventilator", joined + timedelta(days=90))
        charges = charge_group(self.staff, path, unit.department.site.country)
        for person in [*charges, *self.staff.by_place[f"{path}/head"]]:
            self._give(person, "charge", person.joined_at.date() + timedelta(days=80))
        if path == "boramae/internal/8e":  # one that lapsed, of somebody who does not need it there
            self._give(nurses[7], "ventilator", today - timedelta(days=760), until=today - timedelta(days=30))

    def _give(
        self, person: User, code: str, since: date, renewed: date | None = None, until: date | None = None
    ) -> None:
        """Two years from the last renewal where the kind runs out."""
        if renewed is not None and self.kinds[code].expires:
            since = max(since, renewed)
            until = since + timedelta(days=730)
        number = f"{code[:3].upper()}-{self.dice.randrange(100_000, 999_999)}" if self.kinds[code].expires else ""
        self.rows.append(
            Qualification(user=person, kind=self.kinds[code], valid_from=since, valid_until=until, number=number)
        )


def store_contracts(staff: Staff, assignments: Iterable[Assignment]) -> None:
    """Store the contracts, and with the assignments those of who does not work the usual week."""
    made = {
        code: Contract(code=code, percent=percent, weekly_minutes=minutes, name_ko=ko, name_en=en, name_ar=ar)
        for code, (percent, minutes, ko, en, ar) in CONTRACTS.items()
    }
    Contract.objects.bulk_create(made.values())
    part_timers = {special_people(staff, path)["part"].pk for path in SPECIAL}
    changed = []
    for row in assignments:
        if not row.is_home or row.during.upper is not None:
            continue
        if row.user.job == StaffType.RESIDENT:
            row.contract = made["resident"]
        elif row.unit.department.site.country == "AE":
            row.contract = made["uae"]
        elif row.user.pk in part_timers:
            row.contract = made["part"]
        if row.contract:
            changed.append(row)
    Assignment.objects.bulk_update(changed, ["contract"])


SPECIAL = ("seoul/internal/7w", "boramae/internal/8e")  # wards with somebody in each of the circumstances
TROUBLED = "seoul/internal/7w"  # whose next roster is not done yet
LAPSES = 12  # whose certificate there runs out, in the order of its nurses


def charge_group(staff: Staff, path: str, country: str) -> list[User]:
    """Return who lead the shifts of a unit: its charge nurses, and who has been in it longest."""
    special = special_people(staff, path).values() if path in SPECIAL else ()
    nurses = [
        person
        for person in staff.by_place[f"{path}/nurse"]
        if person.is_active and person not in special and person.pk not in staff.lent
    ]
    experienced = sorted(nurses, key=lambda each: staff.since[each.pk])
    return [*staff.by_place[f"{path}/charge"], *experienced][: CHARGE_GROUPS[country]]


def special_people(staff: Staff, path: str) -> dict[str, User]:
    """Return who of a ward works otherwise than the others, none of them from the cast: by a word for it."""
    cast = set(staff.parts.values())
    nurses = [person for person in staff.by_place[f"{path}/nurse"] if person not in cast and person.is_active]
    newest = max(nurses[-12:], key=lambda person: person.joined_at)
    others = [person for person in nurses[-12:] if person is not newest]
    return {"learner": newest, **dict(zip(("pregnant", "nights", "part"), others, strict=False))}


# -- Rules ----------------------------------------------------------------------------------------------------------------
def _store_rules(staff: Staff, sites: Mapping[str, Site]) -> None:
    """What the sites have settled, and a rule that a ward made for itself."""
    by = staff.parts["찬솔"]
    rules = Rule.objects.in_bulk(field_name="code")
    contracts = Contract.objects.in_bulk(field_name="code")
    RuleSetting.objects.bulk_create(
        RuleSetting(
            rule=rules[plan.rule],
            site=site,
            contract=contracts[plan.contract] if plan.contract else None,
            params=plan.params,
            level=plan.level,
            is_on=plan.is_on,
            why=plan.why,
            by=by,
        )
        for plan in SETTINGS
        for site in ([None] if plan.contract else [site for site in sites.values() if site.country == plan.country])
        if plan.rule in rules
    )
    Rule.objects.create(
        code="7W-BLS",
        family=Family.COVER,
        params={"part": "each", "qualification": "bls"},
        jobs=[StaffType.NURSE],
        unit=staff.units[TROUBLED],
        name_ko="근무하는 간호사는 모두 BLS 유효",
        name_en="Every nurse on a shift holds a valid BLS",
        name_ar="كل ممرضة في النوبة تحمل شهادة BLS سارية",
        source="7W 병동 지침",
    )


# -- A site ---------------------------------------------------------------------------------------------------------------
class _SiteRosters:
    """The shift types, duties and rosters of one site."""

    def __init__(self, code: str, site: Site, staff: Staff, dice: Random, now: datetime) -> None:
        self.code, self.site, self.staff, self.dice, self.now = code, site, staff, dice, now
        self.today = now.astimezone(site.zone).date()
        self.months = months_around(self.today)
        self.calendar: SiteCalendar = calendar_of(site, self.months[0].first, self.months[-1].last)
        days = [day for month in self.months for day in month.days()]
        self.free = {day for day in days if self.calendar.kind_of(day) != KindOfDay.WEEKDAY}
        self.ramadan = {day for day in days if self.calendar.is_ramadan(day)}
        self.types: dict[str, ShiftType] = {}
        self.demands: list[Demand] = []
        self.patterns: list[Pattern] = []
        self.places: list[PatternPlace] = []
        self.conditions: list[Condition] = []
        self.plans: list[tuple[Plan, Cells]] = []
        self.waivers: list[Waiver] = []
        self.duties: list[Duty] = []
        self.rotations: list[Rotation] = []
        self.turns: list[RotationTurn] = []
        self.tiers: list[Tier] = []
        self.overrides: list[Override] = []

    def store(self) -> int:
        units = [(path, unit) for path, unit in self.staff.units.items() if path.startswith(f"{self.code}/")]
        self._store_types()
        for path, unit in units:
            self._plan_unit(path, unit)
        Pattern.objects.bulk_create(self.patterns)
        PatternPlace.objects.bulk_create(self.places)
        Condition.objects.bulk_create(self.conditions)
        Demand.objects.bulk_create(self.demands)
        Waiver.objects.bulk_create(self.waivers)
        Plan.objects.bulk_create(plan for plan, _ in self.plans)
        stored = self._store_shifts()
        if self.code in {"seoul", "boramae"}:
            self._change_after_publishing()
        for path, unit in units:
            self._plan_duties(path, unit)
        Duty.objects.bulk_create(self.duties)
        Rotation.objects.bulk_create(self.rotations)
        RotationTurn.objects.bulk_create(self.turns)
        Tier.objects.bulk_create(self.tiers)
        Override.objects.bulk_create(self.overrides)
        return stored

    def _store_types(self) -> None:
        variants = {}
        for place, plan in enumerate(SHIFT_TYPES[self.site.country]):
            begins, ends = plan.clock.split("-")
            starts_at, ends_at = time.fromisoformat(begins), time.fromisoformat(ends)
            is_absence = plan.kind in ABSENT_KINDS
            self.types[plan.code] = ShiftType(
                site=self.site,
                code=plan.code,
                kind=plan.kind,
                starts_at=starts_at,
                ends_at=ends_at,
                days_later=int(ends_at <= starts_at),
                break_minutes=plan.pause,
                counts_percent=0 if is_absence or plan.kind == ShiftKind.ON_CALL_HOME else 100,
                is_exclusive=plan.kind not in {ShiftKind.OFF, ShiftKind.ON_CALL_HOME, ShiftKind.STANDBY},
                colour=plan.colour,
                place=place,
                name_ko=plan.ko,
                name_en=plan.en,
                name_ar=plan.ar,
            )
            if plan.in_ramadan:
                variants[plan.code] = plan.in_ramadan
        ShiftType.objects.bulk_create(self.types.values())
        for code, variant in variants.items():
            self.types[code].in_ramadan = self.types[variant]
        ShiftType.objects.bulk_update([self.types[code] for code in variants], ["in_ramadan"])

    # -- who works how --
    def _plan_unit(self, path: str, unit: Unit) -> None:
        if path in OFFICES:
            rows = self._office_rows(path)
        elif unit.kind in ROUND_THE_CLOCK and self.staff.by_place[f"{path}/head"]:
            rows = self._ward_rows(path, unit)
        elif unit.kind in BY_DAY:
            rows = [
                _Row(person, self._office)
                for post in ("charge", "nurse")
                for person in self.staff.by_place[f"{path}/{post}"]
            ]
        else:
            return
        rows = [row for row in rows if row.user.is_active]
        for row in rows:
            row.absent = [(each.during.lower, each.during.upper) for each in self.staff.lent.get(row.user.pk, ())]
        for each in (each for several in self.staff.lent.values() for each in several):
            if each.unit is unit:
                rows.append(
                    _Row(each.user, self._office, is_counted=False, days=(each.during.lower, each.during.upper))
                )
        by = self._manager_of(path)
        published: Cells = {}
        for month in self._months_of(path):
            cells = self._cells_of(rows, month) if month.state != PlanState.COLLECTING else {}
            plan = self._plan(unit, month, by)
            self.plans.append((plan, cells))
            if plan.published_at:
                published |= cells
            if path == TROUBLED:
                self._trouble(plan, cells, rows)
        self.demands += self._demands_of(unit, rows, published)

    def _months_of(self, path: str) -> list[_Month]:
        """Three months where visitors look; elsewhere those that are asked about these days."""
        before, this, after = self.months
        if path in SHOWN:
            return [before, this, replace(after, state=SHOWN[path])]
        first, last = self.today - LOOKED_BACK, self.today + LOOKED_AHEAD
        months = (before, this, replace(after, state=PlanState.PUBLISHED))
        return [month for month in months if month.first < last and first < month.last]

    def _manager_of(self, path: str) -> User:
        if path in OFFICES:
            return lead_of_office(self.staff, path)
        heads = self._at(path, "head") or self._at(f"{self.code}/nursing/office", "manager")
        return heads[0]

    def _plan(self, unit: Unit, month: _Month, by: User) -> Plan:
        begins = datetime.combine(month.first, time(10), self.site.zone)
        is_published = month.state in SHOWN_STATES
        published_at = begins - PUBLISHED_BEFORE if is_published else None
        created_at = min(begins - PUBLISHED_BEFORE - 6 * DAY, self.now - 2 * DAY)
        return Plan(
            unit=unit,
            during=DateRange(month.first, month.last),
            state=month.state,
            created_by=by,
            created_at=created_at,
            published_at=published_at,
        )

    def _office(self, day: date) -> str:
        if day in self.free:
            return BLANK
        variant = self.types[OFFICE].in_ramadan if day in self.ramadan else None
        return variant.code if variant else OFFICE

    def _part_time(self, day: date) -> str:
        return self._office(day) if day.weekday() in {0, 2, 4} else OFF

    def _ward_rows(self, path: str, unit: Unit) -> list[_Row]:
        """Who lead shifts walk a cycle of their own in which each shift has one of them; the others a longer one."""
        country = self.site.country
        charges = charge_group(self.staff, path, country)
        special = special_people(self.staff, path) if path in SPECIAL else {}
        nurses = [person for person in self.staff.by_place[f"{path}/nurse"] if person.is_active]
        others = [person for person in nurses if person not in charges and person not in special.values()]
        rows = self._cycle_rows(unit, "책임" if country == "KR" else "Charge", CHARGE_CYCLES[country], charges)
        rows += self._cycle_rows(unit, "일반" if country == "KR" else "Ward", CYCLES[country], others)
        mates = {row.user.pk: row for row in rows}
        rows += [_Row(person, self._office) for post in ("head", "aide") for person in self._at(path, post)]
        rows += [_Row(person, self._office) for person in self._at(path, "charge")[CHARGE_GROUPS[country] :]]
        if special:
            rows += self._special_rows(special, others, mates)
            self._keep_apart(others)
        return rows

    def _at(self, path: str, post: str) -> list[User]:
        return self.staff.by_place[f"{path}/{post}"]

    def _cycle_rows(self, unit: Unit, name: str, words: str, people: list[User]) -> list[_Row]:
        """The people spread evenly over the cycle."""
        codes = words.split()
        pattern = Pattern(unit=unit, name=name, codes=codes, anchor_on=ANCHOR)
        self.patterns.append(pattern)
        rows = []
        for place, person in enumerate(people):
            offset = place * len(codes) // len(people)
            self.places.append(PatternPlace(pattern=pattern, user=person, offset=offset))
            rows.append(_Row(person, self._walk(codes, offset, is_late=place % 2 == 1)))
        return rows

    def _walk(self, codes: list[str], offset: int, *, is_late: bool = False) -> Habit:
        """A place in a cycle. In Ramadan three shifts stand for two, and the second one is done by those who are late."""

        def code_on(day: date) -> str:
            code = codes[(offset + (day - ANCHOR).days) % len(codes)]
            variant = self.types[code].in_ramadan if day in self.ramadan else None
            if variant is None:
                return code
            return "ER" if is_late and code == "D12" else variant.code

        return code_on

    def _special_rows(self, special: Mapping[str, User], others: list[User], mates: Mapping[int, _Row]) -> list[_Row]:
        """Somebody who learns with a preceptor, who is pregnant, who works nights alone, who works half."""
        first, last = self.months[0].first, self.months[-1].last
        preceptor = others[len(others) // 2]
        self.conditions += [
            Condition(
                user=special["learner"],
                kind=ConditionKind.PRECEPTEE,
                partner=preceptor,
                during=DateRange(first - 30 * DAY, last),
            ),
            Condition(
                user=special["pregnant"],
                kind=ConditionKind.PREGNANT,
                during=DateRange(first - 40 * DAY, last + 60 * DAY),
            ),
            Condition(user=special["nights"], kind=ConditionKind.NIGHTS_ONLY, during=DateRange(first, None)),
            Condition(
                user=special["part"], kind=ConditionKind.CHILD_CARE, during=DateRange(self.months[1].first, None)
            ),
        ]
        return [
            _Row(special["learner"], mates[preceptor.pk].habit, is_counted=False, learns_from=preceptor.pk),
            _Row(special["pregnant"], self._office),
            _Row(special["nights"], self._walk(NIGHTS_ONLY.split(), 0)),
            _Row(special["part"], self._part_time),
        ]

    def _keep_apart(self, others: list[User]) -> None:
        """Two who stand half a cycle from each other and so never share a shift."""
        one, other = others[0], others[(len(others) + 1) // 2]
        during = DateRange(self.months[0].first, None)
        self.conditions.append(Condition(user=one, kind=ConditionKind.APART, partner=other, during=during))

    def _office_rows(self, path: str) -> list[_Row]:
        """Residents in turn have a duty of 24 hours and a day off after it; in the Emirates physicians are called at home."""
        posts = ("resident",) if "당" in self.types else ("consultant", "fellow", "resident")
        physicians = [person for post in posts for person in self._at(path, post) if person.is_active]
        on_turn = [person for person in physicians if not self.staff.lent.get(person.pk)]

        def holder_on(day: date) -> int:
            weeks = day.toordinal() // 7 if len(on_turn) % 7 == 0 else 0  # else each would keep a weekday for ever
            return (day.toordinal() + weeks) % len(on_turn)

        def turn_of(place: int) -> Habit:
            def code_on(day: date) -> str:
                is_on_duty = holder_on(day) == place
                if "당" not in self.types:
                    return "+".join(filter(None, [self._office(day), "HC"])) if is_on_duty else self._office(day)
                # The day after a duty is no whole day off, so a duty of a weekend is made good by the day after that.
                lost = day - 2 * DAY
                is_made_good = lost.weekday() in self.site.rest_days and holder_on(lost) == place
                is_off = is_made_good or holder_on(day - DAY) == place
                return "당" if is_on_duty else OFF if is_off else self._office(day)

            return code_on

        rows = [_Row(person, turn_of(place)) for place, person in enumerate(on_turn)]
        return rows + [_Row(person, self._office) for person in physicians if person not in on_turn]

    # -- what stands where --
    def _cells_of(self, rows: list[_Row], month: _Month) -> Cells:
        cells: Cells = {}
        days = month.days()
        for row in rows:
            for day in days:
                code = self._code_of(row, day)
                if code:
                    cells[row.user.pk, day] = code
        learning = {row.learns_from: row.user.pk for row in rows if row.learns_from}
        walkers = [
            row.user.pk
            for row in rows
            if row.is_counted and any(cells.get((row.user.pk, day)) in {"D", "D12"} for day in days)
        ]
        self._give_leave(cells, [pk for pk in walkers if pk not in learning], month)
        self._give_days_off(cells, walkers, month)
        for pk, learner in learning.items():
            cells.update({(learner, day): cells[pk, day] for day in days if (pk, day) in cells})
        return cells

    def _code_of(self, row: _Row, day: date) -> str:
        if row.days and not row.days[0] <= day < row.days[1]:
            return BLANK
        for first, last in row.absent:
            if first <= day < last:
                return BLANK
            if first - SEAM * DAY <= day < last + SEAM * DAY:
                return OFF
        return row.habit(day)

    def _give_days_off(self, cells: Cells, people: list[int], month: _Month) -> None:
        """A month's days off are as many as its rest days and holidays: who has fewer gives back day shifts, on rest days first."""
        free = [day for day in month.days() if day in self.free]
        cover = Counter(day for (_, day), code in cells.items() if code == "D")
        for pk in people:
            mine = [day for day in month.days() if (pk, day) in cells]
            owed = len(free) * len(mine) // max(1, (month.last - month.first).days)
            lacking = owed - sum(cells[pk, day] == OFF for day in mine)
            for _ in range(max(0, lacking)):
                days = [day for day in mine if cells[pk, day] == "D"]
                if not days:
                    break
                best = max(days, key=lambda day: (cover[day] - 2 * (day not in self.free), day))
                cells[pk, best] = OFF
                cover[best] -= 1

    def _give_leave(self, cells: Cells, people: list[int], month: _Month) -> None:
        """One in five has leave or training this month, in the middle of day shifts, where they can be spared."""
        codes = ("연", "연", "교", "공") if "연" in self.types else ("AL", "AL", "TR", "OL")
        day_code = "D" if "연" in self.types else "D12"
        cover = Counter(day for (_, day), code in cells.items() if code == day_code)
        least = min((cover[day] for day in month.days()), default=0)
        for turn, pk in enumerate(self.dice.sample(people, len(people) // 5)):
            wanted = 2 if turn % 2 else 1
            for day in month.days():
                run = [day + DAY * step for step in range(wanted)]
                if all(cells.get((pk, each)) == day_code and cover[each] > least for each in run):
                    for each in run:
                        cells[pk, each] = codes[turn % len(codes)]
                        cover[each] -= 1
                    break

    def _demands_of(self, unit: Unit, rows: list[_Row], cells: Cells) -> list[Demand]:
        """Ask for what the published rosters have at least, by kinds of days where day shifts differ."""
        counted = {row.user.pk for row in rows if row.is_counted}
        heads: dict[str, Counter[date]] = defaultdict(Counter)
        usual = {kind.in_ramadan.code: code for code, kind in self.types.items() if kind.in_ramadan} | {"ER": "D12"}
        for (pk, day), word in cells.items():
            for code in word.split("+"):
                if pk in counted and self.types[code].kind in {ShiftKind.WORK, ShiftKind.DUTY}:
                    heads[usual.get(code, code)][day] += 1
        made = []
        days = sorted({day for _, day in cells})
        for code, cover in heads.items():
            if code == OFFICE and unit.kind not in BY_DAY:
                continue
            by_kind: dict[DayKind, list[date]] = defaultdict(list)
            for day in days:
                by_kind[DayKind(self.calendar.kind_of(day)) if code in {"D", OFFICE} else DayKind.ANY].append(day)
            for kind, those in by_kind.items():
                least = min((cover[day] for day in those), default=0)
                if least:
                    is_busy = code == "D" and kind == DayKind.WEEKDAY and least >= 5
                    target = least + 1 if is_busy and max(cover[day] for day in those) > least else None
                    made.append(self._demand(unit, code, kind, least, target))
        return made

    def _demand(self, unit: Unit, code: str, kind: DayKind, least: int, target: int | None) -> Demand:
        return Demand(
            unit=unit, shift_type=self.types[code], day_kind=kind, minimum=least, target=target, valid_from=ANCHOR
        )

    # -- what the head nurse finds --
    def _trouble(self, plan: Plan, cells: Cells, rows: list[_Row]) -> None:
        """Last month somebody agreed to come back early after nights; next month's draft has breaches and a hole."""
        cast = {person.pk for person in self.staff.parts.values()}
        walkers = [row.user.pk for row in rows if row.is_counted and row.user.pk not in cast]
        months = {month.first: month.state for month in self.months}
        if months[plan.during.lower] == PlanState.CLOSED:
            for user_id, day in self._find(cells, walkers, plan, "N N N O O D D"):
                self._waive(plan, cells, user_id, day)
                break
        if months[plan.during.lower] != PlanState.DRAFT:
            return
        found = self._find(cells, walkers, plan, "N N N O O")
        for after, (user_id, day) in zip(("D", "N"), found, strict=False):  # a day after a night, and a fourth night
            cells[user_id, day + 3 * DAY] = after
        missing = Counter(day for (_, day), code in cells.items() if code == "N")
        day = min(missing, key=lambda each: (missing[each], each))
        gone = next(pk for pk in walkers if cells.get((pk, day)) == "N" and cells.get((pk, day - DAY)) != "N")
        cells[gone, day] = "연"

    def _find(self, cells: Cells, people: list[int], plan: Plan, words: str) -> Iterator[tuple[int, date]]:
        """Where a stretch of codes begins, once a person."""
        codes = words.split()
        for pk in people:
            for step in range(3, 18):
                first = plan.during.lower + step * DAY
                if [cells.get((pk, first + DAY * place)) for place in range(len(codes))] == codes:
                    yield pk, first
                    break

    def _waive(self, plan: Plan, cells: Cells, user_id: int, day: date) -> None:
        """Let somebody come back a day earlier and have the last of the day shifts off instead."""
        back = moved_off = day + 4 * DAY
        while cells.get((user_id, moved_off + DAY)) == "D":
            moved_off += DAY
        cells[user_id, back], cells[user_id, moved_off] = "D", OFF
        rules = Rule.objects.in_bulk(["KR-N-NOD", "KR-N-REST48"], field_name="code")
        self.waivers += [
            Waiver(
                rule=rule,
                user_id=user_id,
                during=DateRange(day, back + DAY),
                consent_at=plan.created_at + 2 * DAY,
                moved_off_on=moved_off,
                reason="동료의 경조사로 본인이 원해 하루 먼저 복귀",
                approved_by=plan.created_by,
            )
            for rule in rules.values()
        ]

    # -- storing --
    def _store_shifts(self) -> int:
        """Two statements a site: the drafts, and for what was published the same rows again."""
        lines = [
            (plan.pk, user_id, plan.during.lower, plan.created_at, words)
            for plan, cells in self.plans
            for user_id, words in _lines_of(cells, plan.during)
        ]
        columns = [list(column) for column in zip(*lines, strict=True)]
        zone = self.site.time_zone
        with connection.cursor() as cursor:
            cursor.execute(DRAFT, [zone, zone, ShiftSource.PATTERN, *columns, self.site.pk])
            drafted: int = cursor.rowcount
            cursor.execute(PUBLISH, [[plan.pk for plan, _ in self.plans]])
            published: int = cursor.rowcount
        return drafted + published

    def _change_after_publishing(self) -> None:
        """Somebody fell ill yesterday before their shift: the cell still tells what was known until then."""
        path = {"seoul": "seoul/internal/7w", "boramae": "boramae/internal/8e"}[self.code]
        unit = self.staff.units[path]
        plan, cells = next(
            (plan, cells) for plan, cells in self.plans if plan.unit is unit and plan.state == PlanState.PUBLISHED
        )
        day = self.today - DAY
        if day < plan.during.lower:
            return
        nurses = {person.pk for person in self._at(path, "nurse")} - {person.pk for person in self.staff.parts.values()}
        ill = next(pk for pk, on in cells if on == day and pk in nurses and cells[pk, on] == "D")
        at = datetime.combine(day, time(5, 40), self.site.zone)
        before = Shift.objects.filter(plan=plan, user=ill, day=day)
        plan.last_change += 1
        plan.save(update_fields=["last_change"])
        for row in before:
            kind = self.types["병"]
            row.known_during = DateTimeTZRange(row.known_during.lower, at)
            row.save(update_fields=["known_during"])
            row.pk, row._state.adding = None, True
            row.shift_type, row.period = kind, kind.period_on(day, self.site.zone)
            row.source, row.by, row.known_during = ShiftSource.MANUAL, plan.created_by, DateTimeTZRange(at, None)
            row.note = "몸살"
            row.save()
        ShiftEvent.objects.create(
            plan=plan,
            user_id=ill,
            day=day,
            at=at,
            by=plan.created_by,
            change=plan.last_change,
            before=[{"code": "D", "locked": False, "note": "", "source": ShiftSource.PATTERN}],
            after=[{"code": "병", "locked": False, "note": "몸살", "source": ShiftSource.MANUAL}],
            reason="새벽에 전화로 알림",
        )

    # -- duties --
    def _plan_duties(self, path: str, unit: Unit) -> None:
        since = DateTimeTZRange(self.now - KNOWN_SINCE, None)
        for place, plan in enumerate(DUTIES):
            if not self._has(plan, path, unit):
                continue
            ko, en, ar = plan.names
            duty = Duty(unit=unit, code=plan.code, place=place, name_ko=ko, name_en=en, name_ar=ar)
            self.duties.append(duty)
            self.tiers += [
                Tier(duty=duty, number=number, shift_type=self.types[code], known_during=since)
                for number, codes in plan.shifts
                for code in codes.split()
                if code in self.types
            ]
            for turns, people in self._in_turn(plan, path, place):
                rotation = self._plan_rotation(unit, turns, people, since)
                self.tiers.append(Tier(duty=duty, number=turns.tier, rotation=rotation, known_during=since))
            if path == "boramae/internal/office" and plan.code == "on-call":
                self._plan_overrides(duty)

    def _in_turn(self, plan: DutyPlan, path: str, place: int) -> Iterator[tuple[Turns, list[User]]]:
        """Walk the rotations of a duty with who takes turns. Nobody stands in two tiers at once."""
        taken: set[int] = set()
        first: tuple[Turns, list[User]] | None = None
        for turns in plan.rotations:
            choices = ([each for post in posts.split() for each in self._around(path, post)] for posts in turns.posts)
            able = next(filter(None, ([each for each in people if each.is_active] for people in choices)), [])
            free = [each for each in able if each.pk not in taken]
            if free:
                begin = place % len(free)  # another one than in the duties of the same people
                found = turns, free[begin:] + free[:begin]
            elif first and len(first[1]) > 1:  # the same people, a turn later
                found = replace(turns, days=first[0].days), first[1][1:] + first[1][:1]
            else:
                continue
            first = first or found
            taken |= {each.pk for each in found[1]}
            yield found

    def _has(self, plan: DutyPlan, path: str, unit: Unit) -> bool:
        if plan.of == "ward":
            return unit.kind in ROUND_THE_CLOCK and bool(self._at(path, "head"))
        if plan.of == "office":
            return path in OFFICES
        return plan.of in {unit.kind, path}

    def _around(self, path: str, post: str) -> list[User]:
        """People of a post in the unit, or with `department/unit/post` in another one of the site."""
        return self._at(f"{self.code}/{post.rpartition('/')[0]}" if "/" in post else path, post.rpartition("/")[2])

    def _plan_rotation(self, unit: Unit, turns: Turns, people: list[User], since: DateTimeTZRange) -> Rotation:
        rotation = Rotation(
            unit=unit, name=turns.name, first_on=ANCHOR, hand_over_at=time(8), turn_days=turns.days, known_during=since
        )
        self.rotations.append(rotation)
        self.turns += [
            RotationTurn(rotation=rotation, position=position, user=person) for position, person in enumerate(people)
        ]
        return rotation

    def _plan_overrides(self, duty: Duty) -> None:
        """This evening somebody stands in for two hours; last week somebody did for a night."""
        by = self.staff.parts["솔"]
        evening = datetime.combine(self.today, time(19), self.site.zone)
        last_week = datetime.combine(self.today - 7 * DAY, time(18), self.site.zone)
        self.overrides += [
            Override(
                duty=duty,
                user=self.staff.parts["바름"],
                period=DateTimeTZRange(evening, evening + timedelta(hours=2)),
                reason="당직의가 응급 내시경에 들어가 있는 동안 대신 받음",
                known_during=DateTimeTZRange(self.now - timedelta(hours=3), None),
                by=by,
            ),
            Override(
                duty=duty,
                number=2,
                user=by,
                period=DateTimeTZRange(last_week, last_week + timedelta(hours=14)),
                reason="학회 출장으로 순번 교대",
                known_during=DateTimeTZRange(last_week - 2 * DAY, None),
                by=by,
            ),
        ]


DRAFT = """
    INSERT INTO rosters_shift (plan_id, unit_id, user_id, shift_type_id, day, period, is_live, is_exclusive, is_locked,
                               source, note, known_during)
    SELECT plan.id, plan.unit_id, line.user_id, kind.id, cell.day,
           tstzrange((cell.day + kind.starts_at) AT TIME ZONE %s,
                     (cell.day + kind.days_later + kind.ends_at) AT TIME ZONE %s),
           FALSE, kind.is_exclusive, FALSE, %s, '', tstzrange(line.since, NULL)
    FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::timestamptz[], %s::text[])
         AS line (plan_id, user_id, first, since, words)
    CROSS JOIN LATERAL string_to_table(line.words, ' ') WITH ORDINALITY AS word (codes, place)
    CROSS JOIN LATERAL string_to_table(word.codes, '+') AS one (code)
    CROSS JOIN LATERAL (SELECT line.first + word.place::integer - 1 AS day) AS cell
    JOIN rosters_plan plan ON plan.id = line.plan_id
    JOIN rosters_shifttype kind ON kind.site_id = %s AND kind.code = one.code
"""
PUBLISH = """
    INSERT INTO rosters_shift (plan_id, unit_id, user_id, shift_type_id, day, period, is_live, is_exclusive, is_locked,
                               source, note, known_during)
    SELECT plan.id, row.unit_id, row.user_id, row.shift_type_id, row.day, row.period, TRUE, row.is_exclusive, FALSE,
           row.source, '', tstzrange(plan.published_at, NULL)
    FROM rosters_shift row JOIN rosters_plan plan ON plan.id = row.plan_id
    WHERE plan.id = ANY (%s) AND plan.published_at IS NOT NULL
"""


def _lines_of(cells: Cells, during: DateRange) -> Iterator[tuple[int, str]]:
    """Walk the people with what stands on their days, from the first of the stretch on, a space between two days."""
    by_person: dict[int, dict[date, str]] = defaultdict(dict)
    for (user_id, day), word in cells.items():
        by_person[user_id][day] = word
    days = [during.lower + DAY * place for place in range((during.upper - during.lower).days)]
    for user_id, words in by_person.items():
        yield user_id, " ".join(words.get(day, BLANK) for day in days)


def months_around(today: date) -> list[_Month]:
    """Return last month, this month and the next one with the states of their rosters."""
    this = today.replace(day=1)
    before, after = (this - DAY).replace(day=1), (this + 32 * DAY).replace(day=1)
    return [
        _Month(before, this, PlanState.CLOSED),
        _Month(this, after, PlanState.PUBLISHED),
        _Month(after, (after + 32 * DAY).replace(day=1), PlanState.DRAFT),
    ]
