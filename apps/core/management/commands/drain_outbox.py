"""Hand waiting events to their subscribers now, without the task queue."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.core import actions


class Command(BaseCommand):
    help = "Hand waiting events to their subscribers now, without the task queue."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        total = 0
        while handed_over := actions.drain_outbox():
            total += handed_over
        self.stdout.write(json.dumps({"handed_over": total}) if options["json"] else f"{total} hand-overs.")
