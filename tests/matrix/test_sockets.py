"""The live gateway's side of the matrix: each kind of topic and of inbound frame × each principal."""

from collections.abc import Callable, Mapping

import pytest

from apps.core.registries import registries
from apps.messaging import actions as messaging_actions
from apps.messaging.api import TypingRelay
from apps.messaging.models import ReadMark
from apps.realtime.registry import registry

from .world import PRINCIPALS, World

pytestmark = pytest.mark.django_db

STAFF = {"other_site", "same_site", "removed", "member", "owner", "manager", "auditor", "it"}
INSIDE = {"member", "owner"}

# kind -> topic ids of the world, each with the principals that may listen
TOPICS: dict[str, Callable[[World], Mapping[int, set[str]]]] = {
    "channel": lambda world: {
        world.standard.pk: INSIDE,
        world.private.pk: INSIDE,
        world.group.pk: INSIDE,
        world.direct.pk: INSIDE,
        world.site_wide.pk: STAFF - {"other_site"},
        world.network_wide.pk: STAFF,
    },
    "user": lambda world: {person.pk: {name} for name, person in world.people.items() if name != "deactivated"},
}


def mark_is_kept(world: World, principal: str) -> bool:
    """Let the principal say that all of the private channel was read; answer whether that was believed."""
    person = world.people[principal]
    ReadMark.objects.filter(user=person, channel=world.private).delete()
    messaging_actions.save_marks({(person.pk, world.private.pk): (1, 1)})
    return ReadMark.objects.filter(user=person, channel=world.private, up_to=1).exists()


def typing_is_passed_on(world: World, principal: str) -> bool:
    """Let the principal write in the private channel; answer whether the others were told."""
    return TypingRelay().pass_on(world.people[principal].pk, world.private.pk, 0)


# kind -> whether a frame about the private channel leaves something behind when it comes from a principal
INBOUND: dict[str, Callable[[World, str], bool]] = {"typing": typing_is_passed_on, "mark": mark_is_kept}


def name_of(world: World, user_id: int) -> str:
    return next(name for name, person in world.people.items() if person.pk == user_id)


def test_every_kind_of_topic_has_a_row() -> None:
    assert set(registry.topics) == set(TOPICS)


def test_every_inbound_frame_has_a_row() -> None:
    assert set(registry.inbound) == set(INBOUND)


@pytest.mark.parametrize("kind", TOPICS)
def test_who_may_listen(world: World, kind: str) -> None:
    """`allowed` says so for each pair, and `topics_of` subscribes to exactly the same."""
    expected = TOPICS[kind](world)
    users = {person.pk for person in world.people.values()}
    held = registry.topics[kind].allowed(users, set(expected))
    found = {topic: {name_of(world, user) for user, held_topic in held if held_topic == topic} for topic in expected}
    assert found == expected
    subscribed = registry.topics[kind].topics_of(users)
    listening = {
        topic: {name_of(world, user) for user, topics in subscribed.items() if topic in topics} for topic in expected
    }
    assert listening == expected


@pytest.mark.parametrize("kind", INBOUND)
def test_whose_frames_count(world: World, kind: str) -> None:
    kept = {name for name in PRINCIPALS if name != "anonymous" and INBOUND[kind](world, name)}
    assert kept == INSIDE


def test_whom_each_sees_in_presence(world: World) -> None:
    """Staff see all active people, others nobody: as in the directory."""
    assert registry.visible_people is not None
    people = {person.pk for person in world.people.values()}
    found = registry.visible_people(people, people)
    seen = {name_of(world, watcher): {name_of(world, person) for person in seen} for watcher, seen in found.items()}
    assert seen == dict.fromkeys(STAFF, STAFF)


def test_only_living_sessions_open_a_socket(world: World) -> None:
    assert registries.sessions is not None
    held = registries.sessions([*world.sessions.values(), "no-such-session"])
    assert {name_of(world, session.user_id) for session in held.values()} == STAFF
