"""One thread hop: what a request needs of its handler."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core import signals
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path
from django.utils import translation

from hospital_collab import handler as handlers
from hospital_collab.handler import OneHopHandler

THIS_FILE = Path(__file__)
seen: list[Any] = []


def show_thread(request: Any) -> HttpResponse:
    seen.append(threading.current_thread().name)
    translation.activate("ar")
    response = HttpResponse(request.body or request.GET.get("q", "nothing"), status=201)
    response.set_cookie("kind", "cookie")
    return response


def show_language(request: Any) -> HttpResponse:
    return HttpResponse(translation.get_language())


async def show_later(request: Any) -> HttpResponse:
    await asyncio.sleep(0)
    return HttpResponse("later")


def show_stream(request: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter(["one", "two"]))


def show_file(request: Any) -> FileResponse:
    return FileResponse(THIS_FILE.open("rb"))


def break_down(request: Any) -> HttpResponse:
    raise RuntimeError("a view that breaks")


def wait_long(request: Any) -> HttpResponse:
    released.wait(10)
    return HttpResponse("released")


def handler404(request: Any, exception: Any) -> HttpResponse:
    return HttpResponse("not there", status=404)


def handler500(request: Any) -> HttpResponse:
    return HttpResponse("broken", status=500)


released = threading.Event()
urlpatterns = [
    path("thread/", show_thread),
    path("language/", show_language),
    path("later/", show_later),
    path("stream/", show_stream),
    path("file/", show_file),
    path("broken/", break_down),
    path("long/", wait_long),
]


@pytest.fixture
def handler() -> Any:
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=["django.middleware.common.CommonMiddleware"]):
        yield OneHopHandler()


async def ask(
    handler: Any, where: str, *, method: str = "GET", body: Any = (b"",)
) -> tuple[int, dict[bytes, bytes], bytes]:
    parts = list(body)
    messages = [
        {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
        for number, part in enumerate(parts)
    ]
    answer: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        answer.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": where,
        "query_string": b"q=asked",
        "headers": [(b"host", b"localhost"), (b"content-length", str(sum(map(len, parts))).encode())],
        "scheme": "http",
    }
    await handler(scope, receive, send)
    if not answer:
        return 0, {}, b""
    content = b"".join(message.get("body", b"") for message in answer[1:])
    return answer[0]["status"], dict(answer[0]["headers"]), content


def test_a_request_runs_on_one_thread_of_the_pool(handler: Any) -> None:
    seen.clear()
    status, headers, content = asyncio.run(ask(handler, "/thread/"))
    assert (status, content) == (201, b"asked")
    assert headers[b"Set-Cookie"].startswith(b"kind=cookie")
    assert seen[0].startswith("request")


def test_a_body_in_parts_is_read_whole(handler: Any) -> None:
    _, _, content = asyncio.run(ask(handler, "/thread/", method="POST", body=[b"first ", b"second"]))
    assert content == b"first second"


def test_a_client_that_leaves_before_the_end_of_its_body_starts_nothing(handler: Any) -> None:
    async def story() -> None:
        messages = [{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}]

        async def receive() -> Any:
            return messages.pop(0)

        async def send(message: Any) -> None:
            raise AssertionError("Nothing is answered.")

        scope = {"type": "http", "method": "POST", "path": "/thread/", "query_string": b"", "headers": []}
        seen.clear()
        await handler(scope, receive, send)
        assert seen == []

    asyncio.run(story())


def test_what_one_request_sets_for_its_thread_is_not_the_next_ones(handler: Any) -> None:
    async def story() -> None:
        for _ in range(20):
            await ask(handler, "/thread/")
        languages = {(await ask(handler, "/language/"))[2] for _ in range(20)}
        assert languages == {translation.get_language().encode()}

    asyncio.run(story())


@pytest.mark.parametrize(("where", "content"), [("/later/", b"later"), ("/stream/", b"onetwo")])
def test_async_views_and_streams_are_served(handler: Any, where: str, content: bytes) -> None:
    assert asyncio.run(ask(handler, where))[::2] == (200, content)


def test_a_file_is_sent_whole_and_closed(handler: Any) -> None:
    assert asyncio.run(ask(handler, "/file/"))[2] == THIS_FILE.read_bytes()


def test_signals_surround_a_request_once(handler: Any) -> None:
    heard: list[str] = []

    def on_start(**kwargs: Any) -> None:
        heard.append("started")

    def on_end(**kwargs: Any) -> None:
        heard.append("finished")

    signals.request_started.connect(on_start)
    signals.request_finished.connect(on_end)
    try:
        for where in ("/thread/", "/stream/", "/no-such/"):
            heard.clear()
            asyncio.run(ask(handler, where))
            assert heard == ["started", "finished"], where
    finally:
        signals.request_started.disconnect(on_start)
        signals.request_finished.disconnect(on_end)


def test_a_view_that_breaks_is_a_500_and_the_next_request_is_served(handler: Any) -> None:
    async def story() -> None:
        assert (await ask(handler, "/broken/"))[0] == 500
        assert (await ask(handler, "/thread/"))[0] == 201

    asyncio.run(story())


def test_beyond_the_limit_a_request_is_answered_503_at_once(handler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "WAITING_LIMIT", 0)

    async def story() -> None:
        released.clear()
        running = [asyncio.create_task(ask(handler, "/long/")) for _ in range(handler._limit)]
        await asyncio.sleep(0.1)
        status, headers, _ = await ask(handler, "/thread/")
        assert (status, headers[b"retry-after"]) == (503, b"3")
        released.set()
        assert {answer[0] for answer in await asyncio.gather(*running)} == {200}
        assert (await ask(handler, "/thread/"))[0] == 201

    asyncio.run(story())


def test_a_body_beyond_the_limit_is_refused_before_its_end(handler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "BODY_LIMIT", 1000)
    sent: list[dict[str, Any]] = []
    parts = iter(range(100))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 400, "more_body": next(parts) < 99}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/thread/", "headers": [], "query_string": b""}
    asyncio.run(handler(scope, receive, send))
    assert sent[0]["status"] == 413
    assert next(parts) < 5
