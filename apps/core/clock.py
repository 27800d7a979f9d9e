"""The only clock of the domain. SQL never compares with its own `now()`, so that tests can move the time of all processes."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string


@cache
def _offset_source() -> Callable[[], timedelta] | None:
    path: str = settings.CLOCK_OFFSET
    return import_string(path) if path else None


def now() -> datetime:
    """Return this instant in UTC."""
    source = _offset_source()
    instant = timezone.now()
    return instant + source() if source else instant


def today(zone: ZoneInfo) -> date:
    """Return the day that it is in a site's zone."""
    return now().astimezone(zone).date()
