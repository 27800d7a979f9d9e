"""The servers that one process runs for itself, and the environment that names them."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from .embedded import Postgres, Server, Valkey
from .places import DataLock

LOG_LIMIT = 10_000_000  # bytes; a larger log is put aside at the next start


@dataclass
class Services:
    """The servers that this process runs, and the lock on their data."""

    folder: Path
    lock: DataLock
    servers: list[Server] = field(default_factory=list)
    """In the order in which they start; they stop in the opposite one."""

    @property
    def is_embedded(self) -> bool:
        """Whether the database is one of them."""
        return any(isinstance(server, Postgres) for server in self.servers)

    def start(self) -> None:
        for server in self.servers:
            server.start()

    def empty(self) -> None:
        """Remove what the servers hold, before they start."""
        for server in self.servers:
            server.remove_data()

    def wait(self) -> None:
        for server in self.servers:
            server.wait()

    def stop(self) -> None:
        for server in reversed(self.servers):
            server.stop()
        self.lock.drop()


def open_services(folder: Path, lock: DataLock, *, durable: bool = True) -> Services:
    """Choose the servers that the environment does not name, and name them in it; nothing is started yet."""
    services = Services(folder, lock)
    environment = os.environ
    environment["PORTAL_VAR"] = str(folder)
    log = folder / "log"
    for path in log.glob("*.log"):
        if path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
    embedded = not environment.get("DATABASE_URL")
    if embedded:
        postgres = Postgres(folder / "postgres", log / "postgres.log", durable=durable)
        services.servers.append(postgres)
        environment["DATABASE_URL"], environment["DATABASE_OWNER_URL"] = postgres.app_url, postgres.owner_url
    if not environment.get("REDIS_URL"):
        valkey = Valkey(folder / "valkey", log / "valkey.log", durable=durable)
        services.servers.append(valkey)
        environment["REDIS_URL"] = valkey.url
    environment.setdefault("PORTAL_DEMO", "1" if embedded else "0")
    if not environment.get("SECRET_KEY"):
        environment.setdefault("SECRET_KEY_FILE", str(make_secret_key(folder)))
    return services


def make_secret_key(folder: Path) -> Path:
    """The file that holds this installation's secret key; written once."""
    path = folder / "secret_key"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(64))
    return path
