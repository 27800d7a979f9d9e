"""Compare the rules with a second, slow implementation over random rosters."""

import json
from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.rosters import rules


class Command(BaseCommand):
    help = "Check random rosters by the rules and by the slow oracle of the tests; exits with 1 where they differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, default=10_000, help="how many rosters a family")
        parser.add_argument("--seed", type=int, default=0, help="the first of them; the same gives the same rosters")
        parser.add_argument("--family", choices=sorted(rules.FAMILIES), help="only one of the nine")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rosters = import_module("tests.rosters.random_rosters")
        except ModuleNotFoundError:
            raise CommandError("The oracle lies with the tests, which are not here.", returncode=2) from None
        families = [options["family"]] if options["family"] else list(rules.FAMILIES)
        result = {"count": options["count"], "families": {}, "differing": []}
        for family in families:
            found = 0
            for seed in range(options["seed"], options["seed"] + options["count"]):
                mine, theirs, twice = rosters.compared(seed, family)
                found += len(mine)
                if mine != theirs or twice:
                    result["differing"].append([family, seed])
                    self.stderr.write(f"{family} {seed}: only here {mine - theirs}, only there {theirs - mine}")
            result["families"][family] = found
            if not options["json"]:
                self.stdout.write(f"{family}: {options['count']} rosters, {found} findings")
        if options["json"]:
            self.stdout.write(json.dumps(result))
        if result["differing"]:
            raise SystemExit(1)
