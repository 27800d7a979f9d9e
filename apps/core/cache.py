"""The shared cache, which keeps answering while Valkey or Redis is away: then each process counts for itself.

What lies in it is never the truth: rate limits of sign-in, when a session was last seen, a heartbeat. Without the shared one a
limit holds once a process instead of once, and nobody is kept from signing in.
"""

import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

AWAY_FOR = 2.0  # seconds in which a cache that did not answer is not asked again


class SteadyCache(RedisCache):
    """Django's Redis cache with a cache in memory behind it for as long as the shared one does not answer."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._own = LocMemCache("steady", params)
        self._away_until = 0.0

    def _ask(self, shared: Callable[[], Any], own: Callable[[], Any]) -> Any:
        if time.monotonic() < self._away_until:
            return own()
        try:
            return shared()
        except (RedisError, OSError):
            self._away_until = time.monotonic() + AWAY_FOR
            return own()

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> Any:
        return self._ask(
            lambda: super(SteadyCache, self).add(key, value, timeout, version),
            lambda: self._own.add(key, value, timeout, version),
        )

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._ask(
            lambda: super(SteadyCache, self).get(key, default, version), lambda: self._own.get(key, default, version)
        )

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._ask(
            lambda: super(SteadyCache, self).set(key, value, timeout, version),
            lambda: self._own.set(key, value, timeout, version),
        )

    def delete(self, key: Any, version: int | None = None) -> Any:
        return self._ask(lambda: super(SteadyCache, self).delete(key, version), lambda: self._own.delete(key, version))

    def has_key(self, key: Any, version: int | None = None) -> Any:
        return self._ask(
            lambda: super(SteadyCache, self).has_key(key, version), lambda: self._own.has_key(key, version)
        )

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> Any:
        return self._ask(
            lambda: super(SteadyCache, self).incr(key, delta, version), lambda: self._own.incr(key, delta, version)
        )
