"""The one way into a roster's cells. Typing, copying, patterns, locks, undo: each says what shall stand, and this writes it."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from apps.core.events import publish
from apps.people.models import User
from apps.rosters import permissions, queries, rules
from apps.rosters.events import ShiftsChanged
from apps.rosters.models import ABSENT_KINDS, Plan, Shift, ShiftEvent, ShiftKind, ShiftSource, ShiftType
from apps.rosters.queries.cells import Cell, CellState, Codes, Entry, Standing
from apps.rosters.queries.judging import Judge, Placed
from apps.sites import queries as sites_queries
from apps.sites.models import Unit

from .errors import (
    CellError,
    CellLocked,
    DoubleBooked,
    EditedMeanwhile,
    NotInUnit,
    NotYours,
    ReasonMissing,
    RuleBroken,
    UnknownCode,
    WrongDays,
)
from .locking import (
    close_rows,
    known_from,
    lock_people,
    lock_plan,
    next_instant,
    read_plan,
    record,
    retried,
    take_change,
)

Wanted = Mapping[Cell, tuple[Entry, ...]]
Accepted = dict[tuple[str, int], set[int]]
"""By rule and person the days on which a breach was approved."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CellEdit:
    """What shall stand in a cell: no code clears it, several are several shifts. Without a note the old one stays."""

    user_id: int
    day: date
    codes: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A cell that stays as it was, and why."""

    user_id: int
    day: date
    why: str


@dataclass(frozen=True, slots=True)
class Edited:
    """What a verb did: the roster's change, the cells as they are now, the findings about those people, what was left out."""

    change: int
    cells: tuple[CellState, ...] = ()
    findings: tuple[rules.Finding, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    batch: uuid.UUID | None = None


@dataclass(slots=True)
class Order:
    """What one gesture asks for."""

    wanted: Callable[[Plan], Wanted]  # asked under the lock
    source: str = ShiftSource.MANUAL
    base_change: int | None = None
    batch: uuid.UUID = field(default_factory=uuid.uuid4)
    undoes: uuid.UUID | None = None
    reason: str = ""
    approved_by: User | None = None
    keeps_locks: bool = True
    keeps_leave: bool = False
    leaves_out: bool = False  # what cannot be is left out and named, instead of refusing all
    is_checked: bool = True  # else only the constraints of the database stand in the way
    accepts: Accepted = field(default_factory=dict)  # breaches that were accepted before


# -- The verb -------------------------------------------------------------------------------------------------------------
def set_cells(
    *,
    by: User | None,
    plan: Plan,
    edits: Sequence[CellEdit],
    base_change: int | None,
    batch: uuid.UUID | None = None,
    reason: str = "",
    approved_by: User | None = None,
    source: str = ShiftSource.MANUAL,
) -> Edited:
    """Write cells of a draft: all of them, or none.

    `base_change` is the roster's change that the editor saw. Raises EditedMeanwhile where somebody else changed one of the cells
    since; RuleBroken where hard rules would be broken that hold now, unless a reason and who approves it are given; UnknownCode,
    NotInUnit, CellLocked, DoubleBooked, which name the cell; WrongDays, PlanClosed, NotYours. Cells that stay as they are write
    nothing.
    """
    asked = {(edit.user_id, edit.day): edit for edit in edits}

    def wanted(locked: Plan) -> Wanted:
        return {
            cell: tuple(Entry(code.strip(), edit.note or "", source=source) for code in edit.codes if code.strip())
            for cell, edit in asked.items()
        }

    keep_notes = frozenset(cell for cell, edit in asked.items() if edit.note is None)
    order = Order(
        wanted=wanted,
        source=source,
        base_change=base_change,
        batch=batch or uuid.uuid4(),
        reason=reason,
        approved_by=approved_by,
    )
    return edit_cells(by=by, plan=plan, order=order, keep_notes=keep_notes)


@retried
def edit_cells(*, by: User | None, plan: Plan, order: Order, keep_notes: frozenset[Cell] = frozenset()) -> Edited:
    """Write what an order asks for, in one transaction.

    The people are locked first, by id, with those whom a rule pairs with them: their shifts stay as they are while they are
    judged. The roster, which all its writers want, is locked only to write.
    """
    if by is not None and not permissions.can_manage_unit(by, plan.unit):
        raise NotYours(_("Only a manager of the unit changes its rosters."))
    reason = _check_reason(order, plan)
    asked = order.wanted(plan)
    users = {user_id for user_id, _day in asked}
    people = lock_people(users | queries.paired_with(users) if order.is_checked else users)
    if strangers := [cell for cell in asked if cell[0] not in people]:
        raise NotInUnit(_("There is no such person."), user_id=strangers[0][0], day=strangers[0][1])
    read = read_plan(plan)
    desk = Desk.open(read, order, people, keep_notes)
    if not desk.wanted:
        return Edited(change=read.last_change, left_out=tuple(desk.left_out), batch=order.batch)
    desk.refuse_edited_meanwhile(by)
    desk.settle()
    accepted: tuple[rules.Finding, ...] = ()
    if order.is_checked and desk.wanted:
        accepted = desk.settle_rules(has_approval=bool(reason))
    if not desk.wanted:
        return Edited(change=read.last_change, left_out=tuple(desk.left_out), batch=order.batch)
    desk.plan = lock_plan(plan)
    return desk.write(by, reason=reason, accepted=accepted)


def _check_reason(order: Order, plan: Plan) -> str:
    """Return the reason for which rules may be broken; it holds with somebody who may approve it, and not without."""
    reason = order.reason.strip()
    if order.approved_by is None:
        return ""
    if not permissions.can_approve_breach(order.approved_by, plan):
        raise NotYours(_("A breach of the rules is approved by a manager of the unit."))
    if not reason:
        raise ReasonMissing(_("Write why the rule is broken: it stays with the cell."))
    return reason


@dataclass(slots=True)
class Desk:
    """One gesture in work: what is asked, and all that has to be known to answer it."""

    plan: Plan
    order: Order
    people: Mapping[int, User]
    wanted: dict[Cell, tuple[Entry, ...]]
    events: Mapping[Cell, ShiftEvent]
    drafts: Sequence[Standing]
    cells: Mapping[Cell, list[Standing]]
    elsewhere: Sequence[Standing]
    codes: Codes
    members: Mapping[int, list[tuple[date, date]]]
    left_out: list[LeftOut]
    in_ramadan: Callable[[date], bool]
    judge: Judge | None = None
    findings: tuple[rules.Finding, ...] = ()

    @classmethod
    def open(cls, plan: Plan, order: Order, people: Mapping[int, User], keep_notes: frozenset[Cell]) -> "Desk":
        """Read what an order has to do with; six queries, and one more in Ramadan. What stays as it is leaves the order."""
        wanted = {cell: entries for cell, entries in order.wanted(plan).items() if cell[0] in people}
        for _user_id, day in wanted:
            if not plan.during.lower <= day < plan.during.upper:
                raise WrongDays(_("%(day)s is not a day of this roster.") % {"day": say_day(day)})
        days = [day for _user, day in wanted] or [plan.during.lower]
        first, last = min(days), max(days) + DAY
        users = {user_id for user_id, _day in wanted}
        drafts = queries.drafted(plan, users, first, last)
        codes = queries.codes_of(plan.unit)
        desk = cls(
            plan=plan,
            order=order,
            people=people,
            wanted=wanted,
            events={},
            drafts=drafts,
            cells=queries.by_cell(drafts),
            elsewhere=(),
            codes=codes,
            members={},
            left_out=[],
            in_ramadan=_ramadan_of(plan.unit, first, last) if codes.has_ramadan else lambda _day: False,
        )
        desk._name(keep_notes)
        desk._drop_what_stays()
        if desk.wanted:
            zone = desk.zone
            over = DateTimeTZRange(_midnight(first, zone), _midnight(last + 2 * DAY, zone))
            desk.events = queries.newest_events(plan, desk.wanted.keys())
            desk.members = queries.memberships(plan.unit, first, last, users)
            desk.elsewhere = queries.published_elsewhere(plan, users, over)
        return desk

    @property
    def zone(self) -> ZoneInfo:
        return self.plan.unit.department.site.zone

    def type_of(self, entry: Entry, day: date) -> ShiftType | None:
        """Return the shift type of an entry on a day, in Ramadan what stands for it then."""
        found = self.codes.find(entry.code, day)
        return self.codes.stand_in(found) if found is not None and self.in_ramadan(day) else found

    def _name(self, keep_notes: frozenset[Cell]) -> None:
        """Write each code as its shift type does, and keep the notes of shifts that stay."""
        for cell, entries in self.wanted.items():
            named = []
            for entry in entries:
                kind = self.type_of(entry, cell[1])
                named.append(Entry(kind.code if kind else entry.code, entry.note, entry.locked, entry.source))
            if cell in keep_notes:
                notes = {row.code: row.note for row in self.cells.get(cell, ())}
                named = [Entry(row.code, notes.get(row.code, ""), row.locked, row.source) for row in named]
            self.wanted[cell] = tuple(named)

    def _drop_what_stays(self) -> None:
        """Forget cells that are asked to be what they are; a lock counts only to those who set locks."""

        def said(entry: Entry) -> tuple[str, str, bool]:
            return entry.code, entry.note, entry.locked and not self.order.keeps_locks

        for cell, entries in list(self.wanted.items()):
            stands = self.cells.get(cell, [])
            if sorted(map(said, entries)) == sorted(said(row.entry) for row in stands):
                del self.wanted[cell]

    # -- What may not be --------------------------------------------------------------------------------------------------
    def refuse_edited_meanwhile(self, by: User | None) -> None:
        """Raise EditedMeanwhile where somebody else changed a cell since the editor looked."""
        base = self.order.base_change
        if base is None:
            return
        own = by.pk if by else None
        theirs = [event for event in self.events.values() if event.change > base and event.by_id != own]
        if theirs:
            first = theirs[0]
            words = {
                "who": first.by.display_name if first.by else _("Somebody"),
                "name": self.people[first.user_id].display_name,
                "day": say_day(first.day),
            }
            raise EditedMeanwhile(
                _("%(who)s changed %(name)s on %(day)s meanwhile. Nothing of yours was stored.") % words,
                cells=[queries.state_after(event) for event in theirs],
            )

    def settle(self) -> None:
        """Raise the first thing that cannot be; or leave those cells out, where the order says so."""
        while problems := list(self._problems()):
            if not self.order.leaves_out:
                raise problems[0]
            self._leave_out(problems)

    def _leave_out(self, problems: Iterable[CellError]) -> None:
        for problem in problems:
            if self.wanted.pop((problem.user_id, problem.day), None) is not None:
                self.left_out.append(LeftOut(problem.user_id, problem.day, str(problem)))

    def _problems(self) -> Iterable[CellError]:
        found = [error for cell, entries in self.wanted.items() if (error := self._problem_in(cell, entries))]
        yield from found or (self._double_bookings() if self.order.is_checked else ())

    def _problem_in(self, cell: Cell, entries: Sequence[Entry]) -> CellError | None:
        user_id, day = cell
        person, stands = self.people[user_id], self.cells.get(cell, ())
        words = {"name": person.display_name, "day": say_day(day)}
        if self.order.keeps_locks and any(row.is_locked for row in stands):
            text = _("The cell of %(name)s on %(day)s is locked. Unlock it first.")
            return CellLocked(text % words, user_id=user_id, day=day)
        if self.order.keeps_leave and any(row.kind == ShiftKind.LEAVE for row in stands):
            text = _("%(name)s is on leave on %(day)s.")
            return CellLocked(text % words, user_id=user_id, day=day)
        for entry in entries:
            if self.type_of(entry, day) is None:
                text = _("“%(code)s” is no code of this unit on %(day)s (%(name)s).")
                return UnknownCode(text % {**words, "code": entry.code}, user_id=user_id, day=day, unknown=entry.code)
        if not entries:
            return None  # a cell can always be cleared
        if not person.is_active:
            text = _("The account of %(name)s is closed.")
            return NotInUnit(text % words, user_id=user_id, day=day)
        if not queries.is_member_on(self.members.get(user_id, ()), day):
            text = _("%(name)s does not work in %(unit)s on %(day)s.")
            return NotInUnit(text % {**words, "unit": self.plan.unit.name}, user_id=user_id, day=day)
        return None

    def placed(self) -> list[Placed]:
        """Return the shifts that the wanted cells make; leave after a night begins when the night is over."""
        made = [
            Placed(user_id, day, kind, kind.period_on(day, self.zone), entry)
            for (user_id, day), entries in self.wanted.items()
            for entry in entries
            if (kind := self.type_of(entry, day)) is not None
        ]
        return [self._after_the_night(new, made) if new.kind.kind == ShiftKind.LEAVE else new for new in made]

    def _after_the_night(self, leave: Placed, made: Sequence[Placed]) -> Placed:
        """Return leave from the end of the shift on that began on a day before and reaches into it: that one was worked."""
        worked = [
            new.period
            for new in made
            if new.user_id == leave.user_id
            and new.day < leave.day
            and new.kind.is_exclusive
            and not new.kind.is_absence
        ]
        worked += [
            row.period
            for row in (*self.drafts, *self.elsewhere)
            if row.user_id == leave.user_id
            and row.day < leave.day
            and row.is_exclusive
            and row.kind not in ABSENT_KINDS
            and (row.plan_id != self.plan.pk or row.cell not in self.wanted)
        ]
        begin, end = leave.period.lower, leave.period.upper
        begin = max([begin, *(period.upper for period in worked if begin < period.upper < end)])
        return replace(leave, period=DateTimeTZRange(begin, end))

    def _double_bookings(self) -> Iterable[DoubleBooked]:
        standing: dict[int, list[tuple[DateTimeTZRange, date, str, str, int]]] = {}
        for row in (*self.drafts, *self.elsewhere):
            if row.is_exclusive and (row.plan_id != self.plan.pk or row.cell not in self.wanted):
                place = (row.period, row.day, row.code, row.kind, row.unit_id)
                standing.setdefault(row.user_id, []).append(place)
        for new in self.placed():
            if not new.kind.is_exclusive:
                continue
            others = standing.setdefault(new.user_id, [])
            for period, day, code, kind, unit_id in others:
                if period.lower < new.period.upper and new.period.lower < period.upper:
                    yield self._double_booked(new, period, day, code, kind, unit_id)
                    break
            else:
                others.append((new.period, new.day, new.kind.code, new.kind.kind, self.plan.unit_id))

    def _double_booked(
        self, new: Placed, period: DateTimeTZRange, day: date, code: str, kind: str, unit_id: int
    ) -> DoubleBooked:
        place = self.plan.unit if unit_id == self.plan.unit_id else Unit.objects.get(pk=unit_id)
        words = {
            "name": self.people[new.user_id].display_name,
            "day": say_day(day),
            "code": new.kind.code,
            "other": code,
            "place": place.name,
            "time": say_period(period, self.zone),
        }
        if kind == ShiftKind.LEAVE:
            text = _("%(name)s is on leave (%(other)s) on %(day)s, so that %(code)s cannot stand over it.")
        elif new.kind.kind == ShiftKind.LEAVE:
            text = _("%(name)s has %(other)s in %(place)s on %(day)s, %(time)s. Clear it before the leave is written.")
        else:
            text = _("%(name)s is already in %(place)s with %(other)s on %(day)s, %(time)s.")
        return DoubleBooked(
            text % words,
            user_id=new.user_id,
            day=new.day,
            other=code,
            other_day=day.isoformat(),
            place=place.name,
            time=words["time"],
        )

    # -- Rules ------------------------------------------------------------------------------------------------------------
    def settle_rules(self, *, has_approval: bool) -> tuple[rules.Finding, ...]:
        """Return the hard findings that are new and accepted. Raises RuleBroken, or leaves cells out, where they are not."""
        self.judge = Judge.of(self.plan, self.people.keys())
        while broken := self._broken() if self.wanted else ():
            if has_approval:
                break
            if not self.order.leaves_out:
                text = rules.sentence_of(broken[0])
                if len(broken) > 1:
                    text = _("%(sentence)s And %(more)d more.") % {"sentence": text, "more": len(broken) - 1}
                raise RuleBroken(text, findings=broken)
            problems = [self._blamed(finding) for finding in broken]
            self._leave_out([problem for problem in problems if problem is not None])
            if not any(problems):
                raise RuleBroken(rules.sentence_of(broken[0]), findings=broken)
            self.settle()  # what stays there may stand in the way of what is new beside it
        if self.wanted:
            found = self.judge.findings_after(self.wanted.keys(), [placed.seat for placed in self.placed()])
            self.findings = tuple(finding for finding in found if finding.user_id)  # what the unit lacks, its grid says
        return broken

    def _broken(self) -> tuple[rules.Finding, ...]:
        assert self.judge is not None
        new = self.judge.new_breaches(self.wanted.keys(), [placed.seat for placed in self.placed()])
        return tuple(finding for finding in new if not is_accepted(finding, self.order.accepts))

    def _blamed(self, finding: rules.Finding) -> CellError | None:
        """Return the newest wanted cell that a finding is about, as the one to leave out."""
        days = {date.fromordinal(day) for day in finding.days}
        about = (finding.user_id, finding.partner_id)
        own = [cell for cell, entries in self.wanted.items() if entries and cell[0] in about]
        own.sort(key=lambda cell: (cell[1] in days, cell[1], cell[0]))
        if not own:
            return None
        return CellError(rules.sentence_of(finding), user_id=own[-1][0], day=own[-1][1])

    # -- Writing ----------------------------------------------------------------------------------------------------------
    def write(self, by: User | None, *, reason: str, accepted: tuple[rules.Finding, ...]) -> Edited:
        """Close what stood and insert what shall stand, with an event a cell, one change and one audit entry."""
        old = [row for cell in self.wanted for row in self.cells.get(cell, ())]
        at = next_instant(*(row.known_from for row in old), *(event.at for event in self.events.values()))
        placed = self.placed()
        if old:
            close_rows(Shift.objects.filter(pk__in=[row.pk for row in old]), at)
        Shift.objects.bulk_create(
            Shift(
                plan=self.plan,
                unit_id=self.plan.unit_id,
                user_id=new.user_id,
                shift_type=new.kind,
                day=new.day,
                period=new.period,
                is_live=False,
                is_exclusive=new.kind.is_exclusive,
                is_locked=new.entry.locked,
                source=new.entry.source,
                note=new.entry.note,
                known_during=known_from(at),
                by=by,
            )
            for new in placed
        )
        change = take_change(self.plan)
        states = tuple(
            CellState(user_id, day, entries, change=change, at=at, by=by.display_name if by else "")
            for (user_id, day), entries in self._as_written(placed).items()
        )
        self._append_events(by, at, change, states, reason=reason, accepted=accepted)
        detail: dict[str, Any] = {"change": change, "batch": str(self.order.batch), "cells": len(states)}
        if accepted:
            approver = self.order.approved_by
            detail |= {"reason": reason, "approved_by": approver.pk if approver else None}
            detail["accepted"] = [finding_json(finding) for finding in accepted]
        record("rosters.cells_changed", by, self.plan, self.plan.unit, **detail)
        publish(ShiftsChanged(plan_id=self.plan.pk, unit_id=self.plan.unit_id))
        return Edited(change, states, self.findings, tuple(self.left_out), self.order.batch)

    def _as_written(self, placed: Sequence[Placed]) -> dict[Cell, tuple[Entry, ...]]:
        cells: dict[Cell, tuple[Entry, ...]] = dict.fromkeys(self.wanted, ())
        for new in sorted(placed, key=lambda new: (new.period.lower, new.kind.code)):
            cells[new.user_id, new.day] += (new.entry,)
        return cells

    def _append_events(
        self,
        by: User | None,
        at: datetime,
        change: int,
        states: Sequence[CellState],
        *,
        reason: str,
        accepted: Sequence[rules.Finding],
    ) -> None:
        by_person: dict[int, list[dict[str, Any]]] = {}
        touched = {state.user_id for state in states}
        for finding in accepted:
            person = finding.user_id if finding.user_id in touched else finding.partner_id
            by_person.setdefault(person, []).append(finding_json(finding))
        ShiftEvent.objects.bulk_create(
            ShiftEvent(
                plan=self.plan,
                user_id=state.user_id,
                day=state.day,
                at=at,
                by=by,
                batch=self.order.batch,
                undoes=self.order.undoes,
                change=change,
                before=[row.entry.as_json() for row in self.cells.get((state.user_id, state.day), ())],
                after=[entry.as_json() for entry in state.entries],
                reason=reason or self.order.reason.strip(),
                approved_by=self.order.approved_by if state.user_id in by_person else None,
                findings=by_person.get(state.user_id, []),
            )
            for state in states
        )


# -- Words ----------------------------------------------------------------------------------------------------------------
def say_day(day: date) -> str:
    """Return a day as sentences name it."""
    return date_format(day, "MONTH_DAY_FORMAT")


def say_period(period: DateTimeTZRange, zone: ZoneInfo) -> str:
    """Return from when to when a shift lasts by the clock of a site."""
    begin, end = (time_format(at.astimezone(zone).time(), "H:i") for at in (period.lower, period.upper))
    return f"{begin}–{end}"


def finding_json(finding: rules.Finding) -> dict[str, Any]:
    """Return a finding as an event keeps it: the rule, the person, the days, and the figures."""
    return {
        "rule": finding.rule_code,
        "user": finding.user_id,
        "days": list(finding.days),
        "measured": finding.measured,
        "limit": finding.limit,
    }


def accepted_before(plan: Plan) -> Accepted:
    """Return the breaches of a roster that were approved with a reason; one query."""
    accepted: Accepted = {}
    rows = ShiftEvent.objects.filter(plan=plan).exclude(findings=[]).values_list("findings", flat=True)
    for row in (row for found in rows for row in found):
        accepted.setdefault((row["rule"], row["user"]), set()).update(row["days"])
    return accepted


def is_accepted(finding: rules.Finding, accepted: Accepted) -> bool:
    """Whether the same breach, on some of its days, was approved before."""
    return not accepted.get((finding.rule_code, finding.user_id), set()).isdisjoint(finding.days)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), zone)


def _ramadan_of(unit: Unit, first: date, last: date) -> Callable[[date], bool]:
    return sites_queries.calendar_of(unit.department.site, first, last).is_ramadan
