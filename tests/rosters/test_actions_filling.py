"""Copying, patterns, and undo: many cells at once, and one's own gestures taken back."""

import pytest

from apps.rosters import actions
from apps.rosters.models import Plan, Shift, ShiftEvent
from tests.factories import fill_plan, grant, make_pattern, make_person, make_plan, make_rule, make_unit
from tests.rosters.wards import DAY, FIRST, day, make_ward

pytestmark = pytest.mark.django_db


@pytest.fixture
def ward():
    return make_ward()


@pytest.fixture
def second(ward):
    person = make_person(unit=ward.unit)
    grant(person, "unit_manager", unit=ward.unit)
    return person


# -- Copying --------------------------------------------------------------------------------------------------------------
def test_a_week_is_copied_within_the_roster(ward):
    one, other = ward.nurses[:2]
    ward.set((one, 1, "D"), (one, 2, "E HC"), (other, 9, "N"))
    done = actions.copy_range(by=ward.manager, plan=ward.plan, source_first=FIRST, days=7, target_first=day(8))
    assert ward.codes(one, 8, 9) == ["D", "E HC"]
    assert ward.codes(other, 9) == [""]  # the source week is empty there
    assert (done.left_out, Shift.objects.draft().filter(source="copy").count()) == ((), 3)


def test_the_end_of_last_month_is_copied_into_this_one(ward):
    nurse = ward.nurses[0]
    before = make_plan(ward.unit, FIRST - 28 * DAY, FIRST)
    fill_plan(before, {nurse: "D E N O"}, first=FIRST - 28 * DAY)
    actions.copy_range(by=ward.manager, plan=ward.plan, source_first=FIRST - 28 * DAY, days=28, target_first=FIRST)
    assert ward.codes(nurse, 1, 2, 3, 4, 5) == ["D", "E", "N", "O", ""]


def test_what_cannot_be_copied_somewhere_is_left_out_and_named(ward):
    locked, on_leave, leaving, tired = (*ward.nurses, ward.manager)
    make_rule("run", {"what": "work", "max": 2})
    ward.set(*[(person, number, "D") for person in (locked, on_leave, leaving, tired) for number in (1, 2)])
    ward.set((locked, 8, "E"), (on_leave, 8, "AL"), (tired, 7, "D"))
    actions.lock_cells(by=ward.manager, plan=ward.plan, cells=[(locked.pk, day(8))], on=True)
    leaving.assignments.update(during=(FIRST, day(9)))
    done = actions.copy_range(by=ward.manager, plan=ward.plan, source_first=FIRST, days=2, target_first=day(8))
    assert {(row.user_id, row.day) for row in done.left_out} == {
        (locked.pk, day(8)),
        (on_leave.pk, day(8)),
        (leaving.pk, day(9)),
        (tired.pk, day(9)),
    }
    assert all(row.why for row in done.left_out)
    assert ward.codes(locked, 8, 9) == ["E", "D"]
    assert ward.codes(on_leave, 8, 9) == ["AL", "D"]
    assert ward.codes(leaving, 8, 9) == ["D", ""]
    assert ward.codes(tired, 7, 8, 9) == ["D", "D", ""]


def test_leave_is_nobody_elses_and_is_not_copied(ward):
    nurse = ward.nurses[0]
    ward.set((nurse, 1, "AL"))
    ward.set((nurse, 8, "D"))
    actions.copy_range(by=ward.manager, plan=ward.plan, source_first=FIRST, days=1, target_first=day(8))
    assert ward.codes(nurse, 8) == ["D"]


@pytest.mark.parametrize(("days", "target"), [(0, day(8)), (7, day(40))])
def test_copying_nothing_or_to_nowhere_is_refused(ward, days, target):
    with pytest.raises(actions.WrongDays):
        actions.copy_range(by=ward.manager, plan=ward.plan, source_first=FIRST, days=days, target_first=target)


def test_others_neither_copy_nor_apply_nor_lock(ward):
    nurse = ward.nurses[0]
    pattern = make_pattern(ward.unit, "D E", nurse)
    for act in (
        lambda: actions.copy_range(by=nurse, plan=ward.plan, source_first=FIRST, days=1, target_first=day(2)),
        lambda: actions.apply_pattern(by=nurse, plan=ward.plan, pattern=pattern, first=FIRST, last=day(3)),
        lambda: actions.lock_cells(by=nurse, plan=ward.plan, cells=[(nurse.pk, day(1))], on=True),
    ):
        with pytest.raises(actions.NotYours):
            act()


# -- Patterns -------------------------------------------------------------------------------------------------------------
def test_people_walk_through_a_pattern_each_from_their_place(ward):
    one, other = ward.nurses[:2]
    pattern = make_pattern(ward.unit, "D E N O", one, other, anchor_on=FIRST - 2 * DAY)
    actions.apply_pattern(by=ward.manager, plan=ward.plan, pattern=pattern, first=FIRST, last=day(6))
    assert ward.codes(one, 1, 2, 3, 4, 5, 6) == ["N", "O", "D", "E", "N", ""]
    assert ward.codes(other, 1, 2, 3, 4, 5, 6) == ["O", "D", "E", "N", "O", ""]
    assert set(Shift.objects.values_list("source", flat=True)) == {"pattern"}


def test_a_pattern_for_some_of_them_leaves_the_others_alone(ward):
    one, other = ward.nurses[:2]
    pattern = make_pattern(ward.unit, "D", one, other)
    actions.apply_pattern(by=ward.manager, plan=ward.plan, pattern=pattern, first=FIRST, last=day(3), users=[other.pk])
    assert (ward.codes(one, 1), ward.codes(other, 1)) == ([""], ["D"])


def test_a_pattern_keeps_leave_and_obeys_rules(ward):
    nurse = ward.nurses[0]
    make_rule("succession", {"after": "night", "then": "day"})
    ward.set((nurse, 2, "AL"), (nurse, 3, "N"))
    actions.lock_cells(by=ward.manager, plan=ward.plan, cells=[(nurse.pk, day(3))], on=True)
    done = actions.apply_pattern(
        by=ward.manager, plan=ward.plan, pattern=make_pattern(ward.unit, "D", nurse), first=FIRST, last=day(6)
    )
    assert ward.codes(nurse, 1, 2, 3, 4, 5) == ["D", "AL", "N", "", "D"]
    assert {row.day for row in done.left_out} == {day(2), day(3), day(4)}


def test_what_stays_beside_a_cell_that_was_left_out_is_looked_at_again(ward):
    """A night after a 24-hour duty is refused; the long day that stays instead would overlap with the end of the duty."""
    nurse = ward.nurses[0]
    make_rule("succession", {"after": "duty", "then": "night"})
    ward.set((nurse, 8, "D12"))
    pattern = make_pattern(ward.unit, "24 N", nurse, anchor_on=day(7))
    done = actions.apply_pattern(by=ward.manager, plan=ward.plan, pattern=pattern, first=day(7), last=day(9))
    assert {row.day for row in done.left_out} == {day(7), day(8)}
    assert ward.codes(nurse, 7, 8) == ["", "D12"]


def test_a_pattern_of_another_unit_or_for_nobody_is_refused(ward):
    foreign = make_pattern(make_unit(site=ward.site), "D", ward.nurses[0])
    empty = make_pattern(ward.unit, "D")
    for pattern in (foreign, empty):
        with pytest.raises(actions.WrongDays):
            actions.apply_pattern(by=ward.manager, plan=ward.plan, pattern=pattern, first=FIRST, last=day(3))
    with pytest.raises(actions.WrongDays):
        actions.apply_pattern(by=ward.manager, plan=ward.plan, pattern=empty, first=day(3), last=day(3))


# -- Undo and redo --------------------------------------------------------------------------------------------------------
def test_gestures_are_taken_back_newest_first_and_done_again(ward):
    one, other = ward.nurses[:2]
    ward.set((one, 1, "D"), (other, 1, "E"))
    ward.set((one, 1, "N"))
    actions.undo(by=ward.manager, plan=ward.plan)
    assert (ward.codes(one, 1), ward.codes(other, 1)) == (["D"], ["E"])
    actions.undo(by=ward.manager, plan=ward.plan)
    assert (ward.codes(one, 1), ward.codes(other, 1)) == ([""], [""])
    with pytest.raises(actions.NothingToUndo):
        actions.undo(by=ward.manager, plan=ward.plan)
    actions.redo(by=ward.manager, plan=ward.plan)
    actions.redo(by=ward.manager, plan=ward.plan)
    assert (ward.codes(one, 1), ward.codes(other, 1)) == (["N"], ["E"])
    with pytest.raises(actions.NothingToUndo):
        actions.redo(by=ward.manager, plan=ward.plan)
    actions.undo(by=ward.manager, plan=ward.plan)
    assert ward.codes(one, 1) == ["D"]


def test_after_a_new_gesture_nothing_is_done_again(ward):
    nurse = ward.nurses[0]
    ward.set((nurse, 1, "D"))
    actions.undo(by=ward.manager, plan=ward.plan)
    ward.set((nurse, 2, "E"))
    with pytest.raises(actions.NothingToUndo):
        actions.redo(by=ward.manager, plan=ward.plan)
    actions.undo(by=ward.manager, plan=ward.plan)
    assert ward.codes(nurse, 1, 2) == ["", ""]


def test_several_requests_of_one_gesture_are_taken_back_together(ward):
    nurse = ward.nurses[0]
    first = ward.set((nurse, 1, "D"))
    ward.set((nurse, 2, "D"), batch=first.batch)
    ward.set((nurse, 1, "E"), batch=first.batch)
    actions.undo(by=ward.manager, plan=ward.plan)
    assert ward.codes(nurse, 1, 2) == ["", ""]
    actions.redo(by=ward.manager, plan=ward.plan)
    assert ward.codes(nurse, 1, 2) == ["E", "D"]


def test_each_takes_back_their_own(ward, second):
    one, other = ward.nurses[:2]
    ward.set((one, 1, "D"))
    ward.set((other, 1, "E"), by=second)
    actions.undo(by=ward.manager, plan=ward.plan)
    assert (ward.codes(one, 1), ward.codes(other, 1)) == ([""], ["E"])
    with pytest.raises(actions.NothingToUndo):
        actions.undo(by=ward.manager, plan=ward.plan)


def test_what_somebody_else_changed_since_is_not_taken_back(ward, second):
    nurse = ward.nurses[0]
    ward.set((nurse, 1, "D"), (nurse, 2, "D"))
    ward.set((nurse, 2, "E"), by=second)
    with pytest.raises(actions.EditedMeanwhile):
        actions.undo(by=ward.manager, plan=ward.plan)
    assert ward.codes(nurse, 1, 2) == ["D", "E"]


def test_a_lock_is_taken_back_too(ward):
    nurse = ward.nurses[0]
    ward.set((nurse, 1, "D"))
    actions.lock_cells(by=ward.manager, plan=ward.plan, cells=[(nurse.pk, day(1))], on=True)
    actions.undo(by=ward.manager, plan=ward.plan)
    assert not Shift.objects.draft().get().is_locked


def test_a_breach_that_was_approved_comes_back_without_a_second_reason(ward):
    nurse = ward.nurses[0]
    make_rule("run", {"what": "work", "max": 1})
    ward.set((nurse, 1, "D"))
    ward.set((nurse, 2, "D"), reason="두 명이 아픕니다.", approved_by=ward.manager)
    ward.set((nurse, 2, ""))
    actions.undo(by=ward.manager, plan=ward.plan)
    assert ward.codes(nurse, 1, 2) == ["D", "D"]


def test_undoing_writes_events_of_its_own(ward):
    ward.set((ward.nurses[0], 1, "D"))
    actions.undo(by=ward.manager, plan=ward.plan)
    first, back = ShiftEvent.objects.order_by("change")
    assert (back.undoes, back.before, back.after) == (first.batch, first.after, [])
    assert Plan.objects.get(pk=ward.plan.pk).last_change == 2
