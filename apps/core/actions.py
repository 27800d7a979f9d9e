"""The verbs of the outbox."""

import logging
from datetime import timedelta

from django.db import connection, transaction

from . import clock
from .events import load_event, subscribers_of
from .models import ATTEMPTS_BEFORE_DEAD, OutboxEvent

logger = logging.getLogger(__name__)

KEEP_DONE_FOR = timedelta(days=7)


def drain_outbox(*, limit: int = 200) -> int:
    """Hand waiting events to their subscribers and return how many hand-overs succeeded.

    Safe to run in any number of processes at once: an aggregate is taken by an advisory lock that lasts one transaction, and
    its events go out in the order of their rows. A failing subscriber holds back only its own later events of that aggregate;
    after twelve attempts the event is dead, which `doctor` reports.
    """
    handed_over = 0
    aggregates = list(
        OutboxEvent.objects.filter(dead_at=None, next_try_at__lte=clock.now())
        .exclude(pending=[])
        .order_by("id")
        .values_list("aggregate", flat=True)[:limit]
    )
    for aggregate in dict.fromkeys(aggregates):
        handed_over += _drain_aggregate(aggregate)
    return handed_over


def _drain_aggregate(aggregate: str) -> int:
    handed_over = 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"outbox:{aggregate}"])
            if not cursor.fetchone()[0]:
                return 0
        held_back: set[str] = set()
        rows = OutboxEvent.objects.filter(aggregate=aggregate, dead_at=None).exclude(pending=[]).order_by("id")[:500]
        for row in rows:
            if row.next_try_at > clock.now():
                held_back |= set(row.pending)
                continue
            handed_over += _hand_over(row, held_back)
    return handed_over


def _hand_over(row: OutboxEvent, held_back: set[str]) -> int:
    event = load_event(row.name, row.payload)
    handlers = subscribers_of(row.name) if event else {}
    done = []
    has_failed = False
    for name in row.pending:
        if name in held_back:
            continue
        handler = handlers.get(name)
        if handler is None:  # the subscriber was removed with its app
            done.append(name)
            continue
        try:
            with transaction.atomic():
                handler(event)
        except Exception as error:
            logger.exception("The outbox could not hand %s to %s", row.name, name)
            held_back.add(name)
            has_failed = True
            row.error = f"{name}: {type(error).__name__}: {error}"[:2000]
        else:
            done.append(name)
    row.pending = [name for name in row.pending if name not in done]
    if has_failed:  # not where it only waits behind another event
        row.attempts += 1
        row.next_try_at = clock.now() + timedelta(seconds=min(300, 2**row.attempts))
        if row.attempts >= ATTEMPTS_BEFORE_DEAD:
            row.dead_at = clock.now()
    if done or has_failed:
        row.save(update_fields=["pending", "attempts", "next_try_at", "dead_at", "error"])
    return len(done)


def purge_outbox() -> int:
    """Delete events that all subscribers have had for a week; return how many."""
    deleted, _ = OutboxEvent.objects.filter(pending=[], created_at__lt=clock.now() - KEEP_DONE_FOR).delete()
    return deleted
