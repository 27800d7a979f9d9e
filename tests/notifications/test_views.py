"""The Activity page: what it lists, its filters, its forms, and the way that a notice leads."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import clock as core_clock
from apps.messaging import actions as messaging
from apps.notifications import queries
from apps.notifications.models import Notice
from tests.factories import make_channel, make_notice, make_person, make_site, send, sign_in_as

pytestmark = pytest.mark.django_db

PAGE = "/activity/"


@pytest.fixture
def ward(client: Client) -> tuple:
    """A colleague, the reader who is signed in, and their channel."""
    site = make_site()
    colleague, reader = make_person(site=site, name_ko="한소유"), make_person(site=site, name_ko="보는이")
    sign_in_as(client, reader)
    return colleague, reader, make_channel(colleague, reader, kind="private", name_ko="수술방")


def page(client: Client, query: str = "", **headers: str) -> str:
    response = client.get(PAGE + query, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def as_script(client: Client, query: str = "") -> dict:
    return client.get(PAGE + query, headers={"accept": "application/json"}).json()


def change(client: Client, action: str, *notices: Notice, **more: str):
    return client.post(PAGE + "change/", {"action": action, "ids": [notice.pk for notice in notices], **more})


def is_unread(*notices: Notice) -> list[bool]:
    return [Notice.objects.get(pk=notice.pk).read_at is None for notice in notices]


def test_it_says_who_what_where_and_whether_it_is_new(client, ward):
    colleague, _reader, channel = ward
    send(colleague, channel, "@보는이 투약 시간을 확인해 주세요")
    body = page(client)
    assert "한소유" in body
    assert "@보는이 투약 시간을 확인해 주세요" in body
    assert "수술방" in body
    assert "notice--unread" in body
    (notice,) = as_script(client)["notices"]
    assert (notice["kind"], notice["place"], notice["is_unread"], notice["actor"]) == (
        "mention",
        "수술방",
        True,
        colleague.pk,
    )


def test_it_says_what_the_message_is_now(client, ward):
    colleague, _reader, channel = ward
    message = send(colleague, channel, "@보는이 오전 열 시")
    messaging.edit_message(by=colleague, message=message, text="@보는이 오후 두 시")
    assert "오후 두 시" in page(client)
    assert "오전 열 시" not in page(client)


def test_following_a_notice_reads_it_and_leads_to_the_message(client, ward):
    colleague, _reader, channel = ward
    message = send(colleague, channel, "@보는이 확인")
    notice = Notice.objects.get()
    response = client.get(reverse("activity-notice", args=[notice.pk]))
    assert response.url == reverse("chat-message", args=[channel.pk, message.number])
    assert is_unread(notice) == [False]


def test_following_a_request_leaves_it_until_it_is_acknowledged(client, ward):
    colleague, reader, channel = ward
    message = send(colleague, channel, "모두 확인", asks_acknowledgement=True)
    notice = Notice.objects.get()
    client.get(reverse("activity-notice", args=[notice.pk]))
    messaging.mark_read(user=reader, channel=channel, up_to=message.number)
    assert is_unread(notice) == [True]
    messaging.acknowledge(by=reader, message=message)
    assert is_unread(notice) == [False]


def test_a_notice_of_which_nothing_is_left_leads_back_with_a_word(client, ward):
    colleague, reader, channel = ward
    notice = make_notice(reader, actor=colleague, channel=channel, number=99)
    response = client.get(reverse("activity-notice", args=[notice.pk]), follow=True)
    assert response.redirect_chain == [(PAGE, 302)]
    assert list(response.context["messages"])


def test_another_persons_notice_is_not_there(client, ward):
    colleague, *_ = ward
    theirs = make_notice(colleague)
    assert client.get(reverse("activity-notice", args=[theirs.pk])).status_code == 404
    for action in ("read", "remove"):
        change(client, action, theirs)
    assert is_unread(theirs) == [True]


def test_filters_show_a_kind_or_the_unread(client, ward):
    colleague, reader, channel = ward
    send(colleague, channel, "@보는이 하나")
    own = send(reader, channel, "내 글")
    messaging.add_reaction(by=colleague, message=own, emoji_name="heart")
    change(client, "read", Notice.objects.get(kind="mention"))
    kinds = {
        show: [notice["kind"] for notice in as_script(client, f"?show={show}")["notices"]]
        for show in ("", "unread", "mention", "reaction", "invitation", "nonsense")
    }
    assert kinds == {
        "": ["reaction", "mention"],
        "unread": ["reaction"],
        "mention": ["mention"],
        "reaction": ["reaction"],
        "invitation": [],
        "nonsense": ["reaction", "mention"],
    }


def test_the_chosen_ones_are_read_unread_and_removed_by_a_form(client, ward):
    colleague, reader, channel = ward
    notices = [make_notice(reader, message=send(colleague, channel)) for _ in range(3)]
    response = change(client, "read", *notices[:2], show="mention")
    assert response.url == PAGE + "?show=mention"
    assert is_unread(*notices) == [False, False, True]
    change(client, "unread", notices[0])
    assert is_unread(*notices) == [True, False, True]
    change(client, "remove", notices[2])
    assert not Notice.objects.filter(pk=notices[2].pk).exists()


def test_all_are_read_as_far_as_the_filter_lets_through(client, ward):
    colleague, reader, channel = ward
    message = send(colleague, channel)
    mention, reply = (make_notice(reader, kind=kind, message=message) for kind in ("mention", "reply"))
    change(client, "read-all", show="reply")
    assert is_unread(mention, reply) == [True, False]
    change(client, "read-all")
    assert is_unread(mention) == [False]


def test_without_a_choice_it_asks_for_one(client, ward):
    response = client.post(PAGE + "change/", {"action": "remove"}, follow=True)
    assert list(response.context["messages"])


@pytest.mark.parametrize("ids", [["x"], ["-1"], ["9" * 40], ["9223372036854775807"], ["٣"], [""]])
def test_what_is_no_id_changes_nothing(client, ward, ids):
    assert client.post(PAGE + "change/", {"action": "remove", "ids": ids}).status_code == 302


def test_a_script_is_answered_with_what_is_left(client, ward):
    _, reader, _ = ward
    notice = make_notice(reader)
    make_notice(reader)
    answer = client.post(
        PAGE + "change/", {"action": "read", "ids": [notice.pk]}, headers={"accept": "application/json"}
    )
    assert answer.json() == {"changed": 1, "unread": 1}
    assert client.get(PAGE + "?badge=1").json() == {"unread": 1}


def test_pages_follow_each_other_without_a_gap_or_a_double(client, ward, monkeypatch):
    colleague, reader, channel = ward
    instant = core_clock.now()
    for place in range(7):
        at = instant - timedelta(minutes=place // 2)  # pairs of the same instant
        make_notice(reader, message=send(colleague, channel), changed_at=at)
    found, before = [], ""
    while True:
        part = queries.page_of(reader, before=before, limit=3)
        found += [row.notice.pk for row in part.rows]
        before = part.older
        if not before:
            break
    expected = Notice.objects.filter(user=reader).order_by("-changed_at", "-pk").values_list("pk", flat=True)
    assert found == list(expected)


def test_the_next_page_is_a_link(client, ward):
    colleague, reader, channel = ward
    message = send(colleague, channel)
    for _ in range(queries.PAGE + 1):
        make_notice(reader, message=message)
    first = as_script(client)
    assert len(first["notices"]) == queries.PAGE
    body = page(client)
    link = body[body.index("before=") :].split('"')[0]
    assert len(as_script(client, f"?{link}")["notices"]) == 1
    assert 'rel="next"' not in page(client, f"?{link}")


def test_a_script_may_fetch_the_list_alone(client, ward):
    body = page(client, **{"hx-request": "true"})
    assert "<html" not in body
    assert "activity__filters" in body


@pytest.mark.parametrize("query", ["", "?show=unread", "?show=reaction", "?before=2020-01-01T00:00:00%2B00:00/1"])
def test_an_empty_list_says_what_will_stand_there(client, ward, query):
    assert 'class="empty card"' in page(client, query)


def test_the_rail_counts_what_is_unread(client, ward):
    _, reader, _ = ward
    for _ in range(2):
        make_notice(reader)
    body = page(client)
    mark = body[body.index('data-badge="activity"') :]
    assert mark[: mark.index("<span")].endswith(">2")


def test_the_page_that_one_leaves_shows_nothing_more(client, ward):
    colleague, reader, channel = ward
    send(colleague, channel, "@보는이 비밀")
    channel.memberships.filter(user=reader).update(left_at=core_clock.now())
    assert "비밀" not in page(client)
    assert as_script(client) == {"notices": [], "unread": 0, "older": ""}


def test_a_text_full_of_markup_is_shown_as_text(client, ward):
    colleague, _reader, channel = ward
    colleague.name_ko = '<img src=x onerror="alert(1)">'
    colleague.save()
    send(colleague, channel, "@보는이 <script>alert(1)</script>")
    body = page(client)
    assert "<img src=x" not in body
    assert "<script>alert" not in body


@pytest.mark.parametrize("before", ["0001-01-01T00:00:00%2B23:59/1", "9999-12-31T23:59:59-23:59/1"])
def test_an_address_at_the_end_of_time_shows_the_newest(client, ward, before):
    _, reader, _ = ward
    make_notice(reader)
    assert client.get(f"{PAGE}?before={before}").status_code == 200
