"""Giving, reading and taking back notices, and what other devices are told."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.core import clock as core_clock
from apps.core.actions import drain_outbox
from apps.messaging import actions as messaging
from apps.notifications import actions, queries, tasks
from apps.notifications.models import Notice, NoticeBatch
from apps.realtime import publish
from apps.teams import actions as teams_actions
from tests.factories import (
    assign_to,
    invite,
    make_channel,
    make_notice,
    make_person,
    make_site,
    make_team,
    make_unit,
    send,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ward() -> tuple:
    site = make_site()
    one, other, third = (make_person(site=site) for _ in range(3))
    return one, other, third, make_channel(one, other, third, kind="private")


def give(actor, channel, *people, kind="mention", number=1, key="", **more):
    return actions.notify(
        kind=kind,
        recipients=[person.pk for person in people],
        actor=actor,
        channel=channel,
        number=number,
        key=key or f"message:{channel.pk}:{number}",
        **more,
    )


def unread(person) -> list[str]:
    return sorted(Notice.objects.unread().filter(user=person).values_list("kind", flat=True))


# -- Giving ------------------------------------------------------------------------------------------------------------
def test_a_notice_reaches_each_once_and_never_who_caused_it(ward):
    one, other, third, channel = ward
    assert give(one, channel, one, other, third, other) == 2
    assert give(one, channel, other) == 0
    assert [unread(person) for person in ward[:3]] == [[], ["mention"], ["mention"]]


def test_it_holds_no_text():
    kinds = {field.get_internal_type() for field in Notice._meta.fields}
    assert "TextField" not in kinds
    assert {field.name for field in Notice._meta.fields if field.get_internal_type() == "CharField"} == {"kind", "key"}


def test_reactions_gather_and_are_unread_again(ward):
    one, other, third, channel = ward
    give(other, channel, one, kind="reaction")
    actions.read_notices(by=one)
    give(third, channel, one, kind="reaction")
    notice = Notice.objects.get(user=one)
    assert (notice.count, notice.actor, notice.read_at, notice.told_at) == (2, third, None, None)
    assert notice.changed_at > notice.created_at


def test_somebody_who_takes_a_reaction_back_and_gives_it_again_is_no_news(ward):
    one, other, third, channel = ward
    give(other, channel, one, kind="reaction")
    give(third, channel, one, kind="reaction")
    actions.read_notices(by=one)
    Notice.objects.update(told_at=core_clock.now())
    before = Notice.objects.values().get()
    assert [give(person, channel, one, kind="reaction") for person in (other, third, other)] == [0, 0, 0]
    assert Notice.objects.values().get() == before


def test_a_notice_remembers_the_newest_who_caused_it_and_no_more(ward, monkeypatch):
    monkeypatch.setattr(actions, "REMEMBERED", 3)
    one, *_, channel = ward
    people = [make_person(unit=one.home_unit) for _ in range(5)]
    for person in people:
        give(person, channel, one, kind="reaction")
    notice = Notice.objects.get()
    assert (notice.count, notice.people) == (5, [person.pk for person in people[2:]])


def test_what_renews_nothing_is_made_where_it_is_missing_and_told_to_nobody(
    ward, ears, django_capture_on_commit_callbacks
):
    one, other, third, channel = ward
    with django_capture_on_commit_callbacks(execute=True):
        assert give(other, channel, one, kind="reaction", renews=False) == 1
    assert unread(one) == ["reaction"]
    assert ears.hints(one) == [{"kind": "notices", "unread": 1}]
    actions.read_notices(by=one)
    with django_capture_on_commit_callbacks(execute=True):
        assert give(third, channel, one, kind="reaction", renews=False) == 0
    assert unread(one) == []
    assert ears.hints(one) == []
    assert Notice.objects.get().count == 1


def test_a_request_to_acknowledge_takes_the_place_of_a_mention_but_not_the_other_way(ward):
    one, other, third, channel = ward
    give(one, channel, other)
    actions.read_notices(by=other)
    give(one, channel, other, third, kind="acknowledgement")
    give(one, channel, other, third)
    assert unread(other) == unread(third) == ["acknowledgement"]
    assert Notice.objects.count() == 2


def test_a_change_that_is_rolled_back_tells_nobody(ward, ears, django_capture_on_commit_callbacks):
    one, other, _, channel = ward

    def give_and_fail() -> None:
        with transaction.atomic():
            give(one, channel, other)
            raise RuntimeError

    with django_capture_on_commit_callbacks(execute=True) as callbacks, pytest.raises(RuntimeError):
        give_and_fail()
    assert callbacks == []
    assert not Notice.objects.exists()
    assert ears.hints(other) == []


def test_after_the_commit_its_person_is_told_who_and_where(ward, ears, django_capture_on_commit_callbacks):
    one, other, third, channel = ward
    make_notice(other)
    with django_capture_on_commit_callbacks(execute=True):
        give(one, channel, other, number=7, root_number=3, ordinal=2)
    notice = Notice.objects.get(user=other, number=7)
    assert notice.told_at is not None
    (hint,) = ears.hints(other)
    assert hint == {
        "kind": "notice",
        "unread": 2,
        "notice": {
            "id": notice.pk,
            "kind": "mention",
            "actor": {"id": one.pk, "names": one.names},
            "channel": channel.pk,
            "number": 7,
            "root": 3,
            "count": 1,
        },
    }
    assert ears.hints(third) == []


def test_giving_to_many_is_one_statement_for_500(ward):
    one, _, _, channel = ward
    people = [make_person(unit=one.home_unit) for _ in range(3)]
    give(one, channel, people[0], number=1)  # what is asked once
    with CaptureQueriesContext(connection) as captured:
        give(one, channel, *people, number=2)
    assert len([query for query in captured if query["sql"].startswith("INSERT")]) == 1


# -- Everybody -----------------------------------------------------------------------------------------------------------
def test_a_small_channel_is_told_at_once_and_a_large_one_by_a_batch(ward, django_capture_on_commit_callbacks):
    one, *_, channel = ward
    everybody = {"kind": "mention", "audience": "channel", "actor": one, "channel": channel, "root_number": None}
    actions.notify_people(number=1, ordinal=0, key="a", **everybody)
    assert not NoticeBatch.objects.exists()
    assert [unread(person) for person in ward[:3]] == [[], ["mention"], ["mention"]]
    for _ in range(50):
        person = make_person(unit=one.home_unit)
        teams_actions._open_membership(teams_actions.lock_channel(channel.pk), person)
    actions.notify_people(number=2, ordinal=0, key="b", **everybody)
    assert not Notice.objects.filter(number=2).exists()
    batch = NoticeBatch.objects.get()
    assert actions.expand_batch(batch.pk)
    assert Notice.objects.filter(number=2).count() == 52
    assert not Notice.objects.filter(number=2, user=one).exists()


def test_a_unit_is_its_people_of_today_who_read_the_channel(ward):
    one, other, third, channel = ward
    elsewhere = make_person(unit=other.home_unit)
    ended = make_unit(site=one.home.site)
    today = core_clock.now().date()
    assign_to(third, other.home_unit, on=today - timedelta(days=30), until=today - timedelta(days=2))
    assign_to(third, ended)
    actions.notify_people(
        kind="mention",
        audience="unit",
        unit_id=other.home_unit_id,
        actor=one,
        channel=channel,
        number=1,
        root_number=None,
        ordinal=0,
        key="a",
    )
    assert [unread(person) for person in (one, other, third, elsewhere)] == [[], ["mention"], [], []]


# -- Reading -------------------------------------------------------------------------------------------------------------
def test_reading_the_channel_reads_what_stands_in_it_up_to_there(ward):
    one, other, _, channel = ward
    give(one, channel, other, number=1)
    give(one, channel, other, number=2, root_number=1, ordinal=1)
    give(one, channel, other, number=3)
    give(one, channel, other, number=4, kind="reaction")
    give(one, channel, other, number=2, kind="acknowledgement", key="x")
    actions.read_up_to([(other.pk, channel.pk, 2)])
    left = Notice.objects.unread().filter(user=other).order_by("number", "kind").values_list("number", "kind")
    assert list(left) == [(2, "acknowledgement"), (2, "mention"), (3, "mention"), (4, "reaction")]


def test_reading_a_thread_reads_its_notices_up_to_an_ordinal(ward):
    one, other, third, channel = ward
    for number, root, ordinal in ((2, 1, 1), (3, 1, 2), (5, 4, 1)):
        give(one, channel, other, third, kind="reply", number=number, root_number=root, ordinal=ordinal)
    actions.read_threads([(other.pk, channel.pk, 1, 1), (third.pk, channel.pk, 4, 9)])
    assert sorted(Notice.objects.unread().values_list("user_id", "number")) == sorted(
        [(other.pk, 3), (other.pk, 5), (third.pk, 2), (third.pk, 3)]
    )


def test_acknowledging_reads_the_request(ward):
    one, other, _, channel = ward
    give(one, channel, other, kind="acknowledgement", number=1)
    give(one, channel, other, kind="reaction", number=1, key="r")
    actions.read_message(user_id=other.pk, channel_id=channel.pk, number=1)
    assert unread(other) == ["reaction"]


def test_others_are_told_how_many_are_left_and_those_without_are_not(ward, ears, django_capture_on_commit_callbacks):
    one, other, third, channel = ward
    give(one, channel, other, number=1)
    give(one, channel, other, number=2)
    with django_capture_on_commit_callbacks(execute=True):
        actions.read_up_to([(other.pk, channel.pk, 1), (third.pk, channel.pk, 1)])
    assert [hint for _, hint in ears.everything()] == [{"kind": "notices", "unread": 1}]


def test_where_nothing_is_unread_hundreds_of_marks_cost_one_statement(ward):
    *_, channel = ward
    with CaptureQueriesContext(connection) as captured:
        actions.read_up_to([(user, channel.pk, 5) for user in range(1, 400)])
    assert len(captured) == 1


def test_of_ones_own_notices_any_can_be_read_unread_and_removed(ward):
    one, other, *_ = ward
    mine, second, theirs = make_notice(one), make_notice(one, kind="reaction"), make_notice(other)
    assert actions.read_notices(by=one, ids=[mine.pk, theirs.pk]) == 1
    assert actions.mark_unread(by=one, ids=[mine.pk, second.pk, theirs.pk]) == 1
    assert actions.read_notices(by=one, show="reaction") == 1
    assert unread(one) == ["mention"]
    assert actions.read_notices(by=one, show="unread") == 1
    assert actions.delete_notices(by=one, ids=[mine.pk, theirs.pk]) == 1
    assert list(Notice.objects.filter(user=one)) == [second]
    assert unread(other) == ["mention"]


def test_opening_reads_a_notice_but_not_a_request(ward):
    one, *_ = ward
    mention, request = make_notice(one), make_notice(one, kind="acknowledgement")
    actions.open_notice(by=one, notice=mention)
    actions.open_notice(by=one, notice=request)
    assert unread(one) == ["acknowledgement"]


# -- Taking back ----------------------------------------------------------------------------------------------------------
def test_a_deleted_message_takes_its_notices_and_batches_along(ward, ears, django_capture_on_commit_callbacks):
    one, other, third, channel = ward
    give(one, channel, other, third, number=1)
    give(one, channel, other, number=2)
    actions.read_notices(by=third)
    batch = NoticeBatch.objects.create(
        kind="mention", actor=one, channel=channel, number=1, audience="channel", key=f"message:{channel.pk}:1"
    )
    with django_capture_on_commit_callbacks(execute=True):
        actions.withdraw(channel=channel, numbers=[1])
    assert list(Notice.objects.values_list("user_id", "number")) == [(other.pk, 2)]
    assert actions.expand_batch(batch.pk)
    assert Notice.objects.count() == 1
    heard = ears.everything()
    assert [hint for _, hint in heard] == [{"kind": "notices", "unread": 1}]


def test_the_notice_of_a_thing_that_is_no_more_goes_from_one_person(ward, ears, django_capture_on_commit_callbacks):
    one, other, third, channel = ward
    give(one, channel, other, third, kind="reaction", key="r")
    give(one, channel, other, kind="reaction", key="s")
    with django_capture_on_commit_callbacks(execute=True):
        actions.withdraw_key(user_id=other.pk, key="r")
        actions.withdraw_key(user_id=other.pk, key="r")
    assert sorted(Notice.objects.values_list("user_id", "key")) == sorted([(other.pk, "s"), (third.pk, "r")])
    assert [hint for _, hint in ears.everything()] == [{"kind": "notices", "unread": 1}]
    actions.read_notices(by=other)
    with django_capture_on_commit_callbacks(execute=True):
        actions.withdraw_key(user_id=other.pk, key="s")
    assert ears.hints(other) == []


# -- The sweep ------------------------------------------------------------------------------------------------------------
def test_what_was_not_told_is_told_by_the_sweep(ward, ears, clock):
    one, other, _, channel = ward
    give(one, channel, other)  # its process dies before it tells
    assert actions.tell_untold() == 0  # it may be telling just now
    clock.shift(timedelta(seconds=6))
    assert actions.tell_untold() == 1
    assert [hint["kind"] for hint in ears.hints(other)] == ["notice"]
    assert actions.tell_untold() == 0


def test_a_dead_bus_stops_nobody(ward, monkeypatch, django_capture_on_commit_callbacks):
    one, other, _, channel = ward
    monkeypatch.setattr(publish._breaker, "open_until", float("inf"))
    monkeypatch.setattr(publish._breaker, "_ask_for_a_sweep_later", lambda: None)
    with django_capture_on_commit_callbacks(execute=True):
        give(one, channel, other)
    assert unread(other) == ["mention"]


def test_a_notice_that_changed_meanwhile_is_left_to_who_changed_it(ward, monkeypatch):
    one, other, third, channel = ward
    give(other, channel, one, kind="reaction")
    notice = Notice.objects.get()
    told = queries.hints_of

    def react_meanwhile(*arguments):
        give(third, channel, one, kind="reaction")
        return told(*arguments)

    monkeypatch.setattr(queries, "hints_of", react_meanwhile)
    actions.tell_notices([notice.pk])
    notice.refresh_from_db()
    assert (notice.count, notice.told_at) == (2, None)


# -- What counts --------------------------------------------------------------------------------------------------------
def test_who_lost_the_place_does_not_see_its_notices_nor_count_them(ward):
    one, other, third, channel = ward
    archived = make_channel(other, kind="private")
    standard = make_channel(other)
    for place in (channel, archived, standard):
        give(one, place, other)
    make_notice(other)
    assert queries.unread_total(other) == queries.unread_counts([other.pk])[other.pk] == 4
    teams_actions._archive(teams_actions.lock_channel(archived.pk))
    assert queries.unread_total(other) == queries.unread_counts([other.pk])[other.pk] == 4
    teams_actions.leave_channel(channel=channel, by=other)
    teams_actions.leave_team(team=standard.team, by=other)
    assert queries.unread_total(other) == queries.unread_counts([other.pk])[other.pk] == 2
    assert not Notice.objects.visible_to(other).filter(channel=channel).exists()
    assert queries.unread_counts([third.pk]) == {third.pk: 0}
    other.is_active = False
    assert not Notice.objects.visible_to(other).exists()


def test_mentions_are_counted_by_channel(ward):
    one, other, _, channel = ward
    second = make_channel(other, kind="private")
    give(one, channel, other, number=1)
    give(one, channel, other, number=2)
    give(one, second, other, kind="acknowledgement")
    give(one, second, other, kind="reaction", key="r")
    assert queries.unread_mentions(other) == {channel.pk: 2, second.pk: 1}
    assert queries.unread_mentions(other, [second.pk]) == {second.pk: 1}
    assert set(queries.channels_with_mentions(other).values_list("channel", flat=True)) == {channel.pk, second.pk}


def test_a_broken_place_of_a_page_is_the_first_page(ward):
    one, *_ = ward
    make_notice(one)
    for text in (
        "x",
        "2026-01-01/3",
        "/",
        f"{core_clock.now().isoformat()}/x",
        f"{core_clock.now().isoformat()}/{'9' * 30}",
    ):
        assert queries.read_place(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+23:59/1",
        "0001-01-01T00:00:00+00:00/1",
        "1969-12-31T23:59:59+00:00/1",
        "9999-01-01T00:00:00+00:00/1",
        "9999-12-31T23:59:59-23:59/1",
    ],
)
def test_an_instant_that_no_notice_has_is_the_first_page(ward, text):
    one, other, _third, channel = ward
    make_notice(one, message=send(other, channel))
    assert queries.read_place(text) is None
    assert len(queries.page_of(one, before=text).rows) == 1


def test_the_zone_of_a_place_does_not_matter():
    assert queries.read_place("2026-11-24T18:00:00+09:00/3") == (datetime(2026, 11, 24, 9, tzinfo=UTC), 3)


# -- Old ones --------------------------------------------------------------------------------------------------------------
def test_notices_that_were_read_go_after_ninety_days(ward, clock, monkeypatch):
    monkeypatch.setattr(actions, "PURGED_AT_ONCE", 2)
    one, *_ = ward
    now = core_clock.now()
    read = [make_notice(one, read_at=now, told_at=now) for _ in range(5)]
    waiting = make_notice(one)
    late = make_notice(one)
    clock.shift(timedelta(days=89))
    actions.read_notices(by=one, ids=[late.pk])
    fresh = make_notice(one, read_at=core_clock.now(), changed_at=core_clock.now())
    assert tasks.purge_notices() == 0
    clock.shift(timedelta(days=2))
    assert tasks.purge_notices() == len(read)
    assert set(Notice.objects.all()) == {waiting, late, fresh}


# -- Invitations ---------------------------------------------------------------------------------------------------------
def test_an_invitation_becomes_a_notice_that_is_read_by_its_answer(ward):
    owner, guest, other, _ = ward
    team = make_team(owner=owner)
    teams_actions.invite_to_team(team=team, users=[guest, other], by=owner)
    drain_outbox()
    assert unread(guest) == unread(other) == ["invitation"]
    rows = queries.page_of(guest).rows
    assert [row.view.place for row in rows] == [team.name]
    assert owner.display_name in rows[0].view.sentence
    teams_actions.answer_invitation(invitation=guest.invitations.get(), by=guest, accept=True)
    teams_actions.archive_team(team=team, by=owner)
    drain_outbox()
    assert unread(guest) == unread(other) == []
    assert queries.page_of(guest).rows[0].view.excerpt != rows[0].view.excerpt


def test_an_invitation_into_a_private_channel_is_seen_by_who_is_not_yet_in_it(ward):
    owner, guest, *_ = ward
    team = make_team(guest, owner=owner)
    channel = make_channel(owner=owner, kind="private", team=team)
    teams_actions.invite_to_channel(channel=channel, users=[guest], by=owner)
    drain_outbox()
    assert [row.view.place for row in queries.page_of(guest).rows] == [channel.name]
    teams_actions.leave_team(team=team, by=guest)
    drain_outbox()
    assert unread(guest) == []
    assert queries.page_of(guest).rows == ()


def test_an_invitation_that_was_answered_before_it_was_told_gives_no_notice(ward):
    owner, guest, *_ = ward
    team = make_team(owner=owner)
    teams_actions.invite_to_team(team=team, users=[guest], by=owner)
    teams_actions.answer_invitation(invitation=guest.invitations.get(), by=guest, accept=False)
    drain_outbox()
    assert not Notice.objects.exists()


def test_a_second_invitation_is_a_second_notice(ward):
    owner, guest, *_ = ward
    team = make_team(owner=owner)
    for _ in range(2):
        teams_actions.invite_to_team(team=team, users=[guest], by=owner)
        drain_outbox()
        assert unread(guest) == ["invitation"]
        teams_actions.answer_invitation(invitation=guest.invitations.open().get(), by=guest, accept=False)
        drain_outbox()
    assert Notice.objects.filter(user=guest).count() == 2


def test_joining_an_open_team_reads_its_invitation(ward):
    owner, guest, *_ = ward
    team = make_team(owner=owner, site=guest.home.site, is_open=True)
    teams_actions.invite_to_team(team=team, users=[guest], by=owner)
    drain_outbox()
    teams_actions.join_team(team=team, by=guest)
    drain_outbox()
    assert unread(guest) == []


def test_somebody_who_was_deactivated_is_not_told_of_an_invitation(ward):
    owner, guest, *_ = ward
    team = make_team(owner=owner)
    invitation = invite(guest, by=owner, team=team)
    guest.is_active = False
    guest.save()
    actions.tell_of_invitations([invitation.pk])
    assert not Notice.objects.exists()


# -- With messages --------------------------------------------------------------------------------------------------------
def test_a_mention_in_a_message_is_a_notice_until_the_message_is_read_or_deleted(ward):
    one, other, _, channel = ward
    message = send(one, channel, f"@{other.name_ko} 확인 부탁드립니다")
    assert unread(other) == ["mention"]
    assert queries.page_of(other).rows[0].view.excerpt.startswith(f"@{other.name_ko}")
    messaging.mark_read(user=other, channel=channel, up_to=message.number)
    assert unread(other) == []
    messaging.delete_message(by=one, message=message)
    assert queries.page_of(other).rows == ()
