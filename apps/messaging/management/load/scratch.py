"""A scratch installation: a database of its own beside the portal's, its own bus number, its own web processes."""

import http.client
import json
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from django.conf import settings
from psycopg import sql

from .clients import Target

START_SECONDS = 60
OPEN_FILES = 65_536  # thousands of sockets in one process, at both ends
PORTAL = "hospital_collab.asgi:application"
COUNTED, COUNTED_PATH = "apps.messaging.management.load.counted:application", "/-/statements"
SCRATCH_BUS = 13  # the number of the bus database that only load generators use


def with_database(url: str, name: str) -> str:
    """Return a database URL that names another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def with_bus_number(url: str, number: int) -> str:
    """Return a Redis URL that names another database."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"{parts.scheme}://{parts.netloc}{parts.path}?db={number}"
    return urlunsplit(parts._replace(path=f"/{number}"))


def free_port(first: int, last: int) -> int:
    """Return a port of a range that nobody listens on now."""
    for port in range(first, last + 1):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"No port between {first} and {last} is free.")


def raise_open_files_limit() -> None:
    """Let this process, and those that it starts, hold thousands of sockets."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Scratch:
    """Made and dropped by one run of a load generator."""

    def __init__(self, root: Path, ports: tuple[int, int]) -> None:
        self._root = root
        self._ports = ports
        self.name = f"scratch_{os.getpid()}"
        self.owner_url = settings.DATABASE_OWNER_URL
        self.environment = {
            **os.environ,  # allowed: environment: a server of its own inherits it
            "DATABASE_URL": with_database(settings.DATABASE_URL, self.name),
            "DATABASE_OWNER_URL": with_database(settings.DATABASE_OWNER_URL, self.name),
            "REDIS_URL": with_bus_number(settings.REDIS_URL, SCRATCH_BUS),
            "PORTAL_DEMO": "1",
            "LOG_LEVEL": "WARNING",
        }
        self.web: list[subprocess.Popen[bytes]] = []
        self.targets: list[Target] = []

    def create(self) -> None:
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.name)))
        self.bus().flushdb()
        self.manage("migrate", "--verbosity", "0")

    def bus(self) -> redis.Redis:
        return redis.Redis.from_url(self.environment["REDIS_URL"], socket_timeout=5)

    def manage(self, *arguments: str) -> str:
        """Run a management command on the scratch database; return what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        answer = subprocess.run(
            command, cwd=self._root, env=self.environment, capture_output=True, text=True, check=False
        )
        if answer.returncode:
            raise RuntimeError(f"manage.py {arguments[0]} failed:\n{answer.stderr[-2000:]}")
        return answer.stdout

    def start_web(self, processes: int, application: str = PORTAL) -> None:
        """Start web processes as `runportal` does, each on a port of its own, and wait until they answer."""
        raise_open_files_limit()
        first = self._ports[0]
        for _ in range(processes):
            port = free_port(first, self._ports[1])
            first = port + 1
            command = [
                sys.executable, "-m", "uvicorn", application,
                "--host", "127.0.0.1", "--port", str(port), "--loop", "uvloop", "--http", "httptools",
                "--ws", "apps.realtime.protocol:LiveWebSocketProtocol", "--ws-per-message-deflate", "false",
                "--ws-max-size", "65536", "--no-access-log", "--log-level", "warning", "--backlog", "4096",
            ]  # fmt: skip
            environment = {**self.environment, "PORTAL_WEB": "1"}
            self.web.append(subprocess.Popen(command, cwd=self._root, env=environment))
            self.targets.append(Target("127.0.0.1", port, settings.SESSION_COOKIE_NAME))
        for target, process in zip(self.targets, self.web, strict=True):
            self._await_page(target, process)

    def _await_page(self, target: Target, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if process.poll() is not None:
                raise RuntimeError("A web process of the scratch installation ended while it started.")
            with suppress(OSError):
                connection = http.client.HTTPConnection(target.host, target.port, timeout=5)
                connection.request("GET", "/")
                if connection.getresponse().status < 500:
                    return
            time.sleep(0.1)
        raise RuntimeError("The scratch installation did not answer in time.")

    def pids(self) -> dict[str, Collection[int]]:
        """Return the processes that serve: web, this database's backends with the cluster's writers, the bus."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s OR backend_type IN"
                " ('walwriter', 'checkpointer', 'background writer')",
                [self.name],
            ).fetchall()
        info: Any = self.bus().info("server")
        return {
            "web": [process.pid for process in self.web],
            "postgres": [row[0] for row in rows],
            "bus": [int(info["process_id"])],
        }

    def count_statements(self) -> dict[str, int]:
        """Return what web processes that serve COUNTED have asked of the database so far: statements, batches."""
        total: dict[str, int] = {}
        for target in self.targets:
            connection = http.client.HTTPConnection(target.host, target.port, timeout=10)
            connection.request("GET", COUNTED_PATH)
            for name, count in json.loads(connection.getresponse().read()).items():
                total[name] = total.get(name, 0) + count
            connection.close()
        return total

    def stop_web(self) -> None:
        for process in self.web:
            process.terminate()
        for process in self.web:
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            if process.poll() is None:
                process.kill()
                process.wait()
        self.web, self.targets = [], []

    def drop(self) -> None:
        self.stop_web()
        self.bus().flushdb()
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.name)))

    def prepare(self, sizes: Collection[int], people: int) -> dict[str, Any]:
        """Fill the scratch database: people with sessions, and a private channel of each size."""
        words = ["--prepare", "--people", str(people), "--n", ",".join(map(str, sizes))]
        prepared: dict[str, Any] = json.loads(self.manage("bench_chat", *words))
        return prepared
