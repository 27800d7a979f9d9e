"""What pages of rosters say: marks of shifts, days, hours, cells of a grid."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext, pgettext

from apps.core import clock
from apps.core.templatetags.portal import word_day
from apps.core.text import fill_html
from apps.rosters.models import ShiftType
from apps.rosters.queries import RosterCell, RosterDay, RosterRow, ShiftLine

register = template.Library()

COLUMN_CLASSES = {"saturday": "is-rest is-sat", "sunday": "is-rest is-sun", "holiday": "is-rest is-sun"}


@register.simple_tag
def shift_mark(kind: ShiftType, size: str = "", named: str = "") -> SafeString:
    """Draw the letter of a shift on its colour; `named` says what it means to readers who do not see a legend."""
    classes = f"shift shift--{kind.colour}{f' shift--{size}' if size else ''}"
    if named:
        return format_html(
            '<span class="{}"><span aria-hidden="true">{}</span><span class="visually-hidden">{}</span></span>',
            classes, kind.code, kind.name,
        )  # fmt: skip
    return format_html('<span class="{}"><bdi>{}</bdi></span>', classes, kind.code)


@register.simple_tag
def shift_hours(line: ShiftLine) -> str:
    """Say from when to when a shift is, by the clock of its site; nothing for leave and days off."""
    return "" if line.kind.is_absence else _span(line.starts_at, line.ends_at)


@register.simple_tag
def kind_hours(kind: ShiftType) -> str:
    """Say from when to when shifts of a type are; nothing for leave and days off."""
    return "" if kind.is_absence else f"{kind.starts_at:%H:%M}–{kind.ends_at:%H:%M}"


def _span(begin: datetime, end: datetime) -> str:
    return f"{begin:%H:%M}–{end:%H:%M}"


@register.simple_tag
def hours_of(minutes: int) -> str:
    """Say minutes as hours, with one decimal place where they are not whole."""
    hours = minutes / 60
    return gettext("%(hours)s h") % {"hours": f"{hours:.0f}" if minutes % 60 == 0 else f"{hours:.1f}"}


@register.simple_tag
def hours_apart(minutes: int) -> SafeString:
    """Say how far a clock is from the reader's: −5 h."""
    sign = "−" if minutes < 0 else "+"
    hours = f"{abs(minutes) / 60:g}"
    words = gettext("%(hours)s h") % {"hours": hours}
    return format_html('<bdi class="ltr">{}{}</bdi>', sign, words)


@register.simple_tag
def day_words(day: date) -> str:
    """Say a day with its weekday."""
    return word_day(datetime(day.year, day.month, day.day), clock.now().date())  # noqa: DTZ001 — a day, not an instant


@register.simple_tag
def weekday(day: date) -> str:
    """Say a weekday in a letter or two, for the head of a column."""
    return (
        pgettext("a weekday above a column", "Mo"),
        pgettext("a weekday above a column", "Tu"),
        pgettext("a weekday above a column", "We"),
        pgettext("a weekday above a column", "Th"),
        pgettext("a weekday above a column", "Fr"),
        pgettext("a weekday above a column", "Sa"),
        pgettext("a weekday above a column", "Su"),
    )[day.weekday()]


@register.simple_tag
def days_words(first: date, last: date) -> str:
    """Say from which day to which, both included."""
    form = "MONTH_DAY_FORMAT"
    return pgettext("days", "%(first)s – %(last)s") % {
        "first": date_format(first, form),
        "last": date_format(last, form),
    }


@register.filter
def span_words(span: timedelta) -> str:
    """Say how long, in the largest unit that is clear."""
    minutes = max(int(span.total_seconds() // 60), 0)
    if minutes < 60:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    if minutes < 48 * 60:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d day", "%(n)d days", minutes // 1440) % {"n": minutes // 1440}


@register.simple_tag
def until_words(until: datetime) -> str:
    """Say until when, by the clock of the site; with the day where it is not today there."""
    words = f"{until:%H:%M}"
    if until.date() != clock.now().astimezone(until.tzinfo).date():
        words = pgettext("an instant", "%(day)s %(clock)s") % {
            "day": date_format(until.date(), "MONTH_DAY_FORMAT"),
            "clock": words,
        }
    return gettext("until %(ends_at)s") % {"ends_at": words}


@register.simple_tag
def day_class(day: RosterDay) -> str:
    """Return the classes of a day's column."""
    return f"{COLUMN_CLASSES.get(day.kind, '')}{' is-today' if day.is_today else ''}".strip()


@register.simple_tag
def roster_cells(row: RosterRow, days: Sequence[RosterDay]) -> SafeString:
    """Draw somebody's cells; there are a thousand on a page, so each is as short as it can be."""
    cells = [_draw_cell(cell, is_rest=day.is_rest) for cell, day in zip(row.cells, days, strict=True)]
    return mark_safe("".join(cells))  # noqa: S308  # allowed: unsafe-call: each cell is made by fill_html


def _draw_cell(cell: RosterCell, *, is_rest: bool) -> SafeString:
    codes = tuple((kind.colour, kind.code) for kind in cell.shifts)
    return _draw_codes(codes, cell.was, get_language(), is_rest=is_rest)


@lru_cache(maxsize=4096)  # a month of a ward says the same few things a thousand times
def _draw_codes(
    codes: tuple[tuple[str, str], ...], was: tuple[str, ...] | None, language: str | None, *, is_rest: bool
) -> SafeString:
    """Draw a cell in the active language, which is `language`."""
    marks = format_html_join("", '<span class="shift shift--{}">{}</span>', codes)
    opening = '<td class="is-rest"' if is_rest else "<td"
    if was is None:
        return fill_html(f"{opening}>{{}}</td>", marks)
    before = gettext("changed, before: %(codes)s") % {"codes": ", ".join(was)}
    words = before if was else gettext("changed, before: free")
    rest = ' data-changed title="{}">{}<span class="visually-hidden">{}</span></td>'
    return fill_html(f"{opening}{rest}", words, marks, words)
