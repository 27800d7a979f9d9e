"""A ward of people, and ears on the bus: what each of them is told."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from apps.people.models import User
from apps.realtime import messages


class Ears:
    """Hears the hints that go to people's own topics."""

    def __init__(self, bus: redis.Redis) -> None:
        self._bus = bus
        self._heard = bus.pubsub(ignore_subscribe_messages=True)
        self._heard.psubscribe(messages.channel_name("user:*"))
        self._heard.get_message(timeout=1)  # the subscription stands

    def hints(self, user: User, kind: str | None = None) -> list[dict[str, Any]]:
        """What this person has been told since the last question; other people's hints are forgotten."""
        own = messages.channel_name(f"user:{user.pk}")
        return [hint for channel, hint in self.everything() if channel == own and kind in (None, hint["kind"])]

    def everything(self) -> list[tuple[bytes, dict[str, Any]]]:
        found = []
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            message = self._heard.get_message(timeout=0.05)
            if message is not None:
                payload = messages.unpack(message["data"]).payload
                found.append((message["channel"], json.loads(payload[payload.index(b"{") :])["body"]))
        return found

    def close(self) -> None:
        self._heard.close()


@pytest.fixture
def ears(bus: redis.Redis) -> Iterator[Ears]:
    ears = Ears(bus)
    yield ears
    ears.close()
