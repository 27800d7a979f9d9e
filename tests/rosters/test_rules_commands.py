"""`check_roster`, `fuzz_rules`, `bench_rules` and `bench_grid` as IT calls them."""

import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from apps.rosters.management.commands import bench_grid
from apps.rosters.models import Rule, Shift
from tests.factories import fill_plan, make_person, make_plan, make_rule, make_site, make_unit, standard_types

FIRST = date(2026, 8, 1)
DAYS = ["--from", "2026-08-01", "--until", "2026-09-01"]


@pytest.fixture
def ward(db):
    Rule.objects.all().delete()
    site = make_site()
    standard_types(site)
    return make_unit(site=site)


def told_by(capsys, *arguments):
    """What the command prints as JSON, and the code with which it ends."""
    code = 0
    try:
        call_command("check_roster", *arguments, "--json")
    except SystemExit as ended:
        code = ended.code
    return json.loads(capsys.readouterr().out), code


def test_a_draft_with_a_hard_breach_ends_with_1(ward, capsys):
    nurse = make_person(unit=ward)
    make_rule("run", {"what": "night", "max": 3}, code="NIGHTS")
    make_rule("run", {"what": "busy", "max": 3}, code="WORK", level="soft", weight=7)
    plan = make_plan(ward, FIRST)
    fill_plan(plan, {nurse: "N N N N"})
    path = f"{ward.department.site.code}/{ward.department.code}/{ward.code}"
    told, code = told_by(capsys, path, *DAYS)
    assert (code, told["hard"], told["cost"]) == (1, 1, 7)
    (hard,) = [row for row in told["findings"] if row["level"] == "hard"]
    assert (hard["rule"], hard["staff_number"], hard["measured"]) == ("NIGHTS", nurse.staff_number, 4)
    assert hard["days"] == ["2026-08-01", "2026-08-02", "2026-08-03", "2026-08-04"]
    assert hard["sentence"] == "4 nights in a row (August 1 to August 4); at most 3."
    assert [row["rule"] for row in told_by(capsys, str(ward.pk), *DAYS, "--hard")[0]["findings"]] == ["NIGHTS"]


def test_what_is_published_is_another_question(ward, capsys):
    nurse = make_person(unit=ward)
    make_rule("run", {"what": "night", "max": 3}, code="NIGHTS")
    plan = make_plan(ward, FIRST)
    fill_plan(plan, {nurse: "N N N N"})
    fill_plan(plan, {nurse: "N N N"}, live=True)
    assert told_by(capsys, str(ward.pk), *DAYS, "--live")[1] == 0
    assert told_by(capsys, str(ward.pk), *DAYS)[1] == 1


def test_two_rosters_side_by_side_are_checked_each_with_its_own_draft(ward, capsys):
    nurse = make_person(unit=ward)
    make_rule("run", {"what": "night", "max": 3}, code="NIGHTS")
    july, august = make_plan(ward, date(2026, 7, 1)), make_plan(ward, FIRST)
    fill_plan(july, {nurse: "N N N N"}, first=date(2026, 7, 10))
    fill_plan(august, {nurse: "N N N N"}, first=date(2026, 8, 10))
    told, code = told_by(capsys, str(ward.pk), "--from", "2026-07-01", "--until", "2026-09-01")
    assert (told["hard"], code) == (2, 1)


@pytest.mark.parametrize("name", ["nowhere", "a/b/c", "999999999"])
def test_an_unknown_unit_is_told(ward, name):
    with pytest.raises(CommandError) as error:
        call_command("check_roster", name, *DAYS)
    assert error.value.returncode == 2


def test_days_the_wrong_way_round_are_told(ward):
    with pytest.raises(CommandError):
        call_command("check_roster", str(ward.pk), "--from", "2026-08-02", "--until", "2026-08-02")


def test_fuzzing_a_family(capsys):
    call_command("fuzz_rules", "--count", "20", "--family", "run", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["differing"] == []
    assert told["families"]["run"] > 0


@pytest.mark.django_db
def test_the_bench_measures_and_leaves_nothing_behind(capsys):
    make_rule("run", {"what": "night", "max": 3})
    before = Shift.objects.count()
    call_command("bench_rules", "--people", "12", "--days", "7", "--runs", "1", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["people"], told["days"]) == (12, 7)
    assert told["shifts"] > 12
    assert told["check_ms"] >= 0
    assert Shift.objects.count() == before


def test_the_bench_of_the_grid_opens_it_and_writes_in_it(db):
    found = bench_grid.measure(3, 7, edits=2)
    assert 0 < found["statements"] < 35
    assert found["kilobytes"] > 20
    assert sum(found["answers"].get(status, 0) for status in ("200", "422")) == 2
    assert all(found[name]["p95"] > 0 for name in bench_grid.LIMITS)


def test_what_is_too_small_to_measure_is_refused():
    with pytest.raises(CommandError, match="at least 1"):
        call_command("bench_grid", "--edits", "0")
