"""A ward for tests of rosters: a unit in a zone, a plan of three months, a duty, and words to fill them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apps.people.models import User
from apps.rosters import queries
from apps.rosters.models import Override, Rotation, Shift, ShiftType, Tier
from apps.rosters.queries import OnDuty
from tests import factories

SEOUL, DUBAI = ZoneInfo("Asia/Seoul"), ZoneInfo("Asia/Dubai")
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Ward:
    """A unit in a zone, with a plan of three months, a duty and people."""

    def __init__(self, zone: ZoneInfo = SEOUL, first: date = date(2026, 10, 1), people: int = 4) -> None:
        self.zone = zone
        self.site = factories.make_site(time_zone=zone.key)
        self.unit = factories.make_unit(site=self.site)
        self.people = [factories.make_person(unit=self.unit) for _ in range(people)]
        self.plan = factories.make_plan(self.unit, first, first + timedelta(days=92))
        self.types = factories.standard_types(self.site)
        self.duty = factories.make_duty(self.unit)

    def local(self, words: str, *, fold: int = 0) -> datetime:
        return datetime.fromisoformat(words).replace(tzinfo=self.zone, fold=fold).astimezone(UTC)

    def roster(self, user: User, day: str, code: str, **fields: Any) -> Shift:
        fields.setdefault("since", LONG_AGO)
        return factories.make_shift(self.plan, user, date.fromisoformat(day), self.types[code], live=True, **fields)

    def tier(self, filler: ShiftType | Rotation | str, number: int = 1, **fields: Any) -> Tier:
        filler = self.types[filler] if isinstance(filler, str) else filler
        return factories.make_tier(self.duty, filler, number, **{"since": LONG_AGO, **fields})

    def rotation(self, *people: User, first: str, at: str = "08:00", **fields: Any) -> Rotation:
        words = {"first_on": date.fromisoformat(first), "hand_over_at": time.fromisoformat(at), "since": LONG_AGO}
        return factories.make_rotation(self.unit, *people, **{**words, **fields})

    def override(self, user: User, begin: str, end: str, **fields: Any) -> Override:
        return factories.make_override(
            self.duty, user, self.local(begin), self.local(end), **{"since": LONG_AGO, **fields}
        )

    def on(self, words: str, known_at: datetime | None = None, *, fold: int = 0) -> OnDuty:
        return queries.who_is_on(self.duty, self.local(words, fold=fold), known_at)

    def names(self, words: str, known_at: datetime | None = None, *, fold: int = 0) -> list[list[int]]:
        """Who is on, as places in `people`, a list a tier."""
        places = {person.pk: place for place, person in enumerate(self.people)}
        answer = self.on(words, known_at, fold=fold)
        return [[places[person.user_id] for person in tier.people] for tier in answer.tiers]
