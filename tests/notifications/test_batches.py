"""Notices for many: expanded by tasks, finished by the sweep, born read where their message was read before."""

from datetime import timedelta

import pytest

from apps.core import clock as core_clock
from apps.notifications import actions, tasks
from apps.notifications.events import BatchOpened
from apps.notifications.models import EarlyReader, Notice, NoticeBatch
from apps.notifications.subscribers import start_batch
from apps.people.models import User
from apps.teams.models import Channel, TeamMembership
from tests.factories import join_team, make_channel, make_notice, make_person, make_team, make_unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(monkeypatch) -> tuple[User, Channel, list[User]]:
    """A team of seven and its owner, expanded two at a time."""
    monkeypatch.setattr(actions, "CHUNK", 2)
    unit = make_unit()
    owner = make_person(unit=unit)
    people = [make_person(unit=unit) for _ in range(7)]
    team = make_team(*people, owner=owner)
    return owner, team.channels.get(), people


def open_batch(owner: User, channel: Channel, *, kind: str = "mention", number: int = 1, **more) -> NoticeBatch:
    key = f"message:{channel.pk}:{number}"
    return NoticeBatch.objects.create(
        kind=kind, actor=owner, channel=channel, number=number, audience="channel", key=key, **more
    )


def reached() -> set[int]:
    return set(Notice.objects.values_list("user_id", flat=True))


def ids(people) -> set[int]:
    return {person.pk for person in people}


def test_everybody_but_the_author_has_one_notice_however_often_it_runs(crowd):
    owner, channel, people = crowd
    batch = open_batch(owner, channel, number=3, root_number=2, ordinal=1)
    assert actions.expand_batch(batch.pk)
    assert actions.expand_batch(batch.pk)
    assert reached() == ids(people)
    assert Notice.objects.count() == 7
    notice = Notice.objects.first()
    assert (notice.kind, notice.actor, notice.channel, notice.number, notice.root_number, notice.ordinal) == (
        "mention",
        owner,
        channel,
        3,
        2,
        1,
    )
    batch.refresh_from_db()
    assert batch.finished_at is not None


def test_a_number_of_people_that_fills_its_last_chunk_is_finished_too(crowd):
    owner, channel, _people = crowd
    join_team(channel.team, make_person(unit=owner.home_unit))
    assert actions.expand_batch(open_batch(owner, channel).pk)
    assert Notice.objects.count() == 8


def test_who_was_told_individually_is_not_told_twice(crowd):
    owner, channel, people = crowd
    batch = open_batch(owner, channel)
    make_notice(people[2], key=batch.key, count=1)
    actions.expand_batch(batch.pk)
    assert Notice.objects.filter(user=people[2]).count() == 1
    assert Notice.objects.count() == 7


def test_a_request_for_all_takes_the_place_of_a_mention(crowd):
    owner, channel, people = crowd
    batch = open_batch(owner, channel, kind="acknowledgement")
    make_notice(people[2], key=batch.key, read_at=core_clock.now())
    actions.expand_batch(batch.pk)
    assert set(Notice.objects.values_list("kind", "read_at")) == {("acknowledgement", None)}


def test_killed_in_the_middle_it_goes_on_behind_the_last_chunk(crowd, monkeypatch):
    owner, channel, people = crowd
    batch = open_batch(owner, channel)
    tell = actions.tell_notices
    told = []

    def die_at_the_second(made, **more):
        told.append(made)
        if len(told) == 2:
            raise SystemExit
        tell(made, **more)

    monkeypatch.setattr(actions, "tell_notices", die_at_the_second)
    with pytest.raises(SystemExit):
        actions.expand_batch(batch.pk)
    batch.refresh_from_db()
    assert (Notice.objects.count(), batch.finished_at, batch.cursor) == (4, None, people[3].pk)
    assert Notice.objects.filter(told_at=None).count() == 2
    monkeypatch.setattr(actions, "tell_notices", tell)
    tasks.sweep_notices()
    assert Notice.objects.count() == 7
    assert reached() == ids(people)


def test_what_the_killed_one_did_not_tell_is_told_by_a_later_sweep(crowd, ears, clock):
    owner, _channel, people = crowd
    make_notice(people[0], actor=owner)
    clock.shift(timedelta(seconds=6))
    tasks.sweep_notices()
    assert [hint["notice"]["kind"] for hint in ears.hints(people[0], "notice")] == ["mention"]


def test_everybody_is_told(crowd, ears):
    owner, channel, people = crowd
    make_notice(people[1], told_at=core_clock.now())
    actions.expand_batch(open_batch(owner, channel).pk)
    heard = ears.everything()
    assert [hint["unread"] for _, hint in heard] == [1, 2, 1, 1, 1, 1, 1]
    assert not Notice.objects.filter(told_at=None).exists()


def test_whoever_left_or_was_deactivated_before_it_came_to_them_is_skipped(crowd, monkeypatch):
    owner, channel, people = crowd
    batch = open_batch(owner, channel)
    monkeypatch.setattr(actions, "WORK_SECONDS", 0)
    actions._expand_chunk(batch.pk)
    TeamMembership.objects.filter(user__in=[people[0], people[4]]).update(left_at=core_clock.now())
    User.objects.filter(pk=people[5].pk).update(is_active=False)
    monkeypatch.setattr(actions, "WORK_SECONDS", 5)
    actions.expand_batch(batch.pk)
    assert reached() == ids(people) - {people[4].pk, people[5].pk}
    assert not Notice.objects.visible_to(people[0]).exists()  # who left after it came does not see it


def test_who_read_the_message_before_has_a_notice_that_is_read(crowd):
    owner, channel, people = crowd
    batch = open_batch(owner, channel, number=4)
    actions.read_up_to([(people[6].pk, channel.pk, 4), (people[5].pk, channel.pk, 3)])
    assert EarlyReader.objects.count() == 1
    actions.expand_batch(batch.pk)
    assert list(Notice.objects.exclude(read_at=None).values_list("user_id", flat=True)) == [people[6].pk]
    assert Notice.objects.unread().count() == 6
    assert not EarlyReader.objects.exists()


def test_who_acknowledged_before_has_a_request_that_is_read(crowd):
    owner, channel, people = crowd
    batch = open_batch(owner, channel, kind="acknowledgement", number=4)
    actions.read_up_to([(people[5].pk, channel.pk, 9)])  # reading is not acknowledging
    actions.read_message(user_id=people[6].pk, channel_id=channel.pk, number=4)
    actions.expand_batch(batch.pk)
    assert list(Notice.objects.exclude(read_at=None).values_list("user_id", flat=True)) == [people[6].pk]


def test_who_read_the_thread_before_has_a_notice_that_is_read(crowd):
    owner, channel, people = crowd
    batch = open_batch(owner, channel, number=4, root_number=2, ordinal=1)
    actions.read_up_to([(people[5].pk, channel.pk, 9)])  # the end of the channel is not the end of a thread
    actions.read_threads([(people[6].pk, channel.pk, 2, 1)])
    actions.expand_batch(batch.pk)
    assert list(Notice.objects.exclude(read_at=None).values_list("user_id", flat=True)) == [people[6].pk]


def test_a_task_queue_that_is_away_leaves_the_batch_to_the_sweep(crowd, monkeypatch):
    from kombu.exceptions import OperationalError

    def fail(**options):
        raise OperationalError

    owner, channel, people = crowd
    batch = open_batch(owner, channel)
    monkeypatch.setattr(tasks.expand_batch, "apply_async", fail)
    start_batch(BatchOpened(batch_id=batch.pk))
    assert actions.unfinished_batches() == [batch.pk]
    tasks.sweep_notices()
    assert actions.unfinished_batches() == []
    assert reached() == ids(people)


def test_finished_batches_go_after_a_month(crowd, clock):
    owner, channel, _people = crowd
    done, waiting = open_batch(owner, channel), open_batch(owner, channel, number=2)
    actions.expand_batch(done.pk)
    assert tasks.purge_notices() == 0
    clock.shift(timedelta(days=31))
    assert tasks.purge_notices() == 1
    assert list(NoticeBatch.objects.all()) == [waiting]


def test_a_batch_of_a_site_reaches_its_staff_of_today(crowd):
    owner, _, people = crowd
    make_person(unit=make_unit())  # of another site
    guest = make_person(unit=owner.home_unit, job="guest")
    site_wide = make_channel(kind="site", site=owner.home.site)
    actions.expand_batch(open_batch(owner, site_wide).pk)
    assert reached() == ids(people)
    assert guest.pk not in reached()
