"""Sending and marking: once, in order, with the right unread."""

import uuid

import pytest
from django.test import Client

from apps.messaging import actions, queries
from apps.messaging.models import Message, ReadMark
from apps.teams import actions as teams_actions
from apps.teams.models import Channel
from tests.factories import make_channel, make_direct, make_person, make_site, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def direct() -> tuple:
    site = make_site()
    nurse, physician = make_person(site=site), make_person(site=site)
    return nurse, physician, make_direct(nurse, physician)


def refreshed(channel: Channel) -> Channel:
    return Channel.objects.get(pk=channel.pk)


def test_numbers_and_changes_rise_together(direct):
    nurse, physician, channel = direct
    before = refreshed(channel).last_change
    first, second = send(nurse, channel), send(physician, channel)
    assert (first.number, second.number) == (1, 2)
    assert (first.change, second.change) == (before + 1, before + 2)
    assert refreshed(channel).last_change == before + 2
    assert refreshed(channel).last_message_at == second.created_at


def test_a_retry_returns_the_first_result_and_takes_no_number(direct):
    nurse, _, channel = direct
    client_id = uuid.uuid4()
    first = actions.send_message(by=nurse, channel=channel, client_id=client_id, text="한 번")
    again = actions.send_message(by=nurse, channel=channel, client_id=client_id, text="한 번")
    assert first.created
    assert not again.created
    assert again.message == first.message
    assert again.body == first.body
    assert refreshed(channel).last_number == 1


def test_a_client_id_is_the_author_s_own(direct):
    nurse, physician, channel = direct
    client_id = uuid.uuid4()
    actions.send_message(by=nurse, channel=channel, client_id=client_id, text="간호사")
    sent = actions.send_message(by=physician, channel=channel, client_id=client_id, text="의사")
    assert sent.created
    other = make_direct(nurse, make_person())
    with pytest.raises(actions.ClientIdTaken):
        actions.send_message(by=nurse, channel=other, client_id=client_id, text="다른 곳")


@pytest.mark.parametrize(
    ("text", "error"),
    [("", actions.EmptyMessage), (" \n\t ", actions.EmptyMessage), ("가" * 10_001, actions.MessageTooLong)],
)
def test_text_that_cannot_be_sent(direct, text, error):
    nurse, _, channel = direct
    with pytest.raises(error):
        send(nurse, channel, text or " ")
    assert not Message.objects.exists()


def test_the_limit_itself_is_allowed(direct):
    nurse, _, channel = direct
    assert len(send(nurse, channel, "가" * 10_000).body) == 10_000


def test_a_stale_channel_that_was_archived_meanwhile_is_refused(direct):
    nurse, _, channel = direct
    stale = refreshed(channel)
    Channel.objects.filter(pk=channel.pk).update(archived_at="2026-01-01T00:00:00Z")
    with pytest.raises(actions.ChannelArchived):
        send(nurse, stale)
    assert refreshed(channel).last_number == 0


def test_a_member_who_was_removed_meanwhile_is_told_that_there_is_no_such_channel():
    owner, member = make_person(), make_person()
    channel = make_channel(member, owner=owner, kind="private")
    teams_actions.leave_channel(channel=channel, by=member)
    with pytest.raises(actions.NotAMember):
        send(member, channel)
    assert refreshed(channel).last_number == 0


def test_a_reply_counts_at_its_root_and_takes_a_number(direct):
    nurse, physician, channel = direct
    root = send(nurse, channel)
    reply = send(physician, channel, root_number=root.number)
    root.refresh_from_db()
    assert (reply.number, root.reply_count, root.last_reply_at) == (2, 1, reply.created_at)
    assert [row.message for row in queries.thread_of(root, viewer=nurse).rows] == [root, reply]
    assert [row.message for row in queries.page_of(channel, viewer=nurse).rows] == [root]
    with pytest.raises(actions.NoSuchRoot):
        send(nurse, channel, root_number=reply.number)
    with pytest.raises(actions.NoSuchRoot):
        send(nurse, channel, root_number=999)


# -- Marks --------------------------------------------------------------------------------------------------------------
def unread(user, channel: Channel) -> int:
    return next(item.unread for item in queries.conversations_of(user) if item.channel == channel)


def test_sending_moves_one_s_own_mark_only_from_the_end(direct):
    nurse, physician, channel = direct
    send(nurse, channel)
    assert (unread(nurse, channel), unread(physician, channel)) == (0, 1)
    send(physician, channel)  # the physician had not read the first one
    assert unread(physician, channel) == 2
    assert unread(nurse, channel) == 1


def test_marks_never_fall_and_never_pass_the_end(direct):
    nurse, physician, channel = direct
    for _ in range(3):
        send(nurse, channel)
    actions.save_marks({(physician.pk, channel.pk): (2, 2)})
    actions.save_marks({(physician.pk, channel.pk): (1, 1)})
    assert unread(physician, channel) == 1
    actions.save_marks({(physician.pk, channel.pk): (10**9, 0)})
    mark = ReadMark.objects.get(user=physician, channel=channel)
    assert (mark.up_to, mark.delivered) == (3, 3)


def test_a_mark_of_somebody_who_does_not_belong_is_dropped(direct):
    nurse, _, channel = direct
    send(nurse, channel)
    stranger = make_person()
    actions.save_marks({(stranger.pk, channel.pk): (1, 1)})
    assert not ReadMark.objects.filter(user=stranger).exists()


def test_a_mark_set_by_hand_holds_until_it_is_read_past(direct):
    nurse, physician, channel = direct
    for _ in range(3):
        send(nurse, channel)
    actions.save_marks({(physician.pk, channel.pk): (3, 3)})
    ReadMark.objects.filter(user=physician).update(unread_from=2)
    assert unread(physician, channel) == 2
    actions.save_marks({(physician.pk, channel.pk): (3, 3)})
    assert unread(physician, channel) == 0


def test_marks_are_written_in_a_constant_number_of_statements(direct, django_assert_max_num_queries):
    nurse, _, channel = direct
    send(nurse, channel)
    readers = [make_person() for _ in range(20)]
    marks = {(reader.pk, channel.pk): (1, 1) for reader in readers}
    with django_assert_max_num_queries(9):
        actions.save_marks(marks)


# -- Catching up ----------------------------------------------------------------------------------------------------------
def test_frames_after_a_change_are_the_newest_state_in_order(direct):
    nurse, physician, channel = direct
    start = refreshed(channel).last_change
    root = send(nurse, channel)
    send(physician, channel, root_number=root.number)
    missed = queries.frames_after(channel.pk, start)
    assert [frame.change for frame in missed.frames] == [start + 1, start + 2]
    assert missed.newest == start + 2
    assert not missed.reload
    assert queries.frames_after(channel.pk, missed.newest).frames == ()


def test_a_removal_stands_in_its_place_and_revokes():
    owner, member = make_person(), make_person()
    channel = make_channel(member, owner=owner, kind="private")
    start = refreshed(channel).last_change
    send(owner, channel)
    teams_actions.leave_channel(channel=channel, by=member)
    send(owner, channel)
    frames = queries.frames_after(channel.pk, start).frames
    assert [frame.revokes for frame in frames] == [(), (member.pk,), ()]


def test_more_than_five_hundred_changes_is_a_reload(direct):
    nurse, _, channel = direct
    send(nurse, channel)
    Channel.objects.filter(pk=channel.pk).update(last_change=1000)
    assert queries.frames_after(channel.pk, 1).reload


# -- Over HTTP ----------------------------------------------------------------------------------------------------------------
def post(client: Client, channel: Channel, **data):
    return client.post(
        f"/chat/{channel.pk}/messages/", {"client_id": uuid.uuid4(), **data}, headers={"Accept": "application/json"}
    )


def test_a_script_gets_201_then_200_with_the_same_body(direct, client):
    nurse, _, channel = direct
    client.force_login(nurse)
    client_id = uuid.uuid4()
    first = post(client, channel, text="혈압 120/80", client_id=client_id)
    again = post(client, channel, text="혈압 120/80", client_id=client_id)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["message"]["html"] == '<p dir="auto">혈압 120/80</p>'


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        ({"text": ""}, 400, "empty"),
        ({"text": "가" * 10_001}, 413, "too_long"),
        ({"text": "x", "client_id": "no"}, 400, "malformed"),
        ({"text": "x", "root": "99"}, 409, "no_such_root"),
    ],
)
def test_what_is_refused_says_why(direct, client, data, status, code):
    nurse, _, channel = direct
    client.force_login(nurse)
    answer = post(client, channel, **data)
    assert answer.status_code == status
    assert answer.json()["error"] == code
    assert answer.json()["message"]


def test_a_page_keeps_the_typed_text_when_it_is_refused(direct, client):
    nurse, _, channel = direct
    client.force_login(nurse)
    text = "긴 글" * 4000
    answer = client.post(f"/chat/{channel.pk}/messages/", {"client_id": uuid.uuid4(), "text": text})
    assert answer.status_code == 413
    assert text in answer.content.decode()


def test_without_a_script_sending_leads_back_to_the_message(direct, client):
    nurse, _, channel = direct
    client.force_login(nurse)
    answer = client.post(f"/chat/{channel.pk}/messages/", {"client_id": uuid.uuid4(), "text": "안녕하세요"})
    assert answer.status_code == 302
    assert answer.url.endswith("#message-1")
    assert "안녕하세요" in client.get(f"/chat/{channel.pk}/").content.decode()


def test_opening_the_page_without_a_script_marks_read(direct, client):
    nurse, physician, channel = direct
    send(nurse, channel)
    client.force_login(physician)
    assert unread(physician, channel) == 1
    client.get(f"/chat/{channel.pk}/")
    assert unread(physician, channel) == 0


def test_another_s_conversation_answers_like_none(direct, client):
    _, _, channel = direct
    client.force_login(make_person())
    paths = [
        f"/chat/{pk}/{rest}"
        for rest in ("", "messages/", "messages/?after=0", "thread/1/")
        for pk in (channel.pk, 10**9)
    ]
    answers = [client.get(path) for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert post(client, channel, text="x").status_code == 404


def test_a_flood_is_slowed_and_says_when_to_come_back(direct, client, monkeypatch):
    from apps.messaging import permissions

    monkeypatch.setattr(permissions, "SENDS_A_MINUTE", 3)
    nurse, _, channel = direct
    client.force_login(nurse)
    answers = [post(client, channel, text=str(n)) for n in range(5)]
    assert [answer.status_code for answer in answers].count(201) in (3, 4)
    slow = answers[-1]
    assert slow.status_code == 429
    assert int(slow.headers["Retry-After"]) > 0
