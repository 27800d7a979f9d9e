"""What becomes of a message after it was sent: edited, deleted, brought back, reacted to, pinned, acknowledged, passed on."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.messaging import actions, queries
from apps.messaging.models import Acknowledgement, Message, Reaction, Revision
from apps.teams import actions as teams_actions
from apps.teams.models import Channel
from tests.factories import make_channel, make_direct, make_person, make_site, send, sign_in_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def ward() -> tuple:
    site = make_site()
    nurse, physician = make_person(site=site, name_ko="김하늘"), make_person(site=site, name_ko="박한결")
    return nurse, physician, make_channel(nurse, owner=physician, kind="private")


def again(message: Message) -> Message:
    return Message.objects.select_related("channel", "author").get(pk=message.pk)


def newest_frame(message: Message) -> bytes:
    return queries.frames_after(message.channel_id, again(message).change - 1).frames[0].body


# -- Editing ---------------------------------------------------------------------------------------------------------------
def test_an_edit_keeps_the_earlier_text_and_takes_a_change(ward):
    nurse, _, channel = ward
    message = send(nurse, channel, "혈압 120/80")
    changed = actions.edit_message(by=nurse, message=message, text="혈압 **130/80**")
    stored = again(message)
    assert stored.body == "혈압 **130/80**"
    assert "<strong>130/80</strong>" in stored.html
    assert stored.number == message.number
    assert changed.change == stored.change == Channel.objects.get(pk=channel.pk).last_change == message.change + 1
    assert [revision.body for revision in queries.versions_of(stored)] == ["혈압 120/80"]
    assert changed.body["edited_at"] == stored.edited_at.isoformat()
    assert AuditEntry.objects.filter(action="messaging.message_edited", actor_id=nurse.pk).count() == 1


def test_the_same_text_changes_nothing(ward):
    nurse, _, channel = ward
    message = send(nurse, channel, "그대로")
    assert actions.edit_message(by=nurse, message=message, text="그대로").change == message.change
    assert not Revision.objects.exists()


def test_only_the_author_edits(ward):
    nurse, physician, channel = ward
    message = send(nurse, channel)
    with pytest.raises(actions.NotYours):
        actions.edit_message(by=physician, message=message, text="남의 글")
    assert again(message).edited_at is None


def test_an_edit_from_an_old_text_is_given_back_with_the_newest(ward):
    nurse, _, channel = ward
    message = send(nurse, channel, "처음")
    actions.edit_message(by=nurse, message=message, text="전화기에서", base="")
    with pytest.raises(actions.EditedMeanwhile) as caught:
        actions.edit_message(by=nurse, message=message, text="컴퓨터에서", base="")
    assert caught.value.more == {"text": "전화기에서"}
    assert again(message).body == "전화기에서"


def test_the_policy_ends_editing(ward, clock, settings):
    nurse, _, channel = ward
    settings.MESSAGE_EDIT_HOURS = 2
    message = send(nurse, channel)
    clock.shift(timedelta(hours=1, minutes=59))
    actions.edit_message(by=nurse, message=message, text="아직")
    clock.shift(timedelta(minutes=2))
    with pytest.raises(actions.TooLate):
        actions.edit_message(by=nurse, message=message, text="늦음")
    settings.MESSAGE_EDIT_HOURS = 0
    actions.edit_message(by=nurse, message=message, text="제한 없음")
    assert Revision.objects.count() == 2


def test_after_a_removal_nothing_can_be_done(ward):
    nurse, physician, channel = ward
    message = send(nurse, channel)
    teams_actions.remove_from_channel(channel=channel, user=nurse, by=physician)
    for verb, arguments in (
        (actions.edit_message, {"text": "나간 뒤"}),
        (actions.delete_message, {}),
        (actions.add_reaction, {"emoji_name": "eyes"}),
        (actions.pin_message, {}),
    ):
        with pytest.raises(actions.NotAMember):
            verb(by=nurse, message=message, **arguments)
    assert again(message).change == message.change


def test_an_archived_channel_is_read_only(ward):
    nurse, physician, channel = ward
    message = send(physician, channel, asks_acknowledgement=True)
    teams_actions.archive_channel(channel=channel, by=physician)
    for verb, arguments in (
        (actions.add_reaction, {"emoji_name": "eyes"}),
        (actions.pin_message, {}),
    ):
        with pytest.raises(actions.ChannelArchived):
            verb(by=nurse, message=message, **arguments)
    assert actions.acknowledge(by=nurse, message=message).body["ack"]["count"] == 1  # what was asked stays asked
    with pytest.raises(actions.ChannelArchived):
        actions.edit_message(by=physician, message=message, text="보관 뒤")


# -- Deleting ----------------------------------------------------------------------------------------------------------------
def test_a_tombstone_says_nothing_and_the_text_stays_for_auditors(ward):
    nurse, _, channel = ward
    message = send(nurse, channel, "지울 글")
    actions.pin_message(by=nurse, message=message)
    changed = actions.delete_message(by=nurse, message=message)
    assert changed.body["deleted"]
    assert changed.body["html"] == ""
    assert changed.body["pinned"] is None
    assert again(message).body == "지울 글"
    assert "지울 글".encode() not in newest_frame(message)
    assert AuditEntry.objects.filter(action="messaging.message_deleted").count() == 1


def test_who_manages_the_channel_deletes_any_and_others_do_not(ward):
    nurse, owner, channel = ward
    with pytest.raises(actions.NotYours):
        actions.delete_message(by=nurse, message=send(owner, channel))
    assert actions.delete_message(by=owner, message=send(nurse, channel)).body["deleted"]


def test_a_deletion_is_taken_back_for_a_moment_by_who_did_it(ward, clock):
    nurse, owner, channel = ward
    message = send(nurse, channel, "돌아올 글")
    actions.delete_message(by=nurse, message=message)
    with pytest.raises(actions.NotYours):
        actions.restore_message(by=owner, message=message)
    assert actions.restore_message(by=nurse, message=message).body["html"]
    actions.delete_message(by=nurse, message=message)
    clock.shift(timedelta(seconds=61))
    with pytest.raises(actions.TooLate):
        actions.restore_message(by=nurse, message=message)
    assert again(message).deleted_at is not None


def test_a_deleted_message_takes_nothing_more(ward):
    nurse, _, channel = ward
    message = send(nurse, channel)
    actions.delete_message(by=nurse, message=message)
    for verb, arguments in (
        (actions.edit_message, {"text": "다시"}),
        (actions.add_reaction, {"emoji_name": "eyes"}),
        (actions.pin_message, {}),
    ):
        with pytest.raises(actions.MessageDeleted):
            verb(by=nurse, message=message, **arguments)
    with pytest.raises(actions.NoSuchRoot):
        send(nurse, channel, "지워진 글에 답장", root_number=message.number)


# -- Reactions and pins -----------------------------------------------------------------------------------------------------
def test_a_reaction_is_given_once_and_taken_back(ward):
    nurse, physician, channel = ward
    message = send(nurse, channel)
    first = actions.add_reaction(by=physician, message=message, emoji_name="thumbsup")
    second = actions.add_reaction(by=physician, message=message, emoji_name="thumbsup")
    assert first.change == message.change + 1 == second.change
    assert first.body["reactions"] == [{"emoji": "thumbsup", "count": 1, "users": [physician.pk]}]
    gone = actions.remove_reaction(by=physician, message=message, emoji_name="thumbsup")
    assert gone.body["reactions"] == []
    assert actions.remove_reaction(by=physician, message=message, emoji_name="thumbsup").change == gone.change


def test_an_emoji_that_there_is_not(ward):
    nurse, _, channel = ward
    message = send(nurse, channel)
    for name in ("no_such_emoji", "", "<script>", "x" * 500):
        with pytest.raises(actions.UnknownEmoji):
            actions.add_reaction(by=nurse, message=message, emoji_name=name)
    assert not Reaction.objects.exists()


def test_twenty_different_reactions_are_enough(ward):
    nurse, physician, channel = ward
    message = send(nurse, channel)
    from apps.core import emoji

    names = [face["n"] for face in emoji.catalogue("en")[:21]]
    for name in names[:20]:
        actions.add_reaction(by=nurse, message=message, emoji_name=name)
    with pytest.raises(actions.TooManyReactions):
        actions.add_reaction(by=physician, message=message, emoji_name=names[20])
    actions.add_reaction(by=physician, message=message, emoji_name=names[0])  # one that is there already


def test_a_reaction_is_no_acknowledgement(ward):
    nurse, physician, channel = ward
    message = send(physician, channel, "확인해 주세요", asks_acknowledgement=True)
    actions.add_reaction(by=nurse, message=message, emoji_name="thumbsup")
    actions.mark_read(user=nurse, channel=channel, up_to=message.number)
    row = queries.row_of(again(message), viewer=nurse)
    assert row.ack.waits
    assert not Acknowledgement.objects.exists()


def test_pins(ward):
    nurse, physician, channel = ward
    first, second = send(nurse, channel, "첫째"), send(nurse, channel, "둘째")
    actions.pin_message(by=physician, message=first)
    changed = actions.pin_message(by=nurse, message=second)
    assert changed.body["pinned"]["by"] == nurse.pk
    assert [row.message.body for row in queries.pins_of(channel, viewer=nurse)] == ["둘째", "첫째"]
    assert actions.pin_message(by=physician, message=second).change == changed.change
    actions.unpin_message(by=physician, message=second)
    assert queries.count_pins(channel) == 1


# -- Acknowledgements --------------------------------------------------------------------------------------------------------
def test_an_acknowledgement_is_given_once_and_keeps_its_first_time(ward, clock):
    nurse, physician, channel = ward
    message = send(physician, channel, "모두 확인", asks_acknowledgement=True)
    assert message.asks_acknowledgement
    first = actions.acknowledge(by=nurse, message=message)
    at = Acknowledgement.objects.get().at
    clock.shift(timedelta(minutes=5))
    assert actions.acknowledge(by=nurse, message=message).change == first.change
    assert Acknowledgement.objects.get().at == at
    assert first.body["ack"] == {"count": 1, "users": [nurse.pk]}
    assert again(message).acknowledged_count == 1
    row = queries.row_of(again(message), viewer=nurse)
    assert (row.ack.mine, row.ack.waits) == (True, False)


def test_nobody_acknowledges_what_was_not_asked_or_is_their_own(ward):
    nurse, physician, channel = ward
    with pytest.raises(actions.NothingToAcknowledge):
        actions.acknowledge(by=nurse, message=send(physician, channel))
    with pytest.raises(actions.NothingToAcknowledge):
        actions.acknowledge(by=physician, message=send(physician, channel, asks_acknowledgement=True))


def test_a_frame_names_two_hundred_and_counts_all(ward):
    nurse, physician, channel = ward
    message = send(physician, channel, asks_acknowledgement=True)
    people = [make_person(assigned=False, unit=nurse.home_unit) for _ in range(203)]
    Acknowledgement.objects.bulk_create(Acknowledgement(message=message, user=person) for person in people)
    Message.objects.filter(pk=message.pk).update(acknowledged_count=203)
    ack = queries.bodies_of([again(message)])[message.pk]["ack"]
    assert ack["count"] == 203
    assert ack["users"] == [person.pk for person in people[:200]]


# -- Passing on ----------------------------------------------------------------------------------------------------------------
def test_a_message_is_passed_on_as_it_was_with_its_author(ward):
    nurse, physician, channel = ward
    source = send(nurse, channel, "*검사* 결과")
    elsewhere = make_direct(physician, make_person())
    sent = actions.forward_message(
        by=physician, source=source, channel=elsewhere, client_id=uuid.uuid4(), text="보세요"
    )
    actions.edit_message(by=nurse, message=source, text="다른 말")
    body = queries.bodies_of([again(sent.message)])[sent.message.pk]
    assert body["source"]["author"]["id"] == nurse.pk
    assert "<em>검사</em> 결과" in body["source"]["html"]
    assert (body["source"]["channel"], body["source"]["number"]) == (channel.pk, source.number)
    assert "보세요" in body["html"]


def test_what_was_passed_on_keeps_its_first_author(ward):
    nurse, physician, channel = ward
    source = send(nurse, channel, "원래 글")
    first = actions.forward_message(
        by=physician, source=source, channel=make_direct(physician, make_person()), client_id=uuid.uuid4()
    ).message
    second = actions.forward_message(
        by=physician, source=first, channel=make_direct(physician, make_person()), client_id=uuid.uuid4()
    )
    assert second.body["source"]["author"]["id"] == nurse.pk
    assert second.body["source"]["html"] == again(source).html


def test_a_tombstone_of_a_forward_says_nothing(ward):
    nurse, physician, channel = ward
    elsewhere = make_direct(physician, make_person())
    sent = actions.forward_message(
        by=physician, source=send(nurse, channel, "남의 말"), channel=elsewhere, client_id=uuid.uuid4()
    )
    assert actions.delete_message(by=physician, message=sent.message).body["source"] is None


# -- Requests ------------------------------------------------------------------------------------------------------------------
def post(client: Client, name: str, message: Message, **data):
    return client.post(
        reverse(name, args=[message.channel_id, message.number]), data, headers={"Accept": "application/json"}
    )


def test_verbs_answer_a_script_with_the_newest_row(ward, client):
    nurse, physician, channel = ward
    message = send(nurse, channel, "처음", asks_acknowledgement=True)
    mine, theirs = sign_in_as(client, nurse), sign_in_as(Client(), physician)
    edited = post(mine, "chat-message-edit", message, text="다음", base="")
    assert edited.status_code == 200
    assert edited.json()["message"]["html"] == again(message).html
    conflict = post(mine, "chat-message-edit", message, text="또 다음", base="")
    assert (conflict.status_code, conflict.json()["error"], conflict.json()["text"]) == (
        409,
        "edited_meanwhile",
        "다음",
    )
    assert post(theirs, "chat-message-edit", message, text="남").json()["error"] == "not_yours"
    assert post(theirs, "chat-message-reactions", message, emoji="eyes", on="1").json()["message"]["reactions"]
    assert not post(theirs, "chat-message-reactions", message, emoji="eyes", on="0").json()["message"]["reactions"]
    assert post(theirs, "chat-message-reactions", message, emoji="nope").status_code == 400
    assert post(theirs, "chat-message-acknowledge", message).json()["message"]["ack"]["count"] == 1
    assert post(theirs, "chat-message-pin", message, on="1").json()["message"]["pinned"]["by"] == physician.pk
    assert post(mine, "chat-message-delete", message).json()["undo_seconds"] == 60
    assert post(mine, "chat-message-restore", message).json()["message"]["deleted"] is False


def test_every_page_of_a_message_opens_without_a_script(ward, client):
    nurse, physician, channel = ward
    message = send(nurse, channel, "**글**", asks_acknowledgement=True)
    actions.add_reaction(by=physician, message=message, emoji_name="eyes")
    actions.edit_message(by=nurse, message=message, text="**고친 글**")
    sign_in_as(client, nurse)
    for name in ("menu", "edit", "delete", "reactions", "readers", "versions", "forward"):
        address = reverse(f"chat-message-{name}", args=[channel.pk, message.number])
        page = client.get(address)
        assert page.status_code == 200, name
        assert "고친 글" in page.text, name
        part = client.get(address, headers={"HX-Request": "true"})
        assert part.status_code == 200, name
        assert "<html" not in part.text, name
    assert client.get(reverse("chat-message", args=[channel.pk, message.number])).status_code == 302
    reply = send(physician, channel, "답", root_number=message.number)
    there = client.get(reverse("chat-message", args=[channel.pk, reply.number]))
    assert (
        there["Location"]
        == f"/chat/{channel.pk}/thread/{message.number}/?around={message.number}&at={reply.number}#thread-{reply.number}"
    )


def test_forms_lead_back_to_the_message(ward, client):
    nurse, _, channel = ward
    message = send(nurse, channel)
    sign_in_as(client, nurse)
    for name, data in (
        ("chat-message-edit", {"text": "고침"}),
        ("chat-message-reactions", {"emoji": "eyes"}),
        ("chat-message-pin", {"on": "1"}),
    ):
        answer = client.post(reverse(name, args=[channel.pk, message.number]), data)
        assert answer.status_code == 302, name
        assert answer["Location"].endswith(f"?around={message.number}#message-{message.number}")
    refused = client.post(reverse("chat-message-edit", args=[channel.pk, message.number]), {"text": "가" * 10_001})
    assert refused.status_code == 413
    assert "가" * 10_001 in refused.text


def test_reacting_in_a_flood_is_slowed(ward, client, monkeypatch):
    from apps.messaging import permissions

    monkeypatch.setattr(permissions, "CHANGES_A_MINUTE", 3)
    nurse, _, channel = ward
    message = send(nurse, channel)
    sign_in_as(client, nurse)
    answers = [post(client, "chat-message-reactions", message, emoji="eyes", on=str(n % 2)) for n in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert int(answers[-1]["Retry-After"]) >= 1


def test_passing_on_to_several_is_done_once_however_often_it_is_sent(ward, client):
    nurse, physician, channel = ward
    message = send(physician, channel, "회람")
    chats = [make_direct(nurse, make_person()) for _ in range(3)]
    sign_in_as(client, nurse)
    data = {"to": [chat.pk for chat in chats], "text": "참고", "client_id": str(uuid.uuid4())}
    first = post(client, "chat-message-forward", message, **data).json()
    assert post(client, "chat-message-forward", message, **data).json() == first
    assert Message.objects.filter(is_forward=True).count() == 3
    stranger = make_channel(owner=physician, kind="private")
    assert post(client, "chat-message-forward", message, to=[stranger.pk]).status_code == 400
    assert not Message.objects.filter(channel=stranger).exists()


def test_mark_unread_from_here_is_one_s_own(ward, client):
    nurse, physician, channel = ward
    messages = [send(physician, channel) for _ in range(4)]
    actions.mark_read(user=nurse, channel=channel, up_to=4)
    sign_in_as(client, nurse)
    assert post(client, "chat-message-unread", messages[2]).json() == {"read": 2, "last": 4}
    assert queries.read_up_to(queries.mark_of(channel, nurse)) == 2
    assert queries.marks_of(channel)[nurse.pk][1] == 4  # others go on seeing that it was read
    actions.mark_read(user=nurse, channel=channel, up_to=4)
    assert queries.read_up_to(queries.mark_of(channel, nurse)) == 4


# -- What a second reader found ---------------------------------------------------------------------------------------------
def unread_notices(person) -> list:
    from apps.notifications.models import Notice

    return list(Notice.objects.filter(user=person, read_at=None).order_by("pk").values_list("kind", flat=True))


def test_what_was_seen_before_does_not_take_a_mark_by_hand_back(ward, clock):
    nurse, physician, channel = ward
    for _ in range(5):
        send(physician, channel)
    actions.mark_read(user=nurse, channel=channel, up_to=5)
    from apps.core import clock as portal_clock

    heard = portal_clock.now()
    clock.shift(timedelta(seconds=1))
    actions.mark_unread(user=nurse, channel=channel, number=2)
    actions.save_marks({(nurse.pk, channel.pk): (5, 5)}, heard_at={(nurse.pk, channel.pk): heard})
    assert queries.read_up_to(queries.mark_of(channel, nurse)) == 1
    clock.shift(timedelta(seconds=1))
    actions.mark_read(user=nurse, channel=channel, up_to=5)
    assert queries.read_up_to(queries.mark_of(channel, nurse)) == 5


def test_a_delivery_tells_the_count_that_its_owner_sees(ward, monkeypatch):
    nurse, physician, channel = ward
    for _ in range(6):
        send(physician, channel)
    actions.mark_read(user=nurse, channel=channel, up_to=5)
    actions.mark_unread(user=nurse, channel=channel, number=2)
    told: list = []
    monkeypatch.setattr("apps.messaging.actions.marks.publish_hints", lambda hints: told.extend(hints))
    actions.save_marks({(nurse.pk, channel.pk): (0, 6)})
    assert [hint["read"] for kind, _user, hint in told if kind == "user"] == [1]


def test_a_delivery_alone_reads_no_notice(ward):
    nurse, physician, channel = ward
    first = send(physician, channel, "부르지 않음")
    actions.mark_read(user=nurse, channel=channel, up_to=1)
    actions.edit_message(by=physician, message=first, text="@김하늘 불렀음")
    assert unread_notices(nurse) == ["mention"]
    send(physician, channel)
    actions.save_marks({(nurse.pk, channel.pk): (0, 2)})
    assert unread_notices(nurse) == ["mention"]
    actions.mark_read(user=nurse, channel=channel, up_to=2)
    assert unread_notices(nurse) == []


def test_undoing_a_deletion_gives_everything_back(ward):
    nurse, physician, channel = ward
    message = send(physician, channel, "@김하늘 모두 확인", asks_acknowledgement=True)
    actions.pin_message(by=nurse, message=message)
    assert unread_notices(nurse) == ["acknowledgement"]
    actions.delete_message(by=physician, message=message)
    assert unread_notices(nurse) == []
    assert queries.count_pins(channel) == 0
    restored = actions.restore_message(by=physician, message=message)
    assert unread_notices(nurse) == ["acknowledgement"]
    assert restored.body["pinned"]["by"] == nurse.pk
    actions.acknowledge(by=nurse, message=message)
    actions.delete_message(by=physician, message=message)
    actions.restore_message(by=physician, message=message)
    assert unread_notices(nurse) == []


def test_who_was_deactivated_meanwhile_does_nothing_more(ward):
    from apps.people.models import User

    nurse, physician, channel = ward
    message = send(physician, channel)
    User.objects.filter(pk=nurse.pk).update(is_active=False)  # the request's own user was loaded before
    with pytest.raises(actions.NotAMember):
        actions.add_reaction(by=nurse, message=message, emoji_name="eyes")


def test_what_was_deleted_meanwhile_is_not_passed_on(ward):
    nurse, physician, channel = ward
    source = send(nurse, channel, "곧 지울 글")
    elsewhere = make_direct(physician, make_person())
    client_id = uuid.uuid4()
    sent = actions.forward_message(by=physician, source=source, channel=elsewhere, client_id=client_id)
    actions.delete_message(by=nurse, message=source)
    again_sent = actions.forward_message(by=physician, source=source, channel=elsewhere, client_id=client_id)
    assert again_sent.message == sent.message
    with pytest.raises(actions.MessageDeleted):
        actions.forward_message(by=physician, source=source, channel=elsewhere, client_id=uuid.uuid4())


def test_a_forward_with_a_word_is_passed_on_with_what_it_quotes(ward):
    nurse, physician, channel = ward
    first = actions.forward_message(
        by=physician,
        source=send(nurse, channel, "원래 글"),
        channel=make_direct(physician, make_person()),
        client_id=uuid.uuid4(),
        text="보세요",
    ).message
    second = actions.forward_message(
        by=physician, source=first, channel=make_direct(physician, make_person()), client_id=uuid.uuid4()
    )
    assert "보세요" in second.body["source"]["html"]
    assert "원래 글" in second.body["source"]["html"]
    assert second.body["source"]["author"]["id"] == physician.pk


def test_bad_input_is_answered_and_nothing_is_lost(ward, client):
    nurse, _, channel = ward
    message = send(nurse, channel, "처음")
    sign_in_as(client, nurse)
    answer = post(client, "chat-message-edit", message, text="고친\x00글", base="")
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed")
    page = client.post(reverse("chat-message-edit", args=[channel.pk, message.number]), {"text": "고친\x00글"})
    assert page.status_code == 400
    assert "고친글" in page.text
    assert post(client, "chat-message-reactions", message, emoji="\x00", on="0").status_code == 200
    assert post(client, "chat-message-reactions", message, emoji="\x00", on="1").status_code == 400
    for back in ("-1", "[]", "chat", "//evil.example", "https://evil.example"):
        answer = client.post(reverse("chat-read", args=[channel.pk]), {"next": back})
        assert (answer.status_code, answer["Location"]) == (302, "/chat/"), back


def test_passing_on_asks_before_it_tells_many(ward, client):
    nurse, physician, channel = ward
    crowd = make_channel(nurse, *[make_person(unit=nurse.home_unit) for _ in range(51)], kind="private")
    message = send(physician, channel, "회람")
    sign_in_as(client, nurse)
    data = {"to": [crowd.pk], "text": "@channel 보세요", "client_id": str(uuid.uuid4())}
    answer = post(client, "chat-message-forward", message, **data)
    assert (answer.status_code, answer.json()["error"], answer.json()["people"]) == (409, "confirm_mention", 51)
    page = client.post(reverse("chat-message-forward", args=[channel.pk, message.number]), data)
    assert 'name="confirmed"' in page.text
    assert "@channel 보세요" in page.text
    assert post(client, "chat-message-forward", message, **data, confirmed="1").status_code == 200


def test_sending_a_draft_tells_the_other_devices(ward, monkeypatch, django_capture_on_commit_callbacks):
    nurse, _, channel = ward
    draft = actions.save_draft(by=nurse, channel=channel, text="쓰던 글", base=0)
    told: list = []
    monkeypatch.setattr("apps.messaging.actions.drafts.publish_hint", lambda *hint: told.append(hint))
    with django_capture_on_commit_callbacks(execute=True):
        send(nurse, channel, "쓰던 글")
    body = {"kind": "draft", "channel": channel.pk, "root": 0, "version": draft.version + 1}
    assert told == [("user", nurse.pk, body)]


def test_an_edit_names_those_who_are_not_here(ward, client):
    nurse, _, channel = ward
    make_person(name_ko="최다온")
    message = send(nurse, channel, "처음")
    sign_in_as(client, nurse)
    assert post(client, "chat-message-edit", message, text="@최다온 보세요", base="").json()["not_here"] == ["최다온"]


def test_another_text_is_acknowledged_anew(ward, clock):
    nurse, physician, channel = ward
    message = send(physician, channel, "20시부터 승강기 점검", asks_acknowledgement=True)
    actions.acknowledge(by=nurse, message=message)
    assert unread_notices(nurse) == []
    clock.shift(timedelta(minutes=1))
    changed = actions.edit_message(by=physician, message=message, text="21시부터 승강기 점검")
    assert changed.body["ack"] == {"count": 0, "users": []}
    assert queries.row_of(again(message), viewer=nurse).ack.waits
    assert unread_notices(nurse) == ["acknowledgement"]
    kept = AuditEntry.objects.get(action="messaging.message_edited").detail["acknowledged_before"]
    assert [user_id for user_id, _at in kept] == [nurse.pk]
    assert actions.acknowledge(by=nurse, message=message).body["ack"]["count"] == 1
    assert unread_notices(nurse) == []


def test_a_reaction_that_was_taken_back_is_no_news_any_more(ward):
    nurse, physician, channel = ward
    message = send(nurse, channel)
    actions.add_reaction(by=physician, message=message, emoji_name="eyes")
    assert unread_notices(nurse) == ["reaction"]
    actions.remove_reaction(by=physician, message=message, emoji_name="eyes")
    assert unread_notices(nurse) == []
