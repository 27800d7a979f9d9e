"""A small world for the gateway: users with sessions, and rooms whose rows stand in memory instead of a database."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import uvicorn
from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from apps.core import clock
from apps.core.registries import AuthenticatedSession, registries
from apps.realtime import hub as hubs
from apps.realtime import messages, publish
from apps.realtime.protocol import LiveWebSocketProtocol
from apps.realtime.registry import BadFrame, Frame, Missed, Right, TopicKind, registry
from apps.realtime.routing import application as websocket_application


class World:
    """Who is signed in, who belongs where, what was said. `calls` counts what would be queries."""

    def __init__(self) -> None:
        self.epochs: dict[int, int] = {}
        self.sessions: dict[str, AuthenticatedSession] = {}
        self.members: dict[int, dict[int, Any]] = {}  # room -> user -> until
        self.rows: dict[int, dict[str, tuple[int, dict[str, Any], tuple[int, ...], int | None]]] = {}
        self.newest: dict[int, int] = {}
        self.calls: dict[str, int] = {}
        self.heard: list[tuple[int, dict[str, Any]]] = []
        self.is_down = False
        self.guests: set[int] = set()  # they see nobody but themselves
        self.by_hand: dict[int, tuple[str, Any]] = {}  # user -> state and until

    def _count(self, name: str) -> None:
        if self.is_down:
            raise RuntimeError("the database is away")
        self.calls[name] = self.calls.get(name, 0) + 1

    def sign_in(self, user_id: int, *, hours: float = 12) -> str:
        key = f"key{user_id}x{len(self.sessions)}"
        self.epochs.setdefault(user_id, 1)
        until = clock.now() + timedelta(hours=hours)
        self.sessions[key] = AuthenticatedSession(user_id, self.epochs[user_id], until)
        return key

    def end_session(self, key: str) -> None:
        self.epochs[self.sessions.pop(key).user_id] += 1

    def join(self, room: int, *users: int, until: Any = None) -> None:
        for user in users:
            self.members.setdefault(room, {})[user] = until
        self.newest.setdefault(room, 0)

    def store(
        self, room: int, text: str, *, key: str = "", revokes: Collection[int] = (), place: int | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Commit a row without telling anybody; the same key again is an edit."""
        change = self.newest[room] = self.newest.get(room, 0) + 1
        body = {"text": text}
        self.rows.setdefault(room, {})[key or f"row-{change}"] = (change, body, tuple(revokes), place)
        for user in revokes:
            self.members[room].pop(user)
        return change, body

    def say(self, room: int, text: str, **options: Any) -> int:
        """Commit and publish."""
        change, body = self.store(room, text, **options)
        publish.publish_change(
            "room", room, change, body, revokes=options.get("revokes", ()), place=options.get("place")
        )
        return change

    # What the gateway asks.

    def find_sessions(self, keys: Collection[str]) -> dict[str, AuthenticatedSession]:
        self._count("sessions")
        now = clock.now()
        found = {}
        for key in keys:
            session = self.sessions.get(key)
            if session is not None and session.until > now:
                found[key] = AuthenticatedSession(session.user_id, self.epochs[session.user_id], session.until)
        return found

    def find_epochs(self, users: Collection[int]) -> dict[int, int]:
        self._count("epochs")
        return {user: self.epochs[user] for user in users if user in self.epochs}

    def topics_of(self, users: Collection[int]) -> dict[int, dict[int, Any]]:
        self._count("topics_of")
        found: dict[int, dict[int, Any]] = {}
        now = clock.now()
        for room, members in self.members.items():
            for user, until in members.items():
                ends = until.until if isinstance(until, Right) else until
                if user in users and (ends is None or ends > now):
                    found.setdefault(user, {})[room] = until
        return found

    def allowed(self, users: Collection[int], rooms: Collection[int]) -> dict[tuple[int, int], Any]:
        return {
            (user, room): until for room in rooms for user, until in self.members.get(room, {}).items() if user in users
        }

    def newest_change(self, rooms: Collection[int]) -> dict[int, int]:
        self._count("newest_change")
        return {room: self.newest[room] for room in rooms if room in self.newest}

    def frames_after(self, room: int, change: int) -> Missed:
        self._count("frames_after")
        newest = self.newest[room]
        if newest - change > 500:
            return Missed(newest, (), reload=True)
        rows = sorted(row for row in self.rows.get(room, {}).values() if row[0] > change)
        frames = tuple(Frame(at, json.dumps(body).encode(), revokes, place) for at, body, revokes, place in rows)
        return Missed(newest, frames)

    def visible_people(self, watchers: Collection[int], people: Collection[int]) -> dict[int, set[int]]:
        self._count("visible_people")
        known = {person for person in people if person in self.epochs}
        return {watcher: known & {watcher} if watcher in self.guests else known for watcher in watchers}

    def presence_by_hand(self, people: Collection[int]) -> dict[int, tuple[str, Any]]:
        self._count("presence_by_hand")
        return {person: self.by_hand[person] for person in people if person in self.by_hand}

    async def hear(self, user_id: int, frame: Any) -> None:
        if frame.get("up_to") == "boom":
            raise RuntimeError("a handler that breaks")
        if "up_to" not in frame:
            raise BadFrame("malformed")
        self.heard.append((user_id, dict(frame)))


@contextmanager
def registered(world: World) -> Iterator[World]:
    """Make a world the only one that the gateway knows."""
    kept = registries.sessions, registries.epochs, dict(registry.topics), dict(registry.inbound)
    kept_presence = registry.visible_people, registry.presence_by_hand
    registry.visible_people, registry.presence_by_hand = world.visible_people, world.presence_by_hand
    registries.sessions, registries.epochs = world.find_sessions, world.find_epochs
    registry.topics.clear()
    registry.inbound.clear()
    registry.add_topic(
        TopicKind("room", world.topics_of, world.allowed, world.newest_change, world.frames_after),
    )
    registry.add_topic(TopicKind("user", lambda users: {user: {user: None} for user in users}, lambda users, ids: {}))
    registry.add_inbound("mark", world.hear)
    publish._client.cache_clear()
    publish._breaker.open_until = 0.0
    try:
        yield world
    finally:
        registries.sessions, registries.epochs = kept[0], kept[1]
        registry.visible_people, registry.presence_by_hand = kept_presence
        registry.topics.clear()
        registry.topics.update(kept[2])
        registry.inbound.clear()
        registry.inbound.update(kept[3])


class Page:
    """A client: connects, says hello, and keeps what it hears."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []

    async def send(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def next(self, seconds: float = 3.0) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), seconds))
        self.frames.append(frame)
        return frame

    async def until(self, kind: str, seconds: float = 3.0, **wanted: Any) -> dict[str, Any]:
        """Read until a frame of this kind with these members comes."""
        end = time.monotonic() + seconds
        while True:
            frame = await self.next(end - time.monotonic())
            if frame["t"] == kind and all(frame.get(name) == value for name, value in wanted.items()):
                return frame

    async def quiet(self, seconds: float = 0.4) -> None:
        """Fail where anything comes within these seconds."""
        try:
            frame = await self.next(seconds)
        except TimeoutError:
            return
        raise AssertionError(f"Nothing should have come, but {frame} did.")

    async def closed(self, seconds: float = 3.0) -> tuple[int, str]:
        """Read to the end; return the close code and reason."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    self.frames.append(json.loads(await self.socket.recv()))
        except ConnectionClosed as end:
            return (end.rcvd.code, end.rcvd.reason) if end.rcvd else (1006, "")

    def texts(self, topic: str = "room:1") -> list[str]:
        return [frame["body"]["text"] for frame in self.frames if frame["t"] == "change" and frame["topic"] == topic]


class Gateway:
    """A server with the gateway alone, on a port of its own, in this event loop."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.origin = f"http://127.0.0.1:{port}"
        self.pages: list[Page] = []

    async def raw(self, key: str, *, origin: str | None = None, path: str = "/live/", **options: Any) -> Page:
        headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}"} if key else {}
        chosen: Any = self.origin if origin is None else origin
        socket = await connect(
            f"ws://127.0.0.1:{self.port}{path}",
            additional_headers=headers,
            origin=chosen or None,
            compression=None,
            ping_interval=None,
            **options,
        )
        page = Page(socket)
        self.pages.append(page)
        return page

    async def page(self, key: str, have: dict[str, int] | None = None, **options: Any) -> Page:
        """Connect, say hello and wait until the server is ready."""
        page = await self.raw(key, **options)
        await page.send(t="hello", have=have or {})
        await page.until("ready")
        return page


async def lifespan_application(scope: Any, receive: Any, send: Any) -> None:
    await websocket_application(scope, receive, send)


@asynccontextmanager
async def serving(*, is_raw: bool = True) -> AsyncIterator[Gateway]:
    """Serve the gateway by uvicorn with its own protocol, or with the stock one (the plain way)."""
    config = uvicorn.Config(
        lifespan_application,
        host="127.0.0.1",
        port=0,
        ws=LiveWebSocketProtocol if is_raw else "websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=65536,
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.get_running_loop().create_task(server._serve())
    await until(lambda: server.started)
    await until(lambda: hubs.current_hub().bus.is_up)
    gateway = Gateway(server.servers[0].sockets[0].getsockname()[1])
    try:
        yield gateway
    finally:
        for page in gateway.pages:
            page.socket.transport.abort()
        await asyncio.sleep(0.02)  # the ends of refused handshakes, too
        server.should_exit = True
        await task
        await hubs.stop_hub()


async def until(is_so: Callable[[], bool], seconds: float = 3.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise AssertionError("It did not come to be.")
        await asyncio.sleep(0.01)


def bus_message(room: int, change: int, text: str, **options: Any) -> tuple[bytes, bytes]:
    """A message as another process would put it on the bus."""
    topic = messages.topic_name("room", room)
    body = json.dumps({"text": text}).encode()
    packed = messages.pack_change(topic, change, body, options.get("revokes", ()), options.get("place"))
    return messages.channel_name(topic), packed
