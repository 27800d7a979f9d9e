"""uvicorn's WebSocket protocol with one addition: the application may write ready frames to the transport.

Chosen by `uvicorn --ws apps.realtime.protocol:LiveWebSocketProtocol`. The base class is not a public interface of uvicorn,
hence the pinned version and `find_fault()`: where that finds something, nothing is handed over and the gateway sends by
plain ASGI messages, slower but correct.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import cache
from typing import Any, cast

import uvicorn
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame

from .framing import frame_text

EXTENSION = "hospital_collab.live_transport"
TESTED_UVICORN = "0.54."
CLOSE_SECONDS = 10.0
logger = logging.getLogger(__name__)


class LiveTransport:
    """The way past ASGI for one socket: whole frames to the kernel, and the news that the socket is gone."""

    __slots__ = ("_protocol", "on_gone", "unsent", "write")

    def __init__(self, protocol: "LiveWebSocketProtocol") -> None:
        self._protocol = protocol
        self.write: Callable[[bytes], None] = protocol.transport.write
        self.unsent: Callable[[], int] = protocol.transport.get_write_buffer_size
        self.on_gone: Callable[[], None] | None = None

    def gone(self) -> None:
        """Tell the owner once that nothing may be written any more."""
        callback, self.on_gone = self.on_gone, None
        if callback is not None:
            callback()

    def close(self, code: int, reason: str) -> None:
        """Send a close frame after what is unsent, and cut the connection if the peer has not taken it in time."""
        self._protocol.close_from_hub(code, reason)


class LiveWebSocketProtocol(WebSocketsSansIOProtocol):
    """Hands its transport over in the scope's extensions once the handshake is done."""

    live: LiveTransport | None = None

    async def run_asgi(self) -> None:
        # With an extension such as deflate the bytes on the wire would not be ours to make.
        if find_fault() is None and not self.conn.extensions:
            self.live = LiveTransport(self)
            cast("dict[str, Any]", self.scope)["extensions"][EXTENSION] = self.live
        await super().run_asgi()

    def close_from_hub(self, code: int, reason: str) -> None:
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self._leave()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        # A peer that reads nothing never answers; abort() drops what it did not take.
        self.close_timer = self.loop.call_later(CLOSE_SECONDS, self.transport.abort)

    def _leave(self) -> None:
        if self.live is not None:
            self.live.gone()

    def shutdown(self) -> None:
        self._leave()
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)

    def handle_close(self, event: Frame) -> None:
        self._leave()
        super().handle_close(event)

    def handle_parser_exception(self) -> None:
        self._leave()
        super().handle_parser_exception()

    def keepalive_timeout(self) -> None:
        self._leave()
        super().keepalive_timeout()


class _TrialTransport(asyncio.Transport):
    """Keeps what is written, for the self-check."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


_HANDSHAKE = (
    b"GET /live/ HTTP/1.1\r\nHost: check\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


async def _trial_application(scope: Any, receive: Any, send: Any) -> None:
    """Never runs: the self-check drives the protocol without a task."""


def _try_protocol() -> str | None:
    loop = asyncio.new_event_loop()
    try:
        config = Config(
            _trial_application, ws_per_message_deflate=False, ws_max_size=65536, log_config=None, lifespan="off"
        )
        config.load()
        protocol = WebSocketsSansIOProtocol(config, ServerState(), {}, loop)
        transport = _TrialTransport()
        protocol.connection_made(transport)
        protocol.conn.receive_data(_HANDSHAKE)
        request = next(iter(protocol.conn.events_received()))
        protocol.conn.send_response(protocol.conn.accept(request))  # type: ignore[arg-type]
        protocol.conn.data_to_send()
        for size in (0, 125, 126, 65535, 65536):
            payload = b"x" * size
            protocol.conn.send_text(payload)
            if b"".join(protocol.conn.data_to_send()) != frame_text(payload):
                return f"a frame of {size} bytes differs from the library's"
        for name in ("queue", "close_sent", "close_timer", "disconnected", "read_paused"):
            if not hasattr(protocol, name):
                return f"the protocol class has no {name}"
        for name in ("shutdown", "handle_close", "handle_parser_exception", "keepalive_timeout", "run_asgi"):
            if not callable(getattr(WebSocketsSansIOProtocol, name, None)):
                return f"the protocol class has no {name}()"
    finally:
        loop.close()
    return None


@cache
def find_fault() -> str | None:
    """Return why frames must not be written past ASGI in this process, or None. Tried once a process."""
    if not uvicorn.__version__.startswith(TESTED_UVICORN):
        fault: str | None = f"uvicorn {uvicorn.__version__} was not tested, {TESTED_UVICORN}* was"
    else:
        try:
            fault = _try_protocol()
        except Exception as error:  # noqa: BLE001 — any surprise in a private interface means: do not use it
            fault = repr(error)
    if fault is not None:
        logger.warning("The live gateway sends by plain ASGI messages: %s.", fault)
    return fault
