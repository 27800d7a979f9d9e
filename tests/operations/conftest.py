"""A data folder of its own for each test of the life cycle, reachable by the account that runs PostgreSQL."""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.operations.places import make_data_folder

# What boot put into the environment names the services of the test run; a portal of its own must not see it.
OF_THE_TEST_RUN = {
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "DJANGO_SETTINGS_MODULE",
    "SECRET_KEY_FILE",
    "PORTAL_DEMO",
}


@pytest.fixture
def folder() -> Iterator[Path]:
    path = make_data_folder(Path(os.environ["PORTAL_VAR"]) / f"scratch-{uuid.uuid4().hex[:8]}")
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def clean_environment(folder: Path) -> dict[str, str]:
    """The environment of somebody who has just cloned the repository, with a data folder of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in OF_THE_TEST_RUN}
    return {**kept, "PORTAL_VAR": str(folder), "PYTHONWARNINGS": ""}
