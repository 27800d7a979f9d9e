"""The spreadsheet of a roster: what stands where, what Excel makes of it, and what is said when something is wrong."""

import csv
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from apps.people.models import User
from apps.rosters import queries
from apps.rosters.models import Plan
from apps.rosters.templatetags.rosters import weekday
from tests.factories import assign_to, fill_plan, make_person, make_plan, make_unit

pytestmark = pytest.mark.django_db
FIRST = date(2026, 8, 1)


@pytest.fixture
def plan() -> Plan:
    return make_plan(first=FIRST)


@pytest.fixture
def nurse(plan: Plan) -> User:
    return make_person(unit=plan.unit, name_ko="가나다", title_ko="간호사")


def export(plan: Plan, *words: str, first: str = "2026-08-01", until: str = "2026-08-08") -> list[list[str]]:
    out = StringIO()
    call_command("export_roster", str(plan.unit_id), "--from", first, "--until", until, *words, stdout=out)
    text = out.getvalue()
    assert text.startswith("\ufeff")
    assert "\r\n" in text
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"), newline="")))


def named(first: date, count: int) -> list[str]:
    """The names of weekdays in the language of the site."""
    with translation.override("ko"):
        return [weekday(first + timedelta(days=offset)) for offset in range(count)]


def test_people_down_days_across_and_counts_at_the_right_and_below(plan: Plan, nurse: User) -> None:
    other = make_person(unit=plan.unit, name_ko="나다라")
    fill_plan(plan, {nurse: "D D E+HC O O N N", other: ". D D D O O AL"}, live=True)
    title, heads, weekdays, *rest = export(plan)
    assert title == [plan.unit.name, "2026-08-01", "2026-08-07"]
    assert heads[:4] == ["사번", "이름", "직위", "1"]
    counted = heads[10:]
    assert sorted(counted) == sorted(["D", "E", "N", "HC", "O", "AL"])
    assert weekdays[3:10] == named(FIRST, 7)
    rows = {line[0]: line for line in rest}
    mine = rows[nurse.staff_number]
    assert mine[1:10] == ["가나다", "간호사", "D", "D", "E HC", "O", "O", "N", "N"]
    assert dict(zip(counted, mine[10:], strict=True)) == {"D": "2", "E": "1", "N": "2", "HC": "1", "O": "2", "AL": "0"}
    assert rows[other.staff_number][3:10] == ["", "D", "D", "D", "O", "O", "AL"]
    assert rows["D"][3:] == ["1", "2", "1", "1", "0", "0", "0"]
    assert rows["N"][3:] == ["0", "0", "0", "0", "0", "1", "1"]
    assert "O" not in rows
    assert "AL" not in rows


def test_the_draft_is_another_table(plan: Plan, nurse: User) -> None:
    fill_plan(plan, {nurse: "D"}, live=True)
    fill_plan(plan, {nurse: "E"})
    row = {line[0]: line for line in export(plan)}[nurse.staff_number]
    drafted = {line[0]: line for line in export(plan, "--draft")}[nurse.staff_number]
    assert (row[3], drafted[3]) == ("D", "E")


def test_days_of_two_months_say_their_month_and_holidays_are_marked(plan: Plan, nurse: User) -> None:
    fill_plan(plan, {nurse: "D"}, first=date(2026, 8, 15), live=True)
    _title, heads, weekdays, *_rest = export(plan, first="2026-07-31", until="2026-08-16")
    assert heads[3:5] == ["7/31", "8/1"]
    liberation_day = weekdays.pop()
    assert liberation_day == f"{named(date(2026, 8, 15), 1)[0]}*"
    assert weekdays[3:] == named(date(2026, 7, 31), 15)


def test_the_language_is_the_site_s_unless_another_is_asked_for(plan: Plan, nurse: User) -> None:
    fill_plan(plan, {nurse: "D"}, live=True)
    assert export(plan, "--language", "en")[1][1] == "Name"
    assert export(plan)[1][1] == "이름"


def test_no_cell_is_a_formula(plan: Plan) -> None:
    person = make_person(unit=plan.unit, name_ko="=1+1", title_ko="@SUM(A1)")
    fill_plan(plan, {person: "D"}, live=True)
    row = {line[0]: line for line in export(plan)}[person.staff_number]
    assert row[1:3] == ["'=1+1", "'@SUM(A1)"]


def test_who_left_is_listed_only_with_shifts(plan: Plan, nurse: User) -> None:
    gone, worked = (make_person(unit=plan.unit, is_active=False) for _ in range(2))
    moved = make_person()
    assign_to(moved, plan.unit, on=date(2026, 8, 5), until=date(2026, 8, 20))
    stranger = make_person()
    fill_plan(plan, {nurse: "D", worked: "D"}, live=True)
    numbers = {line[0] for line in export(plan)}
    assert {nurse.staff_number, worked.staff_number, moved.staff_number} <= numbers
    assert not {gone.staff_number, stranger.staff_number} & numbers


def test_a_file_is_written(plan: Plan, nurse: User, tmp_path: Path) -> None:
    fill_plan(plan, {nurse: "D"}, live=True)
    path = tmp_path / "roster.csv"
    words = [str(plan.unit_id), "--from", "2026-08-01", "--until", "2026-08-02", "--output", str(path)]
    call_command("export_roster", *words)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_roster", *words[:-1], str(tmp_path / "none" / "roster.csv"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere/at/all", "--from", "2026-08-01", "--until", "2026-08-02"], "no unit"),
        (["1", "--from", "2026-13-01", "--until", "2026-08-02"], "no day"),
        (["1", "--from", "2026-08-02", "--until", "2026-08-02"], "must lie after"),
        (["1", "--from", "2026-08-01", "--until", "2028-08-02"], "at most"),
    ],
)
def test_what_is_not_understood_is_said(words: list[str], said: str) -> None:
    unit = make_unit()
    words = [str(unit.pk) if word == "1" else word for word in words]
    with pytest.raises(CommandError, match=said):
        call_command("export_roster", *words)


def test_nothing_published_is_told_by_the_exit_code(plan: Plan, nurse: User) -> None:
    fill_plan(plan, {nurse: "D"})
    out, err = StringIO(), StringIO()
    words: list[Any] = [str(plan.unit_id), "--from", "2026-08-01", "--until", "2026-08-08"]
    with pytest.raises(SystemExit) as ended:
        call_command("export_roster", *words, stdout=out, stderr=err)
    assert ended.value.code == 3
    assert "Nothing is published" in err.getvalue()
    assert nurse.staff_number in out.getvalue()


def test_a_large_sheet_costs_as_many_queries_as_a_small_one(plan: Plan, nurse: User) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            list(queries.sheet_of(plan.unit, FIRST, date(2026, 9, 1), is_draft=True).lines(weekday))
        return len(seen)

    fill_plan(plan, {nurse: "D"})
    few = count()
    fill_plan(plan, {make_person(unit=plan.unit): "E D O O N " * 6 for _ in range(30)})
    assert count() == few <= 5
