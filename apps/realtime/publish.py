"""Tell the hubs of all processes what has been committed. Called by higher apps in `transaction.on_commit`.

A publish may be lost: the hubs ask the database for what they have not heard of. So no failure here reaches the caller, and
a dead bus costs a request a fraction of a second at most once in `OPEN_SECONDS`.
"""

import logging
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any

import orjson
import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from . import messages

CONNECT_SECONDS = 0.3
ANSWER_SECONDS = 0.3
OPEN_SECONDS = 2.0
logger = logging.getLogger(__name__)


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        protocol=2,
        max_connections=32,
        retry=Retry(NoBackoff(), 1),  # a pooled connection may be that of a bus that was restarted since
    )


class _Breaker:
    """Keeps away from a bus that did not answer. Threads may race here: the worst is one more try."""

    def __init__(self) -> None:
        self.open_until = 0.0
        self._timer: threading.Timer | None = None

    def send(self, channel: bytes, message: bytes, *more: tuple[bytes, bytes]) -> bool:
        if time.monotonic() < self.open_until:
            self._ask_for_a_sweep_later()
            return False
        try:
            if more:
                with _client().pipeline(transaction=False) as pipeline:
                    for place, content in ((channel, message), *more):
                        pipeline.publish(place, content)
                    pipeline.execute()
            else:
                _client().publish(channel, message)
        except (redis.RedisError, OSError) as error:
            self.open_until = time.monotonic() + OPEN_SECONDS
            logger.warning("The live bus does not answer; what was committed is found by the sweep: %s", error)
            self._ask_for_a_sweep_later()
            return False
        return True

    def _ask_for_a_sweep_later(self) -> None:
        """Something was not told: as soon as the bus answers again, ask the hubs to look, instead of in up to 20 s."""
        if self._timer is None:
            self._timer = threading.Timer(OPEN_SECONDS + 0.1, self._ask_for_a_sweep)
            self._timer.daemon = True
            self._timer.start()

    def _ask_for_a_sweep(self) -> None:
        self._timer = None
        self.send(messages.control_channel(), messages.SWEEP)


_breaker = _Breaker()


def publish_change(
    kind: str,
    topic_id: int,
    change: int,
    body: Mapping[str, Any] | bytes,
    *,
    revokes: Collection[int] = (),
    place: int | None = None,
) -> None:
    """Hand a committed change on; `body` is the viewer-neutral row, as a mapping or as JSON already."""
    topic = messages.topic_name(kind, topic_id)
    message = messages.pack_change(topic, change, _as_json(body), revokes, place)
    _breaker.send(messages.channel_name(topic), message)


def publish_hint(kind: str, topic_id: int, body: Mapping[str, Any] | bytes) -> None:
    """Pass a hint on to whoever listens now; nobody asks for it later."""
    topic = messages.topic_name(kind, topic_id)
    _breaker.send(messages.channel_name(topic), messages.pack_hint(topic, _as_json(body)))


def publish_hints(hints: Iterable[tuple[str, int, Mapping[str, Any] | bytes]]) -> None:
    """Pass many hints (kind, id, body) on in one go."""
    packed = []
    for kind, topic_id, body in hints:
        topic = messages.topic_name(kind, topic_id)
        packed.append((messages.channel_name(topic), messages.pack_hint(topic, _as_json(body))))
    if packed:
        _breaker.send(*packed[0], *packed[1:])


def publish_rights(user_ids: Collection[int]) -> None:
    """Have the topics of these users looked up at once: they gained one, and should not wait for a raised epoch."""
    if user_ids:
        _breaker.send(messages.control_channel(), messages.pack_rights(user_ids))


def publish_everybodys_rights() -> None:
    """Have everybody's topics looked up at once: one was made that follows a rule."""
    _breaker.send(messages.control_channel(), messages.pack_rights(()))


def publish_choice(user_ids: Collection[int]) -> None:
    """Have the presence that these people chose by hand read anew."""
    if user_ids:
        _breaker.send(messages.control_channel(), messages.pack_choice(user_ids))


def _as_json(body: Mapping[str, Any] | bytes) -> bytes:
    return body if isinstance(body, bytes) else orjson.dumps(body)
