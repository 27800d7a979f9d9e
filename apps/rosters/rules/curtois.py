"""The shift scheduling benchmark of Curtois and Qu, read as facts and rules of the nine families.

What its authors define, beyond the comments in the files: each person has at most one shift a day; before and after
the horizon a run of shifts, or of days off, may have gone on, so that runs at the edges are never too short, and a run
is counted from the first day on; a weekend counts when Saturday or Sunday is worked; each head short of or above a
requirement costs its weight, and so does each request that is not granted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from .binding import RuleRow, bind
from .engine import check, cost_of
from .facts import Clock, Facts, Need, Person, Shift, Type
from .ground import BoundRule, Finding

MONDAY = date(2024, 1, 1).toordinal()  # the files have no dates; each horizon begins on a Monday


class NotAnInstance(ValueError):
    """The text is not in the format of the benchmark; the message names the line."""


class Staff(NamedTuple):
    """What a line of the section on staff asks for."""

    id: int
    name: str
    max_shifts: Mapping[str, int]
    max_minutes: int
    min_minutes: int
    max_run: int
    min_run: int
    min_free: int
    max_weekends: int


class Request(NamedTuple):
    """A shift that somebody wants, or does not want, on a day."""

    name: str
    day: int
    code: str
    weight: int
    is_wanted: bool


@dataclass(frozen=True)
class Instance:
    """An instance as it is written."""

    horizon: int
    types: Mapping[str, Type]
    followers: Mapping[str, tuple[str, ...]]  # what must not come on the next day
    staff: Mapping[str, Staff]
    days_off: Mapping[str, tuple[int, ...]]
    requests: tuple[Request, ...]
    needs: tuple[tuple[int, str, int, int, int], ...]  # day, shift, requirement, weight below, weight above


def read_instance(text: str) -> Instance:
    """Read an instance; NotAnInstance names the line that cannot be read."""
    sections: dict[str, list[tuple[int, list[str]]]] = {}
    lines: list[tuple[int, list[str]]] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("SECTION_"):
            lines = sections.setdefault(stripped.removeprefix("SECTION_"), [])
        elif stripped and not stripped.startswith("#"):
            if lines is None:
                raise NotAnInstance(f"line {number}: no section has begun")
            lines.append((number, [part.strip() for part in stripped.split(",")]))
    for name in ("HORIZON", "SHIFTS", "STAFF", "COVER"):
        if not sections.get(name):
            raise NotAnInstance(f"SECTION_{name} is missing or empty")
    try:
        return _instance_of(sections)
    except _BadLine as bad:
        raise NotAnInstance(f"line {bad.number}: {bad.reason}") from None


class _BadLine(Exception):
    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number, self.reason = number, reason


def _instance_of(sections: Mapping[str, list[tuple[int, list[str]]]]) -> Instance:
    horizon = _whole(*_only(sections["HORIZON"][0], 1))[0]
    types: dict[str, Type] = {}
    followers: dict[str, tuple[str, ...]] = {}
    for number, parts in sections["SHIFTS"]:
        code, minutes, *after = _at_least((number, parts), 2)
        length = _whole(number, [minutes])[0]
        types[code] = Type(len(types) + 1, code, "work", 0, length)
        followers[code] = tuple(name for name in "|".join(after).split("|") if name)
    staff: dict[str, Staff] = {}
    for number, parts in sections["STAFF"]:
        name, limits, *numbers = _at_least((number, parts), 8)
        caps: dict[str, int] = {}
        for limit in limits.split("|"):
            code, _, most = limit.partition("=")
            caps[code] = _whole(number, [most])[0]
        staff[name] = Staff(len(staff) + 1, name, caps, *_whole(number, numbers[:6]))
    days_off: dict[str, tuple[int, ...]] = {}
    for number, parts in sections.get("DAYS_OFF", []):
        days_off[parts[0]] = (*days_off.get(parts[0], ()), *_whole(number, parts[1:]))
    requests = [
        Request(name, day, code, weight, wanted)
        for section, wanted in (("SHIFT_ON_REQUESTS", True), ("SHIFT_OFF_REQUESTS", False))
        for number, (name, at, code, cost) in (
            (number, _at_least((number, parts), 4)[:4]) for number, parts in sections.get(section, [])
        )
        for day, weight in [_whole(number, [at, cost])]
    ]
    needs = []
    for number, parts in sections["COVER"]:
        at, code, *numbers = _at_least((number, parts), 5)
        day, need, below, above = _whole(number, [at, *numbers[:3]])
        needs.append((day, code, need, below, above))
    return Instance(horizon, types, followers, staff, days_off, tuple(requests), tuple(needs))


def _only(line: tuple[int, list[str]], wanted: int) -> tuple[int, list[str]]:
    number, parts = line
    if len(parts) != wanted:
        raise _BadLine(number, f"{wanted} values are expected")
    return number, parts


def _at_least(line: tuple[int, list[str]], wanted: int) -> list[str]:
    number, parts = line
    if len(parts) < wanted:
        raise _BadLine(number, f"{wanted} values are expected")
    return parts


def _whole(number: int, values: Iterable[str]) -> list[int]:
    try:
        return [int(value) for value in values]
    except ValueError:
        raise _BadLine(number, "a whole number is expected") from None


def facts_of(instance: Instance, roster: Mapping[str, Iterable[tuple[int, str]]]) -> Facts:
    """Return the facts of a roster: (day, shift) pairs by the name of the person."""
    shifts: dict[int, list[Shift]] = {}
    clock = Clock(ZoneInfo("UTC"))
    for name, cells in roster.items():
        made = [clock.shift(instance.types[code], MONDAY + day) for day, code in cells]
        shifts[instance.staff[name].id] = sorted(made, key=lambda shift: (shift.begins, shift.type_id))
    until = MONDAY + instance.horizon
    return Facts(
        first=MONDAY,
        last=until,
        known_first=MONDAY,
        known_last=until,
        types={kind.id: kind for kind in instance.types.values()},
        people={person.id: Person(person.id) for person in instance.staff.values()},
        shifts=shifts,
        clock=clock,
        needs=[
            Need(
                instance.types[code].id, on=MONDAY + day, minimum=need, maximum=need, weight=below, weight_over=above
            )
            for day, code, need, below, above in instance.needs
        ],
    )  # fmt: skip


def rows_of(instance: Instance) -> list[tuple[tuple[int, ...], RuleRow]]:
    """Return the rules of an instance as rows, each with the people whom it binds (nobody: the unit)."""
    everybody = tuple(person.id for person in instance.staff.values())
    rows: list[tuple[tuple[int, ...], RuleRow]] = []

    def add(people: tuple[int, ...], code: str, family: str, params: Mapping[str, Any], weight: int = 0) -> None:
        level = "soft" if weight else "hard"
        rows.append((people, RuleRow(len(rows) + 1, code, family, params, level, weight or 1)))

    add(everybody, "one-a-day", "count", {"what": "work", "unit": "shifts", "window": {"days": 1}, "max": 1})
    for code, refused in instance.followers.items():
        if refused:
            params = {"after": _only_codes(code), "then": _only_codes(*refused)}
            add(everybody, f"after-{code}", "succession", params)
    for person in instance.staff.values():
        me = (person.id,)
        for code, most in person.max_shifts.items():
            add(me, f"max-{code}", "count", {"what": _only_codes(code), "window": "plan", "max": most})
        add(me, "minutes", "hours", {"window": "plan", "max": person.max_minutes, **_least(person.min_minutes)})
        add(me, "run", "run", {"what": "work", "max": person.max_run})
        if person.min_run > 1:
            add(me, "short-run", "run", {"what": "work", "min": person.min_run})
        if person.min_free > 1:
            add(me, "short-rest", "run", {"what": "rest", "min": person.min_free})
        weekends = {"what": "work", "unit": "weekends", "window": "plan", "max": person.max_weekends}
        add(me, "weekends", "count", weekends)
        if instance.days_off.get(person.name):
            dates = [_iso(day) for day in instance.days_off[person.name]]
            add(me, "days-off", "blackout", {"what": "work", "dates": dates})
    for wish in instance.requests:
        if not wish.weight:
            continue  # costs nothing, and no weight at all would make it a hard one
        me, what, day = (instance.staff[wish.name].id,), _only_codes(wish.code), wish.day
        if wish.is_wanted:
            window = {"from": _iso(day), "until": _iso(day + 1)}
            add(me, "wanted", "count", {"what": what, "window": window, "min": 1}, wish.weight)
        else:
            add(me, "unwanted", "blackout", {"what": what, "dates": [_iso(day)]}, wish.weight)
    add((), "below", "cover", {"part": "minimum"}, 1)
    add((), "above", "cover", {"part": "maximum"}, 1)
    return rows


def _least(minutes: int) -> dict[str, int]:
    return {"min": minutes} if minutes > 0 else {}


def _only_codes(*codes: str) -> dict[str, Any]:
    return {"is": "work", "codes": list(codes)}


def _iso(day: int) -> str:
    return date.fromordinal(MONDAY + day).isoformat()


def rules_of(instance: Instance) -> list[BoundRule]:
    """Return the rules of an instance, bound to its people."""
    people = {person.id: Person(person.id) for person in instance.staff.values()}
    until = MONDAY + instance.horizon
    bound: list[BoundRule] = []
    for users, row in rows_of(instance):
        bound += bind([row], [], {user: people[user] for user in users}, {}, {}, MONDAY, until)
    return bound


def read_solution(text: str, instance: Instance) -> dict[str, list[tuple[int, str]]]:
    """Read lines “EmployeeID,Day,ShiftID”, day 0 first; NotAnInstance names a line that does not fit the instance."""
    roster: dict[str, list[tuple[int, str]]] = {name: [] for name in instance.staff}
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        parts = [part.strip() for part in stripped.split(",")]
        if number == 1 and len(parts) == 3 and parts[1].casefold() == "day":
            continue  # a heading
        if len(parts) != 3:
            raise NotAnInstance(f"line {number}: EmployeeID,Day,ShiftID is expected")
        name, at, code = parts
        if name not in instance.staff:
            raise NotAnInstance(f"line {number}: there is no employee {name}")
        if code not in instance.types:
            raise NotAnInstance(f"line {number}: there is no shift {code}")
        if not at.isdecimal() or int(at) >= instance.horizon:
            raise NotAnInstance(f"line {number}: day {at} is not from 0 to {instance.horizon - 1}")
        roster[name].append((int(at), code))
    return roster


def findings_in(instance: Instance, roster: Mapping[str, Iterable[tuple[int, str]]]) -> list[Finding]:
    """Return what the rules of an instance find in a roster."""
    return check(facts_of(instance, roster), rules_of(instance))


def score(instance: Instance, roster: Mapping[str, Iterable[tuple[int, str]]]) -> tuple[int, int]:
    """Return how many hard constraints are broken, and the penalty of the weighed ones."""
    return cost_of(findings_in(instance, roster))
