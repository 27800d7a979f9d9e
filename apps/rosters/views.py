"""The staff's pages of rosters: one's own shifts, the unit's roster, who is on, the rules in words."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET

from apps.core import clock
from apps.people.models import SignedInRequest
from apps.people.queries import mark_on_shifts
from apps.sites.models import Site, Unit

from . import queries
from .queries import Moment

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
PAPERS = ("a4", "a3")
YEARS = (2000, 2100)  # what an address may name


def _day_asked(request: SignedInRequest, name: str) -> date | None:
    """Return the day that the address names, as 2026-11-24 or, for its month, 2026-11; None for anything else."""
    words = request.GET.get(name, "")
    try:
        day = date.fromisoformat(words if len(words) > len("2026-11") else f"{words}-01")
    except ValueError:
        return None
    return day if YEARS[0] <= day.year < YEARS[1] else None


def _unit(request: SignedInRequest, unit_id: int) -> Unit:
    units = queries.units_of(request.user).select_related("department__site")
    unit: Unit = get_object_or_404(units, pk=unit_id)
    return unit


@require_GET
def show_my_shifts(request: SignedInRequest) -> HttpResponse:
    """Show the next shift, the coming ones, a month, and who works beside on the chosen day."""
    today = clock.today(request.user.time_zone)
    chosen = _day_asked(request, "day")
    first = (_day_asked(request, "month") or chosen or today).replace(day=1)
    own = queries.own_roster(request.user, first, chosen)
    now = clock.now()
    context = {
        "own": own,
        "tab": "own",
        "today": today,
        "previous": queries.month_after(first, -1),
        "next_month": queries.month_after(first),
        "has_units": bool(request.user.unit_ids_today),
        "begins_in": own.next.starts_at - now if own.next and not own.is_now else None,
        "zone": request.user.time_zone,
    }
    return render(request, "rosters/my_shifts.html", context)


@require_GET
def show_home_unit(request: SignedInRequest) -> HttpResponse:
    """Lead to the roster of the unit that somebody belongs to, else of one in which they work."""
    units = queries.units_of(request.user)
    home = request.user.home_unit_id
    unit = units.filter(pk=home).first() or units.order_by("name_ko", "pk").first()
    return redirect("unit-roster", unit.pk) if unit else render(request, "rosters/no_unit.html", {"tab": "unit"})


@require_GET
def show_unit_roster(request: SignedInRequest, unit_id: int) -> HttpResponse:
    """Show the published roster of a unit: a month or a week of people by days, on a phone a day at a time."""
    unit = _unit(request, unit_id)
    today = clock.today(unit.department.site.zone)
    is_week = request.GET.get("show") == "week"
    chosen = _day_asked(request, "day") or _day_asked(request, "from") or today
    first, last = _stretch(chosen, unit.department.site, is_week=is_week)
    roster = queries.roster_of_unit(unit, first, last)
    mark_on_shifts([row.person for group in roster.groups for row in group.rows])
    context = {
        "unit": unit,
        "roster": roster,
        "units": queries.units_of(request.user),
        "tab": "unit",
        "is_week": is_week,
        "first": first,
        "last": last - DAY,
        "before": first - DAY,
        "after": last,
        "today": today,
        **_one_day(roster, chosen if first <= chosen < last else first),
        "columns": len(roster.days) + 1,
        "is_this_stretch": first <= today < last,
        "papers": PAPERS,
        "paper": request.GET.get("paper") if request.GET.get("paper") in PAPERS else PAPERS[0],
        "printed_at": clock.now(),
    }
    return render(request, "rosters/unit_roster.html", context)


def _stretch(day: date, site: Site, *, is_week: bool) -> tuple[date, date]:
    """Return the week, as the site counts them, or the month of a day: [first, last)."""
    if is_week:
        first = day - DAY * ((day.weekday() - site.week_begins) % 7)
        return first, first + WEEK
    first = day.replace(day=1)
    return first, queries.month_after(first)


def _one_day(roster: queries.UnitRoster, day: date) -> dict[str, Any]:
    """Return one day of a roster: for each type, those who are in it."""
    place = (day - roster.days[0].on).days
    rows = [row for group in roster.groups for row in group.rows]
    by_type = [(kind, [row.person for row in rows if kind in row.cells[place].shifts]) for kind in roster.types]
    return {
        "day": roster.days[place],
        "day_before": day - DAY,
        "day_after": day + DAY,
        "of_day": [(kind, people) for kind, people in by_type if people],
    }


@require_GET
def show_board(request: SignedInRequest) -> HttpResponse:
    """Show who is on: all sites side by side, or one site unit by unit; the table alone for htmx."""
    sites = Site.objects.visible_to(request.user)
    site = get_object_or_404(sites, code=request.GET["site"]) if request.GET.get("site") else None
    asked = request.GET.get("at", "")
    moment = Moment(asked) if asked in set(Moment) else Moment.NOW
    board = queries.board_of(request.user, moment=moment, site=site)
    home = request.user.home.site if request.user.home else None
    context = {"board": board, "site": site, "moment": moment, "own_site": home, "tab": "board", "now": clock.now()}
    template = "rosters/_board.html" if request.headers.get("HX-Request") else "rosters/board.html"
    return render(request, template, context)


@require_GET
def show_policy(request: SignedInRequest, unit_id: int) -> HttpResponse:
    """Show the rules that the rosters of a unit follow, in words."""
    unit = _unit(request, unit_id)
    first = clock.today(unit.department.site.zone)
    context = {"unit": unit, "families": queries.policy_of(unit, request.user, first), "tab": "unit"}
    return render(request, "rosters/policy.html", context)
