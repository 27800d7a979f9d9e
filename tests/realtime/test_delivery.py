"""What a page hears: order, gaps, duplicates, catching up, and what is healed."""

import asyncio
import time

import pytest

from apps.realtime import hub as hubs
from apps.realtime import publish

from .world import World, bus_message, serving, until


def run(work) -> None:
    asyncio.run(work)


@pytest.mark.parametrize("is_raw", [True, False], ids=["raw", "plain"])
def test_a_message_reaches_all_members_and_nobody_else(world: World, is_raw: bool) -> None:
    async def story() -> None:
        async with serving(is_raw=is_raw) as gateway:
            anna = await gateway.page(world.sign_in(17))
            bora = await gateway.page(world.sign_in(18))
            stranger = await gateway.page(world.sign_in(19))
            world.say(1, "교대합니다")
            for page in (anna, bora):
                frame = await page.until("change")
                assert frame == {"t": "change", "topic": "room:1", "change": 1, "body": {"text": "교대합니다"}}
            await stranger.quiet()

    run(story())


def test_ready_names_the_topics_with_their_newest_change(world: World) -> None:
    async def story() -> None:
        world.store(1, "before anybody came")
        async with serving() as gateway:
            page = await gateway.raw(world.sign_in(17))
            await page.send(t="hello")
            ready = await page.next()
            assert ready == {"t": "ready", "user": 17, "topics": {"room:1": 1, "room:2": 0, "user:17": None}}

    run(story())


def test_changes_that_come_out_of_order_go_out_in_order(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            hub = hubs.current_hub()
            for change in (2, 3, 1, 5, 4):
                hub._on_message(*bus_message(1, change, str(change)))
            for _ in range(5):
                await page.until("change")
            assert page.texts() == ["1", "2", "3", "4", "5"]
            assert "frames_after" not in world.calls

    run(story())


def test_a_gap_is_filled_from_the_database_in_order(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            world.store(1, "lost on the bus")
            world.store(1, "lost as well")
            world.say(1, "heard")
            await page.quiet(0.1)  # it waits for what is missing
            for _ in range(3):
                await page.until("change")
            assert page.texts() == ["lost on the bus", "lost as well", "heard"]
            assert world.calls["frames_after"] == 1
            world.say(1, "next")
            await page.until("change", change=4)

    run(story())


def test_a_superseded_number_is_no_gap_for_ever(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            world.store(1, "first wording", key="a")
            world.store(1, "second wording", key="a")
            world.say(1, "other")
            await page.until("change", change=3)
            assert page.texts() == ["second wording", "other"]

    run(story())


def test_a_duplicate_is_dropped(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            world.say(1, "once")
            await page.until("change")
            hubs.current_hub()._on_message(*bus_message(1, 1, "once"))
            await page.quiet()

    run(story())


def test_an_announced_change_that_the_database_does_not_know_holds_up_nothing(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            hubs.current_hub()._on_message(*bus_message(1, 9, "never committed"))
            await until(lambda: world.calls.get("frames_after", 0) == 1)
            world.say(1, "real")
            assert (await page.until("change"))["body"] == {"text": "real"}

    run(story())


def test_a_lost_publish_is_healed_by_the_sweep(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            world.store(1, "nobody was told")
            await hubs.current_hub().sweep()
            assert (await page.until("change"))["body"] == {"text": "nobody was told"}
            assert world.calls["newest_change"] == 2  # when the topics were opened, and for the sweep

    run(story())


def test_what_a_sender_could_not_tell_is_asked_for_when_the_bus_answers_again(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            publish._breaker.open_until = time.monotonic() + 1.0
            world.say(1, "the sender kept away from the bus")
            assert (await page.until("change", seconds=6))["body"] == {"text": "the sender kept away from the bus"}

    run(story())


def test_a_bus_that_is_away_delays_but_loses_nothing(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            hub = hubs.current_hub()
            await hub.bus._connection.disconnect(nowait=True)
            world.store(1, "while the bus was away")
            assert (await page.until("change", seconds=5))["body"] == {"text": "while the bus was away"}
            await until(lambda: hub.bus.is_up)
            world.say(1, "and after")
            await page.until("change", change=2)

    run(story())


def test_a_dead_bus_costs_a_sender_no_time_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    class Dead:
        def publish(self, *arguments: object) -> None:
            tried.append(arguments)
            raise OSError("away")

    monkeypatch.setattr(publish, "_client", Dead)
    for _ in range(5):
        publish.publish_change("room", 1, 1, {"text": "x"})
    assert len(tried) == 1


def test_hints_pass_as_they_come(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            publish.publish_hint("user", 17, {"badge": 3})
            publish.publish_hint("user", 18, {"badge": 9})
            publish.publish_hint("room", 1, {"typing": 18})
            frames = [await page.next(), await page.next()]
            assert {"t": "hint", "topic": "user:17", "body": {"badge": 3}} in frames
            assert {"t": "hint", "topic": "room:1", "body": {"typing": 18}} in frames
            await page.quiet()

    run(story())


def test_a_page_gets_what_it_has_not_from_the_ring(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            first = await gateway.page(world.sign_in(17))
            for number in range(1, 6):
                world.say(1, str(number))
            await first.until("change", change=5)
            second = await gateway.page(world.sign_in(18), have={"room:1": 2})
            world.say(1, "6")
            await second.until("change", change=6)
            assert second.texts() == ["3", "4", "5", "6"]
            assert "frames_after" not in world.calls

    run(story())


def test_a_page_gets_what_it_has_not_from_the_database_once_for_all_that_wait(world: World) -> None:
    async def story() -> None:
        for number in range(1, 6):
            world.store(1, str(number))
        world.join(1, *range(20, 30))
        async with serving() as gateway:
            keys = [world.sign_in(user) for user in range(20, 30)]
            pages = await asyncio.gather(*(gateway.page(key, have={"room:1": 2}) for key in keys))
            world.say(1, "6")
            for page in pages:
                await page.until("change", change=6)
                assert page.texts() == ["3", "4", "5", "6"]
            assert world.calls["frames_after"] < 10

    run(story())


def test_a_page_that_is_ahead_of_the_bus_is_told_nothing_twice(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            world.store(1, "in the page already")
            late = await gateway.page(world.sign_in(18), have={"room:1": 0})
            await hubs.current_hub().sweep()
            await page.until("change")
            await late.until("change")
            assert late.texts() == ["in the page already"]

    run(story())


def test_more_than_500_behind_is_a_reload(world: World) -> None:
    async def story() -> None:
        for number in range(600):
            world.store(1, str(number))
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17), have={"room:1": 50})
            assert await page.until("reload") == {"t": "reload", "topic": "room:1", "change": 600}
            world.say(1, "live")
            await page.until("change", change=601)

    run(story())


def test_a_topic_of_somebody_else_is_gone(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(18), have={"room:2": 0, "room:99": 5, "nonsense": 1})
            gone = {(await page.until("gone"))["topic"] for _ in range(3)}
            assert gone == {"room:2", "room:99", "nonsense"}

    run(story())


def test_a_hot_topic_is_gathered_and_stays_in_order(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            hub = hubs.current_hub()
            writes = []
            socket = next(iter(hub.people[17].sockets))
            write = socket.write
            socket.write = lambda data: (writes.append(data), write(data))
            for number in range(1, 101):
                hub._on_message(*bus_message(1, number, str(number)))
            await page.until("change", change=100)
            assert page.texts() == [str(number) for number in range(1, 101)]
            assert len(writes) < 5

    run(story())


def test_a_socket_that_joins_while_a_topic_is_hot_hears_each_change_once(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            await gateway.page(world.sign_in(17))
            hub = hubs.current_hub()
            late = await gateway.raw(world.sign_in(18))
            await late.send(t="hello", have={"room:1": 0})
            for number in range(1, 200):
                hub._on_message(*bus_message(1, number, str(number)))
                await asyncio.sleep(0.001)
            await late.until("change", change=199)
            assert late.texts() == [str(number) for number in range(1, 200)]

    run(story())


def test_two_processes_on_one_bus_hear_the_same_in_the_same_order(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            other = hubs.Hub(hubs.settings.REDIS_URL)
            other.start()
            heard: list[int] = []
            try:
                await until(lambda: other.bus.is_up)
                authority = hubs.look_up([world.sign_in(18)])
                await other.prepare(authority)
                topic = other.topics["room", 1]
                hand_on = other._hand_on
                other._hand_on = lambda topic, change, *rest: (heard.append(change), hand_on(topic, change, *rest))
                for number in range(50):
                    world.say(1, str(number))
                await page.until("change", change=50)
                await until(lambda: topic.last == 50)
                assert heard == list(range(1, 51))
            finally:
                await other.stop()

    run(story())


def test_a_place_before_ones_own_is_kept_back(world: World) -> None:
    from apps.realtime.registry import Right

    async def story() -> None:
        world.join(1, 30, until=Right(first_place=10))
        async with serving() as gateway:
            old = await gateway.page(world.sign_in(17))
            new = await gateway.page(world.sign_in(30))
            world.say(1, "an edit of what was said before", place=4)
            world.say(1, "new", place=11)
            await old.until("change", change=2)
            await new.until("change", change=2)
            assert old.texts() == ["an edit of what was said before", "new"]
            assert new.texts() == ["new"]
            again = await gateway.page(world.sign_in(30), have={"room:1": 0})
            await again.until("change", change=2)
            assert again.texts() == ["new"]

    run(story())


def test_a_socket_that_breaks_costs_the_others_nothing(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            await gateway.page(world.sign_in(17))
            other = await gateway.page(world.sign_in(18))

            def break_down(data: bytes) -> None:
                raise RuntimeError("this transport is gone")

            hub = hubs.current_hub()
            next(iter(hub.people[17].sockets)).write = break_down
            world.say(1, "for those who are left")
            await other.until("change")
            assert 17 not in hub.people

    run(story())


def test_what_nobody_came_back_for_is_let_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            hub = hubs.current_hub()
            world.say(1, "soon old")
            await page.until("change")
            topic = hub.topics["room", 1]
            assert topic.ring_bytes
            monkeypatch.setattr(hubs, "RING_SECONDS", -1.0)
            await hub.sweep()
            assert (topic.ring_bytes, len(topic.ring), topic.ring_from) == (0, 0, 1)
            await page.socket.close()
            await until(lambda: 17 not in hub.people)
            assert topic.holders == 0
            await hub.sweep()
            assert hub.topics  # pages come back within seconds
            monkeypatch.setattr(hubs, "LINGER_SECONDS", -1.0)
            await hub.sweep()
            assert not hub.topics
            assert not hub.by_channel
            again = await gateway.page(world.sign_in(17), have={"room:1": 0})
            await again.until("change")
            assert again.texts() == ["soon old"]

    run(story())
