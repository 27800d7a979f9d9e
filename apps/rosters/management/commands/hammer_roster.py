"""`manage.py hammer_roster`: many managers at once on the rosters of two units that share people, on a scratch database."""

import json
import random
import threading
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, connections
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.core import clock
from apps.people.models import Assignment, Grant, StaffType, User
from apps.rosters import actions, queries, rules
from apps.rosters.actions.cells import Order, edit_cells
from apps.rosters.actions.publishing import publish_draft
from apps.rosters.management.scratch import on_scratch
from apps.rosters.models import Plan, Shift, ShiftColour, ShiftKind, ShiftType
from apps.rosters.queries.cells import Cell, Entry
from apps.sites.models import Department, Network, Site, Unit, UnitKind

PEOPLE, SHARED = 40, 10  # of a unit, and of both
DAYS = 28
DAY = timedelta(days=1)
# code: kind, begins, ends, days later, break in minutes, whether it fills its time
TYPES = {
    "D": (ShiftKind.WORK, "07:00", "15:00", 0, 60, True),
    "E": (ShiftKind.WORK, "15:00", "23:00", 0, 60, True),
    "N": (ShiftKind.WORK, "23:00", "07:00", 1, 60, True),
    "D12": (ShiftKind.WORK, "07:00", "19:00", 0, 60, True),
    "HC": (ShiftKind.ON_CALL_HOME, "18:00", "08:00", 1, 0, False),
    "AL": (ShiftKind.LEAVE, "00:00", "00:00", 1, 0, True),
    "O": (ShiftKind.OFF, "00:00", "00:00", 1, 0, False),
}
WEIGHTS = {"D": 5, "E": 4, "N": 4, "D12": 1, "HC": 1, "AL": 1, "O": 4, "": 3}

# Two open shifts that fill their time and overlap: published ones of one person anywhere, drafted ones in one roster.
DOUBLE_BOOKED = """
SELECT count(*) FROM rosters_shift a JOIN rosters_shift b
  ON a.user_id = b.user_id AND a.id < b.id AND a.period && b.period AND a.is_live = b.is_live
 WHERE a.is_exclusive AND b.is_exclusive AND upper_inf(a.known_during) AND upper_inf(b.known_during)
   AND (a.is_live OR a.plan_id = b.plan_id)
"""


class Command(BaseCommand):
    help = (
        "Have many writers type, swap, copy, undo and publish at random in the rosters of two units that share people, and count "
        "what must not be: double bookings, breaches of hard rules, deadlocks and other errors that somebody would have seen. "
        "Works on a scratch database. With --no-check only the constraints of the database stand in the way."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--writers", type=int, default=50, help="at once (50)")
        parser.add_argument("--edits", type=int, default=2000, help="in all (2000)")
        parser.add_argument("--seed", type=int, default=1, help="of the random choices (1)")
        parser.add_argument("--no-check", action="store_true", help="without the checks in Python")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--here", action="store_true", help="on this database (used by the command itself)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["writers"] < 1 or options["edits"] < 1:
            raise CommandError("--writers and --edits are at least 1.")
        if options["here"]:
            if Site.objects.exists():
                raise CommandError("This is no empty scratch database: run the command without --here.")
            result = run(build_wards(), options)
        else:
            result = run_on_scratch(options)
        if options["json"] or options["here"]:
            self.stdout.write(json.dumps(result))
        else:
            for name, value in result.items():
                self.stdout.write(f"{name:18} {value}")
        if not options["here"] and has_failed(result):
            raise CommandError("Something happened that must not: see the figures.")


def has_failed(result: dict[str, Any]) -> bool:
    """Whether somebody was booked twice, a rule broken unseen, or an error shown."""
    return bool(result["double_bookings"] or result["breaches"] or result["errors"] or result["deadlocks_shown"])


def run_on_scratch(options: dict[str, Any]) -> dict[str, Any]:
    """Make a database beside the portal's, run there, and drop it."""
    words = [f"--{word}={options[word]}" for word in ("writers", "edits", "seed")]
    return on_scratch("hammer_roster", *words, *(["--no-check"] if options["no_check"] else []))


# -- The wards ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Wards:
    """Two units with a roster each, who works in them, and who changes them."""

    plans: tuple[Plan, Plan]
    people: tuple[tuple[int, ...], tuple[int, ...]]
    managers: tuple[User, ...]


def build_wards() -> Wards:
    """Write two wards of forty, ten of whom work in both, with a roster for four weeks that begin next week."""
    network = Network.objects.create(code="hammer", name_en="Hammer")
    site = Site.objects.create(
        network=network, code="hammer", name_en="Hammer", time_zone="Asia/Seoul", language="en", country="KR"
    )
    department = Department.objects.create(site=site, code="hammer", name_en="Hammer")
    units = [
        Unit.objects.create(department=department, code=f"ward-{number}", name_en=f"Ward {number}", kind=UnitKind.WARD)
        for number in (1, 2)
    ]
    ShiftType.objects.bulk_create(
        ShiftType(
            site=site, code=code, name_en=code, kind=kind, starts_at=begins, ends_at=ends, days_later=later,
            break_minutes=pause, is_exclusive=fills, colour=ShiftColour.DAY, place=place,
            counts_percent=100 if kind == ShiftKind.WORK else 0,
        )
        for place, (code, (kind, begins, ends, later, pause, fills)) in enumerate(TYPES.items())
    )  # fmt: skip
    number_of_people = 2 * PEOPLE - SHARED
    people = User.objects.bulk_create(
        User(staff_number=f"H{number}", name_en=f"Nurse {number}", job=StaffType.NURSE, home_unit=units[0])
        for number in range(number_of_people + 4)
    )
    nurses, managers = people[:number_of_people], people[number_of_people:]
    of_first, of_second = nurses[:PEOPLE], nurses[PEOPLE - SHARED :]
    Assignment.objects.bulk_create(
        Assignment(user=user, unit=unit, is_home=False, during=DateRange(date(2020, 1, 1), None))
        for unit, members in zip(units, (of_first, of_second), strict=True)
        for user in members
    )
    for manager in managers:
        Grant.objects.create(user=manager, role="unit_manager", site=site, why="They write on a scratch database.")
    today = clock.today(site.zone)
    first = today + (7 - today.weekday()) * DAY
    plans = [
        Plan.objects.create(unit=unit, during=DateRange(first, first + DAYS * DAY), created_by=managers[0])
        for unit in units
    ]
    return Wards(
        (plans[0], plans[1]),
        (tuple(user.pk for user in of_first), tuple(user.pk for user in of_second)),
        tuple(managers),
    )


# -- The writers ----------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Tally:
    """What the writers met."""

    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    deadlocks: int = 0
    seconds: list[float] = field(default_factory=list)


def run(wards: Wards, options: dict[str, Any]) -> dict[str, Any]:
    """Let the writers loose and count."""
    tally, lock = Tally(), threading.Lock()
    share = [options["edits"] // options["writers"]] * options["writers"]
    for number in range(options["edits"] % options["writers"]):
        share[number] += 1
    began = time.monotonic()
    dice = [random.Random(options["seed"] * 1000 + number) for number in range(len(share))]  # noqa: S311 — to be repeated
    threads = [
        threading.Thread(
            target=write, args=(wards, own, edits, tally, lock), kwargs={"is_checked": not options["no_check"]}
        )
        for own, edits in zip(dice, share, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return figures(wards, tally, time.monotonic() - began, is_checked=not options["no_check"])


def write(
    wards: Wards, dice: random.Random, edits: int, tally: Tally, lock: threading.Lock, *, is_checked: bool
) -> None:
    """Make so many random gestures, each as one of the managers would."""
    try:
        for _ in range(edits):
            verb, act = choose(wards, dice, is_checked=is_checked)
            begin, error = time.monotonic(), None
            try:
                act()
            except Exception as raised:  # noqa: BLE001 — whatever a manager would have seen is counted
                error = raised
            with lock:
                note(tally, verb, time.monotonic() - begin, error)
    finally:
        connections.close_all()


def note(tally: Tally, verb: str, seconds: float, error: Exception | None) -> None:
    """Count one gesture."""
    if isinstance(error, actions.Busy):
        tally.deadlocks += 1
    elif isinstance(error, actions.RostersError):
        tally.refused[error.code] += 1
    elif error is not None:
        tally.deadlocks += isinstance(error, OperationalError)
        tally.errors.append(f"{verb}: {type(error).__name__}: {error}"[:300])
    else:
        tally.done[verb] += 1
    if verb == "edit":
        tally.seconds.append(seconds)


def choose(wards: Wards, dice: random.Random, *, is_checked: bool) -> tuple[str, Callable[[], object]]:
    """Return one random gesture: mostly an edit or a swap, now and then an undo, a copied week or a publication."""
    side = dice.randrange(2)
    plan, people = wards.plans[side], wards.people[side]
    manager, roll = dice.choice(wards.managers), dice.random()
    days = [plan.during.lower + number * DAY for number in range(DAYS)]

    def edit(wanted: dict[Cell, tuple[Entry, ...]]) -> Callable[[], object]:
        seen = queries.newest_change(plan.pk) - dice.choice((0, 0, 1, 3))
        order = Order(wanted=lambda _plan: wanted, base_change=max(0, seen), is_checked=is_checked)
        return lambda: edit_cells(by=manager, plan=plan, order=order)

    if roll < 0.75:
        codes = dice.choices(list(WEIGHTS), weights=list(WEIGHTS.values()), k=dice.choice((1, 1, 1, 2)))
        day = dice.choice(days)
        user = dice.choice(people)
        return "edit", edit(
            {(user, day + n * DAY): entries(code) for n, code in enumerate(codes) if day + n * DAY in days}
        )
    if roll < 0.88:
        return "swap", edit(swap(plan, dice.sample(people, 2), dice.choice(days)))
    if roll < 0.92:
        return "undo", lambda: actions.undo(by=manager, plan=plan) if is_checked else None
    if roll < 0.95:
        week = dice.randrange(2)
        return "copy", lambda: copy_week(plan, week, is_checked=is_checked)
    first = dice.randrange(0, DAYS, 7)
    return "publish", lambda: publish_draft(
        by=None, plan=plan, first=days[first], last=days[first] + 7 * DAY, notify="none", is_checked=is_checked
    )


def entries(code: str) -> tuple[Entry, ...]:
    return (Entry(code),) if code else ()


def swap(plan: Plan, users: list[int], day: date) -> dict[Cell, tuple[Entry, ...]]:
    """Return what two people's cells of a day are with each other's shifts."""
    rows = Shift.objects.draft().filter(plan=plan, user__in=users, day=day)
    cells = queries.by_cell(queries.standing(rows))
    one, other = ((user, day) for user in users)
    return {
        one: tuple(row.entry for row in cells.get(other, ())),
        other: tuple(row.entry for row in cells.get(one, ())),
    }


def copy_week(plan: Plan, week: int, *, is_checked: bool) -> None:
    if is_checked:
        source = plan.during.lower + 7 * week * DAY
        actions.copy_range(by=None, plan=plan, source_first=source, days=7, target_first=source + 14 * DAY)


# -- The figures ----------------------------------------------------------------------------------------------------------
def figures(wards: Wards, tally: Tally, seconds: float, *, is_checked: bool) -> dict[str, Any]:
    """Return what was done, what was refused, and what must not be."""
    with connection.cursor() as cursor:
        cursor.execute(DOUBLE_BOOKED)
        double_bookings = cursor.fetchone()[0]
    times = sorted(tally.seconds) or [0.0]

    def at(share: float) -> float:
        return round(times[min(len(times) - 1, int(share * len(times)))] * 1000, 1)

    return {
        "gestures": sum(tally.done.values()) + sum(tally.refused.values()) + len(tally.errors) + tally.deadlocks,
        "seconds": round(seconds, 1),
        "done": dict(tally.done),
        "refused": dict(tally.refused),
        "edit_ms": {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99)},
        "shifts": Shift.objects.count(),
        "published": Shift.objects.live().count(),
        "double_bookings": double_bookings,
        "breaches": sum(count_breaches(plan) for plan in wards.plans) if is_checked else 0,
        "deadlocks_shown": tally.deadlocks,
        "errors": tally.errors[:20],
    }


def count_breaches(plan: Plan) -> int:
    """Return the hard findings about people in what is published, and in a roster's draft by itself.

    What the other roster published since beside a draft is no breach yet: the draft cannot be published so.
    """
    return sum(
        1
        for judge in (queries.Judge.of_published(plan), alone(queries.Judge.of(plan)))
        for finding in rules.new_findings(empty(judge), rules.check(judge.facts, judge.bound))
        if finding.is_hard and finding.user_id and finding.key not in queries.UNFINISHED
    )


def alone(judge: queries.Judge) -> queries.Judge:
    """Return the facts of a roster without the shifts of other units."""
    own = judge.facts.unit_id
    shifts = {user: [row for row in rows if row.unit_id == own] for user, rows in judge.facts.shifts.items()}
    return queries.Judge(judge.facts.with_shifts(shifts), judge.bound)


def empty(judge: queries.Judge) -> list[rules.Finding]:
    """Return what the rules say where nobody has a shift."""
    nothing: dict[int, list[rules.Shift]] = {user: [] for user in judge.facts.shifts}
    return rules.check(judge.facts.with_shifts(nothing), judge.bound)
