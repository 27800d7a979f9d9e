"""Who is there: cover and skills, together or apart, not at these times."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from apps.rosters.rules.facts import Names, Need
from apps.rosters.rules.ground import BoundRule, Ground, Raw, Row, Wide, bits_of
from apps.rosters.rules.params import (
    WORDS,
    BadParam,
    What,
    param,
    read_choice,
    read_day,
    read_list,
    read_shifts,
    read_text,
    read_times,
    read_what,
    read_whole,
)  # fmt: skip

from .base import NOTHING, Checker, Family


class Cover(Family):
    """Heads and skills a shift: what the unit's demand asks for, who has to hold what, how many may be new."""

    name: ClassVar[str] = "cover"

    @dataclass(frozen=True)
    class Params:
        # minimum, target and maximum are the demand's; each: everybody in the shift holds the qualification;
        # some: at least `at_least` of them do; novices: at most `max_percent` of them began within `novice_days`
        part: str = param(read_choice("minimum", "target", "maximum", "each", "some", "novices"))
        what: What = param(read_shifts, WORDS["work"])
        qualification: str = param(read_text, "")
        at_least: int = param(read_whole(1, 50), 1)
        max_percent: int = param(read_whole(0, 100), 50)
        novice_days: int = param(read_whole(1, 2000), 365)

        def judge(self) -> None:
            if self.part in {"each", "some"} and not self.qualification:
                raise BadParam("param-missing", "qualification")

    @classmethod
    def is_of_unit(cls, params: "Cover.Params") -> bool:
        return params.part != "each"

    @classmethod
    def checker(cls, rule: BoundRule, ground: Ground) -> Checker:
        params: Cover.Params = rule.params
        what, skill, facts = ground.compile(params.what), params.qualification, ground.facts

        def check(row: Row) -> Iterator[Raw] | tuple[Raw, ...]:
            mask = row.mask(what)
            return lacking(row) if mask & ~ground.skilled(skill).get(row.user_id, 0) else NOTHING

        def lacking(row: Row) -> Iterator[Raw]:
            held = facts.skills.get(row.user_id, {}).get(skill, ())
            for bit in bits_of(row.mask(what) & ~ground.skilled(skill).get(row.user_id, 0)):
                day = bit + ground.origin
                if not any(s.day == day and s.type_id in what.types and s.unit_id == facts.unit_id for s in row.shifts):
                    continue  # another unit's shift asks for what that unit asks for
                until = max((ends for _, ends in held if ends <= day), default=0)
                values = {"skill": named(ground, skill), "code": row.codes_on(bit, what.types), "lapsed": until}
                yield Raw((bit,), (bit, bit + 1), 0, 1, "skill-lapsed" if until else "skill-each", values)

        return check

    @classmethod
    def check_unit(cls, rule: BoundRule, ground: Ground, low: int, high: int) -> Iterator[Raw]:
        params: Cover.Params = rule.params
        low, high = max(low, ground.low), min(high, ground.high)
        if params.part in {"minimum", "target", "maximum"}:
            yield from cls._demand(params.part, ground, low, high)
        else:
            yield from cls._mix(params, rule, ground, low, high)

    @classmethod
    def _demand(cls, part: str, ground: Ground, low: int, high: int) -> Iterator[Raw]:
        facts, there = ground.facts, ground.staff
        for bit in range(low, high):
            day = bit + ground.origin
            for need in facts.needs_on(day):
                wanted = limit_of(need, part)
                if wanted is None:
                    continue
                people = there.get((bit, need.type_id), ())
                have = skilled_among(ground, people, need.skill, bit) if need.skill else len(people)
                missing = have - wanted if part == "maximum" else wanted - have
                if missing > 0:
                    weight = need.weight_over if part == "maximum" else need.weight
                    values: dict[str, object] = {"type": need.type_id, "code": facts.types[need.type_id].code}
                    values["skill"] = named(ground, need.skill)
                    key = f"cover-{part}" + ("-skill" if need.skill else "")
                    yield Raw((bit,), (bit, bit + 1), have, wanted, key, values, missing, weight=weight)

    @classmethod
    def _mix(cls, params: "Cover.Params", rule: BoundRule, ground: Ground, low: int, high: int) -> Iterator[Raw]:
        facts, what = ground.facts, ground.compile(params.what)
        # What is asked of nurses is asked of the nurses in a shift: a shift of others is not looked at. By their staff
        # types, since somebody for whom it is set otherwise is in the shift all the same.
        jobs = {facts.people[user].job for user in rule.people if user in facts.people}
        for (bit, kind), everybody in sorted(ground.staff.items()):
            if kind not in what.types or not low <= bit < high:
                continue
            people = [user for user in everybody if user in facts.people and facts.people[user].job in jobs]
            if not people:
                continue
            day = bit + ground.origin
            values: dict[str, object] = {
                "type": kind,
                "code": facts.types[kind].code,
                "skill": named(ground, params.qualification),
            }
            if params.part == "some":
                have = skilled_among(ground, people, params.qualification, bit)
                if have < params.at_least:
                    short = params.at_least - have
                    yield Raw((bit,), (bit, bit + 1), have, params.at_least, "skill-some", values, short)
            else:
                new = sum(day - facts.people[user].joined < params.novice_days for user in people)
                limit = len(people) * params.max_percent // 100
                if new > limit:
                    told = {**values, "heads": len(people), "percent": params.max_percent}
                    yield Raw((bit,), (bit, bit + 1), new, limit, "novices", told, new - limit)


def skilled_among(ground: Ground, people: Iterable[int], skill: str, bit: int) -> int:
    """Return how many of some people hold a qualification on a day."""
    days = ground.skilled(skill)
    return sum(1 for user in people if days.get(user, 0) >> bit & 1)


def named(ground: Ground, skill: str) -> Names:
    """Return what a qualification is called."""
    return ground.facts.skill_names.get(skill, ("", skill, ""))


def limit_of(need: Need, part: str) -> int | None:
    """Return the number that a part of the demand asks for."""
    if part == "minimum":
        return need.minimum
    return need.target if part == "target" else need.maximum


class Pairing(Family):
    """Two who work together, shift by shift, or who do not."""

    name: ClassVar[str] = "pairing"

    @dataclass(frozen=True)
    class Params:
        mode: str = param(read_choice("with", "apart"))
        condition: str = param(read_choice("preceptee", "apart"))
        what: What = param(read_shifts, WORDS["busy"])

    @classmethod
    def is_of_unit(cls, params: "Pairing.Params") -> bool:
        return True

    @classmethod
    def check_unit(cls, rule: BoundRule, ground: Ground, low: int, high: int) -> Iterator[Raw]:
        params: Pairing.Params = rule.params
        facts, what, leave = ground.facts, ground.compile(params.what), ground.compile(WORDS["leave"])
        low, high = max(low, ground.low), min(high, ground.high)
        told: set[tuple[int, int, int]] = set()
        for user, circumstances in facts.conditions.get(params.condition, {}).items():
            if user not in rule.people:
                continue
            for circumstance in circumstances:
                first = max(low, circumstance.first - ground.origin)
                until = min(high, circumstance.until - ground.origin)
                for bit in range(first, until):
                    own = shifts_on(ground.row(user), bit, what.types)
                    others = shifts_on(ground.row(circumstance.partner), bit, what.types)
                    pair = (min(user, circumstance.partner), max(user, circumstance.partner), bit)
                    values = {"partner": circumstance.partner}
                    if params.mode == "apart":
                        shared = own & others
                        if shared and pair not in told:
                            told.add(pair)
                            codes = " ".join(sorted(facts.types[kind].code for _, kind in shared))
                            yield Raw((bit,), (bit, bit + 1), 1, 0, "apart", {**values, "code": codes}, 1, user)
                    elif own != others and not row_is_away(ground, user, circumstance.partner, bit, leave.types):
                        codes = " ".join(sorted(facts.types[kind].code for _, kind in others))
                        yield Raw((bit,), (bit, bit + 1), 0, 1, "with", {**values, "code": codes}, 1, user)


def shifts_on(row: Row, bit: int, types: frozenset[int]) -> set[tuple[int, int]]:
    day = bit + row.ground.origin
    return {(s.unit_id, s.type_id) for s in row.shifts if s.day == day and s.type_id in types}


def row_is_away(ground: Ground, user: int, partner: int, bit: int, leave: frozenset[int]) -> bool:
    """Return whether one of two is on leave, so that nobody can go with the other."""
    day = bit + ground.origin
    return any(s.day == day and s.type_id in leave for who in (user, partner) for s in ground.row(who).shifts)


class Blackout(Family):
    """No such shifts: on some days, at some hours, or at all while a circumstance holds."""

    name: ClassVar[str] = "blackout"

    @dataclass(frozen=True)
    class Params:
        what: What = param(read_what, WORDS["called"])
        clock: tuple[int, int] | None = param(read_times, None)
        on: str = param(read_choice("any", "weekdays", "rest_days", "holidays", "free_days"), "any")
        weekdays: tuple[int, ...] = param(read_list(read_whole(0, 6), 7), ())
        dates: tuple[int, ...] = param(read_list(read_day), ())
        beside: What | None = param(read_what, None)  # only on days that have such a shift too
        before: What | None = param(read_what, None)  # only on the eve of a day with such a shift

        def judge(self) -> None:
            if self.what.word == "any" and not (self.dates or self.weekdays or self.clock or self.beside):
                raise BadParam("param-nothing-left", "what")
            if self.clock is not None and (self.what.clock is not None or self.what.is_negated):
                raise BadParam("param-not-both", "clock", other="what")

    @classmethod
    def _what(cls, params: "Blackout.Params") -> What:
        return params.what if params.clock is None else replace(params.what, clock=params.clock)

    @classmethod
    def _days(cls, params: "Blackout.Params", ground: Ground) -> int:
        days = ground.on_mask(params.on)
        if params.dates:
            days &= ground.mask_of_days(params.dates)
        if params.weekdays:
            known = range(ground.origin, ground.origin + ground.n)
            days &= ground.mask_of_days(day for day in known if (day - 1) % 7 in params.weekdays)
        return days

    @classmethod
    def suspects(cls, rule: BoundRule, wide: Wide) -> int | None:
        params: Blackout.Params = rule.params
        hits, days = wide.mask(cls._what(params)), cls._days(params, wide.ground)
        if days != wide.ground.whole:
            hits &= wide.days(days)
        if params.beside is not None:
            hits &= wide.mask(params.beside)
        if params.before is not None:
            hits &= wide.mask(params.before) >> 1
        return hits

    @classmethod
    def checker(cls, rule: BoundRule, ground: Ground) -> Checker:
        params: Blackout.Params = rule.params
        what, days = ground.compile(cls._what(params)), cls._days(params, ground)
        beside = ground.compile(params.beside) if params.beside is not None else None
        before = ground.compile(params.before) if params.before is not None else None
        # What asks for a whole day off depends on the day before too.
        back = int(params.what.is_full or (params.beside is not None and params.beside.is_full))
        values = {
            "what": params.what.word, "clock": params.clock, "on": params.on,
            "while": rule.raw.get("while", ""), "beside": params.beside.word if params.beside else "",
            "before": params.before.word if params.before else "",
        }  # fmt: skip

        def check(row: Row) -> Iterator[Raw]:
            hits = row.mask(what) & days
            if beside is not None:
                hits &= row.mask(beside)
            if before is not None:
                hits &= row.mask(before) >> 1
            for bit in bits_of(hits):
                code = row.codes_on(bit, what.types)
                yield Raw((bit,), (bit - back, bit + (2 if before else 1)), 1, 0, "blackout", {**values, "code": code})

        return check
