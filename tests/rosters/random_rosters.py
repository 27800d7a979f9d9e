"""Random rosters and random parameters, a family at a time; the same seed gives the same."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from apps.rosters import rules
from apps.rosters.rules import FAMILIES, Circumstance, Clock, Facts, Need, Person
from tests.rosters import oracle
from tests.rosters.small import BY_ID, TYPES

ZONES = [ZoneInfo(name) for name in ("Asia/Seoul", "Asia/Dubai", "Europe/Berlin", "America/New_York")]
FIRSTS = [date(2026, 3, 20), date(2026, 10, 18), date(2026, 2, 23), date(2026, 8, 1), date(2026, 12, 20)]
CLOCKS = {zone.key: Clock(zone) for zone in ZONES}
WORDS = ["work", "busy", "night", "not_night", "day", "evening", "called", "duty", "on_call", "leave"]
WANTS = ["free", "rest", "full_rest"]
NARROWED: list[Any] = [
    {"is": "work", "codes": ["D", "D12"]},
    {"is": "work", "night": True},
    {"is": "busy", "not_codes": ["N"]},
    {"kinds": ["work", "training"], "begins": ["14:00", "04:00"]},
    {"is": "called", "clock": ["22:00", "06:00"]},
    {"is": "work", "worked_from": 480, "break_below": 60},
]
MIXES = {
    "ward": ["D", "E", "N", "O", "AL", "", "", "M"],
    "long": ["D12", "N12", "R", "R16", "W9", "W10", "H", "C", "T", "", "", ""],
    "odd": ["A4+B4", "D+T", "X", "N9", "SO", "D+H", "AL", "", "E", "D"],
}


def random_facts(random: Random) -> Facts:
    """Three or four people over nine to forty days, with history before and a few days after."""
    zone, first = random.choice(ZONES), random.choice(FIRSTS)
    clock, history, ahead = CLOCKS[zone.key], random.choice([0, 3, 20, 28]), random.choice([0, 2, 7])
    days = random.randint(5, 16)
    begin, last = first.toordinal() - history, first.toordinal() + days
    shifts = {}
    users = range(1, random.randint(3, 4) + 1)
    for user in users:
        mix = MIXES[random.choice(sorted(MIXES))]
        runs = random.random() < 0.5
        made, word = [], random.choice(mix)
        for day in range(begin, last + ahead):
            if not runs or random.random() < 0.3:
                word = random.choice(mix)
            made += [clock.shift(TYPES[code], day, random.choice([7, 7, 7, 8])) for code in word.split("+") if code]
        shifts[user] = sorted(made, key=lambda shift: shift.begins)
    span = (begin - 1, last + ahead + 1)
    people = {
        user: Person(
            user, "nurse", random.choice([100, 100, 50]), random.choice([2400, 1200]),
            random.choice([1, first.toordinal() - 100, first.toordinal() - 360]),
            random.choice([(span,), (span,), ((first.toordinal() + 3, span[1]),), ()]),
        )
        for user in users
    }  # fmt: skip
    some = range(begin, last + ahead)
    return Facts(
        first=first.toordinal(), last=last, known_first=begin, known_last=last + ahead, types=BY_ID, people=people,
        shifts=shifts, clock=clock, unit_id=7, week_begins=random.randint(0, 6),
        rest_days=random.choice([frozenset({5, 6}), frozenset({4, 5}), frozenset({6, 0}), frozenset({4})]),
        holidays=frozenset(random.sample(some, 2)), ramadan=frozenset(random.sample(some, random.randint(0, 5))),
        conditions=_conditions(random, list(users), begin, last),
        skills={u: {"acls": _days(random, begin, last)} for u in users if random.random() < 0.7},
        needs=[_need(random, begin, last) for _ in range(random.randint(1, 6))],
        ledger=_ledger(random, list(users), first),
        stands_for=random.choice([{}, {TYPES["N9"].id: TYPES["N"].id, TYPES["D12"].id: TYPES["D"].id}]),
    )  # fmt: skip


def _days(random: Random, begin: int, last: int) -> tuple[tuple[int, int], ...]:
    low = random.randint(begin - 5, last)
    return ((low, low + random.randint(1, 30)),)


def _conditions(random: Random, users: list[int], begin: int, last: int) -> dict[str, dict[int, list[Circumstance]]]:
    found: dict[str, dict[int, list[Circumstance]]] = {}
    for kind in ("preceptee", "apart"):
        user, partner = random.sample(users, 2)
        spans = _days(random, begin, last)
        found[kind] = {user: [Circumstance(*span, partner) for span in spans]}
        if kind == "apart" and random.random() < 0.3:
            found[kind][partner] = [Circumstance(*span, user) for span in spans]
    return found


def _need(random: Random, begin: int, last: int) -> Need:
    low = random.randint(0, 3)
    return Need(
        random.choice([TYPES[code].id for code in ("D", "E", "N", "R")]),
        random.choice(["any", "weekday", "saturday", "sunday", "holiday"]),
        random.choice([0, 0, 0, random.randint(begin, last)]), random.choice(["", "", "acls"]), low,
        random.choice([None, low + 1]), random.choice([None, low, low + 1]),
    )  # fmt: skip


def _ledger(random: Random, users: list[int], first: date) -> dict[tuple[int, str], dict[int, int]]:
    months, month = [], first.replace(day=1)
    for _ in range(8):
        month = (month - timedelta(days=1)).replace(day=1)
        months.append(month.toordinal())
    found = {
        (user, counter): {month: random.randint(0, 9) for month in months}
        for user in users
        for counter in ("nights", "weekends", "holidays", "days_off", "shifts")
    }
    return found | {(user, "off_balance"): {months[0]: random.randint(-3, 3)} for user in users}


def random_params(random: Random, family: str) -> dict[str, Any]:
    """Parameters that the family reads; drawn again until they can stand."""
    while True:
        drawn = {name: value for name, value in _DRAW[family](random).items() if value is not None}
        if not rules.validate_params(family, drawn):
            return drawn


def _shift_word(random: Random) -> Any:
    return random.choice(NARROWED) if random.random() < 0.25 else random.choice(WORDS)


def _any_word(random: Random) -> Any:
    return random.choice(WANTS) if random.random() < 0.3 else _shift_word(random)


def _window(random: Random) -> Any:
    drawn: list[Any] = [{"days": random.randint(1, 28)}, {"weeks": random.randint(1, 4)}, {"months": 1}, "plan"]
    return random.choice(drawn)


def _maybe(random: Random, *values: Any) -> Any:
    return random.choice([None, *values])


_DRAW: dict[str, Any] = {
    "succession": lambda r: {
        "after": _shift_word(r), "then": _shift_word(r), "free_days": r.choice([None, [0], [1], [0, 1], [2], [1, 3]]),
    },
    "run": lambda r: {
        "what": _any_word(r), "max": _maybe(r, 1, 2, 3, 5), "min": _maybe(r, 2, 3),
        **r.choice([{}, {"after": r.randint(1, 4), "rest": r.randint(1, 3)}]),
    },
    "count": lambda r: {
        "what": _any_word(r), "window": _window(r), "max": _maybe(r, 0, 1, 3, 6), "min": _maybe(r, 1, 3, "calendar"),
        "slack": _maybe(r, 1), "carry": _maybe(r, True), "on": r.choice(["any", "any", "rest_days", "free_days", "holidays", "weekdays"]),
        "unit": r.choice(["days", "days", "shifts", "weekends"]),
    },
    "hours": lambda r: {
        "window": _window(r), "what": r.choice([None, _shift_word(r)]),
        "measure": r.choice(["worked", "worked", "present", "night"]),
        "max": r.choice([None, 480, 2400, 3120, "contract"]), "min": _maybe(r, 600), "over": _maybe(r, 720),
        "average": r.choice([None, True]), "without_leave": r.choice([None, True]),
        **r.choice([{}, {"extra": "training", "extra_max": 480}]), "ramadan_max": _maybe(r, 360),
    },
    "rest": lambda r: {
        "after": _maybe(r, _shift_word(r)), "then": _maybe(r, _shift_word(r)),
        "min_minutes": _maybe(r, 600, 660, 2880), "in_a_row": _maybe(r, 2), "same_day": _maybe(r, True),
        "merge_below": _maybe(r, 600), "after_minutes": _maybe(r, 960), "max_minutes": _maybe(r, 1440, 1680),
    },
    "cover": lambda r: {
        "part": r.choice(["minimum", "target", "maximum", "each", "some", "novices"]), "qualification": "acls",
        "what": _maybe(r, _shift_word(r)), "at_least": _maybe(r, 2), "max_percent": _maybe(r, 0, 30),
    },
    "pairing": lambda r: {
        **r.choice([{"mode": "with", "condition": "preceptee"}, {"mode": "apart", "condition": "apart"}]),
        "what": _maybe(r, _shift_word(r)),
    },
    "blackout": lambda r: {
        "what": _any_word(r), "on": r.choice(["any", "any", "holidays", "rest_days", "weekdays", "free_days"]),
        **r.choice([
            {}, {"clock": ["22:00", "06:00"]}, {"clock": ["12:00", "15:00"]}, {"weekdays": [4]}, {"weekdays": [0, 6]},
            {"dates": [(first + timedelta(days=n)).isoformat() for first in FIRSTS for n in (1, 2, 5)]},
            {"beside": "leave"}, {"beside": "training", "weekdays": [0, 1, 2]}, {"before": "leave"}, {"before": "free"},
        ]),
    },
    "balance": lambda r: {
        "counter": r.choice(["nights", "weekends", "holidays", "days_off", "shifts"]),
        "months": _maybe(r, 0, 2, 6), "tolerance": _maybe(r, 0, 2), **r.choice([{}, {"per": 4, "codes": ["SO", "O"]}]),
    },
}  # fmt: skip


def bind(facts: Facts, family: str, params: dict[str, Any]) -> list[rules.BoundRule]:
    row = rules.RuleRow(1, "RULE", family, params)
    return rules.bind([row], [], facts.people, {}, facts.conditions, facts.known_first, facts.known_last)


def compared(seed: int, family: str) -> tuple[set[oracle.Answer], set[oracle.Answer], int]:
    """What the engine finds in a random roster, what the oracle finds, and how many findings the engine told twice."""
    random = Random(f"{family} {seed}")
    facts, params = random_facts(random), random_params(random, family)
    found = rules.check(facts, bind(facts, family, params))
    mine = {(f.user_id, f.days[0], f.days[-1], f.measured, f.limit, f.key) for f in found}
    apart = {(f.user_id, f.partner_id, f.days, f.span, f.key, f.values.get("type", 0), f.measured) for f in found}
    twice = len(found) - len(apart)
    return mine, oracle.answers(facts, family, params), twice


def disagreements(count: int, first_seed: int = 0) -> Iterator[tuple[str, int, set[Any], set[Any]]]:
    """Compare so many rosters a family; yield each that differs: family, seed, only ours, only the oracle's."""
    for family in FAMILIES:
        for seed in range(first_seed, first_seed + count):
            mine, theirs, twice = compared(seed, family)
            if mine != theirs or twice:
                yield family, seed, mine - theirs, theirs - mine
