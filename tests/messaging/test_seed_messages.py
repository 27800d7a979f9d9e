"""Seeding: what is stored equals what sending one by one stores, and every run leaves numbers without a gap."""

import json
import random
import uuid
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from apps.core import clock
from apps.messaging import actions, queries
from apps.messaging.management import seeding
from apps.messaging.management.seeding import Seeder, choose_channels, plan_shares, read_sentences, share_out
from apps.messaging.models import Message, ReadMark, ThreadMark
from apps.people.models import User
from apps.teams.models import Channel, ChannelKind
from tests.factories import make_channel, make_direct, make_person, send

pytestmark = pytest.mark.django_db

SENTENCES = [
    "3번 베드 정리되었습니다.",
    "**혈압** 120/80, 맥박 72",
    "- 수액 교체\n- 드레싱",
    "What brings you in today?",
    "سأعود بعد قليل",
    "See https://example.org/a_b_c and `code`",
    "ok :thumbsup:",
    "a < b & c > d",
]
OF_A_MESSAGE = (
    "number", "author_id", "root__number", "ordinal", "body", "rendered", "mentions", "priority", "asks_acknowledgement",
    "acknowledged_count", "is_forward", "edited_at", "deleted_at", "deleted_by_id", "pinned_at", "pinned_by_id", "reply_count",
    "import_key",
)  # fmt: skip


@pytest.fixture
def people() -> list[User]:
    return [make_person() for _ in range(5)]


@pytest.fixture
def channel(people: list[User]) -> Channel:
    return make_channel(*people, kind=ChannelKind.PRIVATE)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lines.txt"
    path.write_text("첫 줄입니다\n\n  두 번째 줄  \r\n" + "x" * 10_001 + "\nthird", encoding="utf-8-sig")
    return path


def seeder(seed: int = 1, sentences: list[str] = SENTENCES, days: float = 10) -> Seeder:
    now = clock.now()
    return Seeder(sentences, seed=seed, since=now - timedelta(days=days), until=now)


def rows(channel: Channel) -> list[tuple[Any, ...]]:
    return list(Message.objects.filter(channel=channel).order_by("number").values_list(*OF_A_MESSAGE))


def thread_rows(channel: Channel) -> list[tuple[Any, ...]]:
    marks = ThreadMark.objects.filter(root__channel=channel).order_by("root__number", "user")
    return list(marks.values_list("root__number", "user_id", "up_to", "is_following"))


def marks(channel: Channel) -> list[tuple[Any, ...]]:
    found = ReadMark.objects.filter(channel=channel).order_by("user")
    return list(found.values_list("user_id", "base", "up_to", "delivered", "unread_from"))


@pytest.mark.parametrize("batch", [200, 37])
def test_two_hundred_are_stored_as_sending_would_have(
    people: list[User], channel: Channel, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(seeding, "BATCH", batch)
    monkeypatch.setattr(seeding, "REPLY_SHARE", 0.4)
    twin = make_channel(*people, kind=ChannelKind.PRIVATE)
    for each in (channel, twin):
        # Somebody's mark stands at the end, somebody's far back, somebody's was set by hand, two have none.
        send(people[0], each, "before")
        ReadMark.objects.create(channel=each, user=people[1], base=0, up_to=0)
        ReadMark.objects.create(channel=each, user=people[2], base=1, up_to=0, unread_from=1)
    assert seeder().fill(channel.pk, 200) == 200
    by_pk = {person.pk: person for person in people}
    for message in Message.objects.filter(channel=channel, number__gt=1).select_related("root").order_by("number"):
        actions.send_message(
            by=by_pk[message.author_id],
            channel=twin,
            client_id=uuid.uuid4(),
            text=message.body,
            root_number=message.root.number if message.root else None,
        )
    assert rows(channel) == rows(twin)
    assert thread_rows(channel) == thread_rows(twin)
    assert marks(channel) == marks(twin)
    assert Message.objects.filter(channel=channel, root__isnull=False).count() > 40
    channel.refresh_from_db()
    twin.refresh_from_db()
    assert (
        (channel.last_number, channel.last_change) == (twin.last_number, twin.last_change) == (201, channel.last_change)
    )
    offset = channel.last_change - channel.last_number
    changes = Message.objects.filter(channel=channel).order_by("number").values_list("change", flat=True)
    assert list(changes) == [number + offset for number in range(1, 202)]
    newest = Message.objects.get(channel=channel, number=201)
    assert channel.last_message_at == newest.created_at
    for root in Message.objects.filter(channel=channel, reply_count__gt=0):
        assert root.last_reply_at == root.replies.order_by("number").last().created_at


def test_times_rise_and_go_on_after_what_is_there(channel: Channel) -> None:
    seeder(days=10).fill(channel.pk, 50)
    seeder(seed=2, days=400).fill(channel.pk, 50)
    times = list(Message.objects.filter(channel=channel).order_by("number").values_list("created_at", flat=True))
    assert len(times) == 100
    assert times == sorted(times)
    assert times[0] > clock.now() - timedelta(days=11)
    assert times[-1] <= clock.now()


def test_a_run_that_breaks_off_leaves_whole_batches(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeding, "BATCH", 10)
    broken = seeder()
    copy = Seeder._copy

    def break_off(self: Seeder, place: Channel, lines: list[Any]) -> None:
        copy(self, place, lines)
        if place.last_number > 30:
            raise KeyboardInterrupt

    monkeypatch.setattr(Seeder, "_copy", break_off)
    with pytest.raises(KeyboardInterrupt):
        broken.fill(channel.pk, 50)
    monkeypatch.setattr(Seeder, "_copy", copy)
    channel.refresh_from_db()
    assert channel.last_number == Message.objects.filter(channel=channel).count() == 30
    seeder().fill(channel.pk, 15)
    assert [row[0] for row in rows(channel)] == list(range(1, 46))


def test_the_same_seed_makes_the_same_choices_and_never_the_same_message(people: list[User], channel: Channel) -> None:
    twin = make_channel(*people, kind=ChannelKind.PRIVATE)
    for each in (channel, twin):
        seeder(seed=7).fill(each.pk, 40)
    assert rows(channel) == rows(twin)
    seeder(seed=7).fill(channel.pk, 40)
    assert Message.objects.filter(channel=channel).values("client_id").distinct().count() == 80


def test_mentions_are_those_of_the_channel(people: list[User], channel: Channel) -> None:
    text = f"@{people[3].name_ko} 확인해 주세요"
    seeder(sentences=[text]).fill(channel.pk, 3)
    send(people[0], channel, text)
    found = list(Message.objects.filter(channel=channel).order_by("number").values_list("mentions", "rendered"))
    assert found[0] == found[-1]
    assert found[0][0][0][2] == f"user:{people[3].pk}"


def test_whoever_catches_up_gets_what_was_seeded(channel: Channel) -> None:
    seeder().fill(channel.pk, 20)
    missed = queries.frames_after(channel.pk, 5)
    assert missed.newest == channel.__class__.objects.get(pk=channel.pk).last_change
    assert [frame.place for frame in missed.frames if frame.place] == list(range(1, 21))


def test_shares_add_up_and_the_first_is_the_largest() -> None:
    for total, parts in ((1, 5), (1000, 7), (10, 30)):
        shares = share_out(total, parts)
        assert sum(shares) == total
        assert shares == sorted(shares, reverse=True)
    assert plan_shares([4, 5, 6], 2) == [(4, 2)] or sum(share for _, share in plan_shares([4, 5, 6], 2)) == 2


def test_full_channels_come_first_and_archived_ones_not_at_all(people: list[User], channel: Channel) -> None:
    direct = make_direct(people[0], people[1])
    gone = make_channel(*people, kind=ChannelKind.PRIVATE, archived_at=clock.now())
    chosen = choose_channels(100)
    assert chosen.index(channel.pk) < chosen.index(direct.pk)
    assert gone.pk not in chosen


def run(*words: Any, **options: Any) -> dict[str, Any]:
    out = StringIO()
    call_command("seed_messages", *map(str, words), "--json", stdout=out, **options)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_the_command_reads_files_and_tells_what_it_did(file: Path, channel: Channel) -> None:
    assert read_sentences([file]) == ["첫 줄입니다", "두 번째 줄", "third"]
    found = run("--from", file, "--count", 12, "--channel", channel.pk, "--seed", 3)
    assert (found["messages"], found["channels"], found["skipped"]) == (12, 1, [])
    assert Message.objects.filter(channel=channel).count() == 12
    assert set(Message.objects.values_list("body", flat=True)) == {"첫 줄입니다", "두 번째 줄", "third"}
    plan = run("--from", file, "--count", 12, "--channels", 3, "--dry-run")
    assert sum(share for _, share in plan["shares"]) == 12
    assert Message.objects.count() == 12


def test_wrong_words_and_a_real_hospital_are_refused(file: Path, channel: Channel, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text("\n\n")
    for words, why in (
        (["--from", file, "--count", 0], "positive"),
        (["--from", tmp_path / "none.txt", "--count", 1], "cannot be read"),
        (["--from", empty, "--count", 1], "no sentence"),
        (["--from", file, "--count", 1, "--channel", 10**9], "no such channel"),
    ):
        with pytest.raises(CommandError, match=why):
            run(*words)
    with override_settings(DEMO=False):
        with pytest.raises(CommandError, match="Real people"):
            run("--from", file, "--count", 1, "--channel", channel.pk)
        assert run("--from", file, "--count", 1, "--channel", channel.pk, "--yes")["messages"] == 1


def test_an_archived_channel_takes_nothing(people: list[User], file: Path) -> None:
    gone = make_channel(*people, kind=ChannelKind.PRIVATE, archived_at=clock.now())
    with pytest.raises(CommandError, match="nobody may write"):
        run("--from", file, "--count", 5, "--channel", gone.pk)


def test_choices_come_from_the_seed_alone() -> None:
    assert isinstance(clock.now(), datetime)
    assert seeder(seed=5).dice.random() == random.Random(5).random()
