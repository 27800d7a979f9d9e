"""`manage.py export_roster UNIT --from DAY --until DAY`: a unit's roster as the spreadsheet that wards know."""

import csv
import sys
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from apps.rosters import queries
from apps.rosters.management import places
from apps.rosters.templatetags.rosters import weekday
from apps.sites.models import LANGUAGES

MARK = "\ufeff"  # tells Excel that this is UTF-8
LONGEST = 366  # days


class Command(BaseCommand):
    help = (
        "Write a unit's published roster, or with --draft what is being planned, as a table that Excel opens: people down, days "
        "across, counts at the right and below. Ends with 1 where the unit or the days are not understood, with 3 where nothing "
        "stands in those days; the empty table is written nevertheless."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("unit", help=places.HELP)
        parser.add_argument("--from", dest="first", required=True, metavar="DAY", help="the first day: 2026-08-01")
        parser.add_argument("--until", required=True, metavar="DAY", help="the first day after it: 2026-09-01")
        parser.add_argument("--format", choices=["csv"], default="csv")
        parser.add_argument("--draft", action="store_true", help="what is planned instead of what was published")
        parser.add_argument(
            "--language", choices=[code for code, _name in LANGUAGES], help="of headings and names (the site's)"
        )
        parser.add_argument("--output", metavar="FILE", help="(the standard output)")

    def handle(self, *args: Any, **options: Any) -> None:
        unit = places.find_unit(options["unit"])
        first, last = read_day(options["first"]), read_day(options["until"])
        if not 0 < (last - first).days <= LONGEST:
            raise CommandError(f"--until must lie after --from, by at most {LONGEST} days.")
        sheet = queries.sheet_of(unit, first, last, is_draft=options["draft"])
        with translation.override(options["language"] or unit.department.site.language):
            lines = list(sheet.lines(weekday))
        text = StringIO(newline="")
        csv.writer(text).writerows(lines)
        if options["output"]:
            try:
                Path(options["output"]).write_bytes((MARK + text.getvalue()).encode())
            except OSError as error:
                raise CommandError(f"{options['output']} cannot be written: {error.strerror}.") from error
        else:
            self.stdout.write(MARK + text.getvalue(), ending="")
        if not sheet.cells:
            self.stderr.write(f"Nothing is {'drafted' if options['draft'] else 'published'} in those days.")
            sys.exit(3)


def read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text} is no day; write it as 2026-08-01.") from error
