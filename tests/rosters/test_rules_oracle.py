"""The rules against a second, slow implementation; partial checks against whole ones."""

from datetime import date
from random import Random

import pytest

from apps.rosters import rules
from apps.rosters.rules import FAMILIES
from tests.rosters.random_rosters import bind, compared, random_facts, random_params
from tests.rosters.small import TYPES

ROSTERS = 500
EDITS = 150


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_agrees_with_the_oracle(family):
    told = 0
    for seed in range(ROSTERS):
        mine, theirs, twice = compared(seed, family)
        assert mine == theirs, (family, seed, mine - theirs, theirs - mine)
        assert not twice, (family, seed, "a finding was told twice")
        told += bool(mine)
    assert told > ROSTERS // 4  # a comparison of nothing with nothing would prove nothing


def of_people(findings, people):
    return [f for f in findings if not f.user_id or f.user_id in people or f.partner_id in people]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_narrowed_check_gives_the_same_findings_as_a_whole_one(family):
    told = 0
    for seed in range(EDITS):
        random = Random(f"narrow {family} {seed}")
        facts, params = random_facts(random), random_params(random, family)
        bound = bind(facts, family, params)
        whole = rules.check(facts, bound)
        people = set(random.sample(sorted(facts.people), random.randint(1, 2)))
        begin = random.randint(facts.known_first, facts.last)
        days = (begin, begin + random.randint(1, 5))
        assert rules.check(facts, bound, people=people) == of_people(whole, people)
        assert rules.check(facts, bound, days=days) == [f for f in whole if f.touches(*days)]
        both = rules.check(facts, bound, people=people, days=days)
        assert both == [f for f in of_people(whole, people) if f.touches(*days)]
        told += bool(both)
    assert told


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "balance"])
def test_an_edit_reaches_no_finding_that_does_not_touch_it(family):
    """What differs after the change of a cell is about that person, or the unit, and touches that day."""
    differing = 0
    for seed in range(EDITS):
        random = Random(f"edit {family} {seed}")
        facts, params = random_facts(random), random_params(random, family)
        bound = bind(facts, family, params)
        user = random.choice(sorted(facts.people))
        day = random.randint(facts.first, facts.last - 1)
        kept = [shift for shift in facts.shifts[user] if shift.day != day]
        code = random.choice(["", "D", "E", "N", "R", "AL", "T"])
        new = [facts.clock.shift(TYPES[code], day, facts.unit_id)] if code else []
        changed = facts.with_shifts({user: kept + new})
        before, after = rules.check(facts, bound), rules.check(changed, bound)
        differ = [f for f in before if f not in after] + [f for f in after if f not in before]
        for finding in differ:
            assert finding.user_id in (0, user) or finding.partner_id == user, (seed, finding)
            assert finding.touches(day, day + 1), (seed, params, date.fromordinal(day), finding)
        differing += bool(differ)
        part = {"people": {user}, "days": (day, day + 1)}
        narrowed = rules.new_findings(rules.check(facts, bound, **part), rules.check(changed, bound, **part))
        assert narrowed == rules.new_findings(before, after), (seed, params)
    assert differing
