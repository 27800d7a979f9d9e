"""`manage.py who_is_on SITE/DEPARTMENT/UNIT[/DUTY]`: who is on at an instant, as known at an instant."""

import json
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.people.models import User
from apps.rosters import queries
from apps.rosters.management.places import find_unit
from apps.rosters.models import Duty
from apps.rosters.queries import OnDuty, PersonIn
from apps.sites.models import Unit


class Command(BaseCommand):
    help = (
        "Say who is on: in each tier of a duty, or of all duties of a unit and in its shifts. Times without an offset are "
        "read by the clock of the site. Ends with 1 where the place or a time is not understood."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("place", metavar="SITE/DEPARTMENT/UNIT[/DUTY]", help="by the codes")
        parser.add_argument("--at", help="an instant such as 2026-11-23T03:00 (now)")
        parser.add_argument("--known-at", help="as it was known at this instant (now)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        unit, duties = find_place(options["place"])
        zone = unit.department.site.zone
        at = read_instant(options["at"], zone) if options["at"] else clock.now()
        known_at = read_instant(options["known_at"], zone) if options["known_at"] else None
        answers = queries.who_are_on({duty.pk: at for duty in duties}, known_at)
        in_shift = queries.who_is_in(unit, at, known_at)
        ids = {person.user_id for answer in answers.values() for person in answer.people}
        people = User.objects.in_bulk(ids | {person.user_id for person in in_shift})
        report = {
            "unit": unit.name_en or unit.name,
            "at": write_instant(at, zone),
            "known_at": write_instant(known_at, zone) if known_at else None,
            "duties": [describe_duty(duty, answers[duty.pk], people, zone) for duty in duties],
            "in_shift": [describe_shift(person, people, zone) for person in in_shift],
        }
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        else:
            self.stdout.writelines(f"{line}\n" for line in word_report(report))


def find_place(path: str) -> tuple[Unit, list[Duty]]:
    """Return the unit that a path of codes names, and the one duty that it names or all of the unit."""
    parts = path.strip("/").split("/")
    if len(parts) not in (3, 4):
        raise CommandError("Write the place as SITE/DEPARTMENT/UNIT or SITE/DEPARTMENT/UNIT/DUTY, by the codes.")
    unit = find_unit("/".join(parts[:3]))
    duties = list(Duty.objects.filter(unit=unit, **({"code": parts[3]} if len(parts) == 4 else {})))
    if len(parts) == 4 and not duties:
        raise CommandError(f"The unit {'/'.join(parts[:3])} has no duty {parts[3]}.")
    return unit, duties


def read_instant(words: str, zone: tzinfo) -> datetime:
    try:
        instant = datetime.fromisoformat(words)
    except ValueError as error:
        raise CommandError(f"“{words}” is no instant; write one such as 2026-11-23T03:00.") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)


def write_instant(instant: datetime, zone: tzinfo) -> str:
    return instant.astimezone(zone).isoformat()


def describe_duty(duty: Duty, answer: OnDuty, people: dict[int, User], zone: tzinfo) -> dict[str, Any]:
    return {
        "duty": duty.code,
        "name": duty.name_en or duty.name,
        "at": write_instant(answer.at, zone),
        "reason": answer.reason,
        "tiers": [
            {
                "number": tier.number,
                "people": [
                    {
                        **describe_person(person.user_id, people),
                        "via": person.via,
                        "code": person.shift_code,
                        "until": write_instant(person.until, zone),
                    }
                    for person in tier.people
                ],
                "reason": tier.reason,
            }
            for tier in answer.tiers
        ],
    }


def describe_shift(person: PersonIn, people: dict[int, User], zone: tzinfo) -> dict[str, Any]:
    until = write_instant(person.until, zone)
    return {**describe_person(person.user_id, people), "code": person.code, "kind": person.kind, "until": until}


def describe_person(user_id: int, people: dict[int, User]) -> dict[str, Any]:
    person = people[user_id]
    return {"user_id": user_id, "staff_number": person.staff_number, "name": person.display_name}


def word_report(report: dict[str, Any]) -> Iterable[str]:
    known = f", as known at {report['known_at']}" if report["known_at"] else ""
    yield f"{report['unit']} at {report['at']}{known}"
    for duty in report["duties"]:
        yield f"{duty['duty']}: nobody ({duty['reason']})" if duty["reason"] else duty["duty"]
        for tier in duty["tiers"]:
            if tier["reason"]:
                yield f"  {tier['number']}. nobody ({tier['reason']})"
            for person in tier["people"]:
                how = person["code"] or person["via"]
                yield f"  {tier['number']}. {person['staff_number']} {person['name']} ({how}) until {person['until']}"
    for person in report["in_shift"]:
        yield f"{person['code']:8} {person['staff_number']} {person['name']} until {person['until']}"
