"""The grid's data: who stands in which cell, counts, need and have, marks, holes with their reasons, constant queries."""

from datetime import date

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from apps.people.models import Assignment
from apps.rosters import actions, queries
from apps.rosters.models import Plan, ShiftType
from tests.factories import (
    fill_plan,
    make_calendar_entry,
    make_condition,
    make_demand,
    make_person,
    make_plan,
    make_qualification,
    make_qualification_kind,
    make_rule,
    make_shift,
    make_shift_type,
    make_unit,
)
from tests.rosters.wards import FIRST, LAST, day, make_ward

pytestmark = pytest.mark.django_db


@pytest.fixture
def ward():
    return make_ward()


def shift_type(ward, code):
    return ShiftType.objects.get(site=ward.site, code=code)


def row_of(grid, user):
    return next(row for row in grid.rows if row.user == user)


def fresh(ward):
    return Plan.objects.select_related("unit__department__site").get(pk=ward.plan.pk)


def test_people_stand_down_and_days_across(ward):
    nurse = ward.nurses[0]
    fill_plan(ward.plan, {nurse: "D D+HC N O"}, first=FIRST)
    make_calendar_entry(ward.site, day(4), name_ko="개원기념일", name_en="Founding day")
    grid = queries.grid_of(fresh(ward))
    assert len(grid.days) == 31
    with translation.override("en"):
        fourth = queries.grid_of(fresh(ward)).days[3]
    assert (fourth.on, fourth.kind, fourth.name) == (day(4), "holiday", "Founding day")
    row = row_of(grid, nurse)
    assert [cell.codes for cell in row.cells[:5]] == ["D", "D HC", "N", "O", ""]
    assert row.counts == {"D": 2, "HC": 1, "N": 1, "O": 1}
    assert row.minutes == 3 * 7 * 60
    assert {one.user for one in grid.rows} == {ward.manager, *ward.nurses}


def test_some_days_and_some_people_can_be_asked_for(ward):
    fill_plan(ward.plan, {ward.nurses[0]: "D E N"}, first=FIRST)
    grid = queries.grid_of(fresh(ward), days=[day(2)], users=[ward.nurses[0].pk])
    assert [(one.on) for one in grid.days] == [day(2)]
    assert [[cell.codes for cell in row.cells] for row in grid.rows] == [["E"]]


def test_who_moved_is_shown_on_their_days_and_with_what_they_left_behind(ward):
    nurse = ward.nurses[0]
    Assignment.objects.filter(user=nurse).update(during=DateRange(date(2020, 1, 1), day(11)))
    gone = make_person(unit=make_unit(site=ward.site))
    make_shift(ward.plan, gone, day(3))
    grid = queries.grid_of(fresh(ward))
    assert row_of(grid, nurse).is_member == (*[True] * 10, *[False] * 21)
    assert row_of(grid, gone).is_member == (False,) * 31


def test_what_differs_from_what_was_published_is_marked(ward):
    nurse = ward.nurses[0]
    fill_plan(ward.plan, {nurse: "D E"}, first=FIRST)
    assert not any(cell.is_changed for cell in row_of(queries.grid_of(fresh(ward)), nurse).cells)
    actions.publish_plan(by=ward.manager, plan=ward.plan)
    ward.set((nurse, 2, "N"), (nurse, 3, "O"))
    ward.set((nurse, 1, ""))
    ward.set((nurse, 1, "D"))  # and back again: that is no change
    cells = row_of(queries.grid_of(fresh(ward)), nurse).cells
    assert [cell.is_changed for cell in cells[:4]] == [False, True, True, False]
    assert cells[1].published == ("E",)
    assert queries.grid_of(fresh(ward)).changed == 2


def test_findings_stand_on_their_cells(ward):
    rule = make_rule("run", {"what": "work", "max": 2})
    nurse = ward.nurses[0]
    fill_plan(ward.plan, {nurse: "D D D O"}, first=FIRST)
    grid = queries.grid_of(fresh(ward))
    found = [[finding.rule_code for finding in cell.findings] for cell in row_of(grid, nurse).cells[:4]]
    assert rule.code in {code for codes in found for code in codes}
    assert found[3] == []
    assert [finding.rule_code for finding in grid.findings] == [rule.code]


def test_need_and_have_follow_the_kind_of_the_day(ward):
    first, second = ward.nurses[:2]
    late = shift_type(ward, "E")
    make_demand(ward.unit, late, 2, day_kind="weekday")
    make_demand(ward.unit, late, 1, day_kind="saturday")
    make_demand(ward.unit, late, 3, on=day(2))
    fill_plan(ward.plan, {first: "E E E E E E", second: "E . . . . E"}, first=FIRST)
    (cover,) = queries.grid_of(fresh(ward)).cover
    assert cover.shift_type == late
    # the first of March is a public holiday, for which nothing is demanded
    told = [(one.need, one.have, one.missing) if one else None for one in cover.days[:7]]
    assert told == [None, (3, 1, 2), (2, 1, 1), (2, 1, 1), (2, 1, 1), (1, 2, 0), None]


def test_who_learns_is_no_head_and_a_skill_is_counted_by_itself(ward):
    first, second = ward.nurses[:2]
    kind = make_qualification_kind("charge")
    make_qualification(first, "charge", valid_until=day(2))
    make_condition(second, "preceptee", day(2), day(3), partner=first)
    early = shift_type(ward, "D")
    make_demand(ward.unit, early, 2)
    make_demand(ward.unit, early, 1, qualification=kind)
    fill_plan(ward.plan, {first: "D D", second: "D D"}, first=FIRST)
    heads, charge = queries.grid_of(fresh(ward)).cover
    assert [one.have for one in heads.days[:2]] == [2, 1]
    assert (charge.skill, charge.skill_name) == ("charge", kind.name)
    assert [one.have for one in charge.days[:2]] == [1, 0]


def test_in_ramadan_the_short_shift_covers_what_the_long_one_is_needed_for(ward):
    short, long = make_shift_type("D6", site=ward.site), shift_type(ward, "D")
    long.in_ramadan = short
    long.save()
    make_calendar_entry(ward.site, day(2), day(3), kind="ramadan")
    make_rule("cover", {"part": "minimum"})
    make_demand(ward.unit, long, 1, on=day(2))
    ward.set((ward.nurses[0], 2, "D"))
    grid = queries.grid_of(fresh(ward))
    assert ([cell.codes for cell in row_of(grid, ward.nurses[0]).cells][1], grid.holes, grid.findings) == ("D6", (), ())
    assert [row.shift_type for row in grid.cover] == [long]
    assert ward.nurses[1].pk in queries.hole_of(fresh(ward), day(2), long).free


def test_holes_are_listed_by_day(ward):
    make_demand(ward.unit, shift_type(ward, "D"), 2, on=day(5))
    make_demand(ward.unit, shift_type(ward, "N"), 1, on=day(4))
    make_shift(ward.plan, ward.nurses[0], day(5), "D")
    holes = queries.grid_of(fresh(ward)).holes
    assert [(hole.day, hole.shift_type.code, hole.missing) for hole in holes] == [(day(4), "N", 1), (day(5), "D", 1)]


def test_a_hole_says_why_nobody_fills_it(ward):
    make_rule("succession", {"after": "night", "then": "day"})
    on_leave, after_night, elsewhere = ward.nurses
    busy, free = ward.manager, make_person(unit=ward.unit)
    other = make_plan(make_unit(site=ward.site), FIRST, LAST)
    fill_plan(ward.plan, {on_leave: ". AL", after_night: "N .", busy: ". D"}, first=FIRST)
    make_shift(other, elsewhere, day(2), "D", live=True)
    make_demand(ward.unit, shift_type(ward, "D"), 3)
    with translation.override("en"):
        hole = queries.hole_of(fresh(ward), day(2), shift_type(ward, "D"))
    assert hole.missing == 2
    assert hole.free == (free.pk,)
    reasons = {reason.sentence: reason.users for reason in hole.reasons}
    assert reasons.pop("are on leave") == (on_leave.pk,)
    assert reasons.pop("are in another shift then") == (busy.pk,)
    assert reasons.pop("are on duty in another unit") == (elsewhere.pk,)
    assert list(reasons.values()) == [(after_night.pk,)]


def test_a_hole_with_a_skill_asks_for_it(ward):
    make_qualification_kind("charge")
    make_qualification(ward.nurses[0], "charge")
    hole = queries.hole_of(fresh(ward), day(2), shift_type(ward, "D"), skill="charge")
    assert hole.free == (ward.nurses[0].pk,)
    assert [reason.count for reason in hole.reasons] == [3]


def ask_for_hole(plan):
    return queries.hole_of(plan, day(5), ShiftType.objects.get(site=plan.unit.department.site, code="D"))


@pytest.mark.parametrize("ask", [queries.grid_of, ask_for_hole])
def test_the_number_of_queries_is_constant(ask):
    counts = []
    for people in (1, 12):
        ward = make_ward(people)
        make_rule("run", {"what": "work", "max": 2})
        make_demand(ward.unit, shift_type(ward, "D"), 2)
        fill_plan(ward.plan, dict.fromkeys(ward.nurses, "D E N O"), first=FIRST, live=None)
        plan = fresh(ward)
        with CaptureQueriesContext(connection) as captured:
            ask(plan)
        counts.append(len(captured))
    assert counts[0] == counts[1] < 40
