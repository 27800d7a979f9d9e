"""Frames that come in by live sockets: marks, gathered for a second, then written in one statement a process."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections

from apps.realtime.registry import BadFrame

from . import actions

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0


class MarkBuffer:
    """Keeps the highest mark of each person and channel until the next write; a write that failed is tried again."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, int], tuple[int, int]] = {}
        self._timer: asyncio.Task[None] | None = None

    def add(self, user_id: int, channel_id: int, read: int, delivered: int) -> None:
        held_read, held_delivered = self._waiting.get((user_id, channel_id), (0, 0))
        self._waiting[user_id, channel_id] = (max(held_read, read), max(held_delivered, delivered))
        if self._timer is None or self._timer.done():
            self._timer = asyncio.get_running_loop().create_task(self._flush_later())

    async def _flush_later(self) -> None:
        while self._waiting:
            await asyncio.sleep(FLUSH_SECONDS)
            marks, self._waiting = self._waiting, {}
            try:
                await sync_to_async(_write, thread_sensitive=False)(marks)
            except DatabaseError:
                logger.warning("Marks could not be written; they are tried again.", exc_info=True)
                for key, (read, delivered) in marks.items():
                    held_read, held_delivered = self._waiting.get(key, (0, 0))
                    self._waiting[key] = (max(held_read, read), max(held_delivered, delivered))


def _write(marks: Mapping[tuple[int, int], tuple[int, int]]) -> None:
    close_old_connections()
    try:
        actions.save_marks(marks)
    finally:
        close_old_connections()


buffer = MarkBuffer()


async def receive_mark(user_id: int, frame: Mapping[str, Any]) -> None:
    """Take `{"t": "mark", "topic": "channel:12", "kind": "read" | "delivered", "up_to": 345}`.

    Raises BadFrame for any other shape.
    """
    topic_kind, _, raw_id = str(frame.get("topic", "")).partition(":")
    kind, up_to = frame.get("kind"), frame.get("up_to")
    if topic_kind != "channel" or not raw_id.isascii() or not raw_id.isdigit() or len(raw_id) > 18:
        raise BadFrame("malformed")
    if kind not in {"read", "delivered"} or not isinstance(up_to, int) or isinstance(up_to, bool):
        raise BadFrame("malformed")
    if not 0 < up_to < 2**62:
        raise BadFrame("malformed")
    buffer.add(user_id, int(raw_id), up_to if kind == "read" else 0, up_to)
