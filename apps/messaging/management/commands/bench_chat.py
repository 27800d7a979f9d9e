"""`manage.py bench_chat`: what a message costs, measured with real sockets and real posts on a scratch database."""

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.messaging.management.load import figures, trials
from apps.messaging.management.load.bench import BareLoop, Bench
from apps.messaging.management.load.clients import Client
from apps.messaging.management.load.clock import CpuMeter, pss_kb
from apps.messaging.management.load.scratch import Scratch, raise_open_files_limit
from apps.messaging.management.load.stage import prepare_stage

RATE = 5.0  # messages a second
HOT_SIZE, HOT_RATE = 200, 60.0
MEMORY_SOCKETS = (500, 2000)
MARK_REST_SECONDS = 5.0  # in which each visible tab marks once
SAMPLE_FRAME = b"\x81\x7e\x01\xe0" + b"x" * 480  # where no frame was heard to copy
PARTS = ("cost", "web", "storm", "slow", "flood")
STORM_SOCKETS, STORM_MISSED = 2000, 100
COUNTED = ("lost", "duplicated", "reordered", "refused")


class Command(BaseCommand):
    help = (
        "Measure what a message costs the server: a = CPU ms of sending one, b = CPU us of one delivery, and how long, "
        "how much memory and whether anything is lost. Works on a scratch database; a quiet machine gives better figures."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--web", type=int, default=1, choices=(1, 2), help="web processes (1)")
        parser.add_argument("--n", default="100,500,1000", help="sizes of the rooms (100,500,1000)")
        parser.add_argument("--seconds", type=float, default=5.0, help="of each stretch of sending (5)")
        parser.add_argument("--rounds", type=int, default=5, help="of portal and bare loop in turn (5)")
        parser.add_argument("--ports", default="8160-8179", help="where the scratch web processes may listen")
        parser.add_argument(
            "--only",
            choices=PARTS,
            action="append",
            help="this part alone: the cost of a message, two web processes beside one, a storm of returning sockets, "
            "readers of a byte a second, one person who floods",
        )
        parser.add_argument("--sockets", type=int, default=STORM_SOCKETS, help="that return in the storm (2000)")
        parser.add_argument("--missed", type=int, default=STORM_MISSED, help="messages that they missed (100)")
        parser.add_argument("--no-memory", action="store_true", help="leave out the 2,000 sockets that measure memory")
        parser.add_argument("--no-hot", action="store_true", help="leave out the hot room")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--prepare", action="store_true", help="fill the scratch database (used by the command itself)"
        )
        parser.add_argument("--people", type=int, default=0, help="with --prepare: how many people")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sizes = sorted({int(size) for size in options["n"].split(",")})
            first, last = (int(port) for port in options["ports"].split("-"))
        except ValueError as error:
            raise CommandError("--n is a list such as 100,500 and --ports a range such as 8160-8179.") from error
        if options["prepare"]:
            self.stdout.write(json.dumps(prepare_stage(people=options["people"], sizes=sizes)))
            return
        if not sys.platform.startswith("linux"):
            raise CommandError("The bench reads CPU time and memory from the Linux kernel.")
        result = self._measure(options, sizes, (first, last))
        if options["json"]:
            self.stdout.write(json.dumps(result))
        else:
            for name, value in figures.flatten(result):
                self.stdout.write(f"{name:28} {value}")
        if any(result.get(name) for name in COUNTED):
            raise CommandError("Messages were lost, doubled, reordered or refused.")
        if result["violations"]:
            raise CommandError("; ".join(result["violations"]))

    def _log(self, text: str) -> None:
        self.stderr.write(f"[{time.strftime('%H:%M:%S')}] {text}")
        self.stderr.flush()

    def _measure(self, options: dict[str, Any], sizes: list[int], ports: tuple[int, int]) -> dict[str, Any]:
        raise_open_files_limit()
        parts = options["only"] or PARTS
        scratch = Scratch(Path(settings.BASE_DIR), ports)
        is_hot, is_memory = "cost" in parts and not options["no_hot"], "cost" in parts and not options["no_memory"]
        rooms = {*sizes, *([HOT_SIZE] if is_hot else []), *([options["sockets"]] if "storm" in parts else [])}
        if {"slow", "flood"} & set(parts):
            rooms.add(min(trials.TRIAL_SIZE, max(sizes)))
        people = max(*rooms, MEMORY_SOCKETS[1] if is_memory else 0, 10)
        result: dict[str, Any] = {}
        try:
            self._log("making the scratch database")
            scratch.create()
            stage = scratch.prepare(sorted(rooms), people)
            if "cost" in parts:
                result = self._measure_cost(scratch, stage, sizes, options, is_hot=is_hot, is_memory=is_memory)
            result |= self._try(scratch, stage, sizes, parts, options)
        finally:
            scratch.drop()
        result["violations"] = [
            text for name in PARTS for text in (result.get(name) or {}).pop("violations", ()) if name != "cost"
        ]
        return result

    def _try(
        self, scratch: Scratch, stage: dict[str, Any], sizes: list[int], parts: Any, options: dict[str, Any]
    ) -> dict[str, Any]:
        """Run the trials; each starts its own web processes."""
        found: dict[str, Any] = {}
        seconds = options["seconds"]
        if "web" in parts:
            size, rounds = sizes[len(sizes) // 2], min(options["rounds"], 3)
            found["web"] = trials.run_two_webs(scratch, stage, size=size, seconds=seconds, rounds=rounds, log=self._log)
        if "storm" in parts:
            found["storm"] = trials.run_storm(
                scratch, stage, web=options["web"], sockets=options["sockets"], missed=options["missed"]
            )
        if {"slow", "flood"} & set(parts):
            scratch.start_web(options["web"])
            bench = Bench(scratch, stage, self._log)
            try:
                size = min(trials.TRIAL_SIZE, max(sizes))
                bench.sockets.ask("connect", bench.keys[:size], scratch.targets)
                bench.send(size, RATE, 2.0)
                if "slow" in parts:
                    found["slow"] = trials.run_slow_readers(bench, size, seconds)
                if "flood" in parts:
                    found["flood"] = trials.run_flood(bench, size, seconds)
            finally:
                bench.end()
                scratch.stop_web()
        for name, figure in found.items():
            self._log(f"{name}: {json.dumps(figure)}")
        return found

    def _measure_cost(
        self,
        scratch: Scratch,
        stage: dict[str, Any],
        sizes: list[int],
        options: dict[str, Any],
        *,
        is_hot: bool,
        is_memory: bool,
    ) -> dict[str, Any]:
        bench: Bench | None = None
        bare: BareLoop | None = None
        largest = max(*sizes, HOT_SIZE if is_hot else 0)
        try:
            memory = self._measure_memory(scratch, stage, options["web"]) if is_memory else {}
            scratch.start_web(options["web"])
            bench, bare = Bench(scratch, stage, self._log), BareLoop(Path(settings.BASE_DIR))
            seconds = bench.sockets.ask("connect", bench.keys[:largest], scratch.targets)
            bench.sockets.ask("connect_raw", largest, bare.port)
            self._log(f"{largest} sockets in {seconds:.1f} s; warming up")
            bench.send(sizes[0], RATE, 2.0)
            bench.phases.clear()
            result = self._compare(bench, bare, sizes, options)
            if is_hot:
                result["hot"] = self._measure_hot(bench, bare, result, options["seconds"])
            result |= {
                **memory,
                "lost": sum(phase.lost for phase in bench.phases),
                "duplicated": sum(phase.record.duplicated for phase in bench.phases),
                "reordered": sum(phase.record.reordered for phase in bench.phases),
                "refused": sum(len(phase.refused) for phase in bench.phases),
                "sockets_lost": bench.sockets.ask("lost"),
                "web_processes": options["web"],
            }
            refused = [text for phase in bench.phases for text in phase.refused]
            if refused:
                self._log(f"refused, for example: {refused[0]}")
            return result
        finally:
            if bench is not None:
                bench.end()
            if bare is not None:
                bare.end()
            scratch.stop_web()

    def _compare(self, bench: Bench, bare: BareLoop, sizes: list[int], options: dict[str, Any]) -> dict[str, Any]:
        """Portal and bare loop in turn, over all sizes, some rounds; the medians of the rounds give the lines."""
        seconds = options["seconds"]
        costs: dict[int, list[float]] = {size: [] for size in sizes}
        bare_costs: dict[int, list[float]] = {size: [] for size in sizes}
        split: dict[int, dict[str, list[float]]] = {size: {} for size in sizes}
        marks, idle = [], []
        for number in range(options["rounds"]):
            resting = bench.rest(sizes[0], 2.0, visible=False)
            idle.append(resting.cpu_total / resting.seconds)
            for size in sizes:
                marking = bench.rest(size, MARK_REST_SECONDS)
                if marking.record.marks:
                    marks.append((marking.cpu_total - idle[-1] * marking.seconds) / marking.record.marks)
                phase = bench.send(size, RATE, seconds)
                if not phase.messages:
                    raise CommandError(f"No message was accepted: {phase.refused[:1]}")
                rest = phase.seconds / marking.seconds
                costs[size].append((phase.cpu_total - marking.cpu_total * rest) / phase.messages)
                for name, used in phase.cpu.items():
                    split[size].setdefault(name, []).append((used - marking.cpu[name] * rest) / phase.messages)
                messages = max(1, int(RATE * seconds))
                used = bare.run(sockets=size, messages=messages, rate=RATE, frame=phase.record.sample or SAMPLE_FRAME)
                bare_costs[size].append(used / messages)
            by_size = ", ".join(f"{size}: {values[-1] * 1e3:.1f}" for size, values in costs.items())
            self._log(f"round {number + 1}: CPU ms a message by size: {by_size}")
        a, b = figures.fit_line([(size, figures.middle(values)) for size, values in costs.items()])
        _, bare_b = figures.fit_line([(size, figures.middle(values)) for size, values in bare_costs.items()])
        largest = [phase for phase in bench.phases if phase.size == sizes[-1]]
        return {
            "a_cpu_ms": round(a * 1e3, 2),
            "b_cpu_us": round(b * 1e6, 2),
            "bare_cpu_us": round(bare_b * 1e6, 2),
            "delivery_ratio": round(b / bare_b, 3) if bare_b > 0 else None,
            "mark_cpu_ms": round(figures.middle(marks) * 1e3, 3),
            "idle_cpu_ms_s": round(figures.middle(idle) * 1e3, 2),
            "message_cpu_ms": {str(size): round(figures.middle(values) * 1e3, 2) for size, values in costs.items()},
            "message_cpu_split_ms": {
                str(size): {name: round(figures.middle(values) * 1e3, 2) for name, values in parts.items()}
                for size, parts in split.items()
            },
            "latency_ms": {
                str(size): figures.percentiles(
                    [value for phase in bench.phases if phase.size == size for value in phase.latencies]
                )
                for size in sizes
            },
            "last_receiver_ms": figures.percentiles([value for phase in largest for value in phase.last]),
            "acknowledged_ms": figures.percentiles([value for phase in bench.phases for value in phase.acknowledged]),
        }

    def _measure_hot(self, bench: Bench, bare: BareLoop, result: dict[str, Any], seconds: float) -> dict[str, Any]:
        """A room in which everybody talks: deliveries are gathered, and should cost less than the bare loop's."""
        marking = bench.rest(HOT_SIZE, 3.0)
        rate = marking.cpu_total / marking.seconds
        phase = bench.send(HOT_SIZE, HOT_RATE, seconds)
        messages = max(1, int(HOT_RATE * seconds))
        bare_cpu = bare.run(sockets=HOT_SIZE, messages=messages, rate=HOT_RATE, frame=phase.record.sample) / messages
        cost = (phase.cpu_total - rate * phase.seconds) / max(1, phase.messages)
        return {
            "size": HOT_SIZE,
            "messages_s": round(phase.messages / seconds, 1),
            "message_cpu_ms": round(cost * 1e3, 2),
            "delivery_cpu_us": round((cost * 1e3 - result["a_cpu_ms"]) / HOT_SIZE * 1e3, 2),
            "bare_cpu_us": round(bare_cpu / HOT_SIZE * 1e6, 2),
            "latency_ms": figures.percentiles(phase.latencies),
        }

    def _measure_memory(self, scratch: Scratch, stage: dict[str, Any], web: int) -> dict[str, Any]:
        """Marginal memory of a socket in fresh web processes, and how fast many come in at once."""
        few, many = MEMORY_SOCKETS
        scratch.start_web(web)
        client = Client("sockets")
        meter = CpuMeter()
        try:
            client.ask("connect", stage["sessions"][:few], scratch.targets)
            time.sleep(2)
            before = pss_kb([process.pid for process in scratch.web])
            cpu = meter.read(scratch.pids())
            seconds = client.ask("connect", stage["sessions"][few:many], scratch.targets)
            used = meter.read(scratch.pids())
            time.sleep(2)
            after = pss_kb([process.pid for process in scratch.web])
        finally:
            client.end()
            scratch.stop_web()
        added = many - few
        figure = {
            "socket_kb": round((after - before) / added, 1),
            "sockets_s": round(added / seconds),
            "cpu_ms_a_socket": round((sum(used.values()) - sum(cpu.values())) / added * 1e3, 2),
        }
        self._log(f"memory and coming in: {figure}")
        return figure
