"""A second opinion on rosters: the nine families again, slowly, day by day and shift by shift, with nothing shared.

It reads the parameters as they are written in a row, works on datetimes and sets, and knows no bit, no early exit and no window
arithmetic. It answers with the same tuples as `rules.check`: (user, first day, last day, measured, limit, key).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

Answer = tuple[int, int, int, int, int, str]
HOUSE = {"work", "duty", "on_call_house"}
BUSY = HOUSE | {"training"}
AWAY = {"leave", "off"}


def instant(minutes: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)


def wall_minutes(kind: Any) -> list[int]:
    """The minutes of the day through which a type runs, each by its place on the clock."""
    return [(kind.begins + minute) % 1440 for minute in range(kind.minutes)]


_night: dict[int, bool] = {}


def is_night(kind: Any) -> bool:
    if kind.id not in _night:
        _night[kind.id] = sum(minute >= 22 * 60 or minute < 6 * 60 for minute in wall_minutes(kind)) >= 180
    return _night[kind.id]


def on_clock(minute: int, begin: str, end: str) -> bool:
    low, high = (int(text[:2]) * 60 + int(text[3:]) for text in (begin, end))
    return low <= minute < high if low < high else minute >= low or minute < high


WORDS: dict[str, Any] = {
    "any": lambda kind: True,
    "work": lambda kind: kind.kind in HOUSE,
    "busy": lambda kind: kind.kind in BUSY,
    "night": lambda kind: kind.kind in HOUSE and is_night(kind),
    "not_night": lambda kind: kind.kind in HOUSE and not is_night(kind),
    "day": lambda kind: kind.kind in HOUSE and not is_night(kind) and 4 * 60 <= kind.begins < 14 * 60,
    "evening": lambda kind: kind.kind in HOUSE and not is_night(kind) and not 4 * 60 <= kind.begins < 14 * 60,
    "duty": lambda kind: kind.kind == "duty",
    "on_call": lambda kind: kind.kind in {"on_call_home", "on_call_house"},
    "called": lambda kind: kind.kind not in AWAY,
    "training": lambda kind: kind.kind == "training",
    "leave": lambda kind: kind.kind == "leave",
    "off": lambda kind: kind.kind == "off",
}
WANTS = {"free": lambda kind: kind.kind != "off", "rest": lambda kind: kind.kind not in AWAY}
WANTS["full_rest"] = WANTS["rest"]


class World:
    """The facts, asked one thing at a time."""

    def __init__(self, facts: Any) -> None:
        self.facts = facts
        self.days = range(facts.known_first, facts.known_last)
        self.on: dict[tuple[int, int], list[Any]] = {}
        for user, shifts in facts.shifts.items():
            for shift in shifts:
                if shift.day in self.days:
                    self.on.setdefault((user, shift.day), []).append(shift)

    def meant(self, what: Any, kind: Any) -> bool:
        if isinstance(what, str):
            return bool((WORDS.get(what) or WANTS[what])(kind))
        base = what.get("is", "any" if "kinds" in what else "called")
        return bool(
            WORDS[base](kind)
            and ("kinds" not in what or kind.kind in what["kinds"])
            and ("codes" not in what or kind.code in what["codes"])
            and ("not_codes" not in what or kind.code not in what["not_codes"])
            and ("night" not in what or is_night(kind) == what["night"])
            and ("begins" not in what or on_clock(kind.begins, *what["begins"]))
            and ("clock" not in what or any(on_clock(minute, *what["clock"]) for minute in wall_minutes(kind)))
            and (kind.minutes - kind.break_minutes) * kind.percent // 100 >= what.get("worked_from", 0)
            and ("break_below" not in what or kind.break_minutes < what["break_below"])
        )

    def shifts(self, user: int, what: Any, day: int | None = None) -> list[Any]:
        days = self.days if day is None else (day,)
        known = [shift for on in days for shift in self.on.get((user, on), ())]
        return [shift for shift in known if self.meant(what, self.facts.types[shift.type_id])]

    def is_day_of(self, user: int, what: Any, day: int) -> bool:
        """Whether a day is one of such shifts, or one without where the rule asks for the want of them."""
        if not isinstance(what, str) or what not in WANTS:
            return bool(self.shifts(user, what, day))
        if not any(low <= day < high for low, high in self.facts.people[user].member):
            return False
        if self.shifts(user, what, day):
            return False
        kinds = self.facts.types
        before = self.shifts(user, what, day - 1)
        runs_over = any(kinds[s.type_id].begins + kinds[s.type_id].minutes > 1440 for s in before)
        return not (what == "full_rest" and runs_over)

    def kind(self, day: int) -> str:
        return self.facts.kind_of(day)

    def is_on(self, day: int, on: str) -> bool:
        weekday = date.fromordinal(day).weekday()
        return {
            "any": True,
            "weekdays": self.kind(day) == "weekday",
            "rest_days": weekday in self.facts.rest_days,
            "holidays": day in self.facts.holidays,
            "free_days": self.kind(day) != "weekday",
        }[on]

    def windows(self, window: Any) -> Iterator[tuple[int, int]]:
        facts = self.facts
        if window == "plan":
            yield facts.first, facts.last
            return
        (unit, n), *_ = window.items()
        for day in range(facts.first - 60, facts.last):
            local = date.fromordinal(day)
            if unit == "days" and facts.known_first <= day and day + n <= facts.known_last:
                if day < facts.last and day + n > facts.first:
                    yield day, day + n
            elif unit == "weeks" and local.weekday() == facts.week_begins:
                newest = day + 7 * (n - 1)
                if newest < facts.last and newest + 7 > facts.first:
                    yield day, day + 7 * n
            elif unit == "months" and local.day == 1:
                after = (local + timedelta(days=32)).replace(day=1).toordinal()
                if day < facts.last and after > facts.first:
                    yield day, after

    def is_certain(self, user: int, low: int, high: int) -> bool:
        """Whether a window is known, planned and of the unit from end to end."""
        member = self.facts.people[user].member
        return all(
            self.facts.known_first <= day < self.facts.last and any(a <= day < b for a, b in member)
            for day in range(low, high)
        )


def answers(facts: Any, family: str, params: dict[str, Any]) -> set[Answer]:
    """What a rule finds in the facts for all of their people."""
    world = World(facts)
    found: set[Answer] = set()
    unit = {"cover", "pairing", "balance"}
    if family in unit and not (family == "cover" and params["part"] == "each"):
        found = set(globals()[family](world, params))
    else:
        for user in facts.people:
            found |= {(user, *rest) for rest in globals()[family](world, params, user)}
    return {answer for answer in found if answer[2] >= facts.first and answer[1] < facts.last}


def succession(world: World, params: Any, user: int) -> Iterator[tuple[int, int, int, int, str]]:
    refused = params.get("free_days", [0])
    for day in world.days:
        if not world.shifts(user, params["after"], day):
            continue
        for between in refused:
            then = day + between + 1
            free = all(world.is_day_of(user, "rest", step) for step in range(day + 1, then))
            if then in world.days and free and world.shifts(user, params["then"], then):
                yield day, then, between, max(refused) + 1, "succession"


def blocks(world: World, user: int, what: Any) -> Iterator[list[int]]:
    block: list[int] = []
    for day in world.days:
        if world.is_day_of(user, what, day):
            block.append(day)
        elif block:
            yield block
            block = []
    if block:
        yield block


def run(world: World, params: Any, user: int) -> Iterator[tuple[int, int, int, int, str]]:
    what, first, last = params["what"], world.days[0], world.days[-1]
    is_want = isinstance(what, str) and what in WANTS
    for block in blocks(world, user, what):
        touches = block[0] == first or block[-1] == last
        if "max" in params and len(block) > params["max"] and not (is_want and touches):
            yield block[0], block[-1], len(block), params["max"], "run-max"
        if "min" in params and len(block) < params["min"] and block[0] > first and block[-1] + 1 < world.facts.last:
            yield block[0], block[-1], len(block), params["min"], "run-min"
        if "after" in params and len(block) >= params["after"]:
            rest, day = 0, block[-1] + 1
            while day in world.days and world.is_day_of(user, "rest", day):
                rest, day = rest + 1, day + 1
            if rest < params["rest"] and day in world.days and world.shifts(user, "busy", day):
                yield block[-1], day, rest, params["rest"], "run-rest"


def count(world: World, params: Any, user: int) -> Iterator[tuple[int, int, int, int, str]]:
    what, on, unit, slack = params["what"], params.get("on", "any"), params.get("unit", "days"), params.get("slack", 0)
    is_rolling = isinstance(params["window"], dict) and "days" in params["window"]
    rest_days = world.facts.rest_days

    such_days = [day for day in world.days if world.is_day_of(user, what, day) and world.is_on(day, on)]

    def days_in(low: int, high: int) -> list[int]:
        return [day for day in such_days if low <= day < high]

    def tally(low: int, high: int) -> int:
        if unit == "shifts":
            return sum(len(world.shifts(user, what, day)) for day in range(low, high))
        return len(days_in(low, high) if unit == "days" else weekends_in(low, high))

    def weekends_in(low: int, high: int) -> list[int]:
        weekends = set()
        for day in days_in(world.days[0], world.days[-1] + 1):
            if date.fromordinal(day).weekday() not in rest_days:
                continue
            first = day
            while date.fromordinal(first - 1).weekday() in rest_days and first - 1 in world.days:
                first -= 1
            weekends.add(first)
        return sorted(day for day in weekends if low <= day < high)

    def wanted(low: int, high: int) -> int:
        if params["min"] != "calendar":
            return int(params["min"])
        owed = sum(world.kind(d) != "weekday" and not world.shifts(user, "leave", d) for d in range(low, high))
        if params.get("carry"):
            for (who, counter), months in world.facts.ledger.items():
                owed -= sum(months.values()) if (who, counter) == (user, "off_balance") else 0
        return owed

    def lacks(low: int, high: int) -> bool:
        return world.is_certain(user, low, high) and tally(low, high) + slack < wanted(low, high)

    known = list(world.windows(params["window"]))
    for low, high in known:
        days = weekends_in(low, high) if unit == "weekends" else days_in(low, high)
        is_told = not is_rolling or (days and days[-1] == high - 1)
        if "max" in params and tally(low, high) > params["max"] + slack and is_told:
            yield days[0], days[-1], tally(low, high), params["max"], "count-max"
        if "min" in params and lacks(low, high):
            told = is_rolling and (low - 1, high - 1) in known
            if not told or tally(low - 1, high - 1) + slack >= wanted(low - 1, high - 1):
                yield (low if is_rolling else high - 1), high - 1, tally(low, high), wanted(low, high), "count-min"


def hours(world: World, params: Any, user: int) -> Iterator[tuple[int, int, int, int, str]]:
    what, measure = params.get("what", "busy"), params.get("measure", "worked")
    person, average = world.facts.people[user], params.get("average", False)
    is_rolling = isinstance(params["window"], dict) and "days" in params["window"]

    known: dict[Any, int] = {}

    def worth(shift: Any) -> int:
        if shift not in known:
            known[shift] = counted(shift)
        return known[shift]

    def counted(shift: Any) -> int:
        length = int((instant(shift.ends) - instant(shift.begins)).total_seconds() // 60)
        if measure == "present":
            return length
        if measure == "night":
            zone, total, at = world.facts.clock.zone, 0, instant(shift.begins)
            while at < instant(shift.ends):
                hour = at.astimezone(zone).hour
                total += hour >= 22 or hour < 6
                at += timedelta(minutes=1)
            return total
        kind = world.facts.types[shift.type_id]
        return (length - kind.break_minutes) * kind.percent // 100

    def total_of(which: Any, low: int, high: int) -> int:
        return sum(worth(shift) for day in range(low, high) for shift in world.shifts(user, which, day))

    def limit_of(low: int, high: int) -> int:
        over = params.get("over", 0)
        at_most = person.weekly_minutes if params["max"] == "contract" else params["max"]
        days = high - low
        if average or params["max"] == "contract":
            if params.get("without_leave"):
                days -= sum(bool(world.shifts(user, "leave", day)) for day in range(low, high))
            limit = (at_most + over) * days // 7
        else:
            limit = at_most + over
        if "ramadan_max" in params:
            fasting = sum(day in world.facts.ramadan for day in range(low, high) if day in world.days)
            limit -= (at_most - params["ramadan_max"]) * fasting // (7 if average else high - low)
        return limit

    for low, high in world.windows(params["window"]):
        total = total_of(what, low, high)
        if "extra" in params:
            allowed = params["extra_max"] * (high - low) // 7 if average else params["extra_max"]
            total -= min(allowed, total_of(params["extra"], low, high))
        days = [day for day in range(low, high) if total_of(what, day, day + 1)]
        if "max" in params and total > limit_of(low, high) and (not is_rolling or (days and days[-1] == high - 1)):
            yield days[0], days[-1], total, limit_of(low, high), "hours-max"
        if "min" in params and world.is_certain(user, low, high):
            wanted = params["min"] * (high - low) // 7 if average else params["min"]
            if total < wanted:
                yield high - 1, high - 1, total, wanted, "hours-min"


def stretches(shifts: list[Any], merge: int) -> Iterator[list[Any]]:
    """Shifts in order, in groups between which lie at least `merge` minutes of rest."""
    group: list[Any] = []
    for shift in shifts:
        if group and shift.begins - max(s.ends for s in group) >= max(1, merge):
            yield group
            group = []
        group.append(shift)
    if group:
        yield group


def in_order(shifts: list[Any]) -> list[Any]:
    return sorted(shifts, key=lambda shift: shift.begins)


def minutes_in(shifts: list[Any]) -> int:
    return len({minute for shift in shifts for minute in range(shift.begins, shift.ends)})


def rest(world: World, params: Any, user: int) -> Iterator[tuple[int, int, int, int, str]]:
    after, then = params.get("after", "busy"), params.get("then", "busy")
    least, merge = params.get("min_minutes"), params.get("merge_below", 0)
    in_a_row = params.get("in_a_row", 1)
    if in_a_row > 1:
        for block in blocks(world, user, after):
            if len(block) < in_a_row:
                continue
            ends = max(shift.ends for shift in world.shifts(user, after, block[-1]))
            following = [shift for shift in world.shifts(user, then) if shift.begins >= ends]
            if following and following[0].begins - ends < least:
                yield block[-1], following[0].day, following[0].begins - ends, least, "rest-run"
        return
    if "max_minutes" in params:
        for group in stretches(world.shifts(user, after), merge):
            if minutes_in(group) > params["max_minutes"]:
                days = [shift.day for shift in group]
                yield min(days), max(days), minutes_in(group), params["max_minutes"], "stretch"
    if "after_minutes" in params:
        for group in stretches(world.shifts(user, after), merge):
            for place in range(len(group)):
                so_far = group[: place + 1]
                ends = max(shift.ends for shift in so_far)
                following = [shift for shift in in_order(world.shifts(user, then)) if shift.ends > ends]
                if minutes_in(so_far) >= params["after_minutes"] and following:
                    gap = max(0, following[0].begins - ends)
                    goes_on = following[0].begins <= ends and world.meant(
                        after, world.facts.types[following[0].type_id]
                    )
                    if gap < least and not goes_on:
                        days = sorted((group[place].day, following[0].day))
                        yield days[0], days[1], gap, least, "rest-stretch"
    elif least is not None:
        everything = [
            s
            for s in world.shifts(user, "any")
            if world.meant(after, world.facts.types[s.type_id]) or world.meant(then, world.facts.types[s.type_id])
        ]
        groups = list(stretches(everything, 0))
        for group, following in pairwise(groups):
            ends = max(shift.ends for shift in group)
            last = [shift for shift in group if shift.ends == ends][-1]
            begins = following[0]
            fits = world.meant(after, world.facts.types[last.type_id]) and world.meant(
                then, world.facts.types[begins.type_id]
            )
            gap = begins.begins - ends
            if fits and gap < least and (params.get("same_day") or last.day != begins.day):
                yield last.day, begins.day, gap, least, "rest"


def there(world: World, day: int, type_id: int) -> list[int]:
    facts = world.facts
    return [
        user
        for user, shifts in facts.shifts.items()
        for shift in shifts
        if (shift.day, facts.stands_for.get(shift.type_id, shift.type_id)) == (day, type_id)
        and shift.unit_id == facts.unit_id
        and not any(c.first <= day < c.until for c in facts.conditions.get("preceptee", {}).get(user, ()))
    ]


def holds(world: World, user: int, skill: str, day: int) -> bool:
    return any(low <= day < high for low, high in world.facts.skills.get(user, {}).get(skill, ()))


def cover(world: World, params: Any, user: int = 0) -> Iterator[Any]:
    facts, part = world.facts, params["part"]
    if part == "each":
        for day in world.days:
            own = [s for s in world.shifts(user, params.get("what", "work"), day) if s.unit_id == facts.unit_id]
            if own and not holds(world, user, params["qualification"], day):
                ran_out = any(high <= day for _, high in facts.skills.get(user, {}).get(params["qualification"], ()))
                yield day, day, 0, 1, "skill-lapsed" if ran_out else "skill-each"
        return
    for day in range(facts.first, facts.last):
        if part in {"minimum", "target", "maximum"}:
            for need in facts.needs_on(day):
                people = there(world, day, need.type_id)
                have = sum(not need.skill or holds(world, who, need.skill, day) for who in people)
                wanted = getattr(need, part)
                if wanted is not None and (have > wanted if part == "maximum" else have < wanted):
                    yield 0, day, day, have, wanted, f"cover-{part}" + ("-skill" if need.skill else "")
            continue
        for kind in facts.types.values():
            people = there(world, day, kind.id)
            if not people or not world.meant(params.get("what", "work"), kind) or kind.kind in AWAY:
                continue
            if part == "some":
                have = sum(holds(world, who, params["qualification"], day) for who in people)
                if have < params.get("at_least", 1):
                    yield 0, day, day, have, params.get("at_least", 1), "skill-some"
            else:
                new = sum(day - facts.people[who].joined < params.get("novice_days", 365) for who in people)
                if new * 100 > len(people) * params.get("max_percent", 50):
                    yield 0, day, day, new, len(people) * params.get("max_percent", 50) // 100, "novices"


def pairing(world: World, params: Any) -> Iterator[Answer]:
    facts, seen = world.facts, set()
    for user, circumstances in facts.conditions.get(params["condition"], {}).items():
        for circumstance in circumstances:
            for day in range(facts.first, facts.last):
                if not circumstance.first <= day < circumstance.until:
                    continue
                pair = [
                    {(s.unit_id, s.type_id) for s in world.shifts(who, params.get("what", "busy"), day)}
                    for who in (user, circumstance.partner)
                ]
                if params["mode"] == "apart":
                    key = (frozenset((user, circumstance.partner)), day)
                    if pair[0] & pair[1] and key not in seen:
                        seen.add(key)
                        yield user, day, day, 1, 0, "apart"
                elif pair[0] != pair[1] and not any(
                    world.shifts(who, "leave", day) for who in (user, circumstance.partner)
                ):
                    yield user, day, day, 0, 1, "with"


def blackout(world: World, params: Any, user: int) -> Iterator[tuple[int, int, int, int, str]]:
    what = params.get("what", "called")
    for day in world.days:
        if isinstance(what, str) and what in WANTS:
            hit = world.is_day_of(user, what, day)
        else:
            shifts = world.shifts(user, what, day)
            if "clock" in params:
                kinds = [world.facts.types[shift.type_id] for shift in shifts]
                shifts = [k for k in kinds if any(on_clock(minute, *params["clock"]) for minute in wall_minutes(k))]
            hit = bool(shifts)
        if (
            hit
            and world.is_on(day, params.get("on", "any"))
            and ("dates" not in params or date.fromordinal(day).isoformat() in params["dates"])
            and ("weekdays" not in params or date.fromordinal(day).weekday() in params["weekdays"])
            and ("beside" not in params or world.is_day_of(user, params["beside"], day))
            and ("before" not in params or (day + 1 in world.days and world.is_day_of(user, params["before"], day + 1)))
        ):
            yield day, day, 1, 0, "blackout"


def balance(world: World, params: Any) -> Iterator[Answer]:
    facts = world.facts
    month = date.fromordinal(facts.first).replace(day=1)

    def back(months: int) -> int:
        at = month.year * 12 + month.month - 1 - months
        return date(at // 12, at % 12 + 1, 1).toordinal()

    def current(user: int) -> list[int]:
        days = range(facts.first, facts.last)
        if params["counter"] == "days_off":
            return [day for day in days if world.is_day_of(user, "free", day)]
        word = "night" if params["counter"] == "nights" else "busy"
        on = {"weekends": "rest_days", "holidays": "holidays"}.get(params["counter"], "any")
        return [day for day in days if world.shifts(user, word, day) and world.is_on(day, on)]

    if "tolerance" in params:
        totals = {}
        for user in facts.people:
            past = facts.ledger.get((user, params["counter"]), {})
            closed = sum(past.get(back(n), 0) for n in range(1, params.get("months", 6) + 1))
            totals[user] = closed + len(current(user))
        whole = sum(person.percent for person in facts.people.values())
        for user, person in facts.people.items():
            limit = sum(totals.values()) * person.percent // whole + params["tolerance"]
            if totals[user] > limit and current(user):
                yield user, current(user)[0], current(user)[-1], totals[user], limit, "balance"
    if "per" in params:
        for user in facts.people:
            owed = facts.ledger.get((user, params["counter"]), {}).get(back(1), 0) // params["per"]
            given = sum(
                any(facts.types[s.type_id].code in params["codes"] for s in facts.shifts.get(user, ()) if s.day == day)
                for day in range(facts.first, facts.last)
            )
            if given < owed:
                yield user, facts.last - 1, facts.last - 1, given, owed, "owed"
