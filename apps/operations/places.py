"""Where an installation keeps its data, and the lock that says who uses it. Standard library only: `./run` imports it."""

import contextlib
import errno
import hashlib
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

try:
    import fcntl
except ImportError:  # pragma: no cover — Windows, where nothing is embedded
    fcntl = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parent.parent.parent
SYSTEM_DATA = Path("/var/lib/hospital_collab")
SOCKET_PATH_LIMIT = 100  # the kernel's is 107 bytes; PostgreSQL adds a suffix for its lock file


class OperationsError(Exception):
    """Something that the person at the keyboard can put right; the text says how."""


class InUse(OperationsError):
    """Somebody else runs on the same data."""


class PortTaken(OperationsError):
    """The address that the portal should listen on is not to be had."""


def data_folder() -> Path:
    """The folder that PORTAL_VAR names, else one of root's own, else `var` in the checkout.

    Root's lies outside the checkout: PostgreSQL refuses to run as root, and the account that it runs as
    instead cannot enter root's home.
    """
    named = os.environ.get("PORTAL_VAR")
    if named:
        return Path(named).expanduser().absolute()
    if is_root():
        return SYSTEM_DATA / hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    return ROOT / "var"


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def make_data_folder(folder: Path) -> Path:
    """Create the data folder; others may pass through it (to a socket that is theirs) but not list it."""
    try:
        for missing in reversed([place for place in (folder, *folder.parents) if not place.exists()]):
            missing.mkdir(mode=0o711, exist_ok=True)
        (folder / "log").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise OperationsError(
            f"The data folder {folder} cannot be made ({error.strerror}). Let PORTAL_VAR name a folder that you may write."
        ) from error
    return folder


@dataclass
class Claim:
    """What the holder of a data folder tells the others; kept beside the lock, readable by its owner only."""

    pid: int
    purpose: str
    address: str = ""
    environment: dict[str, str] = field(default_factory=dict)


class DataLock:
    """The exclusive lock of a data folder. The kernel drops it with the process, however that ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.claim_path = folder / "services.json"
        self._file: IO[str] | None = None

    def take(self, purpose: str) -> None:
        """Raise InUse when another process holds it."""
        if fcntl is None:  # pragma: no cover
            raise OperationsError(
                "The embedded services need Linux or macOS; on Windows use WSL, or set DATABASE_URL and REDIS_URL."
            )
        handle = (self.folder / "portal.lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            handle.close()
            raise InUse(self._explain()) from error
        self._file = handle
        self.publish(Claim(pid=os.getpid(), purpose=purpose))

    def publish(self, claim: Claim) -> None:
        draft = self.claim_path.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(claim), file)
        draft.replace(self.claim_path)

    def holder(self) -> Claim | None:
        """The claim of the process that holds the lock now; None when nobody does."""
        if fcntl is None or not (self.folder / "portal.lock").exists():
            return None
        with (self.folder / "portal.lock").open("a+", encoding="utf-8") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                with contextlib.suppress(OSError, ValueError, TypeError):
                    return Claim(**json.loads(self.claim_path.read_text(encoding="utf-8")))
                return Claim(pid=0, purpose="")
        return None

    def drop(self) -> None:
        if self._file is not None:
            self.claim_path.unlink(missing_ok=True)
            self._file.close()
            self._file = None

    def _explain(self) -> str:
        claim = self.holder() or Claim(pid=0, purpose="")
        who = f"{claim.purpose or 'another process'}" + (f" (process {claim.pid})" if claim.pid else "")
        where = f" at {claim.address}" if claim.address else ""
        return (
            f"The data in {self.folder} is in use by {who}{where}. "
            "Stop that one with Ctrl-C, or let PORTAL_VAR name another folder for this one."
        )


def check_address(bind: str, port: int) -> None:
    """Raise PortTaken unless the portal could listen there."""
    if not 0 < port < 65536:
        raise PortTaken(f"There is no port {port}; set PORTAL_BIND and PORTAL_PORT to an address of this machine.")
    try:
        family, kind, protocol, _name, place = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except PermissionError as error:
        raise PortTaken(
            f"Port {port} needs more rights than this account has; choose one above 1023: PORTAL_PORT=8001 ./run portal"
        ) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"Port {port} is taken by another program; stop it, or choose another port: "
                f"PORTAL_PORT={_next_port(port)} ./run portal"
            ) from error
        raise PortTaken(
            f"The portal cannot listen on {bind} port {port} ({error}); set PORTAL_BIND and PORTAL_PORT."
        ) from error


def socket_folder(preferred: Path, owner: int, limit: int = SOCKET_PATH_LIMIT) -> Path:
    """PREFERRED, or a short private folder when a socket's name in it would be too long for the kernel."""
    if len(os.fsencode(preferred)) + len("/.s.PGSQL.5432") <= limit:
        return preferred
    name = f"hospital_collab-{owner}-{hashlib.sha256(os.fsencode(preferred)).hexdigest()[:8]}"
    return (Path("/run") if is_root() else Path(tempfile.gettempdir())) / name


def make_private(folder: Path, owner: int, group: int) -> Path:
    """Create FOLDER for OWNER alone. Refuse one that somebody else put there first."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    state = folder.lstat()
    if state.st_uid not in {owner, os.geteuid()} or folder.is_symlink():
        raise OperationsError(
            f"The folder {folder} belongs to somebody else; remove it, or let PORTAL_VAR name another folder."
        )
    folder.chmod(0o700)
    if state.st_uid != owner:
        os.chown(folder, owner, group)
    return folder


def is_open_to_others(path: Path) -> bool:
    """Whether an account without any rights of its own could pass every folder down to PATH."""
    return all(place.stat().st_mode & 0o001 for place in (path, *path.parents) if place.is_dir())


@contextlib.contextmanager
def held(lock: DataLock, purpose: str) -> Iterator[DataLock]:
    lock.take(purpose)
    try:
        yield lock
    finally:
        lock.drop()


def read_whole_number(name: str, default: int) -> int:
    """The variable NAME as a port or a count."""
    value: Any = os.environ.get(name, "") or default
    try:
        return int(value)
    except ValueError as error:
        raise OperationsError(f"{name} is {value!r}; write a whole number, such as {name}={default}.") from error


def _next_port(port: int) -> int:
    return port + 1 if port < 65535 else 8000
