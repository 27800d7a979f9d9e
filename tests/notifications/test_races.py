"""What happens to notices when things meet, on connections of their own."""

import time
from threading import Barrier, Thread

import pytest
from django.db import connections, transaction

from apps.messaging import actions as messaging
from apps.notifications import actions
from apps.notifications.models import EarlyReader, Notice, NoticeBatch
from tests.factories import make_channel, make_notice, make_person, make_site, make_team, make_unit, send
from tests.teams.test_races import at_once, errors

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("_round", range(3))
def test_reactions_of_many_at_once_are_all_counted(_round):
    site = make_site()
    author, *others = (make_person(site=site) for _ in range(6))
    channel = make_channel(author, *others, kind="private")
    message = send(author, channel)
    results = at_once(
        *(
            lambda person=person: messaging.add_reaction(by=person, message=message, emoji_name="heart")
            for person in others
        )
    )
    assert errors(results) == []
    notice = Notice.objects.get(user=author, kind="reaction")
    assert (notice.count, notice.read_at) == (5, None)
    assert notice.told_at is not None


@pytest.mark.parametrize("_round", range(3))
def test_two_processes_give_the_same_notice_once_in_any_order(_round):
    people = [make_person(unit=make_unit()) for _ in range(6)]
    author = make_person()
    channel = make_channel(*people, author, kind="private")

    def give(order):
        return actions.notify(
            kind="mention", recipients=[p.pk for p in order], actor=author, channel=channel, number=1, key="k"
        )

    results = at_once(lambda: give(people), lambda: give(people[::-1]))
    assert errors(results) == []
    assert sum(results) == 6


@pytest.mark.parametrize("_round", range(3))
def test_marks_of_two_processes_and_a_deletion_do_not_lock_each_other_out(_round):
    unit = make_unit()
    people = [make_person(unit=unit) for _ in range(20)]
    author = make_person()
    channel = make_channel(*people, author, kind="private")
    for person in people:
        for number in (1, 2):
            make_notice(person, actor=author, channel=channel, number=number)
    results = at_once(
        lambda: actions.read_up_to([(person.pk, channel.pk, 2) for person in people]),
        lambda: actions.read_up_to([(person.pk, channel.pk, 2) for person in people[::-1]]),
        lambda: actions.withdraw(channel=channel, numbers=[1]),
        lambda: actions.read_notices(by=people[3]),
    )
    assert errors(results) == []
    assert Notice.objects.filter(number=1).count() == 0
    assert Notice.objects.unread().count() == 0
    assert Notice.objects.filter(number=2).count() == 20


@pytest.mark.parametrize("_round", range(3))
def test_two_tasks_share_a_batch_without_a_double(_round, monkeypatch):
    monkeypatch.setattr(actions, "CHUNK", 3)
    unit = make_unit()
    owner, *people = (make_person(unit=unit) for _ in range(14))
    channel = make_team(*people, owner=owner).channels.get()
    batch = NoticeBatch.objects.create(
        kind="reaction", actor=owner, channel=channel, number=1, audience="channel", key="k"
    )
    results = at_once(*[lambda: actions.expand_batch(batch.pk)] * 3)
    assert errors(results) == []
    if NoticeBatch.objects.get().finished_at is None:
        actions.expand_batch(batch.pk)
    # A kind that gathers would show a second run by its count.
    assert set(Notice.objects.values_list("count", flat=True)) == {1}
    assert Notice.objects.count() == 13


def open_batch_of_two():
    unit = make_unit()
    owner, one, other = (make_person(unit=unit) for _ in range(3))
    channel = make_team(one, other, owner=owner).channels.get()
    batch = NoticeBatch.objects.create(
        kind="mention", actor=owner, channel=channel, number=1, audience="channel", key="k"
    )
    return batch, channel, one


def test_reading_while_the_batch_makes_the_notice_waits_and_reads_it(monkeypatch):
    """The notice is there but not committed when its person reads the message: it must not stay unread."""
    batch, channel, one = open_batch_of_two()
    inside, insert = Barrier(2), actions._insert_chunk

    def insert_slowly(row):
        result = insert(row)
        inside.wait(5)
        time.sleep(0.3)  # the reader has begun, and waits for this row
        return result

    monkeypatch.setattr(actions, "_insert_chunk", insert_slowly)

    def read():
        inside.wait(5)
        actions.read_up_to([(one.pk, channel.pk, 1)])

    assert errors(at_once(lambda: actions.expand_batch(batch.pk), read)) == []
    assert Notice.objects.get(user=one).read_at is not None
    assert Notice.objects.unread().count() == 1


def test_a_batch_that_begins_while_somebody_reads_makes_their_notice_read():
    """The reader's statement is not committed when the batch takes its row: the batch waits for it."""
    batch, channel, one = open_batch_of_two()
    read, ended = Barrier(2), []

    def expand():
        read.wait(5)
        try:
            ended.append(actions.expand_batch(batch.pk))
        finally:
            connections.close_all()

    thread = Thread(target=expand)
    thread.start()
    with transaction.atomic():
        actions.read_message(user_id=one.pk, channel_id=channel.pk, number=1)
        assert EarlyReader.objects.count() == 1
        read.wait(5)
        time.sleep(0.3)
    thread.join(10)
    actions.expand_batch(batch.pk)
    assert Notice.objects.get(user=one).read_at is not None
    assert Notice.objects.unread().count() == 1


def test_a_message_that_is_deleted_while_its_batch_runs_leaves_no_notice(monkeypatch):
    batch, channel, _one = open_batch_of_two()
    inside, insert = Barrier(2), actions._insert_chunk

    def insert_slowly(row):
        result = insert(row)
        inside.wait(5)
        time.sleep(0.3)
        return result

    monkeypatch.setattr(actions, "_insert_chunk", insert_slowly)

    def withdraw():
        inside.wait(5)
        actions.withdraw(channel=channel, numbers=[1])

    assert errors(at_once(lambda: actions.expand_batch(batch.pk), withdraw)) == []
    assert not Notice.objects.exists()
    assert not NoticeBatch.objects.exists()


def test_a_message_is_deleted_while_somebody_reads_it_before_its_batch_came():
    """The early reading commits while the deletion is under way: it waits for it, and takes it along."""
    batch, channel, one = open_batch_of_two()
    read, failed = Barrier(2), []

    def withdraw():
        read.wait(5)
        try:
            actions.withdraw(channel=channel, numbers=[1])
        except Exception as error:  # noqa: BLE001 — the test looks at it
            failed.append(error)
        finally:
            connections.close_all()

    thread = Thread(target=withdraw)
    thread.start()
    with transaction.atomic():
        actions.read_message(user_id=one.pk, channel_id=channel.pk, number=1)
        assert EarlyReader.objects.filter(batch=batch).count() == 1
        read.wait(5)
        time.sleep(0.5)
    thread.join(10)
    assert failed == []
    assert not NoticeBatch.objects.exists()
    assert not EarlyReader.objects.exists()


def test_reading_waits_for_a_batch_before_it_holds_a_notice():
    """Who withdraws or expands holds the batch and then wants its notices; the other way round each waits for the other."""
    batch, channel, one = open_batch_of_two()
    make_notice(one, channel=channel, number=1, key="k")
    holds = Barrier(2)

    def withdraw():
        with transaction.atomic():
            NoticeBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)
            holds.wait(5)
            time.sleep(0.5)
            actions.withdraw(channel=channel, numbers=[1])

    def read():
        holds.wait(5)
        actions.read_up_to([(one.pk, channel.pk, 1)])

    assert errors(at_once(withdraw, read)) == []
    assert not Notice.objects.exists()


@pytest.mark.parametrize("_round", range(3))
def test_somebody_who_reacts_in_many_ways_at_once_is_one_person(_round):
    author, other = make_person(), make_person()
    channel = make_channel(author, other, kind="private")

    def give():
        return actions.notify(
            kind="reaction", recipients=[author.pk], actor=other, channel=channel, number=1, key="reaction:1"
        )

    results = at_once(give, give, give)
    assert errors(results) == []
    assert sum(results) == 1
    assert Notice.objects.get().count == 1
