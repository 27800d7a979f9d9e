"""The Celery application. Tasks live in each app's `tasks.py`; the schedule in each app's `apps.py`."""

import os
import signal
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hospital_collab.settings.portal")

app = Celery("hospital_collab")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def end_with_the_worker(**_: Any) -> None:
    """Let no process of a worker's pool outlive a worker that was killed."""
    from apps.operations.embedded import set_death_signal

    set_death_signal(signal.SIGKILL)
