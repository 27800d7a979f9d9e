"""Wakes the outbox after each commit that wrote to it; the sweep by beat is what makes it sure."""

import logging

from kombu.exceptions import OperationalError

from . import tasks
from .events import add_waker

logger = logging.getLogger(__name__)


def wake_outbox() -> None:
    try:
        tasks.drain_outbox.apply_async(ignore_result=True, retry=False)
    except OperationalError:
        logger.warning("The task queue did not answer; the outbox waits for the next sweep.")


add_waker(wake_outbox)
