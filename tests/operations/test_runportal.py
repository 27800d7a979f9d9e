"""The whole portal from one command: it serves, comes back, refuses a second one, and leaves nothing behind."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.operations.places import ROOT, make_data_folder
from tests.collected import collect_static_files

from .conftest import OF_THE_TEST_RUN


class Portal:
    """A started `runportal` with data of its own."""

    def __init__(self, folder: Path, static: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if name not in OF_THE_TEST_RUN}
        self.environment = {
            **kept,
            "PORTAL_VAR": str(folder),
            "PORTAL_PORT": str(self.port),
            "PORTAL_STATIC": str(static),
            "PORTAL_DEMO": "0",
        }
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Start it and return what it said until it was ready."""
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "runportal"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout
        said = ""
        for line in self.process.stdout:
            said += line
            if "Ctrl-C stops everything" in line:
                return said
        raise AssertionError(f"it ended with {self.process.wait()}:\n{said}")

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def end(self, how: int) -> int:
        assert self.process
        assert self.process.stdout
        self.process.send_signal(how)
        self.process.communicate(timeout=40)
        return self.process.returncode

    def pids(self, *words: str) -> list[int]:
        """Processes of this portal whose command line has all the words."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                environment = (entry / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            is_ours = f"PORTAL_VAR={self.folder}\0" in environment or str(self.folder) in command
            if is_ours and all(word in command for word in words):
                found.append(int(entry.name))
        return found

    def status(self) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/accounts/login/", timeout=5) as answer:
                return answer.status
        except OSError:
            return 0


def wait_for(what: Callable[[], bool], seconds: float, said: str) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, said
        time.sleep(0.1)


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    folder = make_data_folder(Path(os.environ["PORTAL_VAR"]) / f"portal-{uuid.uuid4().hex[:8]}")
    portal = Portal(folder, collect_static_files())
    yield portal
    if portal.process and portal.process.poll() is None:
        portal.end(signal.SIGKILL)
    wait_for(lambda: not portal.pids(), 20, "processes were left behind")
    shutil.rmtree(folder, ignore_errors=True)


def test_it_serves_and_says_where(portal: Portal) -> None:
    said = portal.start()
    assert f"http://localhost:{portal.port}" in said
    assert str(portal.folder) in said
    assert "Nobody can sign in yet" in said  # there is no demo here
    assert portal.status() == 200


def test_its_key_is_made_once_and_private(portal: Portal) -> None:
    key = portal.folder / "secret_key"
    assert key.stat().st_mode & 0o077 == 0
    assert len(key.read_text()) > 50


def test_a_second_one_on_the_same_data_is_refused(portal: Portal) -> None:
    answer = portal.run("manage.py", "runportal", PORTAL_PORT="8119")
    assert answer.returncode == 1
    assert f"in use by the portal (process {portal.process.pid}) at http://localhost:{portal.port}" in answer.stderr  # type: ignore[union-attr]
    assert "Traceback" not in answer.stderr


def test_one_on_the_same_port_is_refused(portal: Portal) -> None:
    answer = portal.run("manage.py", "runportal", PORTAL_VAR=str(make_data_folder(portal.folder / "other")))
    assert answer.returncode == 1
    assert f"Port {portal.port} is taken" in answer.stderr
    assert f"PORTAL_PORT={portal.port + 1}" in answer.stderr


def test_a_command_runs_on_its_services_and_doctor_finds_it_well(portal: Portal) -> None:
    def doctor() -> dict[str, object]:
        answer = portal.run("-m", "apps.operations.launch", "doctor", "--json")
        report: dict[str, object] = json.loads(answer.stdout)
        assert answer.returncode == (0 if report["healthy"] else 1)
        return report

    deadline = time.monotonic() + 60
    report = doctor()
    while not report["healthy"] and time.monotonic() < deadline:  # beat's first mark comes within 10 s
        time.sleep(1)
        report = doctor()
    failures = [finding for finding in report["findings"] if finding["level"] == "failure"]  # type: ignore[attr-defined]
    # The catalogues are compiled by ./run, which a bare pytest has not passed through.
    assert [finding for finding in failures if finding["check"] != "translations"] == []


@pytest.mark.parametrize(
    "words", [("uvicorn",), ("celery", "worker"), ("run_beat",), ("postgres", "-D"), ("valkey-server",)]
)
def test_a_killed_process_comes_back(portal: Portal, words: tuple[str, ...]) -> None:
    before = portal.pids(*words)
    assert before
    os.kill(min(before), signal.SIGKILL)
    wait_for(lambda: bool(set(portal.pids(*words)) - set(before)), 30, f"{words} did not come back")
    wait_for(lambda: portal.status() == 200, 30, "no page after it came back")


def test_ctrl_c_ends_all_of_it(portal: Portal) -> None:
    began = time.monotonic()
    assert portal.end(signal.SIGINT) == 0
    assert time.monotonic() - began < 25
    assert portal.pids() == []


def test_a_command_without_a_portal_starts_the_services_for_itself(portal: Portal) -> None:
    answer = portal.run("-m", "apps.operations.launch", "showmigrations", "core")
    assert answer.returncode == 0, answer.stderr
    assert "[X] 0001" in answer.stdout
    assert portal.pids() == []


def test_a_dump_is_loaded_into_an_empty_database_with_the_rights_of_both_roles(portal: Portal) -> None:
    file = portal.folder / "portal.dump"
    answer = portal.run("-m", "apps.operations.launch", "dump_database", str(file))
    assert answer.returncode == 0, answer.stderr
    assert file.stat().st_mode & 0o077 == 0
    refused = portal.run("-m", "apps.operations.launch", "load_database", str(file))
    assert refused.returncode == 1
    assert "holds tables already" in refused.stderr
    new = str(make_data_folder(portal.folder / "new"))
    answer = portal.run("-m", "apps.operations.launch", "load_database", str(file), PORTAL_VAR=new)
    assert answer.returncode == 0, answer.stderr
    answer = portal.run("-m", "apps.operations.launch", "doctor", "--json", PORTAL_VAR=new)
    levels = {finding["check"]: finding["level"] for finding in json.loads(answer.stdout)["findings"]}
    assert [levels[check] for check in ("database", "migrations", "roles", "audit")] == ["ok"] * 4


def test_nothing_outlives_a_killed_supervisor(portal: Portal) -> None:
    portal.start()
    assert len(portal.pids()) > 5
    assert portal.end(signal.SIGKILL) == -signal.SIGKILL
    wait_for(lambda: not portal.pids(), 20, f"left behind: {portal.pids()}")
    assert portal.start()
    assert portal.end(signal.SIGTERM) == 0
