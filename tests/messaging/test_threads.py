"""Threads: who follows them, and how far each has read."""

import pytest

from apps.messaging import actions, queries
from apps.messaging.models import ThreadMark
from tests.factories import make_channel, make_person, make_site, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def ward() -> tuple:
    site = make_site()
    one, other, third = (make_person(site=site) for _ in range(3))
    return one, other, third, make_channel(one, other, third, kind="private")


def mark(root, person) -> tuple:
    found = ThreadMark.objects.filter(root=root, user=person).first()
    return (found.up_to, found.is_following) if found else None


def test_replies_have_their_place_and_who_writes_follows(ward):
    one, other, third, channel = ward
    root = send(one, channel)
    replies = [send(other, channel, root_number=root.number) for _ in range(2)]
    assert [reply.ordinal for reply in replies] == [1, 2]
    assert mark(root, one) == (0, True)
    assert mark(root, other) == (2, True)
    assert mark(root, third) is None


def test_the_end_of_the_channel_is_not_the_end_of_a_thread(ward):
    one, other, _, channel = ward
    root = send(one, channel)
    send(other, channel, root_number=root.number)
    actions.mark_read(user=one, channel=channel, up_to=2)
    page = queries.page_of(channel, viewer=one)
    assert page.rows[0].new_replies == 1
    assert page.rows[0].is_followed
    actions.mark_thread_read(user=one, channel=channel, root_number=root.number, up_to=1)
    assert queries.page_of(channel, viewer=one).rows[0].new_replies == 0


def test_looking_into_a_thread_does_not_follow_it(ward):
    one, other, third, channel = ward
    root = send(one, channel)
    send(other, channel, root_number=root.number)
    actions.mark_thread_read(user=third, channel=channel, root_number=root.number, up_to=1)
    assert mark(root, third) == (1, False)
    send(other, channel, root_number=root.number)
    assert queries.page_of(channel, viewer=third).rows[0].new_replies == 1


def test_marks_never_fall_nor_pass_the_end_and_strangers_have_none(ward):
    one, other, third, channel = ward
    root = send(one, channel)
    send(other, channel, root_number=root.number)
    actions.save_thread_marks({(one.pk, channel.pk, root.number): 99, (make_person().pk, channel.pk, root.number): 1})
    assert mark(root, one) == (1, True)
    actions.save_thread_marks({(one.pk, channel.pk, root.number): 0})
    assert mark(root, one) == (1, True)
    assert ThreadMark.objects.count() == 2
    actions.save_thread_marks({(third.pk, channel.pk, 2): 1})  # the number of a reply is no thread
    assert ThreadMark.objects.count() == 2


def test_one_s_own_reply_moves_the_mark_only_from_the_end(ward):
    one, other, _, channel = ward
    root = send(one, channel)
    send(other, channel, root_number=root.number)
    send(one, channel, root_number=root.number)
    assert mark(root, one) == (0, True)  # the first reply is still unread
    actions.mark_thread_read(user=one, channel=channel, root_number=root.number, up_to=2)
    send(one, channel, root_number=root.number)
    assert mark(root, one) == (3, True)


def test_following_begins_at_the_end_and_ceasing_lasts_until_one_writes(ward):
    one, other, third, channel = ward
    root = send(one, channel)
    send(other, channel, root_number=root.number)
    actions.follow_thread(by=third, root=queries.root_in(channel, root.number, viewer=third), on=True)
    assert mark(root, third) == (1, True)
    actions.follow_thread(by=one, root=root, on=False)
    send(other, channel, root_number=root.number)
    assert mark(root, one) == (0, False)
    send(one, channel, root_number=root.number)
    assert mark(root, one)[1]


def test_older_threads_with_news_are_told_of(ward):
    one, other, third, channel = ward
    followed, looked_at, unknown = (send(one, channel) for _ in range(3))
    send(third, channel, root_number=looked_at.number)
    for _ in range(60):
        send(one, channel)
    actions.mark_read(user=third, channel=channel, up_to=64)
    for root in (followed, looked_at, unknown):
        send(other, channel, root_number=root.number)
    page = queries.page_of(channel, viewer=third)
    found = queries.threads_with_news(channel, viewer=third, first_unread=65, besides=page)
    assert {root.pk for root in found} == {followed.pk, looked_at.pk, unknown.pk}
    actions.mark_read(user=third, channel=channel, up_to=67)
    found = queries.threads_with_news(channel, viewer=third, first_unread=0, besides=page)
    assert [root.pk for root in found] == [looked_at.pk]  # the one that is followed and not read


def test_a_row_costs_the_same_with_and_without_threads(ward, django_assert_max_num_queries):
    one, other, _, channel = ward
    for _ in range(10):
        root = send(one, channel, asks_acknowledgement=True)
        send(other, channel, root_number=root.number)
        actions.add_reaction(by=other, message=root, emoji_name="eyes")
    with django_assert_max_num_queries(5):
        queries.page_of(channel, viewer=one)
