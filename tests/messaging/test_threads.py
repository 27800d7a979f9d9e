"""Threads: who follows them, and how far each has read."""

import uuid

import pytest

from apps.messaging import actions, queries
from apps.messaging.models import Message, Reaction, ThreadMark
from tests.factories import make_channel, make_person, make_site, react, send, sign_in_as

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


# -- Pages of a thread ----------------------------------------------------------------------------------------------------
def long_thread(one, other, channel, replies: int) -> Message:
    """A root with replies that were stored at once."""
    root = send(one, channel)
    Message.objects.bulk_create(
        Message(
            channel=channel,
            number=root.number + ordinal,
            change=root.change,
            author=other,
            client_id=uuid.uuid4(),
            root=root,
            ordinal=ordinal,
            body=f"{ordinal}번째 답",
        )
        for ordinal in range(1, replies + 1)
    )
    Message.objects.filter(pk=root.pk).update(reply_count=replies)
    channel.last_number = root.number + replies
    channel.save(update_fields=["last_number"])
    return queries.root_in(channel, root.number, viewer=one)


def ordinals(thread) -> list[int]:
    return [row.message.ordinal for row in thread.page.rows]


def test_every_reply_of_a_long_thread_is_reached(ward, django_assert_num_queries):
    one, other, _, channel = ward
    root = long_thread(one, other, channel, 530)
    thread = queries.thread_of(root, viewer=one)
    assert thread.root.message == root
    assert ordinals(thread) == list(range(481, 531))
    assert thread.page.rows[0].starts_group
    assert not thread.page.has_newer
    seen = ordinals(thread)
    while thread.page.has_older:
        with django_assert_num_queries(2):
            thread = queries.thread_of(root, viewer=one, before=thread.page.first)
        assert thread.page.has_newer
        seen = ordinals(thread) + seen
    assert seen == list(range(1, 531))


def test_a_thread_opens_around_a_reply_and_goes_on_from_there(ward, django_assert_num_queries):
    one, other, _, channel = ward
    root = long_thread(one, other, channel, 120)
    with django_assert_num_queries(2):
        thread = queries.thread_of(root, viewer=one, at=root.number + 20)
    assert 20 in ordinals(thread)
    assert thread.page.has_newer
    seen = ordinals(thread)
    while thread.page.has_newer:
        thread = queries.thread_of(root, viewer=one, newer=thread.page.last)
        seen += ordinals(thread)
    assert seen == list(range(1, 121))


def test_the_link_of_a_reply_opens_the_page_that_holds_it_without_a_script(ward, client):
    one, other, _, channel = ward
    root = long_thread(one, other, channel, 120)
    sign_in_as(client, one)
    page = client.get(f"/chat/{channel.pk}/messages/{root.number + 3}/", follow=True)
    assert f'id="thread-{root.number + 3}"' in page.text
    assert f'id="message-{root.number}"' in page.text  # the channel's part stands around the root
    assert page.text.count('id="thread-') == 1 + 27  # the root, two before, this one and 24 after it
    newest = client.get(f"/chat/{channel.pk}/thread/{root.number}/")
    assert page.text != newest.text
    assert f'id="thread-{root.number + 120}"' in newest.text
    older = f"?before={root.number + 71}"
    assert older in newest.text
    before = client.get(f"/chat/{channel.pk}/thread/{root.number}/{older}")
    assert f'id="thread-{root.number + 70}"' in before.text
    assert f'id="thread-{root.number + 71}"' not in before.text
    assert f'id="message-{root.number}"' in before.text


def test_an_older_page_of_a_thread_marks_nothing_read(ward, client):
    one, other, _, channel = ward
    root = long_thread(one, other, channel, 120)
    sign_in_as(client, one)
    address = f"/chat/{channel.pk}/thread/{root.number}/"
    client.get(address, {"at": root.number + 3})
    client.get(address, {"before": root.number + 60})
    assert mark(root, one) is None
    client.get(address)
    assert mark(root, one)[0] == 120


def test_a_script_gets_the_replies_alone(ward, client):
    one, other, _, channel = ward
    root = long_thread(one, other, channel, 120)
    sign_in_as(client, one)
    address = f"/chat/{channel.pk}/thread/{root.number}/"
    pane = client.get(address, headers={"HX-Request": "true"}).text
    link = f"{address}?before={root.number + 71}&amp;part=older"
    assert f'hx-get="{link}"' in pane
    part = client.get(link.replace("&amp;", "&"), headers={"HX-Request": "true"}).text
    assert part.count("<article") == 50
    assert "<aside" not in part
    assert "newer=" not in part  # what is newer stands below already
    part = client.get(address, {"newer": root.number + 50, "part": "newer"}, headers={"HX-Request": "true"}).text
    assert (part.count("<article"), "before=" in part, "newer=" in part) == (50, False, True)
    # The address of an older page, opened as a pane, is a pane.
    assert "<aside" in client.get(address, {"before": root.number + 71}, headers={"HX-Request": "true"}).text


# -- Many reactions -------------------------------------------------------------------------------------------------------
def test_a_frame_names_the_first_fifty_of_a_reaction_and_counts_all(ward, client):
    one, _, third, channel = ward
    message = send(one, channel)
    crowd = [make_person() for _ in range(58)]
    Reaction.objects.bulk_create(Reaction(message=message, user=person, emoji="thumbsup") for person in crowd)
    react(message, third)
    react(message, crowd[0], "eyes")
    body = queries.bodies_of([message])[message.pk]
    assert body["reactions"] == [
        {"emoji": "thumbsup", "count": 59, "users": [person.pk for person in crowd[:50]]},
        {"emoji": "eyes", "count": 1, "users": [crowd[0].pk]},
    ]
    groups = queries.row_of(message, viewer=third).reactions  # the 59th
    assert [(group.emoji, group.mine) for group in groups] == [("thumbsup", True), ("eyes", False)]
    assert [group.mine for group in queries.row_of(message, viewer=one).reactions] == [False, False]
    assert [len(people) for _, people in queries.people_who_reacted(message, viewer=one)] == [50, 1]
    sign_in_as(client, third)
    page = client.get(f"/chat/{channel.pk}/").text
    assert 'aria-pressed="true" data-emoji="thumbsup"' in page
    assert 'data-count="59"' in page


def test_the_answer_to_one_s_own_reaction_tells_what_one_has_given(ward, client):
    one, _, third, channel = ward
    message = send(one, channel)
    Reaction.objects.bulk_create(Reaction(message=message, user=make_person(), emoji="thumbsup") for _ in range(50))
    sign_in_as(client, third)
    address = f"/chat/{channel.pk}/messages/{message.number}/reactions/"
    script = {"Accept": "application/json"}
    for emoji, on, mine in (
        ("thumbsup", "1", ["thumbsup"]),
        ("eyes", "1", ["thumbsup", "eyes"]),
        ("thumbsup", "0", ["eyes"]),
        ("thumbsup", "0", ["eyes"]),
    ):
        told = client.post(address, {"emoji": emoji, "on": on}, headers=script).json()
        assert told["mine"] == mine
    assert told["message"]["reactions"][0]["count"] == 50
    told = client.post(f"/chat/{channel.pk}/messages/{message.number}/pin/", {"on": "1"}, headers=script).json()
    assert "mine" not in told
