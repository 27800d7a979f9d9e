"""The web process that the gauntlet mistreats, and a client that speaks to it as a browser does."""

import http.client
import os
import re
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.shortcuts import resolve_url

from apps.operations.places import OperationsError
from apps.operations.supervisor import Child, page_answers, tail, web_command

CSRF_TOKEN = "g" * 32
READY_WITHIN = 30.0  # seconds


class Web:
    """One uvicorn on a free port."""

    def __init__(self, log: Path) -> None:
        self.port = free_port()
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
        log.unlink(missing_ok=True)
        self.child = Child(
            "web", web_command("127.0.0.1", self.port), {**environment, "PORTAL_WEB": "1"}, log, patience=8
        )

    def start(self) -> None:
        self.child.start()
        deadline = time.monotonic() + READY_WITHIN
        while not page_answers("127.0.0.1", self.port, resolve_url(settings.LOGIN_URL)):
            if time.monotonic() > deadline or not self.is_alive():
                raise OperationsError(f"The web process does not answer:\n{tail(self.child.log)}")
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill -9, as the machine's out-of-memory killer would."""
        if self.child.process:
            os.kill(self.child.process.pid, signal.SIGKILL)
            self.child.process.wait()

    def stop(self) -> None:
        self.child.ask_to_end()
        self.child.end()

    def is_alive(self) -> bool:
        return self.child.process is not None and self.child.process.poll() is None


class Browser:
    """One person's HTTP connection, kept open between requests."""

    def __init__(self, port: int, session_key: str = "") -> None:
        self.port = port
        cookies = {
            settings.CSRF_COOKIE_NAME: CSRF_TOKEN,
            **({settings.SESSION_COOKIE_NAME: session_key} if session_key else {}),
        }
        self.headers = {
            "Host": f"localhost:{port}",
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            "X-CSRFToken": CSRF_TOKEN,
            "Accept": "application/json",
        }
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """The status and body of the answer. Raises OSError or HTTPException when there is none; then it connects anew."""
        try:
            self.connection.request(method, path, body, {**self.headers, **(headers or {})})
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException, ValueError):
            self.connection.close()
            raise

    def post(self, path: str, fields: Mapping[str, str]) -> tuple[int, bytes]:
        return self.request(
            "POST", path, urlencode(fields).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
        )

    def close(self) -> None:
        self.connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def unhandled_errors(web: Web) -> list[str]:
    """What the server's log says about errors that nobody caught."""
    text = web.child.log.read_text(encoding="utf-8", errors="replace")
    found = re.findall(
        r"^.*(?:Exception in ASGI application|Internal Server Error|Task exception was never retrieved).*$",
        text,
        re.MULTILINE,
    )
    return [f"the log of the web process: {line.strip()[:200]}" for line in dict.fromkeys(found)]
