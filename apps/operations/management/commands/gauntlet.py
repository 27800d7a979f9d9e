"""`manage.py gauntlet`: a portal of its own is killed, fuzzed and loaded; ends with 1 when it breaks a promise."""

import json
import subprocess
import sys
import time
from dataclasses import asdict
from typing import Any

from django.core.management import CommandError, CommandParser, call_command
from django.core.management.base import BaseCommand
from django.db import connections

from apps.operations import launch
from apps.operations.gauntlet import fuzz, kills
from apps.operations.gauntlet.server import Web
from apps.operations.gauntlet.world import World, build_world
from apps.operations.places import ROOT, OperationsError

SENDERS = 48  # enough that a kill meets requests at every stage
SHORT = {"kills": 5, "frames": 5_000, "bench_seconds": 10}
LONG = {"kills": 100, "frames": 100_000, "bench_seconds": 60}
BENCH_SIZE = 100
BENCH_FIGURES = (
    "message_cpu_ms",
    "mark_cpu_ms",
    "latency_ms",
    "last_receiver_ms",
    "lost",
    "duplicated",
    "reordered",
    "refused",
)
"""The others need rooms of several sizes: `manage.py bench_chat` measures them."""


class Command(BaseCommand):
    help = (
        "On a scratch PostgreSQL with production's durability: kill -9 the web process while people send, "
        "send it frames and requests that no honest client sends, and measure a room of 100. Ends with 1 on a violation."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--short",
            action="store_true",
            help="5 kills, 5,000 frames and requests, 10 s of load; else 100, 100,000 and 60 s",
        )
        parser.add_argument("--seed", type=int, default=20_417, help="repeats a run's choices (20417)")
        parser.add_argument("--only", choices=["kills", "fuzz", "bench"], action="append", help="this part alone")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        services = launch.scratch
        if services is None:
            raise CommandError("Start it as a program: ./run gauntlet --short, or python manage.py gauntlet --short.")
        size = SHORT if options["short"] else LONG
        parts = options["only"] or ["kills", "fuzz", "bench"]
        report: dict[str, Any] = {"seed": options["seed"]}
        web = Web(services.folder / "log" / "web.log")
        began = time.monotonic()
        try:
            services.wait()
            call_command("migrate", database="owner", interactive=False, verbosity=0)
            if {"kills", "fuzz"} & set(parts):
                world = build_world(SENDERS)
                connections.close_all()
                web.start()
                self.say(f"a scratch portal in {services.folder} stands after {time.monotonic() - began:.1f} s")
                for part in ("kills", "fuzz"):
                    if part in parts:
                        report[part] = self.run_part(part, web, world, size, options["seed"])
                web.stop()
            if "bench" in parts:
                report["bench"] = self.run_bench(size["bench_seconds"])
        except OperationsError as error:
            raise CommandError(str(error)) from error
        finally:
            web.stop()
            connections.close_all()
            services.stop()
        report["seconds"] = round(time.monotonic() - began, 1)
        violations = [text for part in parts for text in report[part]["violations"]]
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(violations[:50]) or f"no promise was broken ({report['seconds']} s)")
        if violations:
            raise CommandError(f"{len(violations)} violations")

    def run_part(self, part: str, web: Web, world: World, size: dict[str, int], seed: int) -> dict[str, Any]:
        began = time.monotonic()
        found: kills.Report | fuzz.Report
        if part == "kills":
            found = kills.run_kills(web, world, kills=size["kills"], seed=seed)
        else:
            found = fuzz.run_fuzz(web, world, total=size["frames"], seed=seed)
        return self.show(part, asdict(found), time.monotonic() - began)

    def run_bench(self, seconds: int) -> dict[str, Any]:
        """The bench of messaging in a process of its own; what it prints and how it ends."""
        began = time.monotonic()
        command = [
            *(
                sys.executable,
                str(ROOT / "manage.py"),
                "bench_chat",
                "--json",
                "--n",
                str(BENCH_SIZE),
                "--seconds",
                str(seconds),
            ),
            *("--rounds", "1", "--no-memory", "--no-hot"),
        ]
        answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        found: dict[str, Any] = {"violations": []}
        try:
            measured = json.loads(answer.stdout)
            found |= {name: measured[name] for name in BENCH_FIGURES}
        except (json.JSONDecodeError, KeyError):
            found["violations"].append(f"the bench printed no figures: {answer.stderr[-500:]}")
        if answer.returncode and not found["violations"]:
            found["violations"].append(
                f"the bench ended with {answer.returncode}: {answer.stderr.strip().splitlines()[-1:]}"
            )
        return self.show("bench", found, time.monotonic() - began)

    def show(self, part: str, found: dict[str, Any], seconds: float) -> dict[str, Any]:
        figures = {name: value for name, value in found.items() if name != "violations"}
        self.say(f"{part} in {seconds:.1f} s: {json.dumps(figures, ensure_ascii=False)}")
        return {**found, "seconds": round(seconds, 1)}

    def say(self, line: str) -> None:
        self.stderr.write(f"gauntlet: {line}")
        self.stderr.flush()
