"""Answers that pages and programs share: the same error as a page for a person and as JSON for a script."""

import threading
import time
from typing import Any

from django.db import InterfaceError, OperationalError, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

BUSY_RETRY_SECONDS = 3
RENEW_AT_MOST_EVERY = 1.0  # seconds
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


_renewed_at = 0.0


def renew_connections() -> None:
    """Have the pool look through its idle connections, at most once a second: after a failover they are all gone.

    So one request pays for it, and none pays for a check of the connection that it gets (1.3 ms CPU a message).
    """
    global _renewed_at  # noqa: PLW0603 — one a process; threads may race here, and look twice
    wrapper = connections["default"]
    pool = wrapper.pool if isinstance(wrapper, DatabaseWrapper) else None
    if pool is not None and time.monotonic() - _renewed_at > RENEW_AT_MOST_EVERY:
        _renewed_at = time.monotonic()
        threading.Thread(target=pool.check, daemon=True).start()


def busy_response(request: HttpRequest) -> HttpResponse:
    """Answer 503: the database has no connection to give just now; nothing was stored."""
    renew_connections()
    message = _("The portal is very busy just now. Nothing was stored; try again in a few seconds.")
    return error_response(request, status=503, code="busy", message=message, retry_after=BUSY_RETRY_SECONDS)


def way_back(request: HttpRequest, otherwise: str) -> str:
    """Return the path of ours that a form was opened from (`next`), or another address where it names none."""
    back = request.POST.get("next", "") or request.GET.get("next", "")
    is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return back if is_ours else otherwise
