"""News between apps: an event class, how it is published, and who reacts.

A *durable* event is an `OutboxEvent` row that commits with the change; each subscriber gets it at least once, in order per
aggregate. A *hint* is handed over after the commit and may be lost.
"""

import dataclasses
import logging
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar, cast

from django.db import transaction

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """The base of all events: past tense, ids only. `aggregate` names the row whose events keep their order."""

    durable: ClassVar[bool] = False

    @property
    def aggregate(self) -> str:
        """Return what this event is ordered by; subclasses that are durable say which row."""
        return type(self).name()

    @classmethod
    def name(cls) -> str:
        return f"{cls.__module__.split('.')[1]}.{cls.__name__}"

    def payload(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


E = TypeVar("E", bound=Event)
Handler = Callable[[Any], None]

_classes: dict[str, type[Event]] = {}
_subscribers: dict[str, dict[str, Handler]] = {}


def subscriber(event_class: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Register a function as a subscriber of an event class, under its own dotted name."""

    def register(handler: Callable[[E], None]) -> Callable[[E], None]:
        name = event_class.name()
        _classes[name] = event_class
        _subscribers.setdefault(name, {})[f"{handler.__module__}.{handler.__name__}"] = cast("Handler", handler)
        return handler

    return register


def subscribers_of(name: str) -> dict[str, Handler]:
    """Return the handlers of an event class by their dotted names."""
    return _subscribers.get(name, {})


def load_event(name: str, payload: dict[str, Any]) -> Event | None:
    """Return the event that a row holds, or None when no subscriber knows its class any more."""
    event_class = _classes.get(name)
    return event_class(**payload) if event_class else None


def publish(event: Event) -> None:
    """Tell the subscribers of an event; call it inside the transaction of the change.

    A durable event without a subscriber writes no row. A hint reaches its subscribers after the commit, in this process; an
    error in one is logged and stops nobody.
    """
    handlers = subscribers_of(event.name())
    if not handlers:
        return
    if event.durable:
        from .models import OutboxEvent  # the model needs the app registry, which events are loaded before

        OutboxEvent.objects.create(
            name=event.name(), aggregate=event.aggregate, payload=event.payload(), pending=sorted(handlers)
        )
        transaction.on_commit(_wake, robust=True)
        return
    for handler in handlers.values():
        transaction.on_commit(lambda handler=handler: _deliver_hint(handler, event))  # type: ignore[misc]


def _deliver_hint(handler: Handler, event: Event) -> None:
    try:
        handler(event)
    except Exception:  # a hint may be lost; the change itself has committed
        logger.exception("A hint was lost: %s at %s", event.name(), handler.__module__)


_wakers: list[Callable[[], None]] = []


def add_waker(waker: Callable[[], None]) -> None:
    """Register what starts the outbox after a commit (the task queue); losing the call costs seconds, nothing else."""
    _wakers.append(waker)


def _wake() -> None:
    for waker in _wakers:
        waker()
