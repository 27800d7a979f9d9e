"""The load generator's own instruments: frames, counts, fits. What it measures is the gauntlet's business."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.messaging.management.load import figures, trials
from apps.messaging.management.load.bench import Phase
from apps.messaging.management.load.clients import Reader, Record, Sender, SocketPool, Target, client_frame
from apps.messaging.management.load.clock import CpuMeter, cpu_seconds, pss_kb
from apps.messaging.management.load.scratch import COUNTED_PATH, raise_open_files_limit, with_bus_number, with_database
from apps.realtime.framing import change_payload, frame_text


def test_a_line_is_fitted_through_points() -> None:
    intercept, slope = figures.fit_line([(100, 0.011), (500, 0.015), (1000, 0.02)])
    assert intercept == pytest.approx(0.01)
    assert slope == pytest.approx(0.00001)
    assert figures.fit_line([(100, 0.5)]) == (0.5, 0.0)


def test_percentiles_are_milliseconds() -> None:
    assert figures.percentiles([]) == {}
    assert figures.percentiles([n / 1000 for n in range(1, 101)]) == {"p50": 51, "p95": 96, "p99": 100, "max": 100}
    assert figures.flatten({"a": 1, "b": {"c": 2}}) == [("a", 1), ("b.c", 2)]


def test_urls_name_the_scratch_database() -> None:
    socket_url = "postgresql://portal_owner@/portal?host=%2Fvar%2Frun&port=5432"
    assert with_database(socket_url, "x") == "postgresql://portal_owner@/x?host=%2Fvar%2Frun&port=5432"
    assert with_database("postgresql://a:b@h1,h2:5/portal", "x") == "postgresql://a:b@h1,h2:5/x"
    assert with_bus_number("unix:///run/v.sock", 3) == "unix:///run/v.sock?db=3"
    assert with_bus_number("redis://:secret@host:6379/0", 3) == "redis://:secret@host:6379/3"


def test_cpu_and_memory_of_a_process_are_read() -> None:
    import os

    before = cpu_seconds(os.getpid())
    sum(range(200_000))
    assert cpu_seconds(os.getpid()) > before
    assert pss_kb([os.getpid()]) > 1000
    meter = CpuMeter()
    first = meter.read({"here": [os.getpid()], "gone": [2**22 + 5]})
    sum(range(200_000))
    assert meter.read({"here": [os.getpid()]})["here"] > first["here"] > 0
    assert first["gone"] == 0


def reader(pool: SocketPool, ready: Any) -> tuple[Reader, list[bytes]]:
    written: list[bytes] = []
    made = Reader(pool, 0, "key", Target("localhost", 1, "sessionid"), ready)
    made.transport = SimpleNamespace(write=written.append, abort=lambda: None)
    return made, written


def test_a_reader_counts_what_was_doubled_reordered_and_left_out() -> None:
    pool = SocketPool()
    loop = asyncio.new_event_loop()
    socket, written = reader(pool, loop.create_future())
    loop.close()
    ready = frame_text(b'{"t":"ready","user":1,"topics":{}}')
    socket.data_received(b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + ready)
    assert written == [client_frame(b'{"t":"hello","have":{}}')]
    pool.record = Record(prefix=b'{"t":"change","topic":"channel:5","change":')

    def change(number: int, size: int = 10, topic: str = "channel:5") -> bytes:
        return frame_text(change_payload(topic, number, b'"' + b"x" * size + b'"'))

    stream = change(7) + change(8, 300) + change(8) + change(11, 70_000) + change(10) + change(9, topic="channel:6")
    stream += b"\x89\x04ping"
    for at in range(0, len(stream), 1000):  # frames come in pieces
        socket.data_received(stream[at : at + 1000])
    record: Any = pool.record
    assert sorted(record.heard_at) == [7, 8, 11]
    assert (record.duplicated, record.reordered, record.skipped) == (1, 1, 2)
    assert written[-1] == client_frame(b"ping", 10)


def test_a_reader_notes_when_it_has_caught_up_and_when_it_is_sent_away() -> None:
    pool = SocketPool()
    loop = asyncio.new_event_loop()
    socket, written = reader(pool, loop.create_future())
    loop.close()
    pool.record = Record(prefix=b'{"t":"change","topic":"channel:5","change":', target=8)
    socket.data_received(
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + frame_text(b'{"t":"ready","user":1,"topics":{}}')
    )
    socket.data_received(frame_text(change_payload("channel:5", 7, b"{}")))
    assert pool.record.caught_up_at == {}
    socket.data_received(frame_text(change_payload("channel:5", 8, b"{}")))
    assert list(pool.record.caught_up_at) == [0]
    socket.data_received(b"\x88\x0e" + (4503).to_bytes(2, "big") + b"retry=2500ms")
    assert socket.retry_seconds == 2.5
    assert len(written) == 1


def serve(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> Any:
    """A server in this event loop whose connections end with it."""

    async def handle(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(stream, writer)
        except (asyncio.IncompleteReadError, OSError):
            pass  # the other end has left
        finally:
            writer.transport.abort()

    return asyncio.start_server(handle, "127.0.0.1", 0)


def target_of(server: Any) -> Target:
    return Target("127.0.0.1", server.sockets[0].getsockname()[1], "sessionid")


def test_a_slow_reader_leaves_its_bytes_with_the_server() -> None:
    left: list[int] = []
    full = asyncio.Event()

    async def write_on(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stream.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        await stream.readexactly(6)
        while not left or left[-1] < 1_000_000:
            writer.write(b"x" * 65_536)
            left.append(writer.transport.get_write_buffer_size())
            await asyncio.sleep(0)
        full.set()
        await stream.read()

    async def story() -> dict[str, int]:
        server = await serve(write_on)
        pool = SocketPool()
        await pool.connect_slow(["key"], target_of(server))
        while not left or left[-1] < 1_000_000:  # noqa: ASYNC110 — the server's writer says nothing when it is full
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        server.close()
        return await pool.end_slow()

    assert asyncio.run(asyncio.wait_for(story(), 20))["sockets"] == 1
    assert len(left) < 200


def test_a_flood_is_counted_by_its_answers() -> None:
    heads = [b"201 Created", b"429 Too Many Requests\r\nRetry-After: 7", b"429 Too Many Requests"]
    asked: list[int] = []

    async def answer(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await stream.readuntil(b"\r\n\r\n")
            asked.append(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
            await stream.readexactly(asked[-1])
            writer.write(b"HTTP/1.1 %b\r\nContent-Length: 2\r\n\r\n{}" % heads[min(len(asked), 3) - 1])

    async def story() -> dict[str, Any]:
        server = await serve(answer)
        sender = Sender()
        found = await sender.flood(5, "key", target_of(server), 20, 0.25)
        for stream, writer in (pair for idle in sender._idle.values() for pair in idle):
            writer.close()
            await writer.wait_closed()
            assert not await stream.read()
        server.close()
        await asyncio.sleep(0.05)
        return found

    assert asyncio.run(story()) == {"statuses": {"201": 1, "429": 4}, "untold": 3}


def phase(*seconds: float, size: int = 2, refused: list[str] | None = None) -> Phase:
    """A stretch in which each message reached everybody after so many seconds."""
    record = Record(prefix=b"")
    record.heard_at = {change: [second] * size for change, second in enumerate(seconds)}  # type: ignore[misc]
    sent = {"sent": dict.fromkeys(range(len(seconds)), (0.0, 0.001)), "refused": refused or []}
    return Phase(record, sent, size, {"web": 0.1}, 1.0)


def test_what_the_others_suffer_is_compared() -> None:
    calm = [phase(0.01, 0.02), phase(0.02, 0.01)]
    found = trials._compare(calm, phase(0.02, 0.03), "a flood")
    assert (found["calm_latency_ms"]["p95"], found["latency_ms"]["p95"], found["violations"]) == (20, 30, [])
    worse = trials._compare(calm, phase(0.02, 0.09), "a flood")
    assert "take 90" in worse["violations"][0]
    missing = phase(0.01, 0.02)
    del missing.record.heard_at[1]
    missing = Phase(missing.record, {"sent": missing.sent, "refused": ["503"]}, 2, {}, 1.0)
    assert "2 deliveries were lost, and 1 messages" in trials._compare(calm, missing, "slow readers")["violations"][0]


@pytest.mark.parametrize(
    ("seconds", "attempts", "is_well"),
    [((0.09, 0.03), 2, True), ((0.09, 0.09, 0.09), 3, False)],
    ids=["noise", "slower each time"],
)
def test_only_what_is_slower_each_time_is_slower(
    monkeypatch: pytest.MonkeyPatch, seconds: tuple[float, ...], attempts: int, is_well: bool
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(trials.time, "sleep", slept.append)
    measured = iter(seconds)
    compare = trials.repeated(lambda *_: trials._compare([phase(0.02, 0.02)], phase(0.02, next(measured)), "a flood"))
    found = compare(None, 200, 10.0)  # type: ignore[arg-type]
    assert (found["attempts"], not found["violations"]) == (attempts, is_well)
    assert "is_only_slower" not in found


def test_what_is_lost_is_not_tried_again() -> None:
    lost = phase(0.01, 0.02, refused=["503"])
    compare = trials.repeated(lambda *_: trials._compare([phase(0.02)], lost, "a flood"))
    found = compare(None, 200, 10.0)  # type: ignore[arg-type]
    assert found["attempts"] == 1
    assert "1 messages of others refused" in found["violations"][0]


def test_statements_of_a_web_process_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.messaging.management.load import counted

    monkeypatch.setitem(counted.counts, "statements", 0)
    monkeypatch.setitem(counted.counts, "batches", 0)
    connection = SimpleNamespace(execute_wrappers=[])
    counted._watch(connection)
    counted._watch(connection)
    assert len(connection.execute_wrappers) == 1
    run = connection.execute_wrappers[0]
    assert run(lambda *words: "done", 'SELECT 1 FROM "django_session" WHERE x IN (1)', None, False, {}) == "done"
    run(lambda *words: None, "SELECT 1", None, False, {})
    heard: list[Any] = []

    async def send(message: Any) -> None:
        heard.append(message)

    asyncio.run(counted.application({"type": "http", "path": COUNTED_PATH}, None, send))
    assert heard[1]["body"] == b'{"statements": 2, "batches": 1}'


def test_thousands_of_sockets_may_be_open() -> None:
    import resource

    raise_open_files_limit()
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 4096


@pytest.mark.django_db
def test_it_fills_no_database_but_its_own() -> None:
    with pytest.raises(CommandError, match="no empty scratch database"):
        call_command("bench_chat", "--prepare", "--people", "3", "--n", "2")


@pytest.mark.parametrize("words", [["--n", "many"], ["--ports", "8000"]])
def test_wrong_words_are_explained(words: list[str]) -> None:
    with pytest.raises(CommandError, match="--n is a list"):
        call_command("bench_chat", *words)
