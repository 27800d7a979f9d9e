"""Importing Mattermost's bulk export: what comes in, once, in order, and what is left out with its reason."""

import json
import os
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.core import clock
from apps.core.actions import drain_outbox
from apps.messaging import imports, queries
from apps.messaging.actions import send_message
from apps.messaging.imports import split_text
from apps.messaging.management.mattermost import MattermostExport, NotAnExport
from apps.messaging.models import BODY_LIMIT, Message, Reaction
from apps.people.models import StaffType, User
from apps.sites.models import Site
from apps.teams.models import Channel, ChannelKind, ChannelMembership, Team, TeamMembership
from tests.factories import make_direct, make_person, make_site, send, sign_in_as

pytestmark = pytest.mark.django_db
SAMPLE = Path(__file__).parent / "samples" / "mattermost.jsonl"
START = 1_583_020_800_000  # the first of March 2020, as Mattermost counts


@pytest.fixture
def site() -> Site:
    return make_site(code="seoul")


def run(file: Path, *arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("import_mattermost", str(file), "--site", "seoul", *arguments, "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def shared(path: str) -> Path:
    """A file of others: absent is a loud skip, unless PORTAL_SAMPLES says where it must be."""
    named = os.environ.get("PORTAL_SAMPLES")
    file = Path(named or Path(__file__).parents[3] / "shared" / "data") / path
    if not file.exists():
        if named:
            pytest.fail(f"PORTAL_SAMPLES is set, and {file} is not there.")
        pytest.skip(f"SAMPLES OF OTHERS ARE NOT HERE: {path} in PORTAL_SAMPLES (default ../shared/data).")
    return file


def write(path: Path, *records: Any) -> Path:
    lines = [record if isinstance(record, bytes) else json.dumps(record).encode() for record in records]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def frame(*posts: Any) -> list[Any]:
    """A file around some posts: one team, one channel, two people."""
    member = [{"name": "ward", "channels": [{"name": "day"}]}]
    return [
        {"type": "version", "version": 1},
        {"type": "team", "team": {"name": "ward", "display_name": "Ward"}},
        {"type": "channel", "channel": {"team": "ward", "name": "day", "display_name": "Day", "type": "O"}},
        {"type": "user", "user": {"username": "ana", "first_name": "Ana", "teams": member}},
        {"type": "user", "user": {"username": "bo", "nickname": "Bo", "email": "Bo@Example.org", "teams": member}},
        *posts,
    ]


def post(text: str, at: int, who: str = "ana", **more: Any) -> dict[str, Any]:
    content = {"team": "ward", "channel": "day", "user": who, "message": text, "create_at": START + at}
    return {"type": "post", "post": {**content, **more}}


def bodies(channel: Channel) -> list[str]:
    return list(channel.messages.order_by("number").values_list("body", flat=True))


# -- A file of others ---------------------------------------------------------------------------------------------------
def test_the_file_of_others_comes_in_whole(site: Site) -> None:
    file = shared("chat/mattermost/export.jsonl")
    nurse = make_person(site=site)
    report = run(file, "--member", nurse.staff_number)
    counted = {"teams": 2, "channels": 5, "roots": 18, "replies": 1, "reactions": 9}
    assert {name: report[name] for name in counted} == counted
    assert {name: report["added"][name] for name in counted} == counted
    assert report["users"] == {"mapped": 0, "placeholders": 5}
    assert report["ignored"] == {"emoji": 2}
    assert [skipped["line"] for skipped in report["skipped"]] == [32]
    assert "the team harry-team has no channel slytherin-quidditch-team" in report["skipped"][0]["reason"]
    assert Message.objects.filter(root=None).count() == 18
    assert Reaction.objects.count() == 9
    assert set(Channel.objects.values_list("kind", flat=True)) == {ChannelKind.PRIVATE}

    again = run(file, "--member", nurse.staff_number)
    assert {name: again[name] for name in counted} == counted
    assert set(again["added"].values()) == {0}
    assert Message.objects.count() == 19


def test_a_reply_older_than_its_root_takes_the_next_number_after_it(site: Site) -> None:
    run(shared("chat/mattermost/export.jsonl"))
    reply = Message.objects.exclude(root=None).select_related("root").get()
    assert reply.root
    assert reply.created_at < reply.root.created_at
    assert reply.number == reply.root.number + 1
    roots = Message.objects.filter(channel=reply.channel, root=None).order_by("number")
    assert list(roots) == list(roots.order_by("created_at"))


# -- A file of our own ----------------------------------------------------------------------------------------------------
def test_channels_chats_and_people_of_our_own_file(site: Site) -> None:
    report = run(SAMPLE)
    assert {name: report["added"][name] for name in ("teams", "channels", "roots", "replies", "reactions")} == {
        "teams": 1, "channels": 6, "roots": 9, "replies": 3, "reactions": 4,
    }  # fmt: skip
    assert report["users"] == {"mapped": 0, "placeholders": 5}
    assert [(skipped["line"], skipped["reason"].split(":")[0]) for skipped in report["skipped"]] == [
        (12, "no JSON"),
        (14, "reply 2"),
        (14, "the message has no text"),
        (21, "the team yeonhwa has no channel garden"),
    ]
    ward = Channel.objects.get(name_ko="병동 이야기")
    assert bodies(ward) == [
        "내일 아침 회의는 9시입니다.",
        "오늘 밤 3호 창문을 닫아 주세요.",
        "شكرًا",
        "📎 근무표.xlsx",
        "Which bed do you mean?",
        "닫았습니다.",
    ]
    assert (ward.kind, ward.topic, ward.team and ward.team.name_ko) == (
        ChannelKind.PRIVATE,
        "병동에서 하는 말",
        "연화의원",
    )
    assert not Team.objects.get().is_open
    window = Message.objects.get(body__startswith="오늘 밤")
    assert (window.number, window.reply_count, window.created_at.timestamp()) == (2, 2, START / 1000 + 5)
    assert window.last_reply_at == Message.objects.get(body="닫았습니다.").created_at
    assert {channel.kind for channel in Channel.objects.filter(team=None)} == {ChannelKind.DIRECT, ChannelKind.GROUP}
    direct = Channel.objects.get(kind=ChannelKind.DIRECT, messages__body__startswith="선생님")
    assert bodies(direct) == ["선생님, 내일 조금 늦을 것 같아요.", "괜찮아요, 조심히 와요."]
    assert direct.memberships.count() == 2
    assert Channel.objects.get(messages__body="العدد اليوم ثلاثة").memberships.count() == 3
    notes = Channel.objects.get(messages__body="Bring the ladder back.")
    assert (notes.kind, notes.name_en, notes.memberships.count()) == (ChannelKind.GROUP, "Dana Whitfield", 1)
    assert set(run(SAMPLE)["added"].values()) == {0}


def test_counters_are_those_of_sending_and_reacting(site: Site) -> None:
    run(SAMPLE)
    for channel in Channel.objects.all():
        messages = list(channel.messages.order_by("number").prefetch_related("reactions"))
        reactions = sum(len(message.reactions.all()) for message in messages)
        own = list(channel.memberships.values_list("change", flat=True))
        assert [message.number for message in messages] == list(range(1, channel.last_number + 1))
        assert channel.last_change == len(messages) + reactions + len(own)
        changes = [*own, *(message.change for message in messages)]
        assert len(set(changes)) == len(changes)
        assert channel.last_message_at == max(message.created_at for message in messages)
        caught_up = queries.frames_after(channel.pk, 0)
        assert caught_up.newest == channel.last_change
        assert len(caught_up.frames) == len(changes)


def test_unknown_people_keep_their_name_and_cannot_sign_in(site: Site) -> None:
    run(SAMPLE)
    placeholder = User.objects.get(staff_number="MATTERMOST.SEOUL.HANEUL.JANG")
    assert (placeholder.name_ko, placeholder.title_ko) == ("장하늘", "수간호사")
    assert User.objects.get(staff_number="MATTERMOST.SEOUL.SAMI").name_ar == "سامي فرح"
    assert User.objects.get(staff_number="MATTERMOST.SEOUL.DANA").name_en == "Dana Whitfield"
    assert User.objects.get(staff_number="MATTERMOST.SEOUL.VISITOR").name_en == "visitor"
    for person in User.objects.all():
        assert not person.is_active
        assert not person.has_usable_password()
        assert person.job == StaffType.GUEST
        assert person.email is None
        assert not person.current_grants
        assert not person.is_staff
        person.full_clean(exclude=["password", "home_unit"])
    assert not TeamMembership.objects.filter(is_owner=True).exists()
    assert not ChannelMembership.objects.filter(is_owner=True).exists()


def test_a_member_reads_answers_and_has_nothing_unread(site: Site, client: Any) -> None:
    nurse, other = make_person(site=site), make_person(site=site)
    run(SAMPLE, "--member", nurse.staff_number.lower(), other.staff_number)
    drain_outbox()
    ward = Channel.objects.visible_to(nurse).get(name_ko="병동 이야기")
    assert {channel.team for channel in Channel.objects.visible_to(nurse)} == {Team.objects.get()}, "chats stay private"
    assert [item.unread for item in queries.conversations_of(nurse)] == [0, 0]
    page = sign_in_as(client, nurse).get(reverse("chat-channel", args=[ward.pk]))
    assert "닫았습니다." not in [row.message.body for row in page.context["page"].rows], "a reply stands in its thread"
    assert "오늘 밤 3호 창문을 닫아 주세요." in page.content.decode()
    window = Message.objects.get(body__startswith="오늘 밤")
    sent = send(nurse, ward, "저는 오늘부터 여기에 씁니다.", root_number=window.number)
    assert sent.number == ward.last_number + 1
    assert [item.unread for item in queries.conversations_of(other) if item.channel == ward] == [1]
    # Somebody must be able to invite and to archive.
    assert ChannelMembership.objects.get(channel=ward, user=nurse).is_owner
    assert TeamMembership.objects.get(user=nurse).is_owner
    nurse.refresh_from_db()
    assert nurse.authz_epoch > 0, "the gateways look for the new channels"


def test_who_left_in_the_meantime_is_not_brought_back(site: Site, tmp_path: Path) -> None:
    person = make_person(site=site)
    table = tmp_path / "people.csv"
    table.write_text(f"ana,{person.staff_number}\n")
    file = write(tmp_path / "one.jsonl", *frame(post("first", 0)))
    run(file, "--map", str(table))
    day = Channel.objects.get()
    ChannelMembership.objects.filter(channel=day, user=person).update(left_at=clock.now())
    TeamMembership.objects.filter(user=person).update(left_at=clock.now())
    run(file, "--map", str(table))
    assert not Channel.objects.visible_to(person).exists()
    run(file, "--member", person.staff_number)
    assert Channel.objects.visible_to(person).get() == day


# -- Who is who -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8-sig", "아이디,사번\nana,{one}\nbo@example.org,{two}\n"),
        ("cp949", "이메일;사번;이름\n@ana;{one};아나\nBO@example.org;{two};보\n"),
        ("utf-8", "ana\t{one}\n\nbo\t{two}\n"),
    ],
)
def test_the_map_names_our_people(site: Site, tmp_path: Path, encoding: str, text: str) -> None:
    one, two = make_person(site=site), make_person(site=site)
    table = tmp_path / "people.csv"
    table.write_bytes(text.format(one=one.staff_number.lower(), two=two.staff_number).encode(encoding))
    file = write(tmp_path / "x.jsonl", *frame(post("hello", 0), post("hi", 5, "bo")))
    report = run(file, "--map", str(table))
    assert report["users"] == {"mapped": 2, "placeholders": 0}
    assert list(Message.objects.order_by("number").values_list("author", flat=True)) == [one.pk, two.pk]
    assert Channel.objects.visible_to(one).count() == 1
    assert not ChannelMembership.objects.filter(user=one).get().is_owner


def test_a_map_with_an_unknown_staff_number_is_refused_before_anything_is_stored(site: Site, tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("username,staff number\nana,N404\n")
    file = write(tmp_path / "x.jsonl", *frame(post("hello", 0)))
    with pytest.raises(CommandError, match="line 2: N404"):
        run(file, "--map", str(table))
    assert not Message.objects.exists()
    table.write_bytes(b"ana,\xff\xff\xff\n")
    with pytest.raises(CommandError, match="neither UTF-8 nor CP949"):
        run(file, "--map", str(table))


def test_chats_of_two_of_ours_go_on_where_they_talk_already(site: Site, tmp_path: Path) -> None:
    one, two = make_person(site=site), make_person(site=site)
    direct = make_direct(one, two)
    send(one, direct, "지금 이야기")
    table = tmp_path / "people.csv"
    table.write_text(f"ana,{one.staff_number}\nbo,{two.staff_number}\n")
    chat = {"channel_members": ["ana", "bo"], "user": "bo", "message": "long ago", "create_at": START}
    file = write(tmp_path / "x.jsonl", *frame({"type": "direct_post", "direct_post": chat}))
    report = run(file, "--map", str(table))
    assert report["added"]["channels"] == 1  # the channel of the team; the chat was there
    assert bodies(direct) == ["지금 이야기", "long ago"]
    direct.refresh_from_db()
    assert direct.last_message_at > Message.objects.get(body="long ago").created_at
    assert direct.memberships.count() == 2


def test_two_names_of_one_person_make_no_chat_of_two(site: Site, tmp_path: Path) -> None:
    one = make_person(site=site)
    table = tmp_path / "people.csv"
    table.write_text(f"ana,{one.staff_number}\nbo,{one.staff_number}\n")
    reactions = [{"user": who, "emoji_name": "+1", "create_at": START} for who in ("ana", "bo", "ana")]
    chat = {
        "channel_members": ["ana", "bo"],
        "user": "bo",
        "message": "to me",
        "create_at": START,
        "reactions": reactions,
    }
    file = write(tmp_path / "x.jsonl", *frame({"type": "direct_post", "direct_post": chat}))
    assert run(file, "--map", str(table))["added"]["reactions"] == 1
    assert Channel.objects.get(team=None).kind == ChannelKind.GROUP
    assert set(run(file, "--map", str(table))["added"].values()) == {0}


# -- Again, later, and after a crash --------------------------------------------------------------------------------------
def test_a_later_file_appends_what_is_new_below_what_was_written_here(site: Site, tmp_path: Path) -> None:
    nurse = make_person(site=site)
    first = post("first", 0)
    run(write(tmp_path / "one.jsonl", *frame(first)), "--member", nurse.staff_number)
    day = Channel.objects.get()
    send(nurse, day, "written here")
    first["post"]["replies"] = [{"user": "bo", "message": "answer", "create_at": START + 50}]
    first["post"]["reactions"] = [{"user": "bo", "emoji_name": "+1", "create_at": START + 60}]
    before = Channel.objects.get().last_change
    report = run(write(tmp_path / "two.jsonl", *frame(first, post("second", 20))), "--member", nurse.staff_number)
    assert {name: report["added"][name] for name in ("roots", "replies", "reactions", "members")} == {
        "roots": 1, "replies": 1, "reactions": 1, "members": 0,
    }  # fmt: skip
    assert bodies(day) == ["first", "written here", "second", "answer"]
    root = Message.objects.get(body="first")
    assert root.reply_count == 1
    assert root.change > before, "a reaction is a change of its message"
    day.refresh_from_db()
    assert (day.last_number, day.last_change) == (4, before + 3)


def test_a_run_that_was_stopped_is_continued_as_if_it_had_not_been(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = [
        post(
            f"{number}", number * 1000, replies=[{"user": "bo", "message": f"to {number}", "create_at": START + 9_000}]
        )
        for number in range(8)
    ]
    file = write(tmp_path / "x.jsonl", *frame(*posts))
    monkeypatch.setattr(imports, "BATCH", 3)
    written = imports._Run._store_batch
    calls = []

    def fail_at_the_third(self: Any, channel: Channel, batch: Any) -> int:
        calls.append(batch)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return written(self, channel, batch)

    monkeypatch.setattr(imports._Run, "_store_batch", fail_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        run(file)
    assert Message.objects.count() == 6
    report = run(file)
    assert (report["added"]["roots"], report["added"]["replies"]) == (2, 8)
    day = Channel.objects.get()
    assert bodies(day) == [*(f"{number}" for number in range(8)), *(f"to {number}" for number in range(8))]
    assert set(day.messages.filter(root=None).values_list("reply_count", flat=True)) == {1}
    assert day.memberships.count() == 2


def test_a_trial_says_what_would_be_added_and_adds_nothing(site: Site, tmp_path: Path) -> None:
    trial = run(SAMPLE, "--dry-run")
    assert trial["dry_run"]
    assert not Message.objects.exists()
    assert not User.objects.exists()
    assert not Channel.objects.exists()
    assert not AuditEntry.objects.exists()
    real = run(SAMPLE)
    real["added"].pop("members")
    assert trial["added"] == real["added"]
    assert trial["skipped"] == real["skipped"]
    assert set(run(SAMPLE, "--dry-run")["added"].values()) == {0}


@pytest.mark.django_db(transaction=True)
def test_only_one_import_runs_at_a_time(tmp_path: Path) -> None:
    make_site(code="seoul")
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [imports.IMPORT_LOCK])
        with pytest.raises(CommandError, match="Another import is running"):
            run(SAMPLE)
    finally:
        other.close()
    assert run(SAMPLE)["added"]["roots"] == 9


def test_the_same_file_at_two_sites_is_two_teams(site: Site) -> None:
    make_site(code="uae")
    run(SAMPLE)
    call_command("import_mattermost", str(SAMPLE), "--site", "uae", stdout=StringIO())
    assert Team.objects.count() == 2
    assert Message.objects.filter(body="Bring the ladder back.").count() == 2
    assert Message.objects.filter(body="Bring the ladder back.").values("channel").distinct().count() == 2


def test_an_archived_channel_takes_nothing_new(site: Site, tmp_path: Path) -> None:
    run(write(tmp_path / "one.jsonl", *frame(post("first", 0))))
    Channel.objects.update(archived_at=clock.now())
    report = run(write(tmp_path / "two.jsonl", *frame(post("first", 0), post("second", 20))))
    assert report["added"]["roots"] == 0
    assert report["skipped"] == [{"line": 7, "reason": "the channel “Day” is archived here"}]


def test_the_audit_names_the_file_and_who_was_let_in(site: Site) -> None:
    nurse = make_person(site=site)
    run(SAMPLE, "--member", nurse.staff_number)
    started, finished = AuditEntry.objects.filter(action__startswith="messaging.import").order_by("pk")
    assert started.action == "messaging.import_started"
    assert started.detail["file"].startswith("mattermost.jsonl sha256:")
    assert finished.detail["added"]["roots"] == 9
    assert finished.site_code == "seoul"
    let_in = AuditEntry.objects.filter(action="teams.channel_member_added")
    assert {entry.detail["user"] for entry in let_in} == {nurse.pk}
    assert let_in.count() == 2


# -- Bad input -------------------------------------------------------------------------------------------------------------
BROKEN = [
    (b"not json", "no JSON"),
    (b"\xff\xfe{}", "not UTF-8"),
    (b"[]", "no object with a type"),
    (b'{"post": 1}', "no object with a type"),
    (b'{"type": "post"}', "the record has no “post”"),
    (b"[" * 100_000, "no JSON that can be read"),
    (b'{"type": "team", "team": {"name": " "}}', "“name” is missing"),
    (b'{"type": "team", "team": {"name": "a:b"}}', "no name of a team or channel"),
    (b'{"type": "channel", "channel": {"team": "ward", "name": "x", "type": "D"}}', "type O or P"),
    (b'{"type": "channel", "channel": {"team": "away", "name": "x"}}', "there is no team away"),
    (b'{"type": "user", "user": {"username": 7}}', "no username"),
    (b'{"type": "user", "user": {"username": "cy", "teams": "ward"}}', "no list of objects"),
    (b'{"type": "user", "user": {"username": "cy", "teams": [{"name": "away"}]}}', "cy is in the team away"),
    (b'{"type": "direct_channel", "direct_channel": {"members": []}}', "one to fifty members"),
    (json.dumps(post("x", 0, create_at="1")).encode(), "create_at is '1'"),
    (json.dumps(post("x", 0, create_at=True)).encode(), "create_at is True"),
    (json.dumps(post("x", 0, create_at=10**15)).encode(), "lies in the future"),
    (
        json.dumps(post("x", 0, create_at=10**5000)).encode()
        if False
        else b'{"type": "post", "post": ' + b"9" * 5000 + b"}",
        "no JSON",
    ),
    (json.dumps(post("", 0)).encode(), "the message has no text"),
    (json.dumps(post("\x00\x07", 0)).encode(), "the message has no text"),
    (json.dumps(post("x", 0, message=["x"])).encode(), "the message is no text"),
    (json.dumps(post("x", 0, user="a b")).encode(), "no username"),
    (json.dumps(post("x", 0, channel="night")).encode(), "the team ward has no channel night"),
]


@pytest.mark.parametrize(("line", "reason"), BROKEN, ids=[reason for _, reason in BROKEN])
def test_a_broken_line_is_named_and_loses_no_other(site: Site, tmp_path: Path, line: bytes, reason: str) -> None:
    file = write(tmp_path / "x.jsonl", *frame(post("before", 0), line, b"", post("after", 10)))
    report = run(file)
    assert [skipped["line"] for skipped in report["skipped"]] == [7]
    assert reason in report["skipped"][0]["reason"]
    assert bodies(Channel.objects.get(name_en="Day")) == ["before", "after"]


def test_broken_replies_and_reactions_lose_nothing_else(site: Site, tmp_path: Path) -> None:
    good = {"user": "bo", "emoji_name": "+1", "create_at": START + 1}
    replies = [
        {"user": "bo", "message": "kept", "create_at": START + 5, "reactions": [good, {"user": "bo"}]},
        "not this",
        {},
    ]
    report = run(
        write(
            tmp_path / "x.jsonl",
            *frame(post("root", 0, replies=replies, reactions=[good, 4, {**good, "emoji_name": "x" * 65}])),
            *[post("odd", 20, replies="none", reactions={})],
        )
    )
    assert bodies(Channel.objects.get()) == ["root", "kept", "odd"]
    assert Reaction.objects.count() == 2
    assert [skipped["reason"] for skipped in report["skipped"] if skipped["line"] == 6] == [
        "reaction 2: is no object",
        "reaction 3: “emoji_name” has 65 characters, more than 64",
        "reply 1: reaction 2: create_at is None, no number of milliseconds",
        "reply 2: is no object",
        "reply 3: the user is None, no username",
    ]
    assert {skipped["reason"] for skipped in report["skipped"] if skipped["line"] == 7} == {
        "“replies” is no list",
        "“reactions” is no list",
    }


def test_text_that_no_database_stores_is_cleaned(site: Site, tmp_path: Path) -> None:
    line = rb'{"type": "post", "post": {"team": "ward", "channel": "day", "user": "ana", "create_at": 1583020800000, '
    line += rb'"message": "a\u0000b \ud83d half \r\n \u1112\u1161\u11ab"}}'
    run(write(tmp_path / "x.jsonl", *frame(line)))
    assert bodies(Channel.objects.get()) == ["ab ? half \n 한"]


def test_a_long_text_comes_in_pieces_in_order_and_nothing_is_lost(site: Site, tmp_path: Path) -> None:
    words = " ".join(f"단어{number}" for number in range(4_000))
    reply = {"user": "bo", "message": "x" * 25_000, "create_at": START + 5}
    reaction = {"user": "bo", "emoji_name": "+1", "create_at": START + 9}
    file = write(tmp_path / "x.jsonl", *frame(post(words, 0, replies=[reply], reactions=[reaction]), post("next", 10)))
    report = run(file)
    day = Channel.objects.get()
    roots = list(day.messages.filter(root=None).order_by("number"))
    assert " ".join(root.body for root in roots[:-1]) == words
    assert roots[-1].body == "next"
    assert len(roots) == report["added"]["roots"] > 2
    replies = day.messages.filter(root=roots[0]).order_by("number")
    assert "".join(replies.values_list("body", flat=True)) == "x" * 25_000
    assert roots[0].reply_count == replies.count() == 3
    assert roots[0].reactions.count() == 1
    assert all(len(body) <= BODY_LIMIT for body in bodies(day))
    assert set(run(file)["added"].values()) == {0}


@pytest.mark.parametrize(
    "text", ["짧은 글", "가" * BODY_LIMIT, "가" * (BODY_LIMIT + 1), ("줄\n" * 9_000).strip(), "a b " * 6_000]
)
def test_pieces_fit_and_hold_all_that_was_written(text: str) -> None:
    pieces = split_text(text)
    assert all(0 < len(piece) <= BODY_LIMIT for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert pieces == [text] or len(text) > BODY_LIMIT


def test_the_order_of_records_in_the_file_does_not_matter(site: Site, tmp_path: Path) -> None:
    records = frame(post("one", 0), post("two", 10))
    report = run(write(tmp_path / "x.jsonl", records[0], *reversed(records[1:])))
    assert report["skipped"] == []
    assert bodies(Channel.objects.get()) == ["one", "two"]
    assert ChannelMembership.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no bulk export of Mattermost"),
        (b"PK\x03\x04 a zip file\n", "no bulk export of Mattermost"),
        (b'{"type": "version", "version": 2}\n', "version 2; only version 1"),
    ],
)
def test_a_file_of_another_kind_is_refused(site: Site, tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(content)
    with pytest.raises(CommandError, match=message):
        run(file)
    with pytest.raises(NotAnExport):
        MattermostExport(BytesIO(content), "seoul")


def test_arguments_that_name_nothing_are_refused(site: Site, tmp_path: Path) -> None:
    gone = make_person(site=site, is_active=False)
    for number in ("N404", gone.staff_number):
        with pytest.raises(CommandError, match="No active person"):
            run(SAMPLE, "--member", number)
    with pytest.raises(CommandError, match="The sites are: seoul"):
        call_command("import_mattermost", str(SAMPLE), "--site", "nowhere")
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "not-there.jsonl")
    assert not Message.objects.exists()


def test_the_report_for_people_names_lines_and_counts(site: Site) -> None:
    out = StringIO()
    call_command("import_mattermost", str(SAMPLE), "--site", "seoul", stdout=out)
    text = out.getvalue()
    assert "병동 이야기: 6 new messages" in text
    assert "line 12 left out: no JSON" in text


def test_a_message_that_was_deleted_here_does_not_come_back(site: Site, tmp_path: Path) -> None:
    file = write(tmp_path / "x.jsonl", *frame(post("first", 0)))
    run(file)
    Message.objects.update(deleted_at=clock.now())
    assert set(run(file)["added"].values()) == {0}
    assert Message.objects.get().html == ""


def test_an_imported_author_may_have_sent_the_same_words_here(site: Site, tmp_path: Path) -> None:
    person = make_person(site=site)
    table = tmp_path / "people.csv"
    table.write_text(f"ana,{person.staff_number}\n")
    file = write(tmp_path / "x.jsonl", *frame(post("same words", 0)))
    run(file, "--map", str(table))
    day = Channel.objects.get()
    stored = Message.objects.get()
    again = send_message(by=person, channel=day, client_id=stored.client_id, text="same words")
    assert not again.created
    assert send(person, day, "same words").number == 2
