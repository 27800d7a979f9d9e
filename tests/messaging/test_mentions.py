"""Whom a message mentions, and whom that reaches."""

import uuid

import pytest
from django.test import Client
from django.utils import translation

from apps.messaging import actions, queries
from apps.teams import actions as teams_actions
from tests.factories import assign_to, join_channel, make_channel, make_person, make_site, make_unit, send, sign_in_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def ward() -> tuple:
    site = make_site()
    unit = make_unit(site=site, name_ko="42병동", name_en="Ward 42")
    writer = make_person(unit=unit, name_ko="이서윤", staff_number="N70001")
    nurse = make_person(unit=unit, name_ko="김하늘", name_en="Haneul Kim", staff_number="N70002")
    return writer, nurse, unit, make_channel(writer, nurse, kind="private")


@pytest.mark.parametrize(
    "text",
    [
        "@김하늘 확인 부탁드려요",
        "@김하늘님께 전달",
        "인계: @김하늘선생님은 42병동",
        "@haneul kim please",
        "@N70002 확인",
        "@김하늘(N70002) 확인",
        "- 할 일\n- @김하늘이 채혈",
    ],
)
def test_a_person_is_mentioned_by_any_name_with_particles(ward, text):
    writer, nurse, _, channel = ward
    message = send(writer, channel, text)
    assert message.mention_keys == [f"user:{nurse.pk}"]
    assert f'data-mention="user:{nurse.pk}"' in message.html
    row = queries.row_of(queries.message_in(channel, message.number, viewer=nurse), viewer=nurse)
    assert row.mentions_me


@pytest.mark.parametrize("text", ["a@김하늘", "`@김하늘`", "@김하", "@ 김하늘", "김하늘"])
def test_what_is_no_mention(ward, text):
    writer, _, _, channel = ward
    assert "data-mention" not in send(writer, channel, text).html


def test_somebody_who_does_not_belong_or_left_is_named_to_the_writer(ward, client):
    writer, nurse, _, channel = ward
    make_person(name_ko="최다온")
    teams_actions.leave_channel(channel=channel, by=nurse)
    sign_in_as(client, writer)
    answer = client.post(
        f"/chat/{channel.pk}/messages/",
        {"text": "@김하늘 @최다온 보세요", "client_id": str(uuid.uuid4())},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 201
    assert answer.json()["not_here"] == ["김하늘", "최다온"]
    assert answer.json()["message"]["mentions"] == []
    page = client.post(
        f"/chat/{channel.pk}/messages/", {"text": "@최다온 보세요", "client_id": str(uuid.uuid4())}, follow=True
    )
    assert "최다온" in page.text


def test_two_of_one_name_are_both_meant_and_the_number_tells_them_apart(ward):
    writer, nurse, unit, channel = ward
    namesake = make_person(unit=unit, name_ko="김하늘", staff_number="N70003")
    join_channel(channel, namesake)
    assert set(send(writer, channel, "@김하늘 님").mention_keys) == {f"user:{nurse.pk}", f"user:{namesake.pk}"}
    assert send(writer, channel, "@김하늘(N70003) 님").mention_keys == [f"user:{namesake.pk}"]
    offered = queries.suggest_mentions(channel, writer, "김하")
    assert {row.insert for row in offered if row.key.startswith("user:")} == {"@김하늘(N70002)", "@김하늘(N70003)"}


def test_a_unit_and_everybody(ward):
    writer, nurse, unit, channel = ward
    assert send(writer, channel, "@42병동 모여 주세요").mention_keys == [f"unit:{unit.pk}"]
    for word in ("@channel", "@채널", "@모두", "@القناة"):
        assert send(writer, channel, f"{word} 공지").mention_keys == ["channel:"], word
    people = queries.mentioned_people(channel, [f"unit:{unit.pk}"])
    assert set(people) == {writer, nurse}


def test_more_than_fifty_people_are_asked_about_first(ward, client):
    writer, _, unit, _ = ward
    crowd = [make_person(unit=unit) for _ in range(51)]
    channel = make_channel(writer, *crowd, kind="private")
    with pytest.raises(actions.MentionNeedsConfirmation) as caught:
        send(writer, channel, "@채널 모두 보세요")
    assert caught.value.more == {"people": 51}
    sign_in_as(client, writer)
    client_id = str(uuid.uuid4())
    data = {"text": "@channel 모두", "client_id": client_id}
    answer = client.post(f"/chat/{channel.pk}/messages/", data, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["error"], answer.json()["people"]) == (409, "confirm_mention", 51)
    page = client.post(f"/chat/{channel.pk}/messages/", data)
    assert page.status_code == 409
    assert 'name="confirmed"' in page.text
    assert client_id in page.text
    again = client.post(
        f"/chat/{channel.pk}/messages/", {**data, "confirmed": "1"}, headers={"Accept": "application/json"}
    )
    assert again.status_code == 201
    # A retry whose answer was lost is not asked again.
    assert client.post(f"/chat/{channel.pk}/messages/", data, headers={"Accept": "application/json"}).status_code == 200


def test_what_a_composer_offers(ward, client, django_assert_max_num_queries):
    writer, nurse, unit, channel = ward
    sign_in_as(client, writer)
    for typed in ("김하", "ㄱㅎㄴ", "haneul", "n70002"):
        found = client.get(f"/chat/{channel.pk}/mentions/", {"q": typed}).json()["found"]
        assert [row["key"] for row in found] == [f"user:{nurse.pk}"], typed
    assert f"unit:{unit.pk}" in [row.key for row in queries.suggest_mentions(channel, writer, "42병")]
    stranger = sign_in_as(Client(), make_person())
    assert stranger.get(f"/chat/{channel.pk}/mentions/").status_code == 404
    with django_assert_max_num_queries(3):
        queries.suggest_mentions(channel, writer, "김")


def test_an_edit_mentions_anew(ward):
    writer, nurse, _, channel = ward
    message = send(writer, channel, "아무도 부르지 않음")
    changed = actions.edit_message(by=writer, message=message, text="@김하늘 불렀음")
    assert changed.body["mentions"] == [f"user:{nurse.pk}"]
    assert actions.delete_message(by=writer, message=message).body["mentions"] == []


def test_someone_in_two_units_belongs_to_both(ward):
    writer, nurse, _, channel = ward
    second = make_unit(name_ko="음압병동", name_en="Negative pressure ward")
    assign_to(nurse, second)
    message = send(writer, channel, "@음압병동 확인")
    row = queries.row_of(queries.message_in(channel, message.number, viewer=nurse), viewer=nurse)
    assert row.mentions_me
    assert not queries.row_of(queries.message_in(channel, message.number, viewer=writer), viewer=writer).mentions_me


def test_the_longer_name_of_somebody_elsewhere_is_not_taken_for_a_shorter_one_here(ward):
    writer, nurse, _, channel = ward
    make_person(name_ko="김하늘이")
    message = send(writer, channel, "@김하늘이 보세요")
    assert message.mention_keys == []
    assert send(writer, channel, "@김하늘 보세요").mention_keys == [f"user:{nurse.pk}"]


def test_a_mention_inside_code_tells_nobody(ward):
    writer, nurse, _, channel = ward
    message = send(writer, channel, "`@김하늘`\n```\n@채널\n```\n@김하늘님")
    assert message.mention_keys == [f"user:{nurse.pk}"]
    assert message.html.count("data-mention") == 1


@pytest.mark.parametrize(
    ("language", "typed", "inserted"),
    [("ko", "채", "@채널 "), ("ko", "모두", "@채널 "), ("en", "Ever", "@channel "), ("ar", "الق", "@القناة ")],
)
def test_everybody_is_offered_last_by_the_words_of_the_reader_s_language(ward, language, typed, inserted):
    writer, _, unit, channel = ward
    join_channel(channel, make_person(unit=unit, name_ko="채모두", name_en="Evert Everett", name_ar="القناص"))
    with translation.override(language):
        offered = queries.suggest_mentions(channel, writer, typed)
        assert [row.key for row in offered].count("channel:") == 1
        assert offered[-1].key == "channel:"
        assert offered[-1].insert == inserted
        assert "2" in offered[-1].detail  # how many it tells: the writer is not one of them
        assert send(writer, channel, f"{offered[-1].insert}공지").mention_keys == ["channel:"]


@pytest.mark.parametrize(("language", "typed"), [("ko", ""), ("ko", "널"), ("ko", "chan"), ("en", "채"), ("ar", "x")])
def test_everybody_is_not_offered_for_anything_else(ward, language, typed):
    writer, _, _, channel = ward
    with translation.override(language):
        assert "channel:" not in [row.key for row in queries.suggest_mentions(channel, writer, typed)]


def test_control_characters_after_the_sign_do_no_harm(ward, client):
    writer, nurse, _, channel = ward
    sign_in_as(client, writer)
    answer = client.get(f"/chat/{channel.pk}/mentions/", {"q": "김\x00하"})
    assert answer.status_code == 200
    assert [row["key"] for row in answer.json()["found"]] == [f"user:{nurse.pk}"]
