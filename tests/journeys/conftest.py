"""Real Chromium, a real server process as the app role, real sockets.

The server is uvicorn as the portal runs it, on the test database, with the static files as production serves them. Journeys
skip aloud where there is no Chromium, and fail instead when PORTAL_BROWSER_REQUIRED=1, as in CI.
"""

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from psycopg import conninfo

from apps.operations.supervisor import web_command
from tests.collected import collect_static_files
from tests.factories.people import make_session

from .browser import Browsers
from .hospital import hospital  # noqa: F401 — a fixture for all journeys

ROOT = Path(__file__).resolve().parent.parent.parent
START_TIMEOUT = 40.0  # seconds; the first start compiles what Python has not compiled yet
# Each window would bring up pages of the browser's own for its address bar: two processes more, which nobody looks at, and
# half of what a window costs. Chromium heeds the last list only, so the rest repeats what Playwright turns off.
DISABLED_FEATURES = (
    *("WebUIOmniboxAimPopup", "WebUIOmniboxPopup", "AimEnabled"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose"),
    *("HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying"),
    *("OptimizationHints", "PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys commit, so they come last: their flushes cost no other test anything."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in here:
        item.add_marker(pytest.mark.django_db(transaction=True))
    items[:] = [item for item in items if item not in here] + here


def find_chromium() -> str | None:
    # The shell is the same browser without windows, which nobody sees here: a page in it costs a third less.
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    given = os.environ.get("PORTAL_CHROMIUM")
    return given or next((found for name in names if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = find_chromium()
    if found is None:
        reason = "There is no Chromium: install it (apt-get install chromium) or name it in PORTAL_CHROMIUM."
        if os.environ.get("PORTAL_BROWSER_REQUIRED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def static_root() -> Path:
    """The static files as `./run` collects them, under the hashed names of production."""
    return collect_static_files()


def server_environment(static_root: Path) -> dict[str, str]:
    """What the server process needs to stand on the test database with the app role's rights."""
    given = os.environ.get("DATABASE_URL", "")
    url = conninfo.make_conninfo(given, dbname=settings.DATABASES["default"]["NAME"])
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.journeys.settings"}
    environment.pop("DATABASE_OWNER_URL", None)
    return {**environment, "PORTAL_STATIC": str(static_root), "PORTAL_WEB": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """The web process; a journey may stop and start it to see what a page does meanwhile."""

    def __init__(self, static_root: Path, log: Path) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.log = log
        self.environment = server_environment(static_root)
        self.command = web_command("127.0.0.1", self.port)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/accounts/login/", timeout=5):
                    return
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    return
                break
            except OSError:
                time.sleep(0.1)
        self.stop()
        raise RuntimeError(
            "The server of the journeys does not answer:\n" + self.log.read_text(errors="replace")[-4000:]
        )

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(8)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None


@pytest.fixture(scope="session")
def server_process(
    chromium: str, static_root: Path, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    server = Server(static_root, tmp_path_factory.mktemp("server") / "web.log")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(server_process: Server) -> Server:
    if server_process.process is None or server_process.process.poll() is not None:
        server_process.start()
    return server_process


@pytest.fixture(scope="session")
def browser_process(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    # Playwright's loop runs in this thread, and Django would refuse its ORM beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    flags.append(f"--disable-features={','.join(DISABLED_FEATURES)}")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium, args=[*flags, "--disable-sync", "--no-first-run", "--disable-dev-shm-usage"]
        )
        yield launched
        launched.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)


@pytest.fixture
def browsers(browser_process: Any, server: Server, transactional_db: None, tmp_path: Path) -> Iterator[Browsers]:
    """Opens a browser for a person; at the end no page may have broken the policy or thrown an error."""
    opened = Browsers(browser_process, server.url, make_session, settings.SESSION_COOKIE_NAME, tmp_path)
    yield opened
    opened.close()
    assert not opened.complaints, "\n".join(opened.complaints)
