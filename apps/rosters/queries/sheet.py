"""A roster as the spreadsheet that wards know: people down, days across, counts at the right and below."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from apps.people.models import User
from apps.rosters.models import Shift, ShiftType
from apps.sites.models import Unit
from apps.sites.queries import SiteCalendar, calendar_of

from .cells import in_order_of_lists, memberships

DAY = timedelta(days=1)
FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute


@dataclass(frozen=True)
class Sheet:
    """The rows of a unit's roster for days [first, last)."""

    unit: Unit
    first: date
    last: date
    people: list[User]
    cells: dict[tuple[int, date], list[str]]
    """Codes by person and day, in the order of their beginnings."""
    types: list[ShiftType]
    """What stands in it, in the order of lists."""
    calendar: SiteCalendar

    @property
    def days(self) -> list[date]:
        return [self.first + DAY * offset for offset in range((self.last - self.first).days)]

    def lines(self, weekday: Callable[[date], str]) -> Iterator[list[str]]:
        """Yield the lines in the active language; no cell is a formula. `weekday` names a day above its column."""
        for line in self._lines(weekday):
            yield [f"'{cell}" if cell.startswith(FORMULAS) else cell for cell in line]

    def _lines(self, weekday: Callable[[date], str]) -> Iterator[list[str]]:
        counted = [kind.code for kind in self.types]
        blank = [""] * 3
        last_day = self.last - DAY
        yield [str(self.unit), f"{self.first:%Y-%m-%d}", f"{last_day:%Y-%m-%d}"]
        is_one_month = (self.first.year, self.first.month) == (last_day.year, last_day.month)
        numbers = [str(day.day) if is_one_month else f"{day.month}/{day.day}" for day in self.days]
        yield [_("Staff number"), _("Name"), _("Position"), *numbers, *counted]
        yield [*blank, *(weekday(day) + "*" * self.calendar.is_holiday(day) for day in self.days)]
        for person in self.people:
            words = [self.cells.get((person.pk, day), []) for day in self.days]
            counts = Counter(code for codes in words for code in codes)
            name = [person.staff_number, person.display_name, person.title]
            yield [*name, *(" ".join(codes) for codes in words), *(str(counts[code]) for code in counted)]
        heads: dict[str, Counter[date]] = defaultdict(Counter)
        for (_user, day), codes in self.cells.items():
            for code in codes:
                heads[code][day] += 1
        for kind in self.types:
            if not kind.is_absence:
                yield [kind.code, kind.name, "", *(str(heads[kind.code][day]) for day in self.days)]


def sheet_of(unit: Unit, first: date, last: date, *, is_draft: bool = False) -> Sheet:
    """Return what was published for days [first, last), or what is drafted; everybody of the unit has a row. Five queries."""
    rows = Shift.objects.draft() if is_draft else Shift.objects.live()
    rows = rows.filter(unit=unit, day__gte=first, day__lt=last).order_by("day", "period")
    cells: dict[tuple[int, date], list[str]] = {}
    kinds: set[int] = set()
    for user_id, day, code, kind in rows.values_list("user_id", "day", "shift_type__code", "shift_type_id"):
        cells.setdefault((user_id, day), []).append(code)
        kinds.add(kind)
    listed = {user_id for user_id, _day in cells} | set(memberships(unit, first, last))
    people = [
        person
        for person in in_order_of_lists(User.objects.filter(pk__in=listed))
        if person.is_active or any(user_id == person.pk for user_id, _day in cells)
    ]
    return Sheet(
        unit=unit,
        first=first,
        last=last,
        people=people,
        cells=cells,
        types=list(ShiftType.objects.filter(pk__in=kinds).order_by("place", "code")),
        calendar=calendar_of(unit.department.site, first, last),
    )
