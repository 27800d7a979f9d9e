"""Three questions about belonging have one answer: what a page lists, what one address opens, what a socket hears."""

import pytest
from django.contrib.auth.models import AnonymousUser

from apps.people.models import StaffType
from apps.teams import permissions, queries
from apps.teams.models import Channel
from tests.factories import make_person
from tests.matrix.world import build_world

pytestmark = pytest.mark.django_db


def test_a_list_an_address_and_a_socket_agree_for_everybody_and_every_kind():
    world = build_world()
    people = [*world.people.values(), make_person(unit=world.ward, job=StaffType.GUEST)]
    heard = queries.channels_of([person.pk for person in people])
    channels = list(Channel.objects.all())
    assert {channel.kind for channel in channels} == {"standard", "private", "group", "direct", "site", "network"}
    answers = set()
    for person in people:
        person.refresh_from_db()
        listed = set(Channel.objects.visible_to(person).values_list("pk", flat=True))
        for channel in channels:
            opened = queries.readable_channel(person, channel.pk) is not None
            assert opened == (channel.pk in listed) == permissions.can_read(person, channel), (person, channel.kind)
            if person.is_active:  # a deactivated one has no session that a socket could come from
                assert opened == (channel.pk in heard[person.pk]), (person, channel.kind)
            answers.add(opened)
    assert answers == {True, False}


def test_nobody_opens_what_is_not_there():
    assert queries.readable_channel(make_person(), 999_999_999) is None
    assert Channel.objects.readable(AnonymousUser(), 1) is None


def test_opening_one_costs_two_queries(django_assert_max_num_queries):
    world = build_world()
    member = world.people["member"]
    for channel in (world.private, world.standard, world.direct, world.network_wide):
        with django_assert_max_num_queries(2):
            assert queries.readable_channel(member, channel.pk) == channel
