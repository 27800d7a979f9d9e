"""What a peer may not do: origins, sizes, floods, nonsense, too many sockets, reading too slowly."""

import asyncio
import json
import socket as sockets

import pytest
from websockets.exceptions import InvalidStatus

from apps.realtime import hub as hubs
from apps.realtime import sockets as live_sockets
from apps.realtime.doors import Doors
from apps.realtime.origins import is_allowed_origin, parse_origin

from .world import World, serving


@pytest.mark.parametrize(
    ("origin", "parsed"),
    [
        ("https://portal.example", ("https", "portal.example", 443)),
        ("https://Portal.Example:443", ("https", "portal.example", 443)),
        ("http://[::1]:8000", ("http", "::1", 8000)),
        ("null", None),
        ("", None),
        ("https://", None),
        ("https://portal.example/", None),
        ("https://user@portal.example", None),
        ("https://portal.example:", None),
        ("https://portal.example:99999", None),
        ("https://[::1", None),
        ("ftp://portal.example", None),
        ("https://portal.example?x", None),
        ("https://a b", ("https", "a b", 443)),
    ],
)
def test_origins_are_parsed_whole(origin: str, parsed: object) -> None:
    assert parse_origin(origin) == parsed


@pytest.mark.parametrize(
    ("origins", "host", "scheme", "allowed", "is_allowed"),
    [
        ([b"http://localhost:8000"], b"localhost:8000", "ws", [], True),
        ([b"http://localhost"], b"localhost:8000", "ws", [], False),
        ([b"https://localhost:8000"], b"localhost:8000", "ws", [], False),
        ([b"https://localhost:8000"], b"localhost:8000", "wss", [], True),
        ([b"http://evil.example:8000"], b"localhost:8000", "ws", [], False),
        ([], b"localhost:8000", "ws", [], False),
        ([b"http://localhost:8000", b"http://localhost:8000"], b"localhost:8000", "ws", [], False),
        ([b"https://portal.example"], b"inner:8000", "ws", ["https://portal.example"], True),
        ([b"http://portal.example"], b"portal.example", "ws", ["https://portal.example"], False),
        ([b"\xff\xfe"], b"localhost", "ws", [], False),
    ],
)
def test_an_origin_is_compared_whole(origins, host, scheme, allowed, is_allowed) -> None:
    headers = [(b"host", host), *((b"origin", origin) for origin in origins)]
    assert is_allowed_origin(headers, scheme, allowed) is is_allowed


def test_a_host_that_is_not_the_portals_is_refused(settings) -> None:
    headers = [(b"host", b"rebound.example"), (b"origin", b"http://rebound.example")]
    assert not is_allowed_origin(headers, "ws", [])
    settings.ALLOWED_HOSTS = [".example"]
    assert is_allowed_origin(headers, "ws", [])


def test_a_proxy_names_the_scheme_only_where_the_settings_say_so(settings) -> None:
    settings.ALLOWED_HOSTS = ["portal.example"]
    headers = [(b"host", b"portal.example"), (b"origin", b"https://portal.example"), (b"x-forwarded-proto", b"https")]
    assert not is_allowed_origin(headers, "ws", [])
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert is_allowed_origin(headers, "ws", [])


@pytest.mark.parametrize(
    ("origin", "path"),
    [("http://evil.example", "/live/"), ("http://127.0.0.1", "/live/"), ("", "/live/"), (None, "/other/")],
)
def test_a_foreign_page_or_path_gets_403(world: World, origin: str | None, path: str) -> None:
    async def story() -> None:
        async with serving() as gateway:
            with pytest.raises(InvalidStatus) as refused:
                await gateway.raw(world.sign_in(17), origin=origin, path=path)
            assert refused.value.response.status_code == 403

    asyncio.run(story())


def test_a_frame_over_64_kib_closes_its_sender_only(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            other = await gateway.page(world.sign_in(18))
            await page.socket.send("x" * 65536)
            assert (await page.until("error"))["code"] == "not_json"
            await page.socket.send("x" * 65537)
            assert (await page.closed())[0] == 1009
            world.say(1, "the others hear on")
            await other.until("change")

    asyncio.run(story())


def test_a_ping_is_answered_before_and_after_the_hello(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.raw(world.sign_in(17))
            await page.send(t="ping")
            assert await page.next() == {"t": "pong"}
            await page.send(t="hello")
            await page.until("ready")
            await page.send(t="ping")
            assert await page.next() == {"t": "pong"}

    asyncio.run(story())


def test_too_many_frames_close_with_4429(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            other = await gateway.page(world.sign_in(18))
            for number in range(200):
                await page.send(t="mark", up_to=number)
            assert (await page.closed())[0] == 4429
            assert 38 <= len(world.heard) <= 45
            world.say(1, "the others hear on")
            await other.until("change")
            assert 17 not in hubs.current_hub().people

    asyncio.run(story())


def test_twenty_frames_a_second_are_allowed(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            for number in range(60):
                await page.send(t="mark", up_to=number)
                await asyncio.sleep(0.05)
            await page.quiet(0.1)
            assert len(world.heard) == 60

    asyncio.run(story())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", "not_json"),
        ("", "not_json"),
        ("[1, 2]", "malformed"),
        ("{}", "malformed"),
        ('{"t": 5}', "malformed"),
        ('{"t": "no-such"}', "unknown"),
        ('{"t": "mark"}', "malformed"),
        ('{"t": "mark", "up_to": "boom"}', "failed"),
        ('{"t": "mark", "up_to": ' + "[" * 20 + "]" * 20 + "}", "too_deep"),
        ("[" * 30000 + "]" * 30000, "not_json"),
        ('{"t": "hello", "have": 5}', "malformed"),
        ('{"t": "hello", "have": {"room:1": -1}}', "malformed"),
        ('{"t": "hello", "have": {"room:1": 1e300}}', "malformed"),
        ('{"t": "hello", "have": {"room:1": true}}', "malformed"),
        (b"\x00\x01", "not_text"),
    ],
)
def test_nonsense_is_answered_and_the_socket_stays(world: World, text: str | bytes, code: str) -> None:
    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.page(world.sign_in(17))
            await page.socket.send(text)
            assert (await page.until("error"))["code"] == code
            world.say(1, "still here")
            await page.until("change")

    asyncio.run(story())


def test_an_eleventh_socket_closes_the_oldest(world: World) -> None:
    async def story() -> None:
        async with serving() as gateway:
            pages = [await gateway.page(world.sign_in(17)) for _ in range(11)]
            assert (await pages[0].closed())[0] == 4408
            world.say(1, "for the ten")
            for page in pages[1:]:
                await page.until("change")

    asyncio.run(story())


def test_no_hello_is_closed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.realtime.consumers.HELLO_SECONDS", 0.2)

    async def story() -> None:
        async with serving() as gateway:
            page = await gateway.raw(world.sign_in(17))
            assert (await page.closed())[0] == 4400

    asyncio.run(story())


@pytest.mark.parametrize("is_raw", [True, False], ids=["raw", "plain"])
def test_a_slow_reader_is_told_to_resync_and_holds_up_nobody(world: World, is_raw: bool) -> None:
    async def story() -> None:
        async with serving(is_raw=is_raw) as gateway:
            slow_socket = sockets.socket()
            slow_socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
            slow_socket.setblocking(False)
            await asyncio.get_running_loop().sock_connect(slow_socket, ("127.0.0.1", gateway.port))
            slow = await gateway.page(world.sign_in(18), sock=slow_socket, max_queue=1)
            slow.socket.transport.pause_reading()
            quick = await gateway.page(world.sign_in(17))
            text = "가" * 3000
            sent = 0
            while 18 in hubs.current_hub().people:
                assert sent < 5000
                sent += 1
                world.say(1, text)
                await quick.until("change", change=sent)
            slow.socket.transport.resume_reading()
            code, _ = await slow.closed(seconds=20)
            assert code == 4409
            assert slow.frames[-1] == {"t": "resync"}
            heard = [frame["change"] for frame in slow.frames if frame["t"] == "change"]
            assert heard == list(range(1, len(heard) + 1))
            assert len(heard) < sent

    asyncio.run(story())


def test_too_many_at_the_door_are_told_when_to_come_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.realtime.doors.WAITING_LIMIT", 3)

    async def story() -> None:
        async with serving() as gateway:
            monkeypatch.setattr(Doors, "_run", lambda doors: asyncio.sleep(60))
            pages = [await gateway.raw(world.sign_in(17)) for _ in range(4)]
            code, reason = await pages[3].closed()
            assert code == 4503
            assert 2000 <= int(reason.removeprefix("retry=")) <= 30000

    asyncio.run(story())


def test_a_storm_shares_its_queries(world: World) -> None:
    async def story() -> None:
        world.join(1, *range(100, 300))
        keys = [world.sign_in(user) for user in range(100, 300)]
        async with serving() as gateway:
            pages = await asyncio.gather(*(gateway.page(key) for key in keys))
            assert world.calls["sessions"] < 30
            world.say(1, "all here")
            await asyncio.gather(*(page.until("change") for page in pages))

    asyncio.run(story())


def test_unsent_limit_is_what_the_protocol_says() -> None:
    assert live_sockets.UNSENT_LIMIT == 256 * 1024
    assert json.loads('{"t": "resync"}')["t"] == "resync"
