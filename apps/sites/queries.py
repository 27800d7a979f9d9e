"""Reads of the tree of places."""

from datetime import date

from .models import Department, Unit, UnitPlacement


def department_at(unit: Unit, on: date) -> Department | None:
    """Return the department that a unit belonged to on a day, or None before its first placement."""
    placement = UnitPlacement.objects.filter(unit=unit, during__contains=on).select_related("department__site").first()
    return placement.department if placement else None
