"""Who is reachable, for those who have them on a page: an open page says "here" or "away", its process says so to the others.

Each process keeps one key on the bus with the people of its own pages; it is written when somebody comes or goes and every
20 s, and is gone 50 s after a process that died. A process that shows people to somebody reads the keys of all of them every
5 s, in one command, and tells its pages what has changed. What somebody chose by hand stands above that; it is asked from
the app that keeps it. Nothing here is the truth of anything: without the bus nobody is told, and all else goes on.
"""

import asyncio
import contextlib
import logging
import math
import time
import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from apps.core import clock

from .database import run_query
from .framing import control_payload
from .registry import registry
from .sockets import Socket

WATCH_LIMIT = 50
ROUND_SECONDS = 5.0
REFRESH_SECONDS = 20.0
KEY_SECONDS = 50
WRITE_SECONDS = 1.0  # between two writes of a process
LEAVING_SECONDS = 15.0  # a page that is followed by another leaves no gap
GATHER_SECONDS = 0.05  # in which those who begin to watch share their look-ups
REREAD_SECONDS = 60.0  # what was chosen by hand, should the word of a change have been lost
ANSWER_SECONDS = 2.0
STOP_SECONDS = 1.0
FORGET_PROCESS_SECONDS = 600
PROCESSES = "presence:processes"
REACHABLE, AWAY, ABSENT = "reachable", "away", "absent"
BUS_FAULTS = (RedisError, OSError, ValueError)
logger = logging.getLogger(__name__)

ByHand = Mapping[int, tuple[str, datetime | None]]


class Tab:
    """One page: whether somebody sits at it, and whom it shows."""

    __slots__ = ("is_here", "watched")

    def __init__(self) -> None:
        self.is_here = True
        self.watched: frozenset[int] = frozenset()


class Presence:
    """What a hub knows of presence. Runs on the event loop, like the hub."""

    def __init__(self, url: str) -> None:
        self._redis: Any = redis.asyncio.Redis.from_url(
            url,
            protocol=2,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 1),  # a kept connection may be that of a bus that was restarted since
        )
        self._key = f"presence:{uuid.uuid4().hex}"
        self._tabs: dict[Socket, Tab] = {}
        self._people: dict[int, set[Socket]] = {}
        self._leaving: dict[int, tuple[float, bool]] = {}  # who has no page left -> since when, and were they here
        self._changed = asyncio.Event()
        self._watchers: dict[int, set[Socket]] = {}
        self._shown: dict[int, str] = {}  # whom a page here shows -> what its readers were told last
        self._by_hand: dict[int, tuple[str, float]] = {}  # of those who are shown -> state, and when that ends
        self._read_by_hand_at = -math.inf
        self._present: dict[int, bool] | None = None  # in all processes: here or away; None where the bus said nothing
        self._present_at = -math.inf
        self._asked: dict[Socket, frozenset[int]] = {}
        self._is_answering = False
        self._is_silent = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    # -- Life ---------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._spawn(self._keep_written())
        self._spawn(self._keep_told())

    async def stop(self) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Whoever was connected here comes back somewhere else, and should not blink meanwhile.
        with contextlib.suppress(*BUS_FAULTS, TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._redis.expire(self._key, int(LEAVING_SECONDS))
        await self._redis.aclose()

    def _spawn(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- Pages that come, speak and go ----------------------------------------------------------------------------------

    def enter(self, socket: Socket) -> None:
        """Count a socket that was let in: somebody sits at it until it says otherwise."""
        before = self._is_here(socket.user_id)
        self._tabs[socket] = Tab()
        self._people.setdefault(socket.user_id, set()).add(socket)
        self._leaving.pop(socket.user_id, None)
        self._note(socket.user_id, before)

    def leave(self, socket: Socket) -> None:
        """Forget a socket; its person is gone a moment later unless another page of theirs opens. Safe to call twice."""
        tab = self._tabs.pop(socket, None)
        if tab is None:
            return
        self._asked.pop(socket, None)
        self._unwatch(socket, tab.watched)
        user_id = socket.user_id
        others = self._people[user_id]
        was_here = tab.is_here or any(self._tabs[other].is_here for other in others if other is not socket)
        others.discard(socket)
        if others:
            self._note(user_id, was_here)
        else:
            del self._people[user_id]
            self._leaving[user_id] = (self._loop.time(), was_here)

    def say(self, socket: Socket, *, is_here: bool) -> None:
        """Note whether somebody sits at a page."""
        tab = self._tabs.get(socket)
        if tab is not None and tab.is_here != is_here:
            before = self._is_here(socket.user_id)
            tab.is_here = is_here
            self._note(socket.user_id, before)

    def _is_here(self, user_id: int) -> bool | None:
        """Whether a person sits at one of their pages in this process; None where they have none."""
        sockets = self._people.get(user_id)
        if sockets:
            return any(self._tabs[socket].is_here for socket in sockets)
        left = self._leaving.get(user_id)
        return left[1] if left else None

    def _note(self, user_id: int, before: bool | None) -> None:
        if self._is_here(user_id) != before:
            self._changed.set()

    # -- Telling the other processes --------------------------------------------------------------------------------------

    async def _keep_written(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), self._pause())
            self._changed.clear()
            self._let_go()
            try:
                await self._write()
            except BUS_FAULTS as fault:
                self._fall_silent(fault)
                self._changed.set()
                await asyncio.sleep(ROUND_SECONDS)
            await asyncio.sleep(WRITE_SECONDS)

    def _pause(self) -> float:
        """Return until when nothing has to be written if nobody comes or goes."""
        first = min((since for since, _ in self._leaving.values()), default=math.inf)
        return max(0.0, min(REFRESH_SECONDS, first + LEAVING_SECONDS - self._loop.time()))

    def _let_go(self) -> None:
        before = self._loop.time() - LEAVING_SECONDS
        for user_id in [user_id for user_id, (since, _) in self._leaving.items() if since <= before]:
            del self._leaving[user_id]

    async def _write(self) -> None:
        here: list[int] = []
        away: list[int] = []
        for user_id in (*self._people, *self._leaving):
            (here if self._is_here(user_id) else away).append(user_id)
        now = time.time()
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.set(self._key, orjson.dumps([here, away]), ex=KEY_SECONDS)
            pipeline.zadd(PROCESSES, {self._key: now})
            pipeline.zremrangebyscore(PROCESSES, "-inf", now - FORGET_PROCESS_SECONDS)
            await pipeline.execute()
        self._is_silent = False

    async def _look(self) -> None:
        """Read who is here and who is away, in all processes."""
        try:
            keys = await self._redis.zrange(PROCESSES, 0, -1)
            snapshots = await self._redis.mget(keys) if keys else []
            present: dict[int, bool] = {}
            for snapshot in snapshots:
                here, away = orjson.loads(snapshot) if snapshot else ((), ())
                for user_id in away:
                    present.setdefault(user_id, False)
                present.update(dict.fromkeys(here, True))
        except BUS_FAULTS as fault:
            self._present = None
            self._fall_silent(fault)
            return
        self._present = present
        self._present_at = self._loop.time()
        self._is_silent = False

    def _fall_silent(self, fault: Exception) -> None:
        if not self._is_silent:
            logger.warning("Nobody is told who is reachable until the bus answers: %s", fault)
        self._is_silent = True

    # -- Telling the pages --------------------------------------------------------------------------------------------------

    def watch(self, socket: Socket, people: Iterable[int]) -> None:
        """Let a page show these people instead of those before; it is answered a moment later with what they are now."""
        if socket not in self._tabs:
            return
        self._asked[socket] = frozenset(people)
        if not self._is_answering:
            self._is_answering = True
            self._spawn(self._answer_soon())

    def check_again(self, user_ids: Iterable[int]) -> None:
        """Look once more at whom these people may see: their rights have changed."""
        for user_id in user_ids:
            for socket in self._people.get(user_id, ()):
                watched = self._tabs[socket].watched
                if watched and socket not in self._asked:
                    self.watch(socket, watched)

    async def _answer_soon(self) -> None:
        try:
            while self._asked:
                await asyncio.sleep(GATHER_SECONDS)
                asked, self._asked = self._asked, {}
                try:
                    await self._answer(asked)
                except Exception:  # the database is away; the pages ask again
                    logger.warning("Whom %d pages may show could not be read.", len(asked), exc_info=True)
                    payload = control_payload("error", code="failed", re="watch")
                    for socket in asked:
                        if socket in self._tabs:
                            socket.tell(payload)
        finally:
            self._is_answering = False

    async def _answer(self, asked: Mapping[Socket, frozenset[int]]) -> None:
        people = frozenset[int]().union(*asked.values())
        visible, by_hand = await run_query(_read, {socket.user_id for socket in asked}, people)
        if people and self._loop.time() - self._present_at > ROUND_SECONDS:
            await self._look()
        told = []
        for socket, wanted in asked.items():
            tab = self._tabs.get(socket)
            if tab is None or socket in self._asked:  # gone, or it shows others already
                continue
            self._unwatch(socket, tab.watched)
            tab.watched = wanted.intersection(visible.get(socket.user_id, ()))
            for person in tab.watched:
                self._watchers.setdefault(person, set()).add(socket)
            told.append((socket, tab.watched))
        self._take_by_hand(people.intersection(self._watchers), by_hand)
        now = clock.now().timestamp()
        for socket, watched in told:
            states = {}
            for person in watched:
                # What is new in it the others who see this person are told in the next round.
                state = self._state_of(person, now)
                if state is not None:
                    states[str(person)] = state
                    self._shown.setdefault(person, state)
            socket.tell(control_payload("presence", people=states))

    def _unwatch(self, socket: Socket, people: Iterable[int]) -> None:
        for person in people:
            watchers = self._watchers.get(person)
            if watchers is not None:
                watchers.discard(socket)
                if not watchers:
                    del self._watchers[person]
                    self._shown.pop(person, None)
                    self._by_hand.pop(person, None)

    def _state_of(self, person: int, now: float) -> str | None:
        """Return what somebody is at an instant, or None while nobody knows."""
        by_hand = self._by_hand.get(person)
        if by_hand is not None and by_hand[1] > now:
            return by_hand[0]
        if self._present is None:
            return None
        is_here = self._present.get(person)
        return ABSENT if is_here is None else REACHABLE if is_here else AWAY

    async def _keep_told(self) -> None:
        while True:
            await asyncio.sleep(ROUND_SECONDS)
            if self._watchers:
                try:
                    await self._tell_changes()
                except Exception:  # a round that fails is one round
                    logger.exception("A round of presence failed.")

    async def _tell_changes(self) -> None:
        await self._look()
        if self._loop.time() - self._read_by_hand_at > REREAD_SECONDS:
            self._read_by_hand_at = self._loop.time()
            await self._read_by_hand(tuple(self._watchers))
        now = clock.now().timestamp()
        news: dict[Socket, dict[str, str]] = {}
        for person, watchers in self._watchers.items():
            state = self._state_of(person, now)
            if state is not None and state != self._shown.get(person):
                self._shown[person] = state
                for socket in watchers:
                    news.setdefault(socket, {})[str(person)] = state
        for socket, states in news.items():
            socket.tell(control_payload("presence", people=states))

    # -- What was chosen by hand ----------------------------------------------------------------------------------------------

    def hear_of_choice(self, user_ids: Collection[int]) -> None:
        """Read anew what these people chose by hand; the next round tells it."""
        shown = [user_id for user_id in user_ids if user_id in self._watchers]
        if shown:
            self._spawn(self._read_by_hand(shown))

    def hear_of_outage(self) -> None:
        """Say and read everything anew: the bus was away, and what it held may be gone."""
        self._read_by_hand_at = -math.inf
        self._changed.set()

    async def _read_by_hand(self, people: Collection[int]) -> None:
        try:
            by_hand = await run_query(_read_by_hand, people)
        except Exception:  # the database is away; what was known stands for another minute
            logger.warning("What people chose by hand could not be read.", exc_info=True)
            return
        self._take_by_hand([person for person in people if person in self._watchers], by_hand)

    def _take_by_hand(self, people: Iterable[int], by_hand: ByHand) -> None:
        for person in people:
            if person in by_hand:
                state, until = by_hand[person]
                self._by_hand[person] = (state, until.timestamp() if until is not None else math.inf)
            else:
                self._by_hand.pop(person, None)


def _read(watchers: Collection[int], people: Collection[int]) -> tuple[Mapping[int, Collection[int]], ByHand]:
    """Read whom of these people each watcher may see, and what was chosen by hand."""
    if not people or registry.visible_people is None:
        return {}, {}
    visible = registry.visible_people(watchers, people)
    return visible, _read_by_hand(set[int]().union(*visible.values()))


def _read_by_hand(people: Collection[int]) -> ByHand:
    return registry.presence_by_hand(people) if people and registry.presence_by_hand is not None else {}
