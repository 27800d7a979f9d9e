"""Counters that all processes share, on the bus: hints for limits, gone when the bus restarts."""

import time
from functools import cache

import redis
from django.conf import settings

ANSWER_SECONDS = 0.5


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, protocol=2
    )


def count_in_window(name: str, seconds: int) -> int:
    """Count one more of something in the present window of so many seconds; return how many there are in it.

    Raises RedisError or OSError where the bus does not answer.
    """
    key = f"count:{name}:{int(time.time()) // seconds}"
    counted = int(_client().incr(key))
    if counted == 1:
        _client().expire(key, 2 * seconds)
    return counted
