"""Frames that come in by live sockets: marks, gathered for a second, then written in one statement a process."""

import asyncio
import logging
import math
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeGuard

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections

from apps.core import clock
from apps.people.models import User
from apps.people.queries import active_person
from apps.realtime.database import run_query
from apps.realtime.publish import publish_hint
from apps.realtime.registry import BadFrame
from apps.teams.models import Channel
from apps.teams.queries import people_of, readable_channel

from . import actions, permissions

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
TYPING_SECONDS = 2.5  # pages tell every three seconds, and one frame may be slower than the next
TYPING_RIGHT_SECONDS = 1.5
TYPING_SIZE_SECONDS = 60.0
TYPING_MEMBERS = 100
TYPING_KEPT = 10_000  # people and channels that a process remembers


class MarkBuffer:
    """Keeps the highest mark of each person and channel until the next write; a write that failed is tried again."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, int], tuple[int, int]] = {}
        self._threads: dict[tuple[int, int, int], int] = {}
        self._heard: dict[tuple[int, int], float] = {}  # when the newest mark came (monotonic)
        self._timer: asyncio.Task[None] | None = None

    def add(self, user_id: int, channel_id: int, read: int, delivered: int) -> None:
        held_read, held_delivered = self._waiting.get((user_id, channel_id), (0, 0))
        self._waiting[user_id, channel_id] = (max(held_read, read), max(held_delivered, delivered))
        if read:
            self._heard[user_id, channel_id] = time.monotonic()
        self._start()

    def add_thread(self, user_id: int, channel_id: int, root: int, up_to: int) -> None:
        key = (user_id, channel_id, root)
        self._threads[key] = max(self._threads.get(key, 0), up_to)
        self._start()

    def _start(self) -> None:
        if self._timer is None or self._timer.done():
            self._timer = asyncio.get_running_loop().create_task(self._flush_later())

    async def _flush_later(self) -> None:
        while self._waiting or self._threads:
            await asyncio.sleep(FLUSH_SECONDS)
            marks, self._waiting = self._waiting, {}
            threads, self._threads = self._threads, {}
            heard, self._heard = self._heard, {}
            try:
                await sync_to_async(_write, thread_sensitive=False)(marks, threads, heard)
            except DatabaseError:
                logger.warning("Marks could not be written; they are tried again.", exc_info=True)
                for key, (read, delivered) in marks.items():
                    held_read, held_delivered = self._waiting.get(key, (0, 0))
                    self._waiting[key] = (max(held_read, read), max(held_delivered, delivered))
                self._heard = {**heard, **self._heard}
                for place, up_to in threads.items():
                    self._threads[place] = max(self._threads.get(place, 0), up_to)


def _write(
    marks: Mapping[tuple[int, int], tuple[int, int]],
    threads: Mapping[tuple[int, int, int], int],
    heard: Mapping[tuple[int, int], float],
) -> None:
    close_old_connections()
    now, ticks = clock.now(), time.monotonic()
    heard_at = {key: now - timedelta(seconds=ticks - at) for key, at in heard.items()}
    try:
        actions.save_marks(marks, heard_at=heard_at)
        actions.save_thread_marks(threads)
    finally:
        close_old_connections()


buffer = MarkBuffer()


async def receive_mark(user_id: int, frame: Mapping[str, Any]) -> None:
    """Take `{"t": "mark", "topic": "channel:12", "kind": "read" | "delivered" | "thread", "up_to": 345}`.

    A mark of kind "thread" carries `root`, the number of the root, and in `up_to` the ordinal of a reply. Raises BadFrame for any
    other shape.
    """
    topic_kind, _, raw_id = str(frame.get("topic", "")).partition(":")
    kind, up_to = frame.get("kind"), frame.get("up_to")
    if (
        not isinstance(kind, str)
        or topic_kind != "channel"
        or not raw_id.isascii()
        or not raw_id.isdigit()
        or len(raw_id) > 18
    ):
        raise BadFrame("malformed")
    if kind not in {"read", "delivered", "thread"} or not _is_place(up_to):
        raise BadFrame("malformed")
    if kind != "thread":
        buffer.add(user_id, int(raw_id), up_to if kind == "read" else 0, up_to)
        return
    root = frame.get("root")
    if not _is_place(root) or up_to >= 2**31:
        raise BadFrame("malformed")
    buffer.add_thread(user_id, int(raw_id), root, up_to)


def _is_place(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**62


Writer = tuple[User, Channel]


class TypingRelay:
    """Passes on who is writing; each process remembers for seconds what it looked up, so that a writer costs few queries."""

    def __init__(self) -> None:
        self._told_at: dict[tuple[int, int], float] = {}
        self._writers: dict[tuple[int, int], tuple[float, Writer | None]] = {}
        self._sizes: dict[int, tuple[float, bool]] = {}

    def is_due(self, user_id: int, channel_id: int) -> bool:
        """Note that somebody writes, and tell whether the others should hear it: not again within three seconds."""
        now = time.monotonic()
        if now - self._told_at.get((user_id, channel_id), -TYPING_SECONDS) < TYPING_SECONDS:
            return False
        _make_room(self._told_at)
        self._told_at[user_id, channel_id] = now
        return True

    def pass_on(self, user_id: int, channel_id: int, root: int) -> bool:
        """Tell a small channel that somebody writes in it; return whether that was theirs to say."""
        writer = self._writer(user_id, channel_id)
        if writer is None or not self._is_small(writer[1]):
            return False
        publish_hint("channel", channel_id, {"kind": "typing", "user": user_id, "names": writer[0].names, "root": root})
        return True

    def _writer(self, user_id: int, channel_id: int) -> Writer | None:
        """Return somebody and a channel that they may write in, else None; at most three queries in five seconds."""
        now = time.monotonic()
        at, writer = self._writers.get((user_id, channel_id), (-math.inf, None))
        if now - at >= TYPING_RIGHT_SECONDS:
            user = active_person(user_id)
            channel = readable_channel(user, channel_id) if user is not None else None
            may_write = user is not None and channel is not None and permissions.can_send(user, channel)
            writer = (user, channel) if user is not None and channel is not None and may_write else None
            _make_room(self._writers)
            self._writers[user_id, channel_id] = (now, writer)
        return writer

    def _is_small(self, channel: Channel) -> bool:
        now = time.monotonic()
        at, is_small = self._sizes.get(channel.pk, (-math.inf, False))
        if now - at >= TYPING_SIZE_SECONDS:
            is_small = people_of(channel)[: TYPING_MEMBERS + 1].count() <= TYPING_MEMBERS
            _make_room(self._sizes)
            self._sizes[channel.pk] = (now, is_small)
        return is_small


def _make_room(kept: dict[Any, Any]) -> None:
    if len(kept) >= TYPING_KEPT:
        kept.clear()


typing_relay = TypingRelay()


async def receive_typing(user_id: int, frame: Mapping[str, Any]) -> None:
    """Take `{"t": "typing", "topic": "channel:12"}`, in a thread with `root`, the number of its root; raises BadFrame else.

    What comes too often, from a stranger or to a large channel is not passed on, and nobody is told so.
    """
    topic_kind, _, raw_id = str(frame.get("topic", "")).partition(":")
    root = frame.get("root")
    if topic_kind != "channel" or not raw_id.isascii() or not raw_id.isdigit() or len(raw_id) > 18:
        raise BadFrame("malformed")
    if root is not None and not _is_place(root):
        raise BadFrame("malformed")
    channel_id = int(raw_id)
    if typing_relay.is_due(user_id, channel_id):
        await run_query(typing_relay.pass_on, user_id, channel_id, root or 0)
