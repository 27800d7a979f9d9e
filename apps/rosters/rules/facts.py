"""What rules look at: plain numbers, so that a check of a whole hospital costs milliseconds.

Days are ordinals (`date.toordinal`), instants minutes since the epoch, times of day minutes since local midnight.
A shift belongs, with all of its minutes, to the local day on which it begins. Spans are half-open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

Spans = tuple[tuple[int, int], ...]
Names = tuple[str, str, str]  # in Korean, English and Arabic

LONG_AGO, FAR_OFF = 1, date.max.toordinal()
ALWAYS: Spans = ((LONG_AGO, FAR_OFF),)
DAY = 1440
NIGHT_FROM, NIGHT_UNTIL = 22 * 60, 6 * 60  # Labor Standards Act, article 56
NIGHT_SHIFT = 180  # with fewer minutes of the night, an evening shift to 23:00 is no night shift

PRESENT = frozenset({"work", "duty", "on_call_house"})  # in the house
BUSY = PRESENT | {"training"}
ABSENT = frozenset({"leave", "off"})
KINDS = BUSY | ABSENT | {"on_call_home", "standby"}

EPOCH = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))


def clock_overlap(begins: int, minutes: int, clock_from: int, clock_until: int) -> int:
    """Return how many of `minutes` from a time of day lie in a daily interval, which may pass midnight."""
    length = (clock_until - clock_from) % DAY or DAY
    ends = begins + minutes
    total = 0
    for turn in range(-1, ends // DAY + 1):
        at = clock_from + turn * DAY
        total += max(0, min(ends, at + length) - max(begins, at))
    return total


class Type(NamedTuple):
    """A shift type by the wall clock of its site."""

    id: int
    code: str
    kind: str
    begins: int
    minutes: int
    break_minutes: int = 0
    percent: int = 100

    @property
    def night(self) -> int:
        """The minutes between 22:00 and 06:00 by the wall clock."""
        return clock_overlap(self.begins, self.minutes, NIGHT_FROM, NIGHT_UNTIL)

    @property
    def worked(self) -> int:
        """Minutes of work by the wall clock, without the break."""
        return max(0, self.minutes - self.break_minutes) * self.percent // 100


class Shift(NamedTuple):
    """Somebody's shift. `minutes` are worked (no breaks, weighed by the type's per cent), `night` lie between 22 and 6."""

    day: int
    begins: int
    ends: int
    type_id: int
    unit_id: int
    minutes: int
    night: int


class Person(NamedTuple):
    """Who somebody is to the rules; `member` are the days in the unit."""

    id: int
    job: str = ""
    percent: int = 100
    weekly_minutes: int = 2400
    joined: int = LONG_AGO
    member: Spans = ALWAYS


class Need(NamedTuple):
    """How many a shift needs on days of a kind, or on one day, and what each head short or too many weighs."""

    type_id: int
    day_kind: str = "any"
    on: int = 0
    skill: str = ""
    minimum: int = 0
    target: int | None = None
    maximum: int | None = None
    weight: int = 100
    weight_over: int = 1
    valid_from: int = LONG_AGO
    valid_until: int = FAR_OFF


class Circumstance(NamedTuple):
    """A condition of somebody for days [first, until), perhaps with somebody else."""

    first: int
    until: int
    partner: int = 0


class Clock:
    """The wall clock of a zone as minutes since the epoch; exact on days that are 23 or 25 hours long."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._midnights: dict[int, int] = {}
        self._nights: dict[tuple[int, int], int] = {}

    def _exact(self, day: int, minute: int) -> int:
        local = datetime.combine(date.fromordinal(day), datetime.min.time(), self.zone) + timedelta(minutes=minute)
        return int((local - EPOCH).total_seconds() // 60)  # aware minus aware of another zone: true minutes

    def midnight(self, day: int) -> int:
        found = self._midnights.get(day)
        if found is None:
            found = self._midnights[day] = self._exact(day, 0)
        return found

    def is_plain(self, day: int) -> bool:
        """Return whether no clock change comes from the day before to two days after."""
        midnight = self.midnight
        return midnight(day + 3) - midnight(day - 1) == 4 * DAY

    def at(self, day: int, minute: int) -> int:
        """Return the instant at which the wall clock shows `minute` minutes after the day's midnight."""
        day, minute = day + minute // DAY, minute % DAY
        begins = self.midnight(day)
        return begins + minute if self.midnight(day + 1) - begins == DAY else self._exact(day, minute)

    def night_minutes(self, day: int, begins: int, ends: int) -> int:
        """Return the true minutes between 22:00 and 06:00 of a period that begins on a local day."""
        if self.is_plain(day):
            key = (begins - self.midnight(day), ends - begins)
            found = self._nights.get(key)
            if found is None:
                found = self._nights[key] = clock_overlap(*key, NIGHT_FROM, NIGHT_UNTIL)
            return found
        total, night = 0, day - 1
        while (opens := self.at(night, NIGHT_FROM)) < ends:
            total += max(0, min(ends, self.at(night + 1, NIGHT_UNTIL)) - max(begins, opens))
            night += 1
        return total

    def shift(self, kind: Type, day: int, unit_id: int = 0) -> Shift:
        """Return a shift of a type on a day as the wall clock has it."""
        begins, ends = self.at(day, kind.begins), self.at(day, kind.begins + kind.minutes)
        worked = max(0, ends - begins - kind.break_minutes) * kind.percent // 100
        return Shift(day, begins, ends, kind.id, unit_id, worked, self.night_minutes(day, begins, ends))


@dataclass(frozen=True)
class Facts:
    """A unit's people and their shifts over [known_first, known_last); findings are told for [first, last)."""

    first: int
    last: int
    known_first: int
    known_last: int
    types: Mapping[int, Type]
    people: Mapping[int, Person]
    shifts: Mapping[int, Sequence[Shift]]  # by person, in the order of their beginnings
    clock: Clock
    unit_id: int = 0
    week_begins: int = 0
    rest_days: frozenset[int] = frozenset({5, 6})  # weekdays
    holidays: frozenset[int] = frozenset()
    day_kinds: Mapping[int, str] = field(default_factory=dict)  # of the days that are not told by weekday and holiday
    ramadan: frozenset[int] = frozenset()
    conditions: Mapping[str, Mapping[int, Sequence[Circumstance]]] = field(default_factory=dict)
    skills: Mapping[int, Mapping[str, Spans]] = field(default_factory=dict)
    skill_names: Mapping[str, Names] = field(default_factory=dict)
    needs: Sequence[Need] = ()
    stands_for: Mapping[int, int] = field(
        default_factory=dict
    )  # types of Ramadan -> the type that is needed and rostered
    # (person, counter) -> what each closed month came to, by the ordinal of its first day
    ledger: Mapping[tuple[int, str], Mapping[int, int]] = field(default_factory=dict)
    waivers: Mapping[str, Mapping[int, Spans]] = field(default_factory=dict)  # rule code -> person -> days

    def with_shifts(self, changed: Mapping[int, Sequence[Shift]]) -> "Facts":
        """Return the facts as they would be with other shifts of some people; what is not named stays."""
        ordered = {user: sorted(shifts, key=lambda shift: shift.begins) for user, shifts in changed.items()}
        return replace(self, shifts={**self.shifts, **ordered})

    def shift_on(self, type_id: int, day: int) -> Shift:
        """Return the shift that somebody would have in this unit."""
        return self.clock.shift(self.types[type_id], day, self.unit_id)

    def kind_of(self, day: int) -> str:
        """Return weekday, saturday, sunday (the first and a later rest day) or holiday."""
        told = self.day_kinds.get(day)
        if told is not None:
            return told
        if day in self.holidays:
            return "holiday"
        weekday = (day - 1) % 7  # ordinal 1 was a Monday
        if weekday not in self.rest_days:
            return "weekday"
        return "sunday" if (weekday - 1) % 7 in self.rest_days else "saturday"

    def is_free_day(self, day: int) -> bool:
        """Return whether a day is a weekly rest day or a holiday."""
        return self.kind_of(day) != "weekday"

    def has_skill(self, user_id: int, skill: str, day: int) -> bool:
        return is_in(self.skills.get(user_id, {}).get(skill, ()), day)

    def is_under(self, condition: str, user_id: int, day: int) -> bool:
        """Return whether somebody is under a condition on a day."""
        return any(c.first <= day < c.until for c in self.conditions.get(condition, {}).get(user_id, ()))

    @cached_property
    def _needs_by_day(self) -> dict[int, tuple[Need, ...]]:
        return {}

    def needs_on(self, day: int) -> tuple[Need, ...]:
        """Return what holds on a day, one need a shift type and skill: a dated one before the day's kind before every day.

        A holiday without a demand of its own is staffed as the second rest day.
        """
        found = self._needs_by_day.get(day)
        if found is not None:
            return found
        kind = self.kind_of(day)
        ranks = {"any": 1, kind: 3}
        if kind == "holiday":
            ranks["sunday"] = 2
        best: dict[tuple[int, str], tuple[int, Need]] = {}
        for need in self.needs:
            if not need.valid_from <= day < need.valid_until or (need.on and need.on != day):
                continue
            rank = 4 if need.on else ranks.get(need.day_kind, 0)
            key = (need.type_id, need.skill)
            if rank and (key not in best or rank > best[key][0]):
                best[key] = (rank, need)
        self._needs_by_day[day] = chosen = tuple(need for _, need in best.values())
        return chosen


def is_in(spans: Spans, day: int) -> bool:
    for first, until in spans:  # noqa: SIM110  # a generator costs three times as much, and this is asked often
        if first <= day < until:
            return True
    return False


def cut(spans: Spans, others: Spans) -> Spans:
    """Return the days that lie in both."""
    return tuple(
        (max(first, begins), min(until, ends))
        for first, until in spans
        for begins, ends in others
        if max(first, begins) < min(until, ends)
    )


def without(spans: Spans, others: Spans) -> Spans:
    """Return the days of the first that do not lie in the others."""
    for begins, ends in others:
        spans = tuple(
            (low, high)
            for first, until in spans
            for low, high in ((first, min(until, begins)), (max(first, ends), until))
            if low < high
        )
    return spans
