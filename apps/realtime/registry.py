"""What higher apps register with the live gateway, which knows no domain: topic kinds, inbound frames, who sees whom."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Right:
    """A right with bounds: it ends by the clock, or rows before a place are kept from its holder."""

    until: datetime | None = None
    first_place: int = 0  # a frame with a smaller `place` is not handed to this user


Until = datetime | Right | None
"""When a right ends by the clock, or its bounds; None where it has none."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One change of a topic, as every reader of the topic may see it.

    `body` is JSON without viewer-dependent content; `revokes` names users who lose the topic at this very place;
    `place` is where the row stands in the topic (a message's number), for kinds whose rights have a `first_place`.
    """

    change: int
    body: bytes
    revokes: tuple[int, ...] = ()
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """What a topic holds beyond a change: the newest state of each row, ordered by change."""

    newest: int
    frames: tuple[Frame, ...]
    reload: bool = False  # more than 500 behind: the page is fetched anew instead


@dataclass(frozen=True, slots=True)
class TopicKind:
    """A kind of topic. All callables are synchronous, take sets and cost a constant number of queries."""

    name: str
    topics_of: Callable[[Collection[int]], Mapping[int, Mapping[int, Until]]]  # users -> topic ids with their `until`
    allowed: Callable[
        [Collection[int], Collection[int]], Mapping[tuple[int, int], Until]
    ]  # (user, topic id) pairs that hold
    newest_change: Callable[[Collection[int]], Mapping[int, int]] | None = None  # None: the kind carries hints only
    frames_after: Callable[[int, int], Missed] | None = None


InboundHandler = Callable[[int, Mapping[str, Any]], Awaitable[None]]
"""Takes the user's id and the parsed frame; raises `BadFrame` with a sentence for the sender."""


class BadFrame(Exception):
    """An inbound frame is wrong; the code goes to the client, which shows its own sentence."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Registry:
    topics: dict[str, TopicKind] = field(default_factory=dict)
    inbound: dict[str, InboundHandler] = field(default_factory=dict)
    # Presence: whom of the people each watcher may see (watchers, people -> people of each). Constant queries a call.
    visible_people: Callable[[Collection[int], Collection[int]], Mapping[int, Collection[int]]] | None = None
    # Presence: the state that people chose by hand, and when that ends by the clock; others are left out. One query a call.
    presence_by_hand: Callable[[Collection[int]], Mapping[int, tuple[str, datetime | None]]] | None = None

    def add_topic(self, kind: TopicKind) -> None:
        if kind.name in self.topics:
            raise ValueError(f"The topic kind {kind.name} is registered twice.")
        self.topics[kind.name] = kind

    def add_inbound(self, kind: str, handler: InboundHandler) -> None:
        if kind in self.inbound:
            raise ValueError(f"The inbound frame {kind} is registered twice.")
        self.inbound[kind] = handler


registry = Registry()
