"""The board of who is on: the duties of all sites, each by the clock of its site."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from apps.core import clock
from apps.people.models import User
from apps.rosters.models import Duty
from apps.sites.models import Site

from .resolver import OnDuty, PersonOn, TierAnswer, who_are_on

SHOWN_TOGETHER = 2  # duties of one name at one site that stand in one cell; more are counted


class Moment(StrEnum):
    """For when the board is asked, by the clock of each site."""

    NOW = "now"
    TONIGHT = "tonight"
    MORNING = "morning"


TONIGHT, MORNING = time(22), time(7)


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who is on; `person` is None where the reader may not see who."""

    person: User | None
    on: PersonOn
    until: datetime  # by the clock of the site

    @property
    def is_another_day(self) -> bool:
        return self.until.date() != clock.now().astimezone(self.until.tzinfo).date()


@dataclass(frozen=True, slots=True)
class BoardTier:
    answer: TierAnswer
    seats: list[Seat]


@dataclass(frozen=True, slots=True)
class BoardDuty:
    """A duty with who has it."""

    duty: Duty
    answer: OnDuty
    tiers: list[BoardTier]

    @property
    def is_vacant(self) -> bool:
        return not self.answer.people


@dataclass(frozen=True, slots=True)
class BoardSite:
    """A site with its clock; `behind` is the difference to the reader's in minutes."""

    site: Site
    at: datetime
    behind: int

    @property
    def clock(self) -> str:
        return f"{self.at:%H:%M}"

    @property
    def zone_name(self) -> str:
        name = self.at.tzname() or ""
        # A zone without letters of its own is called by its difference to UTC.
        return name if name.isalpha() else f"UTC{self.at:%z}"[:6]


@dataclass(frozen=True, slots=True)
class BoardCell:
    """What a site has of a duty: the duties themselves, or how many there are."""

    site: BoardSite
    duties: list[BoardDuty]
    number: int


@dataclass(frozen=True, slots=True)
class BoardLine:
    """Duties of one code, a cell a site."""

    name: str
    cells: list[BoardCell]


@dataclass(frozen=True, slots=True)
class BoardUnit:
    name: str
    department: str
    duties: list[BoardDuty]


@dataclass(frozen=True, slots=True)
class Board:
    """All sites side by side (`lines`), or one site with all its units (`units`)."""

    sites: list[BoardSite]
    lines: list[BoardLine]
    units: list[BoardUnit]


def instant_at(site: Site, moment: Moment) -> datetime:
    """Return the instant of a moment by the clock of a site, in its zone."""
    now = clock.now().astimezone(site.zone)
    if moment == Moment.TONIGHT:
        return _next(now, TONIGHT)
    return _next(now, MORNING) if moment == Moment.MORNING else now


def _next(now: datetime, at: time) -> datetime:
    day: date = now.date() if now.time() < at else now.date() + timedelta(days=1)
    return datetime.combine(day, at, now.tzinfo)


def board_of(viewer: User, *, moment: Moment = Moment.NOW, site: Site | None = None) -> Board:
    """Return the board: of all sites, or with `site` of its units; four queries."""
    sites = [
        BoardSite(one, at, _minutes_behind(at, viewer))
        for one in Site.objects.visible_to(viewer)
        for at in [instant_at(one, moment)]
    ]
    duties: Any = Duty.objects.visible_to(viewer).select_related("unit__department__site")
    if site is not None:
        duties = duties.filter(unit__department__site=site)
    rows: list[Duty] = list(duties.order_by("place", "code", "unit__department__code", "unit__code", "id"))
    asked = rows if site is not None else _few_of_a_site(rows)
    at_site = {one.site.pk: one.at for one in sites}
    answers = who_are_on({duty.pk: at_site[duty.unit.department.site_id] for duty in asked})
    ids = {person.user_id for answer in answers.values() for person in answer.people}
    people = User.objects.visible_to(viewer).filter(pk__in=ids).in_bulk()
    filled = {duty.pk: _fill(duty, answers[duty.pk], people) for duty in asked}
    if site is not None:
        return Board(sites, [], _by_unit(filled.values()))
    return Board(sites, _side_by_side(rows, filled, sites), [])


def _minutes_behind(at: datetime, viewer: User) -> int:
    here = at.astimezone(viewer.time_zone)
    difference = (at.utcoffset() or timedelta()) - (here.utcoffset() or timedelta())
    return int(difference.total_seconds() // 60)


def _few_of_a_site(duties: Sequence[Duty]) -> list[Duty]:
    numbers: dict[tuple[str, int], int] = {}
    for duty in duties:
        key = (duty.code, duty.unit.department.site_id)
        numbers[key] = numbers.get(key, 0) + 1
    return [duty for duty in duties if numbers[duty.code, duty.unit.department.site_id] <= SHOWN_TOGETHER]


def _fill(duty: Duty, answer: OnDuty, people: dict[int, User]) -> BoardDuty:
    zone = duty.unit.department.site.zone
    tiers = [
        BoardTier(tier, [Seat(people.get(on.user_id), on, on.until.astimezone(zone)) for on in tier.people])
        for tier in answer.tiers
    ]
    return BoardDuty(duty, answer, tiers)


def _side_by_side(duties: Sequence[Duty], filled: dict[int, BoardDuty], sites: Sequence[BoardSite]) -> list[BoardLine]:
    lines: dict[str, dict[int, list[Duty]]] = {}
    for duty in duties:
        lines.setdefault(duty.code, {}).setdefault(duty.unit.department.site_id, []).append(duty)
    return [
        BoardLine(
            next(duty.name for found in by_site.values() for duty in found),
            [
                BoardCell(
                    one,
                    [filled[duty.pk] for duty in by_site.get(one.site.pk, []) if duty.pk in filled],
                    len(by_site.get(one.site.pk, [])),
                )
                for one in sites
            ],
        )
        for by_site in lines.values()
    ]


def _by_unit(duties: Iterable[BoardDuty]) -> list[BoardUnit]:
    units: dict[int, BoardUnit] = {}
    for found in duties:
        unit = found.duty.unit
        units.setdefault(unit.pk, BoardUnit(unit.name, unit.department.name, [])).duties.append(found)
    return sorted(units.values(), key=lambda unit: (unit.department, unit.name))
