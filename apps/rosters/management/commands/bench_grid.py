"""`manage.py bench_grid`: how long a roster's grid takes to open, and an edit to be answered, on a scratch database."""

import json
import random
import time
import uuid
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.people.models import Grant, User
from apps.rosters import actions
from apps.rosters.management.scratch import on_scratch
from apps.rosters.models import Plan, Shift

from . import bench_rules

LIMITS = {"open": 1000.0, "edit": 150.0, "action": 50.0}  # ms, the 95th of 100
CODES = ("D", "E", "N", "")
OPENED = 20


class Command(BaseCommand):
    help = (
        "On a scratch database with a ward of 60 in a month of 31 days and all rules: milliseconds, CPU and statements to open "
        "its grid, to answer an edit through the whole portal, and to make such edits by the action alone. Ends with 1 over a "
        "limit."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--people", type=int, default=60, help="down (60)")
        parser.add_argument("--days", type=int, default=31, help="across (31)")
        parser.add_argument("--edits", type=int, default=300, help="of one cell each, and as many by the action (300)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--here", action="store_true", help="on this database (used by the command itself)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["people"] < 1 or options["days"] < 1 or options["edits"] < 1:
            raise CommandError("--people, --days and --edits are at least 1.")
        if options["here"]:
            if Shift.objects.exists():
                raise CommandError("This is no empty scratch database: run the command without --here.")
            self.stdout.write(json.dumps(measure(options["people"], options["days"], options["edits"])))
            return
        words = [f"--{word}={options[word]}" for word in ("people", "days", "edits")]
        result = on_scratch("bench_grid", *words)
        if options["json"]:
            self.stdout.write(json.dumps(result))
        else:
            for name, value in result.items():
                self.stdout.write(f"{name:18} {value}")
        if slow := [name for name, limit in LIMITS.items() if result[name]["p95"] > limit]:
            raise CommandError(f"Over its limit: {', '.join(slow)}.")


def measure(people: int, days: int, edits: int) -> dict[str, Any]:
    """Fill a ward and time its page, edits through the portal, and such edits by the action alone."""
    plan = bench_rules.make_hospital(people, days, mess=0.0)
    manager = User.objects.create(staff_number="BENCHM", name_en="Bench", job="nurse", home_unit=plan.unit)
    Grant.objects.create(user=manager, role="unit_manager", unit=plan.unit, why="They write on a scratch database.")
    client = Client(HTTP_HOST=settings.ALLOWED_HOSTS[0].lstrip(".*") or "localhost", HTTP_ACCEPT="application/json")
    client.force_login(manager)
    page, edit = (reverse(f"admin:rosters_plan_{name}", args=[plan.pk]) for name in ("grid", "grid_edit"))

    def open_page() -> int:
        response = client.get(page, headers={"accept": "text/html"})
        if response.status_code != 200:
            raise CommandError(f"The grid answers {response.status_code}.")
        return len(response.content)

    size = open_page()
    with CaptureQueriesContext(connection) as asked:
        open_page()
    statements = len(asked)
    dice = random.Random(7)  # noqa: S311  # the same edits each time, no secret
    users = list(Shift.objects.filter(plan=plan).values_list("user_id", flat=True).distinct())
    answers: Counter[int] = Counter()

    def choose() -> tuple[int, Any, str]:
        day = plan.during.lower + timedelta(days=dice.randrange(days))
        return dice.choice(users), day, dice.choice(CODES)

    def edit_page() -> None:
        user, day, code = choose()
        asked = {
            "base_change": 2**40,
            "batch": str(uuid.uuid4()),
            "edits": [[user, day.isoformat(), [code] if code else []]],
        }
        answers[client.post(edit, json.dumps(asked), content_type="application/json").status_code] += 1

    def edit_only() -> None:
        user, day, code = choose()
        edits = [actions.CellEdit(user, day, (code,) if code else ())]
        try:
            actions.set_cells(by=manager, plan=Plan.objects.get(pk=plan.pk), edits=edits, base_change=None)
        except actions.RostersError:
            answers[0] += 1

    for _ in range(10):
        edit_page()
    answers.clear()
    return {
        "people": people,
        "days": days,
        "statements": statements,
        "kilobytes": size // 1024,
        "open": timed(open_page, OPENED),
        "edit": timed(edit_page, edits),
        "action": timed(edit_only, edits),
        "answers": {str(status): count for status, count in answers.items()},
    }


def timed(run: Callable[[], Any], times: int) -> dict[str, float]:
    """Return percentiles in milliseconds, and this process's own CPU for one."""
    spent: list[float] = []
    busy = time.process_time()
    for _ in range(times):
        begin = time.perf_counter()
        run()
        spent.append((time.perf_counter() - begin) * 1000)
    busy = (time.process_time() - busy) * 1000 / times
    spent.sort()
    return {
        "p50": round(spent[len(spent) // 2], 1),
        "p95": round(spent[min(len(spent) - 1, int(len(spent) * 0.95))], 1),
        "cpu": round(busy, 1),
    }
