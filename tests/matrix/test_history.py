"""A member whose history begins late sees, by no way, what was written before."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.messaging import queries
from apps.messaging.models import Message
from apps.people.models import User
from apps.teams.models import Channel, ChannelKind
from tests import factories

pytestmark = pytest.mark.django_db

EARLIER = "카나리 예전 글"
LATER = "나중 글"


@pytest.fixture
def owner() -> User:
    return factories.make_person()


@pytest.fixture
def channel(owner: User) -> Channel:
    return factories.make_channel(owner=owner, kind=ChannelKind.PRIVATE, team=factories.make_team(owner=owner))


@pytest.fixture
def latecomer(owner: User, channel: Channel) -> User:
    """Came in at number 2, with the message before it kept from them."""
    factories.send(owner, channel, EARLIER)
    person = factories.make_person()
    factories.join_channel(channel, person, visible_from=2)
    factories.send(owner, channel, LATER)
    return person


def addresses(channel: Channel) -> list[str]:
    page = reverse("chat-channel", args=[channel.pk])
    messages = reverse("chat-messages", args=[channel.pk])
    return [
        page,
        f"{page}?around=1",
        f"{page}?before=2",
        messages,
        f"{messages}?before=2",
        f"{messages}?around=1",
        f"{messages}?after=0",
        reverse("chat-thread", args=[channel.pk, 1]),
        reverse("chat"),
        reverse("home"),
    ]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}, {"Accept": "application/json"}])
def test_no_page_shows_it(client: Client, channel: Channel, latecomer: User, headers: dict[str, str]) -> None:
    factories.sign_in_as(client, latecomer)
    for address in addresses(channel):
        response = client.get(address, headers=headers)
        assert response.status_code in {200, 404}, address
        assert EARLIER not in response.content.decode(), address


def test_the_owner_sees_it_by_the_same_ways(client: Client, channel: Channel, latecomer: User, owner: User) -> None:
    factories.sign_in_as(client, owner)
    seen = [address for address in addresses(channel) if EARLIER in client.get(address).content.decode()]
    assert len(seen) >= 4


def test_nobody_answers_what_they_cannot_see(client: Client, channel: Channel, latecomer: User) -> None:
    factories.sign_in_as(client, latecomer)
    response = client.post(
        reverse("chat-messages", args=[channel.pk]),
        {"text": "답", "client_id": "0b9a0c3e-3c4f-4f0e-9a53-2f4f7f0f4c11", "root": 1},
        headers={"accept": "application/json"},
    )
    assert response.status_code == 409
    assert not Message.objects.filter(root__isnull=False).exists()


def test_its_queryset_leaves_it_out(channel: Channel, latecomer: User, owner: User) -> None:
    assert [message.body for message in Message.objects.visible_to(latecomer)] == [LATER]
    assert Message.objects.visible_to(owner).count() == 2
    assert queries.visible_from(channel, latecomer) == 2
