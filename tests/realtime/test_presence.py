"""Who is told that somebody is reachable: across processes, by hand, after a death, without a bus; and who is told nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import redis.asyncio
from django.conf import settings

from apps.core import clock as time_of_the_domain
from apps.core.registries import AuthenticatedSession
from apps.realtime import hub as hubs
from apps.realtime import publish
from apps.realtime.sockets import Socket

from .world import Page, World, serving, until

ROUND = 0.2


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {
        "ROUND_SECONDS": ROUND,
        "WRITE_SECONDS": 0.02,
        "REFRESH_SECONDS": 0.3,
        "KEY_SECONDS": 1,
        "LEAVING_SECONDS": 0.4,
    }.items():
        monkeypatch.setattr(f"apps.realtime.presence.{name}", seconds)


class Wire(Socket):
    """A page of another process, which only has to be there."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[dict[str, Any]] = []

    def deliver(self, framed: bytes, payloads: Sequence[bytes]) -> bool:
        self.heard += map(json.loads, payloads)
        return True

    def close(self, code: int, reason: str = "") -> None:
        pass


def come(hub: hubs.Hub, world: World, user_id: int) -> Wire:
    """Let somebody's page into a hub, as the door does."""
    world.sign_in(user_id)
    wire = Wire()
    until = time_of_the_domain.now() + timedelta(hours=1)
    session = AuthenticatedSession(user_id, world.epochs[user_id], until)
    hub.attach(wire, session, hubs.Authority({}, {user_id: {}}), asyncio.get_running_loop().time())
    return wire


@asynccontextmanager
async def another_process() -> AsyncIterator[hubs.Hub]:
    hub = hubs.Hub(settings.REDIS_URL)
    hub.start()
    try:
        yield hub
    finally:
        await hub.stop()


async def watch(page: Page, *people: int) -> dict[str, str]:
    await page.send(t="watch", people=list(people))
    frame = await page.until("presence")
    return frame["people"]


async def finds(page: Page, expected: dict[str, str]) -> bool:
    """Whether watching these people comes to say this: where somebody is, is written a moment after they came."""
    for _ in range(15):
        if await watch(page, *map(int, expected)) == expected:
            return True
        await asyncio.sleep(0.2)
    return False


async def hears(page: Page, person: int, state: str, seconds: float = 3.0) -> None:
    """Read until this person is said to be that."""
    async with asyncio.timeout(seconds):
        while (await page.until("presence", seconds))["people"].get(str(person)) != state:
            pass


def test_somebody_in_another_process_comes_rests_and_goes(world: World) -> None:
    async def story() -> None:
        world.sign_in(18)
        async with serving() as gateway, another_process() as other:
            page = await gateway.page(world.sign_in(17))
            assert await finds(page, {"17": "reachable", "18": "absent"})
            wire = come(other, world, 18)
            await hears(page, 18, "reachable")
            other.presence.say(wire, is_here=False)
            await hears(page, 18, "away")
            other.presence.say(wire, is_here=True)
            await hears(page, 18, "reachable")
            other.leave(wire)
            await hears(page, 18, "absent")

    asyncio.run(story())


def test_whoever_sits_at_one_of_their_pages_is_reachable(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway, another_process() as other:
            page = await gateway.page(world.sign_in(17))
            near = await gateway.page(world.sign_in(18))
            far = come(other, world, 18)
            await watch(page, 18)
            await near.send(t="presence", state="away")
            await page.quiet(ROUND * 3)  # the other process still says "here"
            other.presence.say(far, is_here=False)
            await hears(page, 18, "away")
            await near.send(t="presence", state="here")
            await hears(page, 18, "reachable")

    asyncio.run(story())


def test_a_page_that_another_follows_leaves_no_gap(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway, another_process() as other:
            page = await gateway.page(world.sign_in(17))
            wire = come(other, world, 18)
            await asyncio.sleep(0.1)  # written
            assert await finds(page, {"18": "reachable"})
            for _ in range(3):
                other.leave(wire)
                await asyncio.sleep(0.15)
                wire = come(other, world, 18)
            await page.quiet(ROUND * 2)

    asyncio.run(story())


def test_a_choice_by_hand_stands_above_the_pages_and_ends_by_the_clock(world: World, clock: Any) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            await gateway.page(world.sign_in(18))
            assert await finds(page, {"18": "reachable"})
            world.by_hand[18] = ("do_not_disturb", None)
            publish.publish_choice([18])
            await hears(page, 18, "do_not_disturb")
            del world.by_hand[18]
            publish.publish_choice([18])
            await hears(page, 18, "reachable")
            world.by_hand[18] = ("away", time_of_the_domain.now() + timedelta(minutes=30))
            publish.publish_choice([18])
            await hears(page, 18, "away")
            asked = world.calls["presence_by_hand"]
            clock.shift(timedelta(minutes=31))
            await hears(page, 18, "reachable")
            assert world.calls["presence_by_hand"] == asked

    asyncio.run(story())


def test_a_choice_is_seen_of_somebody_without_a_page(world: World) -> None:
    async def story() -> None:
        world.sign_in(18)
        world.by_hand[18] = ("do_not_disturb", None)
        async with serving() as gateway:
            assert await watch(await gateway.page(world.sign_in(17)), 18) == {"18": "do_not_disturb"}

    asyncio.run(story())


def test_a_lost_word_of_a_choice_is_made_up_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.realtime.presence.REREAD_SECONDS", 0.3)

    async def story() -> None:
        world.sign_in(18)
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            await watch(page, 18)
            world.by_hand[18] = ("do_not_disturb", None)
            await hears(page, 18, "do_not_disturb")

    asyncio.run(story())


def test_the_people_of_a_process_that_dies_are_gone_when_its_key_is(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway, another_process() as other:
            page = await gateway.page(world.sign_in(17))
            come(other, world, 18)
            await asyncio.sleep(0.1)
            assert await finds(page, {"18": "reachable"})
            for task in other.presence._tasks:  # it writes no more, and says no farewell
                task.cancel()
            await hears(page, 18, "absent")

    asyncio.run(story())


def test_what_happens_in_a_round_comes_in_one_frame(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        people = range(100, 110)
        for person in people:
            world.sign_in(person)
        async with serving() as gateway, another_process() as other:
            page = await gateway.page(world.sign_in(17))
            await watch(page, *people)
            monkeypatch.setattr("apps.realtime.presence.ROUND_SECONDS", 1.0)
            await asyncio.sleep(ROUND)  # the next round is a long one
            for person in people:
                come(other, world, person)
                await asyncio.sleep(0.03)
            frame = await page.until("presence")
            assert frame["people"] == {str(person): "reachable" for person in people}

    asyncio.run(story())


def test_a_page_that_shows_others_hears_no_more_of_those_before(world: World) -> None:
    async def story() -> None:
        world.sign_in(19)
        async with serving() as gateway, another_process() as other:
            page = await gateway.page(world.sign_in(17))
            wire = come(other, world, 18)
            await asyncio.sleep(0.1)
            await watch(page, 18, 19)
            assert await watch(page, 19) == {"19": "absent"}
            other.presence.say(wire, is_here=False)
            await page.quiet(ROUND * 3)
            assert await watch(page) == {}
            assert not hubs.current_hub().presence._watchers

    asyncio.run(story())


def test_a_page_that_goes_is_forgotten(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            await watch(page, 17, 18)
            await page.socket.close()
            presence = hubs.current_hub().presence
            await until(lambda: not (presence._tabs or presence._watchers or presence._leaving))
            assert not presence._people
            assert not presence._shown

    asyncio.run(story())


# -- Who may see whom ---------------------------------------------------------------------------------------------------


def test_a_guest_sees_nobody_and_nobody_is_seen_who_does_not_exist(world: World) -> None:
    async def story() -> None:
        world.guests.add(18)
        world.by_hand[17] = ("do_not_disturb", None)
        async with serving() as gateway:
            staff = await gateway.page(world.sign_in(17))
            guest = await gateway.page(world.sign_in(18))
            assert await watch(guest, 17, 18, 999) == {"18": "reachable"}
            assert await watch(staff, 18, 999) == {"18": "reachable"}
            publish.publish_choice([17])
            await guest.quiet(ROUND * 3)

    asyncio.run(story())


def test_whoever_loses_the_right_hears_no_more(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway, another_process() as other:
            page = await gateway.page(world.sign_in(17))
            wire = come(other, world, 18)
            await asyncio.sleep(0.1)
            assert await finds(page, {"18": "reachable"})
            world.guests.add(17)
            world.epochs[17] += 1  # as the change of a record raises it
            assert (await page.until("presence"))["people"] == {}
            other.presence.say(wire, is_here=False)
            await page.quiet(ROUND * 3)

    asyncio.run(story())


def test_a_storm_of_watchers_shares_its_look_ups(world: World) -> None:
    async def story() -> None:
        keys = [world.sign_in(user) for user in range(100, 160)]
        async with serving() as gateway:
            pages = await asyncio.gather(*(gateway.page(key) for key in keys))
            answers = await asyncio.gather(*(watch(page, *range(100, 150)) for page in pages))
            assert all(len(answer) == 50 for answer in answers)
            assert world.calls["visible_people"] <= 10

    asyncio.run(story())


# -- What is refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"t": "watch", "people": list(range(1, 52))}, "too_many"),
        ({"t": "watch", "people": [1] * 51}, "too_many"),
        ({"t": "watch"}, "malformed"),
        ({"t": "watch", "people": None}, "malformed"),
        ({"t": "watch", "people": "17"}, "malformed"),
        ({"t": "watch", "people": {"17": 1}}, "malformed"),
        ({"t": "watch", "people": ["17"]}, "malformed"),
        ({"t": "watch", "people": [True]}, "malformed"),
        ({"t": "watch", "people": [17.0]}, "malformed"),
        ({"t": "watch", "people": [0]}, "malformed"),
        ({"t": "watch", "people": [-3]}, "malformed"),
        ({"t": "watch", "people": [2**63]}, "malformed"),
        ({"t": "watch", "people": [[17]]}, "malformed"),
        ({"t": "presence"}, "malformed"),
        ({"t": "presence", "state": "reachable"}, "malformed"),
        ({"t": "presence", "state": None}, "malformed"),
        ({"t": "presence", "state": ["here"]}, "malformed"),
        ({"t": "presence", "state": {"here": 1}}, "malformed"),
    ],
)
def test_a_frame_of_another_shape_is_answered_with_an_error(world: World, frame: dict[str, Any], code: str) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            await page.send(**frame)
            assert await page.until("error") == {"t": "error", "code": code, "re": frame["t"]}
            assert await finds(page, {"17": "reachable"})  # and the page goes on

    asyncio.run(story())


def test_fifty_are_not_too_many(world: World) -> None:
    async def story() -> None:
        for person in range(100, 150):
            world.sign_in(person)
        async with serving() as gateway:
            assert len(await watch(await gateway.page(world.sign_in(17)), *range(100, 150))) == 50

    asyncio.run(story())


@pytest.mark.parametrize("frame", [{"t": "watch", "people": [17]}, {"t": "presence", "state": "away"}])
def test_nothing_is_heard_before_the_hello(world: World, frame: dict[str, Any]) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.raw(world.sign_in(17))
            await page.send(**frame)
            assert await page.until("error") == {"t": "error", "code": "no_hello", "re": frame["t"]}

    asyncio.run(story())


# -- Outages ------------------------------------------------------------------------------------------------------------------


def test_without_the_bus_presence_is_silent_and_nothing_else(world: World) -> None:
    async def story() -> None:
        world.sign_in(19)
        world.by_hand[19] = ("do_not_disturb", None)
        async with serving() as gateway:
            presence = hubs.current_hub().presence
            page = await gateway.page(world.sign_in(17))
            other = await gateway.page(world.sign_in(18))
            await asyncio.sleep(0.1)
            assert await finds(page, {"18": "reachable"})
            kept, presence._redis = presence._redis, redis.asyncio.Redis.from_url("redis://127.0.0.1:1/0")
            await asyncio.sleep(ROUND * 2)
            assert await watch(page, 18, 19) == {"19": "do_not_disturb"}  # of 18 nobody knows
            world.say(1, "heard all the same")
            await page.until("change", change=1)
            await other.send(t="presence", state="away")
            await page.quiet(ROUND * 3)
            presence._redis, dead = kept, presence._redis
            await dead.aclose()
            await hears(page, 18, "away", 10)

    asyncio.run(story())


def test_a_bus_that_lost_everything_is_told_again(world: World, bus: Any) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            await gateway.page(world.sign_in(18))
            await asyncio.sleep(0.1)
            assert await finds(page, {"18": "reachable"})
            presence = hubs.current_hub().presence
            bus.delete("presence:processes", presence._key)
            await until(lambda: bool(bus.exists(presence._key)))
            await presence._look()
            assert presence._present == {17: True, 18: True}

    asyncio.run(story())


def test_without_the_database_a_page_is_told_to_ask_again(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            await asyncio.sleep(0.1)
            world.is_down = True
            await page.send(t="watch", people=[17])
            assert await page.until("error") == {"t": "error", "code": "failed", "re": "watch"}
            world.is_down = False
            assert await finds(page, {"17": "reachable"})

    asyncio.run(story())
