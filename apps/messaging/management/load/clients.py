"""Client processes: one holds the sockets, as browsers would; one posts the messages. Spawned, spoken to over a pipe."""

import asyncio
import base64
import contextlib
import json
import os
import random
import re
import socket
import time
import uuid
from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlencode

MARK_SECONDS = 5.0
CONNECTS_AT_ONCE = 50
FIRST_RETRY_SECONDS = 1.0  # a client waits a random time up to this, then up to twice as long each time
LAST_RETRY_SECONDS = 30.0
SLOW_BUFFER = 2048  # bytes that the kernel keeps for somebody who reads one at a time
HELLO = b'{"t":"hello","have":{}}'
COOKIE_TOKEN = "a" * 32


@dataclass(slots=True)
class Target:
    """Where a server listens, and what its session cookie is called."""

    host: str
    port: int
    cookie: str

    @property
    def origin(self) -> str:
        return f"http://{self.host}:{self.port}"


def client_frame(payload: bytes, opcode: int = 1) -> bytes:
    """Return a masked frame with an all-zero mask, which leaves the payload as it is (payloads under 64 KiB)."""
    size = len(payload)
    head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


@dataclass(slots=True)
class Record:
    """What the sockets heard of one topic while it was recorded."""

    prefix: bytes
    heard_at: dict[int, "array[float]"] = field(default_factory=dict)  # change -> when each socket had it
    last: dict[int, int] = field(default_factory=dict)  # socket -> its last change
    duplicated: int = 0
    reordered: int = 0
    skipped: int = 0
    sample: bytes = b""
    marks: int = 0
    hints: int = 0
    target: int = 0  # who has heard this change has caught up
    caught_up_at: dict[int, float] = field(default_factory=dict)  # socket -> when


class Reader(asyncio.Protocol):
    """One socket: handshake, hello, frames. Counts what it hears into the record of the moment."""

    __slots__ = (
        "_buffer",
        "_closed",
        "_hello",
        "_key",
        "_number",
        "_pool",
        "_ready",
        "_target",
        "retry_seconds",
        "transport",
    )

    def __init__(
        self,
        pool: "SocketPool",
        number: int,
        key: str,
        target: Target,
        ready: "asyncio.Future[None]",
        hello: bytes = HELLO,
    ) -> None:
        self._pool = pool
        self._number = number
        self._key = key
        self._target = target
        self._ready: asyncio.Future[None] | None = ready
        self._hello = hello
        self._buffer = b""
        self._closed = False
        self.retry_seconds: float | None = None  # what the server asked for when it had no room
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(_handshake(self._target, self._key))

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        self._pool.lost += 0 if self._pool.is_closing else 1
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(ConnectionError("the socket was closed before it was ready"))

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        data = self._buffer + data if self._buffer else data
        at, size = 0, len(data)
        if self._ready is not None and data.startswith(b"HTTP/"):
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._buffer = data
                return
            if b" 101 " not in data[:20]:
                self._ready.set_exception(ConnectionError(data[:60].decode("latin-1")))
                self.transport.abort()
                return
            at = end + 4
            self.transport.write(client_frame(self._hello))
        while size - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                if size - at < 4:
                    break
                length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                if size - at < 10:
                    break
                length, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if size - start < length:
                break
            self._hear(data, at, start, start + length, now)
            at = start + length
        self._buffer = data[at:]

    def _hear(self, data: bytes, head: int, start: int, end: int, now: float) -> None:
        opcode = data[head] & 15
        if opcode == 9:
            self.transport.write(client_frame(data[start:end], 10))
            return
        if opcode == 8:
            asked = re.search(rb"retry=(\d+)", data[start:end])
            self.retry_seconds = int(asked[1]) / 1000 if asked else None
            return
        if opcode != 1:
            return
        if self._ready is not None:
            if data.startswith(b'{"t":"ready"', start):
                self._ready.set_result(None)
                self._ready = None
            return
        record = self._pool.record
        if record is None:
            return
        if not data.startswith(record.prefix, start):
            if data.startswith(b'{"t":"hint"', start):
                record.hints += 1
            return
        place = start + len(record.prefix)
        change = int(data[place : data.index(b",", place)])
        last = record.last.get(self._number)
        if last is not None:
            if change == last:
                record.duplicated += 1
                return
            if change < last:
                record.reordered += 1
                return
            record.skipped += change - last - 1
        record.last[self._number] = change
        times = record.heard_at.get(change)
        if times is None:
            times = record.heard_at[change] = array("d")
            record.sample = data[head:end]
        times.append(now)
        if record.target and change >= record.target and self._number not in record.caught_up_at:
            record.caught_up_at[self._number] = now


class RawReader(asyncio.Protocol):
    """A connection to the bare loop: reads and counts bytes."""

    __slots__ = ("_pool",)

    def __init__(self, pool: "SocketPool") -> None:
        self._pool = pool

    def data_received(self, data: bytes) -> None:
        self._pool.raw_bytes += len(data)


class SocketPool:
    """All sockets of a client process."""

    def __init__(self) -> None:
        self.readers: list[Reader] = []
        self.raw: list[Any] = []
        self.record: Record | None = None
        self.lost = 0
        self.raw_bytes = 0
        self.is_closing = False
        self._marker: asyncio.Task[None] | None = None
        self._slow: list[asyncio.Task[int]] = []

    async def connect(self, keys: list[str], targets: list[Target]) -> float:
        """Open a socket a key, spread over the servers; return the seconds until all are ready."""
        loop = asyncio.get_running_loop()
        gate = asyncio.Semaphore(CONNECTS_AT_ONCE)
        began = time.monotonic()
        first = len(self.readers)
        made: list[Reader | None] = [None] * len(keys)

        async def open_one(index: int) -> None:
            number = first + index
            target = targets[number % len(targets)]
            async with gate:
                ready = loop.create_future()
                _, reader = await loop.create_connection(
                    lambda: Reader(self, number, keys[index], target, ready), target.host, target.port
                )
                await asyncio.wait_for(ready, 60)
                made[index] = reader

        await asyncio.gather(*(open_one(index) for index in range(len(keys))))
        self.readers.extend(reader for reader in made if reader is not None)
        return time.monotonic() - began

    def drop(self) -> None:
        """Lose all connections in one moment, as the people of a building whose network fails."""
        self.is_closing = True
        for reader in self.readers:
            reader.transport.abort()
        self.readers = []

    async def come_back(
        self, keys: list[str], targets: list[Target], channel: int, have: int, newest: int, seconds: float
    ) -> dict[str, Any]:
        """Open a socket a key, all as the protocol says that clients return, and wait until each has caught up.

        Returns when each was ready and had the change `newest`, in seconds from now, and how often one was sent away.
        """
        topic = f"channel:{channel}"
        self.record = Record(prefix=b'{"t":"change","topic":"%b","change":' % topic.encode(), target=newest)
        self.is_closing = False
        hello = json.dumps({"t": "hello", "have": {topic: have}}).encode()
        loop = asyncio.get_running_loop()
        began = time.monotonic()
        ready_at: list[float] = []
        refused = 0

        async def return_one(number: int) -> None:
            nonlocal refused
            target = targets[number % len(targets)]
            longest, tries = FIRST_RETRY_SECONDS, 0
            while True:
                await asyncio.sleep(random.uniform(0, longest))  # noqa: S311 — no secret
                ready = loop.create_future()
                reader = Reader(self, number, keys[number], target, ready, hello)
                try:
                    await loop.create_connection(lambda: reader, target.host, target.port)  # noqa: B023 — called at once
                    await asyncio.wait_for(ready, LAST_RETRY_SECONDS)
                except (OSError, TimeoutError):
                    refused += 1
                    tries += 1
                    longest = reader.retry_seconds or min(2.0**tries, LAST_RETRY_SECONDS)
                    continue
                ready_at.append(time.monotonic() - began)
                self.readers.append(reader)
                return

        tasks = [loop.create_task(return_one(number)) for number in range(len(keys))]
        record = self.record
        # An event would have to be set from the hot path.
        while len(record.caught_up_at) < len(keys) and time.monotonic() - began < seconds:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.record = None
        return {
            "ready": sorted(ready_at),
            "caught_up": sorted(at - began for at in record.caught_up_at.values()),
            "refused": refused,
            "deliveries": sum(len(times) for times in record.heard_at.values()),
            "changes": len(record.heard_at),
            "duplicated": record.duplicated,
            "reordered": record.reordered,
            "skipped": record.skipped,
        }

    async def connect_slow(self, keys: list[str], target: Target) -> None:
        """Open sockets that say hello and then read one byte a second."""
        loop = asyncio.get_running_loop()
        for key in keys:
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BUFFER)
            connection.setblocking(False)
            await loop.sock_connect(connection, (target.host, target.port))
            await loop.sock_sendall(connection, _handshake(target, key))
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += await loop.sock_recv(connection, 1)
            if b" 101 " not in answer[:20]:
                raise ConnectionError(answer[:60].decode("latin-1"))
            await loop.sock_sendall(connection, client_frame(HELLO))
            self._slow.append(loop.create_task(_read_slowly(connection)))

    async def end_slow(self) -> dict[str, int]:
        """Close the slow sockets and return how many of them the server had cut off by itself."""
        cut = sum(task.done() for task in self._slow)
        for task in self._slow:
            task.cancel()
        await asyncio.gather(*self._slow, return_exceptions=True)
        count, self._slow = len(self._slow), []
        return {"sockets": count, "cut_off": cut}

    async def connect_raw(self, count: int, port: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(count):
            transport, _protocol = await loop.create_connection(lambda: RawReader(self), "127.0.0.1", port)
            self.raw.append(transport)

    def start_record(self, channel: int, members: list[int], visible: int) -> None:
        """Record a channel; the first `visible` of its members' sockets send a mark every five seconds."""
        topic = f"channel:{channel}"
        self.record = Record(prefix=b'{"t":"change","topic":"%b","change":' % topic.encode())
        self._marker = asyncio.get_running_loop().create_task(self._mark(topic, members[:visible], self.record))

    async def _mark(self, topic: str, members: list[int], record: Record) -> None:
        if not members:
            return
        pause = MARK_SECONDS / len(members)
        due = time.monotonic()
        up_to = 1
        while True:
            for member in members:
                due += pause
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                up_to = max(up_to, record.last.get(member, 1))
                frame = json.dumps({"t": "mark", "topic": topic, "kind": "read", "up_to": up_to})
                self.readers[member].transport.write(client_frame(frame.encode()))
                record.marks += 1

    def stop_record(self) -> Record:
        record = self.record
        assert record is not None
        self.record = None
        if self._marker is not None:
            self._marker.cancel()
        return record

    def close(self) -> None:
        self.is_closing = True
        for reader in self.readers:
            reader.transport.abort()
        for transport in self.raw:
            transport.abort()
        self.readers, self.raw = [], []


def _handshake(target: Target, key: str) -> bytes:
    nonce = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /live/ HTTP/1.1\r\nHost: {target.host}:{target.port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {nonce}\r\nSec-WebSocket-Version: 13\r\n"
        f"Origin: {target.origin}\r\nCookie: {target.cookie}={key}\r\n\r\n"
    ).encode()


async def _read_slowly(connection: socket.socket) -> int:
    """Read one byte a second until the server has enough of it; return how many there were."""
    loop = asyncio.get_running_loop()
    count = 0
    try:
        while await loop.sock_recv(connection, 1):
            count += 1
            await asyncio.sleep(1)
    except OSError:
        pass  # reset by the server
    finally:
        connection.close()
    return count


class Sender:
    """Posts messages at a fixed rate, whether the last one was answered or not."""

    def __init__(self) -> None:
        self._idle: dict[str, list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = {}
        self._sent: dict[int, tuple[float, float]] = {}
        self._refused: list[str] = []

    async def flood(self, channel: int, key: str, target: Target, rate: float, seconds: float) -> dict[str, Any]:
        """Post as one person far above the limit; return the answers by status, and how many 429 told no time to wait."""
        statuses: Counter[int] = Counter()
        untold = 0

        async def post(number: int) -> None:
            nonlocal untold
            try:
                status, headers, _body = await self._request(target, _post_request(target, key, channel, number))
            except (OSError, EOFError, ValueError):
                status, headers = 0, {}
            statuses[status] += 1
            if status == 429 and not headers.get(b"retry-after", b"").isdigit():
                untold += 1

        began = time.monotonic()
        tasks = []
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            tasks.append(asyncio.create_task(post(number)))
        await asyncio.wait(tasks, timeout=30)
        return {"statuses": {str(status): count for status, count in sorted(statuses.items())}, "untold": untold}

    async def run(
        self, channel: int, keys: list[str], targets: list[Target], rate: float, seconds: float, padding: int = 0
    ) -> dict[str, Any]:
        """Return when each change was sent and acknowledged, and what was refused; PADDING characters make messages long."""
        self._sent, self._refused = {}, []
        tasks = []
        began = time.monotonic()
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            target, key = targets[number % len(targets)], keys[number % len(keys)]
            request = _post_request(target, key, channel, number, padding)
            tasks.append(asyncio.create_task(self._post(target, request, due)))
        if tasks:
            await asyncio.wait(tasks, timeout=30)
        return {"sent": self._sent, "refused": self._refused}

    async def _post(self, target: Target, request: bytes, due: float) -> None:
        try:
            status, _headers, body = await self._request(target, request)
        except (OSError, EOFError, ValueError) as error:
            self._refused.append(repr(error))
            return
        if status == 201:
            self._sent[json.loads(body)["change"]] = (due, time.monotonic())
        else:
            self._refused.append(f"{status} {body[:200].decode(errors='replace')}")

    async def _request(self, target: Target, request: bytes) -> tuple[int, Mapping[bytes, bytes], bytes]:
        idle = self._idle.setdefault(target.origin, [])
        while idle and idle[-1][0].at_eof():
            idle.pop()[1].close()
        reader, writer = idle.pop() if idle else await asyncio.open_connection(target.host, target.port)
        writer.write(request)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            # The server let go of the idle connection just now. The client id makes the second try harmless.
            reader, writer = await asyncio.open_connection(target.host, target.port)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        headers = {}
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        length = int(headers.get(b"content-length", 0))
        body = await reader.readexactly(length)
        idle.append((reader, writer))
        return status, headers, body


def _post_request(target: Target, key: str, channel: int, number: int, padding: int = 0) -> bytes:
    text = f"{number:05d} 3번 베드 정리되었습니다. Vital signs every 15 minutes, please call me when the pressure falls below 90."
    form = urlencode({"text": text + " 15 mg" * (padding // 6), "client_id": str(uuid.uuid4())}).encode()
    head = (
        f"POST /chat/{channel}/messages/ HTTP/1.1\r\nHost: {target.host}:{target.port}\r\n"
        f"Accept: application/json\r\nOrigin: {target.origin}\r\n"
        f"Cookie: {target.cookie}={key}; csrftoken={COOKIE_TOKEN}\r\nX-CSRFToken: {COOKIE_TOKEN}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
    )
    return head.encode() + form


def _serve(pipe: Connection, commands: dict[str, Callable[..., Any]]) -> None:
    """Run a client process: read a command from the pipe, answer with its result, until the pipe ends."""
    import uvloop

    async def run() -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                name, arguments = await loop.run_in_executor(None, pipe.recv)
            except EOFError:
                return
            if name == "end":
                return
            try:
                result = commands[name](*arguments)
                if asyncio.iscoroutine(result):
                    result = await result
                pipe.send((True, result))
            except Exception as error:  # noqa: BLE001 — the other end raises it again
                pipe.send((False, repr(error)))

    uvloop.run(run())


def _run_sockets(pipe: Connection) -> None:
    pool = SocketPool()
    _serve(
        pipe,
        {
            "connect": pool.connect,
            "connect_raw": pool.connect_raw,
            "start": pool.start_record,
            "stop": pool.stop_record,
            "lost": lambda: pool.lost,
            "close": pool.close,
            "drop": pool.drop,
            "come_back": pool.come_back,
            "connect_slow": pool.connect_slow,
            "end_slow": pool.end_slow,
        },
    )


def _run_sender(pipe: Connection) -> None:
    sender = Sender()
    _serve(pipe, {"send": sender.run, "flood": sender.flood})


class Client:
    """A client process, from the outside."""

    def __init__(self, kind: str) -> None:
        import multiprocessing

        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        work = {"sockets": _run_sockets, "sender": _run_sender}[kind]
        self._process = context.Process(target=work, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, name: str, *arguments: Any) -> Any:
        """Have a command run and return its result."""
        self.begin(name, *arguments)
        return self.finish()

    def begin(self, name: str, *arguments: Any) -> None:
        self._pipe.send((name, arguments))

    def finish(self) -> Any:
        is_good, result = self._pipe.recv()
        if not is_good:
            raise RuntimeError(f"A client process failed: {result}")
        return result

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self._pipe.send(("end", ()))
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
