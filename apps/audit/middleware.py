"""Notes where a request came from, so that audit entries carry it."""

import ipaddress
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware

from .actions import current_address


def client_address(request: HttpRequest) -> str | None:
    """Return the caller's address; behind proxies the one that the trusted number of proxies vouches for."""
    from django.conf import settings

    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    trusted: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    address = forwarded[-trusted] if trusted and len(forwarded) >= trusted else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None  # a proxy that writes ports or names; the deed is recorded without an address


@sync_and_async_middleware
def address_middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> Any:
            token = current_address.set(client_address(request))
            try:
                return await get_response(request)
            finally:
                current_address.reset(token)

        return async_middleware

    def middleware(request: HttpRequest) -> Any:
        token = current_address.set(client_address(request))
        try:
            return get_response(request)
        finally:
            current_address.reset(token)

    return middleware
