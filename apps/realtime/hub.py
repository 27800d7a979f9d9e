"""One hub a process: the topics that somebody here listens to, their sockets, and the order in which changes reach them.

Everything below runs on the event loop and touches no thread but for database reads; so between two `await`s the state is
whole. A socket is a member of a topic only from the moment on which it has all changes up to `topic.last`.
"""

import asyncio
import contextlib
import logging
import math
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings

from apps.core import clock
from apps.core.registries import AuthenticatedSession, registries

from . import messages
from .bus import Bus
from .database import run_query
from .framing import change_payload, control_payload, frame_text
from .presence import Presence
from .registry import Frame, Missed, Right, TopicKind, Until, registry
from .sockets import UNSENT_LIMIT, Close, Socket

GAP_SECONDS = 0.2
CALM_SECONDS = 0.02
HOT_BYTES = 64 * 1024
RING_FRAMES = 500
RING_BYTES = 256 * 1024
RING_SECONDS = 120.0  # longer than pages need to come back; older changes are read from the database
SWEEP_SECONDS = 20.0
DEAF_SWEEP_SECONDS = 2.0
POLL_SECONDS = 1.0
LINGER_SECONDS = 60.0
RETRY_FILL_SECONDS = 1.0
SOCKETS_PER_USER = 10
logger = logging.getLogger(__name__)

Have = Mapping[str, int]


class Topic:
    """What one topic needs in this process. `last` is the last change that was handed on; `ring` holds those before it."""

    __slots__ = (
        "filling", "floor", "flush_timer", "flushed_at", "gap_timer", "holders", "hot", "hot_bytes", "id", "idle_since",
        "is_ready", "kind", "last", "late", "members", "name", "ring", "ring_bytes", "ring_from", "waiting",
    )  # fmt: skip

    def __init__(self, kind: TopicKind, topic_id: int) -> None:
        self.kind = kind
        self.id = topic_id
        self.name = messages.topic_name(kind.name, topic_id)
        self.members: dict[Socket, int] = {}  # socket -> the first place that it may see
        self.holders = 0  # people with a right to it
        self.floor = 0  # no member has a higher first place
        self.last = 0
        self.is_ready = False
        self.ring: deque[tuple[int, int | None, bytes, float]] = deque()  # change, place, payload, when
        self.ring_bytes = 0
        self.ring_from = 0  # the ring holds every change after this one
        self.waiting: dict[int, messages.Packet] = {}  # changes that came before those in front of them
        self.gap_timer: asyncio.TimerHandle | None = None
        self.filling = False
        self.late: dict[int, list[Socket]] = {}  # sockets that wait for the changes after a number from the database
        self.hot: list[bytes] = []
        self.hot_bytes = 0
        self.flush_timer: asyncio.TimerHandle | None = None
        self.flushed_at = 0.0
        self.idle_since = 0.0

    def drop_oldest(self) -> None:
        self.ring_from, _, payload, _ = self.ring.popleft()
        self.ring_bytes -= len(payload)

    @property
    def is_counted(self) -> bool:
        return self.kind.newest_change is not None


class Person:
    """A user with a socket here: the epoch that the rights were read at, and the rights."""

    __slots__ = ("epoch", "rights", "sessions_until", "sockets", "user_id")

    def __init__(self, user_id: int, epoch: int) -> None:
        self.user_id = user_id
        self.epoch = epoch
        self.sockets: dict[Socket, float] = {}  # socket -> when its session ends
        self.rights: dict[Topic, Until] = {}

    def due_at(self) -> float:
        """Return when the first right of this person ends by the clock."""
        rights = (ends_at(right) for right in self.rights.values() if right is not None)
        return min(min(self.sockets.values(), default=math.inf), min(rights, default=math.inf))


def ends_at(right: Until) -> float:
    until = right.until if isinstance(right, Right) else right
    return math.inf if until is None else until.timestamp()


def first_place(right: Until) -> int:
    return right.first_place if isinstance(right, Right) else 0


def look_up(keys: Collection[str], users: Collection[int] = ()) -> "Authority":
    """Read whose sessions hold and what their users may hear: one query for all sessions and a few a kind of topic."""
    assert registries.sessions is not None, "No app registered the session authenticator."
    found = registries.sessions(keys) if keys else {}
    ids = {session.user_id for session in found.values()}.union(users)
    rights: dict[int, dict[tuple[str, int], Until]] = {user_id: {} for user_id in ids}
    if ids:
        for kind in registry.topics.values():
            for user_id, topics in kind.topics_of(ids).items():
                mine = rights[user_id]
                for topic_id, until in topics.items():
                    mine[kind.name, topic_id] = until
    return Authority(found, rights)


class Authority:
    """What `look_up` found."""

    __slots__ = ("rights", "sessions")

    def __init__(
        self,
        sessions: Mapping[str, AuthenticatedSession],
        rights: Mapping[int, Mapping[tuple[str, int], Until]],
    ) -> None:
        self.sessions = sessions
        self.rights = rights


class Hub:
    def __init__(self, url: str) -> None:
        self.topics: dict[tuple[str, int], Topic] = {}
        self.by_channel: dict[bytes, Topic] = {}
        self.people: dict[int, Person] = {}
        self.bus = Bus(url, self._on_message, self._on_bus_up)
        self.presence = Presence(url)
        self._stale: set[int] = set()
        self._preparing = asyncio.Lock()
        self._nudge = asyncio.Event()
        self._sweep_now = asyncio.Event()
        self._revoked: dict[int, list[tuple[float, Topic]]] = {}  # user -> what was taken in place lately
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()

    # -- Life ---------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self.bus.start()
        self.presence.start()
        self._spawn(self._watch_authority())
        self._spawn(self._sweep())

    async def stop(self) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for topic in self.topics.values():
            for timer in (topic.gap_timer, topic.flush_timer):
                if timer is not None:
                    timer.cancel()
        await self.presence.stop()
        await self.bus.stop()

    def _spawn(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- Coming in and leaving ----------------------------------------------------------------------------------------

    async def prepare(self, authority: Authority) -> None:
        """Make every topic of these users ready: subscribed first, its newest change read afterwards."""
        async with self._preparing:  # so that a topic that is there is ready, too
            await self._prepare(authority)

    async def _prepare(self, authority: Authority) -> None:
        new: list[Topic] = []
        for rights in authority.rights.values():
            for key in rights:
                if key not in self.topics:
                    topic = Topic(registry.topics[key[0]], key[1])
                    topic.idle_since = self._loop.time()
                    self.topics[key] = topic
                    self.by_channel[messages.channel_name(topic.name)] = topic
                    new.append(topic)
        if new:
            try:
                await self.bus.subscribe([messages.channel_name(topic.name) for topic in new])
                newest = await run_query(_read_newest, new)
            except BaseException:
                # Nobody is a member yet; the next who comes tries again.
                self._forget(new)
                raise
            for topic in new:
                self._open(topic, newest.get(topic, 0))

    def attach(self, socket: Socket, session: AuthenticatedSession, authority: Authority, read_at: float) -> None:
        """Take a socket in whose session and rights were read at `read_at` (loop time)."""
        person = self.people.get(session.user_id)
        if person is None:
            person = self.people[session.user_id] = Person(session.user_id, session.authz_epoch)
            is_current = True
        else:
            is_current = person.epoch == session.authz_epoch
        while len(person.sockets) >= SOCKETS_PER_USER:
            oldest = next(iter(person.sockets))
            self.leave(oldest, keep_person=True)
            oldest.close(Close.REPLACED, "replaced")
        socket.user_id = session.user_id
        socket.opened_at = self._loop.time()
        person.sockets[socket] = session.until.timestamp()
        self.presence.enter(socket)
        if is_current:
            self._give(person, authority.rights.get(session.user_id, {}), read_at)
        else:
            # What was read is older or newer than what the other sockets were given: read once more for all of them.
            self._look_again(person.user_id)

    def leave(self, socket: Socket, *, keep_person: bool = False) -> None:
        """Take a socket out of everything. Safe to call twice."""
        person = self.people.get(socket.user_id)
        if person is None or person.sockets.pop(socket, None) is None:
            return
        self.presence.leave(socket)
        for topic in person.rights:
            topic.members.pop(socket, None)
        if not person.sockets and not keep_person:
            del self.people[socket.user_id]
            for topic in person.rights:
                self._unhold(topic)

    def greet(self, socket: Socket, have: Have) -> None:
        """Answer a hello: name the topics, replay what the page has not, and go on live from there."""
        person = self.people.get(socket.user_id)
        if person is None or socket not in person.sockets or socket.is_ready:
            return
        socket.is_ready = True
        topics = {topic.name: topic.last if topic.is_counted else None for topic in person.rights}
        socket.tell(control_payload("ready", user=socket.user_id, topics=topics))
        for name in have:
            if name not in topics:
                socket.tell(control_payload("gone", topic=name))
        for topic in person.rights:
            self._join(socket, topic, have.get(topic.name, topic.last))

    def _join(self, socket: Socket, topic: Topic, have: int) -> None:
        """Make a socket a member of a topic, from the change `have` on."""
        if topic.hot:
            self._flush(topic)
        if topic.is_counted and have < topic.ring_from and have < topic.last:
            late = topic.late.get(have)
            if late is not None:
                late.append(socket)
            else:
                topic.late[have] = [socket]
                self._spawn(self._catch_up(topic, have))
            return
        first = self._first_place(socket, topic)
        payloads = [
            payload
            for change, place, payload, _ in topic.ring
            if change > have and (place is None or place >= first)
        ] if have < topic.last else []  # fmt: skip
        if payloads and not socket.deliver(b"".join(map(frame_text, payloads)), payloads):
            self._drop_slow(socket)
            return
        topic.members[socket] = first
        topic.floor = max(topic.floor, first)

    def _first_place(self, socket: Socket, topic: Topic) -> int:
        person = self.people.get(socket.user_id)
        return first_place(person.rights.get(topic)) if person is not None else 0

    async def _catch_up(self, topic: Topic, have: int) -> None:
        """Replay from the database to the sockets that wait at `have`, then let them in."""
        missed = await self._read_missed(topic, have)
        if missed.newest > topic.last:
            # The database is ahead of the bus: all members get what it has, in order, and the wait for the bus is over.
            if missed.reload:
                missed_here = await self._read_missed(topic, topic.last)
                self._absorb(topic, missed_here)
            else:
                self._absorb(topic, missed)
        sockets = topic.late.pop(have, [])
        if topic.hot:
            self._flush(topic)
        for socket in sockets:
            person = self.people.get(socket.user_id)
            if person is None or topic not in person.rights or socket not in person.sockets:
                continue
            if missed.reload:
                socket.tell(control_payload("reload", topic=topic.name, change=topic.last))
                self._join(socket, topic, topic.last)
                continue
            first = first_place(person.rights[topic])
            payloads = [
                change_payload(topic.name, frame.change, frame.body)
                for frame in missed.frames
                if frame.place is None or frame.place >= first
            ]
            if payloads and not socket.deliver(b"".join(map(frame_text, payloads)), payloads):
                self._drop_slow(socket)
                continue
            self._join(socket, topic, max(have, missed.newest))

    async def _read_missed(self, topic: Topic, change: int) -> Missed:
        """Ask the database what a topic holds beyond a change, until it answers."""
        assert topic.kind.frames_after is not None, f"The kind {topic.kind.name} counts changes but cannot read them."
        while True:
            try:
                return await run_query(topic.kind.frames_after, topic.id, change)
            except Exception:  # whatever the database says: the topic waits and tries again
                logger.warning("The changes of %s after %d could not be read.", topic.name, change, exc_info=True)
                await asyncio.sleep(RETRY_FILL_SECONDS)

    def _forget(self, topics: Iterable[Topic]) -> None:
        for topic in topics:
            self.topics.pop((topic.kind.name, topic.id), None)
            self.by_channel.pop(messages.channel_name(topic.name), None)

    def _open(self, topic: Topic, newest: int) -> None:
        topic.last = topic.ring_from = newest
        topic.is_ready = True
        self._drain(topic)

    # -- Order --------------------------------------------------------------------------------------------------------

    def _on_message(self, channel: bytes, data: bytes) -> None:
        try:
            if channel == messages.control_channel():
                if data == messages.SWEEP:
                    self._sweep_now.set()
                    return
                if data.startswith(messages.CHOICE):
                    self.presence.hear_of_choice(messages.unpack_choice(data))
                    return
                asked = messages.unpack_rights(data) or self.people
                self._look_again(*(user_id for user_id in asked if user_id in self.people))
                return
            topic = self.by_channel.get(channel)
            if topic is None:
                return
            packet = messages.unpack(data)
        except ValueError:
            logger.warning("A message of the live bus was not understood.")
            return
        if packet.change is None:
            if topic.is_ready:
                self._send(topic, packet.payload)
        elif not topic.is_counted:
            logger.warning("A change came for %s, whose kind carries hints only.", topic.name)
        elif not topic.is_ready:
            topic.waiting[packet.change] = packet
        elif packet.change == topic.last + 1:
            self._hand_on(topic, packet.change, packet.payload, packet.revokes, packet.place)
            if topic.waiting:
                self._drain(topic)
        elif packet.change > topic.last:
            topic.waiting[packet.change] = packet
            self._await_gap(topic)

    def _drain(self, topic: Topic) -> None:
        """Hand on what waited and is next now."""
        waiting = topic.waiting
        while packet := waiting.pop(topic.last + 1, None):
            self._hand_on(topic, topic.last + 1, packet.payload, packet.revokes, packet.place)
        for change in [change for change in waiting if change <= topic.last]:
            del waiting[change]
        if waiting:
            self._await_gap(topic)
        elif topic.gap_timer is not None:
            topic.gap_timer.cancel()
            topic.gap_timer = None

    def _await_gap(self, topic: Topic) -> None:
        if topic.gap_timer is None and not topic.filling:
            topic.gap_timer = self._loop.call_later(GAP_SECONDS, self._fill_soon, topic)

    def _fill_soon(self, topic: Topic) -> None:
        topic.gap_timer = None
        if not topic.filling:
            topic.filling = True
            self._spawn(self._fill(topic))

    async def _fill(self, topic: Topic) -> None:
        """Close a gap from the database, once for all members."""
        known = tuple(topic.waiting)
        try:
            missed = await self._read_missed(topic, topic.last)
        finally:
            topic.filling = False
        self._absorb(topic, missed)
        # What the database does not know was never committed.
        for change in known:
            if change > missed.newest and topic.waiting.pop(change, None) is not None:
                logger.warning("Change %d of %s was announced, but the database has none.", change, topic.name)
        self._drain(topic)

    def _absorb(self, topic: Topic, missed: Missed) -> None:
        """Hand on, in order, what the database holds beyond `topic.last`, and continue from its newest change."""
        if missed.newest <= topic.last:
            return
        if missed.reload:
            self._flush(topic)
            topic.ring.clear()
            topic.ring_bytes = 0
            topic.ring_from = topic.last = missed.newest
            # Removals may be among what was skipped.
            self._look_again(*(socket.user_id for socket in topic.members))
            payload = control_payload("reload", topic=topic.name, change=topic.last)
            self._send(topic, payload)
        else:
            for frame in missed.frames:
                if frame.change > topic.last:
                    self._hand_on_frame(topic, frame)
            topic.last = missed.newest
        self._drain(topic)

    def _hand_on_frame(self, topic: Topic, frame: Frame) -> None:
        payload = change_payload(topic.name, frame.change, frame.body)
        self._hand_on(topic, frame.change, payload, frame.revokes, frame.place)

    def _hand_on(self, topic: Topic, change: int, payload: bytes, revokes: Collection[int], place: int | None) -> None:
        topic.last = change
        if revokes:
            self._revoke(topic, revokes)
        topic.ring.append((change, place, payload, self._loop.time()))
        topic.ring_bytes += len(payload)
        while len(topic.ring) > RING_FRAMES or topic.ring_bytes > RING_BYTES:
            topic.drop_oldest()
        if place is None or place >= topic.floor:
            self._send(topic, payload)
        else:
            self._flush(topic)
            framed = frame_text(payload)
            self._deliver([socket for socket, first in topic.members.items() if first <= place], framed, (payload,))

    def _send(self, topic: Topic, payload: bytes) -> None:
        """Deliver to all members: at once in a calm topic, gathered for 20 ms in a hot one."""
        if not topic.members:
            return
        if topic.hot:
            topic.hot.append(payload)
            topic.hot_bytes += len(payload)
            if topic.hot_bytes > HOT_BYTES:
                self._flush(topic)
            return
        now = self._loop.time()
        pause = topic.flushed_at + CALM_SECONDS - now
        if pause <= 0:
            topic.flushed_at = now
            self._deliver(topic.members, frame_text(payload), (payload,))
        else:
            topic.hot = [payload]
            topic.hot_bytes = len(payload)
            topic.flush_timer = self._loop.call_later(pause, self._flush, topic)

    def _flush(self, topic: Topic) -> None:
        if topic.flush_timer is not None:
            topic.flush_timer.cancel()
            topic.flush_timer = None
        payloads = topic.hot
        if payloads:
            topic.hot = []
            topic.flushed_at = self._loop.time()
            self._deliver(topic.members, b"".join(map(frame_text, payloads)), payloads)

    def _deliver(self, sockets: Iterable[Socket], framed: bytes, payloads: Sequence[bytes]) -> None:
        failed = []
        for socket in sockets:
            try:
                write = socket.write
                if write is None:
                    if not socket.deliver(framed, payloads):
                        failed.append(socket)
                elif socket.unsent() > UNSENT_LIMIT:  # type: ignore[misc]
                    failed.append(socket)
                else:
                    write(framed)
            except Exception:  # a socket that breaks must not cost the others their message
                logger.debug("A socket broke while it was written to.", exc_info=True)
                failed.append(socket)
        for socket in failed:
            self._drop_slow(socket)

    def _drop_slow(self, socket: Socket) -> None:
        self.leave(socket)
        with contextlib.suppress(Exception):
            socket.resync()

    # -- Authority ----------------------------------------------------------------------------------------------------

    def _revoke(self, topic: Topic, user_ids: Collection[int]) -> None:
        """Take a topic from users at this place of its order: what was before reaches them, what follows does not."""
        self._flush(topic)
        now = self._loop.time()
        for user_id in user_ids:
            self._revoked.setdefault(user_id, []).append((now, topic))
            person = self.people.get(user_id)
            if person is not None and topic in person.rights:
                self._take(person, topic)
                # The removed may have been taken back since; then the topic is announced anew.
                self._look_again(user_id)

    def _look_again(self, *user_ids: int) -> None:
        self._stale.update(user_ids)
        self._nudge.set()

    def _unhold(self, topic: Topic) -> None:
        topic.holders -= 1
        if not topic.holders:
            topic.idle_since = self._loop.time()

    def _take(self, person: Person, topic: Topic) -> None:
        del person.rights[topic]
        self._unhold(topic)
        payload = control_payload("gone", topic=topic.name)
        for socket in person.sockets:
            topic.members.pop(socket, None)
            if socket.is_ready:
                socket.tell(payload)

    def _give(self, person: Person, rights: Mapping[tuple[str, int], Until], read_at: float) -> None:
        """Make a person's topics those that were read at `read_at`, but for what was revoked meanwhile."""
        taken = {topic for at, topic in self._revoked.get(person.user_id, ()) if at >= read_at}
        now: dict[Topic, Until] = {}
        for key, right in rights.items():
            topic = self.topics.get(key)
            if topic is not None and topic.is_ready and topic not in taken:
                now[topic] = right
            else:
                self._look_again(person.user_id)
        for topic in [topic for topic in person.rights if topic not in now]:
            self._take(person, topic)
        for topic, right in now.items():
            known = topic in person.rights
            if known and first_place(person.rights[topic]) != first_place(right):
                for socket in person.sockets:
                    if socket in topic.members:
                        topic.members[socket] = first_place(right)
                topic.floor = max(topic.floor, first_place(right))
            person.rights[topic] = right
            if not known:
                topic.holders += 1
                for socket in person.sockets:
                    if socket.is_ready:
                        change = topic.last if topic.is_counted else None
                        socket.tell(control_payload("topic", topic=topic.name, change=change))
                        self._join(socket, topic, topic.last)

    async def _watch_authority(self) -> None:
        """Once a second: whose epoch rose, and whose rights ended by the clock."""
        polled_at = -math.inf
        while True:
            pause = polled_at + POLL_SECONDS - self._loop.time()
            if pause > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._nudge.wait(), pause)
            self._nudge.clear()
            due, self._stale = self._stale, set()
            try:
                if self._loop.time() - polled_at >= POLL_SECONDS:
                    polled_at = self._loop.time()
                    due |= await self._poll()
                due.intersection_update(self.people)
                if due:
                    await self._renew(due)
            except Exception:  # the database is away; rights are looked at again in a second
                logger.warning("The rights of connected users could not be read.", exc_info=True)
                self._stale |= due
                polled_at = self._loop.time()
                await asyncio.sleep(POLL_SECONDS)

    async def _poll(self) -> set[int]:
        if not self.people:
            return set()
        assert registries.epochs is not None, "No app registered the authority lookup."
        now = clock.now().timestamp()
        due = {user_id for user_id, person in self.people.items() if person.due_at() <= now}
        asked = tuple(self.people)
        epochs = await run_query(registries.epochs, asked)
        for user_id in asked:
            person = self.people.get(user_id)
            epoch = epochs.get(user_id)
            if person is not None and epoch != person.epoch:
                due.add(user_id)
                if epoch is not None:
                    person.epoch = epoch
        return due

    async def _renew(self, user_ids: Collection[int]) -> None:
        """Authenticate the sockets of these users anew and make their topics what they are now."""
        read_at = self._loop.time()
        people = {user_id: self.people[user_id] for user_id in user_ids}
        keys = {socket.session_key for person in people.values() for socket in person.sockets}
        authority = await run_query(look_up, keys, user_ids)
        now = clock.now()
        # Whoever is out is out before anything else is awaited.
        for user_id, person in people.items():
            for socket in list(person.sockets):
                if socket.session_key not in keys:
                    continue  # came in meanwhile, with a look-up of its own
                session = authority.sessions.get(socket.session_key)
                if session is None or session.user_id != user_id or session.until <= now:
                    self.leave(socket)
                    socket.close(Close.SIGNED_OUT, "signed out")
                else:
                    person.sockets[socket] = session.until.timestamp()
            if person.sockets:
                self._keep_only(person, authority.rights.get(user_id, {}))
        await self.prepare(authority)
        for user_id, person in people.items():
            if person.sockets and self.people.get(user_id) is person:
                self._give(person, authority.rights.get(user_id, {}), read_at)
        self.presence.check_again(user_ids)

    def _keep_only(self, person: Person, rights: Mapping[tuple[str, int], Until]) -> None:
        for topic in [topic for topic in person.rights if (topic.kind.name, topic.id) not in rights]:
            self._take(person, topic)

    # -- Healing ------------------------------------------------------------------------------------------------------

    def _on_bus_up(self) -> None:
        self._sweep_now.set()
        self.presence.hear_of_outage()

    async def _sweep(self) -> None:
        """Every 20 s, or 2 s without a bus, and after its return: find the topics that rose unseen."""
        while True:
            pause = SWEEP_SECONDS if self.bus.is_up else DEAF_SWEEP_SECONDS
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._sweep_now.wait(), pause)
            self._sweep_now.clear()
            try:
                await self.sweep()
            except Exception:  # the database is away; the next sweep finds the same
                logger.warning("The newest changes of the live topics could not be read.", exc_info=True)

    async def sweep(self) -> None:
        """Ask once for the newest change of all topics here and fill those that are behind; let go of what is idle."""
        self._forget_old()
        await self._let_go()
        topics = [topic for topic in self.topics.values() if topic.is_ready and topic.is_counted]
        if not topics:
            return
        newest = await run_query(_read_newest, topics)
        for topic in topics:
            if newest.get(topic, 0) > topic.last:
                self._fill_soon(topic)

    def _forget_old(self) -> None:
        before = self._loop.time() - RING_SECONDS
        for topic in self.topics.values():
            while topic.ring and topic.ring[0][3] < before:
                topic.drop_oldest()
        for user_id, taken in list(self._revoked.items()):
            if taken[-1][0] < before:
                del self._revoked[user_id]

    async def _let_go(self) -> None:
        before = self._loop.time() - LINGER_SECONDS
        idle = [
            topic
            for topic in self.topics.values()
            if topic.is_ready and not topic.holders and not topic.late and topic.idle_since < before
        ]
        if idle:
            self._forget(idle)
            await self.bus.unsubscribe([messages.channel_name(topic.name) for topic in idle])


def _read_newest(topics: Collection[Topic]) -> dict[Topic, int]:
    """Return the newest change of each topic whose kind counts: one query a kind."""
    by_kind: dict[str, dict[int, Topic]] = {}
    for topic in topics:
        if topic.is_counted:
            by_kind.setdefault(topic.kind.name, {})[topic.id] = topic
    newest: dict[Topic, int] = {}
    for name, members in by_kind.items():
        read = registry.topics[name].newest_change
        assert read is not None
        for topic_id, change in read(tuple(members)).items():
            newest[members[topic_id]] = change
    return newest


_hub: Hub | None = None


def current_hub() -> Hub:
    """Return this process's hub, started when first asked for (a server without lifespan events never says when)."""
    global _hub  # noqa: PLW0603 — one hub a process is the point
    if _hub is None:
        _hub = Hub(settings.REDIS_URL)
        _hub.start()
    return _hub


async def stop_hub() -> None:
    global _hub
    hub, _hub = _hub, None
    if hub is not None:
        await hub.stop()
