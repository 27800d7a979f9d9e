"""Open pages: each holds what docs/realtime-protocol.md lets a client hold, through every end of its connection."""

import asyncio
import contextlib
import hashlib
import http.client
import json
import random
import threading
import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from .server import Browser, Web
from .world import Person

FIRST_RETRY, LAST_RETRY = 1.0, 30.0  # seconds; each wait is random up to twice the one before
RETRY_MARK = "retry="


class Listener:
    """One page that shows a channel: its messages in their newest state, and the newest change that it has."""

    def __init__(self, webs: Sequence[Web], person: Person, channel_id: int, seed: int, seen: dict[int, str]) -> None:
        self.webs = list(webs)
        self.person = person
        self.channel_id = channel_id
        self.topic = f"channel:{channel_id}"
        self.random = random.Random(seed)  # noqa: S311 — no secret
        self.random.shuffle(self.webs)
        self.messages: dict[int, dict[str, Any]] = {}
        self.change = 0
        self.seen = seen  # change -> what it was, as any listener heard it
        self.connections = 0
        self.reloads = 0
        self.is_open = False
        self.violations: list[str] = []

    async def run(self) -> None:
        longest = FIRST_RETRY
        await self._insist_on_page()
        while True:
            before = self.connections
            retry = await self._listen_once()
            if self.connections > before:
                longest = FIRST_RETRY
            await asyncio.sleep(self.random.uniform(0, longest if retry is None else retry))
            longest = min(2 * longest, LAST_RETRY)

    async def _listen_once(self) -> float | None:
        """Hold one connection to its end; how long the server asked to wait, if it did."""
        web = self.webs[0]
        origin: Any = f"http://localhost:{web.port}"
        cookie = f"{settings.SESSION_COOKIE_NAME}={self.person.session_key}"
        try:
            async with connect(
                f"ws://localhost:{web.port}/live/",
                additional_headers={"Cookie": cookie},
                origin=origin,
                compression=None,
                max_size=None,
                open_timeout=5,
                close_timeout=1,
            ) as socket:
                await self._converse(socket)
        except WebSocketException as error:
            received = getattr(error, "rcvd", None)
            if received and RETRY_MARK in received.reason:
                return int(received.reason.partition(RETRY_MARK)[2]) / 1000
            if received and received.code in {4401, 4400, 1009, 1011}:
                self.violations.append(f"a page's connection was closed with {received.code} {received.reason}")
        except (OSError, TimeoutError):
            pass
        finally:
            self.is_open = False
        self.webs.append(self.webs.pop(0))
        return None

    async def _converse(self, socket: ClientConnection) -> None:
        await socket.send(json.dumps({"t": "hello", "have": {self.topic: self.change}}))
        last = self.change
        async for text in socket:
            frame = json.loads(text)
            kind = frame["t"]
            if kind == "ready":
                self.connections += 1
                self.is_open = True
            if frame.get("topic") != self.topic:
                continue
            if kind == "change":
                if frame["change"] <= last:
                    self.violations.append(f"change {frame['change']} came after {last} on one connection")
                last = max(last, frame["change"])
                self.take(frame["change"], frame["body"])
            elif kind == "reload":
                self.reloads += 1
                await self._insist_on_page()
                last = self.change = max(self.change, frame["change"])
            elif kind == "topic":
                await self._catch_up()
            elif kind == "gone":
                self.violations.append("a page was told that the channel is not its reader's any more")

    def take(self, change: int, body: dict[str, Any]) -> None:
        """Apply a change that the page does not have yet."""
        if change <= self.change:
            return
        self.change = change
        if body["kind"] != "message":
            return
        message = body["message"]
        digest = digest_of(message)
        if self.seen.setdefault(change, digest) != digest:
            self.violations.append(f"change {change} was not the same for everybody")
        self.messages[message["number"]] = message
        root = message["root"]
        if root and root["number"] in self.messages:
            self.messages[root["number"]]["reply_count"] = root["reply_count"]

    async def _insist_on_page(self) -> None:
        """Fetch the newest page, as often as it takes; the channel's change is asked for first, so that it is not ahead."""
        while True:
            chats = await self._get(reverse("chat"))
            page = chats and await self._get(reverse("chat-messages", args=[self.channel_id]))
            if chats and page:
                self.change = next(c["change"] for c in chats["conversations"] if c["id"] == self.channel_id)
                self.messages = {message["number"]: message for message in page["messages"]}
                return
            await asyncio.sleep(self.random.uniform(0.2, 1.0))

    async def _catch_up(self) -> None:
        answer = await self._get(f"{reverse('chat-messages', args=[self.channel_id])}?after={self.change}")
        if answer is None:
            return  # the next frame, or the next connection, brings it
        if answer["reload"]:
            await self._insist_on_page()
            return
        for change in answer["changes"]:
            self.take(change["change"], change["body"])
        self.change = max(self.change, answer["newest"])

    async def _get(self, path: str) -> Any:
        """The JSON of an address, or None where no process answers it now."""
        web = self.webs[0]
        try:
            status, body = await asyncio.to_thread(self._ask, web, path)
        except (OSError, http.client.HTTPException):
            self.webs.append(self.webs.pop(0))
            return None
        if status == 200:
            return json.loads(body)
        if status != 503:
            self.violations.append(f"{path} was answered {status}: {body[:200]!r}")
        return None

    def _ask(self, web: Web, path: str) -> tuple[int, bytes]:
        browser = Browser(web.port, self.person.session_key)
        try:
            return browser.request("GET", path)
        finally:
            browser.close()


def digest_of(message: dict[str, Any]) -> str:
    """What of a message only a new change may alter. A root's replies are counted without one; what hangs on a message is read
    after its row, and may be newer.
    """
    kept = {name: value for name, value in message.items() if name not in {"reply_count", "root", "reactions", "ack"}}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


class Audience(threading.Thread):
    """All listeners, on an event loop of their own."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        super().__init__(daemon=True)
        self.listeners = listeners
        self._loop = asyncio.new_event_loop()

    def run(self) -> None:
        async def listen() -> None:
            await asyncio.gather(*(listener.run() for listener in self.listeners))

        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(listen())
        self._loop.close()

    def wait_for(self, change: int, seconds: float) -> float | None:
        """Wait until every listener is connected and has a change; how long that took, or None when it did not come."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if all(listener.is_open and listener.change >= change for listener in self.listeners):
                return time.monotonic() - began
            time.sleep(0.02)
        return None

    def end(self) -> None:
        def cancel() -> None:
            for task in asyncio.all_tasks(self._loop):
                task.cancel()

        self._loop.call_soon_threadsafe(cancel)
        self.join(10)
