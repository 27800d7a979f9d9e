"""What a lower app needs from a higher one: the higher one registers it here in `AppConfig.ready()`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise

from .names import order_of_languages

Text = str | Promise


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """A place in the rail. `badge` answers a count for the signed-in user with at most one query, or None."""

    name: str
    label: Text
    icon: str
    url_name: str
    order: int
    section: str | tuple[str, ...]  # every page whose URL name starts with (one of) this marks the entry as current
    badge: Callable[[HttpRequest], int | None] | None = None
    badge_label: Text = ""
    phone: bool = True  # stands in the bottom bar of a phone, else under "More"


class Person(Protocol):
    """Somebody, as far as a line with an avatar needs to know them."""

    pk: int

    @property
    def initials(self) -> str: ...


@dataclass(frozen=True, slots=True)
class JumpTarget:
    """A place to jump to: a line with an icon, or with the avatar of a person."""

    label: Text
    url: str
    icon: str
    detail: Text = ""
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class JumpSource:
    """A kind of places. `search(user, text, limit)` costs at most two queries; an empty text asks what to offer unasked."""

    name: str
    label: Text
    order: int
    search: Callable[[Any, str, int], list[JumpTarget]]


@dataclass(frozen=True, slots=True)
class JumpPage:
    """A page that no navigation entry opens, as a place to jump to. `can_open(user)` costs no query."""

    label: Text
    url_name: str
    icon: str
    can_open: Callable[[Any], bool] | None = None  # everybody, where nothing is said


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Keys that do one thing: each of `keys` is a way to it, as in `Alt+ArrowUp`, by the names of KeyboardEvent.key."""

    keys: tuple[str, ...]
    label: Text


@dataclass(frozen=True, slots=True)
class KeySection:
    """The shortcuts of one part of the portal."""

    label: Text
    order: int
    shortcuts: tuple[Shortcut, ...]


@dataclass(frozen=True, slots=True)
class AuthenticatedSession:
    """Whose session a key is, as the gateway needs it."""

    user_id: int
    authz_epoch: int
    until: datetime


@dataclass(frozen=True, slots=True)
class OnShift:
    """That somebody is in a shift of a unit at an instant, until when."""

    unit_id: int
    unit_names: Mapping[str, str]  # by language
    code: str
    until: datetime

    @property
    def unit_name(self) -> str:
        return next((name for code in order_of_languages() if (name := self.unit_names.get(code))), "")


class AuditWriter(Protocol):
    def __call__(
        self,
        *,
        action: str,
        actor_id: int | None,
        object_type: str,
        object_id: str,
        detail: Mapping[str, Any] | None = None,
        site_code: str = "",
    ) -> None: ...


@dataclass(slots=True)
class Registries:
    navigation: dict[str, NavigationEntry] = field(default_factory=dict)
    # Pages of higher apps that lower ones link to: "chat", "new-chat", "channel" (takes its id) -> URL name
    links: dict[str, str] = field(default_factory=dict)
    jump_sources: dict[str, JumpSource] = field(default_factory=dict)
    jump_pages: dict[str, JumpPage] = field(default_factory=dict)  # by URL name
    key_sections: list[KeySection] = field(default_factory=list)
    mounts: dict[str, Any] = field(default_factory=dict)  # path prefix -> ASGI application that runs before Django
    # Sessions: keys -> whose they are; keys that no longer hold are left out. One query a call.
    sessions: Callable[[Collection[str]], Mapping[str, AuthenticatedSession]] | None = None
    # Authority: the newest epoch of each user. One query a call.
    epochs: Callable[[Collection[int]], Mapping[int, int]] | None = None
    audit: AuditWriter | None = None
    # Duty: the shifts that people are in at an instant; those in none are left out. One query a call.
    duty: Callable[[Collection[int], datetime], Mapping[int, Sequence[OnShift]]] | None = None
    # Authority: units moved to another place; raises the epochs of their people in the same transaction.
    units_moved: Callable[[Collection[int]], None] | None = None

    def add_navigation(self, entry: NavigationEntry) -> None:
        if entry.name in self.navigation:
            raise ValueError(f"The navigation entry {entry.name} is registered twice.")
        self.navigation[entry.name] = entry

    def add_link(self, page: str, url_name: str) -> None:
        if page in self.links:
            raise ValueError(f"The link {page} is registered twice.")
        self.links[page] = url_name

    def link(self, page: str, *args: object) -> str:
        """Return the address of a registered page; empty where the app that has it is not there."""
        url_name = self.links.get(page)
        return reverse(url_name, args=args) if url_name else ""

    def add_jump(self, source: JumpSource) -> None:
        if source.name in self.jump_sources:
            raise ValueError(f"The jump source {source.name} is registered twice.")
        self.jump_sources[source.name] = source

    def add_jump_page(self, page: JumpPage) -> None:
        if page.url_name in self.jump_pages:
            raise ValueError(f"The page {page.url_name} is registered twice.")
        self.jump_pages[page.url_name] = page

    def add_keys(self, section: Text, keys: Sequence[tuple[tuple[str, ...], Text]], *, order: int = 50) -> None:
        """Declare shortcuts, so that the list of keys names them; the app's own modules act on them."""
        shortcuts = tuple(Shortcut(ways, label) for ways, label in keys)
        self.key_sections.append(KeySection(section, order, shortcuts))

    def add_mount(self, prefix: str, application: Any) -> None:
        if prefix in self.mounts:
            raise ValueError(f"The mount {prefix} is registered twice.")
        self.mounts[prefix] = application


registries = Registries()
