"""How somebody arranges their conversations, what of them calls, and the threads that they follow."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.messaging import actions, queries
from apps.messaging.models import ConversationSetting, ListSection, Notify, ThreadMark
from apps.teams import actions as teams_actions
from apps.teams.models import ChannelKind
from tests.factories import make_channel, make_direct, make_person, make_team, send, sign_in_as

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@pytest.fixture
def nurse():
    return make_person(name_ko="이누리")


@pytest.fixture
def colleague(nurse):
    return make_person(unit=nurse.home_unit, name_ko="장하늘")


@pytest.fixture
def channels(nurse, colleague):
    """Four conversations with one unread message each, the last one newest."""
    team = make_team(colleague, owner=nurse, name_ko="병동")
    made = [make_channel(team=team, name_ko=name) for name in ("나 채널", "가 채널", "다 채널")]
    made.append(make_direct(nurse, colleague))
    for channel in made:
        send(colleague, channel)
        channel.refresh_from_db()
    return made


def arrange(by, channel, **settings):
    return actions.set_conversation_setting(by=by, channel=channel, **settings)


def sections(user, **words):
    found = queries.list_of(user)
    return queries.sections_of(found.items, own=found.arrangement.sections, **words)


def item_of(user, channel):
    return next(item for item in queries.conversations_of(user) if item.channel == channel)


# -- Where conversations stand -----------------------------------------------------------------------------------------
def test_favourites_stand_on_top_by_title_and_own_sections_below(nurse, channels):
    first, second, third, direct = channels
    night = actions.add_section(by=nurse, name="밤 근무")
    empty = actions.add_section(by=nurse, name="빈 곳")
    for channel in (first, second):
        arrange(nurse, channel, is_favourite=True)
    arrange(nurse, third, section=night)
    arrange(nurse, direct, section=night)
    favourites, own, *others = sections(nurse, recent=10)
    assert (favourites.kind, [item.channel for item in favourites.items]) == ("favourites", [second, first])
    assert (own.kind, own.title, own.section_id) == ("own", "밤 근무", night.pk)
    assert {item.channel for item in own.items} == {third, direct}
    assert not {item.channel for section in others for item in section.items} & set(channels)
    assert empty.pk not in [section.section_id for section in others]
    # A favourite that has a section is a favourite, and goes back under its heading afterwards.
    arrange(nurse, first, section=night)
    assert first in [item.channel for item in sections(nurse)[0].items]
    arrange(nurse, first, is_favourite=False)
    assert first in [item.channel for item in sections(nurse)[1].items]


def test_settings_are_ones_own_and_stay_where_not_told(nurse, colleague, channels):
    night = actions.add_section(by=nurse, name="밤 근무")
    arrange(nurse, channels[0], is_favourite=True, section=night)
    arrange(nurse, channels[0], notify=Notify.NOTHING)
    setting = queries.setting_of(channels[0], nurse)
    assert (setting.notify, setting.is_favourite, setting.section) == ("nothing", True, night)
    assert arrange(nurse, channels[0], section=None).section is None
    assert not queries.setting_of(channels[0], colleague).is_favourite
    assert ConversationSetting.objects.count() == 1


def test_sections_are_added_renamed_moved_and_deleted(nurse, colleague, channels):
    names = lambda: [one.name for one in queries.own_sections(nurse)]  # noqa: E731
    first, second, third = (actions.add_section(by=nurse, name=name) for name in ("하나", "둘", " 셋 \n 째 "))
    other = actions.add_section(by=colleague, name="하나")
    assert names() == ["하나", "둘", "셋 째"]
    actions.move_section(by=nurse, section=third, up=True)
    assert names() == ["하나", "셋 째", "둘"]
    actions.move_section(by=nurse, section=first, up=True)  # already on top
    actions.move_section(by=nurse, section=other, up=True)  # not hers
    assert names() == ["하나", "셋 째", "둘"]
    actions.rename_section(by=nurse, section=second, name="두 번째")
    for refused in (
        lambda: actions.add_section(by=nurse, name="하나"),
        lambda: actions.rename_section(by=nurse, section=first, name="두 번째"),
    ):
        with pytest.raises(actions.SectionExists):
            refused()
    arrange(nurse, channels[0], section=first)
    actions.delete_section(by=nurse, section=first)
    actions.delete_section(by=nurse, section=other)
    assert names() == ["셋 째", "두 번째"]
    assert queries.setting_of(channels[0], nurse).section is None
    assert ListSection.objects.filter(user=colleague).exists()


def test_twenty_sections_are_enough(nurse):
    for number in range(20):
        actions.add_section(by=nurse, name=f"섹션 {number}")
    with pytest.raises(actions.TooManySections):
        actions.add_section(by=nurse, name="하나 더")
    assert actions.find_or_add_section(by=nurse, name="섹션 7").name == "섹션 7"


# -- What calls --------------------------------------------------------------------------------------------------------
def test_a_muted_conversation_does_not_count_until_one_is_meant(nurse, colleague, channels):
    muted, *others = channels
    arrange(nurse, muted, notify=Notify.NOTHING)
    assert set(queries.unread_channels(nurse)) == {channel.pk for channel in others}
    assert queries.unread_total(nurse) == len(others)
    assert queries.quiet_channels(nurse) == [muted.pk]
    item = item_of(nurse, muted)
    assert (item.unread, item.calls, item.arranged.is_quiet) == (1, False, True)
    send(colleague, muted, "@이누리 확인 부탁드려요")
    assert item_of(nurse, muted).mentions == 1
    assert item_of(nurse, muted).calls
    assert queries.unread_total(nurse) == len(others) + 1
    actions.mark_read(user=nurse, channel=muted, up_to=2)
    assert item_of(nurse, muted).mentions == 0
    assert queries.unread_total(nurse) == len(others)


def test_all_is_marked_read_at_once(nurse, colleague, channels):
    hidden = make_direct(colleague, make_person())
    send(colleague, hidden)
    assert actions.mark_all_read(by=nurse) == len(channels)
    assert queries.unread_total(nurse) == 0
    assert actions.mark_all_read(by=nurse) == 0
    actions.mark_unread(user=nurse, channel=channels[0], number=1)
    assert queries.unread_channels(nurse) == [channels[0].pk]
    actions.mark_all_read(by=nurse)
    assert queries.unread_total(nurse) == 0


# -- Threads -----------------------------------------------------------------------------------------------------------
def test_followed_threads_unread_ones_first(nurse, colleague, channels):
    room = channels[0]
    old, new, quiet = (send(nurse, room, text) for text in ("오래된 글", "새 글", "답 없는 글"))
    send(colleague, room, "첫 답", root_number=old.number)
    send(colleague, room, "둘째 답", root_number=old.number)
    send(colleague, room, "다른 답", root_number=new.number)
    stranger = send(colleague, room, "남의 글")
    send(colleague, room, "혼잣말", root_number=stranger.number)
    threads, more = queries.followed_threads(nurse)
    assert not more
    assert [(thread.root, thread.unread, thread.newest_text) for thread in threads] == [
        (new, 1, "다른 답"),
        (old, 2, "둘째 답"),
    ]
    assert quiet not in [thread.root for thread in threads]
    assert queries.arrangement_of(nurse).unread_threads == 2
    actions.mark_thread_read(user=nurse, channel=room, root_number=new.number, up_to=1)
    threads, _more = queries.followed_threads(nurse)
    assert [(thread.root, thread.unread) for thread in threads] == [(old, 2), (new, 0)]
    assert actions.mark_threads_read(by=nurse) == 1
    assert queries.arrangement_of(nurse).unread_threads == 0
    assert [thread.unread for thread in queries.followed_threads(nurse)[0]] == [0, 0]


def test_threads_of_what_one_has_left_are_gone(nurse, colleague):
    room = make_channel(colleague, owner=nurse, team=make_team(colleague, owner=nurse), kind=ChannelKind.PRIVATE)
    root = send(colleague, room)
    send(nurse, room, "답", root_number=root.number)
    assert queries.arrangement_of(colleague).unread_threads == 1
    teams_actions.remove_from_channel(channel=room, user=colleague, by=nurse)
    assert queries.followed_threads(colleague) == ([], False)
    assert queries.arrangement_of(colleague).unread_threads == 0
    assert ThreadMark.objects.filter(user=colleague).exists()
    assert actions.mark_threads_read(by=colleague) == 0


# -- How many ----------------------------------------------------------------------------------------------------------
def test_a_page_shows_the_newest_the_arranged_and_the_open_one(client: Client, nurse, colleague, channels, monkeypatch):
    monkeypatch.setattr(queries, "SHOWN", 1)
    oldest, favourite, _third, newest = channels
    arrange(nurse, favourite, is_favourite=True)
    found = queries.list_of(nurse, at=oldest.pk, limit=1)
    assert {item.channel for item in found.items} == {favourite, oldest}
    assert found.has_more
    sign_in_as(client, nurse)
    page = client.get(reverse("chat")).content.decode()
    assert f'data-conversation="{favourite.pk}"' in page
    assert f'data-conversation="{newest.pk}"' in page
    assert f'data-conversation="{oldest.pk}"' not in page
    assert 'href="/chat/?show=all"' in page
    assert "data-whole" not in page
    whole = client.get(reverse("chat"), {"show": "all"}).content.decode()
    assert f'data-conversation="{oldest.pk}"' in whole
    assert "data-whole" in whole
    told = client.get(reverse("chat"), headers=JSON).json()["conversations"]
    assert {one["id"] for one in told} >= {channel.pk for channel in channels}


def test_unread_ones_are_not_cut_off_by_read_ones(nurse, colleague, channels):
    for channel in channels[1:]:
        actions.mark_read(user=nurse, channel=channel, up_to=1)
    (only,) = queries.conversations_of(nurse, unread_first=True, limit=1)
    assert only.channel == channels[0]


# -- Cost --------------------------------------------------------------------------------------------------------------
def test_the_list_costs_four_queries(nurse, channels):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        queries.list_of(nurse, at=channels[0].pk)
    assert len(captured) == 4


def test_the_page_of_threads_costs_three(nurse, colleague, channels):
    for channel in (channels[0], channels[3]):
        send(colleague, channel, root_number=send(nurse, channel).number)
    with CaptureQueriesContext(connection) as captured:
        queries.followed_threads(nurse)
    assert len(captured) == 3


# -- Pages -------------------------------------------------------------------------------------------------------------
@pytest.fixture
def page(client: Client, nurse):
    return sign_in_as(client, nurse)


def test_a_form_and_a_script_change_settings(page, nurse, channels):
    address = reverse("chat-settings", args=[channels[0].pk])
    assert (
        page.post(address, {"notify": "mentions", "is_favourite": "1", "section": "", "new_section": "밤 근무"}).url
        == address
    )
    setting = queries.setting_of(channels[0], nurse)
    assert (setting.notify, setting.is_favourite, setting.section.name) == ("mentions", True, "밤 근무")
    answer = page.post(address, {"notify": "all"}, headers=JSON)
    assert answer.json() == {"notify": "all", "is_favourite": True, "section": setting.section_id}
    assert page.post(address, {"section": "new:밤 근무"}, headers=JSON).json()["section"] == setting.section_id
    assert page.post(address, {"section": ""}, headers=JSON).json()["section"] is None
    assert page.post(address, {"is_favourite": "0", "next": "/people/"}).url == "/people/"
    assert page.post(address, {"is_favourite": "0", "next": "https://elsewhere.example/"}).url == address


def test_what_is_no_setting_is_refused(page, nurse, colleague, channels):
    address = reverse("chat-settings", args=[channels[0].pk])
    section_of_another = actions.add_section(by=colleague, name="남의 섹션")
    for data in (
        {"notify": "loud"},
        {"section": str(section_of_another.pk)},
        {"section": "new:" + "가" * 80},
        {"is_favourite": "2"},
    ):
        answer = page.post(address, data, headers=JSON)
        assert (answer.status_code, answer.json()["error"]) == (400, "malformed"), data
        assert page.post(address, data).status_code == 400
    assert not ConversationSetting.objects.filter(user=nurse).exists()


def test_sections_by_forms(page, nurse):
    address = reverse("chat-sections")
    assert page.post(address, {"do": "add", "name": "밤 근무"}).url == address
    section = ListSection.objects.get(user=nurse)
    page.post(address, {"do": "rename", "section": section.pk, "name": "낮 근무"})
    assert "낮 근무" in page.get(address).content.decode()
    assert page.post(address, {"do": "add", "name": "낮 근무"}, headers=JSON).status_code == 409
    assert page.post(address, {"do": "add", "name": " "}, headers=JSON).status_code == 400
    assert page.post(address, {"do": "add"}).status_code == 400
    assert page.post(address, {"do": "explode", "section": section.pk}, headers=JSON).status_code == 400
    assert page.post(address, {"do": "delete", "section": section.pk + 1}).status_code == 404
    assert page.post(address, {"do": "delete", "section": section.pk}, headers=JSON).json() == {"sections": []}


def test_a_conversation_is_marked_from_the_list(page, nurse, channels):
    address = reverse("chat-read", args=[channels[0].pk])
    assert page.post(address).url == reverse("chat")
    assert item_of(nurse, channels[0]).unread == 0
    page.post(address, {"unread": "1"}, headers=JSON)
    assert item_of(nurse, channels[0]).unread == 1
    assert page.post(reverse("chat-read-all")).url == reverse("chat")
    assert page.post(reverse("chat-read-all"), headers=JSON).json() == {"read": 0}
    empty = make_direct(nurse, make_person())
    assert page.post(reverse("chat-read", args=[empty.pk]), {"unread": "1"}, headers=JSON).status_code == 200
    assert item_of(nurse, empty).unread == 0


def test_the_menu_of_a_line_is_a_part_of_its_page(page, channels):
    address = reverse("chat-settings", args=[channels[0].pk])
    menu = page.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in menu
    assert "data-conversation-menu" in menu
    whole = page.get(address).content.decode()
    assert 'name="new_section"' in whole
    assert f'href="{address}"' in page.get(reverse("chat")).content.decode()


def test_the_page_of_threads(page, nurse, colleague, channels):
    root = send(nurse, channels[0], "**오늘** 회진")
    send(colleague, channels[0], "네, 갑니다", root_number=root.number)
    whole = page.get(reverse("chat-threads")).content.decode()
    assert "오늘 회진" in whole
    assert reverse("chat-thread", args=[channels[0].pk, root.number]) in whole
    assert 'data-show="threads" aria-current="page"' in whole
    assert "data-thread-count>1" in whole
    assert page.post(reverse("chat-threads")).url == reverse("chat-threads")
    assert "data-thread-count" not in page.get(reverse("chat")).content.decode()
    assert page.get(reverse("chat-threads"), {"after": "x"}).status_code == 200
    assert page.get(reverse("chat-threads"), {"after": "50"}, headers={"HX-Request": "true"}).status_code == 200


def test_the_badge_tells_which_are_muted(page, nurse, channels):
    arrange(nurse, channels[0], notify=Notify.NOTHING)
    told = page.get(reverse("chat"), {"badge": "1"}).json()
    assert told["quiet"] == [channels[0].pk]
    assert channels[0].pk not in told["channels"]
    assert told["unread"] == len(channels) - 1
