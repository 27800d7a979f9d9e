"""Django's ASGI handler with one thread hop a request (docs/adr/0003-one-thread-hop.md).

The portal's views, middleware and ORM are synchronous. The stock handler runs the middleware chain on the event loop and
hops to a thread for each synchronous part; this one loads the chain in synchronous mode and runs a request from its
`request_started` to its `request_finished` on one thread of a bounded pool, as a WSGI server would.
"""

import asyncio
import contextvars
import re
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from io import BytesIO
from typing import IO, Any, TypeVar, cast

import orjson
from django.conf import settings
from django.core import signals
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from apps.realtime.database import THREADS as LIVE_THREADS

WAITING_LIMIT = 200
BODY_LIMIT = 16 * 1024 * 1024  # bytes; files travel by another way
BUSY = {
    "error": "busy",
    "message": {
        "ko": "지금 포털에 요청이 많습니다. 저장된 것은 없습니다. 몇 초 뒤에 다시 해 주세요.",
        "en": "The portal is very busy just now. Nothing was stored; try again in a few seconds.",
        "ar": "البوابة مشغولة جدًا الآن. لم يُحفظ شيء؛ حاول بعد ثوانٍ.",
    },
}
TOO_LARGE = {
    "error": "too_large",
    "message": {
        "ko": "너무 큽니다. 저장된 것은 없습니다. 나누어 보내거나 파일로 보내 주세요.",
        "en": "This is too large. Nothing was stored: send less at once, or send it as a file.",
        "ar": "الحجم كبير جدًا. لم يُحفظ شيء؛ أرسل أقل في كل مرة أو أرسله ملفًا.",
    },
}
END = object()
T = TypeVar("T")


class OneHopHandler(ASGIHandler):
    """Serves HTTP for ASGI: as many requests run as there are connections, `WAITING_LIMIT` wait, the rest hear 503."""

    def __init__(self) -> None:
        super(ASGIHandler, self).__init__()
        self.load_middleware(is_async=False)
        # With the gateway's own threads as many as the pool has connections: a request that runs never waits for one.
        self._limit = max(2, int(settings.DATABASE_POOL["max_size"]) - LIVE_THREADS)
        self._threads = ThreadPoolExecutor(self._limit, thread_name_prefix="request")
        self._open = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError(f"Django answers HTTP only, not {scope['type']}.")
        if self._open >= self._limit + WAITING_LIMIT:
            await _send_refusal(scope, send, 503, BUSY, (b"retry-after", b"3"))
            return
        self._open += 1
        try:
            await self.handle(scope, receive, send)
        finally:
            self._open -= 1

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await _read_body(receive)
        except BodyTooLarge:
            await _send_refusal(scope, send, 413, TOO_LARGE)
            return
        if body is None:
            return
        try:
            response, rest = await self._hop(self._respond, scope, body)
            if rest is None:
                await self.send_response(response, send)
                return
            await self._send_stream(response, rest, send)
            await self._hop(response.close)
        finally:
            body.close()

    async def _hop(self, function: Callable[..., T], *args: Any) -> T:
        # A context of its own a request: nothing that a view sets for its thread outlives it.
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._threads, context.run, function, *args)

    def _respond(self, scope: Any, body: IO[bytes]) -> tuple[HttpResponseBase, Any]:
        """Run a request whole; return its response, and what is still to be streamed where the body is not whole."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        response: Any
        request, response = self.create_request(scope, body)
        if request is not None:
            response = self.get_response(request)
        response._handler_class = self.__class__  # noqa: SLF001 — Django sends it with request_finished
        if not response.streaming:
            response.close()
            return response, None
        if response.is_async:
            return response, response.streaming_content
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        return response, iter(response)

    async def _send_stream(self, response: Any, rest: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": response.status_code, "headers": _headers(response)})
        if isinstance(response, StreamingHttpResponse) and response.is_async:
            async with aclosing(cast("AsyncGenerator[bytes]", aiter(response))) as parts:
                async for part in parts:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
        else:
            while (part := await self._hop(_next_part, rest)) is not END:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})


def _next_part(parts: Iterator[bytes]) -> Any:
    return next(parts, END)


def _headers(response: Any) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    headers += [(b"Set-Cookie", cookie.OutputString().encode("ascii")) for cookie in response.cookies.values()]
    return headers


class BodyTooLarge(Exception):
    """A request sends more than this handler keeps; it is answered before its end."""


async def _read_body(receive: Any) -> IO[bytes] | None:
    """Return the request's body as a file, in memory while it is small; None where the client left before its end.

    Raises BodyTooLarge as soon as more than `BODY_LIMIT` bytes have come.
    """
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        return BytesIO(message.get("body", b""))
    body: Any = tempfile.SpooledTemporaryFile(settings.FILE_UPLOAD_MAX_MEMORY_SIZE)  # noqa: SIM115 — the handler closes it
    while True:
        if message["type"] == "http.disconnect":
            body.close()
            return None
        body.write(message.get("body", b""))
        if body.tell() > BODY_LIMIT:
            body.close()
            raise BodyTooLarge
        if not message.get("more_body", False):
            body.seek(0)
            return body  # type: ignore[no-any-return]
        message = await receive()


async def _send_refusal(scope: Any, send: Any, status: int, words: dict[str, Any], *more: tuple[bytes, bytes]) -> None:
    """Answer before Django has a thread for it: JSON for a script, else plain text, in the language that was asked for."""
    asked = dict(scope["headers"])
    languages = re.findall(rb"\b(ko|en|ar)\b", asked.get(b"accept-language", b""))
    language = languages[0].decode() if languages else settings.LANGUAGE_CODE
    message = words["message"][language]
    accepted = asked.get(b"accept", b"")
    if b"application/json" in accepted and b"text/html" not in accepted:
        kind, body = b"application/json", orjson.dumps({"error": words["error"], "message": message})
    else:
        kind, body = b"text/plain; charset=utf-8", f"{message}\n".encode()
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
