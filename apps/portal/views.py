"""The start page."""

from django.http import HttpResponse
from django.shortcuts import render

from apps.core import clock
from apps.people.models import SignedInRequest

from . import queries


def show_home(request: SignedInRequest) -> HttpResponse:
    """Show what waits for the reader; the lists alone for htmx."""
    home = queries.home_of(request.user)
    request.badges = home.badges  # type: ignore[attr-defined]
    context = {"home": home, "now": clock.now()}
    template = "portal/_home.html" if request.headers.get("HX-Request") else "portal/home.html"
    return render(request, template, context)
