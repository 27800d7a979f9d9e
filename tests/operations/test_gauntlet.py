"""The gauntlet's own eyes: it must see a lost, doubled, moved, changed or invented message, or its silence means nothing."""

import json
import random
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from apps.messaging import actions
from apps.messaging.models import Message, Reaction
from apps.operations.gauntlet import fuzz, rosters
from apps.operations.gauntlet.faults import TEN, Report, plan_faults
from apps.operations.gauntlet.listeners import Listener
from apps.operations.gauntlet.senders import Attempt, Rhythm, Sender
from apps.operations.gauntlet.server import Web, unhandled_errors
from apps.operations.gauntlet.verdict import compare_listeners, compare_with_database, fresh_bodies
from apps.operations.gauntlet.world import Person, World
from apps.operations.management.commands.gauntlet import measure, pick_figures
from apps.people.models import User
from apps.teams import actions as teams
from apps.teams.models import Channel
from tests.factories.people import make_person

pytestmark = pytest.mark.django_db


@dataclass
class Somebody:
    """What one person did, and what they were told."""

    person: Person
    attempts: list[Attempt] = field(default_factory=list)
    reactions: dict[tuple[int, str], bool | None] = field(default_factory=dict)


@pytest.fixture
def channel() -> Channel:
    nurse, physician = make_person(), make_person()
    return teams.open_direct(by=nurse, other=physician)


@pytest.fixture
def author(channel: Channel) -> User:
    user: User = channel.memberships.first().user
    return user


@pytest.fixture
def somebody(channel: Channel, author: User) -> Somebody:
    """Three messages as they were acknowledged, and one that nobody knows about."""
    made = Somebody(Person(author.pk, "key", False))
    for number in range(1, 4):
        attempt = Attempt(author.pk, uuid.uuid4(), f"message {number}")
        sent = actions.send_message(by=author, channel=channel, client_id=attempt.client_id, text=attempt.text)
        attempt.number = sent.message.number
        made.attempts.append(attempt)
    made.attempts.append(Attempt(author.pk, uuid.uuid4(), "the page was closed"))
    return made


def violations(somebody: Somebody, channel: Channel) -> str:
    report = Report()
    compare_with_database(report, [somebody], channel.pk)
    return " ".join(report.violations)


def stored(attempt: Attempt) -> Any:
    return Message.objects.filter(client_id=attempt.client_id)


def test_an_honest_history_is_in_order(somebody: Somebody, channel: Channel) -> None:
    assert violations(somebody, channel) == ""


def test_an_honest_history_of_changes_is_in_order(somebody: Somebody, channel: Channel, author: User) -> None:
    first, second, third, _ = somebody.attempts
    actions.edit_message(by=author, message=stored(first).get(), text="message 1 (7)")
    actions.delete_message(by=author, message=stored(second).get())
    actions.add_reaction(by=author, message=stored(third).get(), emoji_name="eyes")
    first.texts, second.is_deleted = {"message 1 (7)"}, True
    somebody.reactions = {(3, "eyes"): True, (3, "thumbsup"): False}
    assert violations(somebody, channel) == ""


def test_what_nobody_knows_may_be_either(somebody: Somebody, channel: Channel, author: User) -> None:
    first, second, *_ = somebody.attempts
    first.texts.add("message 1 (7)")
    second.is_deleted = None
    somebody.reactions = {(3, "eyes"): None}
    assert violations(somebody, channel) == ""
    actions.edit_message(by=author, message=stored(first).get(), text="message 1 (7)")
    actions.delete_message(by=author, message=stored(second).get())
    assert violations(somebody, channel) == ""


def test_a_lost_message_is_seen(somebody: Somebody, channel: Channel) -> None:
    stored(somebody.attempts[1]).delete()
    seen = violations(somebody, channel)
    assert "is stored 0 times" in seen
    assert "gap" in seen


def test_a_message_at_another_number_is_seen(somebody: Somebody, channel: Channel) -> None:
    one, other, *_ = somebody.attempts
    one.number, other.number = other.number, one.number
    assert "was acknowledged as 2" in violations(somebody, channel)


def test_a_message_with_another_text_is_seen(somebody: Somebody, channel: Channel) -> None:
    stored(somebody.attempts[0]).update(body="something else")
    assert "was acknowledged as 1" in violations(somebody, channel)


def test_a_lost_edit_and_a_lost_deletion_are_seen(somebody: Somebody, channel: Channel) -> None:
    somebody.attempts[0].texts = {"message 1 (7)"}
    somebody.attempts[1].is_deleted = True
    seen = violations(somebody, channel)
    assert "was acknowledged as 1" in seen
    assert "message 2: deleted" in seen


def test_a_lost_and_an_invented_reaction_are_seen(somebody: Somebody, channel: Channel, author: User) -> None:
    somebody.reactions = {(1, "eyes"): True}
    Reaction.objects.create(message=stored(somebody.attempts[1]).get(), user=author, emoji="thumbsup")
    seen = violations(somebody, channel)
    assert "1 reactions are not as they were told" in seen
    assert "1 reactions are stored that nobody gave" in seen


def test_a_message_that_nobody_sent_is_seen(somebody: Somebody, channel: Channel) -> None:
    del somebody.attempts[0]
    assert "1 messages are stored that nobody sent" in violations(somebody, channel)


def test_changes_out_of_order_are_seen(somebody: Somebody, channel: Channel) -> None:
    stored(somebody.attempts[0]).update(change=10_000)
    assert "changes do not rise" in violations(somebody, channel)


# -- Pages ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def page(somebody: Somebody, channel: Channel) -> Listener:
    """A page that holds what there is."""
    made = Listener([], somebody.person, channel.pk, 1, {})
    made.messages = fresh_bodies(channel)
    return made


def seen_on(page: Listener) -> str:
    report = Report()
    compare_listeners(report, [page], page.channel_id)
    return " ".join(report.violations)


def test_a_page_that_holds_what_there_is_is_in_order(page: Listener) -> None:
    assert seen_on(page) == ""
    del page.messages[1]  # a page need not reach back to the beginning
    assert seen_on(page) == ""


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda messages: messages.pop(2), "lacks 1"),
        (lambda messages: messages[2].update(html="<p>else</p>"), "has 1 wrong"),
        (lambda messages: messages.update({9: dict(messages[2], number=9)}), "has 1 wrong"),
        (lambda messages: messages.clear(), "is empty"),
    ],
)
def test_a_page_that_is_behind_is_seen(page: Listener, spoil: Any, what: str) -> None:
    spoil(page.messages)
    assert what in seen_on(page)


class Script:
    """A connection that says what a test wrote down."""

    def __init__(self, *frames: dict[str, Any]) -> None:
        self.frames = list(frames)

    async def send(self, text: str) -> None:
        assert json.loads(text)["t"] == "hello"

    def __aiter__(self) -> "Script":
        return self

    async def __anext__(self) -> str:
        if not self.frames:
            raise StopAsyncIteration
        return json.dumps(self.frames.pop(0))


def frame(page: Listener, change: int, html: str, number: int = 2) -> dict[str, Any]:
    message = dict(page.messages[number], html=html)
    body = {"kind": "message", "message": message}
    return {"t": "change", "topic": page.topic, "change": change, "body": body}


def converse(page: Listener, *frames: dict[str, Any]) -> None:
    import asyncio

    script: Any = Script({"t": "ready", "user": 1, "topics": {}}, *frames)
    asyncio.run(page._converse(script))


def test_a_page_applies_what_is_new_and_drops_what_it_has(page: Listener) -> None:
    page.change = 3
    converse(page, frame(page, 4, "new"), {"t": "hint", "topic": page.topic, "body": {}})
    assert (page.change, page.messages[2]["html"], page.violations) == (4, "new", [])


def test_changes_that_come_in_the_wrong_order_are_seen(page: Listener) -> None:
    converse(page, frame(page, 8, "later"), frame(page, 7, "earlier"))
    assert page.messages[2]["html"] == "later"
    assert "change 7 came after 8" in page.violations[0]


def test_two_pages_that_hear_different_things_are_seen(page: Listener) -> None:
    other = Listener([], page.person, page.channel_id, 2, page.seen)
    other.messages = dict(page.messages)
    converse(page, frame(page, 8, "one"))
    converse(other, frame(other, 8, "another"))
    assert "change 8 was not the same for everybody" in other.violations


def test_a_channel_that_is_taken_away_is_seen(page: Listener) -> None:
    converse(page, {"t": "gone", "topic": page.topic})
    assert "not its reader's any more" in page.violations[0]


# -- People -------------------------------------------------------------------------------------------------------------
class Answers:
    """A connection that answers as a test wrote down."""

    def __init__(self, *answers: tuple[int, Any] | Exception) -> None:
        self.answers = list(answers)

    def post(self, path: str, fields: Any) -> tuple[int, bytes]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer[0], json.dumps(answer[1]).encode()


def sender(*answers: tuple[int, Any] | Exception, seed: int = 1) -> Sender:
    made = Sender([], Person(7, "key", False), 5, seed, Rhythm())
    made.browsers = [Answers(*answers)]
    return made


def test_a_send_that_broke_off_is_sent_again_with_the_same_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.operations.gauntlet.senders.GIVE_UP_SHARE", 0)
    monkeypatch.setattr("apps.operations.gauntlet.senders.time.sleep", lambda seconds: None)
    made = sender(ConnectionResetError(), (503, {}), (200, {"message": {"number": 9}}))
    attempt = Attempt(7, uuid.uuid4(), "text")
    made.send(attempt)
    assert (attempt.number, attempt.tries, made.found_by_retry, made.surprises) == (9, 3, 1, [])


def test_an_answer_that_must_not_be_is_a_surprise() -> None:
    made = sender((500, {"error": "oh"}), (404, {"error": "not_found"}))
    made.send(Attempt(7, uuid.uuid4(), "text"))
    made.react(3)
    assert len(made.surprises) == 2
    assert "sending was answered 500" in made.surprises[0]
    assert "reactions was answered 404" in made.surprises[1]


def test_changes_are_expected_as_they_were_told() -> None:
    made = sender((200, {}), (200, {}), (409, {"error": "deleted"}))
    attempt = Attempt(7, uuid.uuid4(), "text", number=3)
    made.edit(attempt)
    assert attempt.texts != {"text"}
    assert len(attempt.texts) == 1
    made.react(3)
    assert list(made.reactions.values()) == [True]
    made.react(4)
    assert Counter(made.reactions.values()) == {True: 1, None: 1}
    assert made.surprises == []


# -- The rest -----------------------------------------------------------------------------------------------------------
def test_of_every_ten_faults_each_kind_has_its_share() -> None:
    plan = plan_faults(20, random.Random(1))
    assert Counter(plan) == {kind: 2 * count for kind, count in Counter(TEN).items()}
    assert plan == plan_faults(20, random.Random(1)) != plan_faults(20, random.Random(2))
    assert len(plan_faults(7, random.Random(1))) == 7


def test_errors_that_nobody_caught_are_found_in_the_log(tmp_path: Any) -> None:
    web = Web(tmp_path / "web.log")
    web.child.log.write_text(
        "2026 WARNING django.request Service Unavailable: /chat/\n2026 ERROR django.request Internal Server Error: /x/\n"
    )
    assert [text.split(": ", 1)[1] for text in unhandled_errors(web)] == [
        "2026 ERROR django.request Internal Server Error: /x/"
    ]


def test_figures_of_a_bench_keep_its_violations() -> None:
    measured = {"storm": {"sockets": 3}, "slow": {}, "flood": {}, "violations": ["late"]}
    assert pick_figures("trials", measured) == measured
    page = {"p50": 1, "p95": 2, "queries": 3, "bytes": 4}
    pages = {"home": page, "channel": page, "history": page, "at_1000": {}, "violations": [], "slowness": 1.2}
    assert pick_figures("pages", pages)["slowness"] == 1.2
    assert pick_figures("pages", pages)["home"] == {"p50": 1, "p95": 2, "queries": 3}


HAMMERED = {"double_bookings": 0, "breaches": 0, "deadlocks_shown": 0, "errors": []}


@pytest.mark.parametrize(
    ("trial", "measured", "broken"),
    [
        ("hammer", HAMMERED, []),
        ("hammer", HAMMERED | {"double_bookings": 1}, ["hammer_roster: double_bookings is 1"]),
        ("hammer_unchecked", HAMMERED | {"errors": ["edit: Oh"]}, ["hammer_roster: errors is ['edit: Oh']"]),
        ("who", {"is_slow": False}, []),
        ("who", {"is_slow": True}, ["bench_who: is_slow is True"]),
        ("rules", {"check_ms": 90, "all_ms": 700}, ["bench_rules: all_ms is 700, more than 600"]),
        ("rules", {"check_ms": 90}, ["bench_rules did not say all_ms"]),
    ],
)
def test_what_rosters_break_is_seen(trial: str, measured: dict[str, Any], broken: list[str]) -> None:
    assert rosters.judge(rosters.trials(**rosters.SHORT)[trial], measured) == broken


def test_commands_that_rosters_are_measured_by_are_there() -> None:
    from django.core.management import get_commands

    known = get_commands()
    for size in (rosters.SHORT, rosters.LONG):
        assert all(trial.words.split()[0] in known for trial in rosters.trials(**size).values())


def test_a_command_that_prints_no_figures_is_a_violation() -> None:
    figures, complaint = measure(["no_such_command"])
    assert figures == {}
    assert "no_such_command printed no figures" in complaint


def test_the_fuzz_is_the_same_for_the_same_seed_and_reaches_every_address() -> None:
    world = World((Person(1, "a", False), Person(2, "b", False)), 7, (Person(3, "c", True),))
    routes = list(fuzz.list_routes())
    assert "chat/<int:channel_id>/messages/" in routes
    assert any(route.startswith("admin/") for route in routes)
    assert not any(route.startswith(fuzz.LEFT_ALONE) for route in routes)

    def make(seed: int) -> list[object]:
        dice = random.Random(seed)
        return [
            *(fuzz.make_request(dice, dice.choice(routes), world) for _ in range(300)),
            *(fuzz.make_frame(dice, world) for _ in range(300)),
        ]

    assert make(1) == make(1)
    assert make(1) != make(2)
    assert "<" not in "".join(fuzz.fill_route(random.Random(1), route, world) for route in routes)
