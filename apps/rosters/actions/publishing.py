"""Opening, publishing, taking back and closing rosters. Publishing makes what holds equal to the draft, cell by cell."""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import clock
from apps.core.events import publish
from apps.notifications import actions as notices
from apps.people.models import User
from apps.rosters import permissions, queries, rules
from apps.rosters.events import PeopleToTell, RosterPublished, RosterRecalled, ShiftsChanged
from apps.rosters.models import Ledger, Plan, PlanState, Shift, ShiftEvent
from apps.rosters.queries.cells import Cell, Standing
from apps.rosters.queries.judging import Seat
from apps.sites.models import Unit

from .cells import DAY, accepted_before, finding_json, is_accepted, say_day, say_period
from .errors import (
    DoubleBooked,
    NotInUnit,
    NotPublishedYet,
    NotYours,
    PlanExists,
    ReasonMissing,
    RuleBroken,
    WrongDays,
    WrongState,
)
from .locking import (
    Restart,
    close_rows,
    known_from,
    lock_people,
    lock_plan,
    next_instant,
    record,
    retried,
    take_change,
)

AT_ONCE = 50  # more people than this are told by a task
Whom = Literal["affected", "all", "none"]
OPEN_STATES = frozenset({PlanState.COLLECTING, PlanState.DRAFT, PlanState.PROPOSED})
NOTICE = "roster"


@dataclass(frozen=True, slots=True)
class Published:
    """What a publication did: the roster's change, whose shifts differ from before, how many cells, whom it told."""

    change: int
    affected: tuple[int, ...] = ()
    cells: int = 0
    told: tuple[int, ...] = ()


@retried
def create_plan(*, by: User, unit: Unit, first: date, last: date, state: str = PlanState.DRAFT) -> Plan:
    """Open a unit's roster for days [first, last). Raises PlanExists, WrongDays, NotYours."""
    if not permissions.can_create_plan(by, unit):
        raise NotYours(_("Only a manager of the unit opens its rosters."))
    if last <= first:
        raise WrongDays(_("The last day lies before the first."))
    if state not in OPEN_STATES:
        raise WrongState(_("A new roster is a draft, or collects wishes."))
    Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)  # two who open the same month see each other
    if there := Plan.objects.filter(unit=unit, during__overlap=(first, last)).first():
        raise PlanExists(
            _("%(unit)s has a roster from %(first)s on already.")
            % {"unit": unit.name, "first": say_day(there.during.lower)},
            plan=there.pk,
        )
    plan = Plan.objects.create(unit=unit, during=DateRange(first, last), state=state, created_by=by)
    record("rosters.plan_created", by, plan, unit, first=first.isoformat(), last=last.isoformat())
    return plan


@retried
def move_state(*, by: User | None, plan: Plan, state: str) -> int:
    """Move a roster that is not published between collecting wishes, draft and proposed; return its change."""
    _refuse_others(by, plan)
    locked = lock_plan(plan)
    if state not in OPEN_STATES or locked.state not in OPEN_STATES:
        raise WrongState(
            _("A roster that is “%(state)s” is published, taken back or closed by a verb of its own.")
            % {"state": locked.get_state_display()}
        )
    if locked.state == state:
        return locked.last_change
    before = locked.state
    change = take_change(locked, state=state)
    record("rosters.plan_moved", by, locked, locked.unit, before=before, after=state)
    publish(ShiftsChanged(plan_id=locked.pk, unit_id=locked.unit_id))
    return change


def _refuse_others(by: User | None, plan: Plan) -> None:
    if by is not None and not permissions.can_manage_unit(by, plan.unit):
        raise NotYours(_("Only a manager of the unit changes its rosters."))


# -- Publishing -----------------------------------------------------------------------------------------------------------
def _lock_with_people(plan: Plan, *, may_be_closed: bool = False) -> Plan:
    """Lock all who have to do with a roster, by id, and then the roster. Raises Restart where somebody came to it meanwhile."""
    people = queries.people_in(plan)
    lock_people(people)
    locked = lock_plan(plan, may_be_closed=may_be_closed)
    if queries.people_in(plan) - people:
        raise Restart
    return locked


def publish_plan(
    *,
    by: User | None,
    plan: Plan,
    first: date | None = None,
    last: date | None = None,
    notify: Whom = "affected",
    reason: str = "",
    approved_by: User | None = None,
) -> Published:
    """Make what holds equal to the draft on days [first, last), else on all of the roster's; tell those whose shifts differ.

    Raises RuleBroken where the draft breaks hard rules for somebody that nobody approved, unless a reason and who approves it are
    given; DoubleBooked where somebody was published elsewhere meanwhile, NotInUnit where somebody has left; PlanClosed,
    WrongDays, NotYours. Nothing differs: nothing is written but the state.
    """
    return publish_draft(
        by=by, plan=plan, first=first, last=last, notify=notify, reason=reason, approved_by=approved_by
    )


@retried
def publish_draft(
    *,
    by: User | None,
    plan: Plan,
    first: date | None,
    last: date | None,
    notify: Whom,
    reason: str = "",
    approved_by: User | None = None,
    is_checked: bool = True,
) -> Published:
    """Publish as `publish_plan` says; unchecked, only the constraints of the database stand in the way."""
    _refuse_others(by, plan)
    locked = _lock_with_people(plan)
    begin, end = (
        max(first or locked.during.lower, locked.during.lower),
        min(last or locked.during.upper, locked.during.upper),
    )
    if end <= begin:
        raise WrongDays(_("Publish at least one day of this roster."))
    rows = queries.standing(
        Shift.objects.filter(plan=locked, day__gte=begin, day__lt=end, known_during__upper_inf=True, is_live=False)
    )
    live = queries.standing(Shift.objects.live().filter(plan=locked, day__gte=begin, day__lt=end))
    differing = differing_cells(rows, live)
    accepted: tuple[rules.Finding, ...] = ()
    if is_checked and differing:
        new = [row for row in rows if row.cell in differing]
        _refuse_who_left(locked, new)
        _refuse_double_booking(locked, new)
        accepted = _settle_breaches(locked, differing, new, reason, approved_by)
    at = _replace_live(locked, by, differing, rows, live)
    is_news = bool(differing) or locked.published_at is None
    if not is_news and locked.state == PlanState.PUBLISHED:
        return Published(change=locked.last_change)
    change = take_change(locked, state=PlanState.PUBLISHED, published_at=at)
    _keep_with_cells(locked, by, at, change, accepted, differing, rows, reason=reason.strip(), approved_by=approved_by)
    affected = sorted({user_id for user_id, _day in differing})
    everybody = queries.people_in(locked) if notify == "all" else set()
    told = {"affected": affected, "all": sorted(everybody | set(affected)), "none": []}[notify]
    tell(locked, f"published:{locked.pk}:{change}", by, told)
    detail = {"first": begin.isoformat(), "last": end.isoformat(), "cells": len(differing), "told": notify}
    if accepted:
        detail |= {"reason": reason.strip(), "approved_by": approved_by.pk if approved_by else None}
        detail["accepted"] = [finding_json(finding) for finding in accepted]
    record("rosters.plan_published", by, locked, locked.unit, **detail)
    news = RosterPublished(locked.pk, locked.unit_id, begin.isoformat(), end.isoformat(), affected)
    publish(news)
    publish(ShiftsChanged(plan_id=locked.pk, unit_id=locked.unit_id))
    return Published(change, tuple(affected), len(differing), tuple(told))


def _settle_breaches(
    plan: Plan, cells: Collection[Cell], rows: Sequence[Standing], reason: str, approved_by: User | None
) -> tuple[rules.Finding, ...]:
    """Return the breaches that are approved by publishing: of what is published with these cells against what is now.

    Raises RuleBroken where they are not, and were not when the cells were written.
    """
    seats = [Seat(row.user_id, row.day, row.shift_type_id) for row in rows]
    new = queries.Judge.of_published(plan).new_breaches(cells, seats, is_final=True)
    known = accepted_before(plan) if new else {}
    broken = tuple(finding for finding in new if not is_accepted(finding, known))
    if not broken:
        return ()
    if approved_by is None:
        text = rules.sentence_of(broken[0])
        if len(broken) > 1:
            text = _("%(sentence)s And %(more)d more.") % {"sentence": text, "more": len(broken) - 1}
        raise RuleBroken(text, findings=broken)
    if not permissions.can_approve_breach(approved_by, plan):
        raise NotYours(_("A breach of the rules is approved by a manager of the unit."))
    if not reason.strip():
        raise ReasonMissing(_("Write why the rule is broken: it stays with the roster."))
    return broken


def _contents(rows: Iterable[Standing]) -> dict[Cell, Counter[tuple[object, ...]]]:
    cells: dict[Cell, Counter[tuple[object, ...]]] = {}
    for row in rows:
        content = (row.shift_type_id, row.period.lower, row.period.upper, row.note)
        cells.setdefault(row.cell, Counter())[content] += 1
    return cells


def differing_cells(draft: Iterable[Standing], live: Iterable[Standing]) -> set[Cell]:
    """Return the cells whose published shifts are not those of the draft."""
    drafted, published = _contents(draft), _contents(live)
    return {cell for cell in {*drafted, *published} if drafted.get(cell) != published.get(cell)}


def _replace_live(
    plan: Plan, by: User | None, cells: Collection[Cell], draft: Sequence[Standing], live: Sequence[Standing]
) -> datetime:
    """Close the published shifts of cells and publish their drafted ones; return the instant from which that is known."""
    old = [row for row in live if row.cell in cells]
    new = [row for row in draft if row.cell in cells]
    if not cells:
        return clock.now()
    users = {user_id for user_id, _day in cells}
    before = Shift.objects.filter(plan=plan, is_live=True, user__in=users, day__in={day for _user, day in cells})
    known = [bound for row in before.values_list("known_during", flat=True) for bound in (row.lower, row.upper)]
    at = next_instant(*known)
    close_rows(Shift.objects.filter(pk__in=[row.pk for row in old]), at)
    Shift.objects.bulk_create(
        Shift(
            plan=plan,
            unit_id=plan.unit_id,
            user_id=row.user_id,
            shift_type_id=row.shift_type_id,
            day=row.day,
            period=row.period,
            is_live=True,
            is_exclusive=row.is_exclusive,
            is_locked=row.is_locked,
            source=row.source,
            note=row.note,
            known_during=known_from(at),
            by=by,
        )
        for row in new
    )
    return at


def _keep_with_cells(
    plan: Plan,
    by: User | None,
    at: datetime,
    change: int,
    accepted: Sequence[rules.Finding],
    cells: Collection[Cell],
    rows: Sequence[Standing],
    *,
    reason: str,
    approved_by: User | None,
) -> None:
    """Append to the history of the cells what was accepted by publishing them; what stands in them stays."""
    found: dict[Cell, list[dict[str, Any]]] = {}
    for finding in accepted:
        about, days = {finding.user_id, finding.partner_id}, {date.fromordinal(day) for day in finding.days}
        own = [cell for cell in cells if cell[0] in about]
        for cell in [cell for cell in own if cell[1] in days] or own:
            found.setdefault(cell, []).append(finding_json(finding))
    stands = queries.by_cell(rows)
    batch = uuid.uuid4()
    ShiftEvent.objects.bulk_create(
        ShiftEvent(
            plan=plan,
            user_id=user_id,
            day=day,
            at=at,
            by=by,
            batch=batch,
            change=change,
            before=(entries := [row.entry.as_json() for row in stands.get((user_id, day), ())]),
            after=entries,
            reason=reason,
            approved_by=approved_by,
            findings=findings,
        )
        for (user_id, day), findings in sorted(found.items())
    )


def _refuse_who_left(plan: Plan, rows: Sequence[Standing]) -> None:
    """Raise NotInUnit for the first shift of somebody who has left the unit, or the hospital, since it was written."""
    members = queries.memberships(plan.unit, plan.during.lower, plan.during.upper, {row.user_id for row in rows})
    closed = set(
        User.objects.filter(pk__in={row.user_id for row in rows}, is_active=False).values_list("pk", flat=True)
    )
    for row in rows:
        is_closed = row.user_id in closed
        if not is_closed and queries.is_member_on(members.get(row.user_id, ()), row.day):
            continue
        name = User.objects.get(pk=row.user_id).display_name
        text = (
            _("The account of %(name)s is closed.")
            if is_closed
            else _("%(name)s does not work in %(unit)s on %(day)s.")
        )
        words = {"name": name, "unit": plan.unit.name, "day": say_day(row.day)}
        raise NotInUnit(text % words, user_id=row.user_id, day=row.day)


def _refuse_double_booking(plan: Plan, rows: Sequence[Standing]) -> None:
    """Raise DoubleBooked where somebody was published in another roster meanwhile."""
    own = [row for row in rows if row.is_exclusive]
    if not own:
        return
    over = DateTimeTZRange(min(row.period.lower for row in own), max(row.period.upper for row in own))
    elsewhere: dict[int, list[Standing]] = {}
    for row in queries.published_elsewhere(plan, {row.user_id for row in own}, over):
        elsewhere.setdefault(row.user_id, []).append(row)
    for row in own:
        for other in elsewhere.get(row.user_id, ()):
            if other.period.lower < row.period.upper and row.period.lower < other.period.upper:
                place, zone = Unit.objects.get(pk=other.unit_id), plan.unit.department.site.zone
                words = {
                    "name": User.objects.get(pk=row.user_id).display_name,
                    "place": place.name,
                    "other": other.code,
                    "day": say_day(other.day),
                    "time": say_period(other.period, zone),
                }
                text = _("%(name)s is already in %(place)s with %(other)s on %(day)s, %(time)s.") % words
                raise DoubleBooked(text, user_id=row.user_id, day=row.day, other=other.code, place=place.name)


def tell(plan: Plan, notice_id: str, by: User | None, people: Sequence[int]) -> None:
    """Give people a notice about a roster; more than fifty are told by a task."""
    if len(people) > AT_ONCE:
        publish(
            PeopleToTell(plan_id=plan.pk, notice_id=notice_id, actor_id=by.pk if by else None, user_ids=list(people))
        )
    elif people:
        notices.notify(kind=NOTICE, recipients=people, actor=by, key=f"{NOTICE}:{notice_id}")


def tell_people(*, notice_id: str, actor_id: int | None, user_ids: Sequence[int]) -> None:
    """Give many people their notice about a roster; who has it already gets no second one."""
    actor = User.objects.filter(pk=actor_id).first()
    notices.notify(kind=NOTICE, recipients=user_ids, actor=actor, key=f"{NOTICE}:{notice_id}")


# -- Taking back ----------------------------------------------------------------------------------------------------------
@retried
def recall_plan(*, by: User | None, plan: Plan, reason: str) -> Published:
    """Take a published roster back before its first day: nothing of it holds any more, the draft stays.

    Raises WrongState where it is not published, or where its days have begun: such a roster is changed and published anew, since
    otherwise nobody would be on duty now. Raises ReasonMissing, PlanClosed, NotYours.
    """
    _refuse_others(by, plan)
    if not reason.strip():
        raise ReasonMissing(_("Write why the roster is taken back: auditors read it."))
    locked = _lock_with_people(plan)
    if locked.state != PlanState.PUBLISHED:
        raise WrongState(_("This roster is not published."))
    if locked.during.lower <= clock.today(locked.unit.department.site.zone):
        raise WrongState(_("The days of this roster have begun. Change it and publish it anew."))
    rows = Shift.objects.live().filter(plan=locked)
    live = queries.standing(rows)
    affected = sorted({row.user_id for row in live})
    at = next_instant(*(row.known_from for row in live))
    close_rows(rows, at)
    change = take_change(locked, state=PlanState.DRAFT, published_at=None)
    tell(locked, f"recalled:{locked.pk}:{change}", by, affected)
    record("rosters.plan_recalled", by, locked, locked.unit, reason=reason.strip(), shifts=len(live))
    publish(RosterRecalled(locked.pk, locked.unit_id, affected))
    publish(ShiftsChanged(plan_id=locked.pk, unit_id=locked.unit_id))
    return Published(change, tuple(affected), len({row.cell for row in live}), tuple(affected))


# -- Closing --------------------------------------------------------------------------------------------------------------
@retried
def close_plan(*, by: User | None, plan: Plan) -> dict[date, int]:
    """Close a published roster whose days are over, and count its months; return how many counts each month has.

    A closed one is only counted again: the result is the same however often. Raises WrongState, NotPublishedYet, NotYours.
    """
    if by is not None and not permissions.can_close_plan(by, plan):
        raise NotYours(_("Only a manager of the unit closes its rosters."))
    locked = _lock_with_people(plan, may_be_closed=True)
    if not locked.is_closed:
        _refuse_to_close(locked)
        change = take_change(locked, state=PlanState.CLOSED)
        record("rosters.plan_closed", by, locked, locked.unit, change=change)
        publish(ShiftsChanged(plan_id=locked.pk, unit_id=locked.unit_id))
    return {month: count_month(locked.unit, month) for month in months_of(locked)}


def _refuse_to_close(plan: Plan) -> None:
    if plan.state != PlanState.PUBLISHED:
        raise WrongState(_("Only a published roster is closed."))
    if plan.during.upper > clock.today(plan.unit.department.site.zone):
        raise WrongState(_("The days of this roster are not over."))
    rows = queries.standing(Shift.objects.draft().filter(plan=plan))
    live = queries.standing(Shift.objects.live().filter(plan=plan))
    if differing := differing_cells(rows, live):
        text = ngettext(
            "%(count)d cell differs from what was published. Publish it, or set it back, and then close.",
            "%(count)d cells differ from what was published. Publish them, or set them back, and then close.",
            len(differing),
        )
        raise NotPublishedYet(text % {"count": len(differing)}, cells=len(differing))


def months_of(plan: Plan) -> list[date]:
    """Return the months that a roster touches, by their first days."""
    months, day = [], plan.during.lower.replace(day=1)
    while day < plan.during.upper:
        months.append(day)
        day = (day.replace(day=28) + 4 * DAY).replace(day=1)
    return months


def count_month(unit: Unit, month: date) -> int:
    """Write what everybody of a unit had in a month into the ledger, in place of what stood there; return how many counts."""
    Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)  # two rosters may share a month, and be closed at once
    counts = queries.counts_of_month(unit, month)
    Ledger.objects.filter(unit=unit, month=month).delete()
    rows = [
        Ledger(user_id=user_id, unit=unit, month=month, counter=counter, value=value)
        for user_id, counters in sorted(counts.items())
        for counter, value in sorted(counters.items())
    ]
    Ledger.objects.bulk_create(rows)
    return len(rows)
