"""Writing cells: what is stored, what is refused, who is told of whom, and that it is all or nothing."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import translation

from apps.audit.models import AuditEntry
from apps.people.models import Assignment
from apps.rosters import actions, queries
from apps.rosters.models import Plan, PlanState, Shift, ShiftEvent
from tests.factories import (
    assign_to,
    grant,
    make_calendar_entry,
    make_condition,
    make_person,
    make_plan,
    make_rule,
    make_shift,
    make_shift_type,
    make_unit,
)
from tests.rosters.wards import DAY, FIRST, day, make_ward

pytestmark = pytest.mark.django_db


@pytest.fixture
def ward():
    return make_ward()


def nothing_was_stored(ward):
    return not Shift.objects.exists() and not ShiftEvent.objects.exists() and not AuditEntry.objects.exists()


# -- What is stored -------------------------------------------------------------------------------------------------------
def test_an_edit_is_a_row_an_event_a_change_and_an_audit_entry(ward):
    nurse = ward.nurses[0]
    done = ward.set((nurse, 2, "N"))
    shift = Shift.objects.get()
    assert (shift.user, shift.day, shift.shift_type.code, shift.is_live) == (nurse, day(2), "N", False)
    assert (shift.period.upper - shift.period.lower, shift.by) == (timedelta(hours=8), ward.manager)
    event = ShiftEvent.objects.get()
    assert (event.before, [row["code"] for row in event.after], event.by) == ([], ["N"], ward.manager)
    assert done.change == event.change == Plan.objects.get(pk=ward.plan.pk).last_change == 1
    entry = AuditEntry.objects.get(action="rosters.cells_changed")
    assert (entry.actor_id, entry.object_id) == (ward.manager.pk, str(ward.plan.pk))
    assert [(cell.user_id, cell.day, cell.entries[0].code) for cell in done.cells] == [(nurse.pk, day(2), "N")]


def test_a_change_closes_the_old_row_and_inserts_another(ward):
    nurse = ward.nurses[0]
    ward.set((nurse, 2, "D"))
    old = Shift.objects.get()
    ward.set((nurse, 2, "E"))
    old.refresh_from_db()
    new = Shift.objects.draft().get()
    assert old.known_during.upper == new.known_during.lower
    assert old.known_during.lower < new.known_during.lower
    assert new.shift_type.code == "E"
    ward.set((nurse, 2, ""))
    assert ward.codes(nurse, 2) == [""]
    assert Shift.objects.count() == 2


def test_what_is_known_moves_on_although_the_clock_stands_still(ward, monkeypatch):
    instant = ward.plan.created_at + timedelta(minutes=1)
    monkeypatch.setattr("apps.core.clock.now", lambda: instant)
    for codes in ("D", "E", "", "D"):
        ward.set((ward.nurses[0], 2, codes))
    begins = [event.at for event in ShiftEvent.objects.order_by("change")]
    assert begins == sorted(set(begins))
    assert not Shift.objects.filter(known_during__isempty=True).exists()


def test_what_stays_as_it_is_writes_nothing(ward):
    nurse = ward.nurses[0]
    ward.set((nurse, 2, "D"))
    done = ward.set((nurse, 2, "d"), (nurse, 3, ""))
    assert (done.change, done.cells) == (1, ())
    assert (Shift.objects.count(), ShiftEvent.objects.count(), AuditEntry.objects.count()) == (1, 1, 1)


def test_several_shifts_stand_in_one_cell(ward):
    nurse = ward.nurses[0]
    ward.set((nurse, 2, "D HC"))
    assert ward.codes(nurse, 2) == ["D HC"]


def test_a_note_stays_until_it_is_written_anew(ward):
    nurse = ward.nurses[0]
    cell = {"user_id": nurse.pk, "day": day(2)}
    for codes, note in ((("D",), "교육 후"), (("D", "HC"), None)):
        edit = actions.CellEdit(**cell, codes=codes, note=note)
        actions.set_cells(by=ward.manager, plan=ward.plan, edits=[edit], base_change=9)
    assert Shift.objects.draft().get(shift_type__code="D").note == "교육 후"
    edit = actions.CellEdit(**cell, codes=("D",), note="")
    actions.set_cells(by=ward.manager, plan=ward.plan, edits=[edit], base_change=9)
    assert Shift.objects.draft().get().note == ""


def test_a_night_ends_in_the_next_month(ward):
    ward.set((ward.nurses[0], 31, "N"))
    assert Shift.objects.get().period.upper.astimezone(ward.site.zone).date() == date(2027, 4, 1)


def test_in_ramadan_another_type_stands_for_a_code(ward):
    short = make_shift_type("D6", site=ward.site)
    day_shift = type(short).objects.get(site=ward.site, code="D")
    day_shift.in_ramadan = short
    day_shift.save()
    make_calendar_entry(ward.site, day(5), day(9), kind="ramadan")
    nurse = ward.nurses[0]
    ward.set((nurse, 4, "D"), (nurse, 5, "D"))
    assert ward.codes(nurse, 4, 5) == ["D", "D6"]
    assert ward.set((nurse, 5, "D")).cells == ()


# -- Each cell that cannot be ---------------------------------------------------------------------------------------------
def test_an_unknown_code_names_its_cell_and_nothing_is_stored(ward):
    one, other = ward.nurses[:2]
    with pytest.raises(actions.UnknownCode, match="ZZ") as refused:
        ward.set((one, 2, "D"), (other, 3, "ZZ"))
    assert (refused.value.user_id, refused.value.day, refused.value.more["unknown"]) == (other.pk, day(3), "ZZ")
    assert nothing_was_stored(ward)


def test_a_code_of_another_unit_or_of_another_time_is_unknown(ward):
    make_shift_type("X", unit=make_unit(site=ward.site))
    make_shift_type("Y", site=ward.site, valid_until=day(2))
    for code in ("X", "Y"):
        with pytest.raises(actions.UnknownCode):
            ward.set((ward.nurses[0], 2, code))
    ward.set((ward.nurses[0], 1, "Y"))


def test_somebody_who_moved_mid_month_is_planned_until_then(ward):
    nurse = ward.nurses[0]
    Assignment.objects.filter(user=nurse).update(during=DateRange(date(2020, 1, 1), day(11)))
    ward.set((nurse, 10, "D"))
    with pytest.raises(actions.NotInUnit) as refused:
        ward.set((nurse, 11, "D"))
    assert refused.value.day == day(11)


def test_what_somebody_left_behind_can_be_cleared(ward):
    nurse = ward.nurses[0]
    make_shift(ward.plan, nurse, day(20))
    Assignment.objects.filter(user=nurse).update(during=DateRange(date(2020, 1, 1), day(11)))
    ward.set((nurse, 20, ""))
    assert ward.codes(nurse, 20) == [""]


def test_whose_account_is_closed_and_who_does_not_exist_is_not_planned(ward):
    nurse = ward.nurses[0]
    nurse.is_active = False
    nurse.save()
    with pytest.raises(actions.NotInUnit):
        ward.set((nurse, 2, "D"))
    nobody = actions.CellEdit(987_654_321, day(2), ("D",))
    with pytest.raises(actions.NotInUnit):
        actions.set_cells(by=ward.manager, plan=ward.plan, edits=[nobody], base_change=0)


def test_a_day_outside_the_roster_is_refused(ward):
    with pytest.raises(actions.WrongDays):
        ward.set((ward.nurses[0], 32, "D"))


def test_shifts_that_overlap_are_refused_and_those_that_touch_are_not(ward):
    nurse = ward.nurses[0]
    with pytest.raises(actions.DoubleBooked) as refused:
        ward.set((nurse, 2, "D D12"))
    assert refused.value.day == day(2)
    ward.set((nurse, 2, "N"), (nurse, 3, "D"))
    with pytest.raises(actions.DoubleBooked, match="D"):
        ward.set((nurse, 3, "D AL"))


def test_who_falls_ill_after_a_night_worked_it_and_is_on_leave_from_its_end(ward):
    nurse = ward.nurses[0]
    ward.set((nurse, 2, "N"), (nurse, 3, "N"))
    ward.set((nurse, 3, "SL"))
    assert ward.codes(nurse, 2, 3) == ["N", "SL"]
    night, leave = Shift.objects.draft().order_by("day")
    assert leave.period.lower == night.period.upper
    assert leave.period.upper - leave.period.lower == timedelta(hours=17)
    ward.set((nurse, 10, "N"), (nurse, 11, "AL"))  # both in one gesture
    assert ward.codes(nurse, 10, 11) == ["N", "AL"]


def test_leave_stands_over_no_shift_and_no_shift_over_leave(ward):
    nurse = ward.nurses[0]
    ward.set((nurse, 2, "AL"))
    with pytest.raises(actions.DoubleBooked):
        ward.set((nurse, 1, "N"))
    with pytest.raises(actions.DoubleBooked):
        ward.set((nurse, 2, "AL D"))
    ward.set((nurse, 2, "D"))
    assert ward.codes(nurse, 2) == ["D"]


def test_two_people_swap_in_one_batch(ward):
    one, other = ward.nurses[:2]
    ward.set((one, 2, "D"), (other, 2, "E"))
    ward.set((one, 2, "E"), (other, 2, "D"))
    assert (ward.codes(one, 2), ward.codes(other, 2)) == (["E"], ["D"])


def test_a_published_shift_in_another_unit_is_named_with_place_and_time(ward):
    nurse, elsewhere = ward.nurses[0], make_unit(site=ward.site)
    assign_to(nurse, elsewhere)
    other = make_plan(elsewhere, FIRST, FIRST + 31 * DAY)
    make_shift(other, nurse, day(2), "E", live=True)
    with pytest.raises(actions.DoubleBooked) as refused:
        ward.set((nurse, 2, "D12"))
    assert refused.value.more["place"] == elsewhere.name
    assert refused.value.more["time"] == "15:00–23:00"
    assert elsewhere.name in str(refused.value)
    ward.set((nurse, 2, "D"))
    make_shift(other, nurse, day(4), "E", live=False)
    ward.set((nurse, 4, "D12"))  # what is only drafted elsewhere stands in nobody's way


def test_a_locked_cell_stays_until_it_is_unlocked(ward):
    nurse = ward.nurses[0]
    ward.set((nurse, 2, "D"))
    actions.lock_cells(by=ward.manager, plan=ward.plan, cells=[(nurse.pk, day(2)), (nurse.pk, day(3))], on=True)
    assert Shift.objects.draft().get().is_locked
    with pytest.raises(actions.CellLocked):
        ward.set((nurse, 2, "E"))
    assert ward.set((nurse, 2, "D")).cells == ()
    actions.lock_cells(by=ward.manager, plan=ward.plan, cells=[(nurse.pk, day(2))], on=False)
    ward.set((nurse, 2, "E"))
    assert ward.codes(nurse, 2) == ["E"]


# -- Who may --------------------------------------------------------------------------------------------------------------
def test_only_a_manager_of_the_unit_writes(ward):
    foreign = make_person(unit=make_unit(site=ward.site))
    grant(foreign, "unit_manager", unit=foreign.home_unit)
    for person in (ward.nurses[0], foreign):
        with pytest.raises(actions.NotYours):
            ward.set((ward.nurses[0], 2, "D"), by=person)
    assert nothing_was_stored(ward)


def test_a_manager_of_the_whole_site_writes_too(ward):
    head = make_person(unit=make_unit(site=ward.site))
    grant(head, "unit_manager", site=ward.site)
    ward.set((ward.nurses[0], 2, "D"), by=head)
    assert ward.codes(ward.nurses[0], 2) == ["D"]


def test_a_closed_roster_is_read_only(ward):
    Plan.objects.update(state=PlanState.CLOSED)
    with pytest.raises(actions.PlanClosed):
        ward.set((ward.nurses[0], 2, "D"))


# -- Two managers ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def second(ward):
    person = make_person(unit=ward.unit)
    grant(person, "unit_manager", unit=ward.unit)
    return person


def test_who_saves_on_an_older_state_of_a_cell_is_told_by_whom_it_was_changed(ward, second):
    one, other = ward.nurses[:2]
    ward.set((one, 2, "D"), by=second)
    with pytest.raises(actions.EditedMeanwhile) as refused:
        ward.set((one, 2, "E"), (other, 2, "E"), base=0)
    (cell,) = refused.value.cells
    assert (cell.user_id, cell.day, [entry.code for entry in cell.entries]) == (one.pk, day(2), ["D"])
    assert cell.by == second.display_name
    assert cell.at is not None
    assert (ward.codes(one, 2), ward.codes(other, 2)) == (["D"], [""])


def test_cells_that_nobody_else_touched_pass_on_an_older_state(ward, second):
    one, other = ward.nurses[:2]
    ward.set((one, 2, "D"), by=second)
    ward.set((other, 2, "E"), base=0)
    ward.set((other, 2, "N"), base=0)  # one's own last edit is no surprise
    assert ward.codes(other, 2) == ["N"]


def test_who_writes_what_the_other_wrote_is_not_bothered(ward, second):
    ward.set((ward.nurses[0], 2, "D"), by=second)
    assert ward.set((ward.nurses[0], 2, "D"), base=0).cells == ()


# -- Rules ----------------------------------------------------------------------------------------------------------------
@pytest.fixture
def no_day_after_night(ward):
    return make_rule("succession", {"after": "night", "then": "day"})


@pytest.fixture
def at_most_two(ward):
    return make_rule("run", {"what": "work", "max": 2})


def test_a_hard_rule_that_would_be_broken_refuses(ward, at_most_two):
    nurse = ward.nurses[0]
    ward.set((nurse, 2, "D"), (nurse, 3, "D"))
    with pytest.raises(actions.RuleBroken) as refused:
        ward.set((nurse, 4, "D"))
    (finding,) = refused.value.findings
    assert (finding.rule_code, finding.user_id, finding.measured, finding.limit) == (at_most_two.code, nurse.pk, 3, 2)
    assert str(refused.value)
    assert ward.codes(nurse, 4) == [""]


def test_with_a_reason_and_an_approver_it_is_done_and_kept_with_the_cell(ward, at_most_two, second):
    nurse = ward.nurses[0]
    ward.set((nurse, 2, "D"), (nurse, 3, "D"))
    done = ward.set((nurse, 4, "D"), reason="두 명이 아픕니다.", approved_by=second)
    event = ShiftEvent.objects.order_by("-change").first()
    assert (event.reason, event.approved_by) == ("두 명이 아픕니다.", second)
    assert [(row["rule"], row["measured"], row["limit"]) for row in event.findings] == [(at_most_two.code, 3, 2)]
    detail = AuditEntry.objects.order_by("-pk").first().detail
    assert (detail["approved_by"], detail["accepted"][0]["rule"]) == (second.pk, at_most_two.code)
    assert [finding.rule_code for finding in done.findings] == [at_most_two.code]


def test_an_override_without_a_reason_or_by_a_stranger_is_refused(ward, at_most_two):
    nurse = ward.nurses[0]
    ward.set((nurse, 2, "D"), (nurse, 3, "D"))
    with pytest.raises(actions.ReasonMissing):
        ward.set((nurse, 4, "D"), reason="  ", approved_by=ward.manager)
    with pytest.raises(actions.NotYours):
        ward.set((nurse, 4, "D"), reason="급합니다.", approved_by=nurse)
    with pytest.raises(actions.RuleBroken):
        ward.set((nurse, 4, "D"), reason="급합니다.")
    assert ward.codes(nurse, 4) == [""]


def test_a_roster_that_is_bad_already_may_become_better(ward, at_most_two):
    nurse = ward.nurses[0]
    for number in (2, 3, 4, 5, 6):
        make_shift(ward.plan, nurse, day(number))
    ward.set((nurse, 2, ""))
    ward.set((nurse, 12, "D"))
    with pytest.raises(actions.RuleBroken):
        ward.set((nurse, 7, "D"))


@pytest.mark.parametrize("who", [0, 1])
def test_two_who_are_kept_apart_are_seen_from_either_side(ward, who):
    make_rule("pairing", {"mode": "apart", "condition": "apart"})
    make_condition(ward.nurses[0], "apart", partner=ward.nurses[1])
    ward.set((ward.nurses[1 - who], 2, "D"))
    with pytest.raises(actions.RuleBroken):
        ward.set((ward.nurses[who], 2, "D"))
    ward.set((ward.nurses[who], 2, "E"))


def test_two_who_work_together_are_written_one_after_the_other_and_published_together(ward):
    make_rule("pairing", {"mode": "with", "condition": "preceptee"})
    learner, teacher = ward.nurses[:2]
    make_condition(learner, "preceptee", partner=teacher)
    done = ward.set((teacher, 2, "D"))
    assert done.change
    with pytest.raises(actions.RuleBroken):
        actions.publish_plan(by=ward.manager, plan=ward.plan)
    ward.set((learner, 2, "D"))
    actions.publish_plan(by=ward.manager, plan=ward.plan)


def test_a_weighed_rule_is_told_and_stops_nobody(ward):
    rule = make_rule("run", {"what": "work", "max": 1}, level="soft")
    nurse = ward.nurses[0]
    done = ward.set((nurse, 2, "D"), (nurse, 3, "D"))
    assert [(finding.rule_code, finding.level) for finding in done.findings] == [(rule.code, "soft")]


def test_a_certificate_is_looked_at_on_the_day_of_the_shift(ward):
    from tests.factories import make_qualification

    make_rule("cover", {"part": "each", "qualification": "acls"})
    nurse = ward.nurses[0]
    make_qualification(nurse, "acls", valid_until=day(10))
    ward.set((nurse, 9, "D"))
    with pytest.raises(actions.RuleBroken):
        ward.set((nurse, 10, "D"))


# -- Whole, or not at all -------------------------------------------------------------------------------------------------
def test_it_is_taken_back_whole_when_the_audit_cannot_be_written(ward, monkeypatch):
    def fail(**detail):
        raise RuntimeError("the audit is full")

    monkeypatch.setattr("apps.rosters.actions.locking.write_entry", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        ward.set((ward.nurses[0], 2, "D"))
    assert nothing_was_stored(ward)
    assert Plan.objects.get(pk=ward.plan.pk).last_change == 0


def test_what_the_checks_cannot_see_the_database_refuses(ward):
    from apps.rosters.actions.cells import Order, edit_cells
    from apps.rosters.queries.cells import Entry

    wanted = {(ward.nurses[0].pk, day(2)): (Entry("D"), Entry("D12"))}
    with translation.override("en"), pytest.raises(actions.RostersError, match="two places"):
        edit_cells(by=ward.manager, plan=ward.plan, order=Order(wanted=lambda plan: wanted, is_checked=False))
    assert nothing_was_stored(ward)


def test_other_broken_constraints_are_no_double_booking(ward, monkeypatch):
    monkeypatch.setattr("apps.rosters.actions.cells.take_change", lambda plan: -1)
    with pytest.raises(IntegrityError), transaction.atomic():
        ward.set((ward.nurses[0], 2, "D"))


def test_the_news_goes_out_after_the_commit(ward, django_capture_on_commit_callbacks):
    from apps.core.events import subscriber, subscribers_of
    from apps.rosters.events import ShiftsChanged

    heard = []

    def hear(event):
        heard.append(event)

    subscriber(ShiftsChanged)(hear)
    try:
        with django_capture_on_commit_callbacks(execute=False) as callbacks:
            ward.set((ward.nurses[0], 2, "D"))
        assert heard == []
        for callback in callbacks:
            callback()
        assert heard == [ShiftsChanged(ward.plan.pk, ward.unit.pk)]
    finally:
        subscribers_of(ShiftsChanged.name()).pop(f"{hear.__module__}.{hear.__name__}")


# -- The history ----------------------------------------------------------------------------------------------------------
def test_the_history_of_a_cell_is_its_events(ward, second):
    nurse = ward.nurses[0]
    ward.set((nurse, 2, "D"))
    ward.set((nurse, 2, "E"), by=second)
    ward.set((nurse, 3, "E"))
    history = queries.history_of(ward.plan, nurse.pk, day(2))
    assert [(event.by, [row["code"] for row in event.after]) for event in history] == [
        (second, ["E"]),
        (ward.manager, ["D"]),
    ]


@pytest.mark.parametrize("statement", ["UPDATE rosters_shiftevent SET reason = 'x'", "DELETE FROM rosters_shiftevent"])
def test_the_history_can_only_grow(ward, statement):
    ward.set((ward.nurses[0], 2, "D"))
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
