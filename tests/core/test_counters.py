"""Counters on the bus count for all processes, and a bus that is away is asked seldom."""

import time

import pytest
import redis

from apps.core import counters


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch):
    monkeypatch.setattr(counters, "_away_until", 0.0)


def test_what_is_counted_adds_up_and_is_forgotten_with_its_window(bus):
    assert [counters.count_in_window("test:sends", 3600) for _ in range(3)] == [1, 2, 3]
    assert counters.count_in_window("test:others", 3600) == 1
    keys = list(bus.scan_iter("count:test:*"))
    assert len(keys) == 2
    assert all(0 < bus.ttl(key) <= 7200 for key in keys)


def test_a_bus_that_is_away_is_asked_once_in_a_while(monkeypatch):
    tried = []

    class Away:
        def incr(self, key):
            tried.append(key)
            raise redis.TimeoutError("no answer")

    monkeypatch.setattr(counters, "_client", Away)
    for _ in range(3):
        with pytest.raises(redis.RedisError):
            counters.count_in_window("test:away", 60)
    assert len(tried) == 1
    monkeypatch.setattr(counters, "_away_until", time.monotonic() - 1)
    with pytest.raises(redis.RedisError):
        counters.count_in_window("test:away", 60)
    assert len(tried) == 2
