"""The time that tests have moved, for all processes alike: one key on the bus, read at most every 0.2 s."""

import time
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.utils import timezone

KEY = "tests:clock-offset"
READ_EVERY = 0.2  # seconds

_client: "redis.Redis | None" = None
_offset = timedelta()
_read_at = 0.0


def offset() -> timedelta:
    """What `core.clock` adds to the machine's time."""
    global _offset, _read_at
    if time.monotonic() - _read_at > READ_EVERY:
        stored = _bus().get(KEY)
        _offset = timedelta(microseconds=int(stored)) if stored else timedelta()
        _read_at = time.monotonic()
    return _offset


def _bus() -> redis.Redis:
    global _client
    if _client is None:
        _client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5)
    return _client


def _store(value: timedelta) -> None:
    global _offset, _read_at
    _bus().set(KEY, value // timedelta(microseconds=1))
    _offset, _read_at = value, time.monotonic()


class Clock:
    """Moves the time of the test, and of the processes that serve it."""

    def shift(self, by: timedelta) -> None:
        """Move on (or back) from the time that it is."""
        _store(offset() + by)

    def move_to(self, instant: datetime) -> None:
        """Make it INSTANT now; time goes on from there."""
        _store(instant - timezone.now())

    def reset(self) -> None:
        _store(timedelta())
