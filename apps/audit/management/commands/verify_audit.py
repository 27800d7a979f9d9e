"""Check that no audit entry was changed, removed, added or moved after it was sealed."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.audit import queries


class Command(BaseCommand):
    help = "Check the chain of audit seals; exits with 1 and names the first bad row when it does not hold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head", default="", help="the hash of the newest seal as noted elsewhere; finds a cut tail"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        result = queries.verify_chain(expected_head=options["head"])
        if options["json"]:
            self.stdout.write(json.dumps({**asdict(result), "head": queries.head_of_chain()}))
        else:
            self.stdout.write(f"{result.seals} seals, {result.entries} entries, head {queries.head_of_chain()}")
            for finding in result.findings:
                self.stdout.write(f"{finding.row}: {finding.what}")
        if result.findings:
            raise SystemExit(1)
