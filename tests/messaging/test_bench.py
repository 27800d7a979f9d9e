"""The load generator's own instruments: frames, counts, fits. What it measures is the gauntlet's business."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.messaging.management.load import figures
from apps.messaging.management.load.clients import Reader, Record, SocketPool, Target, client_frame
from apps.messaging.management.load.clock import CpuMeter, cpu_seconds, pss_kb
from apps.messaging.management.load.scratch import with_bus_number, with_database
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


@pytest.mark.django_db
def test_it_fills_no_database_but_its_own() -> None:
    with pytest.raises(CommandError, match="no empty scratch database"):
        call_command("bench_chat", "--prepare", "--people", "3", "--n", "2")


@pytest.mark.parametrize("words", [["--n", "many"], ["--ports", "8000"]])
def test_wrong_words_are_explained(words: list[str]) -> None:
    with pytest.raises(CommandError, match="--n is a list"):
        call_command("bench_chat", *words)
