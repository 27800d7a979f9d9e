"""Background work of notices: making those of a batch, telling again what was not told, deleting old ones."""

from celery import shared_task
from django.db import OperationalError

from . import actions


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=3)
def expand_batch(batch_id: int) -> bool:
    return actions.expand_batch(batch_id)


@shared_task
def sweep_notices() -> int:
    """Go on with batches that a killed task left, and tell notices whose hint never went out."""
    for batch_id in actions.unfinished_batches():
        actions.expand_batch(batch_id)
    return actions.tell_untold()


@shared_task
def purge_notices() -> int:
    """Delete notices that were read long ago, and what is left of old batches."""
    return actions.purge_batches() + actions.purge_notices()
