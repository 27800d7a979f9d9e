"""One stretch of a bench: messages into a room whose sockets listen, and what that cost the server."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from .clients import Client, Record
from .clock import CpuMeter, cpu_seconds
from .scratch import Scratch

VISIBLE_SHARE = 5  # every fifth tab is looked at
PER_SENDER = 1.0  # messages a second that one person posts; the portal's limit is two
TAIL_SECONDS = 1.0


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

    def send(self, size: int, rate: float, seconds: float, *, visible: bool = True, padding: int = 0) -> Phase:
        """Send into the room of a size while the visible fifth of its tabs marks what it reads."""
        channel = self.rooms[size]
        senders = self.keys[: max(5, int(rate / PER_SENDER))]
        self.sockets.ask("start", channel, list(range(size)), size // VISIBLE_SHARE if visible else 0)
        before, began = self.read_cpu(), time.monotonic()
        sent = self.sender.ask("send", channel, senders, self.scratch.targets, rate, seconds, padding)
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
