"""The gauntlet's own eyes: it must see a lost, doubled, moved or invented message, or its silence means nothing."""

import random
import uuid

import pytest

from apps.messaging import actions
from apps.messaging.models import Message
from apps.operations.gauntlet import fuzz
from apps.operations.gauntlet.kills import Attempt, Report, compare_with_database
from apps.operations.gauntlet.world import Person, World
from apps.teams import actions as teams
from apps.teams.models import Channel
from tests.factories.people import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    nurse, physician = make_person(), make_person()
    return teams.open_direct(by=nurse, other=physician)


@pytest.fixture
def attempts(channel: Channel) -> list[Attempt]:
    """Three messages as they were acknowledged, and one that nobody knows about."""
    author = channel.memberships.first().user
    made = []
    for number in range(1, 4):
        attempt = Attempt(author.pk, uuid.uuid4(), f"message {number}")
        sent = actions.send_message(by=author, channel=channel, client_id=attempt.client_id, text=attempt.text)
        attempt.number = sent.message.number
        made.append(attempt)
    return [*made, Attempt(author.pk, uuid.uuid4(), "the page was closed")]


def violations(attempts: list[Attempt], channel: Channel) -> str:
    report = Report()
    compare_with_database(report, attempts, channel.pk)
    return " ".join(report.violations)


def test_an_honest_history_is_in_order(attempts: list[Attempt], channel: Channel) -> None:
    assert violations(attempts, channel) == ""


def test_a_lost_message_is_seen(attempts: list[Attempt], channel: Channel) -> None:
    Message.objects.filter(client_id=attempts[1].client_id).delete()
    seen = violations(attempts, channel)
    assert "is stored 0 times" in seen
    assert "gap" in seen


def test_a_message_at_another_number_is_seen(attempts: list[Attempt], channel: Channel) -> None:
    attempts[0].number, attempts[1].number = attempts[1].number, attempts[0].number
    assert "was acknowledged as 2" in violations(attempts, channel)


def test_a_message_with_another_text_is_seen(attempts: list[Attempt], channel: Channel) -> None:
    Message.objects.filter(client_id=attempts[0].client_id).update(body="something else")
    assert "was acknowledged as 1" in violations(attempts, channel)


def test_a_message_that_nobody_sent_is_seen(attempts: list[Attempt], channel: Channel) -> None:
    assert "1 messages are stored that nobody sent" in violations(attempts[1:], channel)


def test_changes_out_of_order_are_seen(attempts: list[Attempt], channel: Channel) -> None:
    Message.objects.filter(client_id=attempts[0].client_id).update(change=10_000)
    assert "changes do not rise" in violations(attempts, channel)


def test_the_fuzz_is_the_same_for_the_same_seed_and_reaches_every_address() -> None:
    world = World((Person(1, "a", False), Person(2, "b", False)), 7, (Person(3, "c", True),))
    routes = list(fuzz.list_routes())
    assert "chat/<int:channel_id>/messages/" in routes
    assert any(route.startswith("admin/") for route in routes)
    assert not any(route.startswith(fuzz.LEFT_ALONE) for route in routes)

    def make(seed: int) -> list[object]:
        dice = random.Random(seed)
        return [
            *(fuzz.make_request(dice, dice.choice(routes), world) for _ in range(300)),
            *(fuzz.make_frame(dice, world) for _ in range(300)),
        ]

    assert make(1) == make(1)
    assert make(1) != make(2)
    assert "<" not in "".join(fuzz.fill_route(random.Random(1), route, world) for route in routes)
