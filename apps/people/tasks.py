"""What the calendar does by itself."""

from celery import shared_task

from . import actions


@shared_task
def turn_day() -> int:
    return actions.turn_day()
