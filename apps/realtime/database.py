"""Database reads of the gateway: on two threads of its own, so that the hub neither blocks nor starves the requests."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

THREADS = 2
P = ParamSpec("P")
T = TypeVar("T")
_executor: ThreadPoolExecutor | None = None


def _call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()


async def run_query(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a synchronous read on a thread of the gateway; its connection goes back to the pool afterwards."""
    global _executor  # noqa: PLW0603 — one pool of threads a process, made when first used
    if _executor is None:
        _executor = ThreadPoolExecutor(THREADS, thread_name_prefix="live")
    return await asyncio.get_running_loop().run_in_executor(_executor, partial(_call, function, *args, **kwargs))
