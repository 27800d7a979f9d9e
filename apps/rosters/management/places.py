"""The unit that somebody means at the console."""

from django.core.management.base import CommandError
from django.db.models import Q

from apps.sites.models import Unit

HELP = "SITE/DEPARTMENT/UNIT by their codes, or the unit's number"


def find_unit(text: str, *, returncode: int = 1) -> Unit:
    """Return the unit that a path of codes or a number names, with its site; CommandError where there is none."""
    codes = text.strip("/").split("/")
    if text.isdecimal():
        where = Q(pk=int(text))
    elif len(codes) == 3:
        where = Q(department__site__code=codes[0], department__code=codes[1], code=codes[2])
    else:
        raise CommandError("Write the unit as SITE/DEPARTMENT/UNIT, by the codes.", returncode=returncode)
    unit: Unit | None = Unit.objects.select_related("department__site").filter(where).first()
    if unit is None:
        raise CommandError(f"There is no unit {text}.", returncode=returncode)
    return unit
