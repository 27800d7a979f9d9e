"""What adds up: how many in a window, hours in a window, balance over months."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from operator import sub
from typing import ClassVar

from apps.rosters.rules.ground import BoundRule, Ground, Raw, Row, bits_of, holds_on
from apps.rosters.rules.params import (
    WORDS,
    BadParam,
    What,
    Window,
    param,
    read_choice,
    read_flag,
    read_list,
    read_or,
    read_shifts,
    read_text,
    read_what,
    read_whole,
    read_window,
)  # fmt: skip

from .base import NOTHING, Checker, Family

ON = read_choice("any", "weekdays", "rest_days", "holidays", "free_days")


class Count(Family):
    """So many days with such shifts (or weekends, or shifts) in a window, at most or at least."""

    name: ClassVar[str] = "count"

    @dataclass(frozen=True)
    class Params:
        what: What = param(read_what)
        window: Window = param(read_window)
        max: int | None = param(read_whole(0, 400), None)
        # "calendar": as many as the window has rest days and holidays on which the person has no leave
        min: int | str | None = param(read_or("calendar", read_whole(1, 400)), None)
        slack: int = param(read_whole(0, 31), 0)  # so much below or above is let go
        carry: bool = param(read_flag, False)  # days off that closed months had more or less count too
        on: str = param(ON, "any")
        unit: str = param(read_choice("days", "weekends", "shifts"), "days")

        def judge(self) -> None:
            if self.max is None and self.min is None:
                raise BadParam("param-one-of", choices="max, min")
            if isinstance(self.min, int) and self.max is not None and self.min > self.max:
                raise BadParam("param-min-over-max", "min", low=self.min, high=self.max)
            if self.carry and self.min != "calendar":
                raise BadParam("param-needs", "carry", other="min")
            if self.unit == "shifts" and self.what.is_negated:
                raise BadParam("param-shifts", "unit")
            if self.unit == "shifts" and self.on != "any":
                raise BadParam("param-not-both", "unit", other="on")
            days = {"days": 1, "weeks": 7, "months": 31}.get(self.window.unit, 0) * self.window.n
            if self.window.unit == "dates":
                days = self.window.until - self.window.first
            if self.unit != "shifts" and isinstance(self.min, int) and days and self.min > days:
                raise BadParam("param-min-over-window", "min", low=self.min, days=days)

    @classmethod
    def checker(cls, rule: BoundRule, ground: Ground) -> Checker:
        params: Count.Params = rule.params
        what, leave = ground.compile(params.what), ground.compile(WORDS["leave"])
        windows, on = ground.windows(params.window), ground.on_mask(params.on)
        is_rolling, word, most = params.window.unit == "days", params.what.word, params.max
        spill = (
            6 if params.unit == "weekends" else 0
        )  # a weekend belongs to its first day, and its last may lie outside
        back = int(is_rolling) + int(
            params.what.is_full
        )  # the window before, and the shift that runs into the first day
        second = ground.rest_mask & ground.rest_mask << 1  # rest days that follow a rest day: the same weekend
        values = {"what": word if params.unit != "weekends" else "weekend", "on": params.on}

        def mask_of(row: Row) -> int:
            mask = row.mask(what) & on
            if params.unit == "weekends":
                mask &= ground.rest_mask
                for _ in range(6):
                    late = mask & second
                    if not late:
                        break
                    mask = mask & ~late | late >> 1
            return mask

        def count(row: Row, mask: int, low: int, high: int) -> int:
            if params.unit == "shifts":
                sums = row.sums(what, "shifts")
                return sums[min(high, ground.n)] - sums[max(low, 0)]
            return (mask >> max(low, 0) & (1 << high - max(low, 0)) - 1).bit_count()

        def days_of(mask: int, low: int, high: int) -> tuple[int, ...]:
            return tuple(bit for bit in bits_of(mask) if low <= bit < high)

        def check(row: Row) -> Iterator[Raw]:
            mask = mask_of(row)
            for low, high in windows:
                span = (low - back, high + spill)
                if most is not None and (not is_rolling or mask >> high - 1 & 1):
                    found = count(row, mask, low, high)
                    if found > most + params.slack:
                        days = days_of(mask, low, high)
                        yield Raw(days, span, found, most, "count-max", _told(low, high), found - most)
                if params.min is not None and ground.is_complete(low, high) and row.is_member(low, high):
                    wanted = wanted_of(row, low, high)
                    found = count(row, mask, low, high)
                    if found + params.slack < wanted and not (is_rolling and was_short(row, mask, low, high)):
                        days = (high - 1,) if not is_rolling else tuple(range(low, high))
                        yield Raw(days, span, found, wanted, "count-min", _told(low, high), wanted - found)

        def was_short(row: Row, mask: int, low: int, high: int) -> bool:
            """Of windows that overlap and all fall short, the first is told."""
            return (low - 1, high - 1) in rolling and count(row, mask, low - 1, high - 1) + params.slack < wanted_of(
                row, low - 1, high - 1
            )

        rolling = frozenset(windows) if is_rolling else frozenset()

        def wanted_of(row: Row, low: int, high: int) -> int:
            if params.min != "calendar":
                return int(params.min or 0)
            window = (1 << high) - (1 << low)
            return (ground.free_day_mask & window & ~row.mask(leave)).bit_count() - carried(row)

        def carried(row: Row) -> int:
            """Return by how many the days off of closed months exceed what they should have been."""
            return sum(ground.facts.ledger.get((row.user_id, "off_balance"), {}).values()) if params.carry else 0

        def _told(low: int, high: int) -> dict[str, object]:
            return {**values, "from": low + ground.origin, "until": high + ground.origin, "window": params.window.unit}

        if params.unit == "shifts":
            return check
        masks = [(1 << high) - (1 << max(low, 0)) for low, high in windows]
        enough = None if most is None else most + params.slack
        # At least so many in a window that is known and planned from end to end; leave only lowers it.
        least = [
            (mask, (ground.free_day_mask & mask).bit_count() if params.min == "calendar" else int(params.min or 0))
            for (low, high), mask in zip(windows, masks, strict=True)
            if params.min is not None and ground.is_complete(low, high)
        ]

        def check_suspect(row: Row) -> Iterator[Raw] | tuple[Raw, ...]:
            mask = mask_of(row)
            if enough is not None and mask.bit_count() > enough:
                for window in masks:
                    if (mask & window).bit_count() > enough:
                        return check(row)
            for window, wanted in least:
                if (mask & window).bit_count() + params.slack < wanted - carried(row):
                    return check(row)
            return NOTHING

        return check_suspect


class Hours(Family):
    """Hours in a window, at most or at least, in true minutes; averaged where the window is of weeks."""

    name: ClassVar[str] = "hours"

    @dataclass(frozen=True)
    class Params:
        window: Window = param(read_window)
        what: What = param(read_shifts, WORDS["busy"])
        measure: str = param(read_choice("worked", "night", "present"), "worked")
        # Minutes a window; with `average` minutes a week of it; "contract" are those of the person's contract.
        max: int | str | None = param(read_or("contract", read_whole(0, 400_000)), None)
        min: int | None = param(read_whole(1, 400_000), None)
        over: int = param(read_whole(0, 10_000), 0)  # so many more than `max` are let go
        average: bool = param(read_flag, False)
        extra: What | None = param(read_shifts, None)  # of these, `extra_max` minutes more (a week) are let go
        extra_max: int = param(read_whole(0, 10_000), 0)
        without_leave: bool = param(read_flag, False)  # days of leave are no part of an average
        ramadan_max: int | None = param(read_whole(0, 400_000), None)  # takes the place of `max` in Ramadan

        def judge(self) -> None:
            if self.max is None and self.min is None:
                raise BadParam("param-one-of", choices="max, min")
            if self.min is not None and isinstance(self.max, int) and self.min > self.max + self.over:
                raise BadParam("param-min-over-max", "min", low=self.min, high=self.max + self.over)
            if self.average and self.window.unit not in {"days", "weeks"}:
                raise BadParam("param-average", "average")
            if self.without_leave and not self.average:
                raise BadParam("param-needs", "without_leave", other="average")
            if (self.extra is None) != (self.extra_max == 0):
                raise BadParam("param-needs", "extra", other="extra_max")
            if self.ramadan_max is not None:
                if not isinstance(self.max, int):
                    raise BadParam("param-needs", "ramadan_max", other="max")
                if self.ramadan_max > self.max:
                    raise BadParam("param-between", "ramadan_max", low=0, high=self.max)
            days = {"days": 1, "weeks": 7, "months": 31}.get(self.window.unit, 0) * self.window.n
            if self.min is not None and days and self.min > (7 if self.average else days) * 1440:
                raise BadParam("param-min-over-window", "min", low=self.min, days=days)

    @classmethod
    def checker(cls, rule: BoundRule, ground: Ground) -> Checker:
        params: Hours.Params = rule.params
        what, leave = ground.compile(params.what), ground.compile(WORDS["leave"])
        extra = ground.compile(params.extra) if params.extra is not None else None
        windows = ground.windows(params.window)
        is_rolling, measure, n = params.window.unit == "days", params.measure, ground.n
        clipped = [(low, high, max(low, 0), min(high, n)) for low, high in windows]
        no_ramadan = params.ramadan_max is None or not ground.ramadan_mask
        is_plain = params.min is None and extra is None and not params.without_leave and no_ramadan

        def limit_of(row: Row, low: int, high: int) -> int:
            """Return the minutes that the window may hold."""
            days = high - low
            at_most = row.person.weekly_minutes if params.max == "contract" else int(params.max or 0)
            if params.average or params.max == "contract":
                counted = days
                if params.without_leave:
                    window = (1 << high) - (1 << max(low, 0))
                    counted -= (row.mask(leave) & window).bit_count()
                limit = (at_most + params.over) * counted // 7
            else:
                limit = at_most + params.over
            if params.ramadan_max is not None and not no_ramadan:
                window = (1 << high) - (1 << max(low, 0))
                fasting = (ground.ramadan_mask & window).bit_count()
                limit -= (at_most - params.ramadan_max) * fasting // (7 if params.average else days)
            return limit

        def check(row: Row) -> Iterator[Raw]:
            sums = row.sums(what, measure)
            more = row.sums(extra, measure) if extra is not None else None
            for low, high, begin, end in clipped:
                total = sums[end] - sums[begin]
                if more is not None:
                    allowed = params.extra_max * (high - low) // 7 if params.average else params.extra_max
                    total -= min(allowed, more[end] - more[begin])
                span = (low, high)
                if params.max is not None and (not is_rolling or sums[end] > sums[end - 1]):
                    limit = limit_of(row, low, high)
                    if total > limit:
                        days = tuple(b for b in range(begin, end) if sums[b + 1] > sums[b])
                        yield Raw(days, span, total, limit, "hours-max", _told(low, high), -(-(total - limit) // 60))
                if params.min is not None and ground.is_complete(low, high) and row.is_member(low, high):
                    wanted = params.min * (high - low) // 7 if params.average else params.min
                    if total < wanted:
                        values = _told(low, high)
                        yield Raw((high - 1,), span, total, wanted, "hours-min", values, -(-(wanted - total) // 60))

        def _told(low: int, high: int) -> dict[str, object]:
            return {
                "from": low + ground.origin, "until": high + ground.origin, "window": params.window.unit,
                "measure": measure, "average": params.average, "days": high - low,
            }  # fmt: skip

        if is_plain and clipped:
            (_, _, begin, end), (_, _, last_begin, last_end) = clipped[0], clipped[-1]
            # Windows of days stand at each day in turn, and of all windows the limit is the same.
            begins, ends = slice(begin, last_begin + 1), slice(end, last_end + 1)

            def check_rolling(row: Row) -> Iterator[Raw] | tuple[Raw, ...]:
                sums = row.sums(what, measure)
                limit = limit_of(row, *windows[0])
                return check(row) if max(map(sub, sums[ends], sums[begins])) > limit else NOTHING

            is_even = len({high - low for low, high in windows}) == 1
            inside = [(begin, end) for _, _, begin, end in clipped]

            def check_each(row: Row) -> Iterator[Raw] | tuple[Raw, ...]:
                if not is_even:
                    return check(row)
                sums, limit = row.sums(what, measure), limit_of(row, *windows[0])
                for begin, end in inside:
                    if sums[end] - sums[begin] > limit:
                        return check(row)
                return NOTHING

            return check_rolling if is_rolling else check_each
        return check


class Balance(Family):
    """What is shared over months: nights, weekends and holidays pro rata, and what is owed for them."""

    name: ClassVar[str] = "balance"

    @dataclass(frozen=True)
    class Params:
        counter: str = param(read_choice("nights", "weekends", "holidays", "days_off", "shifts"))
        months: int = param(read_whole(0, 24), 6)  # closed months that count with the one that is planned
        tolerance: int | None = param(read_whole(0, 100), None)  # so many more than one's share
        per: int | None = param(read_whole(1, 100), None)  # for so many last month …
        codes: tuple[str, ...] = param(read_list(read_text, 12), ())  # … one of these is owed this month

        def judge(self) -> None:
            if self.tolerance is None and self.per is None:
                raise BadParam("param-one-of", choices="tolerance, per")
            if (self.per is None) != (not self.codes):
                raise BadParam("param-needs", "per", other="codes")

    @classmethod
    def is_of_unit(cls, params: "Balance.Params") -> bool:
        return True

    @classmethod
    def current(cls, row: Row, counter: str) -> int:
        """Return the days of the checked range that count."""
        ground = row.ground
        checked = (1 << ground.high) - (1 << ground.low)
        if counter == "days_off":
            return row.mask(ground.compile(WORDS["free"])) & checked
        mask = row.mask(ground.compile(WORDS["night" if counter == "nights" else "busy"])) & checked
        if counter == "holidays":
            return mask & ground.holiday_mask
        if counter == "weekends":
            return mask & ground.rest_mask
        return mask

    @classmethod
    def check_unit(cls, rule: BoundRule, ground: Ground, low: int, high: int) -> Iterator[Raw]:
        params: Balance.Params = rule.params
        facts = ground.facts
        sharing = [user for user, spans in rule.people.items() if user in facts.people and spans]
        if params.tolerance is not None:
            yield from cls._shares(params, ground, sharing)
        if params.per is not None:
            yield from cls._owed(params, ground, sharing, rule)

    @classmethod
    def _shares(cls, params: "Balance.Params", ground: Ground, sharing: list[int]) -> Iterator[Raw]:
        facts = ground.facts
        since = month_before(facts.first, params.months)
        begins = month_before(facts.first, 0)
        totals: dict[int, int] = {}
        for user in sharing:
            had = facts.ledger.get((user, params.counter), {})
            past = sum(value for month, value in had.items() if since <= month < begins)
            totals[user] = past + cls.current(ground.row(user), params.counter).bit_count()
        total, percent = sum(totals.values()), sum(facts.people[user].percent for user in sharing)
        for user in sharing:
            share = total * facts.people[user].percent // percent if percent else 0
            limit = share + (params.tolerance or 0)
            if totals[user] > limit:
                mask = cls.current(ground.row(user), params.counter)
                if mask:
                    values = {"counter": params.counter, "months": params.months, "share": share}
                    span = (ground.low, ground.high)
                    yield Raw(
                        tuple(bits_of(mask)), span, totals[user], limit, "balance", values, totals[user] - limit, user
                    )

    @classmethod
    def _owed(cls, params: "Balance.Params", ground: Ground, sharing: list[int], rule: BoundRule) -> Iterator[Raw]:
        facts, per = ground.facts, params.per or 1
        last_month = month_before(facts.first, 1)
        types = frozenset(kind.id for kind in facts.types.values() if kind.code in params.codes)
        for user in sharing:
            owed = facts.ledger.get((user, params.counter), {}).get(last_month, 0) // per
            if not owed or not holds_on(rule.people[user], facts.last - 1):
                continue
            row = ground.row(user)
            given = 0
            for kind, bits in row.by_type.items():
                if kind in types:
                    given += (bits >> ground.low & (1 << ground.high - ground.low) - 1).bit_count()
            if given < owed:
                values = {"counter": params.counter, "per": per, "codes": " ".join(params.codes)}
                span = (ground.low, ground.high)
                yield Raw((ground.high - 1,), span, given, owed, "owed", values, owed - given, user)


def month_before(day: int, months: int) -> int:
    """Return the ordinal of the first day of the month so many months before a day's own."""
    first = date.fromordinal(day).replace(day=1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    return first.toordinal()
