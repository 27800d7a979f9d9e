"""Small rosters without a database: words of codes become facts."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from apps.rosters import rules
from apps.rosters.rules import Facts, Person, RuleRow, Shift, Type

TYPES = {
    code: Type(number, code, kind, begins, minutes, pause, percent)
    for number, (code, kind, begins, minutes, pause, percent) in enumerate(
        [
            ("D", "work", 7 * 60, 480, 60, 100),
            ("E", "work", 15 * 60, 480, 60, 100),
            ("N", "work", 23 * 60, 480, 60, 100),
            ("M", "work", 11 * 60, 480, 60, 100),
            ("D12", "work", 7 * 60, 720, 60, 100),
            ("N12", "work", 19 * 60, 720, 60, 100),
            ("N9", "work", 22 * 60, 600, 60, 100),
            ("X", "work", 8 * 60, 480, 0, 100),  # without a break
            ("A4", "work", 7 * 60, 240, 0, 100),  # the halves of a split shift
            ("B4", "work", 16 * 60, 240, 0, 100),
            ("R", "duty", 8 * 60, 1440, 0, 100),
            ("R16", "work", 8 * 60, 960, 0, 100),
            ("W9", "work", 9 * 60, 540, 0, 100),  # nine hours from nine o'clock
            ("W10", "work", 10 * 60, 540, 0, 100),
            ("H", "on_call_home", 18 * 60, 840, 0, 0),
            ("C", "on_call_house", 18 * 60, 840, 0, 50),
            ("T", "training", 13 * 60, 240, 0, 100),
            ("AL", "leave", 0, 1440, 0, 0),
            ("O", "off", 0, 1440, 0, 0),
            ("SO", "off", 0, 1440, 0, 0),
        ],
        start=1,
    )
}
BY_ID = {kind.id: kind for kind in TYPES.values()}
MONDAY = date(2026, 8, 3)
SEOUL = ZoneInfo("Asia/Seoul")


def facts_of(
    words: Mapping[int, str] | str, *, first: date = MONDAY, zone: ZoneInfo = SEOUL, history: int = 0, ahead: int = 0,
    people: Mapping[int, Person] | None = None, **fields: Any,
) -> Facts:  # fmt: skip
    """People's words, one a day: "D D+T . O"; "." is an empty cell. The first `history` days lie before the roster."""
    rows = {1: words} if isinstance(words, str) else dict(words)
    clock = rules.Clock(zone)
    begin = first.toordinal() - history
    length = max(len(row.split()) for row in rows.values())
    shifts: dict[int, list[Shift]] = {}
    for user, row in rows.items():
        made = [
            clock.shift(TYPES[code], begin + offset, fields.get("unit_id", 0))
            for offset, word in enumerate(row.split())
            for code in word.split("+")
            if code != "."
        ]
        shifts[user] = sorted(made, key=lambda shift: shift.begins)
    who = {user: Person(user, "nurse") for user in rows} | dict(people or {})
    return Facts(
        first=first.toordinal(), last=begin + length - ahead, known_first=begin, known_last=begin + length, types=BY_ID,
        people=who, shifts=shifts, clock=clock, **fields,
    )  # fmt: skip


def bind_params(facts: Facts, family: str, params: Mapping[str, Any], **fields: Any) -> list[rules.BoundRule]:
    """One rule for everybody in the facts, bound as the loader binds it."""
    row = RuleRow(1, "RULE", family, params, **fields)
    return rules.bind([row], [], facts.people, {}, facts.conditions, facts.known_first, facts.known_last)


def found(facts: Facts, family: str, params: Mapping[str, Any], **fields: Any) -> list[rules.Finding]:
    return rules.check(facts, bind_params(facts, family, params, **fields))


def day(offset: int, first: date = MONDAY) -> int:
    return first.toordinal() + offset
