"""Filling many cells at once: copies, patterns, locks. What cannot stand somewhere is left out and named."""

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta

from django.utils.translation import gettext as _

from apps.people.models import User
from apps.rosters import queries
from apps.rosters.models import Pattern, Plan, Shift, ShiftSource
from apps.rosters.queries.cells import Cell, Entry

from .cells import DAY, Edited, Order, Wanted, edit_cells
from .errors import WrongDays


def copy_range(
    *,
    by: User | None,
    plan: Plan,
    source_first: date,
    days: int,
    target_first: date,
    users: Collection[int] | None = None,
    base_change: int | None = None,
    batch: uuid.UUID | None = None,
) -> Edited:
    """Copy what is drafted in the unit for so many days to days of this roster; the days may be of an earlier one.

    Leave is not copied, and neither locked cells nor leave are written over. What would break a hard rule, or cannot stand there,
    is left out and named in `left_out`. Raises what `set_cells` raises but for single cells.
    """
    if days < 1:
        raise WrongDays(_("Copy at least one day."))
    shift = target_first - source_first

    def wanted(locked: Plan) -> Wanted:
        last = source_first + timedelta(days=days)
        rows = Shift.objects.draft().filter(unit=locked.unit_id, day__gte=source_first, day__lt=last)
        found = queries.by_cell(queries.standing(rows))
        who = set(users) if users is not None else {user_id for user_id, _day in found} | queries.people_in(locked)
        cells: dict[Cell, tuple[Entry, ...]] = {}
        for user_id in who:
            for offset in range(days):
                day = source_first + offset * DAY
                target = day + shift
                stands = found.get((user_id, day), [])
                if locked.during.lower <= target < locked.during.upper and not any(row.is_leave for row in stands):
                    copies = (replace(row.entry, locked=False, source=ShiftSource.COPY) for row in stands)
                    cells[user_id, target] = tuple(copies)
        return cells

    if not plan.during.lower <= target_first < plan.during.upper:
        raise WrongDays(_("Copy to days of this roster."))
    return edit_cells(by=by, plan=plan, order=_filling(wanted, ShiftSource.COPY, base_change, batch))


def apply_pattern(
    *,
    by: User | None,
    plan: Plan,
    pattern: Pattern,
    first: date,
    last: date,
    users: Collection[int] | None = None,
    base_change: int | None = None,
    batch: uuid.UUID | None = None,
) -> Edited:
    """Let people walk through a pattern on days [first, last), each from their own place; without `users` all that have one.

    Locked cells and leave stay. What would break a hard rule, or cannot stand there, is left out and named. Raises WrongDays
    where nobody of them has a place, and what `set_cells` raises but for single cells.
    """
    if last <= first:
        raise WrongDays(_("The last day lies before the first."))
    if pattern.unit_id != plan.unit_id:
        raise WrongDays(_("This pattern is another unit's."))

    def wanted(locked: Plan) -> Wanted:
        places = dict(pattern.places.values_list("user_id", "offset"))
        begin, end = max(first, locked.during.lower), min(last, locked.during.upper)
        cells: dict[Cell, tuple[Entry, ...]] = {}
        for user_id, offset in places.items():
            if users is not None and user_id not in users:
                continue
            for number in range((end - begin).days):
                day = begin + number * DAY
                code = pattern.codes[((day - pattern.anchor_on).days + offset) % len(pattern.codes)]
                cells[user_id, day] = (Entry(code, source=ShiftSource.PATTERN),) if code else ()
        return cells

    if not wanted(plan):
        raise WrongDays(_("Nobody has a place in this pattern on these days. Give people their places first."))
    return edit_cells(by=by, plan=plan, order=_filling(wanted, ShiftSource.PATTERN, base_change, batch))


def _filling(wanted: Callable[[Plan], Wanted], source: str, base_change: int | None, batch: uuid.UUID | None) -> Order:
    return Order(
        wanted=wanted,
        source=source,
        base_change=base_change,
        batch=batch or uuid.uuid4(),
        leaves_out=True,
        keeps_leave=True,
    )


def lock_cells(
    *, by: User | None, plan: Plan, cells: Collection[Cell], on: bool, batch: uuid.UUID | None = None
) -> Edited:
    """Lock cells, so that neither typing nor patterns nor the planner change them, or unlock them; empty ones stay empty."""

    def wanted(locked: Plan) -> Wanted:
        days: Sequence[date] = [day for _user, day in cells]
        if not days:
            return {}
        found = queries.drafted(locked, {user_id for user_id, _day in cells}, min(days), max(days) + DAY)
        return {
            cell: tuple(replace(row.entry, locked=on) for row in rows)
            for cell, rows in queries.by_cell(found).items()
            if cell in set(cells)
        }

    order = Order(wanted=wanted, batch=batch or uuid.uuid4(), keeps_locks=False, is_checked=False)
    return edit_cells(by=by, plan=plan, order=order)
