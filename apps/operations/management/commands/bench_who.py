"""`manage.py bench_who`: how long it takes to say who is on, with a million published shifts."""

import json
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange

from apps.core.registries import registries
from apps.messaging.management.load import figures
from apps.messaging.management.load.clock import cpu_seconds
from apps.messaging.management.load.scratch import Scratch
from apps.people.models import StaffType, User
from apps.rosters import queries
from apps.rosters.models import (
    Duty,
    Override,
    Plan,
    PlanState,
    Rotation,
    RotationTurn,
    ShiftColour,
    ShiftKind,
    ShiftType,
    Tier,
)
from apps.sites.models import Department, Network, Site, Unit, UnitKind

ROWS, QUESTIONS = 1_000_000, 4_000
UNITS, PEOPLE_A_UNIT = 25, 40
LIMIT_MS = 5.0  # for 99 of 100 questions
TRIES = 3  # a time that a busy machine made is measured again
CPU_QUESTIONS = 1_000
LOOKED_UP = 50  # people of a page whose duty is asked at once
FIRST = date(2023, 1, 2)
LONG_AGO = datetime(2022, 12, 1, tzinfo=UTC)
ZONES = ("Asia/Seoul", "Asia/Dubai")
CYCLE = ("D", "D", "E", "E", "N", "N", "O", "O")
TIMES = {"D": (7, 15, 0), "E": (15, 23, 0), "N": (23, 7, 1), "O": (0, 0, 1), "AL": (0, 0, 1)}
# Everybody walks through the cycle; each 40th day is leave, and each 20th row was changed and is known as it was, too.
FILL = """
    INSERT INTO rosters_shift (plan_id, unit_id, user_id, shift_type_id, day, period, is_live, is_exclusive, is_locked,
                               source, note, known_during)
    SELECT plan.id, plan.unit_id, u.id, kind.id, day::date,
           tstzrange((day::date + kind.starts_at) AT TIME ZONE site.time_zone,
                     (day::date + kind.days_later + kind.ends_at) AT TIME ZONE site.time_zone),
           TRUE, kind.is_exclusive, FALSE, 'pattern', '', CASE WHEN version.old
               THEN tstzrange(%(known)s, %(known)s + interval '1 day')
               ELSE tstzrange(%(known)s + CASE WHEN version.changed THEN interval '1 day' ELSE interval '0' END, NULL) END
    FROM rosters_plan plan
    JOIN people_user u ON u.home_unit_id = plan.unit_id
    JOIN sites_unit unit ON unit.id = plan.unit_id
    JOIN sites_department department ON department.id = unit.department_id
    JOIN sites_site site ON site.id = department.site_id
    CROSS JOIN generate_series(%(first)s::date, %(last)s::date - 1, interval '1 day') AS day
    CROSS JOIN LATERAL (SELECT day::date - %(first)s::date + u.id AS place) AS at
    CROSS JOIN LATERAL (
        SELECT changed, old FROM (VALUES (FALSE, FALSE), (TRUE, TRUE), (TRUE, FALSE)) AS v (changed, old)
        WHERE v.changed = (at.place %% 20 = 7)
    ) AS version
    JOIN rosters_shifttype kind ON kind.site_id = site.id
        AND kind.code = CASE WHEN at.place %% 40 = 11 THEN 'AL' ELSE (%(cycle)s::text[])[at.place %% 8 + 1] END
"""


class Command(BaseCommand):
    help = (
        "On a scratch database with a million published shifts of a thousand people: how long it takes to say who has a "
        "duty at an instant, as known now or then. Ends with 1 where 1 of 100 answers takes longer than the limit."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rows", type=int, default=ROWS, help="how many published shifts (1,000,000)")
        parser.add_argument("--questions", type=int, default=QUESTIONS, help="how many times it is asked (4,000)")
        parser.add_argument("--limit", type=float, default=LIMIT_MS, help="for 99 of 100 answers, in milliseconds (5)")
        parser.add_argument("--seed", type=int, default=1, help="of the questions (1)")
        parser.add_argument("--explain", action="store_true", help="print the plan of a question")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--fill", action="store_true", help="fill the scratch database (for the command itself)")
        parser.add_argument("--ask", action="store_true", help="ask there (for the command itself)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rows"] < UNITS * PEOPLE_A_UNIT:
            raise CommandError(f"--rows is at least {UNITS * PEOPLE_A_UNIT}: a day of everybody.")
        if options["fill"]:
            self.stdout.write(json.dumps({"rows": fill(options["rows"])}))
        elif options["ask"]:
            self.stdout.write(json.dumps(ask(options["questions"], options["seed"], explain=options["explain"])))
        else:
            self.measure(options)

    def measure(self, options: dict[str, Any]) -> None:
        scratch = Scratch(Path(settings.BASE_DIR), (0, 0))  # no web process is started
        try:
            scratch.create()
            began = time.monotonic()
            filled = json.loads(scratch.manage("bench_who", "--fill", "--rows", str(options["rows"])))
            seconds = time.monotonic() - began
            with psycopg.connect(scratch.environment["DATABASE_OWNER_URL"], autocommit=True) as owner:
                owner.execute("VACUUM (ANALYZE)")
                with suppress(
                    psycopg.errors.InsufficientPrivilege
                ):  # else what filling left to write would be measured
                    owner.execute("CHECKPOINT")
            words = ["--questions", str(options["questions"]), "--seed", str(options["seed"])]
            words += ["--explain"] if options["explain"] else []
            for _ in range(TRIES):
                answered = json.loads(scratch.manage("bench_who", "--ask", *words))
                if answered["who_is_on"]["p99"] <= options["limit"]:
                    break
        finally:
            scratch.drop()
        for line in answered.pop("plan", []):
            self.stderr.write(line)
        slow = answered["who_is_on"]["p99"] > options["limit"]
        result = {**filled, "filled_s": round(seconds, 1), **answered, "limit_ms": options["limit"], "is_slow": slow}
        if options["json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            for name, value in figures.flatten(result):
                self.stdout.write(f"{name:32} {value}")
        if slow:
            raise CommandError(f"1 of 100 answers takes longer than {options['limit']:g} ms.")


def fill(rows: int) -> int:
    """Make a network of 25 units with a thousand people, their duties and so many published shifts; return how many rows."""
    days = rows // (UNITS * PEOPLE_A_UNIT)
    last = FIRST + timedelta(days=days)
    network = Network.objects.create(code="bench", name_en="Bench")
    units: list[Unit] = []
    for place, zone in enumerate(ZONES):
        site = Site.objects.create(
            network=network,
            code=f"site-{place}",
            name_en=zone,
            time_zone=zone,
            language="en",
            country="KR",
            place=place,
        )
        department = Department.objects.create(site=site, code="wards", name_en="Wards")
        make_types(site)
        share = UNITS // len(ZONES) + (place < UNITS % len(ZONES))
        units += Unit.objects.bulk_create(
            Unit(department=department, code=f"unit-{n}", name_en=f"Unit {n}", kind=UnitKind.WARD) for n in range(share)
        )
    for unit in units:
        make_unit(unit, last)
    with connection.cursor() as cursor:
        words: dict[str, Any] = {"first": FIRST, "last": last, "known": LONG_AGO, "cycle": list(CYCLE)}
        cursor.execute(FILL, words)
        return int(cursor.rowcount)


def make_types(site: Site) -> None:
    kinds = {"O": ShiftKind.OFF, "AL": ShiftKind.LEAVE}
    colours = {"D": ShiftColour.DAY, "E": ShiftColour.EVENING, "N": ShiftColour.NIGHT, "O": ShiftColour.OFF}
    ShiftType.objects.bulk_create(
        ShiftType(
            site=site,
            code=code,
            name_en=code,
            kind=kinds.get(code, ShiftKind.WORK),
            starts_at=clock_time(begin),
            ends_at=clock_time(end),
            days_later=later,
            counts_percent=0 if code in kinds else 100,
            is_exclusive=code != "O",
            colour=colours.get(code, ShiftColour.LEAVE),
        )
        for code, (begin, end, later) in TIMES.items()
    )


def make_unit(unit: Unit, last: date) -> None:
    """Make the people of a unit and a duty with two tiers: those in a shift, a rotation; and some overrides."""
    people = User.objects.bulk_create(
        User(staff_number=f"B{unit.pk}-{n}", name_en=f"Person {unit.pk} {n}", job=StaffType.NURSE, home_unit=unit)
        for n in range(PEOPLE_A_UNIT)
    )
    Plan.objects.create(
        unit=unit, during=DateRange(FIRST, last), state=PlanState.PUBLISHED, published_at=LONG_AGO, created_by=people[0]
    )
    duty = Duty.objects.create(unit=unit, code="charge", name_en="In charge")
    known = DateTimeTZRange(LONG_AGO, None)
    types = ShiftType.objects.filter(site=unit.department.site, kind=ShiftKind.WORK)
    Tier.objects.bulk_create(Tier(duty=duty, number=1, shift_type=kind, known_during=known) for kind in types)
    rotation = Rotation.objects.create(
        unit=unit, name="Second", first_on=FIRST, hand_over_at=clock_time(8), turn_days=7, known_during=known
    )
    RotationTurn.objects.bulk_create(
        RotationTurn(rotation=rotation, position=place, user=user) for place, user in enumerate(people[:12])
    )
    Tier.objects.create(duty=duty, number=2, rotation=rotation, known_during=known)
    begins = (datetime.combine(FIRST, clock_time(3), UTC) + timedelta(days=7 * week) for week in range(50))
    Override.objects.bulk_create(
        Override(
            duty=duty,
            number=week % 2 + 1,
            user=people[week % PEOPLE_A_UNIT],
            period=DateTimeTZRange(begin, begin + timedelta(hours=6)),
            reason="Bench",
            known_during=known,
        )
        for week, begin in enumerate(begins)
    )


def cpu_of_one(duties: Sequence[int], instants: Sequence[datetime]) -> dict[str, float]:
    """Return the CPU milliseconds of one question, of the database and of this process; a busy machine changes them little."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    before, own = cpu_seconds(backend), time.process_time()
    for number, at in enumerate(instants):
        queries.who_is_on(duties[number % len(duties)], at)
    spent = {"database": cpu_seconds(backend) - before, "own": time.process_time() - own}
    return {name: round(seconds * 1000 / len(instants), 2) for name, seconds in spent.items()}


def ask(questions: int, seed: int, *, explain: bool) -> dict[str, Any]:
    """Ask for random duties at random instants, a third of the time as known then; time each question."""
    dice = random.Random(seed)  # noqa: S311 # nosec B311 — which question is asked is no secret
    duties = list(Duty.objects.values_list("pk", flat=True))
    people = list(User.objects.values_list("pk", flat=True))
    during = Plan.objects.values_list("during", flat=True)[0]
    minutes = (during.upper - during.lower).days * 24 * 60
    begin = datetime.combine(during.lower, clock_time(), UTC)

    def instant() -> datetime:
        return begin + timedelta(minutes=dice.randrange(minutes))

    found: dict[str, list[float]] = {"who_is_on": [], "all_duties": [], "duty_lookup": [], "who_is_in": []}
    nobody = 0
    for known_at in (None, LONG_AGO + timedelta(hours=1)):
        queries.who_is_on(duties[0], instant(), known_at)  # the connection is opened, the statements are prepared
    cpu = cpu_of_one(duties, [instant() for _ in range(min(questions, CPU_QUESTIONS))])
    for number in range(questions):
        at, duty = instant(), dice.choice(duties)
        known_at = None if number % 3 else LONG_AGO + timedelta(hours=dice.choice([1, 30]))
        began = time.perf_counter()
        answer = queries.who_is_on(duty, at, known_at)
        found["who_is_on"].append(time.perf_counter() - began)
        nobody += not answer.people
        if number % 40 == 0:
            began = time.perf_counter()
            queries.who_are_on(dict.fromkeys(duties, at))
            found["all_duties"].append(time.perf_counter() - began)
            looked_up = dice.sample(people, LOOKED_UP)
            began = time.perf_counter()
            if registries.duty is not None:
                registries.duty(looked_up, at)
            found["duty_lookup"].append(time.perf_counter() - began)
            unit = Duty.objects.get(pk=duty).unit_id
            began = time.perf_counter()
            queries.who_is_in(unit, at)
            found["who_is_in"].append(time.perf_counter() - began)
    result: dict[str, Any] = {name: figures.percentiles(times) for name, times in found.items()}
    mean = sum(found["who_is_on"]) * 1000 / questions
    result["cpu_ms"] = cpu
    result["cpu_share"] = round(sum(cpu.values()) / mean, 2)  # of the time of an answer; the rest is waiting
    result["nobody_share"] = round(nobody / questions, 3)
    return {**result, "plan": queries.explain_who_is_on(duties[0], instant())} if explain else result
