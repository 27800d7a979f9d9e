"""Background work of the outbox, and the heartbeat by which `doctor` knows that beat and a worker live."""

from celery import shared_task
from django.core.cache import cache
from django.db import OperationalError

from . import actions, clock

HEARTBEAT_KEY = "heartbeat"


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=3)
def drain_outbox() -> int:
    return actions.drain_outbox()


@shared_task
def purge_outbox() -> int:
    return actions.purge_outbox()


@shared_task
def beat_heartbeat() -> None:
    """Leave a mark that beat sent this task and a worker ran it."""
    cache.set(HEARTBEAT_KEY, clock.now().isoformat(), timeout=120)
