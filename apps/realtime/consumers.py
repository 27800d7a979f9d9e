"""One socket: the door, the hello, its frames and its limits. What it receives is the hub's business."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import orjson
from channels.consumer import AsyncConsumer
from django.conf import settings
from django.http import parse_cookie

from .doors import Busy, Doors
from .framing import MAX_INBOUND, control_payload, is_deeper
from .hub import Hub, current_hub
from .origins import is_allowed_origin
from .presence import WATCH_LIMIT, Presence
from .protocol import EXTENSION
from .registry import BadFrame, registry
from .sockets import Close, PlainSocket, RawSocket, Socket

FRAMES_PER_SECOND = 20.0
BURST = 40.0
HELLO_SECONDS = 10.0
MAX_HAVE = 2000
MAX_CHANGE = 2**63 - 1
PONG = control_payload("pong")
logger = logging.getLogger(__name__)
_doors: tuple[Hub, Doors] | None = None


def current_doors() -> Doors:
    global _doors  # noqa: PLW0603 — one a hub
    hub = current_hub()
    if _doors is None or _doors[0] is not hub:
        _doors = (hub, Doors(hub))
    return _doors[1]


class Bucket:
    """Frames that a socket may send now; refilled by time."""

    __slots__ = ("_at", "_left")

    def __init__(self, now: float) -> None:
        self._at = now
        self._left = BURST

    def take(self, now: float) -> bool:
        self._left = min(BURST, self._left + (now - self._at) * FRAMES_PER_SECOND)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class LiveConsumer(AsyncConsumer):
    """Runs without a channel layer and without the thread hop that the base class makes before every handler."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._send = send
        self._hub = current_hub()
        self._loop = asyncio.get_running_loop()
        self._socket: Socket | None = None
        message = await receive()
        if message["type"] != "websocket.connect":
            return
        if not is_allowed_origin(scope["headers"], scope.get("scheme", "ws"), settings.LIVE_ORIGINS):
            await send({"type": "websocket.close", "code": 4403})
            return
        key = session_key(scope["headers"])
        await send({"type": "websocket.accept"})
        live = scope.get("extensions", {}).get(EXTENSION)
        # Nothing reads the request any more, and an idle socket should be small.
        scope["headers"] = []
        socket: Socket = RawSocket(live) if live is not None else PlainSocket(send)
        if live is not None:
            live.on_gone = lambda: self._hub.leave(socket)
        try:
            if await self._enter(socket, key):
                await self._listen(socket, receive)
        finally:
            self._hub.leave(socket)
            if isinstance(socket, PlainSocket):
                socket.release()
            else:
                live.on_gone = None

    async def _enter(self, socket: Socket, key: str) -> bool:
        """Have the socket let in, or close it with the reason."""
        if not key:
            await self._refuse(Close.SIGNED_OUT, "signed out")
            return False
        socket.session_key = key
        try:
            is_in = await current_doors().enter(socket)
        except Busy as busy:
            await self._refuse(Close.BUSY, f"retry={busy.retry_ms}")
            return False
        if not is_in:
            await self._refuse(Close.SIGNED_OUT, "signed out")
        return is_in

    async def _refuse(self, code: int, reason: str) -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def _listen(self, socket: Socket, receive: Any) -> None:
        bucket = Bucket(self._loop.time())
        hello_timer = self._loop.call_later(HELLO_SECONDS, self._miss_hello, socket)
        try:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return None
                if not bucket.take(self._loop.time()):
                    self._hub.leave(socket)
                    socket.close(Close.FLOOD, "too many frames")
                    return await self._drain(receive)
                text = message.get("text")
                if text is not None and len(text) > MAX_INBOUND:
                    self._hub.leave(socket)
                    socket.close(Close.TOO_LARGE, "too large")
                    return await self._drain(receive)
                answer = await self._handle(socket, text)
                if answer is not None:
                    socket.tell(answer)
        finally:
            hello_timer.cancel()

    async def _drain(self, receive: Any) -> None:
        """Wait for the end, so that the close frame is sent and nothing more is read from this peer."""
        while (await receive())["type"] != "websocket.disconnect":
            pass

    def _miss_hello(self, socket: Socket) -> None:
        if not socket.is_ready:
            self._hub.leave(socket)
            socket.close(Close.BAD_HELLO, "no hello")

    async def _handle(self, socket: Socket, text: str | None) -> bytes | None:
        """Act on one frame; return what its sender is to be told."""
        if text is None:
            return control_payload("error", code="not_text")
        try:
            frame = orjson.loads(text)
        except ValueError:
            return control_payload("error", code="not_json")
        if not isinstance(frame, dict) or not isinstance(frame.get("t"), str):
            return control_payload("error", code="malformed")
        if is_deeper(frame):
            return control_payload("error", code="too_deep")
        kind = frame["t"]
        try:
            if kind == "hello":
                self._hub.greet(socket, read_have(frame))
                return None
            if kind == "ping":
                # A browser hides the pings of the protocol, so a page that hears nothing asks by a frame.
                return PONG
            if kind in PRESENCE_FRAMES:
                if not socket.is_ready:
                    raise BadFrame("no_hello")
                PRESENCE_FRAMES[kind](self._hub.presence, socket, frame)
                return None
            handler = registry.inbound.get(kind)
            if handler is None:
                raise BadFrame("unknown")
            await handler(socket.user_id, frame)
        except BadFrame as bad:
            return control_payload("error", code=bad.code, re=kind[:64])
        except Exception:  # one frame must not end a socket, let alone the process
            logger.exception("An inbound live frame failed.")
            return control_payload("error", code="failed", re=kind[:64])
        return None


def watch_people(presence: Presence, socket: Socket, frame: Mapping[str, Any]) -> None:
    """Take `{"t": "watch", "people": [17, 18]}`; raises `BadFrame` for any other shape, and for too many."""
    people = frame.get("people")
    if not isinstance(people, list) or not all(type(person) is int and 0 < person <= MAX_CHANGE for person in people):
        raise BadFrame("malformed")
    if len(people) > WATCH_LIMIT:
        raise BadFrame("too_many")
    presence.watch(socket, people)


def say_presence(presence: Presence, socket: Socket, frame: Mapping[str, Any]) -> None:
    """Take `{"t": "presence", "state": "here" | "away"}`; raises `BadFrame` for any other shape."""
    state = frame.get("state")
    if state not in ("here", "away"):
        raise BadFrame("malformed")
    presence.say(socket, is_here=state == "here")


PRESENCE_FRAMES = {"watch": watch_people, "presence": say_presence}


def read_have(frame: Mapping[str, Any]) -> dict[str, int]:
    """Return what a hello says that the page has; raises `BadFrame`."""
    have = frame.get("have", {})
    if not isinstance(have, dict) or len(have) > MAX_HAVE:
        raise BadFrame("malformed")
    for change in have.values():
        if type(change) is not int or not 0 <= change <= MAX_CHANGE:
            raise BadFrame("malformed")
    return have


def session_key(headers: Any) -> str:
    """Return the session key of the cookie header, or nothing."""
    for name, value in headers:
        if name == b"cookie":
            key = parse_cookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
            # Whatever else it holds could not be looked up, and would spoil the look-up of all that wait with it.
            if len(key) <= 64 and key.isascii() and key.isalnum():
                return key
    return ""


async def refuse_path(scope: Any, receive: Any, send: Any) -> None:
    """Answer 403 to a handshake on a path that is none of ours."""
    await receive()
    await send({"type": "websocket.close"})
