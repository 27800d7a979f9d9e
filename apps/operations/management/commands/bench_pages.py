"""`manage.py bench_pages`: how long the pages of chat take, and what they ask of the database, with a million messages."""

import http.client
import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from apps.messaging.management.load import figures
from apps.messaging.management.load.clock import CpuMeter
from apps.messaging.management.load.scratch import Scratch
from apps.operations.demo_data.talk import TALK
from apps.operations.management import hospital, pace
from apps.teams.models import Channel

PEOPLE, CONVERSATIONS, MESSAGES = 15_000, 2_000, 1_000_000
FEW = 1_000
LOUD_SHARE = 0.9  # of all messages stand in one channel
BUDGETS = {"home": (60, 10), "channel": (80, 12), "history": (40, 5)}  # ms for 95 of 100 requests; statements
ROOM_FOR_NOISE = 2.0  # a machine that does other things, too, may take so many times as long
ROUNDS = 12  # of all readers
SLOWEST = 3
COUNTED_READERS = 4  # two who have read all, two who have not
SCRIPT = "portal_script"  # the cookie by which a browser says that it marks what is read itself
SAID = re.compile(r"^(?:>\s*)?[^:=#\s]+: (.+)$")


class Command(BaseCommand):
    help = (
        "On a scratch database with 15,000 people, 2,000 conversations and a million messages: time and statements of the "
        "start page, a channel and its history, beside the same at 1,000 messages. Ends with 1 where a budget is exceeded."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--messages", type=int, default=MESSAGES, help="how many (1,000,000)")
        parser.add_argument("--people", type=int, default=PEOPLE, help="how many (15,000)")
        parser.add_argument("--conversations", type=int, default=CONVERSATIONS, help="how many (2,000)")
        parser.add_argument("--from", dest="files", nargs="+", type=Path, help="text files with sentences, one a line")
        parser.add_argument("--rounds", type=int, default=ROUNDS, help="of 12 readers, for each page (12)")
        parser.add_argument("--ports", default="8180-8199", help="where the scratch web process may listen")
        parser.add_argument("--explain", action="store_true", help="print the plans of the slowest statements")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--prepare", action="store_true", help="fill the scratch database (for the command itself)")
        parser.add_argument("--marks", help="set these readers' marks, ids with commas (for the command itself)")
        parser.add_argument("--count", help="count the statements of a channel's pages (for the command itself)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["prepare"]:
            made = hospital.build_hospital(people=options["people"], conversations=options["conversations"])
            self.stdout.write(json.dumps(made))
        elif options["marks"]:
            hospital.place_marks([int(word) for word in options["marks"].split(",")])
        elif options["count"]:
            self.stdout.write(json.dumps(count_statements(json.loads(options["count"]), explain=options["explain"])))
        else:
            self.measure(options)

    def say(self, text: str) -> None:
        self.stderr.write(f"[{time.strftime('%H:%M:%S')}] {text}")
        self.stderr.flush()

    def measure(self, options: dict[str, Any]) -> None:
        try:
            first, last = (int(port) for port in options["ports"].split("-"))
        except ValueError as error:
            raise CommandError("--ports is a range such as 8180-8199.") from error
        if options["messages"] < FEW:
            raise CommandError(f"--messages is at least {FEW}.")
        scratch = Scratch(Path(settings.BASE_DIR), (first, last))
        with TemporaryDirectory() as folder:
            files = options["files"] or [write_sentences(Path(folder) / "sentences.txt")]
            try:
                result = self.run(scratch, [str(path) for path in files], options)
            finally:
                scratch.drop()
        if options["json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            for name, value in figures.flatten(result):
                self.stdout.write(f"{name:32} {value}")
        if result["violations"]:
            raise CommandError(f"{len(result['violations'])} budgets are exceeded.")

    def run(self, scratch: Scratch, files: list[str], options: dict[str, Any]) -> dict[str, Any]:
        began = time.monotonic()
        scratch.create()
        words = ["--people", str(options["people"]), "--conversations", str(options["conversations"])]
        stage = json.loads(scratch.manage("bench_pages", "--prepare", *words))
        self.say(f"{options['people']} people and {options['conversations']} conversations: {_since(began)}")
        found: dict[str, dict[str, Any]] = {}
        there = 0
        for total in (FEW, options["messages"]):
            self.seed(scratch, stage, files, total - there)
            there = total
            self.settle(scratch, stage)
            found[f"at_{total}"] = self.look(scratch, stage, options)
            at = found[f"at_{total}"]
            texts = [f"{name} {at[name]['p95']} ms, {at[name]['queries']} statements" for name in BUDGETS]
            self.say(f"{total} messages: {'; '.join(texts)}")
        few, many = found[f"at_{FEW}"], found[f"at_{options['messages']}"]
        return {
            "messages": options["messages"],
            **many,
            f"at_{FEW}": few,
            "ratio": {name: round(many[name]["p50"] / max(0.1, few[name]["p50"]), 2) for name in BUDGETS},
            "violations": [text for at in found.values() for text in find_violations(at)],
        }

    def seed(self, scratch: Scratch, stage: dict[str, Any], files: list[str], count: int) -> None:
        began = time.monotonic()
        loud = int(count * LOUD_SHARE)
        for words in (
            ["--count", str(loud), "--channel", str(stage["big"])],
            ["--count", str(count - loud), "--channels", str(len(stage["others"]))],
        ):
            if words[1] != "0":
                scratch.manage("seed_messages", "--from", *files, *words, "--seed", "1", "--json")
        seconds = max(0.1, time.monotonic() - began)
        self.say(f"{count} messages stored in {seconds:.1f} s, {count / seconds:.0f} a second")

    def settle(self, scratch: Scratch, stage: dict[str, Any]) -> None:
        """Set the marks, and let the database have looked at its tables as it does by itself in a quiet hour."""
        scratch.manage("bench_pages", "--marks", ",".join(stage["readers"]))
        with psycopg.connect(scratch.environment["DATABASE_OWNER_URL"], autocommit=True) as owner:
            owner.execute("VACUUM ANALYZE")

    def look(self, scratch: Scratch, stage: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        words = ["--explain"] if options["explain"] else []
        counted = json.loads(scratch.manage("bench_pages", "--count", json.dumps(stage), *words))
        scratch.start_web(1)
        before = pace.slowness()
        try:
            timed = self.time_pages(scratch, stage, counted.pop("last_number"), options["rounds"])
        finally:
            scratch.stop_web()
        found: dict[str, Any] = {name: {**timed[name], **counted[name]} for name in BUDGETS}
        return {**found, "slowness": max(before, pace.slowness())}

    def time_pages(self, scratch: Scratch, stage: dict[str, Any], last: int, rounds: int) -> dict[str, dict[str, Any]]:
        """One request at a time over one kept connection, so that a time is a page's own and no queue's."""
        target = scratch.targets[0]
        line = http.client.HTTPConnection(target.host, target.port, timeout=30)
        meter = CpuMeter()
        found: dict[str, dict[str, Any]] = {}
        for page in BUDGETS:
            times: list[float] = []
            dice = random.Random(1)  # noqa: S311 — no secret
            requests = [request for _ in range(rounds + 1) for request in list_requests(page, stage, last, dice)]
            warm = len(stage["readers"])
            used = meter.read(scratch.pids())
            for number, (path, key, headers) in enumerate(requests):
                if number == warm:
                    used = meter.read(scratch.pids())
                began = time.perf_counter()
                line.request("GET", path, headers={"Cookie": f"{target.cookie}={key}; {SCRIPT}=1", **headers})
                answer = line.getresponse()
                body = answer.read()
                if number >= warm:
                    times.append(time.perf_counter() - began)
                if answer.status != 200:
                    raise CommandError(f"{path} was answered {answer.status}: {body[:200]!r}")
            after = meter.read(scratch.pids())
            cpu = sum(after[name] - used[name] for name in ("web", "postgres"))
            measured = figures.percentiles(times)
            found[page] = {**measured, "cpu_ms": round(cpu / len(times) * 1000, 1), "bytes": len(body)}
        line.close()
        return found


def find_violations(found: dict[str, Any]) -> list[str]:
    """What exceeds its budget: a statement too many, or a time that noise does not explain."""
    texts = []
    for page, (milliseconds, statements) in BUDGETS.items():
        if found[page]["queries"] > statements:
            texts.append(f"{page} takes {found[page]['queries']} statements; {statements} are allowed")
        if found[page]["p95"] > milliseconds * ROOM_FOR_NOISE * found["slowness"]:
            texts.append(f"{page} takes {found[page]['p95']} ms; {milliseconds} are allowed")
    return texts


def list_requests(
    page: str, stage: dict[str, Any], last: int, dice: random.Random
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield one request of each reader: address, session key, headers."""
    for key in stage["readers"].values():
        if page == "home":
            yield reverse("home"), key, {}
        elif page == "channel":
            yield reverse("chat-channel", args=[stage["big"]]), key, {}
        else:
            before = dice.randrange(2, last + 1)
            yield f"{reverse('chat-messages', args=[stage['big']])}?before={before}", key, {"HX-Request": "true"}


def count_statements(stage: dict[str, Any], *, explain: bool) -> dict[str, Any]:
    """Ask for some readers' pages in this process; the most statements a page took, and the slowest of them."""
    last = Channel._default_manager.get(pk=stage["big"]).last_number
    found: dict[str, Any] = {"last_number": last}
    for page in BUDGETS:
        most = 0
        seconds: dict[str, list[float]] = defaultdict(list)
        example: dict[str, Any] = {}
        requests = list_requests(page, stage, last, random.Random(1))  # noqa: S311 — no secret
        for path, key, headers in islice(requests, COUNTED_READERS):
            client = Client(SERVER_NAME="localhost", headers=headers)
            client.cookies[settings.SESSION_COOKIE_NAME], client.cookies[SCRIPT] = key, "1"
            client.get(path)  # what a process reads once and keeps is not the page's
            counter = Counter()
            with connection.execute_wrapper(counter):
                status = client.get(path).status_code
            if status != 200:
                raise CommandError(f"{path} was answered {status}.")
            most = max(most, len(counter.statements))
            for sql, parameters, took in counter.statements:
                if took > max(seconds[sql], default=0.0):
                    example[sql] = parameters
                seconds[sql].append(took)
        slow = sorted(seconds, key=lambda sql: -max(seconds[sql]))[:SLOWEST]
        found[page] = {"queries": most, "slowest": [describe(sql, seconds[sql]) for sql in slow]}
        if explain:
            found[page]["plans"] = [explain_statement(sql, example[sql]) for sql in slow]
    connections.close_all()
    return found


class Counter:
    """Notes each statement with its time, savepoints included."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, Any, float]] = []

    def __call__(self, execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, parameters, many, context)
        finally:
            self.statements.append((sql, parameters, time.perf_counter() - began))


def describe(sql: str, seconds: list[float]) -> dict[str, Any]:
    return {
        "ms": round(sum(seconds) / len(seconds) * 1000, 1),
        "max_ms": round(max(seconds) * 1000, 1),
        "sql": " ".join(sql.split())[:300],
    }


def explain_statement(sql: str, parameters: Any) -> str:
    if not sql.lstrip().upper().startswith(("SELECT", "WITH")):
        return ""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", parameters)
        return "\n".join(row[0] for row in cursor.fetchall())


def write_sentences(path: Path) -> Path:
    """Write what the demo hospital's people say, a sentence a line."""
    lines = (line.strip() for script in TALK.values() for line in script.splitlines())
    path.write_text("\n".join(match[1] for match in map(SAID.match, lines) if match), encoding="utf-8")
    return path


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.1f} s"
