"""What calls of a conversation, by how much of it somebody wants to hear."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import clock as core_clock
from apps.messaging import actions as messaging
from apps.messaging import queries as messaging_queries
from apps.messaging.models import ConversationSetting
from apps.notifications import actions, queries, registry
from apps.notifications.models import Notice, NoticeBatch
from tests.factories import make_channel, make_notice, make_person, make_site, make_team, make_unit, send

pytestmark = pytest.mark.django_db

LEVELS = ["all", "mentions", "nothing"]
KINDS = ["mention", "reply", "reaction", "acknowledgement"]


@pytest.fixture
def ward() -> tuple:
    """Somebody who writes, one person for each level, and their channel."""
    site = make_site()
    writer, *people = (make_person(site=site) for _ in range(4))
    channel = make_channel(writer, *people, kind="private")
    for person, level in zip(people, LEVELS, strict=True):
        set_level(person, channel, level)
    return writer, channel, people


def set_level(person, channel, level: str) -> None:
    ConversationSetting.objects.update_or_create(user=person, channel=channel, defaults={"notify": level})


def give(writer, channel, people, kind: str, key: str = "k") -> None:
    recipients = [person.pk for person in people]
    actions.notify(kind=kind, recipients=recipients, actor=writer, channel=channel, number=1, key=key)


def toasts(ears) -> list[tuple[str, bool]]:
    """The notices that were told, with whether they are told quietly, in order of their people."""
    return [(hint["notice"]["kind"], "quiet" in hint["notice"]) for _, hint in ears.everything() if "notice" in hint]


@pytest.mark.parametrize(
    ("kind", "unread", "told"),
    [
        ("mention", [1, 1, 1], [("mention", False), ("mention", False), ("mention", True)]),
        ("reply", [1, 1, 0], [("reply", False)] * 2),
        ("reaction", [1, 1, 0], [("reaction", False)] * 2),
        ("acknowledgement", [1, 1, 1], [("acknowledgement", False)] * 3),
    ],
)
def test_who_hears_nothing_of_it_is_called_by_requests_alone(
    ward, ears, django_capture_on_commit_callbacks, kind, unread, told
):
    writer, channel, people = ward
    with django_capture_on_commit_callbacks(execute=True):
        give(writer, channel, people, kind)
    assert [queries.unread_total(person) for person in people] == unread
    assert toasts(ears) == told
    assert Notice.objects.count() == 3  # all are kept in Activity
    assert not Notice.objects.filter(told_at=None).exists()


@pytest.mark.parametrize(("kind", "unread"), [("mention", 1), ("reply", 0), ("acknowledgement", 1)])
def test_a_batch_asks_for_the_levels_too(ears, monkeypatch, kind, unread):
    monkeypatch.setattr(actions, "CHUNK", 2)
    unit = make_unit()
    writer, *people = (make_person(unit=unit) for _ in range(4))
    channel = make_team(*people, owner=writer).channels.get()
    set_level(people[1], channel, "nothing")
    set_level(people[2], channel, "mentions")
    batch = NoticeBatch.objects.create(
        kind=kind, actor=writer, channel=channel, number=1, audience="channel", key="message:1"
    )
    assert actions.expand_batch(batch.pk)
    assert [queries.unread_total(person) for person in people] == [1, unread, 1]
    quiet = [(kind, True)] if kind == "mention" else [(kind, False)] * unread
    assert toasts(ears) == [(kind, False), *quiet, (kind, False)]


def test_the_sweep_is_as_quiet_as_the_first_telling(ward, ears, clock):
    writer, channel, people = ward
    give(writer, channel, people, "mention")  # its process dies before it tells
    clock.shift(actions.TELL_AGAIN_AFTER * 2)
    assert actions.tell_untold() == 3
    assert toasts(ears) == [("mention", False), ("mention", False), ("mention", True)]


def test_a_reaction_to_what_was_read_calls_nobody_again_who_hears_nothing(ward):
    writer, channel, people = ward
    muted, other = people[2], people[0]
    give(writer, channel, [muted], "reaction")
    give(other, channel, [muted], "reaction")
    notice = Notice.objects.get()
    assert (notice.count, notice.actor, notice.read_at is None) == (2, other, False)
    actions.mark_unread(by=muted, ids=[notice.pk])
    give(people[1], channel, [muted], "reaction")
    assert queries.unread_total(muted) == 1  # what they kept for later is not read for them
    set_level(muted, channel, "all")
    actions.read_notices(by=muted)
    give(make_person(), channel, [muted], "reaction")
    assert queries.unread_total(muted) == 1


def test_a_request_in_the_place_of_a_quiet_mention_calls(ward, ears, django_capture_on_commit_callbacks):
    writer, channel, people = ward
    give(writer, channel, people[2:], "mention")
    with django_capture_on_commit_callbacks(execute=True):
        give(writer, channel, people[2:], "acknowledgement")
    assert toasts(ears) == [("acknowledgement", False)]


def test_the_level_of_another_conversation_does_not_matter(ward):
    writer, _channel, people = ward
    second = make_channel(writer, *people, kind="private")
    give(writer, second, people, "reply")
    assert [queries.unread_total(person) for person in people] == [1, 1, 1]


def test_levels_cost_one_query_and_a_request_none(ward):
    writer, channel, people = ward
    counts = []
    for place, (kind, some) in enumerate([("reply", people[:1]), ("reply", people), ("acknowledgement", people)]):
        with CaptureQueriesContext(connection) as captured:
            give(writer, channel, some, kind, key=f"k{place}")
        counts.append(len([one for one in captured if "conversationsetting" in one["sql"]]))
    assert counts == [1, 1, 0]


def test_without_messaging_all_calls(ward, monkeypatch):
    monkeypatch.setattr(registry, "_levels", [])
    writer, channel, people = ward
    give(writer, channel, people, "reply")
    assert [queries.unread_total(person) for person in people] == [1, 1, 1]


def test_levels_are_registered_once():
    with pytest.raises(ValueError, match="twice"):
        registry.set_levels(messaging_queries.notice_levels)


def test_messaging_says_who_set_what(ward):
    _writer, channel, people = ward
    stranger = make_person()
    levels = messaging_queries.notice_levels([person.pk for person in (*people, stranger)], channel.pk)
    assert levels == dict(zip([person.pk for person in people], LEVELS, strict=True))


def test_a_reply_in_a_thread_that_one_follows_is_kept_as_read(ward):
    writer, channel, people = ward
    muted = people[2]
    root = send(muted, channel, "질문이 있습니다")
    send(writer, channel, "답입니다", root_number=root.number)
    notice = Notice.objects.get(user=muted)
    assert (notice.kind, notice.read_at is None) == ("reply", False)
    messaging.add_reaction(by=writer, message=root, emoji_name="heart")
    assert queries.unread_total(muted) == 0
    assert [row.notice.kind for row in queries.page_of(muted).rows] == ["reaction", "reply"]


def test_a_quiet_notice_can_be_marked_unread(ward):
    writer, channel, people = ward
    notice = make_notice(people[2], actor=writer, channel=channel, number=1, is_quiet=True, read_at=core_clock.now())
    assert actions.mark_unread(by=people[2], ids=[notice.pk]) == 1
