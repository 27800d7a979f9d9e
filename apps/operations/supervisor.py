"""Keeps the portal's processes alive: starts them, starts a killed one again, and ends all in order."""

import contextlib
import http.client
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol

from .embedded import tie_to_parent
from .places import ROOT, OperationsError
from .services import Services

FIRST_BACK_OFF, LAST_BACK_OFF = 0.5, 8.0  # seconds before a killed process is started again, doubled each time
CALM_AFTER = 60.0  # seconds after which a process counts as healthy again
READY_TIMEOUT = 60.0  # seconds for the first page
OPEN_FILES = 65_536
MESSAGE_LIMIT = 65_536  # bytes of a frame from a browser

Say = Callable[[str], None]


class Process(Protocol):
    """What the supervisor needs of a server or a child."""

    name: str
    process: subprocess.Popen[bytes] | None

    def start(self) -> None: ...


@dataclass
class Child:
    """A Python process of the portal."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    patience: float
    """Seconds that it may take to end when asked to."""
    death_signal: int = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.kill_group()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=dict(self.environment),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=tie_to_parent(self.death_signal),  # noqa: PLW1509 — the supervisor has one thread
            )

    def ask_to_end(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def end(self) -> None:
        """Wait as long as its patience lasts, then kill it and what it started."""
        if self.process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.patience)
            self.kill_group()
            self.process.wait()

    def kill_group(self) -> None:
        """Kill what is left of the process and of its own children."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


@dataclass
class Watch:
    """How often a process has died lately, and when it may start again."""

    subject: Process
    started_at: float
    failures: int = 0
    restart_at: float | None = None

    def back_off(self) -> float:
        return min(LAST_BACK_OFF, FIRST_BACK_OFF * 2.0 ** max(0, self.failures - 1))


@dataclass
class Supervisor:
    """Runs the children over the services until it is told to end."""

    services: Services
    children: list[Child]
    """In the order in which they end."""
    say: Say = print
    is_stopping: bool = False
    watches: dict[str, Watch] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start one child and look after it from now on; nothing when it runs already."""
        if name not in self.watches:
            child = next(child for child in self.children if child.name == name)
            child.start()
            self.watches[name] = Watch(child, time.monotonic())

    def look_after_services(self) -> None:
        """Look after the servers from now on, and let signals end the whole."""
        for server in self.services.servers:
            self.watches[server.name] = Watch(server, time.monotonic())
        for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signal_number, self._on_signal)

    def wait_until_ready(self, bind: str, port: int, path: str) -> bool:
        """Wait for the first page; False when told to end meanwhile, OperationsError when it does not come."""
        deadline = time.monotonic() + READY_TIMEOUT
        watch = self.watches["web"]
        log = next(child.log for child in self.children if child is watch.subject)
        while not self.is_stopping:
            self.look_after_all()
            status = status_of_page(bind, port, path)
            if 0 < status < 500:
                return True
            if status or watch.failures >= 3 or time.monotonic() > deadline:
                answer = f"answers {path} with {status}" if status else "does not answer"
                raise OperationsError(f"The web process {answer}. The end of {log}:\n{tail(log)}")
            time.sleep(0.05)
        return False

    def run(self) -> None:
        """Look after all until told to end."""
        while not self.is_stopping:
            self.look_after_all()
            time.sleep(0.1)

    def look_after_all(self) -> None:
        now = time.monotonic()
        for watch in self.watches.values():
            self.look_after(watch, now)

    def look_after(self, watch: Watch, now: float) -> None:
        process = watch.subject.process
        if watch.restart_at is not None:
            if now >= watch.restart_at:
                watch.restart_at = None
                watch.started_at = now
                watch.subject.start()
        elif process is None or process.poll() is not None:
            if now - watch.started_at > CALM_AFTER:
                watch.failures = 0
            watch.failures += 1
            watch.restart_at = now + watch.back_off()
            code = process.returncode if process else "?"
            self.say(f"{watch.subject.name} ended ({describe_exit(code)}); starting it again in {watch.back_off():g} s")

    def stop(self) -> None:
        """End the children together, then the services, the database last."""
        for child in self.children:
            child.ask_to_end()
        for child in self.children:
            child.end()
        self.services.stop()

    def _on_signal(self, signal_number: int, frame: FrameType | None) -> None:
        if self.is_stopping and signal_number == signal.SIGINT:  # a second Ctrl-C does not wait
            for child in self.children:
                child.kill_group()
        self.is_stopping = True


def portal_children(log: Path, var: Path, bind: str, port: int) -> list[Child]:
    """The web process, beat and the worker, in the order in which they end."""
    environment = {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
    }
    # Only migrations need the owner; a process that does not know its address cannot misuse it.
    environment.pop("DATABASE_OWNER_URL", None)
    celery = [sys.executable, "-m", "celery", "-A", "hospital_collab"]
    web = web_command(bind, port)
    worker = [
        *celery,
        "worker",
        "--concurrency=2",
        "--without-gossip",
        "--without-mingle",
        "--loglevel=WARNING",
        "--hostname=worker@%h",
    ]
    beat = [sys.executable, str(ROOT / "manage.py"), "run_beat", f"--schedule={var / 'beat' / 'schedule'}"]
    (var / "beat").mkdir(mode=0o700, exist_ok=True)
    return [
        Child("web", web, {**environment, "PORTAL_WEB": "1"}, log / "web.log", patience=8),
        Child("beat", beat, environment, log / "beat.log", patience=4),
        # SIGKILL: with the bus gone, too, a worker that is asked to end would wait for it. The task that it is at comes back.
        Child("worker", worker, environment, log / "worker.log", patience=10, death_signal=signal.SIGKILL),
    ]


def web_command(bind: str, port: int) -> list[str]:
    """Uvicorn as the portal and production run it."""
    return [
        sys.executable, "-m", "uvicorn", "hospital_collab.asgi:application",
        "--host", bind, "--port", str(port),
        "--loop", "uvloop", "--http", "httptools",
        "--ws", "apps.realtime.protocol:LiveWebSocketProtocol",
        "--ws-max-size", str(MESSAGE_LIMIT), "--ws-per-message-deflate", "false",
        "--no-access-log", "--no-server-header", "--no-proxy-headers", "--no-use-colors",
        "--timeout-graceful-shutdown", "4", "--backlog", "2048",
    ]  # fmt: skip


def page_answers(bind: str, port: int, path: str) -> bool:
    return 0 < status_of_page(bind, port, path) < 500


def status_of_page(bind: str, port: int, path: str) -> int:
    """The status with which a page is answered; 0 when it is not."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104 — compared with, not bound to
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def raise_open_files_limit() -> None:
    """Each browser tab holds a socket, and the usual limit is 1,024."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def describe_exit(code: int | str) -> str:
    if isinstance(code, int) and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"


def tail(path: Path, lines: int = 15) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError as error:
        return f"({error.strerror})"
