"""Background work of messaging."""

from celery import shared_task

from . import actions


@shared_task
def purge_emptied_drafts() -> int:
    """Remove what is left of drafts that were sent or emptied long ago."""
    return actions.purge_emptied_drafts()
