"""What people had in a month, counted from what was published: the figures that fairness over months is judged by."""

from datetime import date, timedelta

from apps.people.models import Assignment
from apps.rosters import rules
from apps.rosters.models import ABSENT_KINDS, PRESENT_KINDS, Plan, ShiftKind
from apps.sites.models import Unit

from .facts import load_facts

BUSY_KINDS = PRESENT_KINDS | {ShiftKind.TRAINING}


def counts_of_month(unit: Unit, month: date) -> dict[int, dict[str, int]]:
    """Return counter -> value for each person who was of a unit in a month.

    `nights`, `weekends`, `holidays` and `shifts` are days with such work in the unit. Those whose home it is have `days_off` too,
    days without work anywhere, leave not among them, and `off_balance`: by how many these exceed the rest days and holidays.
    """
    first = month.replace(day=1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    facts = load_facts(unit.pk, first, last)
    homes = Assignment.objects.filter(unit=unit, is_home=True, during__overlap=(first, last))
    at_home = set(homes.values_list("user_id", flat=True))
    counted = {}
    for user_id, person in facts.people.items():
        days = [
            day
            for day in range(first.toordinal(), last.toordinal())
            if any(begin <= day < end for begin, end in person.member)
        ]
        if days:
            counted[user_id] = _count(facts, user_id, days, is_at_home=user_id in at_home)
    return counted


def _count(facts: rules.Facts, user_id: int, days: list[int], *, is_at_home: bool) -> dict[str, int]:
    on: dict[int, set[str]] = {}
    nights, busy = set(), set()
    for shift in facts.shifts.get(user_id, ()):
        kind = facts.types[shift.type_id].kind
        on.setdefault(shift.day, set()).add(kind)
        if shift.unit_id == facts.unit_id and shift.day in days:
            if kind in BUSY_KINDS:
                busy.add(shift.day)
            if kind in PRESENT_KINDS and shift.night >= rules.NIGHT_SHIFT:
                nights.add(shift.day)
    counts = {
        "nights": len(nights),
        "weekends": sum(1 for day in busy if (day - 1) % 7 in facts.rest_days),
        "holidays": sum(1 for day in busy if day in facts.holidays),
        "shifts": len(busy),
    }
    if not is_at_home:
        return counts
    leave = {day for day in days if ShiftKind.LEAVE in on.get(day, ())}
    off = {day for day in days if not on.get(day, set()) - ABSENT_KINDS} - leave
    owed = sum(1 for day in days if facts.is_free_day(day) and day not in leave)
    return {**counts, "days_off": len(off), "off_balance": len(off) - owed}


def plans_of_month(unit: Unit, month: date) -> list[Plan]:
    """Return the rosters of a unit that have days in a month, in order."""
    first = month.replace(day=1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    rows = Plan.objects.filter(unit=unit, during__overlap=(first, last))
    return list(rows.select_related("unit__department__site").order_by("during"))
