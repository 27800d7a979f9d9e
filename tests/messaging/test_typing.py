"""Who is told that somebody writes: the people of a small channel, at most every three seconds, at the cost of few queries."""

import asyncio
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.messaging import api
from apps.people.models import User
from apps.realtime.registry import BadFrame
from apps.teams import actions as teams_actions
from apps.teams.models import Channel, ChannelKind, ChannelMembership
from tests import factories


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    told: list[Any] = []
    monkeypatch.setattr("apps.messaging.api.publish_hint", lambda *hint: told.append(hint))
    return told


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The relay's time, which a test moves."""
    at = {"now": 1000.0}
    monkeypatch.setattr("apps.messaging.api.time.monotonic", lambda: at["now"])
    return at


@pytest.fixture
def group(db: None) -> Channel:
    people = [
        factories.make_person(name_ko="쓰는이", name_en="Writer"),
        factories.make_person(),
        factories.make_person(),
    ]
    return factories.make_channel(*people[1:], owner=people[0], kind=ChannelKind.GROUP)


def writer_of(channel: Channel) -> User:
    return User.objects.get(name_en="Writer")


def test_the_others_hear_who_writes_and_where(group: Channel, hints: list[Any]) -> None:
    writer = writer_of(group)
    relay = api.TypingRelay()
    assert relay.pass_on(writer.pk, group.pk, 0)
    assert relay.pass_on(writer.pk, group.pk, 7)
    names = {"ko": "쓰는이", "en": "Writer"}
    assert hints == [
        ("channel", group.pk, {"kind": "typing", "user": writer.pk, "names": names, "root": root}) for root in (0, 7)
    ]


def test_a_stranger_is_not_passed_on(group: Channel, hints: list[Any]) -> None:
    relay = api.TypingRelay()
    assert not relay.pass_on(factories.make_person().pk, group.pk, 0)
    assert not relay.pass_on(writer_of(group).pk, 999_999, 0)
    assert not relay.pass_on(999_999, group.pk, 0)
    assert hints == []


def test_whoever_was_taken_out_is_not_passed_on_a_moment_later(
    group: Channel, hints: list[Any], passing: dict[str, float]
) -> None:
    writer, relay = writer_of(group), api.TypingRelay()
    assert relay.pass_on(writer.pk, group.pk, 0)
    teams_actions.leave_channel(channel=group, by=writer)
    passing["now"] += api.TYPING_RIGHT_SECONDS
    assert not relay.pass_on(writer.pk, group.pk, 0)
    assert len(hints) == 1


def test_nobody_writes_where_it_is_archived(group: Channel, hints: list[Any]) -> None:
    Channel.objects.filter(pk=group.pk).update(archived_at="2026-01-01T00:00:00Z")
    assert not api.TypingRelay().pass_on(writer_of(group).pk, group.pk, 0)
    assert hints == []


@pytest.mark.parametrize(("people", "is_told"), [(100, True), (101, False)])
def test_a_large_channel_is_not_told(group: Channel, hints: list[Any], people: int, is_told: bool) -> None:
    unit = factories.make_unit()
    more = [
        User(staff_number=f"T{number}", name_ko=f"사람{number}", job="nurse", home_unit=unit)
        for number in range(people - 3)
    ]
    User.objects.bulk_create(more)
    ChannelMembership.objects.bulk_create(ChannelMembership(channel=group, user=user, change=0) for user in more)
    assert api.TypingRelay().pass_on(writer_of(group).pk, group.pk, 0) is is_told
    assert bool(hints) is is_told


def test_a_writer_costs_three_queries_at_a_time(group: Channel, hints: list[Any], passing: dict[str, float]) -> None:
    writer, relay = writer_of(group), api.TypingRelay()
    with CaptureQueriesContext(connection) as first:
        relay.pass_on(writer.pk, group.pk, 0)
    assert len(first.captured_queries) <= 5
    passing["now"] += api.TYPING_RIGHT_SECONDS - 0.1
    with CaptureQueriesContext(connection) as second:
        assert relay.pass_on(writer.pk, group.pk, 0)
    assert not second.captured_queries
    passing["now"] += 0.2
    with CaptureQueriesContext(connection) as third:
        assert relay.pass_on(writer.pk, group.pk, 0)
    assert len(third.captured_queries) == 3


def test_once_in_three_seconds_a_person_and_channel(passing: dict[str, float]) -> None:
    relay = api.TypingRelay()
    assert relay.is_due(17, 1)
    assert relay.is_due(18, 1)
    assert relay.is_due(17, 2)
    passing["now"] += 2
    assert not relay.is_due(17, 1)
    passing["now"] += 1
    assert relay.is_due(17, 1)


def test_what_a_relay_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.messaging.api.TYPING_KEPT", 10)
    relay = api.TypingRelay()
    for person in range(100):
        relay.is_due(person, 1)
    assert len(relay._told_at) <= 10


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"topic": None},
        {"topic": "channel:"},
        {"topic": "channel:-1"},
        {"topic": "channel:1x"},
        {"topic": "channel:" + "9" * 19},
        {"topic": "channel:١٢"},
        {"topic": "user:12"},
        {"topic": ["channel:12"]},
        {"topic": "channel:12", "root": 0},
        {"topic": "channel:12", "root": -1},
        {"topic": "channel:12", "root": True},
        {"topic": "channel:12", "root": "7"},
        {"topic": "channel:12", "root": 2**62},
        {"topic": "channel:12", "root": [7]},
    ],
)
def test_a_frame_of_another_shape_is_refused(frame: dict[str, Any]) -> None:
    with pytest.raises(BadFrame) as refused:
        asyncio.run(api.receive_typing(17, {"t": "typing", **frame}))
    assert refused.value.code == "malformed"


def test_a_frame_reaches_the_relay(monkeypatch: pytest.MonkeyPatch) -> None:
    relay = api.TypingRelay()
    passed: list[Any] = []
    monkeypatch.setattr(api, "typing_relay", relay)
    monkeypatch.setattr(relay, "pass_on", lambda *what: passed.append(what))

    async def story() -> None:
        await api.receive_typing(17, {"t": "typing", "topic": "channel:12"})
        await api.receive_typing(17, {"t": "typing", "topic": "channel:12"})  # too soon
        await api.receive_typing(18, {"t": "typing", "topic": "channel:12", "root": 7})

    asyncio.run(story())
    assert passed == [(17, 12, 0), (18, 12, 7)]
