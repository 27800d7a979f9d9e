"""The frame of every page: navigation, the reader's preferences, where they work."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, get_language_bidi

from .registries import NavigationEntry, Text, registries


@dataclass(frozen=True, slots=True)
class Preferences:
    """How somebody wants to see the portal."""

    theme: str = "auto"
    contrast: str = "auto"
    input: str = "auto"


@dataclass(frozen=True, slots=True)
class RailItem:
    entry: NavigationEntry
    url: str
    is_current: bool
    badge: int | None

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def label(self) -> Text:
        return self.entry.label

    @property
    def icon(self) -> str:
        return self.entry.icon

    @property
    def phone(self) -> bool:
        return self.entry.phone

    @property
    def badge_label(self) -> Text:
        return self.entry.badge_label


@dataclass(frozen=True, slots=True)
class Shell:
    navigation: list[RailItem]
    preferences: Preferences
    is_signed_in: bool
    site_name: str
    unit_name: str
    language: str
    direction: str


def build_shell(request: HttpRequest) -> Shell:
    """Return the frame for a request; a signed-in reader costs one query a badge.

    A page that has counted a badge on its way says so in `request.badges`.
    """
    user = getattr(request, "user", None)
    signed_in = bool(user is not None and user.is_authenticated)
    match = request.resolver_match
    here = (match.url_name or "") if match else ""
    counted: dict[str, int | None] = getattr(request, "badges", {})  # what the page has counted already, by entry
    entries = sorted(registries.navigation.values(), key=lambda entry: entry.order) if signed_in else []
    navigation = [
        RailItem(
            entry=entry,
            url=reverse(entry.url_name),
            is_current=here.startswith(entry.section),
            badge=counted[entry.name] if entry.name in counted else entry.badge(request) if entry.badge else None,
        )
        for entry in entries
    ]
    home = getattr(user, "home", None) if signed_in else None
    preferences = Preferences(
        **{
            name: getattr(user, name, "auto") if signed_in else request.COOKIES.get(f"portal_{name}", "auto")
            for name in ("theme", "contrast", "input")
        }
    )
    return Shell(
        navigation=navigation,
        preferences=preferences,
        is_signed_in=signed_in,
        site_name=home.site_name if home else "",
        unit_name=home.unit_name if home else "",
        language=get_language() or "ko",
        direction="rtl" if get_language_bidi() else "ltr",
    )


def page_shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell`, built when a template first asks for it."""
    return {"shell": SimpleLazyObject(lambda: build_shell(request))}
