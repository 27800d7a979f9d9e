"""What a check works on: per person one bit a day for each set of shift types, and sums of minutes; made once, on demand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

from .facts import ABSENT, ALWAYS, DAY, Facts, Names, Person, Shift, Spans, Type, is_in
from .params import What, Window


@dataclass(frozen=True, slots=True)
class BoundRule:
    """A rule as it holds for some people on some days, its settings applied; `params` are read by its family."""

    code: str
    family: str
    params: Any
    level: str = "hard"
    weight: int = 1
    is_waivable: bool = False
    people: Mapping[int, Spans] = field(default_factory=dict)
    spans: Spans = ALWAYS  # for what concerns the unit and nobody alone
    names: Names = ("", "", "")
    source: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)  # the parameters as written
    skill_names: Names = ("", "", "")  # of the qualification that it asks for


@dataclass(frozen=True, slots=True)
class Finding:
    """A breach of a rule: by whom (0: by the unit), on which days, how much of what; `key` and `values` make its sentence.

    `span` are the days on which the finding depends: a change on another day leaves it as it is.
    """

    rule_code: str
    family: str
    level: str
    weight: int
    user_id: int
    days: tuple[int, ...]
    measured: int
    limit: int
    is_waivable: bool
    key: str
    values: Mapping[str, Any] = field(hash=False)
    span: tuple[int, int]
    amount: int = 1  # how many breaches: heads short, shifts too many, hours begun
    names: Names = ("", "", "")

    @property
    def is_hard(self) -> bool:
        return self.level == "hard"

    @property
    def cost(self) -> int:
        """What a weighed rule's breach costs."""
        return self.weight * self.amount

    @property
    def partner_id(self) -> int:
        """The other person of a finding about two, else 0."""
        partner: int = self.values.get("partner", 0)
        return partner

    def touches(self, first: int, until: int) -> bool:
        return self.span[0] < until and self.span[1] > first


class Raw(NamedTuple):
    """A breach as a family finds it; days as bits."""

    bits: tuple[int, ...]
    span: tuple[int, int]
    measured: int
    limit: int
    key: str
    values: dict[str, Any]
    amount: int = 1
    user_id: int = 0
    weight: int = 1


class Compiled(NamedTuple):
    """A `What` over the types of these facts."""

    place: int  # the same for two that mean the same
    types: frozenset[int]
    is_negated: bool
    spilling: frozenset[int]  # of a full one: types that run into the next day


def bits_of(mask: int) -> Iterator[int]:
    """Yield the places of the set bits, the lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def erode(mask: int, length: int) -> int:
    """Return the bits at which a run of at least so many begins."""
    done = 1
    while done < length and mask:
        step = min(done, length - done)
        mask &= mask >> step
        done += step
    return mask


def dilate(mask: int, length: int) -> int:
    """Return each bit with so many in a row from it on."""
    done = 1
    while done < length:
        step = min(done, length - done)
        mask |= mask << step
        done += step
    return mask


def runs_of(mask: int) -> Iterator[tuple[int, int]]:
    """Yield each run of set bits as [low, high)."""
    at = 0
    while mask:
        gap = (mask & -mask).bit_length() - 1
        mask >>= gap
        length = (~mask & (mask + 1)).bit_length() - 1
        yield at + gap, at + gap + length
        mask >>= length
        at += gap + length


class Ground:
    """The facts as a check uses them."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.origin = facts.known_first
        self.n = max(0, facts.known_last - facts.known_first)
        self.whole = (1 << self.n) - 1
        self.low, self.high = facts.first - self.origin, facts.last - self.origin
        self._compiled: dict[What, Compiled] = {}
        self._indexes: dict[tuple[frozenset[int], bool, frozenset[int]], int] = {}
        self._windows: dict[Window, list[tuple[int, int]]] = {}
        self._rows: dict[int, Row] = {}
        self._members: dict[Spans, int] = {}
        self._skilled: dict[str, dict[int, int]] = {}

    def row(self, user_id: int) -> "Row":
        try:
            return self._rows[user_id]
        except KeyError:
            found = self._rows[user_id] = Row(self, user_id)
            return found

    @cached_property
    def used_types(self) -> list[Type]:
        """The shift types that occur, and those that they stand for."""
        used = {shift[3] for shifts in self.facts.shifts.values() for shift in shifts}
        used |= {self.facts.stands_for[kind] for kind in used if kind in self.facts.stands_for}
        return [self.facts.types[kind] for kind in sorted(used)]

    def compile(self, what: What) -> Compiled:
        """Return what is meant among the types that occur; two that mean the same here share their masks."""
        found = self._compiled.get(what)
        if found is None:
            chosen = [kind for kind in self.used_types if what.takes(kind)]
            spilling = frozenset(kind.id for kind in chosen if what.is_full and kind.begins + kind.minutes > DAY)
            meant = (frozenset(kind.id for kind in chosen), what.is_negated, spilling)
            index = self._indexes.setdefault(meant, len(self._indexes))
            found = self._compiled[what] = Compiled(index, *meant)
        return found

    def skilled(self, skill: str) -> dict[int, int]:
        """Return the days on which each holds a qualification."""
        found = self._skilled.get(skill)
        if found is None:
            found = self._skilled[skill] = {
                user: self.mask_of_spans(held[skill]) for user, held in self.facts.skills.items() if skill in held
            }
        return found

    @cached_property
    def staff(self) -> dict[tuple[int, int], list[int]]:
        """Who of the unit is in which shift on which of the checked days, without those who learn with a preceptor."""
        facts, origin = self.facts, self.origin
        first, last, unit, asking = facts.first, facts.last, facts.unit_id, self.asking_types
        learning, stands_for = facts.conditions.get("preceptee", {}), facts.stands_for
        there: dict[tuple[int, int], list[int]] = {}
        for user, shifts in facts.shifts.items():
            taught = learning.get(user)
            for day, _begins, _ends, kind, at, _worked, _night in shifts:
                if first <= day < last and at == unit and kind in asking:
                    if taught and any(c.first <= day < c.until for c in taught):
                        continue
                    place = (day - origin, stands_for.get(kind, kind))
                    if place in there:
                        there[place].append(user)
                    else:
                        there[place] = [user]
        return there

    def mask_of_days(self, days: Iterable[int]) -> int:
        mask = 0
        for day in days:
            if 0 <= day - self.origin < self.n:
                mask |= 1 << (day - self.origin)
        return mask

    def member_mask(self, spans: Spans) -> int:
        """Return the days of membership; most have the same."""
        found = self._members.get(spans)
        if found is None:
            found = self._members[spans] = self.mask_of_spans(spans)
        return found

    def mask_of_spans(self, spans: Spans) -> int:
        mask = 0
        for first, until in spans:
            low, high = max(0, first - self.origin), min(self.n, until - self.origin)
            if low < high:
                mask |= (1 << high) - (1 << low)
        return mask

    @cached_property
    def rest_mask(self) -> int:
        """The weekly rest days, holidays or not."""
        rest = self.facts.rest_days
        return self.mask_of_days(d for d in range(self.origin, self.origin + self.n) if (d - 1) % 7 in rest)

    @cached_property
    def holiday_mask(self) -> int:
        return self.mask_of_days(d for d in self.facts.holidays)

    @cached_property
    def free_day_mask(self) -> int:
        """Weekly rest days and holidays."""
        is_free_day = self.facts.is_free_day
        return self.mask_of_days(d for d in range(self.origin, self.origin + self.n) if is_free_day(d))

    @cached_property
    def ramadan_mask(self) -> int:
        return self.mask_of_days(self.facts.ramadan)

    @cached_property
    def asking_types(self) -> frozenset[int]:
        return frozenset(k.id for k in self.facts.types.values() if k.kind not in ABSENT)

    def on_mask(self, on: str) -> int:
        """Return the days of a kind that a rule may narrow itself to."""
        if on == "any":
            return self.whole
        if on == "weekdays":
            return self.whole & ~self.free_day_mask
        return {"rest_days": self.rest_mask, "holidays": self.holiday_mask, "free_days": self.free_day_mask}[on]

    def windows(self, window: Window) -> list[tuple[int, int]]:
        """Return the windows that concern the checked days, as bits; they may reach over what is known.

        Of several weeks, those that end with a week which the checked days touch.
        """
        found = self._windows.get(window)
        if found is None:
            found = self._windows[window] = list(self._find_windows(window))
        return found

    def _find_windows(self, window: Window) -> Iterator[tuple[int, int]]:
        facts, origin = self.facts, self.origin
        if window.unit == "plan":
            yield self.low, self.high
        elif window.unit == "dates":
            yield window.first - origin, window.until - origin
        elif window.unit == "days":
            for end in range(self.low + 1, self.high + window.n):
                if end <= self.n and end - window.n >= 0:
                    yield end - window.n, end
        elif window.unit == "weeks":
            begin = facts.first - (facts.first - 1 - facts.week_begins) % 7
            while begin < facts.last:
                yield begin + 7 - 7 * window.n - origin, begin + 7 - origin
                begin += 7
        else:
            day = date.fromordinal(facts.first).replace(day=1)
            while day.toordinal() < facts.last:
                after = date(day.year + day.month // 12, day.month % 12 + 1, 1)
                yield day.toordinal() - origin, after.toordinal() - origin
                day = after

    def is_complete(self, low: int, high: int) -> bool:
        """Return whether a window is known and planned from end to end, so that too little in it is certain."""
        return low >= 0 and high <= self.high


class Row:
    """A person over the known days."""

    __slots__ = ("_masks", "_pieces", "_sums", "by_type", "ground", "member_mask", "person", "shifts", "user_id")

    def __init__(self, ground: Ground, user_id: int) -> None:
        self.ground = ground
        self.user_id = user_id
        self.person = ground.facts.people.get(user_id) or Person(user_id)
        origin, n = ground.origin, ground.n
        shifts = ground.facts.shifts.get(user_id, ())
        if shifts and not (origin <= shifts[0][0] and shifts[-1][0] < origin + n):
            shifts = [shift for shift in shifts if 0 <= shift.day - origin < n]
        self.shifts = shifts
        by_type: dict[int, int] = {}
        for shift in shifts:
            kind = shift[3]
            by_type[kind] = by_type.get(kind, 0) | 1 << shift[0] - origin
        self.by_type = by_type
        self.member_mask = ground.member_mask(self.person.member)
        self._masks: dict[int, int] = {}
        self._sums: dict[tuple[int, str], list[int]] = {}
        self._pieces: dict[int, list[Shift]] = {}

    def mask(self, what: Compiled) -> int:
        """Return a bit for each day with such a shift; of a negated one, for each day of membership without."""
        try:
            return self._masks[what[0]]
        except KeyError:
            found = 0
            _, types, is_negated, spilling = what
            for kind, bits in self.by_type.items():
                if kind in types:
                    found |= bits
                    if kind in spilling:
                        found |= bits << 1
            if is_negated:
                found = self.member_mask & ~found
            self._masks[what[0]] = found
            return found

    def sums(self, what: Compiled, measure: str) -> list[int]:
        """Return running totals: item i is what the days before bit i come to, in worked, night or present minutes or shifts."""
        key = (what.place, measure)
        found = self._sums.get(key)
        if found is None:
            days = [0] * self.ground.n
            origin, types = self.ground.origin, what.types
            if measure == "worked":
                for shift in self.shifts:
                    if shift[3] in types:
                        days[shift[0] - origin] += shift[5]
            else:
                for shift in self.shifts:
                    if shift[3] in types:
                        days[shift.day - origin] += amount_of(shift, measure)
            found = self._sums[key] = [0, *accumulate(days)]
        return found

    def pieces(self, what: Compiled) -> list[Shift]:
        """Return the shifts in question, in order."""
        found = self._pieces.get(what.place)
        if found is None:
            types = what.types
            found = self._pieces[what.place] = [shift for shift in self.shifts if shift[3] in types]
        return found

    def codes_on(self, bit: int, types: frozenset[int]) -> str:
        """Return the codes of the shifts in question on a day."""
        day, known = bit + self.ground.origin, self.ground.facts.types
        return " ".join(known[s.type_id].code for s in self.shifts if s.day == day and s.type_id in types)

    def is_member(self, low: int, high: int) -> bool:
        """Return whether the person belongs to the unit on each day of a window."""
        window = (1 << high) - (1 << low)
        return self.member_mask & window == window


class Wide:
    """Everybody's days in one number, each person in a lane of their own: one operation asks them all."""

    GAP = 72  # empty bits after each lane, wider than any shift of bits by a rule

    def __init__(self, ground: Ground, users: Sequence[int]) -> None:
        self.ground = ground
        self.users = users
        self.lane = (ground.n + self.GAP + 7) // 8  # in bytes
        rows = [ground.row(user) for user in users]
        lane, empty = self.lane, bytes(self.lane)
        self._types = {
            kind.id: int.from_bytes(
                b"".join(
                    row.by_type[kind.id].to_bytes(lane, "little") if kind.id in row.by_type else empty for row in rows
                ),
                "little",
            )
            for kind in ground.used_types
        }
        self._members = int.from_bytes(b"".join(row.member_mask.to_bytes(lane, "little") for row in rows), "little")
        self._masks: dict[int, int] = {}

    def mask(self, what: What) -> int:
        """Return what `Row.mask` returns, of all."""
        meant = self.ground.compile(what)
        found = self._masks.get(meant.place)
        if found is None:
            found = 0
            for kind in meant.types:
                found |= self._types[kind]
                if kind in meant.spilling:
                    found |= self._types[kind] << 1
            if meant.is_negated:
                found = self._members & ~found
            self._masks[meant.place] = found
        return found

    def days(self, mask: int) -> int:
        """Return some days of everybody."""
        return int.from_bytes(mask.to_bytes(self.lane, "little") * len(self.users), "little")

    def users_in(self, bits: int) -> list[int]:
        """Return those in whose lanes a bit is set."""
        if not bits:
            return []
        lane, empty = self.lane, bytes(self.lane)
        data = bits.to_bytes(lane * (len(self.users) + 1), "little")
        return [user for at, user in enumerate(self.users) if data[at * lane : at * lane + lane] != empty]


def amount_of(shift: Shift, measure: str) -> int:
    """Return what a shift counts for in a measure."""
    if measure == "night":
        return shift.night
    if measure == "present":
        return shift.ends - shift.begins
    return 1 if measure == "shifts" else shift.minutes


def holds_on(spans: Spans, day: int) -> bool:
    """Return whether a bound rule holds on a day."""
    return spans is ALWAYS or is_in(spans, day)
