"""What happens when two people do something at the same moment, on connections of their own."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connections

from apps.people import actions as people_actions
from apps.teams import actions
from apps.teams.models import Channel, ChannelMembership, Invitation, TeamMembership
from tests.factories import join_team, make_channel, make_person, make_site, make_team

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*verbs: Callable[[], Any]) -> list[Any]:
    """Run verbs in threads that begin together; return results or the errors that they raised."""
    barrier = Barrier(len(verbs))
    results: list[Any] = [None] * len(verbs)

    def run(place: int, verb: Callable[[], Any]) -> None:
        try:
            barrier.wait(5)
            results[place] = verb()
        except Exception as error:  # noqa: BLE001 — the test looks at it
            results[place] = error
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(place, verb)) for place, verb in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results


def errors(results: list[Any]) -> list[Any]:
    return [result for result in results if isinstance(result, Exception)]


@pytest.mark.parametrize("_round", range(5))
def test_two_who_write_to_each_other_first_get_one_channel(_round):
    one, other = make_person(), make_person()
    results = at_once(
        lambda: actions.open_direct(by=one, other=other), lambda: actions.open_direct(by=other, other=one)
    )
    assert errors(results) == []
    assert results[0] == results[1]
    assert ChannelMembership.objects.open().count() == 2


@pytest.mark.parametrize("_round", range(3))
def test_a_double_click_on_join_joins_once(_round):
    site = make_site()
    team = make_team(owner=make_person(site=site), site=site, is_open=True)
    person = make_person(site=site)
    results = at_once(*[lambda: actions.join_team(team=team, by=person)] * 3)
    assert errors(results) == []
    assert TeamMembership.objects.open().filter(team=team, user=person).count() == 1


def test_two_owners_invite_the_same_person_once():
    team = make_team(owner=make_person())
    second = make_person()
    join_team(team, second, is_owner=True)
    guest = make_person()
    first = TeamMembership.objects.filter(team=team, is_owner=True).first().user
    results = at_once(
        lambda: actions.invite_to_team(team=team, users=[guest], by=first),
        lambda: actions.invite_to_team(team=team, users=[guest], by=second),
    )
    assert sorted(results) == [0, 1]
    assert Invitation.objects.open().filter(user=guest).count() == 1


@pytest.mark.parametrize("_round", range(3))
def test_two_owners_who_leave_at_once_leave_an_owner_behind(_round):
    first, second, member = (make_person() for _ in range(3))
    team = make_team(member, owner=first)
    join_team(team, second, is_owner=True)
    results = at_once(lambda: actions.leave_team(team=team, by=first), lambda: actions.leave_team(team=team, by=second))
    assert len(errors(results)) == 1
    assert TeamMembership.objects.open().filter(team=team, is_owner=True).count() == 1


@pytest.mark.parametrize("_round", range(3))
def test_no_channel_opens_in_a_team_while_it_is_archived(_round):
    owner = make_person()
    team = make_team(owner=owner)
    at_once(
        lambda: actions.archive_team(team=team, by=owner),
        lambda: actions.create_channel(team=team, by=owner, name_ko="늦은 채널"),
    )
    assert not Channel.objects.filter(team=team, archived_at=None).exists()


@pytest.mark.parametrize("_round", range(3))
def test_accepting_in_one_tab_and_joining_in_another_is_no_deadlock(_round):
    site = make_site()
    owner, person = make_person(site=site), make_person(site=site)
    team = make_team(owner=owner, site=site, is_open=True)
    actions.invite_to_team(team=team, users=[person], by=owner)
    invitation = Invitation.objects.get()
    results = at_once(
        lambda: actions.answer_invitation(invitation=invitation, by=person, accept=True),
        lambda: actions.join_team(team=team, by=person),
        lambda: people_actions.save_preferences(
            user=person, language="ko", theme="dark", contrast="auto", input_mode="auto"
        ),
    )
    assert errors(results) == []
    assert TeamMembership.objects.open().filter(team=team, user=person).count() == 1


def test_the_last_owner_of_a_private_channel_leaves_it_to_somebody():
    owner, member = make_person(), make_person()
    channel = make_channel(member, owner=owner, kind="private")
    actions.leave_channel(channel=channel, by=owner)
    assert ChannelMembership.objects.open().get(channel=channel).is_owner
