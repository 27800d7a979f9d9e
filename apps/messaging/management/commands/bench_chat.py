"""`manage.py bench_chat`: what a message costs, measured with real sockets and real posts on a scratch database."""

import json
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.messaging.management.load import figures
from apps.messaging.management.load.clients import Client, Record
from apps.messaging.management.load.clock import CpuMeter, cpu_seconds, pss_kb
from apps.messaging.management.load.scratch import Scratch
from apps.messaging.management.load.stage import prepare_stage

RATE = 5.0  # messages a second
HOT_SIZE, HOT_RATE = 200, 60.0
VISIBLE_SHARE = 5  # every fifth tab is looked at
PER_SENDER = 1.0  # messages a second that one person posts; the portal's limit is two
MEMORY_SOCKETS = (500, 2000)
TAIL_SECONDS = 1.0
MARK_REST_SECONDS = 5.0  # in which each visible tab marks once
SAMPLE_FRAME = b"\x81\x7e\x01\xe0" + b"x" * 480  # where no frame was heard to copy


class BareLoop:
    """The process that writes bytes and stores nothing, from the outside."""

    def __init__(self, root: Path) -> None:
        command = [sys.executable, "-m", "apps.messaging.management.load.bare"]
        self._process = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def run(self, *, sockets: int, messages: int, rate: float, frame: bytes) -> float:
        """Return the CPU seconds that writing the messages took."""
        assert self._process.stdin is not None
        before = cpu_seconds(self._process.pid)
        self._process.stdin.write(f"{sockets} {messages} {rate} {frame.hex()}\n")
        self._process.stdin.flush()
        self._line()
        return cpu_seconds(self._process.pid) - before

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(5)


class Phase:
    """What one stretch of sending gave."""

    def __init__(self, record: Record, sent: dict[str, Any], size: int, cpu: dict[str, float], seconds: float) -> None:
        self.record, self.size, self.cpu, self.seconds = record, size, cpu, seconds
        self.sent: dict[int, tuple[float, float]] = sent["sent"]
        self.refused: list[str] = sent["refused"]
        self.messages = len(self.sent)
        self.deliveries = sum(len(record.heard_at.get(change, ())) for change in self.sent)
        self.lost = self.messages * size - self.deliveries
        self.latencies = [at - due for change, (due, _) in self.sent.items() for at in record.heard_at.get(change, ())]
        self.last = [
            max(record.heard_at[change]) - due for change, (due, _) in self.sent.items() if change in record.heard_at
        ]
        self.acknowledged = [at - due for due, at in self.sent.values()]

    @property
    def cpu_total(self) -> float:
        return sum(self.cpu.values())


class Bench:
    """One run on a scratch installation that is up and whose sockets are connected."""

    def __init__(self, scratch: Scratch, stage: dict[str, Any], log: Any) -> None:
        self.scratch = scratch
        self.rooms: dict[int, int] = {int(size): channel for size, channel in stage["rooms"].items()}
        self.keys: list[str] = stage["sessions"]
        self.log = log
        self.meter = CpuMeter()
        self.sockets = Client("sockets")
        self.sender = Client("sender")
        self.phases: list[Phase] = []

    def read_cpu(self) -> dict[str, float]:
        return self.meter.read(self.scratch.pids())

    def send(self, size: int, rate: float, seconds: float, *, visible: bool = True) -> Phase:
        """Send into the room of a size while the visible fifth of its tabs marks what it reads."""
        channel = self.rooms[size]
        senders = self.keys[: max(5, int(rate / PER_SENDER))]
        self.sockets.ask("start", channel, list(range(size)), size // VISIBLE_SHARE if visible else 0)
        before, began = self.read_cpu(), time.monotonic()
        sent = self.sender.ask("send", channel, senders, self.scratch.targets, rate, seconds)
        time.sleep(TAIL_SECONDS)
        after, ended = self.read_cpu(), time.monotonic()
        record = self.sockets.ask("stop")
        cpu = {name: after[name] - before[name] for name in after}
        phase = Phase(record, sent, size, cpu, ended - began)
        if rate:
            self.phases.append(phase)
        return phase

    def rest(self, size: int, seconds: float, *, visible: bool = True) -> Phase:
        """Send nothing: what the sockets, and the marks of a room's visible tabs, cost by themselves."""
        self.sockets.ask("start", self.rooms[size], list(range(size)), size // VISIBLE_SHARE if visible else 0)
        before, began = self.read_cpu(), time.monotonic()
        time.sleep(seconds)
        after, ended = self.read_cpu(), time.monotonic()
        record = self.sockets.ask("stop")
        cpu = {name: after[name] - before[name] for name in after}
        return Phase(record, {"sent": {}, "refused": []}, size, cpu, ended - began)

    def end(self) -> None:
        self.sockets.end()
        self.sender.end()


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
        if any(result[name] for name in ("lost", "duplicated", "reordered", "refused")):
            raise CommandError("Messages were lost, doubled, reordered or refused.")

    def _log(self, text: str) -> None:
        self.stderr.write(f"[{time.strftime('%H:%M:%S')}] {text}")
        self.stderr.flush()

    def _measure(self, options: dict[str, Any], sizes: list[int], ports: tuple[int, int]) -> dict[str, Any]:
        root = Path(settings.BASE_DIR)
        scratch = Scratch(root, ports)
        is_hot, is_memory = not options["no_hot"], not options["no_memory"]
        rooms = sorted({*sizes, *([HOT_SIZE] if is_hot else [])})
        people = max(*rooms, MEMORY_SOCKETS[1] if is_memory else 0, 10)
        bench: Bench | None = None
        bare: BareLoop | None = None
        try:
            self._log("making the scratch database")
            scratch.create()
            stage = scratch.prepare(rooms, people)
            memory: dict[str, Any] = {}
            if is_memory:
                memory = self._measure_memory(scratch, stage, options["web"])
            scratch.start_web(options["web"])
            bench, bare = Bench(scratch, stage, self._log), BareLoop(root)
            seconds = bench.sockets.ask("connect", bench.keys[: rooms[-1]], scratch.targets)
            bench.sockets.ask("connect_raw", rooms[-1], bare.port)
            self._log(f"{rooms[-1]} sockets in {seconds:.1f} s; warming up")
            bench.send(sizes[0], RATE, 2.0)
            bench.phases.clear()
            result = self._compare(bench, bare, sizes, options)
            if is_hot:
                result["hot"] = self._measure_hot(bench, bare, result, options["seconds"])
            result |= {
                "socket_kb": memory.get("socket_kb"),
                "storm": memory.get("storm"),
                "lost": sum(phase.lost for phase in bench.phases),
                "duplicated": sum(phase.record.duplicated for phase in bench.phases),
                "reordered": sum(phase.record.reordered for phase in bench.phases),
                "refused": sum(len(phase.refused) for phase in bench.phases),
                "sockets_lost": bench.sockets.ask("lost"),
                "web": options["web"],
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
            scratch.drop()

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
            "storm": {
                "sockets_s": round(added / seconds),
                "cpu_ms_a_socket": round((sum(used.values()) - sum(cpu.values())) / added * 1e3, 2),
            },
        }
        self._log(f"memory and storm: {figure}")
        return figure
