"""`manage.py gauntlet`: a portal of its own is hurt, fuzzed and loaded; ends with 1 when it breaks a promise."""

import json
import subprocess
import sys
import time
from dataclasses import asdict
from typing import Any

from django.core.management import CommandError, CommandParser
from django.core.management.base import BaseCommand

from apps.operations import launch
from apps.operations.gauntlet import faults, fuzz, rosters
from apps.operations.gauntlet.stand import Stand
from apps.operations.gauntlet.world import World
from apps.operations.management import pace
from apps.operations.places import ROOT, OperationsError

SHORT = {"faults": 10, "frames": 5_000, "bench_seconds": 10, "pages": 50_000}
LONG = {"faults": 100, "frames": 100_000, "bench_seconds": 60, "pages": 1_000_000}
PARTS = ("faults", "fuzz", "bench", "trials", "pages", "rosters")
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
TRIAL_SOCKETS, TRIAL_SECONDS = 500, 5
PAGE_ROUNDS = 2
Figures = dict[str, Any]


class Command(BaseCommand):
    help = (
        "On a scratch PostgreSQL with production's durability: kill web processes, PostgreSQL and Valkey while people write and "
        "read, send frames and requests that no honest client sends, measure a room of 100, a storm of returning sockets, slow "
        "readers, a flood, and the pages of a large hospital, let fifty managers write in the same rosters, measure the rules. "
        "Ends with 1 on a violation."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--short",
            action="store_true",
            help="10 faults, 5,000 frames and requests, 10 s of load, 50,000 messages; else 100, 100,000, 60 s, a million",
        )
        parser.add_argument("--seed", type=int, default=20_417, help="repeats a run's choices (20417)")
        parser.add_argument("--only", choices=PARTS, action="append", help="this part alone")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        services = launch.scratch
        if services is None:
            raise CommandError("Start it as a program: ./run gauntlet --short, or python manage.py gauntlet --short.")
        size = SHORT if options["short"] else LONG
        parts = options["only"] or PARTS
        report: Figures = {"seed": options["seed"]}
        stand = Stand(services)
        began = time.monotonic()
        try:
            if {"faults", "fuzz"} & set(parts):
                world = stand.build()
                self.say(f"a scratch portal in {services.folder} stands after {time.monotonic() - began:.1f} s")
                for part in ("faults", "fuzz"):
                    if part in parts:
                        report[part] = self.run_part(part, stand, world, size, options["seed"])
                stand.stop_webs()
            else:
                stand.migrate()
            for part in parts:
                if part == "rosters":
                    report[part] = self.run_rosters(rosters.SHORT if options["short"] else rosters.LONG)
                elif part not in report:
                    report[part] = self.run_bench(part, size)
        except OperationsError as error:
            raise CommandError(str(error)) from error
        finally:
            stand.end()
        report["seconds"] = round(time.monotonic() - began, 1)
        violations = [text for part in parts for text in report[part]["violations"]]
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(violations[:50]) or f"no promise was broken ({report['seconds']} s)")
        if violations:
            raise CommandError(f"{len(violations)} violations")

    def run_part(self, part: str, stand: Stand, world: World, size: dict[str, int], seed: int) -> Figures:
        began = time.monotonic()
        found: faults.Report | fuzz.Report
        if part == "faults":
            found = faults.run_faults(stand.webs, stand.services, world, faults=size["faults"], seed=seed, say=self.say)
        else:
            found = fuzz.run_fuzz(stand.webs[0], world, total=size["frames"], seed=seed)
        return self.show(part, asdict(found), time.monotonic() - began)

    def run_bench(self, part: str, size: dict[str, int]) -> Figures:
        """A bench in a process of its own; what it prints and how it ends."""
        began = time.monotonic()
        words = {
            "bench": f"bench_chat --only cost --n {BENCH_SIZE} --seconds {size['bench_seconds']} --rounds 1 --no-memory --no-hot",
            "trials": f"bench_chat --only storm --only slow --only flood --n {BENCH_SIZE} --sockets {TRIAL_SOCKETS}"
            f" --seconds {TRIAL_SECONDS}",
            "pages": f"bench_pages --messages {size['pages']} --rounds {PAGE_ROUNDS}",
        }[part].split()
        found: Figures = {"violations": []}
        measured, complaint = measure(words)
        try:
            found |= pick_figures(part, measured)
        except KeyError as error:
            found["violations"].append(complaint or f"{words[0]} printed no {error}")
        if complaint and not found["violations"]:
            found["violations"].append(complaint)
        return self.show(part, found, time.monotonic() - began)

    def run_rosters(self, size: dict[str, int]) -> Figures:
        """Each of the trials in a process of its own, those that write on a database of their own."""
        began = time.monotonic()
        found: Figures = {"violations": [], "slowness": pace.slowness()}
        for name, trial in rosters.trials(**size, slowness=found["slowness"]).items():
            measured, complaint = measure(trial.words.split())
            found[name] = {figure: measured.get(figure) for figure in trial.shown}
            broken = rosters.judge(trial, measured) if measured else []
            found["violations"] += broken or ([complaint] if complaint else [])
        return self.show("rosters", found, time.monotonic() - began)

    def show(self, part: str, found: Figures, seconds: float) -> Figures:
        figures = {name: value for name, value in found.items() if name != "violations"}
        self.say(f"{part} in {seconds:.1f} s: {json.dumps(figures, ensure_ascii=False)}")
        return {**found, "seconds": round(seconds, 1)}

    def say(self, line: str) -> None:
        self.stderr.write(f"gauntlet: {line}")
        self.stderr.flush()


def measure(words: list[str]) -> tuple[Figures, str]:
    """Run a command that measures; return its figures, none when it printed none, and what to say if it ended badly."""
    command = [sys.executable, str(ROOT / "manage.py"), *words, "--json"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        figures: Figures = json.loads(answer.stdout)
    except json.JSONDecodeError:
        return {}, f"{words[0]} printed no figures: {answer.stderr[-500:]}"
    if answer.returncode:
        return figures, f"{words[0]} ended with {answer.returncode}: {answer.stderr.strip().splitlines()[-1:]}"
    return figures, ""


def pick_figures(part: str, measured: Figures) -> Figures:
    """The figures of a bench that a short run measures well."""
    if part == "bench":
        return {name: measured[name] for name in BENCH_FIGURES}
    found: Figures = {"violations": measured["violations"]}
    if part == "trials":
        return found | {name: measured[name] for name in ("storm", "slow", "flood")}
    pages = {
        name: {kind: figures[kind] for kind in ("p50", "p95", "queries")}
        for name, figures in measured.items()
        if name in {"home", "channel", "history"}
    }
    return found | pages | {"slowness": measured["slowness"]}
