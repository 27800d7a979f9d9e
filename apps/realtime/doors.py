"""Who comes in. All sockets that wait share one look at sessions and topics, and only so many may wait."""

import asyncio
import logging

from apps.core import clock

from .database import run_query
from .hub import Hub, look_up
from .sockets import Socket

BATCH = 200
WAITING_LIMIT = 2000
RETRY_MIN_MS = 2_000
RETRY_MAX_MS = 30_000
logger = logging.getLogger(__name__)


class Busy(Exception):
    """No more may wait just now; the peer should come back at a moment of its own choice within `retry_ms`."""

    def __init__(self, retry_ms: int) -> None:
        super().__init__(retry_ms)
        self.retry_ms = retry_ms


class Doors:
    """Lets sockets into a hub, batch by batch."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._queue: list[tuple[Socket, asyncio.Future[bool]]] = []
        self._task: asyncio.Task[None] | None = None
        self._socket_seconds = 0.001  # what one socket of a batch took lately

    def enter(self, socket: Socket) -> asyncio.Future[bool]:
        """Ask for a socket with its session key to be let in; the answer is False where the session does not hold.

        Raises `Busy` where too many wait.
        """
        if len(self._queue) >= WAITING_LIMIT:
            raise Busy(self.retry_ms())
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()
        self._queue.append((socket, answer))
        if self._task is None:
            self._task = loop.create_task(self._run())
        return answer

    def retry_ms(self) -> int:
        """Return over how long those who are sent away should spread their return."""
        drain = 2 * len(self._queue) * self._socket_seconds * 1000
        return int(min(max(RETRY_MIN_MS, drain), RETRY_MAX_MS))

    async def _run(self) -> None:
        try:
            while self._queue:
                batch, self._queue = self._queue[:BATCH], self._queue[BATCH:]
                batch = [(socket, answer) for socket, answer in batch if not answer.done()]  # who left while waiting
                if batch:
                    await self._admit(batch)
        finally:
            self._task = None

    async def _admit(self, batch: list[tuple[Socket, asyncio.Future[bool]]]) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            authority = await run_query(look_up, {socket.session_key for socket, _ in batch})
            await self._hub.prepare(authority)
        except Exception:  # the database is away: everybody of the batch is told to come back
            logger.warning("The sessions of %d waiting sockets could not be read.", len(batch), exc_info=True)
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(Busy(RETRY_MAX_MS // 2))
            return
        now = clock.now()
        for socket, answer in batch:
            if answer.done():
                continue
            session = authority.sessions.get(socket.session_key)
            if session is None or session.until <= now:
                answer.set_result(False)
                continue
            try:
                self._hub.attach(socket, session, authority, started)
            except Exception:  # one socket's fault is not the batch's
                logger.exception("A socket could not be let in.")
                answer.set_exception(Busy(RETRY_MIN_MS))
            else:
                answer.set_result(True)
        self._socket_seconds = 0.8 * self._socket_seconds + 0.2 * (loop.time() - started) / len(batch)
