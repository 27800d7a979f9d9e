"""What every answer has in common: headers, and a polite answer when the database has no connection to give."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from psycopg_pool import PoolTimeout, TooManyRequests

from .http import busy_response

GetResponse = Callable[[HttpRequest], Any]
PERMISSIONS = "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=(), interest-cohort=()"


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


def is_busy(error: BaseException) -> bool:
    """Tell whether an error means that no database connection could be had in time."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, PoolTimeout | TooManyRequests):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


@sync_and_async_middleware
def busy_middleware(get_response: GetResponse) -> Callable[..., Any]:
    """Answer 503 with Retry-After when the pool of connections timed out or the database is away."""
    middleware: Callable[..., Any]
    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> HttpResponseBase:
            return cast("HttpResponseBase", await get_response(request))

        middleware = async_middleware
    else:

        def sync_middleware(request: HttpRequest) -> HttpResponseBase:
            return cast("HttpResponseBase", get_response(request))

        middleware = sync_middleware

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError):
            return busy_response(request)
        return None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware
