"""`manage.py doctor`: whether this installation is well."""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management import CommandParser
from django.core.management.base import BaseCommand

from apps.operations import doctor


class Command(BaseCommand):
    help = (
        "Check the database, its roles and pools, the bus, worker, beat, outbox, data folder, translations and settings. "
        "Ends with 1 on a failure."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(doctor.examine())
        failures = sum(finding.level == "failure" for finding in findings)
        if options["json"]:
            report = {"healthy": not failures, "findings": [asdict(finding) for finding in findings]}
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        else:
            width = max(len(finding.check) for finding in findings)
            for finding in findings:
                self.stdout.write(f"{finding.level:8} {finding.check:{width}}  {finding.text}")
            self.stdout.write(f"{failures} failures" if failures else "The portal is well.")
        if failures:
            sys.exit(1)
