"""`manage.py import_mattermost`: conversations from a Mattermost bulk export."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management import CommandError, CommandParser
from django.core.management.base import BaseCommand

from apps.messaging.imports import ImportRefused, Report, import_conversations
from apps.messaging.management.mattermost import MattermostExport, NotAnExport
from apps.people.imports import find_by_numbers
from apps.people.models import User
from apps.sites.models import Site

COUNTED = ("teams", "channels", "roots", "replies", "reactions")


class Command(BaseCommand):
    help = (
        "Import a Mattermost bulk export (JSON lines). Running it again adds only what is new; a run that was stopped is "
        "continued. Channels become private ones with their members; people whom --map does not name become inactive "
        "placeholders. Ends with 0 also when lines were left out: they are named with their reasons."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the .jsonl file")
        parser.add_argument("--site", required=True, help="code of the site to which its teams belong")
        parser.add_argument(
            "--member",
            action="append",
            nargs="+",
            default=[],
            metavar="STAFFNO",
            help="staff who come into all imported channels of teams as owners, to read and answer; direct chats stay private",
        )
        parser.add_argument(
            "--map",
            type=Path,
            metavar="CSV",
            help="who is who: Mattermost username or e-mail, staff number (UTF-8 or CP949, with or without a heading); "
            "give it with the first run, since messages keep their author",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be added, and add nothing")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        site = self.find_site(options["site"])
        members = self.find_members([number for numbers in options["member"] for number in numbers])
        path: Path = options["file"]
        try:
            with path.open("rb") as file:
                fingerprint = f"{path.name} sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
                file.seek(0)
                source = MattermostExport(file, site.code)
                known = self.read_map(options["map"], source) if options["map"] else {}
                report = import_conversations(
                    source,
                    site=site,
                    known=known,
                    members=members,
                    fingerprint=fingerprint,
                    is_trial=options["dry_run"],
                    tell=None if options["json"] else self.stdout.write,
                )
        except OSError as error:
            raise CommandError(f"{error.filename or path} cannot be read: {error.strerror}.") from error
        except (NotAnExport, ImportRefused) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(as_json(report, site, options["dry_run"]), ensure_ascii=False, indent=2))
        else:
            self.print_report(report, options["dry_run"])

    def find_site(self, code: str) -> Site:
        site: Site | None = Site.objects.filter(code=code).first()
        if site is None:
            codes = ", ".join(Site.objects.values_list("code", flat=True))
            raise CommandError(f"There is no site {code}. The sites are: {codes or 'none yet'}.")
        return site

    def find_members(self, numbers: list[str]) -> list[User]:
        found = find_by_numbers([number.upper() for number in numbers])
        missing = [number for number in numbers if number.upper() not in found or not found[number.upper()].is_active]
        if missing:
            raise CommandError(f"No active person has the staff number {', '.join(missing)}.")
        return list(found.values())

    def read_map(self, path: Path, source: MattermostExport) -> dict[str, User]:
        """Return who the people of the file are here. All rows must name somebody of ours; a heading may stand above."""
        rows = read_rows(path)
        people = find_by_numbers([number.upper() for _, number, _ in rows])
        known: dict[str, User] = {}
        wrong = []
        for name, number, line in rows:
            username = source.emails.get(name.casefold(), name.lstrip("@").casefold())
            person = people.get(number.upper())
            if person is not None:
                known[username] = person
            elif line > 1 or username in source.people:
                wrong.append(f"line {line}: {number or 'no staff number'}")
        if wrong:
            raise CommandError(f"{path.name} names staff numbers that nobody has: {'; '.join(wrong[:20])}.")
        return known

    def print_report(self, report: Report, is_trial: bool) -> None:
        for name in COUNTED:
            self.stdout.write(f"{name:10} {report.found[name]:8} in the file, {report.added[name]} new")
        self.stdout.write(
            f"{'users':10} {report.mapped + report.placeholders:8} in the file, {report.mapped} of them ours, "
            f"{report.added['placeholders']} new placeholders"
        )
        for skipped in report.skipped:
            self.stdout.write(f"line {skipped.line} left out: {skipped.reason}")
        if is_trial:
            self.stdout.write("A trial: nothing was stored.")


def read_rows(path: Path) -> list[tuple[str, str, int]]:
    """Return the first two cells of each row that is not empty, with its line. UTF-8 with or without a mark, or CP949."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp949")
        except UnicodeDecodeError as error:
            raise CommandError(f"{path.name} is neither UTF-8 nor CP949. Save it as CSV UTF-8.") from error
    heading = text.splitlines()[0] if text.strip() else ""
    separator = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return [
        (row[0].strip(), row[1].strip() if len(row) > 1 else "", reader.line_num)
        for row in reader
        if row and row[0].strip()
    ]


def as_json(report: Report, site: Site, is_trial: bool) -> Mapping[str, Any]:
    """Counts of what the file holds and, under "added", of what this run stored (or would have)."""
    added = (*COUNTED, "placeholders") if is_trial else (*COUNTED, "placeholders", "members")
    return {
        "site": site.code,
        "dry_run": is_trial,
        **{name: report.found[name] for name in COUNTED},
        "users": {"mapped": report.mapped, "placeholders": report.placeholders},
        "added": {name: report.added[name] for name in added},
        "ignored": report.ignored,
        "skipped": [asdict(skipped) for skipped in report.skipped],
    }
