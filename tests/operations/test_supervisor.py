"""The supervisor: a killed child comes back with a growing pause, and an end is an end for all."""

import signal
import sys
import time
from pathlib import Path

import pytest

from apps.operations.places import DataLock, OperationsError
from apps.operations.services import Services
from apps.operations.supervisor import Child, Supervisor, describe_exit, portal_children

SLEEPER = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-S",
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]


def make_child(folder: Path, command: list[str], patience: float = 5) -> Child:
    return Child("web", command, {}, folder / "log" / "web.log", patience)


def make_supervisor(folder: Path, child: Child, said: list[str] | None = None) -> Supervisor:
    supervisor = Supervisor(Services(folder, DataLock(folder)), [child], (said if said is not None else []).append)
    supervisor.start(child.name)
    return supervisor


def test_a_killed_child_is_started_again_and_its_pauses_grow(folder: Path) -> None:
    said: list[str] = []
    child = make_child(folder, SLEEPER)
    supervisor = make_supervisor(folder, child, said)
    [watch] = supervisor.watches.values()
    pauses = []
    now = time.monotonic()
    for _ in range(6):
        assert child.process
        child.process.kill()
        child.process.wait()
        supervisor.look_after(watch, now)
        pauses.append(watch.restart_at - now)  # type: ignore[operator]
        supervisor.look_after(watch, now + pauses[-1] - 0.01)
        assert child.process.poll() is not None, "it was started before its pause was over"
        now += pauses[-1]
        supervisor.look_after(watch, now)
        assert child.process.poll() is None
    supervisor.stop()
    assert pauses == [0.5, 1, 2, 4, 8, 8]
    assert said[0] == "web ended (SIGKILL); starting it again in 0.5 s"


def test_a_child_that_ran_calmly_for_long_starts_with_the_shortest_pause_again(folder: Path) -> None:
    child = make_child(folder, SLEEPER)
    supervisor = make_supervisor(folder, child)
    [watch] = supervisor.watches.values()
    watch.failures, watch.started_at = 5, time.monotonic() - 61
    assert child.process
    child.process.kill()
    child.process.wait()
    supervisor.look_after(watch, time.monotonic())
    assert watch.back_off() == 0.5
    supervisor.stop()


def test_a_child_that_does_not_listen_is_killed_when_its_patience_is_over(folder: Path) -> None:
    child = make_child(folder, STUBBORN, patience=0.3)
    supervisor = make_supervisor(folder, child)
    while "deaf" not in child.log.read_text():
        time.sleep(0.01)
    began = time.monotonic()
    supervisor.stop()
    assert child.process
    assert child.process.returncode == -signal.SIGKILL
    assert time.monotonic() - began < 3


def test_a_web_process_that_never_answers_is_an_error_with_its_last_words(folder: Path) -> None:
    child = make_child(folder, [sys.executable, "-S", "-c", "raise SystemExit('no such settings')"])
    supervisor = make_supervisor(folder, child)
    with pytest.raises(OperationsError, match="no such settings"):
        supervisor.wait_until_ready("127.0.0.1", 8118, "/")
    supervisor.stop()


def test_children_do_not_know_the_owner_of_the_database(folder: Path) -> None:
    children = portal_children(folder / "log", folder, "127.0.0.1", 8118)
    assert [child.name for child in children] == ["web", "beat", "worker"]
    assert all("DATABASE_OWNER_URL" not in child.environment for child in children)
    assert [child.environment.get("PORTAL_WEB") for child in children] == ["1", None, None]


def test_an_exit_is_described_by_its_signal_or_code() -> None:
    assert describe_exit(-9) == "SIGKILL"
    assert describe_exit(3) == "exit code 3"
