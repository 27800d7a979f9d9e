"""Jumping by a few letters: what a text means, who is shown what, and the pages without a script."""

import re
import unicodedata

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from apps.core.hangul import matches_all, typed_pattern, typed_patterns
from apps.core.jump import TARGETS_A_SECTION, find_targets
from apps.core.registries import JumpPage, JumpSource, registries
from apps.people.models import StaffType, User
from apps.teams import actions as teams_actions
from apps.teams.models import ChannelKind
from tests import factories
from tests.factories import make_channel, make_direct, make_person, make_site, make_team, send

JAMO_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
SYLLABLES = st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)


def is_meant(text: str, name: str) -> bool:
    return matches_all(typed_patterns(text), name)


class TestWhatATextMeans:
    @pytest.mark.parametrize("text", ["ㄱ", "가", "갑", "가바", "가방", "ㄱㅂ", "가ㅂ", "방", "ㅂ", "가반"])
    def test_each_step_of_typing_finds_the_name(self, text: str) -> None:
        assert is_meant(text, "가방") is (text != "가반")

    @pytest.mark.parametrize(
        "text", ["ㄱ", "기", "김", "김ㅎ", "김하", "김한", "김하느", "김하늘", "하느", "ㄱㅎㄴ", "ㅎㄴ"]
    )
    def test_a_name_is_found_from_its_first_key_on(self, text: str) -> None:
        assert is_meant(text, "김하늘")

    @pytest.mark.parametrize("text", ["가", "갑", "값", "값ㅇ", "값이", "갑시"])
    def test_a_final_pair_may_come_apart(self, text: str) -> None:
        assert is_meant(text, "값이") is (text != "갑시")

    def test_consonants_that_a_keyboard_joins_stand_for_two_syllables(self) -> None:
        assert is_meant("ㄳ", "감사")
        assert is_meant("ㅄ", "병실")
        assert not is_meant("ㄳ", "가방")

    def test_a_vowel_may_grow_while_it_is_the_last(self) -> None:
        assert is_meant("소아고", "소아과")
        assert not is_meant("소오과", "소아과")
        assert not is_meant("고장", "과장")

    def test_only_the_last_syllable_grows(self) -> None:
        assert not is_meant("가나", "각나")
        assert not is_meant("김 하나", "김한솔")

    def test_all_words_are_asked_for_in_any_order(self) -> None:
        assert is_meant("누리 이", "이누리")
        assert is_meant("TRANSFER bora", "Boramae transfers")
        assert not is_meant("누리 박", "이누리")

    def test_spaces_are_set_as_one_likes(self) -> None:
        assert is_meant("보라매본원", "보라매 본원 전원")
        assert is_meant("ㅂㄹㅁㅂㅇ", "보라매 본원 전원")
        assert not is_meant("nurilee", "Nuri Lee")

    def test_decomposed_text_is_the_same_text(self) -> None:
        assert is_meant(unicodedata.normalize("NFD", "김하"), "김하늘")
        assert is_meant("김하", unicodedata.normalize("NFD", "김하늘"))

    def test_signs_of_a_pattern_are_letters(self) -> None:
        assert is_meant("c++", "C++ 모임")
        assert not is_meant(".", "가방")
        assert not is_meant("[가-힣]", "가방")

    @given(st.text(alphabet=SYLLABLES, min_size=1, max_size=6), st.text(max_size=4), st.text(max_size=4))
    def test_whatever_is_typed_of_a_name_finds_it(self, name: str, before: str, after: str) -> None:
        for end in range(1, len(name) + 1):
            assert is_meant(name[:end], name)
            # the last syllable without its final, and as its first consonant alone
            last = ord(name[end - 1]) - 0xAC00
            assert re.search(typed_pattern(name[: end - 1] + chr(0xAC00 + last - last % 28)), name)
            assert re.search(typed_pattern(name[: end - 1] + JAMO_INITIALS[last // 588]), before + name + after)

    @given(st.text(max_size=40))
    def test_no_text_breaks_a_pattern(self, text: str) -> None:
        matches_all(typed_patterns(text), "이누리 Nuri Lee نوري")


def labels(user: User, text: str = "", source: str = "") -> list[str]:
    return [
        str(target.label)
        for section in find_targets(user, text)
        if not source or section.name == source
        for target in section.targets
    ]


@pytest.fixture
def site():
    return make_site(name_ko="보라매", name_en="Boramae")


@pytest.fixture
def nurse(db, site) -> User:
    return make_person(site=site, name_ko="이누리", name_en="Nuri Lee")


@pytest.fixture
def physician(db) -> User:
    return make_person(
        name_ko="최다온", name_en="Daon Choi", name_ar="داون", staff_number="P10046", job=StaffType.DOCTOR
    )


@pytest.mark.django_db
class TestPeople:
    @pytest.mark.parametrize("text", ["ㅊㄷㅇ", "최다", "최닿", "최다오", "daon ch", "داو", "p10046", "ㅊㄷ", "최ㄷ"])
    def test_are_found_by_any_part(self, nurse, physician, text) -> None:
        found = labels(nurse, text, "people")
        assert ("최다온" in found) is (text != "최닿")

    def test_are_not_listed_unasked(self, nurse, physician) -> None:
        assert labels(nurse, "", "people") == []

    def test_a_guest_finds_nobody_else(self, nurse, site) -> None:
        guest = make_person(site=site, job=StaffType.GUEST, name_ko="손님")
        assert labels(guest, "이누리", "people") == []
        assert labels(nurse, "손님", "people") == ["손님"]

    def test_the_deactivated_are_gone(self, nurse, physician) -> None:
        User.objects.filter(pk=physician.pk).update(is_active=False)
        assert labels(nurse, "최다온") == []


@pytest.mark.django_db
class TestConversations:
    def test_by_the_name_of_the_channel_or_its_team(self, nurse, physician) -> None:
        team = make_team(physician, owner=nurse, name_ko="전원 조정", name_en="Transfers")
        channel = make_channel(team=team, name_ko="야간 인계", name_en="Night handover")
        for text in ("인계", "ㅇㄱㅇㄱ", "야간 이", "night", "전원 야간"):
            assert labels(nurse, text, "conversations") == [channel.name], text
        assert labels(nurse, "전원", "conversations") != []

    def test_by_the_people_of_direct_and_group_chats(self, nurse, physician) -> None:
        third = make_person(name_ko="박한결", name_en="Hangyeol Park")
        direct = make_direct(nurse, physician)
        group = make_channel(nurse, physician, third, kind=ChannelKind.GROUP, name_ko="", name_en="")
        send(physician, direct)
        send(physician, group)
        assert labels(nurse, "ㅊㄷ", "conversations") == ["박한결, 최다온", "최다온"]  # the newest first
        assert labels(nurse, "최다온 박", "conversations") == ["박한결, 최다온"]
        assert labels(nurse, "이누리", "conversations") == []  # oneself is in all of them
        assert labels(third, "최다온", "conversations") == ["이누리, 최다온"]

    def test_only_what_one_reads(self, nurse, physician) -> None:
        make_channel(physician, kind=ChannelKind.PRIVATE, name_ko="비밀 회의", team=make_team(nurse, owner=physician))
        left = make_channel(nurse, owner=physician, kind=ChannelKind.GROUP, name_ko="몰래 점심")
        teams_actions.leave_channel(channel=left, by=nurse)
        for text in ("회의", "몰래"):
            assert labels(nurse, text) == []
            assert labels(physician, text, "conversations") != []

    def test_without_a_text_the_newest_ones(self, nurse, physician) -> None:
        team = make_team(physician, owner=nurse)
        channels = [make_channel(team=team) for _ in range(TARGETS_A_SECTION + 2)]
        for channel in channels:
            send(physician, channel)
        newest = [channel.name for channel in reversed(channels)]
        assert labels(nurse, "", "conversations") == newest[:TARGETS_A_SECTION]

    def test_archived_ones_come_last_and_say_so(self, nurse, physician) -> None:
        team = make_team(physician, owner=nurse)
        old = make_channel(team=team, name_ko="회의 옛것")
        new = make_channel(team=team, name_ko="회의 새것")
        send(physician, new)
        send(physician, old)
        teams_actions.archive_channel(channel=old, by=nurse)
        assert labels(nurse, "회의", "conversations") == ["회의 새것", "회의 옛것"]
        with translation.override("en"):
            [section] = [found for found in find_targets(nurse, "회의") if found.name == "conversations"]
            assert [str(target.detail).endswith("Archived") for target in section.targets] == [False, True]


@pytest.mark.django_db
def test_teams_are_found_one_s_own_first(nurse, physician) -> None:
    make_team(owner=physician, name_ko="감염관리 밖", site=make_site())
    open_team = make_team(owner=physician, name_ko="감염관리 가", site=nurse.home.site, is_open=True)
    own = make_team(owner=nurse, name_ko="감염관리 나")
    assert labels(nurse, "ㄱㅇㄱㄹ", "teams") == [own.name, open_team.name]
    assert labels(nurse, "", "teams") == []


@pytest.mark.django_db
class TestPages:
    def test_are_found_in_the_reader_s_language(self, nurse) -> None:
        with translation.override("en"):
            assert labels(nurse, "sett", "pages") == ["Settings"]
            assert labels(nurse, "where", "pages") == ["Where I am signed in"]
        with translation.override("ko"):
            assert labels(nurse, "sett", "pages") == []
            assert "설정" in labels(nurse, "ㅅㅈ", "pages")

    def test_only_those_that_open(self, nurse) -> None:
        with translation.override("en"):
            assert labels(nurse, "administration") == []
            factories.grant(nurse, "it")
            assert labels(User.objects.get(pk=nurse.pk), "administration", "pages") == ["Administration"]

    def test_are_registered_once(self) -> None:
        page = next(iter(registries.jump_pages.values()))
        source = next(iter(registries.jump_sources.values()))
        with pytest.raises(ValueError, match="twice"):
            registries.add_jump_page(JumpPage(page.label, page.url_name, page.icon))
        with pytest.raises(ValueError, match="twice"):
            registries.add_jump(JumpSource(source.name, "", 1, lambda user, text, limit: []))


@pytest.mark.django_db
class TestThePages:
    def test_the_list_and_the_page_lead_to_the_same_places(self, client: Client, nurse, physician) -> None:
        factories.sign_in_as(client, nurse)
        link = f'href="{reverse("person", args=[physician.pk])}"'
        page = client.get(reverse("jump"), {"q": "최다온"}).content.decode()
        alone = client.get(reverse("jump"), {"q": "최다온"}, headers={"HX-Request": "true"}).content.decode()
        assert link in page
        assert link in alone
        assert "<html" in page
        assert "<html" not in alone

    def test_what_was_typed_is_text(self, client: Client, nurse) -> None:
        factories.sign_in_as(client, nurse)
        typed = '"><img src=x onerror=alert(1)>'
        html = client.get(reverse("jump"), {"q": typed}).content.decode()
        assert "<img" not in html
        assert escape(typed) in html

    def test_what_no_pattern_can_hold_finds_nothing(self, client: Client, nurse) -> None:
        factories.sign_in_as(client, nurse)
        for typed in ("\0", "%", "(" * 100, "ㄱ" * 5000, "\\", "[", "가" * 100, " ".join("ㄱ" * 50)):
            assert client.get(reverse("jump"), {"q": typed}).status_code == 200

    def test_each_declared_key_is_listed(self, client: Client, nurse) -> None:
        factories.sign_in_as(client, nurse)
        nurse.language = "en"
        nurse.save(update_fields=["language"])
        html = client.get(reverse("keys")).content.decode()
        assert registries.key_sections
        for section in registries.key_sections:
            for shortcut in section.shortcuts:
                with translation.override("en"):
                    assert escape(str(shortcut.label)) in html
        assert html.count('data-key="Control"') >= 1
        assert "Arrow up" in html


@pytest.mark.django_db
class TestNothingFound:
    def test_initials_are_not_advised_to_who_typed_them(self, client: Client, nurse) -> None:
        factories.sign_in_as(client, nurse)
        for text, is_advised in (("ㄲㄲㄲ", False), ("ㄳ ㅆㅆ", False), ("뷁뷁", True), ("qqq", True)):
            page = client.get(reverse("jump"), {"q": text}, headers={"HX-Request": "true"}).content.decode()
            assert "jump__nothing" in page
            assert ("ㄱㅎㄴ" in page) is is_advised


class TestContrast:
    def test_is_turned_on_and_off_and_leads_back(self, client: Client, nurse) -> None:
        factories.sign_in_as(client, nurse)
        nurse.theme = "dark"
        nurse.save(update_fields=["theme"])
        answer = client.post(reverse("contrast"), {"contrast": "more", "next": "/people/?q=a"})
        assert (answer.status_code, answer["Location"]) == (302, "/people/?q=a")
        nurse.refresh_from_db()
        assert (nurse.contrast, nurse.theme) == ("more", "dark")
        assert 'data-contrast="more"' in client.get(reverse("home")).content.decode()
        client.post(reverse("contrast"), {"contrast": "auto", "next": "/"})
        nurse.refresh_from_db()
        assert nurse.contrast == "auto"

    @pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""])
    def test_leads_nowhere_else(self, client: Client, nurse, back: str) -> None:
        factories.sign_in_as(client, nurse)
        answer = client.post(reverse("contrast"), {"contrast": "more", "next": back})
        assert answer["Location"] == reverse("settings")
