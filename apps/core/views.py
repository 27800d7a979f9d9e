"""Answers that belong to no app: jumping, the list of keys, health, errors, a failed form token."""

import sys

from django.core.exceptions import RequestDataTooBig
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from . import jump
from .http import DATABASE_AWAY, busy_response, error_response, wants_json
from .text import is_initials


def check_health(request: HttpRequest) -> HttpResponse:
    """Answer 200 when this process serves and reaches the database; for load balancers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


def show_jump(request: HttpRequest) -> HttpResponse:
    """Show where a few letters may lead; the list alone for htmx and for the dialog."""
    text = request.GET.get("q", "")[: jump.TEXT_LENGTH]
    sections = jump.find_targets(request.user, text)
    context = {"sections": sections, "query": text.strip(), "is_initials": is_initials(text)}
    return render(request, "_jump.html" if request.headers.get("HX-Request") else "jump.html", context)


def show_keys(request: HttpRequest) -> HttpResponse:
    """Show the keyboard shortcuts; the list alone for the dialog."""
    context = {"sections": jump.key_sections()}
    return render(request, "_keys.html" if request.headers.get("HX-Request") else "keys.html", context)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say what to do when a form's token does not fit: nothing was stored, the page is opened anew."""
    message = _(
        "This page was open for too long, or was opened elsewhere. Nothing was stored: go back, reload and send again."
    )
    if wants_json(request):
        return error_response(request, status=403, code="csrf", message=message)
    return render(request, "403_csrf.html", {"message": message}, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        message = _("This is too large. Nothing was stored: send less at once, or send it as a file.")
        return _error(request, 413, "too_large", message, "413.html")
    return _error(request, 400, "bad_request", _("The portal could not read this request."), "400.html")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    message = str(exception) or _("You may see this, but not do that.")
    return _error(request, 403, "forbidden", message, "403.html")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 404, "not_found", _("There is no such page, or it is not yours to see."), "404.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what no view has caught: 503 where the database was away (in a middleware, too), else 500."""
    if isinstance(sys.exc_info()[1], DATABASE_AWAY):
        return busy_response(request)
    return _error(request, 500, "server_error", _("The portal made a mistake. It has been written down."), "500.html")


def _error(request: HttpRequest, status: int, code: str, message: str, template: str) -> HttpResponse:
    if wants_json(request):
        return error_response(request, status=status, code=code, message=message)
    return render(request, template, {"message": message}, status=status)
