"""What must happen before Django reads its settings: the embedded services run, and the environment names them.

`manage.py runportal` passes through `begin`, `manage.py gauntlet` through `begin_scratch`;
`python -m apps.operations.launch COMMAND …` runs one management command on the running portal's services, or on services that
live as long as the command.
"""

import atexit
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .places import (
    ROOT,
    Claim,
    DataLock,
    InUse,
    OperationsError,
    check_address,
    data_folder,
    make_data_folder,
    read_whole_number,
)
from .services import Services, open_services
from .supervisor import Supervisor, portal_children, raise_open_files_limit

DEFAULT_PORT = 8000
DEFAULT_BIND = "127.0.0.1"
PASSED_ON = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "SECRET_KEY_FILE",
    "PORTAL_VAR",
    "PORTAL_DEMO",
    "PORTAL_PORT",
)
OWNER_COMMANDS = {"flush"}  # it empties tables, which the app role may not; core's migrate sees to itself
PORTAL = "the portal"
TELL_AFTER = 2.0  # seconds of waiting for another process

portal: Supervisor | None = None
scratch: Services | None = None


def begin(arguments: Sequence[str]) -> None:
    """Check that a portal may start here, start its services and put their addresses into the environment.

    Returns while they are still starting: Django loads meanwhile. On a database that this code has migrated before,
    the web process loads at the same time.
    """
    global portal  # noqa: PLW0603 — the command that follows in this process takes it over
    if {"-h", "--help", "--version"} & set(arguments):
        return
    port = read_whole_number("PORTAL_PORT", DEFAULT_PORT)
    bind = os.environ.get("PORTAL_BIND") or DEFAULT_BIND
    folder = make_data_folder(data_folder())
    lock = DataLock(folder)
    lock.take(PORTAL)
    check_address(bind, port)
    if "--demo" in arguments:
        os.environ["PORTAL_DEMO"] = "1"
    os.environ["PORTAL_PORT"], os.environ["PORTAL_BIND"] = str(port), bind
    raise_open_files_limit()
    services = open_services(folder, lock)
    portal = Supervisor(services, portal_children(folder / "log", folder, bind, port))
    atexit.register(portal.stop)
    services.start()
    if services.is_embedded and was_migrated_by_this_code(folder):
        portal.start("web")


def begin_scratch(arguments: Sequence[str]) -> None:
    """Start services with an empty database and production's durability, apart from all that the environment names."""
    global scratch  # noqa: PLW0603 — the command that follows in this process takes it over
    if {"-h", "--help", "--version"} & set(arguments):
        return
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "CELERY_BROKER_URL"):
        os.environ.pop(name, None)
    os.environ |= {"DJANGO_SETTINGS_MODULE": "hospital_collab.settings.portal", "PORTAL_DEMO": "1"}
    folder = make_data_folder(data_folder() / "gauntlet")
    lock = DataLock(folder)
    lock.take("a gauntlet")
    scratch = open_services(folder, lock)
    atexit.register(scratch.stop)
    scratch.empty()
    scratch.start()


def note_migrated(folder: Path) -> None:
    """Remember that the embedded database fits this code."""
    _migration_stamp(folder).write_text(hash_migrations(), encoding="utf-8")


def was_migrated_by_this_code(folder: Path) -> bool:
    stamp = _migration_stamp(folder)
    return stamp.exists() and stamp.read_text(encoding="utf-8") == hash_migrations()


def hash_migrations() -> str:
    """Over all migrations of the apps and the versions of third parties, which bring their own."""
    digest = hashlib.sha256()
    for path in [ROOT / "requirements.lock", *sorted((ROOT / "apps").glob("*/migrations/*.py"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _migration_stamp(folder: Path) -> Path:
    return folder / "postgres" / "data" / "portal_migrated"  # goes where the database goes


def claim_of(services: Services, purpose: str, address: str = "") -> Claim:
    passed_on = {name: os.environ[name] for name in PASSED_ON if os.environ.get(name)}
    return Claim(pid=os.getpid(), purpose=purpose, address=address, environment=passed_on)


def run_command(arguments: Sequence[str]) -> int:
    """Run one management command where the portal's data is; its exit code."""
    command = [sys.executable, str(ROOT / "manage.py"), *as_owner(arguments)]
    if arguments[:1] == ["runportal"] or (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        return subprocess.call(command)
    lock = DataLock(make_data_folder(data_folder()))
    services = None
    tell_at = time.monotonic() + TELL_AFTER
    while services is None:
        claim = lock.holder()
        if claim and claim.environment and claim.purpose == PORTAL:
            return subprocess.call(command, env={**os.environ, **claim.environment})
        try:
            lock.take("a command")
            services = open_services(lock.folder, lock)
        except InUse as error:  # a portal that is still starting, or another command
            if time.monotonic() > tell_at:
                sys.stderr.write(f"Waiting: {error}\n")
                tell_at = float("inf")
            time.sleep(0.2)
    # Ctrl-C is for the command, which the services outlive; unlike SIG_IGN a handler is not inherited.
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        services.start()
        services.wait()
        return subprocess.call(command)
    finally:
        services.stop()


def as_owner(arguments: Sequence[str]) -> list[str]:
    """ARGUMENTS, with the owner's database for the commands that need it."""
    needs_owner = bool(arguments) and arguments[0] in OWNER_COMMANDS
    named = any(word.startswith("--database") for word in arguments)
    has_owner = os.environ.get("DATABASE_OWNER_URL", "") != "" or not os.environ.get("DATABASE_URL")
    return [*arguments, "--database", "owner"] if needs_owner and has_owner and not named else list(arguments)


def main() -> int:
    try:
        return run_command(sys.argv[1:])
    except OperationsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
