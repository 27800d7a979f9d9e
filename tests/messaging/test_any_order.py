"""Whatever happens in whatever order, a page that applies frames as docs/realtime-protocol.md says ends with the fresh state.

The hub is a model of one process: it hands a topic's changes on in order, finds a lost publish through `frames_after`, and obeys a
removal in its place. Pages are models of clients. Actions, counters, frames and catching up are the real ones.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import TestCase
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from apps.messaging import actions, queries
from apps.messaging.models import Message, ReadMark
from apps.people.models import User
from apps.realtime import messages as bus
from apps.realtime import publish
from apps.teams import actions as teams_actions
from apps.teams import queries as teams_queries
from apps.teams.models import Channel, ChannelKind, ChannelMembership
from tests.factories import join_channel, make_channel, make_person, make_team

pytestmark = pytest.mark.django_db

PEOPLE = 4
EMOJI = ("thumbsup", "eyes")
TEXTS = ("혈압 120/80", "**굵게**", "- 하나\n- 둘", "ok", "سأعود")
who = st.integers(0, PEOPLE - 1)
which = st.integers(0, 30)


class Page:
    """An open page of one person: what it shows, and the newest change that it has."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.is_online = False
        self.has_topic = False
        self.change: int | None = None  # None: it shows nothing
        self.messages: dict[int, dict[str, Any]] = {}
        self.heard: list[int] = []  # the changes of this connection, as they came

    def take(self, change: int, body: dict[str, Any]) -> None:
        """Apply a frame; one that the page already has is dropped."""
        self.heard.append(change)
        assert self.change is not None
        if change <= self.change:
            return
        self.change = change
        if body["kind"] != "message":
            return
        message = body["message"]
        self.messages[message["number"]] = message
        root = message["root"]
        if root and root["number"] in self.messages:
            self.messages[root["number"]]["reply_count"] = root["reply_count"]

    def throw_away(self) -> None:
        self.has_topic = False
        self.change = None
        self.messages = {}


class Hub:
    """One process's topic. Publishes come from the real `publish_change`; some are lost on the way."""

    def __init__(self, channel: Channel) -> None:
        self.channel_id = channel.pk
        self.last = Channel.objects.get(pk=channel.pk).last_change
        self.pages: list[Page] = []
        self.waiting: dict[int, bus.Packet] = {}
        self.loses = 0

    def hear(self, packet: bus.Packet) -> None:
        if packet.change is None:
            return
        if self.loses:
            self.loses -= 1
            return
        if packet.change > self.last:
            self.waiting[packet.change] = packet
        self.drain()

    def drain(self) -> None:
        while packet := self.waiting.pop(self.last + 1, None):
            body = json.loads(packet.payload)["body"]
            self.hand_on(self.last + 1, body, packet.revokes, packet.place)
        self.waiting = {change: packet for change, packet in self.waiting.items() if change > self.last}

    def fill(self) -> None:
        """What the gap's timer and the sweep do: read what there is beyond the last change."""
        missed = queries.frames_after(self.channel_id, self.last)
        if missed.reload:
            self.last = missed.newest
            for page in self.listening():
                load_page(page, self.channel_id)
        for frame in missed.frames:
            if frame.change > self.last:
                self.hand_on(frame.change, json.loads(frame.body), frame.revokes, frame.place)
        self.last = max(self.last, missed.newest)
        self.drain()

    def hand_on(self, change: int, body: dict[str, Any], revokes: tuple[int, ...], place: int | None) -> None:
        self.last = change
        for page in self.listening():
            if page.user.pk in revokes:
                page.throw_away()
        for page in self.listening():
            if place is None or place >= first_place(page.user, self.channel_id):
                page.take(change, body)

    def listening(self) -> list[Page]:
        return [page for page in self.pages if page.is_online and page.has_topic]


def first_place(user: User, channel_id: int) -> int:
    row = ChannelMembership.objects.open().filter(channel=channel_id, user=user).first()
    return row.visible_from if row else 1


def load_page(page: Page, channel_id: int) -> None:
    """Fetch everything anew, as a page does when it is opened."""
    page.change = Channel.objects.get(pk=channel_id).last_change
    page.messages = fresh_state(page.user, channel_id)


def fresh_state(user: User, channel_id: int) -> dict[int, dict[str, Any]]:
    """What somebody gets who comes now: roots by history, replies by their threads."""
    rows = Message.objects.filter(channel=channel_id, number__gte=first_place(user, channel_id))
    found = list(rows.select_related("author", "root"))
    bodies = queries.bodies_of(found)
    return {message.number: json.loads(json.dumps(bodies[message.pk])) for message in found}


def shown(messages: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """What a page shows: a reply names its root, whose count stands at the root itself and is news only when it comes."""
    return {
        number: {**message, "root": message["root"] and message["root"]["number"]}
        for number, message in messages.items()
    }


class AnyOrder(RuleBasedStateMachine):
    """People of a channel, their pages, and everything that they may do."""

    kind = ChannelKind.PRIVATE

    def __init__(self) -> None:
        super().__init__()
        self.boss = make_person()
        self.people = [make_person() for _ in range(PEOPLE)]
        self.team = make_team(*self.people, owner=self.boss)
        self.channel = make_channel(*self.people, owner=self.boss, kind=self.kind, team=self.team)
        self.members = set(range(PEOPLE))
        self.hub = Hub(self.channel)
        self.pages = [Page(person) for person in self.people]
        self.hub.pages = self.pages
        self.removed_at: dict[int, int] = {}  # person -> the change at which they were taken out
        self.read: dict[int, int] = {}
        ACTIVE[:] = [self.hub]
        self.send(0, TEXTS[0], True)
        for person in range(PEOPLE):
            self.resume(person)

    def do(self, verb: Callable[[], Any]) -> Any:
        """Act, with what follows the commit; a clear refusal is an answer, too."""
        with TestCase.captureOnCommitCallbacks(execute=True):
            try:
                with transaction.atomic():
                    return verb()
            except (actions.MessagingError, teams_actions.TeamsError):
                return None

    def find(self, number: int) -> Message | None:
        newest = Message.objects.filter(channel=self.channel).order_by("-number").select_related("author", "root")
        number %= max(1, Channel.objects.get(pk=self.channel.pk).last_number)
        found = newest[number : number + 1].first()
        if found is not None:
            found.channel = Channel.objects.get(pk=self.channel.pk)
        return found

    # -- What people do --
    @rule(person=who, text=st.sampled_from(TEXTS), ask=st.booleans())
    def send(self, person: int, text: str, ask: bool) -> None:
        sent = self.do(
            lambda: actions.send_message(
                by=self.people[person],
                channel=Channel.objects.get(pk=self.channel.pk),
                client_id=uuid.uuid4(),
                text=text,
                asks_acknowledgement=ask,
            )
        )
        assert (sent is not None) == (person in self.members)

    @rule(person=who, number=which, text=st.sampled_from(TEXTS))
    def reply(self, person: int, number: int, text: str) -> None:
        root = self.find(number)
        if root is not None:
            self.do(
                lambda: actions.send_message(
                    by=self.people[person],
                    channel=Channel.objects.get(pk=self.channel.pk),
                    client_id=uuid.uuid4(),
                    text=text,
                    root_number=root.number,
                )
            )

    @rule(person=who, number=which, text=st.sampled_from(TEXTS))
    def edit(self, person: int, number: int, text: str) -> None:
        self.change(number, lambda message: actions.edit_message(by=self.people[person], message=message, text=text))

    @rule(person=who, number=which)
    def delete(self, person: int, number: int) -> None:
        self.change(number, lambda message: actions.delete_message(by=self.people[person], message=message))

    @rule(person=who, number=which)
    def restore(self, person: int, number: int) -> None:
        self.change(number, lambda message: actions.restore_message(by=self.people[person], message=message))

    @rule(person=who, number=which, emoji=st.sampled_from(EMOJI), on=st.booleans())
    def react(self, person: int, number: int, emoji: str, on: bool) -> None:
        verb = actions.add_reaction if on else actions.remove_reaction
        self.change(number, lambda message: verb(by=self.people[person], message=message, emoji_name=emoji))

    @rule(person=who, number=which, on=st.booleans())
    def pin(self, person: int, number: int, on: bool) -> None:
        verb = actions.pin_message if on else actions.unpin_message
        self.change(number, lambda message: verb(by=self.people[person], message=message))

    @rule(person=who, number=which)
    def acknowledge(self, person: int, number: int) -> None:
        self.change(number, lambda message: actions.acknowledge(by=self.people[person], message=message))

    def change(self, number: int, verb: Callable[[Message], Any]) -> None:
        message = self.find(number)
        if message is not None:
            self.do(lambda: verb(message))

    @rule(person=who, number=which)
    def mark(self, person: int, number: int) -> None:
        self.do(lambda: actions.mark_read(user=self.people[person], channel=self.channel, up_to=number))

    @rule(person=who)
    def remove(self, person: int) -> None:
        if person not in self.members:
            return
        self.do(lambda: teams_actions.remove_from_channel(channel=self.channel, user=self.people[person], by=self.boss))
        self.members.discard(person)
        self.removed_at[person] = Channel.objects.get(pk=self.channel.pk).last_change

    @rule(person=who)
    def join(self, person: int) -> None:
        if person in self.members:
            return
        with TestCase.captureOnCommitCallbacks(execute=True):
            row = join_channel(self.channel, self.people[person])
            body = teams_queries.membership_body(self.people[person].pk, joined=True)
            publish.publish_change("channel", self.channel.pk, row.change, body)
        self.members.add(person)
        self.removed_at.pop(person, None)
        page = self.pages[person]
        if page.is_online:
            # The gateway tells a gained topic where it stands; a page that shows the channel fetches it.
            self.hub.fill()
            page.has_topic = True
            load_page(page, self.channel.pk)

    # -- What connections do --
    @rule(person=who)
    def disconnect(self, person: int) -> None:
        page = self.pages[person]
        page.is_online = page.has_topic = False
        page.heard = []

    @rule(person=who)
    def resume(self, person: int) -> None:
        """Come in with what one has: it is caught up from the database, then the topic goes on without a seam."""
        page = self.pages[person]
        if page.is_online:
            return
        page.is_online = True
        page.heard = []
        if person not in self.members:
            page.throw_away()
            return
        if page.change is None:
            page.has_topic = True
            load_page(page, self.channel.pk)
            return
        self.hub.fill()  # the hub is not behind what it replays; only then does this page hear what goes on
        missed = queries.frames_after(self.channel.pk, page.change)
        page.has_topic = True
        if missed.reload:
            load_page(page, self.channel.pk)
            return
        for frame in missed.frames:
            if frame.change > page.change and (
                frame.place is None or frame.place >= first_place(page.user, self.channel.pk)
            ):
                page.take(frame.change, json.loads(frame.body))

    @rule(count=st.integers(1, 3))
    def lose_publishes(self, count: int) -> None:
        self.hub.loses = count

    @rule()
    def sweep(self) -> None:
        self.hub.fill()

    # -- What holds --
    @invariant()
    def order_is_kept(self) -> None:
        for page in self.pages:
            assert page.heard == sorted(set(page.heard))

    @invariant()
    def nothing_reaches_the_removed(self) -> None:
        for person, at in self.removed_at.items():
            assert all(change < at for change in self.pages[person].heard), self.pages[person].heard

    @invariant()
    def numbers_are_dense(self) -> None:
        channel = Channel.objects.get(pk=self.channel.pk)
        assert Message.objects.filter(channel=channel).count() == channel.last_number
        for mark in ReadMark.objects.filter(channel=channel):
            assert mark.up_to <= channel.last_number

    @precondition(lambda self: not self.hub.loses)
    @rule()
    def pages_hold_the_fresh_state(self) -> None:
        self.compare()

    def teardown(self) -> None:
        self.hub.loses = 0
        for person in range(PEOPLE):
            self.resume(person)
        self.compare()

    def compare(self) -> None:
        self.hub.fill()
        for person, page in enumerate(self.pages):
            if page.is_online and person in self.members:
                assert shown(page.messages) == shown(fresh_state(page.user, self.channel.pk))
            elif page.is_online:
                assert page.messages == {}


ACTIVE: list[Hub] = []


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hand what is published to the model hub instead of the bus."""

    def send(channel: bytes, message: bytes, *more: tuple[bytes, bytes]) -> bool:
        for place, content in ((channel, message), *more):
            for hub in ACTIVE:
                if place == bus.channel_name(f"channel:{hub.channel_id}"):
                    hub.hear(bus.unpack(content))
        return True

    monkeypatch.setattr(publish._breaker, "send", send)
    yield
    ACTIVE.clear()


def test_pages_end_with_the_fresh_state_in_any_order(recorded: None) -> None:
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )
