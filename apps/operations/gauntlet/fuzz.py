"""Frames and requests that no honest client sends: each gets an answer, none a 500, and the process lives on."""

import contextlib
import http.client
import json
import logging
import random
import re
import socket
import string
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from .server import Browser, Web, unhandled_errors
from .world import Person, World

FRAMES_A_CONNECTION = 30  # below the burst that is allowed, so that the frames are read and not only counted
SHARE_OF_FRAMES = 0.5
SHARE_OF_RAW_BYTES = 0.05
SHARE_OF_ADMIN = 0.35
# Asking for these ends the sessions that the rest of the run needs.
LEFT_ALONE = ("accounts/logout", "accounts/sessions", "admin/logout", "accounts/password", "accounts/2fa")
WORDS = (
    "", " ", "0", "1", "-1", "9" * 400, "1e309", "NaN", "null", "true", "[]", "{}", "'", '"', "\\", "%", "%00", "\x00",
    "\ufeff", "\u202e", "\ud83d", "혈압", "مرحبا", "ﷺ" * 2000, "a" * 70_000, "../../../etc/passwd", "{{ 7*7 }}", "${7*7}",
    "<script>alert(1)</script>", "2026-13-45", "00000000-0000-0000-0000-000000000000", "' OR 1=1 --",
    "channel:1", "channel:-1", "channel:" + "9" * 30, "user:1", "\u0000channel:1",
)  # fmt: skip
METHODS = ("GET", "GET", "GET", "POST", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
NAMES = (
    "text", "client_id", "root", "after", "before", "around", "page", "q", "people", "name", "to", "show", "next", "site",
    "unit", "action", "accept", "language", "csrfmiddlewaretoken", "_selected_action", "o", "e", "p", "all", "id__exact",
)  # fmt: skip


@dataclass
class Report:
    """Figures of a run, and what was wrong with it."""

    requests: int = 0
    frames: int = 0
    raw: int = 0
    connections: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    closes: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


def run_fuzz(web: Web, world: World, *, total: int, seed: int) -> Report:
    """Send TOTAL frames and requests from people of all roles and from strangers."""
    dice = random.Random(seed)  # noqa: S311 — no secret
    report = Report()
    pid = web.child.process.pid if web.child.process else 0
    people = [*world.sign_ins, *world.senders]
    raw = int(total * SHARE_OF_RAW_BYTES)
    frames = int(total * SHARE_OF_FRAMES)
    send_requests(web, people, world, total - raw - frames, dice, report)
    send_raw_bytes(web, raw, dice, report)
    send_frames(web, people, world, frames, dice, report)
    if not web.is_alive() or not web.child.process or web.child.process.pid != pid:
        report.violations.append("the web process died")
    status = Browser(web.port, people[0].session_key).request("GET", "/")[0]
    if status != 200:
        report.violations.append(f"afterwards the first page was answered {status}")
    report.violations += unhandled_errors(web)
    return report


# -- Requests ---------------------------------------------------------------------------------------------------------


def send_requests(
    web: Web, people: list[Person], world: World, count: int, dice: random.Random, report: Report
) -> None:
    routes = list(list_routes())
    admin = [route for route in routes if route.startswith("admin/")]
    pages = [route for route in routes if route not in admin]
    browsers = [Browser(web.port), *(Browser(web.port, person.session_key) for person in people)]
    staff = [browser for browser, person in zip(browsers[1:], people, strict=True) if person.is_staff]
    statuses: Counter[str] = Counter()
    for _ in range(count):
        # The admin has most addresses, and sends all but its staff away.
        is_admin = dice.random() < SHARE_OF_ADMIN
        browser = dice.choice(staff if is_admin and dice.random() < 0.8 else browsers)
        method, path, body, headers = make_request(dice, dice.choice(admin if is_admin else pages), world)
        report.requests += 1
        try:
            status, answer = browser.request(method, path, body, headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            statuses[f"no answer: {type(error).__name__}"] += 1
            if not web.is_alive():
                report.violations.append(f"{method} {path[:200]!r} ended the web process")
                return
            continue
        statuses[str(status)] += 1
        if status >= 500 and status != 503:
            report.violations.append(
                f"{method} {path[:200]!r} {str(body)[:200]} was answered {status}: {answer[:120]!r}"
            )
    report.statuses = dict(sorted(statuses.items()))
    for browser in browsers:
        browser.close()


def list_routes(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """Every address of the portal as a template, such as `chat/<int:channel_id>/`."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from list_routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and not route.startswith(LEFT_ALONE):
            yield route


def make_request(dice: random.Random, route: str, world: World) -> tuple[str, str, bytes | None, dict[str, str]]:
    method = dice.choice(METHODS)
    path = "/" + fill_route(dice, route, world)
    if dice.random() < 0.1:
        path += quote(word(dice)[:200], safe=dice.choice(["", "/%"]), errors="replace")
    if dice.random() < 0.4:
        fields = [(dice.choice(NAMES), word(dice)[:3000]) for _ in range(dice.randrange(1, 4))]
        path += "?" + urlencode(fields, errors="replace")
    headers: dict[str, str] = {}
    if dice.random() < 0.3:
        headers["Accept"] = dice.choice(["text/html", "*/*", "", ";;;", "application/json", "image/png"])
    if dice.random() < 0.2:
        headers["HX-Request"] = "true"
    if dice.random() < 0.1:
        headers["Accept-Language"] = dice.choice(["ar", "en", "xx-" * 200, ",,,;q=", "ko;q=9"])
    if dice.random() < 0.05:
        headers["Cookie"] = f"{settings.SESSION_COOKIE_NAME}={dice.choice(['', 'x' * 5000, '%00', 'a.b.c'])}"
    if dice.random() < 0.05:
        headers[
            dice.choice(["X-Forwarded-For", "X-Forwarded-Proto", "Referer", "Origin", "Range", "If-None-Match"])
        ] = dice.choice(["", "::1, 999.9.9.9", "javascript:1", "bytes=9-1", "http://[", "null", "\u00e9"])
    if method not in {"POST", "PUT", "PATCH"}:
        return method, path, None, headers
    body, headers["Content-Type"] = make_body(dice)
    return method, path, body, headers


def make_body(dice: random.Random) -> tuple[bytes, str]:
    fields = [(dice.choice(NAMES), word(dice)[:20_000]) for _ in range(dice.randrange(0, 5))]
    if dice.random() < 0.5:
        fields += [("client_id", str(uuid.UUID(int=dice.getrandbits(128)))), ("text", word(dice))]
    kind = dice.random()
    if kind < 0.6:
        return urlencode(fields, errors="replace").encode(), "application/x-www-form-urlencoded"
    if kind < 0.75:
        return json.dumps(dict(fields)).encode(), "application/json"
    if kind < 0.85:
        lines = [
            f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n{value[:500]}\r\n'
            for name, value in fields
        ]
        return "".join(lines).encode(errors="replace"), "multipart/form-data; boundary=" + dice.choice(
            ["b", "", "\u00e9" * 3, "b" * 300]
        )
    return dice.randbytes(dice.randrange(0, 4000)), dice.choice(
        [
            "application/x-www-form-urlencoded; charset=utf-16",
            "application/x-www-form-urlencoded",
            "text/plain",
            "multipart/form-data",
            "/",
        ]
    )


def fill_route(dice: random.Random, route: str, world: World) -> str:
    route = re.sub(
        r"\(\?P<[^>]+>[^)]*\)|\([^)]*\)",
        "<str:x>",
        route.replace("^", "").replace("$", "").replace("\\Z", "").replace("\\", ""),
    )

    def value(match: re.Match[str]) -> str:
        if match[1].startswith("int:"):
            return dice.choice([str(world.channel_id), *map(str, range(1, 40)), "0", "9" * 18, "9" * 400, "1" * 19])
        return quote(word(dice)[:200], safe="", errors="replace") or "x"

    return re.sub(r"<([^>]+)>", value, route)


# -- Bytes that are no HTTP ----------------------------------------------------------------------------------------------


def send_raw_bytes(web: Web, count: int, dice: random.Random, report: Report) -> None:
    starts = (
        b"GET / HTTP/1.1\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ",
        b"GET /live/ HTTP/1.1\r\nUpgrade: websocket\r\n",
        b"",
    )
    for _ in range(count):
        report.raw += 1
        message = dice.choice(starts) + dice.randbytes(dice.randrange(0, 600))
        if dice.random() < 0.7:
            message += b"\r\n\r\n"
        try:
            with socket.create_connection(("127.0.0.1", web.port), timeout=5) as connection:
                connection.settimeout(0.05)
                connection.sendall(message)
                answer = connection.recv(64)
        except OSError:  # it waits for the rest, or has hung up
            continue
        if re.match(rb"HTTP/1\.. 5(?!03)", answer):
            report.violations.append(f"the bytes {message[:80]!r} were answered {answer[:40]!r}")


# -- Frames ------------------------------------------------------------------------------------------------------------------


def send_frames(web: Web, people: list[Person], world: World, count: int, dice: random.Random, report: Report) -> None:
    closes: Counter[str] = Counter()
    logging.getLogger("websockets.client").setLevel(logging.CRITICAL)  # that connections break is what is tried here
    while report.frames < count:
        person = dice.choice(people)
        report.connections += 1
        try:
            with open_socket(web, person) as live:
                if dice.random() < 0.8:
                    live.send(json.dumps({"t": "hello", "have": {f"channel:{world.channel_id}": 0}}))
                for _ in range(min(FRAMES_A_CONNECTION, count - report.frames)):
                    report.frames += 1
                    live.send(make_frame(dice, world))
                live.ping(ack_on_close=True).wait(5)  # what was sent before it has been read when it is answered
                drain(live)
            closes["open to the end"] += 1
        except WebSocketException as error:
            received = getattr(error, "rcvd", None)
            closes[str(received.code) if received else type(error).__name__] += 1
        except OSError as error:
            closes[type(error).__name__] += 1
        if not web.is_alive():
            report.violations.append("a frame ended the web process")
            break
    report.closes = dict(sorted(closes.items()))
    if closes["1011"]:
        report.violations.append(f"{closes['1011']} sockets were closed with 1011, an error of the server")


def open_socket(web: Web, person: Person) -> ClientConnection:
    origin: Any = f"http://localhost:{web.port}"
    return connect(
        f"ws://localhost:{web.port}/live/",
        additional_headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={person.session_key}"},
        origin=origin,
        compression=None,
        open_timeout=10,
        close_timeout=1,
        max_size=None,
        max_queue=None,
    )


def drain(live: ClientConnection) -> None:
    """Read what came; raises ConnectionClosed when the server ended the connection."""
    with contextlib.suppress(TimeoutError):
        while True:
            live.recv(timeout=0)


def make_frame(dice: random.Random, world: World) -> str | bytes:
    kind = dice.random()
    if kind < 0.1:
        return dice.randbytes(dice.randrange(0, 2000))
    if kind < 0.25:
        return "".join(dice.choices(string.printable, k=dice.randrange(0, 300)))
    if kind < 0.3:
        depth = dice.choice([3, 9, 200, 20_000])
        return "[" * depth + "]" * depth
    if kind < 0.305:
        return json.dumps({"t": "mark", "pad": "x" * dice.choice([60_000, 70_000])})
    frame: dict[str, Any] = {
        "t": dice.choice(["hello", "mark", "mark", "mark", "typing", "ready", "change", "", word(dice)[:100], 7, None])
    }
    for name in dice.sample(["topic", "kind", "up_to", "have", "change", "body", "user"], k=dice.randrange(0, 5)):
        frame[name] = make_value(dice, world)
    text = json.dumps(frame)
    if dice.random() < 0.1:  # cut off somewhere
        text = text[: dice.randrange(len(text))]
    return text


def make_value(dice: random.Random, world: World, depth: int = 0) -> Any:
    kind = dice.randrange(10)
    if kind == 0:
        return f"channel:{world.channel_id}"
    if kind == 1:
        return dice.choice(["read", "delivered"])
    if kind in {2, 3}:
        return dice.choice([0, 1, -1, 2**31, 2**63, 2**64, 10**300, 1.5, float("inf"), float("nan")])
    if kind == 4 and depth < 4:
        return [make_value(dice, world, depth + 1) for _ in range(dice.randrange(0, 4))]
    if kind == 5 and depth < 4:
        return {word(dice)[:50]: make_value(dice, world, depth + 1) for _ in range(dice.randrange(0, 4))}
    if kind == 6:
        return dice.choice([None, True, False])
    return word(dice)[:2000]


def word(dice: random.Random) -> str:
    if dice.random() < 0.2:
        return "".join(
            chr(dice.choice([dice.randrange(32, 127), dice.randrange(0xAC00, 0xD7A3), dice.randrange(0, 0x10FFFF)]))
            for _ in range(9)
        )
    return dice.choice(WORDS)
