"""The gateway as an ASGI application: one path, and the life of the hub with the server's."""

from typing import Any

from channels.routing import URLRouter
from django.urls import path, re_path

from .consumers import LiveConsumer, refuse_path
from .hub import current_hub, stop_hub
from .protocol import find_fault

# Channels routes by Django's patterns, whose types know views only.
_consumer: Any = LiveConsumer.as_asgi()
_refuse: Any = refuse_path
_routes: list[Any] = [path("live/", _consumer), re_path("", _refuse)]
application = URLRouter(_routes)


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Start the hub before the first request and stop it after the last."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            find_fault()
            current_hub()
            await send({"type": "lifespan.startup.complete"})
        else:
            await stop_hub()
            await send({"type": "lifespan.shutdown.complete"})
            return
