"""`manage.py gauntlet_chat`: chat under a thousand faults; ends with 1 when it breaks a promise."""

import json
import time
from dataclasses import asdict
from typing import Any

from django.core.management import CommandError, CommandParser
from django.core.management.base import BaseCommand

from apps.operations import launch
from apps.operations.gauntlet.faults import run_faults
from apps.operations.gauntlet.stand import Stand
from apps.operations.places import OperationsError

FAULTS = 1_000


class Command(BaseCommand):
    help = (
        "On a scratch PostgreSQL with production's durability: while 48 people write, change and react and 12 pages listen, "
        "kill -9 web processes, end PostgreSQL and Valkey, empty the bus. Ends with 1 on a violation."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--faults", type=int, default=FAULTS, help="how many (1000, about two hours)")
        parser.add_argument("--seed", type=int, default=20_417, help="repeats a run's choices (20417)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        services = launch.scratch
        if services is None:
            raise CommandError("Start it as a program: python manage.py gauntlet_chat.")
        if options["faults"] < 1:
            raise CommandError("--faults is positive.")
        began = time.monotonic()
        stand = Stand(services)
        try:
            world = stand.build()
            self.say(f"a scratch portal in {services.folder} stands after {time.monotonic() - began:.1f} s")
            report = run_faults(
                stand.webs, services, world, faults=options["faults"], seed=options["seed"], say=self.say
            )
        except OperationsError as error:
            raise CommandError(str(error)) from error
        finally:
            stand.end()
        found = {"seed": options["seed"], **asdict(report), "seconds": round(time.monotonic() - began, 1)}
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
        else:
            for name, value in found.items():
                if name != "violations":
                    self.stdout.write(f"{name:20} {value}")
            self.stdout.write("\n".join(report.violations[:50]) or "no promise was broken")
        if report.violations:
            raise CommandError(f"{len(report.violations)} violations")

    def say(self, line: str) -> None:
        self.stderr.write(f"gauntlet: {line}")
        self.stderr.flush()
