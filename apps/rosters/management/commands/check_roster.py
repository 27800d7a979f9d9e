"""Check a unit's roster against the rules that hold for it."""

import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from apps.people.models import User
from apps.rosters import queries, rules
from apps.rosters.management import places
from apps.rosters.models import Plan
from apps.sites.models import Unit

NOT_UNDERSTOOD = 2  # since 1 says that a hard rule is broken


class Command(BaseCommand):
    help = (
        "Print what the rules find in a unit's roster: its draft where there is one, else what is published. "
        "Exits with 1 when a hard rule is broken."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("unit", help=places.HELP)
        parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, help="the first day")
        parser.add_argument(
            "--until", dest="last", type=date.fromisoformat, required=True, help="the day after the last"
        )
        parser.add_argument("--live", action="store_true", help="check what is published, whatever is drafted")
        parser.add_argument("--hard", action="store_true", help="leave out what is only weighed")
        parser.add_argument("--language", default="en", choices=["ko", "en", "ar"])
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        unit, first, last = (
            places.find_unit(options["unit"], returncode=NOT_UNDERSTOOD),
            options["first"],
            options["last"],
        )
        if first >= last:
            raise CommandError("The day after the last has to lie after the first.", returncode=NOT_UNDERSTOOD)
        findings = [f for f in find(unit, first, last, is_live=options["live"]) if f.is_hard or not options["hard"]]
        hard, cost = rules.cost_of(findings)
        with translation.override(options["language"]):
            told = list(described(findings))
        if options["json"]:
            self.stdout.write(json.dumps({"hard": hard, "cost": cost, "findings": told}, ensure_ascii=False))
        else:
            for row in told:
                who = row["staff_number"] or "-"
                self.stdout.write(f"{row['level']} {row['rule']} {who} {row['days'][-1]}: {row['sentence']}")
            self.stdout.write(f"{hard} hard, {len(findings) - hard} weighed at {cost}")
        if hard:
            raise SystemExit(1)


def find(unit: Unit, first: date, last: date, *, is_live: bool) -> list[rules.Finding]:
    """Return the findings of the days [first, last): each roster's draft on its own days, the published rest."""
    plans = [] if is_live else list(Plan.objects.filter(unit=unit, during__overlap=(first, last)).order_by("during"))
    stretches: list[tuple[date, date, int | None]] = []
    at = first
    for plan in plans:
        begin, end = max(first, plan.during.lower), min(last, plan.during.upper)
        if at < begin:
            stretches.append((at, begin, None))
        stretches.append((begin, end, plan.pk))
        at = end
    if at < last:
        stretches.append((at, last, None))
    found: dict[tuple[Any, ...], rules.Finding] = {}
    for begin, end, plan_id in stretches:
        facts, bound = queries.load_judged(unit, begin, end, plan_id=plan_id)
        for finding in rules.check(facts, bound):
            key = (finding.rule_code, finding.user_id, finding.key, finding.days, finding.partner_id, finding.span)
            found.setdefault(key, finding)
    return list(found.values())


def described(findings: list[rules.Finding]) -> Any:
    """Yield each finding as plain values, with its sentence in the active language."""
    users = {finding.user_id for finding in findings} - {0}
    numbers = dict(User.objects.filter(pk__in=users).values_list("pk", "staff_number"))
    for finding in findings:
        yield {
            "rule": finding.rule_code,
            "family": finding.family,
            "level": finding.level,
            "weight": finding.weight,
            "user": finding.user_id or None,
            "staff_number": numbers.get(finding.user_id, ""),
            "days": [date.fromordinal(day).isoformat() for day in finding.days],
            "measured": finding.measured,
            "limit": finding.limit,
            "is_waivable": finding.is_waivable,
            "sentence": rules.sentence_of(finding),
        }
