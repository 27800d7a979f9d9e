"""Who hears: sessions, epochs, removals in place, rights that end by the clock."""

import asyncio
import time
from datetime import timedelta

from apps.core import clock as domain_clock
from apps.realtime import hub as hubs
from apps.realtime import publish

from .world import World, serving, until


def test_no_session_is_closed_as_signed_out(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            for key in ("", "nosuchkey", "no-such-key", '"\\000"', "a" * 3000):
                page = await gateway.raw(key)
                assert (await page.closed())[0] == 4401

    asyncio.run(story())


def test_a_removal_stands_in_its_place(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            anna = await gateway.page(world.sign_in(17))
            bora = await gateway.page(world.sign_in(18))
            world.say(1, "before")
            world.say(1, "18 leaves", revokes=(18,))
            world.say(1, "after")
            await anna.until("change", change=3)
            assert anna.texts() == ["before", "18 leaves", "after"]
            await bora.until("gone", topic="room:1")
            assert bora.texts() == ["before"]
            await bora.quiet(1.5)

    asyncio.run(story())


def test_a_removal_whose_publish_was_lost_stands_in_its_place(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            anna = await gateway.page(world.sign_in(17))
            bora = await gateway.page(world.sign_in(18))
            world.store(1, "18 leaves", revokes=(18,))
            world.say(1, "after")
            await anna.until("change", change=2)
            await bora.until("gone")
            assert bora.texts() == []

    asyncio.run(story())


def test_one_who_was_taken_back_hears_again(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            bora = await gateway.page(world.sign_in(18))
            world.store(1, "18 leaves", revokes=(18,))
            world.join(1, 18)
            world.say(1, "and is back")
            await bora.until("gone")
            assert (await bora.until("topic"))["change"] == 2
            world.say(1, "welcome")
            await bora.until("change", change=3)

    asyncio.run(story())


def test_a_raised_epoch_closes_ended_sessions_within_two_seconds(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            stays, ends = world.sign_in(17), world.sign_in(17)
            here = await gateway.page(stays)
            there = await gateway.page(ends)
            world.end_session(ends)
            began = time.monotonic()
            assert (await there.closed())[0] == 4401
            assert time.monotonic() - began < 2
            world.say(1, "still here")
            await here.until("change")

    asyncio.run(story())


def test_a_raised_epoch_takes_and_gives_topics(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            del world.members[2][17]
            world.join(3, 17)
            world.store(3, "before 17 came")
            world.epochs[17] += 1
            await page.until("gone", topic="room:2")
            assert await page.until("topic") == {"t": "topic", "topic": "room:3", "change": 1}
            world.say(2, "not for 17")
            world.say(3, "for 17")
            assert (await page.next())["topic"] == "room:3"
            await page.quiet()

    asyncio.run(story())


def test_a_gained_topic_is_told_at_once_when_asked(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(18))
            await asyncio.sleep(1.2)
            world.join(7, 18)
            publish.publish_rights([18])
            began = time.monotonic()
            await page.until("topic", topic="room:7")
            assert time.monotonic() - began < 0.5

    asyncio.run(story())


def test_rights_and_sessions_end_by_the_clock(world: World, clock) -> None:
    async def story() -> None:
        async with serving() as gateway:
            world.join(5, 17, until=domain_clock.now() + timedelta(minutes=10))
            page = await gateway.page(world.sign_in(17, hours=1))
            clock.shift(timedelta(minutes=11))
            await page.until("gone", topic="room:5")
            clock.shift(timedelta(minutes=55))
            assert (await page.closed())[0] == 4401

    asyncio.run(story())


def test_a_revocation_while_the_door_is_open_is_not_missed(world: World) -> None:
    """The rights were read, then the removal was handed on, then the socket came in."""

    async def story() -> None:
        async with serving() as gateway:
            await gateway.page(world.sign_in(17))
            hub = hubs.current_hub()
            prepare = hub.prepare

            async def slow_prepare(authority) -> None:
                await prepare(authority)
                if 18 in authority.rights:
                    world.say(1, "18 leaves", revokes=(18,))
                    await until(lambda: hub.topics["room", 1].last == 1)

            hub.prepare = slow_prepare
            bora = await gateway.raw(world.sign_in(18))
            await bora.send(t="hello")
            assert "room:1" not in (await bora.until("ready"))["topics"]
            hub.prepare = prepare
            world.say(1, "not for 18")
            await bora.quiet(1.5)

    asyncio.run(story())


def test_the_polls_stay_few(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            keys = [world.sign_in(17) for _ in range(8)]
            await asyncio.gather(*(gateway.page(key) for key in keys))
            world.calls.clear()
            await asyncio.sleep(2.1)
            assert world.calls == {"epochs": 2} or world.calls == {"epochs": 3}

    asyncio.run(story())


def test_a_database_that_is_away_closes_nobody(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            world.is_down = True
            refused = await gateway.raw(world.sign_in(18))
            code, reason = await refused.closed()
            assert code == 4503
            assert reason.startswith("retry=")
            await asyncio.sleep(1.2)
            world.is_down = False
            world.say(1, "back")
            await page.until("change")

    asyncio.run(story())
