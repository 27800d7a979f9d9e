"""Rosters: shift types, plans and shifts as rows, demand, duties and what fills them, rules, and what people may do.

Rows as the actions write them, without their rules: `known_during` begins when the test says so, else now.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange

from apps.core import clock
from apps.people.models import Contract, Qualification, QualificationKind, User
from apps.rosters.models import (
    ABSENT_KINDS,
    Condition,
    ConditionKind,
    Demand,
    Duty,
    Family,
    Override,
    Pattern,
    PatternPlace,
    Plan,
    Rotation,
    RotationTurn,
    Rule,
    RuleSetting,
    Shift,
    ShiftColour,
    ShiftKind,
    ShiftType,
    Tier,
    Waiver,
)
from apps.sites.models import CalendarEntry, CalendarKind, Site, Unit

from .people import BEGAN, make_person
from .places import make_site, make_unit

_numbers = count(1)
MIDNIGHT = time(0)

# code: kind, begins, ends, days later, break in minutes, colour, name
STANDARD: dict[str, tuple[ShiftKind, time, time, int, int, ShiftColour, str, str]] = {
    "D": (ShiftKind.WORK, time(7), time(15), 0, 60, ShiftColour.DAY, "낮번", "Day"),
    "M": (ShiftKind.WORK, time(11), time(19), 0, 60, ShiftColour.DAY, "중간번", "Mid"),
    "E": (ShiftKind.WORK, time(15), time(23), 0, 60, ShiftColour.EVENING, "저녁번", "Evening"),
    "N": (ShiftKind.WORK, time(23), time(7), 1, 60, ShiftColour.NIGHT, "밤번", "Night"),
    "D12": (ShiftKind.WORK, time(7), time(19), 0, 60, ShiftColour.DAY, "낮 12시간", "Day, 12 hours"),
    "N12": (ShiftKind.WORK, time(19), time(7), 1, 60, ShiftColour.NIGHT, "밤 12시간", "Night, 12 hours"),
    "24": (ShiftKind.DUTY, time(8), time(8), 1, 120, ShiftColour.NIGHT, "24시간 당직", "24-hour duty"),
    "HC": (ShiftKind.ON_CALL_HOME, time(18), time(8), 1, 0, ShiftColour.ON_CALL, "자택 대기", "On call at home"),
    "IC": (ShiftKind.ON_CALL_HOUSE, time(18), time(8), 1, 0, ShiftColour.ON_CALL, "원내 대기", "On call in the house"),
    "SB": (ShiftKind.STANDBY, time(7), time(15), 0, 0, ShiftColour.ON_CALL, "예비 근무", "Standby"),
    "EDU": (ShiftKind.TRAINING, time(9), time(17), 0, 60, ShiftColour.TRAINING, "교육", "Training"),
    "AL": (ShiftKind.LEAVE, MIDNIGHT, MIDNIGHT, 1, 0, ShiftColour.LEAVE, "연차", "Annual leave"),
    "SL": (ShiftKind.LEAVE, MIDNIGHT, MIDNIGHT, 1, 0, ShiftColour.LEAVE, "병가", "Sick leave"),
    "OL": (ShiftKind.LEAVE, MIDNIGHT, MIDNIGHT, 1, 0, ShiftColour.LEAVE, "공가", "Official leave"),
    "O": (ShiftKind.OFF, MIDNIGHT, MIDNIGHT, 1, 0, ShiftColour.OFF, "휴무", "Day off"),
}
NOT_EXCLUSIVE = {"HC", "SB", "O"}


# -- Shift types ----------------------------------------------------------------------------------------------------------
def make_shift_type(code: str = "", *, site: Site | None = None, unit: Unit | None = None, **fields: Any) -> ShiftType:
    """One of `STANDARD` by its code, or an eight-hour day shift of a new code; of a whole site unless `unit` is given."""
    number = next(_numbers)
    site = site or (unit.department.site if unit else make_site())
    kind, starts_at, ends_at, later, pause, colour, ko, en = STANDARD.get(code, STANDARD["D"])
    defaults = {
        "kind": kind,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "days_later": later,
        "break_minutes": pause,
        "counts_percent": 0 if kind in ABSENT_KINDS or kind == ShiftKind.ON_CALL_HOME else 100,
        "is_exclusive": code not in NOT_EXCLUSIVE,
        "colour": colour,
        "place": number % 30_000,
        "name_ko": ko,
        "name_en": en,
    }
    return ShiftType.objects.create(site=site, unit=unit, code=code or f"X{number}"[:8], **{**defaults, **fields})


def standard_types(site: Site) -> dict[str, ShiftType]:
    """The codes of `STANDARD` at a site: those that are there, and the missing ones made."""
    found = {row.code: row for row in ShiftType.objects.filter(site=site, unit=None, code__in=STANDARD)}
    return {code: found.get(code) or make_shift_type(code, site=site) for code in STANDARD}


# -- Plans and shifts -----------------------------------------------------------------------------------------------------
def make_plan(unit: Unit | None = None, first: date | None = None, last: date | None = None, **fields: Any) -> Plan:
    """A draft for the days [first, last): by default the month that it is at the site, or the one of `first`."""
    unit = unit or make_unit()
    first = first or clock.today(unit.department.site.zone).replace(day=1)
    last = last or (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    by = fields.pop("created_by", None) or make_person(unit=unit)
    return Plan.objects.create(**{"unit": unit, "during": DateRange(first, last), "created_by": by, **fields})


def known(since: datetime | None = None, until: datetime | None = None) -> DateTimeTZRange:
    """What `known_during` holds: from now unless said otherwise, open unless closed."""
    return DateTimeTZRange(since or clock.now(), until)


def make_shift(
    plan: Plan,
    user: User,
    day: date,
    shift_type: ShiftType | str = "D",
    *,
    live: bool = False,
    since: datetime | None = None,
    until: datetime | None = None,
    **fields: Any,
) -> Shift:
    """A drafted shift, or with `live` a published one; a type may be given by its code at the plan's site."""
    row = _shift(plan, user, day, _type_of(plan, shift_type), live=live, known_during=known(since, until), **fields)
    row.save()
    return row


def fill_plan(
    plan: Plan,
    rows: Mapping[User, str],
    *,
    first: date | None = None,
    live: bool | None = False,
    since: datetime | None = None,
    **fields: Any,
) -> list[Shift]:
    """Shifts of many people from strings such as "D D E E N N O O": one word a day from `first` (the plan's) on.

    "." is an empty cell, "D+HC" two shifts on a day. `live=None` writes both the draft and the published rows.
    """
    first = first or plan.during.lower
    types: dict[str, ShiftType] = {}
    made = []
    for user, words in rows.items():
        for offset, word in enumerate(words.split()):
            for code in word.split("+"):
                if code == ".":
                    continue
                if code not in types:
                    types[code] = _type_of(plan, code)
                made += [
                    _shift(
                        plan,
                        user,
                        first + timedelta(days=offset),
                        types[code],
                        live=is_live,
                        known_during=known(since),
                        **fields,
                    )
                    for is_live in ((False, True) if live is None else (live,))
                ]
    return Shift.objects.bulk_create(made)


def _shift(plan: Plan, user: User, day: date, shift_type: ShiftType, *, live: bool, **fields: Any) -> Shift:
    defaults = {
        "unit_id": plan.unit_id,
        "period": shift_type.period_on(day, plan.unit.department.site.zone),
        "is_exclusive": shift_type.is_exclusive,
        "is_live": live,
    }
    return Shift(plan=plan, user=user, day=day, shift_type=shift_type, **{**defaults, **fields})


def _type_of(plan: Plan, shift_type: ShiftType | str) -> ShiftType:
    if isinstance(shift_type, ShiftType):
        return shift_type
    found = ShiftType.objects.of_unit(plan.unit).filter(code=shift_type).order_by("unit").first()
    return found or make_shift_type(shift_type, site=plan.unit.department.site)


def make_demand(unit: Unit, shift_type: ShiftType, minimum: int = 1, **fields: Any) -> Demand:
    return Demand.objects.create(unit=unit, shift_type=shift_type, minimum=minimum, **fields)


def make_pattern(unit: Unit, codes: str = "D D E E N N O O", *people: User, **fields: Any) -> Pattern:
    """A cycle that begins on the first of this month; each of the people stands one day further on in it."""
    number = next(_numbers)
    defaults = {"name": f"{number}조", "anchor_on": clock.today(unit.department.site.zone).replace(day=1)}
    pattern = Pattern.objects.create(unit=unit, codes=codes.split(), **{**defaults, **fields})
    for offset, user in enumerate(people):
        PatternPlace.objects.create(pattern=pattern, user=user, offset=offset % len(pattern.codes))
    return pattern


# -- Duties ---------------------------------------------------------------------------------------------------------------
def make_duty(unit: Unit | None = None, **fields: Any) -> Duty:
    number = next(_numbers)
    defaults = {"code": f"duty-{number}", "name_ko": f"제{number}당직", "name_en": f"Duty {number}"}
    return Duty.objects.create(**{"unit": unit or make_unit(), **defaults, **fields})


def make_tier(duty: Duty, filled_by: ShiftType | Rotation, number: int = 1, **fields: Any) -> Tier:
    """A tier that those in a shift type fill, or a rotation."""
    filler = {"shift_type" if isinstance(filled_by, ShiftType) else "rotation": filled_by}
    since, until = fields.pop("since", None), fields.pop("until", None)
    return Tier.objects.create(duty=duty, number=number, known_during=known(since, until), **filler, **fields)


def make_rotation(unit: Unit, *people: User, first_on: date | None = None, **fields: Any) -> Rotation:
    """The people take turns of a day each from eight in the morning, from the first of this month on."""
    number = next(_numbers)
    since, until = fields.pop("since", None), fields.pop("until", None)
    defaults = {"name": f"제{number}순번", "hand_over_at": time(8), "known_during": known(since, until)}
    first_on = first_on or clock.today(unit.department.site.zone).replace(day=1)
    rotation = Rotation.objects.create(unit=unit, first_on=first_on, **{**defaults, **fields})
    RotationTurn.objects.bulk_create(
        RotationTurn(rotation=rotation, position=position, user=user) for position, user in enumerate(people)
    )
    return rotation


def make_override(
    duty: Duty, user: User, starts_at: datetime | None = None, ends_at: datetime | None = None, **fields: Any
) -> Override:
    """Four hours from now unless said otherwise."""
    starts_at = starts_at or clock.now()
    period = DateTimeTZRange(starts_at, ends_at or starts_at + timedelta(hours=4))
    since, until = fields.pop("since", None), fields.pop("until", None)
    defaults = {"reason": "자리를 비워야 합니다.", "known_during": known(since, until)}
    return Override.objects.create(duty=duty, user=user, period=period, **{**defaults, **fields})


# -- Rules ----------------------------------------------------------------------------------------------------------------
def make_rule(family: Family | str = Family.RUN, params: dict[str, Any] | None = None, **fields: Any) -> Rule:
    """A hard rule for everybody everywhere unless said otherwise."""
    number = next(_numbers)
    defaults = {"code": f"TEST-{number}", "name_ko": f"제{number}규칙", "name_en": f"Rule {number}"}
    return Rule.objects.create(**{"family": family, "params": params or {}, **defaults, **fields})


def make_setting(rule: Rule, params: dict[str, Any] | None = None, **fields: Any) -> RuleSetting:
    """Parameters for one scope: `site=`, `department=`, `unit=`, `contract=` or `user=`."""
    return RuleSetting.objects.create(**{"rule": rule, "params": params or {}, "why": "검사에 씁니다.", **fields})


def make_waiver(rule: Rule, user: User, first: date, last: date | None = None, **fields: Any) -> Waiver:
    """For days [first, last), one day by default; approved by a new person unless `approved_by` is given."""
    approved_by = fields.pop("approved_by", None) or make_person(unit=user.home_unit)
    during = DateRange(first, last or first + timedelta(days=1))
    defaults = {"during": during, "reason": "본인이 동의했습니다.", "approved_by": approved_by}
    return Waiver.objects.create(**{"rule": rule, "user": user, **defaults, **fields})


def make_condition(
    user: User, kind: ConditionKind | str, first: date = BEGAN, last: date | None = None, **fields: Any
) -> Condition:
    return Condition.objects.create(**{"user": user, "kind": kind, "during": DateRange(first, last), **fields})


# -- What people may do, and the calendar ---------------------------------------------------------------------------------
def make_qualification_kind(code: str = "", **fields: Any) -> QualificationKind:
    """The kind of this code, made if it is not there."""
    number = next(_numbers)
    code = code or f"kind-{number}"
    defaults = {"name_ko": f"제{number}자격", "name_en": f"Certificate {number}", **fields}
    return QualificationKind.objects.get_or_create(code=code, defaults=defaults)[0]


def make_qualification(
    user: User,
    kind: QualificationKind | str = "",
    valid_from: date = BEGAN,
    valid_until: date | None = None,
    **fields: Any,
) -> Qualification:
    """Valid since 2020 and without end unless said otherwise; the kind may be given by its code."""
    kind = kind if isinstance(kind, QualificationKind) else make_qualification_kind(kind)
    days = {"valid_from": valid_from, "valid_until": valid_until}
    return Qualification.objects.create(**{"user": user, "kind": kind, **days, **fields})


def make_contract(**fields: Any) -> Contract:
    number = next(_numbers)
    defaults = {"code": f"contract-{number}", "name_ko": f"제{number}계약", "name_en": f"Contract {number}"}
    return Contract.objects.create(**{**defaults, **fields})


def make_calendar_entry(
    site: Site, first: date, last: date | None = None, kind: CalendarKind | str = CalendarKind.HOLIDAY, **fields: Any
) -> CalendarEntry:
    """Days [first, last) of a site's calendar, one day by default."""
    number = next(_numbers)
    during = DateRange(first, last or first + timedelta(days=1))
    defaults = {"name_ko": f"제{number}공휴일", "name_en": f"Holiday {number}"}
    return CalendarEntry.objects.create(**{"site": site, "kind": kind, "during": during, **defaults, **fields})
