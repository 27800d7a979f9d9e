"""The kinds of notices: each app registers its own in `AppConfig.ready()`, and says at reading time what a notice means."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apps.core.registries import Text

if TYPE_CHECKING:
    from .models import Notice, NoticeQuerySet


@dataclass(frozen=True, slots=True)
class NoticeView:
    """What a reader sees of a notice now: a sentence, the words that it is about, where it leads, and where that is.

    Of a notice that asks for something: `act` is what its button says and the address that it posts to; `done` says that it was
    done.
    """

    sentence: str
    excerpt: str
    url: str
    place: str
    act: tuple[str, str] | None = None
    done: str = ""


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """A kind of notice.

    `describe(viewer, notices)` answers notice id -> view, for notices that the viewer may see, in constant queries; a notice
    that it leaves out is not shown. So edits, deletions and rights are always those of the moment.

    A kind that asks for something names `open_only(viewer, notices)`: it narrows a QuerySet to those that are still to be done,
    and the filter of that kind lists and counts these, read or not.
    """

    code: str
    label: Text
    icon: str
    order: int
    describe: Callable[[Any, "list[Notice]"], Mapping[int, NoticeView]]
    open_only: Callable[[Any, "NoticeQuerySet"], "NoticeQuerySet"] | None = None


kinds: dict[str, NoticeKind] = {}


def add_kind(kind: NoticeKind) -> None:
    """Register a kind of notice."""
    if kind.code in kinds:
        raise ValueError(f"The notice kind {kind.code} is registered twice.")
    kinds[kind.code] = kind


def kinds_in_order() -> list[NoticeKind]:
    """Return the kinds as the filters of the page show them."""
    return sorted(kinds.values(), key=lambda kind: kind.order)


# -- How much of a conversation somebody wants to hear -------------------------------------------------------------------------
NOTHING = "nothing"  # the level at which only what asks for an act calls; at all others everything does

LevelsOf = Callable[[Collection[int], int], Mapping[int, str]]
_levels: list[LevelsOf] = []


def set_levels(levels_of: LevelsOf) -> None:
    """Register who answers (people, channel id) -> level by person, in one query; people without a level may be left out."""
    if _levels:
        raise ValueError("The levels of conversations are registered twice.")
    _levels.append(levels_of)


def who_hears_nothing(users: Collection[int], channel_id: int) -> list[int]:
    """Return those of these people who want to hear nothing of a conversation; one query."""
    levels = _levels[0](users, channel_id) if _levels and users else {}
    return [user_id for user_id in users if levels.get(user_id) == NOTHING]
