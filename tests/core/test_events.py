"""Durable events reach each subscriber at least once and in order; a failing one holds back only itself."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import transaction

from apps.core import actions, events
from apps.core.models import ATTEMPTS_BEFORE_DEAD, OutboxEvent

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True)
class ThingDone(events.Event):
    durable = True
    thing_id: int
    step: int

    @property
    def aggregate(self) -> str:
        return f"thing:{self.thing_id}"


@dataclass(frozen=True, slots=True)
class ThingHinted(events.Event):
    thing_id: int


@pytest.fixture
def seen(monkeypatch):
    """Two subscribers, `good` and `bad`; `bad` fails while `seen["fail"]` is set."""
    seen = {"good": [], "bad": [], "hint": [], "fail": False}
    monkeypatch.setattr(events, "_classes", {})
    monkeypatch.setattr(events, "_subscribers", {})
    monkeypatch.setattr(events, "_wakers", [])

    def good(event):
        seen["good"].append((event.thing_id, event.step))

    def bad(event):
        if seen["fail"]:
            raise RuntimeError("not now")
        seen["bad"].append((event.thing_id, event.step))

    def hint(event):
        seen["hint"].append(event.thing_id)
        raise RuntimeError("a hint may be lost")

    events.subscriber(ThingDone)(good)
    events.subscriber(ThingDone)(bad)
    events.subscriber(ThingHinted)(hint)
    return seen


def publish(*steps: int, thing_id: int = 1) -> None:
    with transaction.atomic():
        for step in steps:
            events.publish(ThingDone(thing_id=thing_id, step=step))


def test_each_subscriber_gets_each_event_in_order(seen):
    publish(1, 2, 3)
    assert actions.drain_outbox() == 6
    assert seen["good"] == seen["bad"] == [(1, 1), (1, 2), (1, 3)]
    assert actions.drain_outbox() == 0


def test_a_rolled_back_change_has_no_event(seen):
    def fail_after_publishing() -> None:
        with transaction.atomic():
            events.publish(ThingDone(thing_id=1, step=1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_publishing()
    assert not OutboxEvent.objects.exists()


def test_a_failing_subscriber_keeps_its_order_and_stops_nobody_else(seen, clock):
    seen["fail"] = True
    publish(1, 2)
    publish(1, thing_id=2)
    actions.drain_outbox()
    assert seen["good"] == [(1, 1), (1, 2), (2, 1)]
    assert seen["bad"] == []
    seen["fail"] = False
    actions.drain_outbox()  # too early: it backs off
    assert seen["bad"] == []
    clock.shift(timedelta(minutes=10))
    actions.drain_outbox()
    assert seen["bad"] == [(1, 1), (1, 2), (2, 1)]
    assert seen["good"] == [(1, 1), (1, 2), (2, 1)]


def test_poison_is_put_aside_after_twelve_attempts(seen, clock):
    seen["fail"] = True
    publish(1)
    for _ in range(ATTEMPTS_BEFORE_DEAD + 3):
        actions.drain_outbox()
        clock.shift(timedelta(minutes=10))
    row = OutboxEvent.objects.get()
    assert row.dead_at is not None
    assert row.attempts == ATTEMPTS_BEFORE_DEAD
    assert "not now" in row.error


def test_an_event_that_waits_behind_poison_is_still_handed_over(seen, clock):
    seen["fail"] = True
    publish(1)
    publish(2)
    for _ in range(ATTEMPTS_BEFORE_DEAD + 2):
        actions.drain_outbox()
        clock.shift(timedelta(minutes=10))
    first, second = OutboxEvent.objects.order_by("id")
    assert first.dead_at is not None
    seen["fail"] = False
    clock.shift(timedelta(hours=2))
    actions.drain_outbox()
    second.refresh_from_db()
    assert second.pending == []
    assert seen["bad"] == [(1, 2)]


def test_a_hint_that_fails_disturbs_nobody(seen, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        events.publish(ThingHinted(thing_id=5))
    assert seen["hint"] == [5]


def test_done_events_are_purged_after_a_week_and_waiting_ones_never(seen, clock):
    publish(1)
    actions.drain_outbox()
    seen["fail"] = True
    publish(2)
    actions.drain_outbox()
    clock.shift(timedelta(days=8))
    assert actions.purge_outbox() == 1
    assert OutboxEvent.objects.count() == 1
