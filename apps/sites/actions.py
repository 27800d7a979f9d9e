"""Verbs on places."""

from collections.abc import Collection
from datetime import date

from django.contrib.postgres.fields import DateRangeField  # noqa: F401 — registers the range types
from django.db import models, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from apps.audit.actions import write_entry
from apps.core import clock
from apps.core.events import publish
from apps.core.registries import registries

from .events import UnitMoved
from .models import Department, DepartmentPlacement, Site, Unit, UnitPlacement


class SitesError(Exception):
    """Something about a place cannot be done; the text says why, in the reader's language."""


@transaction.atomic
def place_department(*, department: Department, site: Site, by: int | None, on: date) -> None:
    """Put a department under a site from a day on; a new one as well as one that moves.

    Raises SitesError for a day ahead: rosters and channels follow at once, so a move is entered on its day.
    """
    _refuse_future(on, site)
    had_parent = DepartmentPlacement.objects.filter(department=department).exists()
    _close_and_open(
        DepartmentPlacement.objects.filter(department=department),
        DepartmentPlacement(department=department, site=site, during=DateRange(on, None)),
        on,
    )
    department.site = site
    department.save(update_fields=["site"])
    write_entry(
        action="sites.department_placed",
        actor_id=by,
        object_type="sites.department",
        object_id=str(department.pk),
        detail={"site": site.code, "on": on.isoformat()},
        site_code=site.code,
    )
    if had_parent:
        _tell_move(list(department.units.all()))


@transaction.atomic
def place_unit(*, unit: Unit, department: Department, by: int | None, on: date) -> None:
    """Put a unit under a department from a day on; its rosters, channels and reports follow, history keeps the old place.

    Raises SitesError for a day ahead, and publishes UnitMoved when the unit had another parent before.
    """
    _refuse_future(on, department.site)
    had_parent = UnitPlacement.objects.filter(unit=unit).exists()
    _close_and_open(
        UnitPlacement.objects.filter(unit=unit),
        UnitPlacement(unit=unit, department=department, during=DateRange(on, None)),
        on,
    )
    unit.department = department
    unit.save(update_fields=["department"])
    write_entry(
        action="sites.unit_placed",
        actor_id=by,
        object_type="sites.unit",
        object_id=str(unit.pk),
        detail={"department": department.code, "on": on.isoformat()},
        site_code=department.site.code,
    )
    if had_parent:
        _tell_move([unit])


def _tell_move(units: Collection[Unit]) -> None:
    """Raise the epochs of the people of these units in this transaction, and publish the news."""
    if registries.units_moved is not None:
        registries.units_moved([unit.pk for unit in units])
    happened_at = clock.now().isoformat()
    for unit in units:
        publish(UnitMoved(unit_id=unit.pk, department_id=unit.department_id, happened_at=happened_at))


def _refuse_future(on: date, site: Site) -> None:
    if on > clock.today(site.zone):
        raise SitesError(_("A move is entered on its day: choose today or an earlier day."))


def _close_and_open(
    placements: "models.QuerySet[DepartmentPlacement] | models.QuerySet[UnitPlacement]",
    opened: DepartmentPlacement | UnitPlacement,
    on: date,
) -> None:
    for placement in placements:
        if placement.during.lower >= on:
            placement.delete()  # a placement that would begin on or after this day is replaced by it
        elif placement.during.upper is None or placement.during.upper > on:
            placement.during = DateRange(placement.during.lower, on)
            placement.save(update_fields=["during"])
    opened.save()
