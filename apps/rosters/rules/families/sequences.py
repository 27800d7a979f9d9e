"""What follows what: succession, runs in a row, rest between shifts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from apps.rosters.rules.facts import Shift
from apps.rosters.rules.ground import BoundRule, Compiled, Ground, Raw, Row, Wide, bits_of, dilate, erode, runs_of
from apps.rosters.rules.params import (
    WORDS,
    BadParam,
    What,
    param,
    read_flag,
    read_list,
    read_shifts,
    read_what,
    read_whole,
)

from .base import NOTHING, Checker, Family


class Succession(Family):
    """After such a shift no such shift, with so many free days between them: N then D on the next day; N, O, D."""

    name: ClassVar[str] = "succession"

    @dataclass(frozen=True)
    class Params:
        after: What = param(read_shifts)
        then: What = param(read_shifts)
        free_days: tuple[int, ...] = param(read_list(read_whole(0, 6), 7), (0,))  # refused with so many between

    @classmethod
    def checker(cls, rule: BoundRule, ground: Ground) -> Checker:
        params: Succession.Params = rule.params
        after, then, rest = ground.compile(params.after), ground.compile(params.then), ground.compile(WORDS["rest"])
        enough = max(params.free_days) + 1

        def check(row: Row) -> Iterator[Raw]:
            for between in params.free_days:
                hits = row.mask(after) & row.mask(then) >> between + 1
                for step in range(1, between + 1):
                    if not hits:
                        break
                    hits &= row.mask(rest) >> step
                for bit in bits_of(hits):
                    last = bit + between + 1
                    codes = {"after": row.codes_on(bit, after.types), "then": row.codes_on(last, then.types)}
                    yield Raw((bit, last), (bit, last + 1), between, enough, "succession", codes)

        return check

    @classmethod
    def suspects(cls, rule: BoundRule, wide: Wide) -> int | None:
        params: Succession.Params = rule.params
        after, then, suspects = wide.mask(params.after), wide.mask(params.then), 0
        for between in params.free_days:
            hits = after & then >> between + 1
            for step in range(1, between + 1):
                hits &= wide.mask(WORDS["rest"]) >> step
            suspects |= hits
        return suspects


class Run(Family):
    """So many days in a row at most, or at least; after so long a run, so many days of rest."""

    name: ClassVar[str] = "run"

    @dataclass(frozen=True)
    class Params:
        what: What = param(read_what)
        max: int | None = param(read_whole(1, 60), None)
        min: int | None = param(read_whole(2, 60), None)
        after: int | None = param(read_whole(1, 60), None)  # a run of at least so many days …
        rest: int | None = param(read_whole(1, 14), None)  # … is followed by at least so many of rest

        def judge(self) -> None:
            if self.max is not None and self.min is not None and self.min > self.max:
                raise BadParam("param-min-over-max", "min", low=self.min, high=self.max)
            if (self.after is None) != (self.rest is None):
                missing, other = ("rest", "after") if self.rest is None else ("after", "rest")
                raise BadParam("param-needs", other, other=missing)
            if self.max is self.min is self.after is None:
                raise BadParam("param-one-of", choices="max, min, after")

    @classmethod
    def checker(cls, rule: BoundRule, ground: Ground) -> Checker:
        params: Run.Params = rule.params
        what, busy = ground.compile(params.what), ground.compile(WORDS["busy"])
        rest = ground.compile(WORDS["rest"])
        word, n, high_edge = params.what.word, ground.n, ground.high

        def check(row: Row) -> Iterator[Raw]:
            mask = row.mask(what)
            for low, high in runs_of(mask):
                length, days, span = high - low, tuple(range(low, high)), (low - 1, high + 1)
                # A stretch of free days is one when work stands at both ends; before and after is unknown.
                is_whole = not what.is_negated or (low > 0 and high < n)
                if params.max is not None and length > params.max and is_whole:
                    yield Raw(days, span, length, params.max, "run-max", {"what": word}, length - params.max)
                if params.min is not None and length < params.min and low > 0 and high < high_edge:
                    yield Raw(days, span, length, params.min, "run-min", {"what": word}, params.min - length)
                if params.after is not None and params.rest is not None and length >= params.after and high < n:
                    yield from _rest_after(row, params.rest, params.after, high, word)

        def _rest_after(row: Row, wanted: int, after: int, high: int, word: str) -> Iterator[Raw]:
            free = row.mask(rest)
            found = 0
            while found < wanted and free >> high + found & 1:
                found += 1
            back = high + found
            if found < wanted and back < n and row.mask(busy) >> back & 1:
                values = {"what": word, "run": after}
                yield Raw(
                    (high - 1, back), (high - after - 1, back + 1), found, wanted, "run-rest", values, wanted - found
                )

        return check

    @classmethod
    def suspects(cls, rule: BoundRule, wide: Wide) -> int | None:
        params: Run.Params = rule.params
        mask, suspects = wide.mask(params.what), 0
        if params.max is not None:
            suspects |= erode(mask, params.max + 1)
        if params.min is not None:
            suspects |= mask & ~dilate(erode(mask, params.min), params.min)
        if params.after is not None and params.rest is not None:
            ends = erode(mask, params.after) << params.after - 1 & ~(mask >> 1)
            back = wide.mask(WORDS["busy"]) >> 1
            suspects |= ends & (dilate(back, params.rest) >> params.rest - 1)
        return suspects


class Rest(Family):
    """Time between shifts. A rest shorter than `merge_below` does not end a stretch of work: its pieces are added up."""

    name: ClassVar[str] = "rest"

    @dataclass(frozen=True)
    class Params:
        after: What = param(read_shifts, WORDS["busy"])
        then: What = param(read_shifts, WORDS["busy"])
        min_minutes: int | None = param(read_whole(1, 14 * 1440), None)
        in_a_row: int = param(read_whole(1, 14), 1)  # only after so many days in a row with such shifts
        same_day: bool = param(read_flag, False)  # whether the pieces of a split shift need the rest too
        merge_below: int = param(read_whole(0, 2 * 1440), 0)
        after_minutes: int | None = param(read_whole(1, 3 * 1440), None)  # only after a stretch as long as that
        max_minutes: int | None = param(read_whole(60, 7 * 1440), None)  # the longest stretch

        def judge(self) -> None:
            if self.min_minutes is None and self.max_minutes is None:
                raise BadParam("param-one-of", choices="min_minutes, max_minutes")
            if self.after_minutes is not None and self.min_minutes is None:
                raise BadParam("param-needs", "after_minutes", other="min_minutes")
            if self.in_a_row > 1 and self.min_minutes is None:
                raise BadParam("param-needs", "in_a_row", other="min_minutes")
            if self.in_a_row > 1 and self.after_minutes is not None:
                raise BadParam("param-not-both", "in_a_row", other="after_minutes")

    @classmethod
    def checker(cls, rule: BoundRule, ground: Ground) -> Checker:
        params: Rest.Params = rule.params
        after, then = ground.compile(params.after), ground.compile(params.then)
        union = Compiled(-1, after.types | then.types, False, frozenset())
        same = after.types == then.types

        def check(row: Row) -> Iterator[Raw]:
            if params.in_a_row > 1:
                yield from _after_block(row)
                return
            if params.max_minutes is not None or params.after_minutes is not None:
                yield from _stretches(row)
            if params.min_minutes is not None and params.after_minutes is None:
                yield from _gaps(row)

        def _followers(row: Row) -> list[Shift]:
            return row.pieces(after if same else union) if same else [s for s in row.shifts if s[3] in union.types]

        def _raw(days: list[int], measured: int, limit: int, key: str, values: dict[str, object], amount: int) -> Raw:
            bits = tuple(sorted({day - ground.origin for day in days}))
            return Raw(bits, (bits[0] - 3, bits[-1] + 4), measured, limit, key, values, amount)

        def _gaps(row: Row) -> Iterator[Raw]:
            """Rest between what touches or overlaps is none: it is one stretch."""
            limit = params.min_minutes or 0
            before: Shift | None = None
            for shift in _followers(row):
                if before is None:
                    before = shift
                    continue
                gap = shift.begins - before.ends
                is_meant = before.type_id in after.types and shift.type_id in then.types
                if 0 < gap < limit and is_meant and (params.same_day or shift.day != before.day):
                    codes = _codes(before, shift)
                    yield _raw([before.day, shift.day], gap, limit, "rest", codes, -(-(limit - gap) // 60))
                if shift.ends >= before.ends:
                    before = shift

        def _codes(before: Shift, shift: Shift) -> dict[str, object]:
            types = ground.facts.types
            return {"after": types[before.type_id].code, "then": types[shift.type_id].code}

        def _after_block(row: Row) -> Iterator[Raw]:
            limit = params.min_minutes or 0
            mask = row.mask(after)
            for low, high in runs_of(mask):
                if high - low < params.in_a_row:
                    continue
                day = ground.origin + high - 1
                last = max((s for s in row.pieces(after) if s.day == day), key=lambda s: s.ends)
                following = next((s for s in row.pieces(then) if s.begins >= last.ends), None)
                if following is not None and following.begins - last.ends < limit:
                    gap = following.begins - last.ends
                    values = {**_codes(last, following), "run": params.in_a_row, "what": params.after.word}
                    raw = _raw([last.day, following.day], gap, limit, "rest-run", values, -(-(limit - gap) // 60))
                    yield raw._replace(span=(raw.span[0] - params.in_a_row, raw.span[1]))

        def _stretches(row: Row) -> Iterator[Raw]:
            """Add up pieces with less than `merge_below` between them; time that overlaps counts once."""
            pieces = row.pieces(after)
            start = 0
            while start < len(pieces):
                total, until, end = 0, pieces[start].begins, start
                told: set[tuple[tuple[int, ...], int]] = set()  # one call may lie beside several pieces
                while end < len(pieces) and (end == start or pieces[end].begins - until < max(1, params.merge_below)):
                    piece = pieces[end]
                    total += max(0, piece.ends - max(piece.begins, until))
                    until = max(until, piece.ends)
                    end += 1
                    if params.after_minutes is not None and total >= params.after_minutes:
                        short = _rest_of(row, piece, until, total)
                        if short is not None and (short.bits, short.measured) not in told:
                            told.add((short.bits, short.measured))
                            yield short
                if params.max_minutes is not None and total > params.max_minutes:
                    days = [piece.day for piece in pieces[start:end]]
                    amount = -(-(total - params.max_minutes) // 60)
                    yield _raw(days, total, params.max_minutes, "stretch", {"merge": params.merge_below}, amount)
                start = end

        def _rest_of(row: Row, piece: Shift, until: int, total: int) -> Raw | None:
            """Work that touches a stretch is part of it; to be called at its end, or from before it on, is no rest."""
            limit = params.min_minutes or 0
            following = next((s for s in row.pieces(then) if s.ends > until), None)
            if following is None or following.begins - until >= limit:
                return None
            if following.begins <= until and following.type_id in after.types:
                return None
            gap = max(0, following.begins - until)
            values = {**_codes(piece, following), "stretch": total}
            raw = _raw([piece.day, following.day], gap, limit, "rest-stretch", values, -(-(limit - gap) // 60))
            return raw._replace(span=(raw.span[0] - 7, raw.span[1]))

        def check_block(row: Row) -> Iterator[Raw] | tuple[Raw, ...]:
            """Look for a short rest first; where nothing overlaps it lies between neighbours."""
            limit, nights, origin = params.min_minutes or 0, after.types, ground.origin
            mask = row.mask(after)
            second = mask & mask << 1
            if not second:
                return NOTHING
            pieces = row.pieces(then)
            before = pieces[0]
            for shift in pieces:
                gap = shift[1] - before[2]
                if gap < limit and shift is not before:
                    is_end = before[3] in nights and (shift[3] not in nights or shift[0] > before[0] + 1)
                    if gap < 0 or (is_end and second >> before[0] - origin & 1):
                        return _after_block(row)
                before = shift
            return NOTHING

        if params.in_a_row > 1 and after.types <= then.types:
            return check_block
        return check
