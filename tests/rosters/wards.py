"""A ward with a roster for a month that lies ahead, as most tests of verbs need it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from apps.people.models import User
from apps.rosters import actions
from apps.rosters.models import Plan, Rule, Shift
from apps.sites.models import Site, Unit
from tests.factories import grant, make_person, make_plan, make_site, make_unit, standard_types

FIRST = date(2027, 3, 1)
LAST = date(2027, 4, 1)
DAY = timedelta(days=1)


@dataclass
class Ward:
    site: Site
    unit: Unit
    manager: User
    nurses: list[User]
    plan: Plan

    def set(self, *edits: tuple[User, int, str], by: User | None = None, base: int | None = None, **more: Any) -> Any:
        """Write codes into cells of days of the month; without a base as somebody who saw the newest state."""
        cells = [
            actions.CellEdit(user.pk, FIRST + (number - 1) * DAY, tuple(codes.split())) for user, number, codes in edits
        ]
        seen = Plan.objects.get(pk=self.plan.pk).last_change if base is None else base
        return actions.set_cells(by=by or self.manager, plan=self.plan, edits=cells, base_change=seen, **more)

    def codes(self, user: User, *days: int, live: bool = False) -> list[str]:
        """What stands in cells now."""
        rows = Shift.objects.filter(plan=self.plan, user=user, is_live=live, known_during__upper_inf=True)
        found: dict[int, list[str]] = {}
        for row in rows.select_related("shift_type").order_by("period"):
            found.setdefault((row.day - FIRST).days + 1, []).append(row.shift_type.code)
        return [" ".join(found.get(day, [])) for day in days]


def day(number: int) -> date:
    return FIRST + (number - 1) * DAY


def make_ward(nurses: int = 3, *, site: Site | None = None, first: date = FIRST, last: date = LAST) -> Ward:
    """A ward of a site with the usual shift types, a manager, nurses, and an empty draft; no rule is in force."""
    Rule.objects.all().delete()
    site = site or make_site()
    standard_types(site)
    unit = make_unit(site=site)
    manager = make_person(unit=unit)
    grant(manager, "unit_manager", unit=unit)
    people = [make_person(unit=unit) for _ in range(nurses)]
    return Ward(site, unit, manager, people, make_plan(unit, first, last, created_by=manager))
