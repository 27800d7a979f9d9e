"""A process's one subscription on Valkey or Redis: all its topics, over one connection that comes back by itself."""

import asyncio
import logging
import math
import random
from collections.abc import Callable, Collection, Iterable
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError

from . import messages

RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
PING_SECONDS = 10.0
SILENCE_SECONDS = 25.0
CONFIRM_SECONDS = 2.0
logger = logging.getLogger(__name__)


class Bus:
    """Calls `on_message(channel, data)` for each message and `on_up()` after each connection that was made anew."""

    def __init__(self, url: str, on_message: Callable[[bytes, bytes], None], on_up: Callable[[], None]) -> None:
        self._pool = redis.asyncio.ConnectionPool.from_url(
            url, socket_timeout=None, socket_connect_timeout=3, protocol=2
        )
        self._on_message = on_message
        self._on_up = on_up
        self._wanted: set[bytes] = {messages.control_channel()}
        self._confirmed: set[bytes] = set()
        self._first: set[bytes] = set()  # what a new connection still has to confirm before it counts as up
        self._waiting: list[tuple[set[bytes], asyncio.Future[None]]] = []
        self._connection: Any = None
        self._heard_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_up(self) -> bool:
        return self._connection is not None

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._run()), loop.create_task(self._ping())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._pool.aclose()

    async def subscribe(self, channels: Collection[bytes]) -> bool:
        """Listen on more channels and wait until the server confirms; False when the bus is away just now."""
        self._wanted.update(channels)
        missing = {channel for channel in channels if channel not in self._confirmed}
        if not missing:
            return True
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = (missing, done)
        self._waiting.append(waiting)
        try:
            await self._send("SUBSCRIBE", channels)
            await asyncio.wait_for(done, CONFIRM_SECONDS if self.is_up else 0.2)
        except TimeoutError:
            return False
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
        return True

    async def unsubscribe(self, channels: Collection[bytes]) -> None:
        self._wanted.difference_update(channels)
        self._confirmed.difference_update(channels)
        await self._send("UNSUBSCRIBE", channels)

    async def _send(self, command: str, arguments: Iterable[bytes]) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            await connection.send_packed_command(connection.pack_command(command, *arguments), check_health=False)
        except (RedisError, OSError):
            # The reader notices too, and subscribes to all that is wanted once it is connected again.
            logger.debug("The live bus broke while it was written to.", exc_info=True)

    async def _run(self) -> None:
        attempt = 0
        while True:
            connection: Any = self._pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                await connection.connect()
                first = tuple(self._wanted)
                await connection.send_packed_command(connection.pack_command("SUBSCRIBE", *first), check_health=False)
                if attempt:
                    logger.info("The live bus is back.")
                attempt = 0
                await self._read(connection, first)
            except (RedisError, OSError, EOFError) as error:
                if not attempt:
                    logger.warning("The live bus is away; the database is asked every 2 s instead: %s", error)
            except Exception:  # a fault of our own must not leave the process deaf
                logger.exception("The live bus is connected anew after a fault.")
            finally:
                self._connection = None
                self._confirmed.clear()
                await connection.disconnect(nowait=True)
            pause = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
            attempt += 1
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 — jitter, no secret

    async def _read(self, connection: Any, first: Collection[bytes]) -> None:
        loop = asyncio.get_running_loop()
        self._heard_at = loop.time()
        self._connection = connection
        self._first = set(first)
        # What became wanted while the first SUBSCRIBE was on its way.
        later = self._wanted.difference(first)
        if later:
            await self._send("SUBSCRIBE", later)
        while True:
            reply = await connection.read_response(timeout=math.inf, disconnect_on_error=False)
            self._heard_at = loop.time()
            if not isinstance(reply, list):
                continue
            if reply[0] == b"message":
                self._on_message(reply[1], reply[2])
            elif reply[0] == b"subscribe":
                self._confirm(reply[1])

    def _confirm(self, channel: bytes) -> None:
        if self._first:
            self._first.discard(channel)
            if not self._first:
                self._on_up()
        if channel not in self._wanted:
            return
        self._confirmed.add(channel)
        for missing, done in self._waiting:
            missing.discard(channel)
            if not missing and not done.done():
                done.set_result(None)

    async def _ping(self) -> None:
        """Notice a connection that is open at this end only."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(PING_SECONDS)
            connection = self._connection
            if connection is None:
                continue
            if loop.time() - self._heard_at > SILENCE_SECONDS:
                await connection.disconnect(nowait=True)
            else:
                await self._send("PING", ())
