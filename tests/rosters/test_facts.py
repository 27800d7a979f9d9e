"""What the loader makes of rows: plain numbers, everybody's shifts, the rules that hold for whom and when."""

from datetime import date, datetime, time, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.rosters import queries, rules
from apps.rosters.models import Rule
from tests.factories import (
    assign_to,
    fill_plan,
    make_calendar_entry,
    make_condition,
    make_contract,
    make_demand,
    make_person,
    make_plan,
    make_qualification,
    make_rule,
    make_setting,
    make_shift,
    make_shift_type,
    make_site,
    make_unit,
    make_waiver,
    standard_types,
)

pytestmark = pytest.mark.django_db

FIRST, LAST = date(2026, 8, 1), date(2026, 9, 1)


@pytest.fixture
def ward():
    site = make_site()
    standard_types(site)
    unit = make_unit(site=site)
    Rule.objects.all().delete()
    return unit


def bound_to(unit, code, first=FIRST, last=LAST, **more):
    return [rule for rule in queries.bound_rules(unit, first, last, **more) if rule.code == code]


def test_draft_over_everybodys_published_shifts_elsewhere(ward):
    nurse = make_person(unit=ward)
    other = make_unit(site=ward.department.site)
    plan, elsewhere = make_plan(ward, FIRST), make_plan(other, FIRST)
    make_shift(plan, nurse, date(2026, 8, 3), "D")
    make_shift(plan, nurse, date(2026, 8, 4), "N", live=True)  # published before; the draft took it out
    make_shift(elsewhere, nurse, date(2026, 8, 6), "E", live=True)
    make_shift(elsewhere, nurse, date(2026, 8, 7), "E")  # only drafted there
    drafted = queries.load_facts(ward.pk, FIRST, LAST, plan_id=plan.pk)
    published = queries.load_facts(ward.pk, FIRST, LAST)

    def cells(facts):
        return [(date.fromordinal(s.day).day, facts.types[s.type_id].code) for s in facts.shifts[nurse.pk]]

    assert cells(drafted) == [(3, "D"), (6, "E")]
    assert cells(published) == [(4, "N"), (6, "E")]


def test_minutes_and_nights_are_true_ones(ward):
    nurse = make_person(unit=ward)
    plan = make_plan(ward, FIRST)
    make_shift(plan, nurse, date(2026, 8, 31), "N")
    facts = queries.load_facts(ward.pk, FIRST, LAST, plan_id=plan.pk)
    (shift,) = facts.shifts[nurse.pk]
    assert date.fromordinal(shift.day) == date(2026, 8, 31)
    assert shift.begins * 60 == datetime(2026, 8, 31, 23, tzinfo=ZoneInfo("Asia/Seoul")).timestamp()
    assert (shift.ends - shift.begins, shift.night) == (480, 420)


@pytest.mark.parametrize(
    ("zone", "on", "minutes"),
    [
        ("Europe/Berlin", date(2026, 3, 28), 7 * 60),
        ("Europe/Berlin", date(2026, 10, 24), 9 * 60),
        ("America/New_York", date(2026, 3, 7), 7 * 60),
        ("America/New_York", date(2026, 10, 31), 9 * 60),
        ("Asia/Seoul", date(2026, 3, 28), 8 * 60),
    ],
)
def test_a_night_over_a_clock_change_counts_as_long_as_it_is(zone, on, minutes):
    site = make_site(time_zone=zone, country="DE")
    make_shift_type("N", site=site, break_minutes=0)
    ward = make_unit(site=site)
    nurse = make_person(unit=ward)
    plan = make_plan(ward, on.replace(day=1))
    make_shift(plan, nurse, on, "N")
    facts = queries.load_facts(ward.pk, on.replace(day=1), on + timedelta(days=3), plan_id=plan.pk)
    (shift,) = facts.shifts[nurse.pk]
    assert shift.minutes == minutes
    assert shift.night == minutes - 60  # 06:00 to 07:00 is no night
    assert facts.shift_on(shift.type_id, shift.day)[:4] == shift[:4]


def test_constant_queries(ward):
    first = make_person(unit=ward)
    plan = make_plan(ward, FIRST)
    fill_plan(plan, {first: "D E N O"})
    make_demand(ward, standard_types(ward.department.site)["D"])
    with CaptureQueriesContext(connection) as few:
        queries.findings_of(plan)
    people = [make_person(unit=ward) for _ in range(30)]
    for person in people:
        make_qualification(person, "charge")
        make_condition(person, "no_nights")
    fill_plan(plan, dict.fromkeys(people, "D D E E N N O O"))
    with CaptureQueriesContext(connection) as many:
        queries.findings_of(plan)
    assert len(many) == len(few)


def test_the_calendar_and_the_demand_reach_the_facts(ward):
    site = ward.department.site
    make_calendar_entry(site, date(2026, 8, 5))
    make_calendar_entry(site, date(2026, 8, 9), kind="ramadan")
    day = standard_types(site)["D"]
    make_demand(ward, day, 3)
    make_demand(ward, day, 2, day_kind="sunday")
    make_demand(ward, day, 5, on=date(2026, 8, 12))
    facts = queries.load_facts(ward.pk, FIRST, LAST)
    kinds = {on: facts.kind_of(date(2026, 8, on).toordinal()) for on in (1, 2, 3, 5)}
    assert kinds == {1: "saturday", 2: "sunday", 3: "weekday", 5: "holiday"}
    assert date(2026, 8, 9).toordinal() in facts.ramadan
    wanted = {on: [need.minimum for need in facts.needs_on(date(2026, 8, on).toordinal())] for on in (1, 2, 3, 5, 12)}
    assert wanted == {1: [3], 2: [2], 3: [3], 5: [2], 12: [5]}


def test_the_nearest_setting_wins_from_its_day_on(ward):
    site = ward.department.site
    part_time = make_contract(percent=50, weekly_minutes=1200)
    plain, half, special = (make_person(unit=ward) for _ in range(3))
    half.assignments.update(contract=part_time)
    rule = make_rule("run", {"what": "busy", "max": 5}, code="RUN")
    make_setting(rule, {"max": 6}, site=site)
    make_setting(rule, {"max": 4}, unit=ward, valid_from=date(2026, 8, 15))
    make_setting(rule, {"max": 3}, contract=part_time)
    make_setting(rule, {"max": 2}, user=special)
    held = {}
    for bound in bound_to(ward, "RUN"):
        for user, spans in bound.people.items():
            held.setdefault(user, {})[bound.params.max] = spans
    middle = date(2026, 8, 15).toordinal()
    assert {limit: spans[0][0] for limit, spans in held[plain.pk].items()}[4] == middle
    assert {limit: spans[0][1] for limit, spans in held[plain.pk].items()}[6] == middle
    assert set(held[half.pk]) == {3}
    assert set(held[special.pk]) == {2}


def test_settings_that_do_not_go_together_leave_the_rule_in_force(ward):
    """At least three in a row for the site, at most two for the unit: each can stand, both together cannot."""
    make_person(unit=ward)
    rule = make_rule("run", {"what": "night", "max": 3})
    make_setting(rule, {"min": 3}, site=ward.department.site)
    make_setting(rule, {"max": 2}, unit=ward)
    (bound,) = bound_to(ward, rule.code)
    assert (bound.params.min, bound.params.max, bound.level) == (3, 3, "hard")


def test_the_pilot_for_72_hours_is_a_setting_of_a_site(ward):
    resident = make_person(unit=ward, job="resident")
    import_module("apps.rosters.migrations.0003_rules").write_rules(apps, None)
    assert [rule.level for rule in bound_to(ward, "KR-R-72")] == ["soft"]
    make_setting(Rule.objects.get(code="KR-R-72"), site=ward.department.site, level="hard")
    (bound,) = bound_to(ward, "KR-R-72")
    assert (bound.level, set(bound.people)) == ("hard", {resident.pk})


def test_a_rule_holds_by_country_place_job_and_day(ward):
    nurse, resident = make_person(unit=ward), make_person(unit=ward, job="resident")
    elsewhere = make_unit()
    make_rule("run", {"what": "busy", "max": 5}, code="JOBS", jobs=["resident"])
    make_rule("run", {"what": "busy", "max": 5}, code="AE", country="AE")
    make_rule("run", {"what": "busy", "max": 5}, code="OTHER", unit=elsewhere)
    make_rule("run", {"what": "busy", "max": 5}, code="OFF", is_on=False)
    make_rule("run", {"what": "busy", "max": 5}, code="LATER", valid_from=date(2026, 8, 20))
    switched = make_rule("run", {"what": "busy", "max": 5}, code="ON", is_on=False)
    make_setting(switched, unit=ward, is_on=True)
    found = {rule.code: rule for rule in queries.bound_rules(ward, FIRST, LAST)}
    assert set(found) == {"JOBS", "LATER", "ON"}
    assert set(found["JOBS"].people) == {resident.pk}
    assert found["LATER"].people[nurse.pk][0][0] == date(2026, 8, 20).toordinal()


def test_circumstances_narrow_a_rule_to_their_days(ward):
    pregnant, plain = make_person(unit=ward), make_person(unit=ward)
    make_condition(pregnant, "pregnant", date(2026, 8, 10), date(2026, 8, 20))
    make_rule("blackout", {"what": "night", "while": "pregnant"}, code="PREG")
    make_rule("blackout", {"what": "night", "unless": "pregnant"}, code="OTHERS")
    plan = make_plan(ward, FIRST)
    fill_plan(plan, {pregnant: "O " * 8 + "N N", plain: "N"})
    found = {(f.rule_code, f.user_id, date.fromordinal(f.days[0]).day) for f in queries.findings_of(plan)}
    assert found == {("PREG", pregnant.pk, 10), ("OTHERS", pregnant.pk, 9), ("OTHERS", plain.pk, 1)}


def test_a_waiver_holds_for_its_person_rule_and_days(ward):
    nurse, other = make_person(unit=ward), make_person(unit=ward)
    rule = make_rule("succession", {"after": "night", "then": "day"}, code="ND", is_waivable=True)
    strict = make_rule("succession", {"after": "night", "then": "day"}, code="STRICT")
    make_waiver(rule, nurse, date(2026, 8, 2))
    make_waiver(strict, nurse, date(2026, 8, 2))
    plan = make_plan(ward, FIRST)
    fill_plan(plan, {nurse: "N D . N D", other: "N D"})
    found = sorted((f.rule_code, f.user_id, f.days[-1] - FIRST.toordinal() + 1) for f in queries.findings_of(plan))
    assert found == sorted([
        ("ND", nurse.pk, 5), ("ND", other.pk, 2),
        ("STRICT", nurse.pk, 2), ("STRICT", nurse.pk, 5), ("STRICT", other.pk, 2),
    ])  # fmt: skip


def test_a_certificate_is_asked_for_on_the_day_of_the_shift(ward):
    nurse = make_person(unit=ward)
    make_qualification(nurse, "acls", date(2025, 1, 1), date(2026, 8, 15))
    make_rule("cover", {"part": "each", "what": "work", "qualification": "acls"}, code="ACLS", unit=ward)
    plan = make_plan(ward, FIRST)
    fill_plan(plan, {nurse: ". " * 12 + "D D D D"})  # the 13th to the 16th
    found = queries.findings_of(plan)
    assert [date.fromordinal(f.days[0]).day for f in found] == [15, 16]
    assert {f.level for f in found} == {"hard"}
    assert "Certificate" in rules.sentence_of(found[0]) or "자격" in rules.sentence_of(found[0])


def test_somebody_who_moves_in_mid_month_owes_no_days_off_before(ward):
    mover = make_person(unit=make_unit(site=ward.department.site))
    assign_to(mover, ward, on=date(2026, 8, 17))
    make_rule("count", {"what": "free", "window": {"months": 1}, "min": 25}, code="OFF")
    plan = make_plan(ward, FIRST)
    fill_plan(plan, {mover: "D D D D D"}, first=date(2026, 8, 17))
    assert queries.findings_of(plan, users=[mover.pk]) == []


def test_the_migration_writes_what_is_missing_and_leaves_the_rest(ward):
    migration = import_module("apps.rosters.migrations.0003_rules")
    migration.write_rules(apps, None)
    written = Rule.objects.count()
    assert written == len(rules.PRESETS)
    Rule.objects.filter(code="KR-N-RUN").update(is_on=False, params={"what": "busy", "max": 6})
    Rule.objects.filter(code="KR-R-24").delete()
    migration.write_rules(apps, None)
    changed = Rule.objects.get(code="KR-N-RUN")
    assert (changed.is_on, changed.params["max"]) == (False, 6)
    assert Rule.objects.count() == written
    assert Rule.objects.get(code="KR-R-24").valid_from == date(2026, 2, 21)


def test_each_rule_of_the_law_is_a_row_that_its_family_can_read(ward):
    import_module("apps.rosters.migrations.0003_rules").write_rules(apps, None)
    for rule in Rule.objects.all():
        rule.full_clean()
        assert rules.validate_params(rule.family, rule.params) == []


def test_split_and_double_shifts_keep_their_own_minutes(ward):
    site = ward.department.site
    make_shift_type("M4", site=site, starts_at=time(7), ends_at=time(11), break_minutes=0)
    make_shift_type("A4", site=site, starts_at=time(16), ends_at=time(20), break_minutes=0)
    nurse = make_person(unit=ward)
    plan = make_plan(ward, FIRST)
    fill_plan(plan, {nurse: "M4+A4"})
    facts = queries.load_facts(ward.pk, FIRST, LAST, plan_id=plan.pk)
    assert [shift.minutes for shift in facts.shifts[nurse.pk]] == [240, 240]
