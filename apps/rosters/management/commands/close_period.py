"""`manage.py close_period UNIT MONTH`: close a unit's rosters of a month and count it; the same however often it runs."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.rosters import actions, queries
from apps.rosters.management import places


class Command(BaseCommand):
    help = (
        "Close the rosters of a unit that have days in a month, and write what everybody had (nights, weekends, holidays, days "
        "off and their balance) into the ledger. Run again, it counts anew and changes nothing else."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("unit", help=places.HELP)
        parser.add_argument("month", help="such as 2026-08")
        parser.add_argument("--dry-run", action="store_true", help="say what it would count, and write nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        unit, month = places.find_unit(options["unit"]), read_month(options["month"])
        plans = queries.plans_of_month(unit, month)
        if not plans:
            raise CommandError(f"{unit} has no roster in {month:%Y-%m}.")
        written = 0
        if not options["dry_run"]:
            try:
                for plan in plans:
                    written += sum(actions.close_plan(by=None, plan=plan).values())
            except actions.RostersError as error:
                raise CommandError(str(error)) from error
        counts = queries.counts_of_month(unit, month)
        if options["json"]:
            found = {"unit": str(unit), "month": f"{month:%Y-%m}", "plans": [plan.pk for plan in plans]}
            self.stdout.write(json.dumps({**found, "written": written, "people": counts}, ensure_ascii=False))
            return
        names = sorted({name for row in counts.values() for name in row})
        self.stdout.write("\t".join(["person", *names]))
        for user_id, row in counts.items():
            self.stdout.write("\t".join([str(user_id), *(str(row.get(name, 0)) for name in names)]))
        self.stdout.write(f"{written} counts written." if not options["dry_run"] else "Nothing was written.")


def read_month(text: str) -> date:
    """Return the first day of a month that is written as 2026-08."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise CommandError(f"{text} is no month; write it as 2026-08.") from error
