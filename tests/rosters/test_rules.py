"""Each rule of the law and the practice, kept and broken; sentences; parameters that cannot stand; clock changes."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from apps.rosters import rules
from apps.rosters.rules import FAR_OFF, PRESETS, Circumstance, Need, Person
from apps.rosters.rules.facts import clock_overlap
from tests.rosters.small import MONDAY, TYPES, bind_params, day, facts_of, found

BY_CODE = {preset.code: preset for preset in PRESETS}
AUGUST = date(2026, 8, 1)  # a Saturday
ALWAYS = [Circumstance(1, FAR_OFF)]
PARTNER = [Circumstance(1, FAR_OFF, 2)]
HELD = {1: {"charge": rules.ALWAYS}}


def under(condition, circumstances=ALWAYS):
    return {"conditions": {condition: {1: circumstances}}}


D5, REST2 = "D D D D D", "O O"
WORK6 = "D D D D D D O"
# code: words that keep it, words that break it, what the facts hold besides, what the breach measures and its limit
CASES = {
    "LEAVE": ("D AL D", "D AL+H D", {}, (1, 0)),
    "COVER": ({1: "D", 2: "D"}, {1: "D", 2: "E"}, {"needs": [Need(TYPES["D"].id, minimum=2)]}, (1, 2)),
    "COVER-TARGET": (
        {1: "D", 2: "D"}, {1: "D", 2: "E"}, {"needs": [Need(TYPES["D"].id, minimum=1, target=2)]}, (1, 2),
    ),
    "COVER-MAX": ({1: "D", 2: "E"}, {1: "D", 2: "D"}, {"needs": [Need(TYPES["D"].id, maximum=1)]}, (2, 1)),
    "NO-NIGHTS": ("D E", "D N", under("no_nights"), (1, 0)),
    "NIGHTS-ONLY": ("N N", "N D", under("nights_only"), (1, 0)),
    "KR-N-SUCC-N": ("N O D", "N D", {}, (0, 1)),
    "KR-N-SUCC-E": ("E E O D", "E D", {}, (0, 1)),
    "KR-N-NOD": ("N O O D", "N O D", {}, (1, 2)),
    "KR-N-REST48": ("N N O O D", "N N O N", {}, (40 * 60, 48 * 60)),
    "KR-N-NRUN": ("N N N O", "N N N N O", {}, (4, 3)),
    "KR-N-NRUN-MIN": ("D N N O", "D N O O", {}, (1, 2)),
    "KR-N-NLEN": ("N", "N9", {}, (9 * 60, 8 * 60)),
    "KR-N-NCAP-FIX": ("N N N O O " * 5, "N N N O O " * 5 + "N", under("nights_only"), (16, 15)),
    "KR-N-NCAP": ("N N O O " * 4, "N N O O " * 4 + "N", {}, (9, 8)),
    "KR-N-NCAP-SOFT": ("N N O O " * 3, "N N O O " * 3 + "N", {}, (7, 6)),
    "KR-N-RUN": (f"{D5} O D", f"{D5} T O", {}, (6, 5)),
    "KR-N-RUN5": (f"{D5} O O D", f"{D5} O D", {}, (1, 2)),
    "KR-N-OFFRUN": ("D O O O O D", "D O . O O O D", {}, (5, 4)),
    "KR-N-OFFCNT": (
        # August 2026 has ten rest days: eight free days are let go, and leave takes a rest day with it
        "D D D D D O O D D D D O O D D D D O O D D D D O O D D D D D D",
        "D D D D D O O D D D D O O D D D D O O D D D D O D D D D D D D",
        {"first": AUGUST}, (7, 10),
    ),
    "KR-N-NOWISH": ("E AL", "N AL", {}, (1, 0)),
    "KR-N-CHARGE": ({1: "D", 2: "D"}, {2: "D"}, {"skills": HELD}, (0, 1)),
    "KR-N-NOVICE": (
        {1: "D", 2: "D"}, {1: "E", 2: "D"}, {"people": {2: Person(2, "nurse", joined=day(-100))}}, (1, 0),
    ),
    "KR-N-PRECEPT": ({1: "D O E", 2: "D . E"}, {1: "D O D", 2: "D O E"}, under("preceptee", PARTNER), (0, 1)),
    "KR-N-PRECEPT-N": (
        "D " * 14 + "N", "D " * 13 + "N", under("preceptee", [Circumstance(day(0), FAR_OFF, 2)]), (1, 0),
    ),
    "KR-N-AVOID": ({1: "D", 2: "E"}, {1: "D", 2: "D"}, under("apart", PARTNER), (1, 0)),
    "KR-N-SLEEP": ("SO", "O", {"ledger": {(1, "nights"): {date(2026, 7, 1).toordinal(): 7}}}, (0, 1)),
    "KR-N-FAIR-N": ({1: "N N N N", 2: "N D D D"}, {1: "N N N N N N", 2: "D D D D D D"}, {}, (6, 5)),
    "KR-N-FAIR-W": (
        {1: "D D D D D D D", 2: "D D D D D D D"},
        {1: "D " * 35, 2: "D D D D D O O " * 5}, {}, (10, 8),
    ),
    "KR-N-FAIR-H": (
        {1: "D D D", 2: "D D D"}, {1: "D " * 6, 2: "O " * 6}, {"holidays": frozenset(range(day(0), day(6)))}, (6, 5),
    ),
    "KR-L-40": ("D D D D D O O", "X X X X X X O", {}, (48 * 60, 40 * 60)),
    "KR-L-52": ("X X X X X X O", "X X X X X X A4+B4", {}, (56 * 60, 52 * 60)),
    "KR-L-59": ("D D E", "E D", {}, (8 * 60, 11 * 60)),
    "KR-L-BRK4": ("D", "A4", {}, (1, 0)),
    "KR-L-BRK8": ("D", "X", {}, (1, 0)),
    "KR-L-WKHOL": (f"{WORK6} " * 4, f"{WORK6} " * 3 + "D " * 7, {}, (3, 4)),
    "KR-L-PREG-N": ("D M", "E", under("pregnant"), (1, 0)),
    "KR-L-PREG-H": ("D", "O D", {**under("pregnant"), "holidays": frozenset({day(1)})}, (1, 0)),
    "KR-L-PREG-W": ("D D D D D O O", "X X X X X A4 O", under("pregnant"), (44 * 60, 40 * 60)),
    "KR-L-PREG-D": ("X", "W9", under("pregnant"), (9 * 60, 8 * 60)),
    "KR-L-POST-N": ("D M", "N", under("post_partum"), (1, 0)),
    "KR-L-POST-H": ("D", "O D", {**under("post_partum"), "holidays": frozenset({day(1)})}, (1, 0)),
    "KR-L-POST-D": ("W9", "D12", under("post_partum"), (11 * 60, 10 * 60)),
    "KR-L-POST-W": ("X X X X X A4 O", "X X X X X X O", under("post_partum"), (48 * 60, 46 * 60)),
    "KR-L-WOMEN-N": ("D", "N", {}, (1, 0)),
    "KR-L-WOMEN-H": ("O D", "D", {"holidays": frozenset({day(0)})}, (1, 0)),
    "KR-L-CHILD": ("D D D D D O O", "X X X X A4 O O", under("child_care"), (36 * 60, 35 * 60)),
    "KR-L-CHILD-MIN": ("D D D O O O O " * 4, "D D O O O O O " * 4, under("child_care"), (56 * 60, 60 * 60)),
    "KR-R-80": ("R O R O R O O " * 4, "R O R R O R O " * 4, {}, (96 * 60 * 4, 80 * 60 * 4)),
    "KR-R-72": ("R O R O R O O " * 4, "R O R O AL R T " * 4, {}, (72 * 60 * 4, 72 * 60 * 24 // 7)),
    "KR-R-24": ("R O R16 . W10", "R16 W9", {}, (25 * 60, 24 * 60)),
    "KR-R-28": ("R16 W9", "R R16", {}, (40 * 60, 28 * 60)),
    "KR-R-36": ("R W9", "R R16", {"first": date(2026, 1, 5)}, (40 * 60, 36 * 60)),
    "KR-R-10": ("R16 W10", "R16 W9", {}, (9 * 60, 10 * 60)),
    "KR-R-CALL": ("N N N O O O O " * 4, "O O O " + "N N N O O O O " * 3 + "N N N N", {}, (13, 12)),
    "KR-R-OFF": (f"{WORK6} " * 4, f"{WORK6} " * 3 + "D D D D D D H", {}, (3, 4)),
    "KR-D-24": ("R O D", "R D", {}, (0, 1)),
    "AE-48": ("X X X X X X O", "D12 D12 D12 D12 D12 O O", {}, (55 * 60, 48 * 60)),
    "AE-8": ("X", "W9", {}, (9 * 60, 8 * 60)),
    "AE-OT-DAY": ("W9", "D12", {}, (11 * 60, 10 * 60)),
    "AE-144": ("X X X X X X O " * 3, "X X X X X X O X X X X X X X X X X X X X X", {}, (160 * 60, 144 * 60)),
    "AE-BRK": ("D A4", "X", {}, (1, 0)),
    "AE-REST": ("D D D D D D O", "D D D D D D D", {}, (0, 1)),
    "AE-REST2": ("D D D D D D O", "D D D O O D D", {}, (2, 1)),
    "AE-12H": ("D12 D12", "E D12", {}, (8 * 60, 11 * 60)),
    "AE-SKILL": ({1: "D", 2: "D"}, {2: "D"}, {"skills": HELD}, (0, 1)),
}  # fmt: skip


def bound_preset(facts, code):
    preset = BY_CODE[code]
    row = rules.RuleRow(
        1, code, preset.family, preset.params, preset.level, preset.weight, preset.is_waivable,
        valid_from=date.fromisoformat(preset.valid_from).toordinal() if preset.valid_from else 1,
        valid_until=date.fromisoformat(preset.valid_until).toordinal() if preset.valid_until else FAR_OFF,
        names=(preset.name_ko, preset.name_en, preset.name_ar),
    )  # fmt: skip
    return rules.bind([row], [], facts.people, {}, facts.conditions, facts.known_first, facts.known_last)


def check_preset(code, words, fields):
    facts = facts_of(words, **fields)
    return rules.check(facts, bound_preset(facts, code))


def test_each_preset_has_a_case():
    assert set(CASES) == set(BY_CODE)


@pytest.mark.parametrize("code", CASES)
def test_a_roster_that_keeps_the_rule(code):
    kept, _, fields, _ = CASES[code]
    assert check_preset(code, kept, fields) == []


@pytest.mark.parametrize("code", CASES)
def test_a_roster_that_breaks_the_rule(code):
    _, broken, fields, measured = CASES[code]
    findings = check_preset(code, broken, fields)
    assert measured in {(finding.measured, finding.limit) for finding in findings}
    for finding in findings:
        assert (finding.rule_code, finding.level) == (code, BY_CODE[code].level)
        assert finding.days
        assert finding.amount > 0


@pytest.mark.parametrize("language", ["ko", "en", "ar"])
def test_every_finding_and_rule_has_a_sentence_with_its_numbers(language):
    with translation.override(language):
        for code, (_, broken, fields, _) in CASES.items():
            facts = facts_of(broken, **fields)
            bound = bound_preset(facts, code)
            assert rules.describe(bound[0]), code
            for finding in rules.check(facts, bound):
                told = rules.sentence_of(finding)
                assert told, code
                assert "%(" not in told, code


def test_sentences_name_dates_and_numbers():
    with translation.override("en"):
        (night,) = check_preset("KR-N-NRUN", "N N N N O", {})
        assert rules.sentence_of(night) == "4 nights in a row (August 3 to August 6); at most 3."
        (rest,) = check_preset("KR-R-10", "R16 W9", {})
        assert rules.sentence_of(rest) == "9 h of rest after 16 h of duty, before W9 on August 4; at least 10 h."
        (after,) = check_preset("KR-N-SUCC-E", "E D", {})
        assert rules.sentence_of(after) == "E on August 3 is followed by D on August 4."


# --- The residents' law, piece by piece ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("R16 W9", {"KR-R-24", "KR-R-10"}),  # 16 h, 9 h of rest, 9 h: 25 h at a stretch
        ("R16 W10", set()),  # with ten hours of rest it is two stretches
        ("R", set()),  # 24 h
        ("R16 H", set()),  # on call at home begins eighteen hours later
        ("R16+H", {"KR-R-10"}),  # and here it goes on for eight hours after the duty
        ("R+H", set()),  # while on duty it asks for nothing more
    ],
)
def test_a_short_rest_does_not_end_a_duty(words, codes):
    facts = facts_of(words)
    bound = [rule for code in ("KR-R-24", "KR-R-10") for rule in bound_preset(facts, code)]
    assert {finding.rule_code for finding in rules.check(facts, bound)} == codes


def test_on_call_at_home_within_the_ten_hours_of_rest():
    facts = facts_of("R16 . .")
    early = rules.Shift(day(1), day_minute(facts, 1, 6), day_minute(facts, 1, 14), TYPES["H"].id, 0, 0, 0)
    facts = facts.with_shifts({1: [*facts.shifts[1], early]})
    (finding,) = rules.check(facts, bound_preset(facts, "KR-R-10"))
    assert (finding.measured, finding.limit) == (6 * 60, 10 * 60)


@pytest.mark.parametrize(("begins", "ends"), [(0, 14), (-6, 3), (-6, 14)])
def test_on_call_from_the_end_of_a_long_duty_or_over_it_is_no_rest(begins, ends):
    """Called from the minute on at which sixteen hours end, or from before it on: nothing of the ten hours is rest."""
    facts = facts_of("R16 . .")
    called = rules.Shift(day(1), day_minute(facts, 1, begins), day_minute(facts, 1, ends), TYPES["H"].id, 0, 0, 0)
    facts = facts.with_shifts({1: [*facts.shifts[1], called]})
    (finding,) = rules.check(facts, bound_preset(facts, "KR-R-10"))
    assert (finding.measured, finding.limit) == (0, 10 * 60)


def test_a_day_after_a_duty_of_24_hours_is_no_whole_day_off():
    """Every other day on duty: fourteen days without a shift in four weeks, and not one from midnight to midnight."""
    facts = facts_of("R O " * 14)
    (finding,) = rules.check(facts, bound_preset(facts, "KR-R-OFF"))
    assert (finding.measured, finding.limit) == (0, 4)
    assert rules.check(facts_of("R O D D D D O " * 4), bound_preset(facts, "KR-R-OFF")) == []


NURSE, AIDE = Person(1, "nurse", joined=day(-10)), Person(2, "allied", joined=day(-10))


@pytest.mark.parametrize("code", ["KR-N-CHARGE", "KR-N-NOVICE", "AE-SKILL"])
def test_what_is_asked_of_nurses_looks_at_the_nurses_in_a_shift(code):
    """A shift of others alone is left out, and in a mixed one the others neither count nor are counted against."""
    preset, mixed = BY_CODE[code], {1: "D", 2: "D"}
    row = rules.RuleRow(1, code, preset.family, preset.params, preset.level, jobs=preset.jobs)

    def findings(words, people, **more):
        facts = facts_of(words, people=people, **more)
        bound = rules.bind([row], [], facts.people, {}, facts.conditions, facts.known_first, facts.known_last)
        return [(f.measured, f.limit) for f in rules.check(facts, bound)]

    others = {1: AIDE._replace(id=1), 2: AIDE}
    assert findings(mixed, others) == []
    held = {"skills": {2: {"charge": rules.ALWAYS}}}  # by the aide, who is none of those who have to
    assert findings(mixed, {1: NURSE, 2: AIDE}, **held) == [(1, 0) if code == "KR-N-NOVICE" else (0, 1)]
    old = NURSE._replace(joined=1)
    assert findings(mixed, {1: old, 2: AIDE}, skills={1: {"charge": rules.ALWAYS}}) == []


def day_minute(facts, offset, hour):
    return facts.clock.at(day(offset), hour * 60)


def test_the_residents_law_holds_from_its_day_on():
    """On the day before it came into force 36 hours were the limit, from that day on 24."""
    first = date(2026, 2, 16)
    facts = facts_of("R16 W9 . . . R16 W9", first=first)
    found_by = {
        (finding.rule_code, finding.days[-1] - first.toordinal())
        for code in ("KR-R-24", "KR-R-36")
        for finding in rules.check(facts, bound_preset(facts, code))
    }
    assert found_by == {("KR-R-24", 6)}


def test_education_comes_on_top_of_eighty_hours():
    week, params = "R O R O R T T ", BY_CODE["KR-R-80"].params
    assert found(facts_of(week * 4), "hours", params) == []  # 72 and 8
    more = found(facts_of("R O R O R O X " * 4), "hours", {**params, "extra": {"codes": ["X"]}, "extra_max": 120})
    assert [finding.measured for finding in more] == []
    over = found(facts_of("R T+H R T R T R " * 4), "hours", params)
    assert [(f.measured, f.limit) for f in over][-1:] == [((96 + 12 - 8) * 60 * 4, 80 * 60 * 4)]


# --- Windows, history, Ramadan, membership ---------------------------------------------------------------------------------


def test_a_breach_that_began_before_the_roster_is_found_and_one_that_ended_before_is_not():
    params = {"what": "night", "max": 3}
    assert len(found(facts_of("N N N N O", history=3), "run", params)) == 1
    assert found(facts_of("N N N N O", history=4), "run", params) == []


def test_the_establishments_week_begins_where_the_site_says():
    words = "O O X X X X X X X O O O O O"
    by_monday = found(facts_of(words), "hours", {"window": {"weeks": 1}, "max": 48 * 60})
    by_wednesday = found(facts_of(words, week_begins=2), "hours", {"window": {"weeks": 1}, "max": 48 * 60})
    assert (len(by_monday), len(by_wednesday)) == (0, 1)


def test_ramadan_lowers_the_week_day_by_day():
    params = BY_CODE["AE-48"].params
    whole = facts_of("X X X X X O O", ramadan=frozenset(range(day(0), day(7))))
    half = facts_of("X X X X X O O", ramadan=frozenset(range(day(0), day(3))))
    assert [(f.measured, f.limit) for f in found(whole, "hours", params)] == [(40 * 60, 36 * 60)]
    assert found(half, "hours", params) == []  # 48 h less three sevenths of twelve


def test_leave_is_no_part_of_an_average_where_the_rule_says_so():
    words = "X X X X X O O AL AL AL AL AL AL X"
    params = {"window": {"weeks": 2}, "average": True, "max": 36 * 60}
    facts = facts_of(words)
    facts = replace(facts, first=facts.first + 7)
    assert found(facts, "hours", params) == []
    assert len(found(facts, "hours", {**params, "without_leave": True})) == 1


@pytest.mark.parametrize(("balance", "answer"), [(0, []), (2, []), (-1, [(8, 11)]), (-2, [(8, 12)])])
def test_days_off_that_closed_months_lack_are_owed_still(balance, answer):
    """Two a month less are let go once, and not each month again; what was had more may be given back."""
    words, _, more, _ = CASES["KR-N-OFFCNT"]  # eight of ten
    ledger = {(1, "off_balance"): {date(2026, 6, 1).toordinal(): balance - 5, date(2026, 7, 1).toordinal(): 5}}
    facts = facts_of(words, **more, ledger=ledger)
    assert [(f.measured, f.limit) for f in rules.check(facts, bound_preset(facts, "KR-N-OFFCNT"))] == answer


def test_who_comes_mid_month_does_not_owe_the_whole_month():
    words = "X " * 31
    member = {1: Person(1, member=((AUGUST.toordinal() + 10, FAR_OFF),))}
    params = BY_CODE["KR-N-OFFCNT"].params
    assert len(found(facts_of(words, first=AUGUST), "count", params)) == 1
    assert found(facts_of(words, first=AUGUST, people=member), "count", params) == []


@pytest.mark.parametrize(
    ("zone", "first", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 28), 7),
        ("Europe/Berlin", date(2026, 10, 24), 9),
        ("America/New_York", date(2026, 3, 7), 7),
        ("America/New_York", date(2026, 10, 31), 9),
        ("Asia/Dubai", date(2026, 3, 28), 8),
    ],
)
def test_hours_and_rest_are_true_over_a_clock_change(zone, first, hours):
    facts = facts_of("N E", first=first, zone=ZoneInfo(zone))
    (night, evening) = facts.shifts[1]
    assert night.ends - night.begins == hours * 60
    assert night.night == (hours - 1) * 60
    (present,) = found(facts, "hours", {"window": {"days": 1}, "measure": "present", "what": "night", "max": 6 * 60})
    assert present.measured == hours * 60
    (night_work,) = found(facts, "hours", {"window": {"days": 1}, "measure": "night", "what": "night", "max": 60})
    assert night_work.measured == (hours - 1) * 60
    (rest,) = found(facts, "rest", {"min_minutes": 11 * 60})
    assert rest.measured == evening.begins - night.ends == 8 * 60


@pytest.mark.parametrize(
    ("begins", "minutes", "from_", "until", "expected"),
    [
        (23 * 60, 480, 1320, 360, 420),
        (0, 1440, 1320, 360, 480),
        (0, 360, 1320, 360, 360),
        (21 * 60, 60, 1320, 360, 0),
        (7 * 60, 2880, 1320, 360, 960),
        (12 * 60, 60, 720, 780, 60),
    ],
)
def test_minutes_of_a_clock_interval(begins, minutes, from_, until, expected):
    assert clock_overlap(begins, minutes, from_, until) == expected


# --- What new findings are -------------------------------------------------------------------------------------------------


def test_a_bad_roster_may_become_better_and_not_worse():
    def nights(words):
        return found(facts_of(words), "count", {"what": "night", "window": {"months": 1}, "max": 2})

    bad, better, worse = nights("N N N N O"), nights("N N N O O"), nights("N N N N N")
    assert rules.new_findings(bad, better) == []
    assert rules.new_findings(bad, worse) == worse
    assert rules.new_findings([], bad) == bad


# --- Parameters that cannot stand --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "params", "path"),
    [
        ("run", {"what": "night", "max": 2, "min": 3}, "min"),
        ("run", {"what": "night", "max": 0}, "max"),
        ("run", {"what": "night", "max": -1}, "max"),
        ("run", {"what": "night"}, ""),
        ("run", {"what": "nights", "max": 3}, "what"),
        ("run", {"max": 3}, "what"),
        ("run", {"what": "night", "max": True}, "max"),
        ("run", {"what": "night", "max": "3"}, "max"),
        ("run", {"what": "night", "max": 3, "color": 1}, "color"),
        ("run", {"what": "busy", "after": 5}, "after"),
        ("count", {"what": "night", "window": {"days": 7}, "min": 8}, "min"),
        ("count", {"what": "night", "window": {"days": 0}, "max": 8}, "window.days"),
        ("count", {"what": "night", "window": {"years": 1}, "max": 8}, "window.years"),
        ("count", {"what": "night", "window": {"days": 7, "weeks": 1}, "max": 8}, "window"),
        ("count", {"what": "night", "window": {"from": "2026-08-02", "until": "2026-08-02"}, "max": 8}, "window"),
        ("count", {"what": {"codes": []}, "window": "plan", "max": 1}, "what.codes"),
        ("hours", {"window": {"weeks": 1}, "max": 2400, "min": 3000}, "min"),
        ("hours", {"window": {"weeks": 1}, "min": 20000}, "min"),
        ("hours", {"window": {"months": 1}, "max": 10, "average": True}, "average"),
        ("hours", {"window": {"weeks": 1}, "max": 2880, "ramadan_max": 3000}, "ramadan_max"),
        ("rest", {"merge_below": 600}, ""),
        ("rest", {"after_minutes": 960, "max_minutes": 1440}, "after_minutes"),
        ("succession", {"after": "night", "then": "free"}, "then"),
        ("succession", {"after": "night", "then": "day", "free_days": [-1]}, "free_days"),
        ("blackout", {"what": "any"}, "what"),
        ("blackout", {"what": "night", "clock": ["25:00", "06:00"]}, "clock"),
        ("blackout", {"what": "night", "while": "tired"}, "while"),
        ("blackout", {"what": "night", "while_first_days": 3}, "while_first_days"),
        ("cover", {"part": "each"}, "qualification"),
        ("cover", {"part": "some", "qualification": "acls", "at_least": 0}, "at_least"),
        ("balance", {"counter": "nights"}, ""),
        ("pairing", {"mode": "near", "condition": "apart"}, "mode"),
        ("pairing", [], ""),
        ("magic", {}, "family"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_parameter_that_cannot_stand_is_told_where_and_why(family, params, path, language):
    with translation.override(language):
        errors = rules.validate_params(family, params)
    assert [where for where, _ in errors] == [path]
    assert all(message and "%(" not in message for _, message in errors)


def test_all_errors_are_told_at_once():
    errors = rules.validate_params("run", {"what": "nights", "max": 0, "color": 1})
    assert {path for path, _ in errors} == {"what", "max", "color"}


def test_what_cannot_be_read_binds_nobody():
    facts = facts_of("N N N N")
    assert bind_params(facts, "run", {"what": "night", "max": -3}) == []


def test_monday_is_a_monday():
    assert MONDAY.weekday() == 0
