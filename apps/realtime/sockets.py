"""One connected page, as the hub sees it: raw where the server hands its transport over, plain where it does not."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from .framing import control_payload, frame_text
from .protocol import LiveTransport

UNSENT_LIMIT = 256 * 1024
QUEUE_LIMIT = 256
logger = logging.getLogger(__name__)


class Close:
    """Close codes of the gateway; `docs/realtime-protocol.md` tells clients what to do with each."""

    TOO_LARGE = 1009
    BAD_HELLO = 4400
    SIGNED_OUT = 4401
    REPLACED = 4408
    RESYNC = 4409
    FLOOD = 4429
    BUSY = 4503


class Socket:
    """A socket that was let in. The hub alone adds it to topics and takes it out."""

    __slots__ = ("is_ready", "opened_at", "session_key", "unsent", "user_id", "write")

    def __init__(self) -> None:
        # Set where frames go straight to a transport; the hub's loop over thousands of sockets then calls these.
        self.write: Callable[[bytes], None] | None = None
        self.unsent: Callable[[], int] | None = None
        self.user_id = 0
        self.session_key = ""
        self.opened_at = 0.0
        self.is_ready = False  # said hello

    def deliver(self, framed: bytes, payloads: Sequence[bytes]) -> bool:
        """Send ready frames (the same content in both forms); False when too much is unsent."""
        raise NotImplementedError

    def close(self, code: int, reason: str = "") -> None:
        raise NotImplementedError

    def tell(self, payload: bytes) -> None:
        """Send one frame to this socket only."""
        self.deliver(frame_text(payload), (payload,))

    def resync(self) -> None:
        """Tell a reader that is too slow to come back, and close."""
        self.close(Close.RESYNC, "resync")


class RawSocket(Socket):
    """Writes to the transport; the kernel's buffer and uvloop's are the queue."""

    __slots__ = ("transport",)

    def __init__(self, transport: LiveTransport) -> None:
        super().__init__()
        self.transport = transport
        self.write = transport.write
        self.unsent = transport.unsent

    def deliver(self, framed: bytes, payloads: Sequence[bytes]) -> bool:
        if self.transport.unsent() > UNSENT_LIMIT:
            return False
        self.transport.write(framed)
        return True

    def close(self, code: int, reason: str = "") -> None:
        self.transport.close(code, reason)

    def resync(self) -> None:
        self.transport.write(frame_text(control_payload("resync")))
        super().resync()


Send = Callable[[dict[str, Any]], Awaitable[None]]


class PlainSocket(Socket):
    """Sends by ASGI messages through a bounded queue and a task of its own, so that one slow reader holds up nobody."""

    __slots__ = ("_closing", "_queue", "_queued", "_send", "_task", "_wakeup")

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send
        self._queue: list[bytes] = []
        self._queued = 0
        self._closing: tuple[int, str] | None = None
        self._wakeup = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def deliver(self, framed: bytes, payloads: Sequence[bytes]) -> bool:
        if self._closing is not None:
            return True
        if self._queued > UNSENT_LIMIT or len(self._queue) > QUEUE_LIMIT:
            return False
        self._queue.extend(payloads)
        self._queued += len(framed)
        self._wakeup.set()
        return True

    def close(self, code: int, reason: str = "") -> None:
        if self._closing is None:
            self._closing = (code, reason)
            self._wakeup.set()

    def resync(self) -> None:
        self._queue.clear()
        self._queue.append(control_payload("resync"))
        super().resync()

    async def _run(self) -> None:
        try:
            while True:
                await self._wakeup.wait()
                self._wakeup.clear()
                queue, self._queue, self._queued = self._queue, [], 0
                for payload in queue:
                    await self._send({"type": "websocket.send", "text": payload.decode()})
                if self._closing is not None and not self._queue:
                    await self._send({"type": "websocket.close", "code": self._closing[0], "reason": self._closing[1]})
                    return
        except Exception:  # the peer has gone; the consumer hears of it by its own way
            logger.debug("A socket ended while it was written to.", exc_info=True)

    def release(self) -> None:
        """End the sending task."""
        self._task.cancel()
