"""How messages read elsewhere: in lists, notices and panes, and what of them is still to be done."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import translation

from apps.core.markup import plain_excerpt
from apps.core.templatetags.portal import face
from apps.messaging import actions, queries
from apps.notifications.models import Notice
from tests.factories import make_channel, make_person, make_unit, react, send, sign_in_as

pytestmark = pytest.mark.django_db

LABORATORY = "결과입니다\n\n| 항목 | 값 |\n|---|---|\n| K | 5.8 |\n| Na | 131 |"


@pytest.fixture
def ward(client: Client) -> tuple:
    """A writer, the reader who is signed in, and their channel."""
    writer, reader = make_person(name_ko="강마루"), make_person(name_ko="보는이")
    sign_in_as(client, reader)
    return writer, reader, make_channel(writer, reader, kind="private", name_ko="42 병동")


def activity(client: Client, query: str = "") -> str:
    return client.get(f"/activity/{query}").content.decode()


def count_of_filter(page: str) -> str:
    found = re.search(r'href="/activity/\?show=acknowledgement".*?</a>', page, re.DOTALL)
    assert found
    count = re.search(r'class="count[^"]*">(\d+)', found[0])
    return count[1] if count else ""


# -- Acknowledgements in Activity ---------------------------------------------------------------------------------------------
def test_the_filter_holds_what_is_left_to_acknowledge(client, ward):
    writer, reader, channel = ward
    first = send(writer, channel, "손 위생 지침", asks_acknowledgement=True)
    second = send(writer, channel, "약품 회수", asks_acknowledgement=True)
    Notice.objects.update(read_at="2020-01-01T00:00:00Z")  # read is not acknowledged
    page = activity(client, "?show=acknowledgement")
    assert count_of_filter(page) == "2"
    assert ("손 위생 지침" in page, "약품 회수" in page) == (True, True)
    actions.acknowledge(by=reader, message=first)
    page = activity(client, "?show=acknowledgement")
    assert count_of_filter(page) == "1"
    assert ("손 위생 지침" in page, "약품 회수" in page) == (False, True)
    actions.delete_message(by=writer, message=second)
    assert count_of_filter(activity(client)) == ""


def test_it_is_acknowledged_from_its_row_and_stays_as_done(client, ward):
    writer, reader, channel = ward
    message = send(writer, channel, "손 위생 지침", asks_acknowledgement=True)
    address = reverse("chat-message-acknowledge", args=[channel.pk, message.number])
    page = activity(client)
    assert f'formaction="{address}"' in page
    assert "notice__done" not in page
    answer = client.post(address, {"next": "/activity/?show=acknowledgement", "ids": "1", "show": ""})
    assert (answer.status_code, answer["Location"]) == (302, "/activity/?show=acknowledgement")
    assert message.acknowledgements.get().user_id == reader.pk
    page = activity(client)
    assert "notice__done" in page
    assert "formaction" not in page
    told = client.get("/activity/", headers={"accept": "application/json"}).json()["notices"]
    assert [bool(notice["done"]) for notice in told] == [True]


def test_the_way_back_is_one_of_ours(client, ward):
    writer, _reader, channel = ward
    message = send(writer, channel, "확인", asks_acknowledgement=True)
    address = reverse("chat-message-acknowledge", args=[channel.pk, message.number])
    assert client.post(address, {"next": "https://elsewhere.example/"})["Location"].startswith(f"/chat/{channel.pk}/")


# -- Acknowledgements without a script ----------------------------------------------------------------------------------------
def test_a_page_says_how_many_of_how_many_and_when(client, ward, clock):
    writer, reader, channel = ward
    others = [make_person() for _ in range(3)]
    channel = make_channel(writer, reader, *others, kind="private")
    message = send(writer, channel, "확인", asks_acknowledgement=True)
    actions.acknowledge(by=reader, message=message)
    (row,) = queries.page_of(channel, viewer=reader).rows
    assert (row.ack.count, row.ack.asked, row.ack.mine) == (1, 4, True)
    assert row.ack.mine_at == message.acknowledgements.get().at
    assert queries.row_of(message, viewer=writer).ack.mine_at is None
    with translation.override("en"):
        page = client.get(f"/chat/{channel.pk}/", headers={"accept-language": "en"}).content.decode()
    part = re.search(r'data-part="ack" data-count="1".*?</div>', page, re.DOTALL)
    assert part
    assert re.search(r"<time[^>]*>", part[0].partition("ack__mine")[2])
    assert re.search(r"\b4(?!\d).*\b1(?!\d)|\b1(?!\d).*\b4(?!\d)", re.sub(r"<[^>]*>", " ", part[0]))


def test_people_are_counted_only_where_something_asks(ward, django_assert_num_queries):
    writer, reader, channel = ward
    send(writer, channel, "안녕하세요")
    channel.viewer_id, channel.viewer_sees_from = reader.pk, 1
    with django_assert_num_queries(2):  # messages, what hangs on them
        queries.page_of(channel, viewer=reader)


# -- Tables in one line -------------------------------------------------------------------------------------------------------
def test_an_excerpt_ends_where_a_table_begins():
    assert plain_excerpt(LABORATORY, 80, table_word="[표]") == "결과입니다 [표]"
    assert plain_excerpt("a|b\n-|-\n1|2", 80, table_word="[표]") == "[표]"
    assert plain_excerpt("글 " * 80 + "\n\n|a|\n|-|", 20, table_word="[표]").endswith("… [표]")
    assert len(plain_excerpt("글 " * 80 + "\n\n|a|\n|-|", 20, table_word="[표]")) <= 20
    for text in ("5 | 6 시간마다", "```\na|b\n-|-\n```", "제목\n---\n본문"):
        assert "[표]" not in plain_excerpt(text, 80, table_word="[표]")


def test_lists_and_notices_name_a_table_only(client, ward):
    writer, reader, channel = ward
    message = send(writer, channel, f"@보는이 {LABORATORY}")
    with translation.override("en"):
        assert queries.previews_of([channel], viewer=reader)[channel.pk].text == "@보는이 결과입니다 [table]"
    assert "131" not in activity(client)
    pane = client.get(
        reverse("chat-message-readers", args=[channel.pk, message.number]), headers={"HX-Request": "true"}
    )
    assert "131" not in pane.content.decode()


# -- Reactions ----------------------------------------------------------------------------------------------------------------
def test_a_notice_shows_with_what_was_reacted(client, ward):
    writer, reader, channel = ward
    other = make_person(name_ko="다른이")
    channel = make_channel(writer, reader, other, kind="private")
    message = send(reader, channel, "끝났습니다")
    actions.add_reaction(by=writer, message=message, emoji_name="thumbsup")
    page = activity(client)
    assert "👍" in page
    actions.add_reaction(by=other, message=message, emoji_name="pray")
    page = activity(client)
    assert page.index("👍") < page.index("🙏")


@pytest.mark.parametrize(("language", "word"), [("ko", "하트"), ("ar", "قلب"), ("en", "heart")])
def test_a_reaction_is_named_in_the_reader_s_language(language, word):
    with translation.override(language):
        assert word in face("heart")
        assert "_" not in re.sub(r'(class|href|id)="[^"]*"', "", face("white_check_mark"))


def test_a_chip_carries_its_word(client, ward):
    writer, _reader, channel = ward
    react(send(writer, channel, "안녕"), writer, "heart")
    page = client.get(f"/chat/{channel.pk}/").content.decode()
    word = re.search(r'data-emoji="heart" data-word="([^"]+)"', page)
    assert word
    assert word[1] != "heart"  # this page is Korean


# -- Passing on ---------------------------------------------------------------------------------------------------------------
def test_what_is_passed_on_is_shown_first(client, ward):
    writer, _reader, channel = ward
    message = send(writer, channel, "내일 회진은 8시입니다")
    pane = client.get(
        reverse("chat-message-forward", args=[channel.pk, message.number]), headers={"HX-Request": "true"}
    )
    part = re.search(r"<figure[^>]*data-forwarding.*?</figure>", pane.content.decode(), re.DOTALL)
    assert part
    assert ("강마루" in part[0], "내일 회진은 8시입니다" in part[0]) == (True, True)


# -- Readers ------------------------------------------------------------------------------------------------------------------
def test_the_readers_pane_counts_how_many_came_at_least_that_far(client):
    unit, elsewhere = make_unit(name_ko="42병동"), make_unit(name_ko="외래")
    writer, a, b, c = (make_person(unit=unit) for _ in range(4))
    d = make_person(unit=elsewhere)
    sign_in_as(client, writer)
    channel = make_channel(writer, a, b, c, d, kind="private")
    message = send(writer, channel, "확인", asks_acknowledgement=True)
    actions.acknowledge(by=a, message=message)
    actions.save_marks({(b.pk, channel.pk): (message.number, message.number), (c.pk, channel.pk): (0, message.number)})
    found = queries.readers_of(message, channel)
    assert found.reached == {"acknowledged": 1, "read": 2, "delivered": 3, "sent": 4}
    pane = client.get(
        reverse("chat-message-readers", args=[channel.pk, message.number]), headers={"HX-Request": "true"}
    )
    page = pane.content.decode()
    assert re.findall(r"<dd>(\d+)</dd>", page) == ["1", "2", "3", "1"]
    for one in (unit, elsewhere):
        assert f"{one.name_ko} · {one.department.site.name_ko}" in page


# -- Mentions and signing in --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("language", "space"), [("ko", ""), ("en", " "), ("ar", " ")])
def test_in_korean_a_particle_follows_a_chosen_name(ward, language, space):
    writer, reader, channel = ward
    with translation.override(language):
        (found,) = queries.suggest_mentions(channel, reader, "강마")
        assert found.insert == f"@{writer.display_name}{space}"
    assert send(reader, channel, f"{found.insert}님께 전달").mention_keys == [f"user:{writer.pk}"]


def test_signing_in_greets_by_name():
    person = make_person(name_ko="강마루", name_en="Maru Kang")
    words = render_to_string("account/messages/logged_in.txt", {"user": person})
    assert person.display_name in words
    assert person.staff_number not in words
