"""Who has got a message how far: sent, delivered, read, acknowledged."""

import pytest
from django.utils import translation

from apps.messaging import actions, queries
from apps.messaging.queries import readers
from apps.teams import actions as teams_actions
from tests.factories import join_channel, make_channel, make_person, make_unit, send, sign_in_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def ward() -> tuple:
    unit = make_unit()
    writer, *people = (make_person(unit=unit) for _ in range(6))
    return writer, people, make_channel(writer, *people, kind="private")


def states(message, channel, **how) -> dict:
    found = queries.readers_of(message, channel, **how)
    return {row.person.pk: row.state for row in found.people}


def test_all_four_states_are_told(ward):
    writer, (a, b, c, d, e), channel = ward
    message = send(writer, channel, "확인", asks_acknowledgement=True)
    actions.save_marks({(b.pk, channel.pk): (0, message.number), (c.pk, channel.pk): (message.number, message.number)})
    actions.acknowledge(by=d, message=message)
    join_channel(channel, e2 := make_person())
    actions.start_marks(user_id=e2.pk, channel_ids=[channel.pk], since="2099-01-01T00:00:00+00:00", anew=True)
    assert states(message, channel) == {
        a.pk: "sent",
        b.pk: "delivered",
        c.pk: "read",
        d.pk: "acknowledged",
        e.pk: "sent",
        e2.pk: "delivered",
    }
    found = queries.readers_of(message, channel)
    assert found.counts == {"sent": 2, "delivered": 2, "read": 1, "acknowledged": 1}
    assert found.total == 6
    # Who came in after it was never asked.
    assert set(states(message, channel, show="waiting")) == {a.pk, b.pk, c.pk, e.pk}
    assert set(states(message, channel, show="acknowledged")) == {d.pk}


def test_a_reply_is_read_in_its_thread(ward):
    writer, (a, b, *_), channel = ward
    root = send(writer, channel)
    reply = send(writer, channel, root_number=root.number)
    actions.mark_read(user=a, channel=channel, up_to=reply.number)
    actions.mark_thread_read(user=b, channel=channel, root_number=root.number, up_to=1)
    found = states(reply, channel)
    assert (found[a.pk], found[b.pk]) == ("delivered", "read")


def test_a_long_list_comes_in_pages_without_a_gap(ward, monkeypatch):
    writer, people, channel = ward
    message = send(writer, channel)
    actions.mark_read(user=people[2], channel=channel, up_to=1)
    monkeypatch.setattr(readers, "READERS_A_PAGE", 2)
    seen, after = [], ""
    while True:
        found = queries.readers_of(message, channel, after=after)
        seen += [row.person.pk for row in found.people]
        after = found.next_after
        if not after:
            break
        assert not queries.readers_of(message, channel, after=after).counts  # they are the first page's
    assert sorted(seen) == sorted(person.pk for person in people)
    assert seen[-1] == people[2].pk  # who came furthest stands last
    for nonsense in ("x-y", "9" * 40, "1", "-1-1"):
        queries.readers_of(message, channel, after=nonsense)


def test_the_list_costs_two_queries_and_the_page_tells_a_script(ward, client, django_assert_num_queries):
    writer, _, channel = ward
    message = send(writer, channel)
    with django_assert_num_queries(2):
        queries.readers_of(message, channel)
    sign_in_as(client, writer)
    address = f"/chat/{channel.pk}/messages/{message.number}/readers/"
    told = client.get(address, headers={"Accept": "application/json"}).json()
    assert told["counts"]["sent"] == 5
    assert told["people"][0]["left"] is False
    assert client.get(address, {"show": "waiting"}).status_code == 200


def test_who_acknowledged_and_left_is_still_listed(ward, client):
    writer, (a, b, c, *_), channel = ward
    message = send(writer, channel, asks_acknowledgement=True)
    for person in (a, b):
        actions.acknowledge(by=person, message=message)
    teams_actions.leave_channel(channel=channel, by=a)
    teams_actions.leave_channel(channel=channel, by=c)
    message.refresh_from_db()
    found = queries.readers_of(message, channel, show="acknowledged")
    assert {row.person.pk: row.has_left for row in found.people} == {a.pk: True, b.pk: False}
    assert all(row.at for row in found.people)
    assert found.counts["acknowledged"] == message.acknowledged_count == 2
    assert found.counts["sent"] == 2  # who left without a word is nobody to wait for
    sign_in_as(client, writer)
    address = f"/chat/{channel.pk}/messages/{message.number}/readers/"
    with translation.override("ko"):
        note = translation.gettext("No longer in this conversation")
    assert client.get(address, {"show": "acknowledged"}).text.count(note) == 1
    assert note not in client.get(address, {"show": "waiting"}).text


def test_later_pages_count_nobody(ward, client, monkeypatch, django_assert_num_queries):
    writer, _, channel = ward
    message = send(writer, channel)
    monkeypatch.setattr(readers, "READERS_A_PAGE", 2)
    first = queries.readers_of(message, channel)
    assert first.total == 5
    with django_assert_num_queries(2):
        assert queries.readers_of(message, channel, after=first.next_after).counts == {}
    sign_in_as(client, writer)
    address = f"/chat/{channel.pk}/messages/{message.number}/readers/"
    assert 'class="tally"' in client.get(address).text
    assert 'class="tally"' not in client.get(address, {"after": first.next_after}).text


def test_a_channel_by_rule_lists_its_people_too():
    unit = make_unit()
    writer, one, other = (make_person(unit=unit) for _ in range(3))
    channel = make_channel(kind="site", site=unit.department.site)
    message = send(writer, channel)
    actions.mark_read(user=one, channel=channel, up_to=message.number)
    assert states(message, channel) == {one.pk: "read", other.pk: "sent"}
