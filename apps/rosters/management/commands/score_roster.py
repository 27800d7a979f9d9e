"""Score a roster against an instance of the shift scheduling benchmark of Curtois and Qu."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.rosters import rules
from apps.rosters.rules import curtois


class Command(BaseCommand):
    help = (
        "Print how many hard constraints a roster breaks and its penalty, as the authors of the benchmark define them. "
        "Exits with 1 when a hard one is broken."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("instance", type=Path, help="a file such as Instance1.txt")
        parser.add_argument("solution", type=Path, help="lines “EmployeeID,Day,ShiftID”, the first day is 0")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            instance = curtois.read_instance(read(options["instance"]))
        except curtois.NotAnInstance as error:
            raise CommandError(f"{options['instance']}: {error}", returncode=2) from None
        try:
            roster = curtois.read_solution(read(options["solution"]), instance)
        except curtois.NotAnInstance as error:
            raise CommandError(f"{options['solution']}: {error}", returncode=2) from None
        findings = curtois.findings_in(instance, roster)
        hard, penalty = rules.cost_of(findings)
        if options["json"]:
            by_rule = rules.names_of(finding for finding in findings if finding.is_hard)
            self.stdout.write(json.dumps({"hard": hard, "penalty": penalty, "broken": by_rule}))
        else:
            self.stdout.write(f"hard {hard}\npenalty {penalty}")
        if hard:
            raise SystemExit(1)


def read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: {error}", returncode=2) from None
