"""The kinds of notices: each app registers its own in `AppConfig.ready()`, and says at reading time what a notice means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apps.core.registries import Text

if TYPE_CHECKING:
    from .models import Notice


@dataclass(frozen=True, slots=True)
class NoticeView:
    """What a reader sees of a notice now: a sentence, the words that it is about, where it leads, and where that is."""

    sentence: str
    excerpt: str
    url: str
    place: str


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """A kind of notice.

    `describe(viewer, notices)` answers notice id -> view, for notices that the viewer may see, in constant queries; a notice
    that it leaves out is not shown. So edits, deletions and rights are always those of the moment.
    """

    code: str
    label: Text
    icon: str
    order: int
    describe: Callable[[Any, "list[Notice]"], Mapping[int, NoticeView]]


kinds: dict[str, NoticeKind] = {}


def add_kind(kind: NoticeKind) -> None:
    """Register a kind of notice."""
    if kind.code in kinds:
        raise ValueError(f"The notice kind {kind.code} is registered twice.")
    kinds[kind.code] = kind


def kinds_in_order() -> list[NoticeKind]:
    """Return the kinds as the filters of the page show them."""
    return sorted(kinds.values(), key=lambda kind: kind.order)
