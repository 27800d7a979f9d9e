"""Rosters of units, as places to jump to."""

from typing import Any

from django.urls import reverse

from apps.core.hangul import typed_patterns
from apps.core.names import named_like
from apps.core.registries import JumpTarget

from . import queries


def find_rosters(user: Any, text: str, limit: int) -> list[JumpTarget]:
    """Return the rosters of the units whose name is meant, among those that somebody may read; none without a text."""
    if not text:
        return []
    units = queries.units_of(user).select_related("department__site")
    for pattern in typed_patterns(text):
        units = units.filter(named_like(pattern))
    return [
        JumpTarget(
            label=unit.name, detail=unit.department.site.name, url=reverse("unit-roster", args=[unit.pk]), icon="roster"
        )
        for unit in units.order_by("name_ko", "name_en", "pk")[:limit]
    ]
