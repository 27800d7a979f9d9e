"""Per request: the reader's language and zone, who must sign in, and when a session was last used."""

import time
from collections.abc import Callable
from typing import Any

from allauth.usersessions.models import UserSession
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation
from django.utils.decorators import sync_and_async_middleware
from django.utils.translation import gettext as _

from apps.core.http import error_response, wants_json

SEEN_AT_MOST_EVERY = 60  # seconds
SEEN_LIMIT = 20_000  # sessions


def _apply_preferences(request: HttpRequest) -> None:
    user: Any = request.user
    if not user.is_authenticated:
        timezone.deactivate()
        return
    language = user.language or (user.home.site.language if user.home else "")
    if language:
        translation.activate(language)
        request.LANGUAGE_CODE = language
    timezone.activate(user.time_zone)


@sync_and_async_middleware
def preferences_middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Show a signed-in reader the portal in their language and in their site's zone."""
    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> Any:
            await sync_to_async(_apply_preferences)(request)
            return await get_response(request)

        return async_middleware

    def middleware(request: HttpRequest) -> Any:
        _apply_preferences(request)
        return get_response(request)

    return middleware


class SignInMiddleware(LoginRequiredMiddleware):
    """Sends a person to the sign-in; tells a script 401, so that it keeps what it wanted to send and asks the person."""

    def handle_no_permission(  # type: ignore[override]  # Django itself knows of a redirect only
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        if wants_json(request) or request.headers.get("HX-Request"):
            message = _("You are signed out. Nothing was stored; sign in and try again.")
            return error_response(request, status=401, code="signed_out", message=message)
        return super().handle_no_permission(request, view_func)


_seen: dict[str, float] = {}  # what this process noted lately, so that it asks the cache once a minute and session


def _note_session(request: HttpRequest) -> None:
    user: Any = request.user
    key = request.session.session_key
    if not user.is_authenticated or not key:
        return
    now = time.monotonic()
    if now - _seen.get(key, -SEEN_AT_MOST_EVERY) < SEEN_AT_MOST_EVERY:
        return
    if len(_seen) >= SEEN_LIMIT:
        _seen.clear()
    _seen[key] = now
    if cache.add(f"seen:{key}", 1, timeout=SEEN_AT_MOST_EVERY):
        UserSession.objects.create_from_request(request)


@sync_and_async_middleware
def sessions_middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Keep the list of a person's sessions, with at most one write a minute and session."""
    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> Any:
            await sync_to_async(_note_session)(request)
            return await get_response(request)

        return async_middleware

    def middleware(request: HttpRequest) -> Any:
        _note_session(request)
        return get_response(request)

    return middleware
