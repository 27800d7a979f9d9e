"""The limit that `bench_chat` compares with: an event loop that writes ready bytes to sockets and stores nothing.

Run as a program of its own: `python -m apps.messaging.management.load.bare`. It prints its port, then takes lines
`<sockets> <messages> <messages a second> <frame in hex>` and answers each with a line when it is done.
"""

import asyncio
import sys
import time
from typing import Any


class _Connection(asyncio.Protocol):
    def __init__(self, transports: list[Any]) -> None:
        self._transports = transports

    def connection_made(self, transport: Any) -> None:
        self._transports.append(transport)


async def _write(transports: list[Any], count: int, messages: int, rate: float, frame: bytes) -> None:
    began = time.monotonic()
    for number in range(messages):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        for transport in transports[:count]:
            transport.write(frame)
    await asyncio.sleep(0.2)


async def _run() -> None:
    loop = asyncio.get_running_loop()
    transports: list[Any] = []
    server = await loop.create_server(lambda: _Connection(transports), "127.0.0.1", 0, backlog=2048)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        count, messages, rate, frame = line.split()
        await _write(transports, int(count), int(messages), float(rate), bytes.fromhex(frame))
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_run())
