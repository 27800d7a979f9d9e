"""The chat list: its order, its previews, its parts, and what it leaves out."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import clock
from apps.messaging import queries
from apps.messaging.models import Message
from apps.teams import actions as teams_actions
from apps.teams.models import Channel, ChannelKind, ChannelMembership
from tests.factories import make_channel, make_direct, make_person, make_team, send, sign_in_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse():
    return make_person(name_ko="이누리", name_en="Nuri Lee")


@pytest.fixture
def colleague(nurse):
    return make_person(unit=nurse.home_unit, name_ko="장하늘", name_en="Haneul Jang")


def preview(user, channel):
    return next(item.preview for item in queries.conversations_of(user) if item.channel == channel)


def test_all_kinds_stand_together_by_their_newest_message(nurse, colleague):
    team = make_team(colleague, owner=nurse)
    direct, group = make_direct(nurse, colleague), make_channel(nurse, colleague, make_person(), kind=ChannelKind.GROUP)
    wide, silent = make_channel(kind=ChannelKind.NETWORK), make_channel(team=team)
    for at, channel in enumerate([team.channels.first(), wide, group, direct]):
        send(colleague, channel)
        Channel.objects.filter(pk=channel.pk).update(last_message_at=clock.now() + timedelta(seconds=at))
    recent, *others = queries.sections_of(queries.conversations_of(nurse), recent=3)
    assert recent.kind == "recent"
    assert [item.channel for item in recent.items] == [direct, group, wide]
    assert [section.kind for section in others] == ["team"]
    assert {item.channel for item in others[0].items} == {team.channels.first(), silent}
    whole = queries.sections_of(queries.conversations_of(nurse))
    assert [section.kind for section in whole] == ["team", "wide", "people"]


def test_a_preview_is_one_line_with_its_author(nurse, colleague):
    channel = make_team(colleague, owner=nurse).channels.get()
    root = send(colleague, channel, "첫 줄\n\n  둘째 줄 " + "가" * 200)
    shown = preview(nurse, channel)
    assert (shown.author, shown.is_own, shown.is_deleted) == ("장하늘", False, False)
    assert shown.text.startswith("첫 줄 둘째 줄 가")
    assert len(shown.text) == queries.PREVIEW_LENGTH
    send(nurse, channel, "답글", root_number=root.number)
    assert preview(nurse, channel).is_own
    assert preview(colleague, channel).text == "답글"
    Message.objects.filter(channel=channel, body="답글").update(deleted_at=clock.now())
    assert preview(nurse, channel).is_deleted


def test_a_direct_chat_names_no_author(nurse, colleague):
    channel = make_direct(nurse, colleague)
    send(colleague, channel, "고맙습니다.")
    assert (preview(nurse, channel).author, preview(nurse, channel).text) == ("", "고맙습니다.")


def test_no_preview_of_what_was_written_before_one_may_read(nurse, colleague):
    channel = make_channel(colleague, owner=nurse, kind=ChannelKind.PRIVATE, team=make_team(colleague, owner=nurse))
    send(nurse, channel, "전에 쓴 글")
    ChannelMembership.objects.filter(channel=channel, user=colleague).update(visible_from=2)
    assert preview(colleague, channel) is None
    assert preview(nurse, channel).text == "전에 쓴 글"
    send(nurse, channel, "지금 쓴 글")
    assert preview(colleague, channel).text == "지금 쓴 글"


def test_the_unread_ones_and_the_open_one(nurse, colleague):
    one, other, third = (make_direct(nurse, person) for person in (colleague, make_person(), make_person()))
    send(colleague, one)
    for channel in (other, third):
        send(nurse, channel)
    unread = queries.conversations_of(nurse, only_unread=True, at=other.pk)
    assert {item.channel for item in unread} == {one, other}
    assert queries.unread_channels(nurse) == [one.pk]
    assert queries.unread_total(nurse) == 1


def test_the_list_says_what_it_shows_and_how_to_see_the_rest(client: Client, nurse, colleague):
    channel = make_direct(nurse, colleague)
    send(colleague, channel, "<b>굵게</b> 쓴 글")
    sign_in_as(client, nurse)
    page = client.get(reverse("chat"), {"show": "unread"}).content.decode()
    assert "&lt;b&gt;굵게&lt;/b&gt; 쓴 글" in page
    assert 'data-show="unread" aria-current="true"' in page
    assert f'href="{reverse("chat")}" data-show="recent"' in page
    assert f'href="{reverse("chat-channel", args=[channel.pk])}?show=unread"' in page
    opened = client.get(reverse("chat-channel", args=[channel.pk]), {"show": "unread"}).content.decode()
    assert f'data-conversations="{reverse("chat")}?show=unread&amp;at={channel.pk}"' in opened
    again = client.get(reverse("chat"), {"show": "unread", "at": channel.pk}, headers={"HX-Request": "true"})
    assert 'aria-current="page"' in again.content.decode()


def test_the_badge_is_told_in_json(client: Client, nurse, colleague):
    channel = make_direct(nurse, colleague)
    send(colleague, channel)
    answer = sign_in_as(client, nurse).get(reverse("chat"), {"badge": "1"})
    assert answer.json() == {"unread": 1, "channels": [channel.pk], "quiet": []}


def test_archived_channels_have_a_list_of_their_own(client: Client, nurse, colleague):
    channel = make_channel(colleague, owner=nurse, team=make_team(colleague, owner=nurse), name_ko="옛 채널")
    send(colleague, channel, "옛 글")
    teams_actions.archive_channel(channel=channel, by=nurse)
    sign_in_as(client, colleague)
    assert "옛 채널" not in client.get(reverse("chat")).content.decode()
    archived = client.get(reverse("chat"), {"show": "archived"}).content.decode()
    assert "옛 채널" in archived
    assert "옛 글" in archived


def test_whom_one_writes_with_comes_before_strangers(client: Client, nurse):
    """In the search for recipients: the unit, the site, those one has written with, then everybody by name."""
    people = [
        stranger := make_person(name_ko="가낯선", name_en="Stranger"),
        known := make_person(name_ko="나아는", name_en="Known"),
        at_site := make_person(site=nurse.home.site, name_ko="다지점", name_en="Site"),
        in_unit := make_person(unit=nurse.home_unit, name_ko="라병동", name_en="Unit"),
    ]
    send(nurse, make_direct(nurse, known))
    make_direct(nurse, stranger)  # opened, but nothing was ever written in it
    found = list(sign_in_as(client, nurse).get(reverse("chat-new")).context["found"])
    assert [person for person in found if person in people] == [in_unit, at_site, known, stranger]
