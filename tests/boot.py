"""An early pytest plugin (`-p tests.boot`): the services that the tests need run before Django reads its settings.

Given by DATABASE_URL and REDIS_URL they are used as they are; otherwise this run gets its own PostgreSQL and Valkey
from the wheels, else from the system. Runs at the same time take different folders, which are kept: only the first
run in a folder makes a cluster.
"""

import atexit
import contextlib
import os
from pathlib import Path

import pytest

from apps.operations.places import DataLock, InUse, OperationsError, data_folder, make_data_folder
from apps.operations.services import Services, open_services

SLOTS = 16
services: Services | None = None


def take_slot(parent: Path) -> DataLock:
    """The lock of the first folder that no other test run uses."""
    for number in range(SLOTS):
        lock = DataLock(make_data_folder(parent / str(number)))
        with contextlib.suppress(InUse):
            lock.take("a test run")
            return lock
    raise OperationsError(f"{SLOTS} test runs are going on in {parent}; wait for one of them.")


def boot() -> Services | None:
    """Start what the environment does not name, and name it there."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "hospital_collab.settings.test"
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return None
    os.environ["PORTAL_TEST_OWNS_BUS"] = "0" if os.environ.get("REDIS_URL") else "1"
    lock = take_slot(make_data_folder(data_folder()) / "tests")
    started = open_services(lock.folder, lock, durable=False)
    atexit.register(started.stop)
    try:
        started.start()
        started.wait()
    except OperationsError:
        # Without fsync a power cut may spoil a cluster; this one holds nothing that is worth keeping.
        started.stop()
        started.empty()
        lock.take("a test run")
        started.start()
        started.wait()
    return started


def pytest_unconfigure(config: pytest.Config) -> None:
    if services is not None:
        services.stop()


if "PYTEST_XDIST_WORKER" not in os.environ:  # a worker inherits the environment of the run that started it
    try:
        services = boot()
    except OperationsError as error:
        pytest.exit(f"The tests have no services: {error}", returncode=2)
