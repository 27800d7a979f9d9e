"""Counters that all processes share, on the bus: hints for limits, gone when the bus restarts."""

import time
from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

ANSWER_SECONDS = 0.3
AWAY_SECONDS = 2.0  # in which a bus that did not answer is not asked again
_away_until = 0.0


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        protocol=2,
        retry=Retry(NoBackoff(), 1),  # a pooled connection may be that of a bus that was restarted since
    )


def count_in_window(name: str, seconds: int) -> int:
    """Count one more of something in the present window of so many seconds; return how many there are in it.

    Raises RedisError or OSError where the bus does not answer.
    """
    global _away_until  # noqa: PLW0603 — the worst that threads do to each other here is one more try
    if time.monotonic() < _away_until:
        raise redis.ConnectionError("The bus did not answer a moment ago.")
    key = f"count:{name}:{int(time.time()) // seconds}"
    try:
        counted = int(_client().incr(key))
        if counted == 1:
            _client().expire(key, 2 * seconds)
    except (redis.RedisError, OSError):
        _away_until = time.monotonic() + AWAY_SECONDS
        raise
    return counted
