"""Events carry ids only, subscribers are short, tasks take ids, and the timetable names tasks that exist."""

import ast
import dataclasses
import inspect
from collections.abc import Iterator
from importlib import import_module

import pytest

from apps.core.events import Event
from hospital_collab.celery import app

from .house import ROOT, STOREYS


def all_events(base: type[Event] = Event) -> Iterator[type[Event]]:
    for event in base.__subclasses__():
        yield event
        yield from all_events(event)


def our_events() -> list[type[Event]]:
    for name in STOREYS:
        if (ROOT / "apps" / name / "events.py").exists():
            import_module(f"apps.{name}.events")
    return sorted(
        {event for event in all_events() if event.__module__.startswith("apps.")}, key=lambda event: event.__qualname__
    )


def our_tasks() -> list[str]:
    app.loader.import_default_modules()
    return sorted(name for name in app.tasks if name.startswith("apps."))


def test_there_are_events_and_tasks() -> None:
    assert our_events()
    assert our_tasks()


@pytest.mark.parametrize("event", our_events(), ids=lambda event: event.__name__)
def test_an_event_is_frozen_and_carries_ids_only(event: type[Event]) -> None:
    assert event.__dataclass_params__.frozen  # type: ignore[attr-defined]
    fields = [field.name for field in dataclasses.fields(event)]
    assert [name for name in fields if not name.endswith(("_id", "_ids", "_on", "_at"))] == []


@pytest.mark.parametrize("event", [event for event in our_events() if event.durable], ids=lambda event: event.__name__)
def test_a_durable_event_says_whose_order_it_keeps(event: type[Event]) -> None:
    values = {field.name: 1 for field in dataclasses.fields(event)}
    assert ":" in event(**values).aggregate


@pytest.mark.parametrize("path", sorted(ROOT.glob("apps/*/subscribers.py")), ids=lambda path: path.parent.name)
def test_a_subscriber_reacts_in_three_lines(path) -> None:
    long = [
        node.name
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and sum(1 for _ in node.body) > 3
    ]
    assert long == []


@pytest.mark.parametrize("name", our_tasks())
def test_a_task_takes_ids_only(name: str) -> None:
    parameters = inspect.signature(app.tasks[name].run).parameters
    assert [parameter for parameter in parameters if not parameter.endswith(("_id", "_ids", "_ago"))] == []


def test_the_timetable_names_tasks_that_exist() -> None:
    named = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert named
    assert named <= set(our_tasks())
