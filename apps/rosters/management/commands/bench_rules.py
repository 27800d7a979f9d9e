"""Measure what a check of a whole hospital's roster costs, in a transaction that is taken back."""

import json
import random
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange

from apps.core import clock
from apps.people.models import Assignment, Qualification, QualificationKind, User
from apps.rosters import queries, rules
from apps.rosters.models import Demand, Plan, Rule, Shift, ShiftType
from apps.sites.models import Department, Network, Site, Unit

CYCLE = "D D D E E O O N N N O O D D E E E O O N N O O O"  # lawful, in eight-hour shifts
FIRST = date(2026, 8, 1)
SHAPES = {"D": (7, 15, 0), "E": (15, 23, 0), "N": (23, 7, 1)}


class Command(BaseCommand):
    help = "Measure loading and checking of a month with 28 days of history, in CPU-milliseconds of this process."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--people", type=int, default=500)
        parser.add_argument("--days", type=int, default=31)
        parser.add_argument("--runs", type=int, default=5)
        parser.add_argument("--mess", type=float, default=0.05, help="the share of cells that are drawn at random")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            plan = make_hospital(options["people"], options["days"], options["mess"])
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE rosters_shift")
            result = measure(plan, options["runs"])
            transaction.set_rollback(True)
        if options["json"]:
            self.stdout.write(json.dumps(result))
            return
        for name, value in result.items():
            self.stdout.write(f"{name}: {value}")


def timed(run: Callable[[], Any], runs: int) -> tuple[float, Any]:
    """Return the median CPU time of a call in milliseconds, and what it gave."""
    spent: list[float] = []
    outcome = None
    for _ in range(runs):
        begun = time.process_time()
        outcome = run()
        spent.append((time.process_time() - begun) * 1000)
    return round(sorted(spent)[len(spent) // 2], 1), outcome


def measure(plan: Plan, runs: int) -> dict[str, Any]:
    """Measure loading facts and rules, a whole check and the check of one cell's edit."""
    first, last, unit = plan.during.lower, plan.during.upper, plan.unit
    load_ms, (facts, bound) = timed(lambda: queries.load_judged(unit, first, last, plan_id=plan.pk), runs)
    check_ms, findings = timed(lambda: rules.check(facts, bound), runs)
    user, day = min(facts.people), first.toordinal() + 10
    edit_ms, _ = timed(lambda: rules.check(facts, bound, people={user}, days=(day, day + 1)), runs)
    return {
        "people": len(facts.people),
        "days": (last - first).days,
        "history_days": facts.first - facts.known_first,
        "shifts": sum(len(shifts) for shifts in facts.shifts.values()),
        "rules": len({rule.code for rule in bound}),
        "findings": len(findings),
        "load_ms": load_ms,
        "check_ms": check_ms,
        "all_ms": round(load_ms + check_ms, 1),
        "one_edit_ms": edit_ms,
    }


def make_hospital(people: int, days: int, mess: float) -> Plan:
    """Write one unit with so many nurses, half of its shifts published history and half a draft."""
    chance = random.Random(20)  # noqa: S311  # the same roster each time, no secret
    network = Network.objects.first() or Network.objects.create(code="bench", name_en="Bench")
    site = Site.objects.create(
        network=network, code="bench-rules", name_en="Bench", time_zone="Asia/Seoul", language="ko", country="KR"
    )
    department = Department.objects.create(site=site, code="bench", name_en="Bench")
    unit = Unit.objects.create(department=department, code="bench", kind="ward", name_en="Bench")
    types = {
        code: ShiftType.objects.create(
            site=site, code=code, name_en=code, starts_at=f"{begin:02}:00", ends_at=f"{end:02}:00", days_later=later,
            break_minutes=60,
        )
        for code, (begin, end, later) in SHAPES.items()
    }  # fmt: skip
    for kind in types.values():
        kind.refresh_from_db()
    Demand.objects.bulk_create(Demand(unit=unit, shift_type=kind, minimum=people // 6) for kind in types.values())
    users = User.objects.bulk_create(
        User(staff_number=f"BENCH{number}", name_en=f"Bench {number}", job="nurse", home_unit=unit)
        for number in range(people)
    )
    Assignment.objects.bulk_create(
        Assignment(user=user, unit=unit, is_home=True, during=DateRange(date(2020, 1, 1), None)) for user in users
    )
    charge, _ = QualificationKind.objects.get_or_create(code="charge", defaults={"name_en": "Charge nurse"})
    Qualification.objects.bulk_create(
        Qualification(user=user, kind=charge, valid_from=date(2024, 1, 1)) for user in users[::4]
    )
    if not Rule.objects.exists():
        raise SystemExit("There are no rules: run `manage.py migrate` first.")
    last = FIRST + timedelta(days=days)
    plan = Plan.objects.create(unit=unit, during=DateRange(FIRST, last), created_by=users[0])
    before = Plan.objects.create(unit=unit, during=DateRange(FIRST - timedelta(days=28), FIRST), created_by=users[0])
    cycle, known, zone = CYCLE.split(), DateTimeTZRange(clock.now(), None), site.zone
    rows = []
    for place, user in enumerate(users):
        for offset in range(-28, days):
            day, code = FIRST + timedelta(days=offset), cycle[(offset + place) % len(cycle)]
            if chance.random() < mess:
                code = chance.choice([*SHAPES, "O"])
            if code == "O":
                continue
            kind = types[code]
            rows.append(
                Shift(
                    plan=before if offset < 0 else plan, unit=unit, user=user, shift_type=kind, day=day,
                    period=kind.period_on(day, zone), is_live=offset < 0, known_during=known,
                )
            )  # fmt: skip
    Shift.objects.bulk_create(rows, batch_size=2000)
    return plan
