"""Taking somebody out of a channel against everything else that happens in it: a real database, a real hub, real sockets."""

import asyncio
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from apps.messaging import actions
from apps.messaging.models import Message
from apps.people import actions as people_actions
from apps.people.models import User
from apps.realtime import hub as hubs
from apps.realtime import publish
from apps.teams import actions as teams_actions
from apps.teams.models import Channel, ChannelKind, ChannelMembership
from tests.factories import grant, make_channel, make_person, make_session, make_team, send
from tests.realtime.world import Gateway, Page, serving, until

pytestmark = pytest.mark.django_db(transaction=True)

INTERLEAVINGS = 200
AT_ONCE = 10
LOST_SHARE = 0.1  # of publishes, so that the hub reads from the database, too
SLOW_SECONDS = 0.01


@pytest.fixture
def unsteady_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is published comes late, out of order, or never."""
    steady = publish._breaker.send
    dice = random.Random(3)

    def send_sometime(channel: bytes, message: bytes, *more: tuple[bytes, bytes]) -> bool:
        time.sleep(dice.random() * SLOW_SECONDS)
        return True if dice.random() < LOST_SHARE else steady(channel, message, *more)

    monkeypatch.setattr(publish._breaker, "send", send_sometime)


@pytest.fixture
def workers() -> Iterator[ThreadPoolExecutor]:
    """Threads with connections of their own, which end with the test."""
    count = 2 * AT_ONCE
    with ThreadPoolExecutor(count) as pool:
        yield pool
        barrier = threading.Barrier(count)

        def close() -> None:
            barrier.wait(10)
            connections.close_all()

        for done in [pool.submit(close) for _ in range(count)]:
            done.result()


class Ward:
    """A private channel, who is taken out of it, and those who go on."""

    def __init__(self, owner: User, removed: User, writer: User, team: Any) -> None:
        self.owner, self.removed, self.writer = owner, removed, writer
        self.channel = make_channel(removed, writer, owner=owner, kind=ChannelKind.PRIVATE, team=team)
        self.mine = send(removed, self.channel)
        self.theirs = send(writer, self.channel)
        self.topic = f"channel:{self.channel.pk}"

    def say(self, person: User, root: int | None = None) -> None:
        channel = Channel.objects.get(pk=self.channel.pk)
        client_id = uuid.uuid4()
        actions.send_message(by=person, channel=channel, client_id=client_id, text="교대합니다", root_number=root)

    def list_verbs(self) -> list[Callable[[], Any]]:
        return [
            lambda: self.say(self.writer),
            lambda: self.say(self.removed),
            lambda: self.say(self.owner, root=self.theirs.number),
            lambda: actions.edit_message(by=self.writer, message=self.theirs, text="고쳤습니다"),
            lambda: actions.edit_message(by=self.removed, message=self.mine, text="나도 고쳤습니다"),
            lambda: actions.add_reaction(by=self.owner, message=self.theirs, emoji_name="thumbsup"),
            lambda: actions.delete_message(by=self.writer, message=self.theirs),
        ]

    def remove(self) -> None:
        teams_actions.remove_from_channel(channel=self.channel, user=self.removed, by=self.owner)

    def removed_at(self) -> int:
        return ChannelMembership.objects.get(channel=self.channel, user=self.removed).change

    def last_change(self) -> int:
        return Channel.objects.get(pk=self.channel.pk).last_change


def attempt(verb: Callable[[], Any], pause: float) -> None:
    time.sleep(pause)
    # It may come after the removal, or after the deletion.
    with suppress(actions.NotAMember, actions.MessageDeleted, actions.NoSuchRoot):
        verb()


async def connect(gateway: Gateway, user: User) -> Page:
    return await gateway.page(await sync_to_async(make_session)(user))


async def hear(page: Page) -> None:
    """Keep what comes."""
    while True:
        await page.next(3600)


async def interleave(ward: Ward, workers: ThreadPoolExecutor, dice: random.Random) -> None:
    """Let everything begin within a few milliseconds, in an order of chance."""
    loop = asyncio.get_running_loop()
    verbs = dice.sample(ward.list_verbs(), 4)
    # The removal has more to do before it takes its place, so the others begin later.
    pauses = [(ward.remove, dice.random() * 0.02), *((verb, dice.random() * 0.1) for verb in verbs)]
    await asyncio.gather(*(loop.run_in_executor(workers, attempt, verb, pause) for verb, pause in pauses))


def changes_of(page: Page, topic: str) -> list[int]:
    return [frame["change"] for frame in page.frames if frame["t"] == "change" and frame["topic"] == topic]


def names(page: Page, topic: str) -> list[str]:
    """What came of a topic, in order."""
    return [frame["t"] for frame in page.frames if frame.get("topic") == topic]


def test_nothing_after_a_removal_reaches_the_removed(unsteady_bus: None, workers: ThreadPoolExecutor) -> None:
    owner, writer = make_person(), make_person()
    removed = [
        make_person() for _ in range(AT_ONCE)
    ]  # each of their own: a removal waits for other changes of the person
    team = make_team(*removed, writer, owner=owner)
    wards = [Ward(owner, removed[place % AT_ONCE], writer, team) for place in range(INTERLEAVINGS)]
    dice = random.Random(20_417)

    async def story() -> tuple[Page, dict[int, Page]]:
        async with serving() as gateway:
            stays = await connect(gateway, owner)
            goes = {person.pk: await connect(gateway, person) for person in removed}
            ears = [asyncio.ensure_future(hear(page)) for page in (stays, *goes.values())]
            for place in range(0, len(wards), AT_ONCE):
                batch = wards[place : place + AT_ONCE]
                await asyncio.gather(*(interleave(ward, workers, dice) for ward in batch))
                await hubs.current_hub().sweep()  # a lost publish that no other follows is found by the next sweep
                for ward in batch:
                    newest = await sync_to_async(ward.last_change)()
                    await until(lambda w=ward, n=newest: changes_of(stays, w.topic)[-1:] == [n], 30)
                    await until(lambda w=ward: "gone" in names(goes[w.removed.pk], w.topic), 5)
            await asyncio.sleep(0.3)
            for ear in ears:
                ear.cancel()
            await asyncio.gather(*ears, return_exceptions=True)
            await sync_to_async(connections.close_all)()
            return stays, goes

    judge(wards, *asyncio.run(story()))


def judge(wards: list[Ward], stays: Page, goes: dict[int, Page]) -> None:
    late = 0
    for ward in wards:
        at = ward.removed_at()
        page = goes[ward.removed.pk]
        heard = changes_of(page, ward.topic)
        assert all(change < at for change in heard), (ward.topic, heard, at)
        assert heard == sorted(set(heard))
        # After "gone" there is not a byte of it, a hint neither.
        assert names(page, ward.topic)[-1] == "gone"
        assert names(page, ward.topic).count("gone") == 1
        assert at in changes_of(stays, ward.topic)
        assert (
            not Message.objects.filter(channel=ward.channel, author=ward.removed, change__gt=at, edited_at=None)
            .exclude(pk=ward.mine.pk)
            .exists()
        )
        late += ward.last_change() > at
    assert late > len(wards) / 4  # in many, something followed the removal: there was something to keep back


def test_who_leaves_a_team_hears_nothing_of_its_channels_after_two_seconds() -> None:
    owner, removed = make_person(), make_person()
    team = make_team(removed, owner=owner)
    channel = team.channels.get()
    topic = f"channel:{channel.pk}"

    async def story() -> None:
        async with serving() as gateway:
            page = await connect(gateway, removed)
            await sync_to_async(send)(owner, channel)
            await page.until("change", topic=topic)
            began = time.monotonic()
            await sync_to_async(teams_actions.remove_from_team)(team=team, user=removed, by=owner)
            await page.until("gone", topic=topic)
            assert time.monotonic() - began < 2
            await sync_to_async(send)(owner, channel)
            await page.quiet(1.2)
            await sync_to_async(connections.close_all)()

    asyncio.run(story())


def test_who_is_deactivated_is_cut_off_within_two_seconds() -> None:
    owner, removed = make_person(), make_person()
    administrator = make_person()
    grant(administrator, "it")
    channel = make_channel(removed, owner=owner, kind=ChannelKind.PRIVATE)

    async def story() -> None:
        async with serving() as gateway:
            page = await connect(gateway, removed)
            began = time.monotonic()
            await sync_to_async(people_actions.deactivate)(user=removed, by=administrator)
            assert (await page.closed())[0] == 4401
            assert time.monotonic() - began < 2
            before = len(page.frames)
            await sync_to_async(send)(owner, channel)
            assert len(page.frames) == before
            refused = await gateway.raw(await sync_to_async(make_session)(removed))
            assert (await refused.closed())[0] == 4401
            await sync_to_async(connections.close_all)()

    asyncio.run(story())
