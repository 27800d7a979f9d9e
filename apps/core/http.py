"""Answers that pages and programs share: the same error as a page for a person and as JSON for a script."""

from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.translation import gettext as _

BUSY_RETRY_SECONDS = 3
DATABASE_AWAY = (OperationalError, InterfaceError)  # no connection in time, or one that broke


def wants_json(request: HttpRequest) -> bool:
    """Tell whether the caller is a script: it asked for JSON and for no page."""
    accept = request.headers.get("Accept", "")
    return "application/json" in accept and "text/html" not in accept


def error_response(
    request: HttpRequest, *, status: int, code: str, message: str, retry_after: int | None = None, **more: Any
) -> HttpResponse:
    """Answer with an error: JSON `{error, message}` for a script, else a page that says what to do."""
    response: HttpResponse
    if wants_json(request):
        response = JsonResponse({"error": code, "message": message, **more}, status=status)
    else:
        html = loader.render_to_string("error.html", {"status": status, "message": message})
        response = HttpResponse(html, status=status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def busy_response(request: HttpRequest) -> HttpResponse:
    """Answer 503: the database has no connection to give just now; nothing was stored."""
    message = _("The portal is very busy just now. Nothing was stored; try again in a few seconds.")
    return error_response(request, status=503, code="busy", message=message, retry_after=BUSY_RETRY_SECONDS)
