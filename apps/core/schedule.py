"""The schedule of beat. Each app adds its own entries in `AppConfig.ready()`; a job claims its rows, so two beats do no harm."""

from typing import Any

from celery import current_app


def every(seconds: float, task_name: str, **kwargs: Any) -> None:
    """Run a task of no arguments every so many seconds."""
    current_app.conf.beat_schedule = {
        **(current_app.conf.beat_schedule or {}),
        task_name: {"task": task_name, "schedule": seconds, "options": {"expires": seconds * 2}, "kwargs": kwargs},
    }
