"""Send what is due, one beat at a time in the whole installation: a second one waits until the first is gone."""

import os
import signal
import threading
import time
from typing import Any

from celery import current_app
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

BEAT_LOCK = 0x6265_6174
TRY_EVERY = 2.0  # seconds
LOOK_EVERY = 5.0


class Command(BaseCommand):
    help = (
        "Run Celery's beat under an advisory lock: of several only one sends, and another takes over when it is gone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--schedule", required=True, help="the file in which beat notes when it last sent what")
        parser.add_argument("--loglevel", default="WARNING")

    def handle(self, *args: Any, **options: Any) -> None:
        while not self._take_lock():
            time.sleep(TRY_EVERY)
        threading.Thread(target=self._watch_lock, args=(connection.connection,), daemon=True).start()
        current_app.Beat(schedule=options["schedule"], loglevel=options["loglevel"], pidfile="", quiet=True).run()

    def _take_lock(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [BEAT_LOCK])
            return bool(cursor.fetchone()[0])

    def _watch_lock(self, session: Any) -> None:
        """End this process when the session that holds the lock is gone: somebody else may send by then."""
        while True:
            time.sleep(LOOK_EVERY)
            try:
                session.execute("SELECT 1")
            except Exception:  # noqa: BLE001 — whatever the driver says, the lock is not ours any more
                os.kill(os.getpid(), signal.SIGTERM)
                return
