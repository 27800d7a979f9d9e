"""The shift scheduling benchmark as configuration of the nine families, against a scorer written apart from them."""

import csv
import io
import json
import os
from pathlib import Path
from random import Random

import pytest
from django.core.management import CommandError, call_command

from apps.rosters.rules import FAMILIES, curtois

SMALL = """
SECTION_HORIZON
14

SECTION_SHIFTS
# ShiftID, Length in mins, Shifts which cannot follow this shift | separated
E,480,
L,600,E

SECTION_STAFF
Ada,E=5|L=3,4000,1000,3,2,2,1
Bo,E=9|L=0,4800,0,5,1,1,2

SECTION_DAYS_OFF
Ada,0,6

SECTION_SHIFT_ON_REQUESTS
Ada,2,E,3

SECTION_SHIFT_OFF_REQUESTS
Bo,3,E,2

SECTION_COVER
0,E,1,100,1
1,E,2,100,1
2,L,1,50,7
3,E,0,10,4
"""


def score_by_hand(text, roster):
    """The benchmark as its authors define it, read line by line: penalty, and whether a hard constraint is broken."""
    sections, name = {}, ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("SECTION_"):
            name = line
        elif line and not line.startswith("#"):
            sections.setdefault(name, []).append(line.split(","))
    horizon = int(sections["SECTION_HORIZON"][0][0])
    length = {row[0]: int(row[1]) for row in sections["SECTION_SHIFTS"]}
    refused = {row[0]: set(filter(None, row[2].split("|"))) for row in sections["SECTION_SHIFTS"]}
    broken = False
    for row in sections["SECTION_STAFF"]:
        who, caps, most, least, longest, shortest, shortest_off, weekends = row
        days = {}
        for day, code in roster.get(who, []):
            broken |= day in days
            days[day] = code
        for cap in caps.split("|"):
            code, _, number = cap.partition("=")
            broken |= sum(value == code for value in days.values()) > int(number)
        total = sum(length[code] for code in days.values())
        broken |= not int(least) <= total <= int(most)
        broken |= any(days.get(day + 1) in refused[code] for day, code in days.items())
        line = "".join("W" if day in days else "-" for day in range(horizon))
        broken |= any(len(run) > int(longest) for run in line.split("-"))
        inner = line.strip("W")  # a run at an edge may have begun before or go on
        broken |= any(0 < len(run) < int(shortest) for run in inner.split("-"))
        inner = line.strip("-")
        broken |= any(0 < len(run) < int(shortest_off) for run in inner.split("W"))
        broken |= sum("W" in line[day + 5 : day + 7] for day in range(0, horizon, 7)) > int(weekends)
        for off in sections.get("SECTION_DAYS_OFF", []):
            broken |= off[0] == who and any(int(day) in days for day in off[1:])
    cells = {(who, day): code for who, row in roster.items() for day, code in row}
    penalty = 0
    for who, day, code, weight in sections.get("SECTION_SHIFT_ON_REQUESTS", []):
        penalty += int(weight) * (cells.get((who, int(day))) != code)
    for who, day, code, weight in sections.get("SECTION_SHIFT_OFF_REQUESTS", []):
        penalty += int(weight) * (cells.get((who, int(day))) == code)
    for day, code, need, below, above in sections["SECTION_COVER"]:
        have = sum(value == code for (_, on), value in cells.items() if on == int(day))
        penalty += int(below) * max(0, int(need) - have) + int(above) * max(0, have - int(need))
    return penalty, broken


def random_roster(random, instance):
    """Cells at random, now and then a legal-looking run."""
    roster = {}
    for name in instance.staff:
        cells, day = [], random.randint(0, 3)
        while day < instance.horizon:
            for _ in range(random.randint(1, 5)):
                if day < instance.horizon:
                    cells.append((day, random.choice(list(instance.types))))
                day += 1
            day += random.randint(1, 4)
        roster[name] = cells
    return roster


def samples():
    folder = Path(os.environ.get("PORTAL_SAMPLES", "../shared/data")) / "rosters" / "curtois"
    return sorted(folder.glob("Instance*.txt"))


def texts():
    """The small instance, and each sample of others where they are on the machine."""
    found = [path.read_text() for path in samples()]
    if not found and os.environ.get("PORTAL_SAMPLES"):
        pytest.fail("PORTAL_SAMPLES is set and has no Curtois instances.")
    return [SMALL, *found]


def test_a_roster_scores_as_it_does_by_hand():
    hard = soft = 0
    for text in texts():
        instance = curtois.read_instance(text)
        assert {rule.family for rule in curtois.rules_of(instance)} <= set(FAMILIES)
        random = Random(7)
        for roster in [{}, *(random_roster(random, instance) for _ in range(3 if instance.horizon < 100 else 1))]:
            broken, penalty = curtois.score(instance, roster)
            expected, is_broken = score_by_hand(text, roster)
            assert penalty == expected
            assert (broken > 0) == is_broken
            hard, soft = hard + broken, soft + penalty
    assert hard
    assert soft


def test_each_hard_rule_alone_against_the_scorer():
    """Rosters of one person in which at most one thing is wrong: both say the same, and both answers occur."""
    instance = curtois.read_instance(SMALL)
    random, seen = Random(3), set()
    for _ in range(1200):
        days = sorted(random.sample(range(14), random.randint(0, 9)))
        roster = {random.choice(["Ada", "Bo"]): [(day, random.choice(["E", "E", "L"])) for day in days]}
        only = {"Ada": [], "Bo": [], **roster}
        hard, penalty = curtois.score(instance, only)
        expected, is_broken = score_by_hand(SMALL, only)
        assert (penalty, hard > 0) == (expected, is_broken), only
        seen.add(is_broken)
    assert seen == {True, False}


@pytest.mark.skipif(not samples(), reason="the samples of others are not on this machine")
def test_an_empty_roster_of_the_first_instance():
    """Nobody works: each head is short, each wish for a shift is not granted, and all are under their hours."""
    text = samples()[0].read_text()
    hard, penalty = curtois.score(curtois.read_instance(text), {})
    heads = sum(
        int(line.split(",")[2]) * 100 for line in text.split("SECTION_COVER")[1].splitlines() if line[:1].isdigit()
    )
    assert (hard, penalty > heads) == (8, True)


@pytest.mark.parametrize("roster", [{}, {"Ada": [(2, "E")], "Bo": [(3, "E")]}])
def test_a_request_without_a_weight_costs_nothing_and_is_no_hard_rule(roster):
    text = SMALL.replace("Ada,2,E,3", "Ada,2,E,0").replace("Bo,3,E,2", "Bo,3,E,0")
    found = curtois.findings_in(curtois.read_instance(text), roster)
    assert {"wanted", "unwanted"}.isdisjoint(finding.rule_code for finding in found)
    weighed = curtois.findings_in(curtois.read_instance(SMALL), roster)
    assert not {"wanted", "unwanted"}.isdisjoint(finding.rule_code for finding in weighed)


def test_two_shifts_a_day_are_one_too_many():
    instance = curtois.read_instance(SMALL)
    findings = curtois.findings_in(instance, {"Ada": [], "Bo": [(3, "E"), (3, "E")]})
    assert "one-a-day" in {finding.rule_code for finding in findings}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (SMALL.replace("14", "many"), "line 3: a whole number"),
        (SMALL.replace("Bo,E=9|L=0,4800,0,5,1,1,2", "Bo,E=9"), "line 12: 8 values"),
        ("a,b\n" + SMALL, "line 1: no section"),
        (SMALL.split("SECTION_COVER", maxsplit=1)[0], "SECTION_COVER is missing"),
    ],
)
def test_what_is_no_instance_is_told_by_its_line(wrong, says):
    with pytest.raises(curtois.NotAnInstance, match=says):
        curtois.read_instance(wrong)


def test_the_command_scores_a_solution(tmp_path, capsys):
    instance, solution = tmp_path / "instance.txt", tmp_path / "solution.csv"
    instance.write_text(SMALL)
    rows = io.StringIO()
    csv.writer(rows).writerows([["EmployeeID", "Day", "ShiftID"], ["Ada", 1, "E"], ["Ada", 2, "E"], ["Bo", 1, "E"]])
    solution.write_text(rows.getvalue())
    with pytest.raises(SystemExit) as ended:
        call_command("score_roster", instance, solution, "--json")
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["hard"], told["penalty"]) == (1, 150)
    assert told["broken"] == {"minutes": 1}


@pytest.mark.parametrize("line", ["Cy,1,E", "Ada,1,X", "Ada,14,E", "Ada,-1,E", "Ada,1"])
def test_the_command_names_a_line_that_does_not_fit(tmp_path, line):
    instance, solution = tmp_path / "instance.txt", tmp_path / "solution.csv"
    instance.write_text(SMALL)
    solution.write_text(f"Ada,2,E\n{line}\n")
    with pytest.raises(CommandError, match="line 2"):
        call_command("score_roster", instance, solution)
