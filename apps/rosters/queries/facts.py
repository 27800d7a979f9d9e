"""From rows to what the rules look at: plain integers by a constant number of queries, no model instances.

Each edit of a cell asks all of these, so that their SQL is made once a process.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import BigIntegerField, CharField, Func, JSONField, Q, QuerySet

from apps.core.compiled import CompiledValues, Given
from apps.people.models import Assignment, Qualification, QualificationKind, User
from apps.rosters import rules
from apps.rosters.models import Condition, Demand, Ledger, Plan, Rule, RuleSetting, Shift, ShiftType, Waiver
from apps.rosters.rules import FAR_OFF, LONG_AGO
from apps.sites import queries as sites
from apps.sites.models import Unit

from .given import DAY, DAYS, among

HISTORY_DAYS = 28  # what the longest of the usual windows looks back on
LOOK_AHEAD = 7  # days after the last one, whose shifts may stand too near
LEDGER_MONTHS = 24


class MinuteOf(Func):
    """An end of a period in minutes since the epoch."""

    template = "(extract(epoch FROM %(bound)s(%(expressions)s)) / 60)::bigint"
    output_field = BigIntegerField()


class Numbers(Func):
    """A shift as plain numbers: its day, its beginning and end in minutes since the epoch, its type and unit."""

    template = (
        "jsonb_build_array(%(expressions)s - DATE '0001-01-01' + 1, "
        "(extract(epoch FROM lower(rosters_shift.period)) / 60)::bigint, "
        "(extract(epoch FROM upper(rosters_shift.period)) / 60)::bigint, "
        "rosters_shift.shift_type_id, rosters_shift.unit_id)"
    )
    output_field = JSONField()


def _since(day: date | None) -> int:
    return LONG_AGO if day is None else day.toordinal()


def _until(day: date | None) -> int:
    return FAR_OFF if day is None else day.toordinal()


def _span(during: Any) -> tuple[int, int]:
    return _since(during.lower), _until(during.upper)


@dataclass(frozen=True, slots=True)
class _Staff:
    """The people of a unit for a time, and the contracts under which they work in it."""

    people: Mapping[int, rules.Person]
    contracts: Mapping[int, Sequence[rules.Employed]]


def unit_with_place(unit_id: int) -> Unit:
    """Return a unit with its department and site; one query."""
    unit: Unit = Unit.objects.select_related("department__site").get(pk=unit_id)
    return unit


def load_facts(
    unit_id: int,
    first: date,
    last: date,
    *,
    plan_id: int | None = None,
    history_days: int = HISTORY_DAYS,
    unit: Unit | None = None,
    people: Collection[int] | None = None,
) -> rules.Facts:
    """Return a unit's people and their shifts everywhere, for checking the days [first, last).

    Published shifts; with `plan_id` the draft of that roster in the place of its published ones. Known are also the
    days before (so many, and the month and the four weeks of the first day) and the week after. A constant number of
    queries. With `people` these alone are known: enough for what concerns somebody, not for what the unit lacks or shares.
    """
    unit = unit or unit_with_place(unit_id)
    known_first, known_last = _known_days(first, last, history_days, unit.department.site.week_begins)
    staff = _staff_of(unit, first, last, plan_id, people=people)
    return _facts_of(unit, first, last, known_first, known_last, staff, plan_id)


def load_judged(
    unit: Unit, first: date, last: date, *, plan_id: int | None = None, people: Collection[int] | None = None
) -> tuple[rules.Facts, list[rules.BoundRule]]:
    """Return the facts as `load_facts` does, and the rules as they hold for these people; their rows are read once."""
    known_first, known_last = _known_days(first, last, HISTORY_DAYS, unit.department.site.week_begins)
    staff = _staff_of(unit, first, last, plan_id, people=people)
    facts = _facts_of(unit, first, last, known_first, known_last, staff, plan_id)
    bound = _bind(unit, staff, facts.conditions, known_first, known_last, dict(facts.skill_names))
    return facts, bound


def bound_rules(unit: Unit, first: date, last: date) -> list[rules.BoundRule]:
    """Return the rules as they hold for the people of a unit, by site, department, unit, contract, person and date."""
    known_first, known_last = _known_days(first, last, HISTORY_DAYS, unit.department.site.week_begins)
    staff = _staff_of(unit, first, last, None)
    circumstances = _conditions_of(staff.people, known_first, known_last)
    return _bind(unit, staff, circumstances, known_first, known_last, _skill_names())


def findings_of(
    plan: Plan, *, users: Collection[int] | None = None, days: tuple[date, date] | None = None
) -> list[rules.Finding]:
    """Return what the rules find in a roster's draft, waivers taken into account; narrowed as `rules.check` narrows."""
    first, last = plan.during.lower, plan.during.upper
    facts, bound = load_judged(unit_with_place(plan.unit_id), first, last, plan_id=plan.pk)
    ordinals = (days[0].toordinal(), days[1].toordinal()) if days is not None else None
    return rules.check(facts, bound, people=users, days=ordinals)


def _bind(
    unit: Unit,
    staff: _Staff,
    circumstances: Mapping[str, Mapping[int, Sequence[rules.Circumstance]]],
    known_first: date,
    known_last: date,
    skill_names: Mapping[str, tuple[str, str, str]],
) -> list[rules.BoundRule]:
    found = _rules_of(unit)
    settings = _settings_of(unit, staff)
    days = known_first.toordinal(), known_last.toordinal()
    return rules.bind(found, settings, staff.people, staff.contracts, circumstances, *days, skill_names)


def _facts_of(
    unit: Unit, first: date, last: date, known_first: date, known_last: date, staff: _Staff, plan_id: int | None
) -> rules.Facts:
    site = unit.department.site
    circumstances = _conditions_of(staff.people, known_first, known_last)
    ids = {*staff.people}
    ids |= {c.partner for by_user in circumstances.values() for rows in by_user.values() for c in rows if c.partner}
    types = _types(unit)
    clocks = {name: rules.Clock(ZoneInfo(name)) for name in {site.time_zone, *types.zones.values()}}
    shifts, used = _shifts_of(ids, known_first, known_last, plan_id, types, clocks)
    calendar = sites.calendar_of(site, known_first, known_last)
    days = [known_first + timedelta(days=offset) for offset in range((known_last - known_first).days)]
    return rules.Facts(
        first=first.toordinal(),
        last=last.toordinal(),
        known_first=known_first.toordinal(),
        known_last=known_last.toordinal(),
        types={pk: kind for pk, kind in types.kinds.items() if pk in types.own or pk in used},
        stands_for={in_ramadan: pk for pk, in_ramadan in types.own.items() if in_ramadan},
        people=staff.people,
        shifts=shifts,
        clock=clocks[site.time_zone],
        unit_id=unit.pk,
        week_begins=site.week_begins,
        rest_days=frozenset(site.rest_days),
        holidays=frozenset(day.toordinal() for day in days if calendar.is_holiday(day)),
        day_kinds={day.toordinal(): str(calendar.kind_of(day)) for day in days},
        ramadan=frozenset(day.toordinal() for day in days if calendar.is_ramadan(day)),
        conditions=circumstances,
        skills=_skills_of(ids),
        skill_names=_skill_names(),
        needs=_needs_of(unit),
        ledger=_ledger_of(staff.people, first),
        waivers=_waivers_of(staff.people),
    )


def _known_days(first: date, last: date, history_days: int, week_begins: int) -> tuple[date, date]:
    """Return the days to know: the windows that touch [first, last) lie in them, as far as shifts are written."""
    weeks = first - timedelta(days=(first.weekday() - week_begins) % 7 + 21)
    month = (last - timedelta(days=1)).replace(day=28) + timedelta(days=4)
    known_first = min(first - timedelta(days=history_days), first.replace(day=1), weeks)
    return known_first, max(last + timedelta(days=LOOK_AHEAD), month.replace(day=1))


def _build_jobs(shape: tuple[bool, bool], number: Callable[[int], int]) -> QuerySet[Any, Any]:
    has_plan, has_people = shape
    of_plan = Q(plan_id=number(1), is_live=False) if has_plan else Q(is_live=True)
    first, last, days = Given("first", DAY), Given("last", DAY), Given("days", DAYS)
    there = Shift.objects.filter(
        of_plan, unit_id=number(0), day__gte=first, day__lt=last, known_during__upper_inf=True
    ).order_by()  # fmt: skip
    members = Assignment.objects.filter(unit_id=number(0), during__overlap=days, user__is_active=True)
    staff = User.objects.filter(Q(pk__in=members.values("user")) | Q(pk__in=there.values("user")))
    rows: QuerySet[Any, Any] = staff.filter(among("pk")) if has_people else staff
    return rows.order_by().values_list("pk", "job")


_JOBS = CompiledValues(_build_jobs)
_ASSIGNED: CompiledValues[None] = CompiledValues(
    lambda _shape, _number: (
        Assignment.objects.filter(among())
        .order_by("user", "during")
        .values_list("user_id", "unit_id", "during", "contract_id", "contract__percent", "contract__weekly_minutes")
    )
)
FULL_TIME = (100, 2400)  # per cent, and minutes a week


def _staff_of(
    unit: Unit, first: date, last: date, plan_id: int | None, people: Collection[int] | None = None
) -> _Staff:
    """Return who works in a unit on one of the days [first, last), or has a shift of it there; two queries."""
    ids = [unit.pk] if plan_id is None else [unit.pk, plan_id]
    among_them = {} if people is None else {"ids": sorted(people)}
    days = DateRange(first, last)
    jobs: dict[int, str] = dict(
        _JOBS.rows((plan_id is not None, people is not None), *ids, first=first, last=last, days=days, **among_them)
    )
    began: dict[int, int] = {}
    member: dict[int, list[tuple[int, int]]] = {}
    contracts: dict[int, list[rules.Employed]] = {}
    worth: dict[int, tuple[int, int]] = {}
    for user_id, unit_id, during, contract_id, percent, weekly in _ASSIGNED.rows(None, ids=sorted(jobs)):
        span = _span(during)
        began[user_id] = min(began.get(user_id, FAR_OFF), span[0])
        if unit_id != unit.pk or span[0] >= last.toordinal() or span[1] <= first.toordinal():
            continue
        member.setdefault(user_id, []).append(span)
        worth[user_id] = FULL_TIME if contract_id is None else (percent, weekly)
        if contract_id is not None:
            contracts.setdefault(user_id, []).append(rules.Employed(contract_id, *span))
    found = {
        pk: rules.Person(pk, job, *worth.get(pk, FULL_TIME), began.get(pk, LONG_AGO), tuple(member.get(pk, ())))
        for pk, job in jobs.items()
    }
    return _Staff(found, contracts)


class _Types(NamedTuple):
    """All shift types and the zone of each; `own` are those of a unit, with what stands for each in Ramadan."""

    kinds: Mapping[int, rules.Type]
    zones: Mapping[int, str]
    own: Mapping[int, int | None]


_TYPES: CompiledValues[None] = CompiledValues(
    lambda _shape, _number: ShiftType.objects.order_by().values_list(
        "pk", "code", "kind", "starts_at", "ends_at", "days_later", "break_minutes", "counts_percent", "site_id",
        "unit_id", "in_ramadan_id", "site__time_zone",
    )
)  # fmt: skip


def _types(unit: Unit) -> _Types:
    kinds: dict[int, rules.Type] = {}
    zones: dict[int, str] = {}
    own: dict[int, int | None] = {}
    for pk, code, kind, starts, ends, later, pause, percent, site_id, unit_id, in_ramadan, zone in _TYPES.rows(None):
        begins = starts.hour * 60 + starts.minute
        minutes = ends.hour * 60 + ends.minute + later * 1440 - begins
        kinds[pk] = rules.Type(pk, code, kind, begins, minutes, pause, percent)
        zones[pk] = zone
        if unit_id == unit.pk or (unit_id is None and site_id == unit.department.site_id):
            own[pk] = in_ramadan
    return _Types(kinds, zones, own)


def _build_shifts(has_plan: bool, number: Callable[[int], int]) -> QuerySet[Any, Any]:
    which = Q(is_live=True)
    if has_plan:
        which = (which & ~Q(plan_id=number(0))) | Q(plan_id=number(0), is_live=False)
    first, last = Given("first", DAY), Given("last", DAY)
    rows = Shift.objects.filter(which, among(), day__gte=first, day__lt=last, known_during__upper_inf=True)
    every = JSONBAgg(Numbers("day"), order_by=("period", "pk"))
    gathered: QuerySet[Any, Any] = rows.order_by().values("user_id").annotate(all=every).values_list("user_id", "all")
    return gathered


_SHIFTS = CompiledValues(_build_shifts)


def _shifts_of(
    ids: Collection[int],
    known_first: date,
    known_last: date,
    plan_id: int | None,
    types: _Types,
    clocks: Mapping[str, rules.Clock],
) -> tuple[dict[int, list[rules.Shift]], set[int]]:
    """Return the shifts of people by person in the order of their beginnings, and the types that occur."""
    by_user: dict[int, list[rules.Shift]] = {}
    worked: dict[tuple[int, int, int], tuple[int, int]] = {}
    midnights: dict[tuple[str, int], int | None] = {}
    make, used, zones, kinds = rules.Shift._make, set(), types.zones, types.kinds
    plans = [] if plan_id is None else [plan_id]
    for user_id, numbers in _SHIFTS.rows(bool(plans), *plans, ids=sorted(ids), first=known_first, last=known_last):
        shifts = by_user[user_id] = []
        for on, begins, ends, type_id, unit_id in numbers:
            zone = zones[type_id]
            try:
                midnight = midnights[zone, on]
            except KeyError:
                clock = clocks[zone]
                midnight = midnights[zone, on] = clock.midnight(on) if clock.is_plain(on) else None
            if midnight is None:  # a clock change is near: reckon each by itself
                counted = _work_of(kinds[type_id], clocks[zone], on, begins, ends)
                used.add(type_id)
            else:
                key = (type_id, begins - midnight, ends - begins)
                try:
                    counted = worked[key]
                except KeyError:
                    counted = worked[key] = _work_of(kinds[type_id], clocks[zone], on, begins, ends)
                    used.add(type_id)
            shifts.append(make((on, begins, ends, type_id, unit_id, *counted)))
    return by_user, used


def _work_of(kind: rules.Type, clock: rules.Clock, on: int, begins: int, ends: int) -> tuple[int, int]:
    """Return the worked and the night minutes of a shift as it stands, in true minutes."""
    worked = max(0, ends - begins - kind.break_minutes) * kind.percent // 100
    return worked, clock.night_minutes(on, begins, ends)


_CONDITIONS: CompiledValues[None] = CompiledValues(
    lambda _shape, _number: Condition.objects.filter(among(), during__overlap=Given("days", DAYS)).values_list(
        "kind", "user_id", "during", "partner_id"
    )
)


def _conditions_of(
    people: Collection[int], known_first: date, known_last: date
) -> dict[str, dict[int, list[rules.Circumstance]]]:
    found: dict[str, dict[int, list[rules.Circumstance]]] = {}
    rows = _CONDITIONS.rows(None, ids=sorted(people), days=DateRange(known_first, known_last))
    for kind, user_id, during, partner_id in rows:
        circumstance = rules.Circumstance(*_span(during), partner_id or 0)
        found.setdefault(kind, {}).setdefault(user_id, []).append(circumstance)
    return found


_SKILLS: CompiledValues[None] = CompiledValues(
    lambda _shape, _number: (
        Qualification.objects.filter(among(), revoked_at=None)
        .order_by("user", "kind", "valid_from")
        .values_list("user_id", "kind__code", "valid_from", "valid_until")
    )
)


def _skills_of(ids: Collection[int]) -> dict[int, dict[str, rules.Spans]]:
    found: dict[int, dict[str, rules.Spans]] = {}
    for user_id, code, since, until in _SKILLS.rows(None, ids=sorted(ids)):
        held = found.setdefault(user_id, {})
        held[code] = (*held.get(code, ()), (_since(since), _until(until)))
    return found


_SKILL_NAMES: CompiledValues[None] = CompiledValues(
    lambda _shape, _number: QualificationKind.objects.order_by().values_list("code", "name_ko", "name_en", "name_ar")
)


def _skill_names() -> dict[str, tuple[str, str, str]]:
    return {code: (ko, en, ar) for code, ko, en, ar in _SKILL_NAMES.rows(None)}


_NEEDS: CompiledValues[None] = CompiledValues(
    lambda _shape, number: Demand.objects.filter(unit_id=number(0)).order_by("pk").values_list(
        "shift_type_id", "day_kind", "on", "qualification__code", "minimum", "target", "maximum", "weight",
        "valid_from", "valid_until",
    )
)  # fmt: skip


def _needs_of(unit: Unit) -> list[rules.Need]:
    return [
        rules.Need(
            type_id=kind, day_kind=day_kind, on=on.toordinal() if on else 0, skill=skill or "", minimum=minimum,
            target=target, maximum=maximum, weight=weight, valid_from=_since(since), valid_until=_until(until),
        )
        for kind, day_kind, on, skill, minimum, target, maximum, weight, since, until in _NEEDS.rows(None, unit.pk)
    ]  # fmt: skip


_LEDGER: CompiledValues[None] = CompiledValues(
    lambda _shape, _number: (
        Ledger.objects.filter(among(), month__gte=Given("first", DAY), month__lt=Given("last", DAY))
        .exclude(value=0)
        .values_list("user_id", "counter", "month", "value")
    )
)


def _ledger_of(people: Collection[int], first: date) -> dict[tuple[int, str], dict[int, int]]:
    month = first.replace(day=1)
    since = month - timedelta(days=31 * LEDGER_MONTHS)
    found: dict[tuple[int, str], dict[int, int]] = {}
    for user_id, counter, on, value in _LEDGER.rows(None, ids=sorted(people), first=since, last=month):
        months = found.setdefault((user_id, counter), {})
        months[on.toordinal()] = months.get(on.toordinal(), 0) + value
    return found


_WAIVERS: CompiledValues[None] = CompiledValues(
    lambda _shape, _number: Waiver.objects.filter(among()).values_list("rule__code", "user_id", "during")
)


def _waivers_of(people: Collection[int]) -> dict[str, dict[int, rules.Spans]]:
    found: dict[str, dict[int, rules.Spans]] = {}
    for code, user_id, during in _WAIVERS.rows(None, ids=sorted(people)):
        waived = found.setdefault(code, {})
        waived[user_id] = (*waived.get(user_id, ()), _span(during))
    return found


def _build_rules(_shape: None, number: Callable[[int], int]) -> QuerySet[Any, Any]:
    return (
        Rule.objects.filter(Q(country="") | Q(country__iexact=Given("country", CharField())))
        .filter(Q(site=None) | Q(site_id=number(0)))
        .filter(Q(unit=None) | Q(unit_id=number(1)))
        .order_by("code")
        .values_list(
            "pk", "code", "family", "params", "level", "weight", "is_waivable", "is_on", "jobs", "valid_from",
            "valid_until", "name_ko", "name_en", "name_ar", "source",
        )
    )  # fmt: skip


_RULES: CompiledValues[None] = CompiledValues(_build_rules)


def _rules_of(unit: Unit) -> list[rules.RuleRow]:
    """Return the rules that may hold in a unit, switched off ones too: a setting may switch one on."""
    site = unit.department.site
    return [
        rules.RuleRow(
            pk, code, family, params, level, weight, waivable, is_on, tuple(jobs), _since(since), _until(until),
            (ko, en, ar), source,
        )
        for pk, code, family, params, level, weight, waivable, is_on, jobs, since, until, ko, en, ar, source in
        _RULES.rows(None, site.pk, unit.pk, country=site.country)
    ]  # fmt: skip


def _build_settings(_shape: None, number: Callable[[int], int]) -> QuerySet[Any, Any]:
    return (
        RuleSetting.objects.filter(
            Q(site_id=number(0))
            | Q(department_id=number(1))
            | Q(unit_id=number(2))
            | Q(among("contract_id", "contracts"))
            | Q(among("user_id", "people"))
        )
        .order_by("pk")
        .values_list(
            "rule_id", "site_id", "department_id", "unit_id", "contract_id", "user_id", "params", "level", "is_on",
            "valid_from", "valid_until",
        )
    )  # fmt: skip


_SETTINGS: CompiledValues[None] = CompiledValues(_build_settings)


def _settings_of(unit: Unit, staff: _Staff) -> list[rules.SettingRow]:
    """Return the settings that concern a unit and its people, of whichever rules."""
    contracts = {employed.contract_id for rows in staff.contracts.values() for employed in rows}
    place = unit.department.site_id, unit.department_id, unit.pk
    rows = _SETTINGS.rows(None, *place, contracts=sorted(contracts), people=sorted(staff.people))
    found = []
    for rule_id, *scopes, params, level, is_on, since, until in rows:
        scope, scope_id = next(pair for pair in zip(SCOPES, scopes, strict=True) if pair[1] is not None)
        found.append(rules.SettingRow(rule_id, scope, scope_id, params, level, is_on, _since(since), _until(until)))
    return found


SCOPES = ("site", "department", "unit", "contract", "user")
