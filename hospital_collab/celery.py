"""The Celery application. Tasks live in each app's `tasks.py`; the schedule in each app's `apps.py`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hospital_collab.settings.portal")

app = Celery("hospital_collab")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
