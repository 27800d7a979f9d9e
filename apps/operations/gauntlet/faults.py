"""Faults under load: web processes killed, PostgreSQL and Valkey restarted, the bus emptied, while people write and read."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import redis
from django.db import connections

from apps.operations.embedded import Postgres, Valkey
from apps.operations.services import Services
from apps.teams.models import Channel

from .listeners import Audience, Listener
from .senders import Rhythm, Sender
from .server import Web, unhandled_errors
from .verdict import compare_listeners, compare_with_database, compare_with_fresh_client
from .world import World

TEN = (
    "web",
    "postgres",
    "web",
    "valkey",
    "web",
    "flush",
    "web",
    "postgres",
    "web",
    "valkey",
)  # ten faults, in some order
LISTENERS = 12
CALM = (0.8, 2.0)  # seconds between two faults
BURST_LASTS = 0.2  # seconds
SUCCESS_WITHIN = 10.0  # seconds from the end of PostgreSQL to the first message that is stored again
WHOLE_WITHIN = 5.0  # seconds from the return of Valkey until every page has what there is
SETTLE_WITHIN = 20.0  # seconds at the end, for the slowest page's next try


@dataclass
class Report:
    """Figures of a run, and what was wrong with it."""

    faults: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    acknowledged: int = 0
    unknown: int = 0
    unknown_but_stored: int = 0
    retried: int = 0
    found_by_retry: int = 0
    changes: int = 0
    connections: int = 0
    reloads: int = 0
    slowest_return_s: float = 0.0
    slowest_success_s: float = 0.0
    slowest_whole_s: float = 0.0
    violations: list[str] = field(default_factory=list)


class Trouble:
    """Makes faults on the services and web processes of a scratch portal, and measures how it recovers."""

    def __init__(
        self, webs: Sequence[Web], services: Services, rhythm: Rhythm, audience: Audience, world: World, report: Report
    ) -> None:
        self.webs = webs
        self.postgres = next(server for server in services.servers if isinstance(server, Postgres))
        self.valkey = next(server for server in services.servers if isinstance(server, Valkey))
        self.rhythm, self.audience, self.world, self.report = rhythm, audience, world, report

    def make(self, kind: str, dice: random.Random) -> None:
        verbs: dict[str, Callable[[random.Random], None]] = {
            "web": self.kill_web,
            "postgres": self.restart_postgres,
            "valkey": self.restart_valkey,
            "flush": self.flush_valkey,
        }
        verbs[kind](dice)

    def kill_web(self, dice: random.Random) -> None:
        """Kill -9 one web process; the others go on."""
        web = dice.choice(self.webs)
        web.kill()
        began = time.monotonic()
        web.start()
        self.report.slowest_return_s = max(self.report.slowest_return_s, round(time.monotonic() - began, 2))

    def restart_postgres(self, dice: random.Random) -> None:
        """End PostgreSQL in the middle of everything: the next start recovers from the log."""
        began = time.monotonic()
        assert self.postgres.process is not None
        self.postgres.process.send_signal(signal.SIGQUIT)
        self.postgres.process.wait()
        self.postgres.start()
        self.postgres.wait()
        back = time.monotonic()
        while self.rhythm.succeeded_at < back and time.monotonic() - began < SUCCESS_WITHIN:
            time.sleep(0.02)
        took = round(time.monotonic() - began, 2)
        self.report.slowest_success_s = max(self.report.slowest_success_s, took)
        if self.rhythm.succeeded_at < back:
            self.report.violations.append(f"{took} s after PostgreSQL was ended nothing could be stored")

    def restart_valkey(self, dice: random.Random) -> None:
        assert self.valkey.process is not None
        self.valkey.process.kill()
        self.valkey.process.wait()
        time.sleep(dice.uniform(0, 1.5))  # so that some is published into the void
        self.valkey.start()
        self.valkey.wait()
        self.expect_whole("Valkey was back")

    def flush_valkey(self, dice: random.Random) -> None:
        client = redis.Redis.from_url(self.valkey.url, socket_timeout=5)
        client.flushall()
        client.close()
        self.expect_whole("the bus was emptied")

    def expect_whole(self, what: str) -> None:
        """Every page that is open must soon have all that there is now."""
        took = self.audience.wait_for(newest_change(self.world.channel_id), WHOLE_WITHIN)
        if took is None:
            self.report.violations.append(f"{WHOLE_WITHIN:g} s after {what} a page lacked something")
        else:
            self.report.slowest_whole_s = max(self.report.slowest_whole_s, round(took, 2))


def newest_change(channel_id: int) -> int:
    connections.close_all()  # PostgreSQL may have been another one when it was opened
    return Channel._default_manager.get(pk=channel_id).last_change


def plan_faults(count: int, dice: random.Random) -> list[str]:
    """Return the kinds of faults in order: of every ten the same, in another order."""
    kinds: list[str] = []
    while len(kinds) < count:
        kinds += dice.sample(TEN, len(TEN))
    return kinds[:count]


def run_faults(
    webs: Sequence[Web],
    services: Services,
    world: World,
    *,
    faults: int,
    seed: int,
    say: Callable[[str], None],
) -> Report:
    """Let everybody write and read, make FAULTS faults at random instants, and compare what was said with what is there."""
    report = Report()
    dice = random.Random(seed)  # noqa: S311 — no secret
    rhythm = Rhythm()
    seen: dict[int, str] = {}
    readers = [world.senders[index % len(world.senders)] for index in range(LISTENERS)]
    listeners = [Listener(webs, person, world.channel_id, seed + index, seen) for index, person in enumerate(readers)]
    senders = [
        Sender(webs, person, world.channel_id, seed + index, rhythm) for index, person in enumerate(world.senders, 1)
    ]
    audience = Audience(listeners)
    audience.start()
    if audience.wait_for(0, SETTLE_WITHIN) is None:
        report.violations.append("the pages did not open")
    for sender in senders:
        sender.start()
    trouble = Trouble(webs, services, rhythm, audience, world, report)
    kinds = plan_faults(faults, dice)
    for number, kind in enumerate(kinds, 1):
        time.sleep(dice.uniform(*CALM))
        rhythm.call_burst()  # so that the fault meets requests at every stage, some between commit and answer
        time.sleep(dice.uniform(0, BURST_LASTS))
        trouble.make(kind, dice)
        if number % 50 == 0:
            say(f"{number} of {faults} faults; {len(rhythm.numbers)} messages; {len(report.violations)} violations")
    time.sleep(2)
    rhythm.end()
    for sender in senders:
        sender.join()
    if audience.wait_for(newest_change(world.channel_id), SETTLE_WITHIN) is None:
        late = sum(listener.change < newest_change(world.channel_id) for listener in listeners)
        report.violations.append(f"{late} pages lack something {SETTLE_WITHIN:g} s after the last message")
    audience.end()
    report.faults = dict(sorted(Counter(kinds).items()))
    sum_up(report, senders, listeners)
    compare_with_database(report, senders, world.channel_id)
    compare_with_fresh_client(report, webs[0], world)
    compare_listeners(report, listeners, world.channel_id)
    for web in webs:
        report.violations += unhandled_errors(web)
    return report


def sum_up(report: Report, senders: Sequence[Sender], listeners: Sequence[Listener]) -> None:
    attempts = [attempt for sender in senders for attempt in sender.attempts]
    report.sent = len(attempts)
    report.acknowledged = sum(attempt.number is not None for attempt in attempts)
    report.unknown = report.sent - report.acknowledged
    report.retried = sum(attempt.tries > 1 for attempt in attempts)
    report.found_by_retry = sum(sender.found_by_retry for sender in senders)
    report.changes = sum(sender.changes for sender in senders)
    report.connections = sum(listener.connections for listener in listeners)
    report.reloads = sum(listener.reloads for listener in listeners)
    report.violations += [surprise for sender in senders for surprise in sender.surprises]
    report.violations += [text for listener in listeners for text in dict.fromkeys(listener.violations)]
    if report.acknowledged < report.sent / 2:
        report.violations.append(
            f"only {report.acknowledged} of {report.sent} messages were acknowledged: nothing was tried"
        )
