"""`manage.py seed_demo`: the demo hospital, into an empty database."""

import time
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import BaseCommand

from apps.operations.demo_data.hospital import AlreadyFilled, fill


class Command(BaseCommand):
    help = (
        "Fill an empty database with the demo hospital: six sites, about 900 people, teams, channels and conversations. "
        "Only where demo data is allowed, and never where there are people."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "Demo data is off here: these people would have a password that everybody knows. "
                "Use the embedded database of `./run portal`, or `./run portal --demo`."
            )
        began = time.monotonic()
        try:
            filled = fill()
        except AlreadyFilled as error:
            raise CommandError("There are people in this database already; the demo is for an empty one.") from error
        self.stdout.write(
            f"{filled.people} people in {filled.units} units at {filled.sites} sites, {filled.teams} teams, "
            f"{filled.channels} channels, {filled.messages} messages, {filled.shifts} shifts ({time.monotonic() - began:.1f} s)"
        )
