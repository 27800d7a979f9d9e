"""Drafts: the same on all devices, and nothing that one of them wrote is overwritten unseen by another."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.messaging import actions, queries, tasks
from apps.messaging.actions import drafts as drafts_module
from apps.messaging.models import Draft
from apps.teams import actions as teams_actions
from apps.teams.models import ChannelKind
from tests.factories import join_team, make_channel, make_direct, make_person, make_team, send, sign_in_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse():
    return make_person(name_ko="이누리")


@pytest.fixture
def colleague(nurse):
    return make_person(unit=nurse.home_unit, name_ko="장하늘")


@pytest.fixture
def channel(nurse, colleague):
    return make_direct(nurse, colleague)


@pytest.fixture
def hints(monkeypatch, django_capture_on_commit_callbacks):
    told = []
    monkeypatch.setattr(drafts_module, "publish_hint", lambda kind, topic, body: told.append((kind, topic, body)))
    return told


def save(nurse, channel, text, base=0, root=0):
    return actions.save_draft(by=nurse, channel=channel, root_number=root, text=text, base=base)


def test_each_save_raises_the_version_and_is_told(nurse, channel, hints, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert save(nurse, channel, "안녕하").version == 1
        assert save(nurse, channel, "안녕하세요", base=1).version == 2
    assert queries.draft_of(channel, nurse).body == "안녕하세요"
    hint = {"kind": "draft", "channel": channel.pk, "root": 0, "version": 2}
    assert hints[1:] == [("user", nurse.pk, hint)]


def test_the_same_text_changes_nothing_whatever_the_device_knows(nurse, channel, hints):
    save(nurse, channel, "같은 글")
    assert save(nurse, channel, "같은 글\n", base=0).version == 1
    assert save(nurse, channel, "같은 글", base=9).version == 1


def test_a_device_that_has_not_seen_the_newest_overwrites_nothing(nurse, channel):
    save(nurse, channel, "전화기에서 쓴 글")
    save(nurse, channel, "전화기에서 더 쓴 글", base=1)
    with pytest.raises(actions.DraftConflict) as caught:
        save(nurse, channel, "병동에서 쓴 글", base=1)
    assert caught.value.more == {"text": "전화기에서 더 쓴 글", "version": 2}
    assert queries.draft_of(channel, nurse).body == "전화기에서 더 쓴 글"
    assert save(nurse, channel, "병동에서 쓴 글", base=2).version == 3


def test_a_sent_draft_is_emptied_and_does_not_come_back(nurse, channel):
    save(nurse, channel, "곧 보낼 글")
    send(nurse, channel, "곧 보낼 글")
    emptied = queries.draft_of(channel, nurse)
    assert (emptied.body, emptied.version) == ("", 2)
    with pytest.raises(actions.DraftConflict) as caught:
        save(nurse, channel, "곧 보낼 글", base=1)  # a device that was away
    assert caught.value.more == {"text": "", "version": 2}


def test_another_text_than_the_sent_one_stays(nurse, channel):
    save(nurse, channel, "다른 기기에서 이어 쓴 글")
    send(nurse, channel, "짧은 답")
    assert queries.draft_of(channel, nurse).body == "다른 기기에서 이어 쓴 글"


def test_composers_of_threads_have_their_own(nurse, colleague, channel):
    root = send(colleague, channel)
    save(nurse, channel, "채널에")
    save(nurse, channel, "스레드에", root=root.number)
    assert queries.draft_of(channel, nurse).body == "채널에"
    assert queries.draft_of(channel, nurse, root.number).body == "스레드에"
    with pytest.raises(actions.NoSuchRoot):
        save(nurse, channel, "없는 곳에", root=99)
    assert Draft.objects.count() == 2


def test_nothing_is_kept_of_nothing(nurse, channel):
    assert save(nurse, channel, " \n ").version == 0
    assert not Draft.objects.exists()
    save(nurse, channel, "글")
    assert save(nurse, channel, "  ", base=1).body == ""


def test_what_is_too_long_is_refused(nurse, channel):
    save(nurse, channel, "가" * 20_000)
    with pytest.raises(actions.MessageTooLong):
        save(nurse, channel, "가" * 20_001, base=1)


def test_an_archived_channel_takes_no_draft_but_lets_go_of_one(nurse, colleague):
    channel = make_channel(colleague, owner=nurse, team=make_team(colleague, owner=nurse), kind=ChannelKind.PRIVATE)
    save(colleague, channel, "쓰다 만 글")
    teams_actions.archive_channel(channel=channel, by=nurse)
    channel.refresh_from_db()
    with pytest.raises(actions.ChannelArchived):
        save(colleague, channel, "더 쓴 글", base=1)
    assert queries.draft_of(channel, colleague).body == "쓰다 만 글"
    assert save(colleague, channel, "", base=1).body == ""


def test_a_draft_is_its_authors_alone(client: Client, nurse, colleague, channel):
    save(nurse, channel, "나만 보는 글")
    assert queries.draft_of(channel, colleague).body == ""
    sign_in_as(client, colleague)
    answer = client.get(reverse("chat-draft", args=[channel.pk]), headers={"Accept": "application/json"})
    assert answer.json() == {"text": "", "version": 0, "saved_at": None}
    assert "나만 보는 글" not in client.get(reverse("chat-channel", args=[channel.pk])).content.decode()


def test_emptied_rows_go_after_thirty_days(nurse, channel, clock):
    save(nurse, channel, "보낸 글")
    send(nurse, channel, "보낸 글")
    other = make_direct(nurse, make_person())
    save(nurse, other, "남은 글")
    assert tasks.purge_emptied_drafts() == 0
    clock.shift(timedelta(days=31))
    assert tasks.purge_emptied_drafts() == 1
    assert queries.draft_of(other, nurse).body == "남은 글"


def post(client, channel, **data):
    return client.post(reverse("chat-draft", args=[channel.pk]), data, headers={"Accept": "application/json"})


def test_a_script_saves_reads_and_is_told_of_a_conflict(client: Client, nurse, channel):
    sign_in_as(client, nurse)
    assert post(client, channel, text="첫 글", base=0).json()["version"] == 1
    found = client.get(reverse("chat-draft", args=[channel.pk]), headers={"Accept": "application/json"}).json()
    assert (found["text"], found["version"]) == ("첫 글", 1)
    answer = post(client, channel, text="둘째 글", base=0)
    assert answer.status_code == 409
    assert {name: answer.json()[name] for name in ("error", "text", "version")} == {
        "error": "draft_conflict",
        "text": "첫 글",
        "version": 1,
    }
    assert post(client, channel, text="글", base="x").status_code == 400
    assert post(client, channel, text="글", root=77).status_code == 409


def test_whoever_has_left_is_told_nothing(client: Client, nurse, colleague):
    channel = make_channel(colleague, owner=nurse, team=make_team(colleague, owner=nurse), kind=ChannelKind.PRIVATE)
    save(colleague, channel, "쓰다 만 글")
    teams_actions.remove_from_channel(channel=channel, user=colleague, by=nurse)
    sign_in_as(client, colleague)
    assert post(client, channel, text="더", base=1).status_code == 404
    assert client.get(reverse("chat-draft", args=[channel.pk])).status_code == 404
    assert client.get(reverse("chat-draft", args=[99_999_999])).status_code == 404


def test_the_page_shows_the_draft_in_its_box_and_the_list_elsewhere(client: Client, nurse, channel):
    save(nurse, channel, "**굵게** 쓰다 만 글")
    sign_in_as(client, nurse)
    opened = client.get(reverse("chat-channel", args=[channel.pk])).content.decode()
    assert ">**굵게** 쓰다 만 글</textarea>" in opened
    assert 'data-draft-version="1"' in opened
    listed = client.get(reverse("chat")).content.decode()
    assert "data-draft-text>굵게 쓰다 만 글</span>" in listed
    assert client.get(reverse("chat"), {"show": "drafts"}).context["sections"][0].items[0].channel == channel
    # Without a script the form still sends what stands in it.
    plain = client.post(reverse("chat-draft", args=[channel.pk]), {"text": "새 글", "base": 1})
    assert plain.url == reverse("chat-channel", args=[channel.pk])


def test_too_many_saves_wait(client: Client, nurse, channel, monkeypatch):
    from apps.messaging import permissions

    monkeypatch.setattr(permissions, "DRAFTS_A_MINUTE", 1)
    sign_in_as(client, nurse)
    post(client, channel, text="하나")
    answer = post(client, channel, text="둘", base=1)
    assert (answer.status_code, answer.json()["error"]) == (429, "too_fast")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.django_db(transaction=True)
def test_two_devices_at_once_one_wins_and_the_other_is_told():
    nurse = make_person()
    channel = make_team(owner=nurse).channels.get()
    join_team(channel.team, make_person())

    def write(number):
        try:
            return save(nurse, channel, f"기기 {number}").version
        except actions.DraftConflict as error:
            return error.more["text"]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(write, range(4)))
    stored = queries.draft_of(channel, nurse)
    assert results.count(1) == 1
    assert [one for one in results if one != 1] == [stored.body] * 3
    assert stored.version == 1
