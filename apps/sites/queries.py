"""Reads of the tree of places, and of the calendar of a site."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from django.contrib.postgres.fields import DateRangeField
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.core.compiled import CompiledRows, Given
from apps.core.names import ORDER, order_of_languages

from .models import CalendarEntry, CalendarKind, Department, Site, Unit, UnitPlacement

OWN = frozenset(ORDER)


def department_at(unit: Unit, on: date) -> Department | None:
    """Return the department that a unit belonged to on a day, or None before its first placement."""
    placement = UnitPlacement.objects.filter(unit=unit, during__contains=on).select_related("department__site").first()
    return placement.department if placement else None


class KindOfDay(StrEnum):
    """What a day is to those who plan it; a holiday is a holiday whatever its weekday."""

    WEEKDAY = "weekday"
    SATURDAY = "saturday"  # the first of the weekly rest days, whichever weekday it is
    SUNDAY = "sunday"  # the second one, and any after it
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class SiteCalendar:
    """The days [first, last) of a site: the country's holidays, corrected by the site's own entries."""

    first: date
    last: date
    country: str
    rest_days: tuple[int, ...]  # weekdays, the first rest day first
    entries: Mapping[date, tuple[CalendarEntry, ...]]

    def kind_of(self, day: date) -> KindOfDay:
        """Return what a day is; a working day after all is a weekday."""
        if self._entry(day, CalendarKind.WORKING_DAY):
            return KindOfDay.WEEKDAY
        if self.is_holiday(day):
            return KindOfDay.HOLIDAY
        if day.weekday() not in self.rest_days:
            return KindOfDay.WEEKDAY
        return KindOfDay.SATURDAY if day.weekday() == self.rest_days[0] else KindOfDay.SUNDAY

    def is_holiday(self, day: date) -> bool:
        if self._entry(day, CalendarKind.WORKING_DAY):
            return False
        return self._entry(day, CalendarKind.HOLIDAY) is not None or day in _days_of_country(self.country, day.year)

    def is_ramadan(self, day: date) -> bool:
        """Whether Ramadan hours hold; only a site's own entry says so."""
        return self._entry(day, CalendarKind.RAMADAN) is not None

    def is_tentative(self, day: date) -> bool:
        """Whether what the calendar says of a day still waits for its confirmation, as days by the moon do."""
        own = [entry for entry in self.entries.get(day, ()) if entry.kind != CalendarKind.RAMADAN]
        if own:
            return not all(entry.is_confirmed for entry in own)
        if (public := _days_of_country(self.country, day.year).get(day)) is not None:
            return public.is_estimate
        ramadan = self._entry(day, CalendarKind.RAMADAN)
        return ramadan is not None and not ramadan.is_confirmed

    def name_of(self, day: date) -> str:
        """Return what a day is called in the reader's language, or the nearest; empty for a day like any other."""
        own = self._entry(day, CalendarKind.WORKING_DAY) or self._entry(day, CalendarKind.HOLIDAY)
        if own is not None:
            return own.name
        public = _days_of_country(self.country, day.year).get(day)
        return next((name for code in order_of_languages() if (name := public.names.get(code))), "") if public else ""

    def _entry(self, day: date, kind: CalendarKind) -> CalendarEntry | None:
        return next((entry for entry in self.entries.get(day, ()) if entry.kind == kind), None)


_ENTRIES: CompiledRows[None, CalendarEntry] = CompiledRows(
    lambda _shape, number: CalendarEntry.objects.filter(
        site_id=number(0), during__overlap=Given("days", DateRangeField())
    )
)


def calendar_of(site: Site, first: date, last: date) -> SiteCalendar:
    """Return the calendar of a site for the days [first, last); one query.

    A day outside of them is answered by weekday and country alone. Nothing of another country is in it.
    """
    entries: dict[date, tuple[CalendarEntry, ...]] = {}
    for entry in _ENTRIES.rows(None, site.pk, days=DateRange(first, last)):
        day, end = max(first, entry.during.lower), min(last, entry.during.upper)
        while day < end:
            entries[day] = (*entries.get(day, ()), entry)
            day += timedelta(days=1)
    return SiteCalendar(first, last, site.country.upper(), _in_order(site.rest_days), entries)


def _in_order(rest_days: list[int]) -> tuple[int, ...]:
    """Return the weekly rest days as they follow each other: Sunday and Monday, not Monday and Sunday."""
    days = sorted(set(rest_days))
    begin = next((place for place, day in enumerate(days) if (day - 1) % 7 not in days), 0)
    return (*days[begin:], *days[:begin])


# -- What a country's law says: computed, never stored --------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PublicHoliday:
    names: Mapping[str, str]  # by the portal's languages; at least one
    is_estimate: bool


@lru_cache(maxsize=64)
def _days_of_country(country: str, year: int) -> Mapping[date, PublicHoliday]:
    """Return the public holidays of a year; none for an unknown country. About 10 ms, once a process."""
    import holidays  # a quarter of a second, which most commands do without
    from holidays.groups.islamic import IslamicHolidays

    try:
        kind = type(holidays.country_holidays(country))
    except NotImplementedError:
        return {}

    def named(language: str | None, **options: Any) -> dict[date, str]:
        return dict(holidays.country_holidays(country, years=year, language=language, **options))

    # An estimated day is told by a mark in its name, and names are to be shown without it.
    by_moon = issubclass(kind, IslamicHolidays)
    plain: dict[str, Any] = {"islamic_show_estimated": False} if by_moon else {}
    names = {language[:2]: named(language, **plain) for language in kind.supported_languages if language[:2] in OWN}
    names = names or {"en": named(None, **plain)}
    certain = named(None, **plain)
    marked = named(None, islamic_show_estimated=True) if by_moon else certain
    return {
        day: PublicHoliday({code: days[day] for code, days in names.items()}, marked[day] != name)
        for day, name in certain.items()
    }
