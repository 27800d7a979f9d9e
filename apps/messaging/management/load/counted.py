"""The portal with a counter: how many statements a web process has sent to the database, and how many for whole batches.

A web process of a load generator serves this instead of the portal itself: `GET /-/statements` answers
`{"statements": n, "batches": n}`; a batch is one look at the sessions of the sockets that wait at the door.
"""

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.backends.signals import connection_created
from django.utils.module_loading import import_string

from .scratch import COUNTED_PATH

SESSIONS = "django_session"
portal = import_string(settings.ASGI_APPLICATION)
counts = {"statements": 0, "batches": 0}


def _count(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
    counts["statements"] += 1
    counts["batches"] += SESSIONS in sql and " IN (" in sql
    return execute(sql, parameters, many, context)


def _watch(connection: Any, **_: Any) -> None:
    if _count not in connection.execute_wrappers:
        connection.execute_wrappers.append(_count)


connection_created.connect(_watch, dispatch_uid="load.counted")


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http" or scope["path"] != COUNTED_PATH:
        await portal(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(counts).encode()})
