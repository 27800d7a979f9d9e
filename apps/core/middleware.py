"""What every answer has in common: headers, and a polite answer when the database has no connection to give."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin

from .http import DATABASE_AWAY, busy_response

GetResponse = Callable[[HttpRequest], Any]
PERMISSIONS = (
    "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=(), interest-cohort=()"
)


def _set_headers(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Permissions-Policy", PERMISSIONS)
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if not response.headers.get("Cache-Control"):
        response.headers["Cache-Control"] = "no-store, private"
    return response


@sync_and_async_middleware
def headers_middleware(get_response: GetResponse) -> Callable[..., Any]:
    """Forbid shared caches to keep an answer, and close what a page does not need of the browser."""
    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> HttpResponseBase:
            return _set_headers(await cast("Awaitable[HttpResponseBase]", get_response(request)))

        return async_middleware

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return _set_headers(get_response(request))

    return middleware


class BusyMiddleware(MiddlewareMixin):
    """Answers 503 with Retry-After when the pool of connections timed out or the database is away."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return busy_response(request) if isinstance(exception, DATABASE_AWAY) else None
