"""Who comes in and goes out, and what that opens and closes."""

import pytest
from django.core.exceptions import ValidationError

from apps.audit.models import AuditEntry
from apps.core import actions as core_actions
from apps.core import events
from apps.messaging import actions as messaging_actions
from apps.messaging import queries as messaging_queries
from apps.people import actions as people_actions
from apps.people.models import StaffType, User
from apps.teams import actions, permissions, queries
from apps.teams.models import Channel, ChannelKind, ChannelMembership, Invitation, TeamMembership
from tests.factories import grant, make_channel, make_person, make_site, make_team, make_unit, send

pytestmark = pytest.mark.django_db


def epoch(user: User) -> int:
    return User.objects.values_list("authz_epoch", flat=True).get(pk=user.pk)


@pytest.fixture
def site():
    return make_site()


def test_a_team_begins_with_its_maker_and_a_channel(site):
    maker = make_person(site=site)
    team = actions.create_team(by=maker, site=site, name_ko="감염관리팀", is_open=True)
    assert permissions.can_manage_team(maker, team)
    assert [channel.kind for channel in queries.channels_in_team(team, maker)] == [ChannelKind.STANDARD]
    with pytest.raises(ValidationError):
        actions.create_team(by=maker, site=site)


@pytest.mark.parametrize("job", [StaffType.GUEST, StaffType.STUDENT])
def test_who_may_not_open_teams(site, job):
    with pytest.raises(actions.NotAllowed):
        actions.create_team(by=make_person(site=site, job=job), site=site, name_ko="팀")


def test_an_open_team_is_joined_by_its_site_alone(site):
    team = make_team(owner=make_person(site=site), site=site, is_open=True)
    near, far = make_person(site=site), make_person()
    actions.join_team(team=team, by=near)
    actions.join_team(team=team, by=near)
    assert TeamMembership.objects.open().filter(team=team, user=near).count() == 1
    with pytest.raises(actions.NotAllowed):
        actions.join_team(team=team, by=far)


def test_joining_opens_the_channels_at_what_is_new(site):
    owner, joiner = make_person(site=site), make_person(site=site)
    team = make_team(owner=owner, site=site, is_open=True)
    channel = team.channels.get()
    send(owner, channel)
    actions.join_team(team=team, by=joiner)
    core_actions.drain_outbox()
    send(owner, channel)
    assert channel.pk in queries.channels_of([joiner.pk])[joiner.pk]
    assert next(item.unread for item in messaging_queries.conversations_of(joiner) if item.channel == channel) == 1


def test_leaving_closes_standard_and_private_channels_and_raises_the_epoch(site):
    owner, member = make_person(site=site), make_person(site=site)
    team = make_team(member, owner=owner, site=site)
    private = actions.create_channel(team=team, by=member, name_ko="비공개", is_private=True)
    before = epoch(member)
    actions.leave_team(team=team, by=member)
    assert epoch(member) > before
    assert queries.channels_of([member.pk])[member.pk] == {}
    assert ChannelMembership.objects.get(channel=private, user=member).left_at is not None
    assert not Channel.objects.visible_to(member).exists()


def test_the_last_owner_hands_over_before_leaving(site):
    owner, member = make_person(site=site), make_person(site=site)
    team = make_team(member, owner=owner, site=site)
    with pytest.raises(actions.TeamsError):
        actions.leave_team(team=team, by=owner)
    assert permissions.is_team_member(owner, team)
    actions.make_owner(team=team, user=member, by=owner)
    actions.leave_team(team=team, by=owner)
    assert permissions.can_manage_team(member, team)


def test_removing_needs_an_owner_and_is_recorded(site):
    owner, member, other = (make_person(site=site) for _ in range(3))
    team = make_team(member, other, owner=owner, site=site)
    with pytest.raises(actions.NotAllowed):
        actions.remove_from_team(team=team, user=other, by=member)
    actions.remove_from_team(team=team, user=other, by=owner)
    assert not permissions.is_team_member(other, team)
    assert AuditEntry.objects.filter(action="teams.team_member_removed", object_id=str(team.pk)).exists()


def test_an_invitation_is_asked_once_and_answered_once(site):
    owner, guest = make_person(site=site), make_person()
    team = make_team(owner=owner, site=site)
    assert actions.invite_to_team(team=team, users=[guest, owner], by=owner) == 1
    assert actions.invite_to_team(team=team, users=[guest], by=owner) == 0
    invitation = Invitation.objects.get()
    actions.answer_invitation(invitation=invitation, by=owner, accept=True)  # not the owner's to answer
    assert not permissions.is_team_member(guest, team)
    actions.answer_invitation(invitation=invitation, by=guest, accept=True)
    assert permissions.is_team_member(guest, team)
    actions.answer_invitation(invitation=invitation, by=guest, accept=False)
    assert permissions.is_team_member(guest, team)


def test_a_private_channel_is_entered_by_invitation(site):
    owner, member = make_person(site=site), make_person(site=site)
    team = make_team(member, owner=owner, site=site)
    channel = actions.create_channel(team=team, by=owner, name_ko="간호부장", is_private=True)
    assert not permissions.can_read(member, channel)
    actions.invite_to_channel(channel=channel, users=[member], by=owner)
    actions.answer_invitation(invitation=Invitation.objects.get(), by=member, accept=True)
    assert permissions.can_read(member, channel)
    actions.remove_from_channel(channel=channel, user=member, by=owner)
    assert not permissions.can_read(member, channel)
    rows = ChannelMembership.objects.filter(channel=channel, user=member)
    assert [row.left_at is None for row in rows] == [False]


def test_direct_channels_are_one_for_two(site):
    one, other = make_person(site=site), make_person()
    channel = actions.open_direct(by=one, other=other)
    assert actions.open_direct(by=other, other=one) == channel
    with pytest.raises(actions.TeamsError):
        actions.open_direct(by=one, other=one)
    with pytest.raises(actions.NotAllowed):
        actions.leave_channel(channel=channel, by=one)


def test_groups_have_three_to_fifty(site):
    people = [make_person(site=site) for _ in range(3)]
    channel = actions.open_group(by=people[0], others=people[1:])
    assert set(queries.people_of(channel)) == set(people)
    with pytest.raises(actions.TeamsError):
        actions.open_group(by=people[0], others=people[1:2])


def test_an_archived_team_is_read_only(site):
    owner, member = make_person(site=site), make_person(site=site)
    team = make_team(member, owner=owner, site=site)
    channel = team.channels.get()
    actions.archive_team(team=team, by=owner)
    channel.refresh_from_db()
    assert permissions.can_read(member, channel)
    assert not permissions.may_write_where_readable(member, channel)
    with pytest.raises(actions.TeamsError):
        actions.invite_to_team(team=team, users=[make_person()], by=owner)


def test_wide_channels_follow_site_and_staff_type(site):
    near, far = make_person(site=site), make_person()
    guest = make_person(site=site, job=StaffType.GUEST)
    it = make_person()
    grant(it, "it")
    wide = actions.open_wide_channel(by=it, site=site, name_ko="본원 알림")
    network = actions.open_wide_channel(by=it, site=None, name_ko="전체 알림")
    held = queries.channels_of([near.pk, far.pk, guest.pk])
    assert set(held[near.pk]) == {wide.pk, network.pk}
    assert set(held[far.pk]) == {network.pk}
    assert held[guest.pk] == {}
    with pytest.raises(actions.NotAllowed):
        actions.open_wide_channel(by=near, site=site, name_ko="내 알림")
    assert set(queries.people_of(wide)) == {near}


def test_whose_channels_are_asked_in_constant_queries(site, django_assert_num_queries):
    unit = make_unit(site=site)
    people = [make_person(unit=unit) for _ in range(12)]
    for person in people:
        team = make_team(owner=person, site=site)
        make_channel(person, kind="private", team=team)
    with django_assert_num_queries(5):
        one = queries.channels_of([people[0].pk])
    with django_assert_num_queries(5):
        all_of_them = queries.channels_of([person.pk for person in people])
    assert one[people[0].pk] == all_of_them[people[0].pk]
    assert len(one[people[0].pk]) == 2


def test_what_a_page_shows_is_what_the_gateway_subscribes_to(site):
    owner, member = make_person(site=site), make_person(site=site)
    team = make_team(member, owner=owner, site=site)
    make_channel(member, kind="private", team=team)
    make_channel(owner, kind="private", team=team)
    make_channel(kind="site", site=site)
    make_channel(kind="network")
    for person in (owner, member, make_person()):
        seen = set(Channel.objects.visible_to(person).values_list("pk", flat=True))
        assert seen == set(queries.channels_of([person.pk])[person.pk])


def test_who_was_removed_from_a_team_cannot_accept_into_its_private_channel(site):
    owner, member = make_person(site=site), make_person(site=site)
    team = make_team(member, owner=owner, site=site)
    channel = actions.create_channel(team=team, by=owner, name_ko="비공개", is_private=True)
    actions.invite_to_channel(channel=channel, users=[member], by=owner)
    invitation = Invitation.objects.get()
    actions.remove_from_team(team=team, user=member, by=owner)
    actions.answer_invitation(invitation=invitation, by=member, accept=True)
    assert not permissions.can_read(member, channel)
    with pytest.raises(actions.TeamsError):
        actions.invite_to_channel(channel=channel, users=[member], by=owner)


def test_verbs_on_somebody_who_is_not_there_change_nothing(site):
    owner, stranger = make_person(site=site), make_person()
    team = make_team(owner=owner, site=site)
    channel = actions.create_channel(team=team, by=owner, name_ko="비공개", is_private=True)
    before = (AuditEntry.objects.count(), epoch(stranger), Channel.objects.get(pk=channel.pk).last_change)
    for verb in (
        lambda: actions.make_owner(team=team, user=stranger, by=owner),
        lambda: actions.remove_from_team(team=team, user=stranger, by=owner),
        lambda: actions.remove_from_channel(channel=channel, user=stranger, by=owner),
    ):
        with pytest.raises(actions.TeamsError):
            verb()
    after = (AuditEntry.objects.count(), epoch(stranger), Channel.objects.get(pk=channel.pk).last_change)
    assert after == before


def test_an_archived_channel_has_no_open_invitation(site):
    owner, member = make_person(site=site), make_person(site=site)
    team = make_team(member, owner=owner, site=site)
    channel = actions.create_channel(team=team, by=owner, name_ko="비공개", is_private=True)
    actions.invite_to_channel(channel=channel, users=[member], by=owner)
    actions.archive_channel(channel=channel, by=owner)
    assert not Invitation.objects.visible_to(member).exists()
    start = channel.last_change
    assert messaging_queries.frames_after(channel.pk, start).frames[-1].body == b'{"kind":"archived"}'


def test_it_gives_a_team_that_lost_its_owners_a_new_one(site):
    owner, member = make_person(site=site), make_person(site=site)
    team = make_team(member, owner=owner, site=site)
    people_actions.deactivate(user=owner, by=None)
    it = make_person()
    grant(it, "it")
    assert actions.appoint_owner(team=team, by=it) == member
    assert permissions.can_manage_team(member, team)
    with pytest.raises(actions.NotAllowed):
        actions.appoint_owner(team=team, by=member)


def test_a_worker_that_lags_does_not_hide_what_is_new(site, monkeypatch):
    monkeypatch.setattr(events, "_wakers", [])
    one, other = make_person(site=site), make_person(site=site)
    channel = actions.open_direct(by=one, other=other)
    for _ in range(3):
        send(one, channel)
    team = make_team(owner=one, site=site, is_open=True)
    standard = team.channels.get()
    send(one, standard)
    actions.join_team(team=team, by=other)
    send(one, standard)
    core_actions.drain_outbox()
    unread = {item.channel: item.unread for item in messaging_queries.conversations_of(other)}
    assert unread == {channel: 3, standard: 1}


def test_marks_of_those_who_left_are_not_shown(site):
    owner, member = make_person(site=site), make_person(site=site)
    channel = make_channel(member, owner=owner, kind="private")
    message = send(owner, channel)
    messaging_actions.save_marks({(member.pk, channel.pk): (message.number, 0)})
    assert member.pk in messaging_queries.marks_of(channel)
    actions.leave_channel(channel=channel, by=member)
    assert member.pk not in messaging_queries.marks_of(channel)


def test_a_team_is_archived_with_its_last_active_member(site):
    owner, asked, gone = (make_person(site=site) for _ in range(3))
    team = make_team(gone, owner=owner, site=site)
    private = actions.create_channel(team=team, by=owner, name_ko="비공개", is_private=True)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    actions.invite_to_team(team=team, users=[asked], by=owner)
    actions.leave_team(team=team, by=owner)
    team.refresh_from_db()
    assert team.is_archived
    assert not Channel.objects.filter(team=team, archived_at=None).exists()
    assert not ChannelMembership.objects.open().filter(channel=private).exists()
    assert not Invitation.objects.open().exists()
    assert AuditEntry.objects.filter(action="teams.team_archived", object_id=str(team.pk)).exists()
    with pytest.raises(actions.TeamsError):
        actions.join_team(team=team, by=asked)


def test_a_team_with_somebody_left_stays_open(site):
    owner, member = make_person(site=site), make_person(site=site)
    team = make_team(member, owner=owner, site=site)
    actions.leave_team(team=team, by=member)
    team.refresh_from_db()
    assert not team.is_archived


def test_a_restored_team_has_the_channels_that_were_archived_with_it(site):
    owner, member = make_person(site=site), make_person(site=site)
    team = make_team(member, owner=owner, site=site)
    general, old = team.channels.get(), make_channel(team=team)
    actions.archive_channel(channel=old, by=owner)
    actions.archive_team(team=team, by=owner)
    assert [found for found, _ in queries.teams_with_channels(member, archived=True)] == [team]
    with pytest.raises(actions.NotAllowed):
        actions.restore_team(team=team, by=member)
    actions.restore_team(team=team, by=owner)
    actions.restore_team(team=team, by=owner)
    team.refresh_from_db()
    assert not team.is_archived
    assert list(Channel.objects.filter(team=team, archived_at=None)) == [general]
    assert queries.teams_with_channels(member, archived=True) == []
    assert general.pk in queries.channels_of([member.pk])[member.pk]
    assert AuditEntry.objects.filter(action="teams.team_restored", object_id=str(team.pk)).count() == 1
    assert send(member, general).number == 1


def test_a_channel_is_restored_by_its_owner_and_not_before_its_team(site):
    owner, member = make_person(site=site), make_person(site=site)
    team = make_team(member, owner=owner, site=site)
    channel = make_channel(team=team)
    actions.archive_channel(channel=channel, by=owner)
    with pytest.raises(actions.NotAllowed):
        actions.restore_channel(channel=channel, by=member)
    actions.archive_team(team=team, by=owner)
    with pytest.raises(actions.TeamsError):
        actions.restore_channel(channel=channel, by=owner)
    actions.restore_team(team=team, by=owner)
    actions.restore_channel(channel=channel, by=owner)
    actions.restore_channel(channel=channel, by=owner)
    assert send(member, channel).number == 1
    assert AuditEntry.objects.filter(action="teams.channel_restored", object_id=str(channel.pk)).count() == 1


def test_restoring_is_a_change_that_is_caught_up(site):
    owner = make_person(site=site)
    channel = make_channel(team=make_team(owner=owner, site=site))
    send(owner, channel)
    actions.archive_channel(channel=channel, by=owner)
    channel.refresh_from_db()
    start = channel.last_change
    actions.restore_channel(channel=channel, by=owner)
    missed = messaging_queries.frames_after(channel.pk, start)
    assert (missed.newest, [frame.body for frame in missed.frames]) == (start + 1, [b'{"kind":"restored"}'])
    channel.refresh_from_db()
    send(owner, channel)
    assert b"restored" not in messaging_queries.frames_after(channel.pk, start + 1).frames[-1].body
