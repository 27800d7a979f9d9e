from celery import shared_task

from . import actions


@shared_task
def seal_entries() -> int:
    return actions.seal_entries()
