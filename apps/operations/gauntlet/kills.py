"""Kill -9 of the web process while people send: what was acknowledged is stored exactly once, and nothing twice."""

import http.client
import json
import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

from django.urls import reverse

from apps.messaging.models import Message
from apps.teams.models import Channel

from .server import Browser, Web
from .world import Person, World

PAUSE = 0.55  # seconds between two messages of one person; 120 a minute are allowed
GIVE_UP_SHARE = 0.3  # of the sends that met a dead server are not tried again, like a closed browser
GONE_FOR = 3.0  # seconds, before that person comes back and writes something else
RETRY_FOR = 60.0  # seconds
BURST_LASTS = 0.2  # seconds
TAIL = 400  # changes that a fresh client fetches; further behind it would be told to reload


@dataclass
class Attempt:
    """One message that somebody wanted to send, and what they were told."""

    user_id: int
    client_id: uuid.UUID
    text: str
    number: int | None = None
    """Its place, as the server acknowledged it; None when nobody knows whether it was stored."""
    tries: int = 0


@dataclass
class Report:
    """Figures of a run, and what was wrong with it."""

    kills: int = 0
    sent: int = 0
    acknowledged: int = 0
    unknown: int = 0
    unknown_but_stored: int = 0
    retried: int = 0
    found_by_retry: int = 0
    slowest_return_s: float = 0.0
    violations: list[str] = field(default_factory=list)


class Rhythm:
    """When people send: each at their own pace, and all at once when a burst is called."""

    def __init__(self) -> None:
        self.is_over = False
        self._called = threading.Condition()

    def pause(self, seconds: float) -> None:
        with self._called:
            if not self.is_over:
                self._called.wait(seconds)

    def call_burst(self) -> None:
        with self._called:
            self._called.notify_all()

    def end(self) -> None:
        with self._called:
            self.is_over = True
            self._called.notify_all()


class Sender(threading.Thread):
    """A person who sends one message after the other until it is over."""

    def __init__(self, web: Web, person: Person, path: str, seed: int, rhythm: Rhythm) -> None:
        super().__init__(daemon=True)
        self.browser = Browser(web.port, person.session_key)
        self.person = person
        self.path = path
        self.random = random.Random(seed)  # noqa: S311 — no secret
        self.rhythm = rhythm
        self.attempts: list[Attempt] = []
        self.surprises: list[str] = []
        self.found_by_retry = 0

    def run(self) -> None:
        while not self.rhythm.is_over:
            # Deterministic ids make a run repeatable.
            client_id = uuid.UUID(int=self.random.getrandbits(128), version=4)
            attempt = Attempt(
                self.person.user_id, client_id, f"{self.person.user_id}: message {len(self.attempts)} 혈압 120/80"
            )
            self.attempts.append(attempt)
            self.send(attempt)
            self.rhythm.pause(PAUSE * self.random.uniform(0.8, 1.2))
        self.browser.close()

    def send(self, attempt: Attempt) -> None:
        """Try until acknowledged, as a page does; or give up after a failure, as somebody who closes the page."""
        deadline = time.monotonic() + RETRY_FOR
        fields = {"text": attempt.text, "client_id": str(attempt.client_id)}
        while time.monotonic() < deadline:
            attempt.tries += 1
            try:
                status, body = self.browser.post(self.path, fields)
            except (OSError, http.client.HTTPException):
                if attempt.tries == 1 and self.random.random() < GIVE_UP_SHARE:
                    self.rhythm.pause(GONE_FOR)
                    return
                time.sleep(self.random.uniform(0.2, 1.0))
                continue
            if status in {200, 201}:
                self.found_by_retry += status == 200
                attempt.number = json.loads(body)["message"]["number"]
                return
            if status not in {429, 503}:
                self.surprises.append(f"sending was answered {status}: {body[:200]!r}")
                return
            time.sleep(1)


def run_kills(web: Web, world: World, *, kills: int, seed: int) -> Report:
    """Let everybody send, kill the web process KILLS times at random instants, and compare what was said with what is there."""
    report = Report(kills=kills)
    dice = random.Random(seed)  # noqa: S311 — no secret
    path = reverse("chat-messages", args=[world.channel_id])
    rhythm = Rhythm()
    senders = [Sender(web, person, path, seed + index, rhythm) for index, person in enumerate(world.senders, 1)]
    for sender in senders:
        sender.start()
    for _ in range(kills):
        time.sleep(dice.uniform(1.0, 2.5))
        rhythm.call_burst()  # so that the kill meets requests at every stage, some between commit and answer
        time.sleep(dice.uniform(0, BURST_LASTS))
        web.kill()
        began = time.monotonic()
        web.start()
        report.slowest_return_s = max(report.slowest_return_s, round(time.monotonic() - began, 2))
    time.sleep(2)
    rhythm.end()
    for sender in senders:
        sender.join()
    attempts = [attempt for sender in senders for attempt in sender.attempts]
    report.sent = len(attempts)
    report.acknowledged = sum(attempt.number is not None for attempt in attempts)
    report.unknown = report.sent - report.acknowledged
    report.retried = sum(attempt.tries > 1 for attempt in attempts)
    report.found_by_retry = sum(sender.found_by_retry for sender in senders)
    report.violations += [surprise for sender in senders for surprise in sender.surprises]
    if report.acknowledged < report.sent / 2:
        report.violations.append(
            f"only {report.acknowledged} of {report.sent} messages were acknowledged: nothing was tried"
        )
    compare_with_database(report, attempts, world.channel_id)
    compare_with_fresh_client(report, web, world)
    return report


def compare_with_database(report: Report, attempts: list[Attempt], channel_id: int) -> None:
    """Each acknowledged message is there once, at its number, with its text; an unknown one at most once; no gap."""
    channel = Channel._default_manager.get(pk=channel_id)
    rows = list(
        Message._default_manager.filter(channel=channel)
        .order_by("number")
        .values_list("author_id", "client_id", "number", "change", "body")
    )
    stored = Counter((author, client_id) for author, client_id, *_ in rows)
    place = {(author, client_id): (number, body) for author, client_id, number, _change, body in rows}
    wanted = {(attempt.user_id, attempt.client_id) for attempt in attempts}
    for attempt in attempts:
        key = (attempt.user_id, attempt.client_id)
        times = stored[key]
        if times > 1 or (attempt.number is not None and times != 1):
            report.violations.append(
                f"message {attempt.client_id} (acknowledged: {attempt.number}) is stored {times} times"
            )
        elif attempt.number is not None and place[key] != (attempt.number, attempt.text):
            report.violations.append(
                f"message {attempt.client_id} was acknowledged as {attempt.number} and is {place[key]}"
            )
        elif attempt.number is None:
            report.unknown_but_stored += times
    foreign = [key for key in stored if key not in wanted]
    if foreign:
        report.violations.append(f"{len(foreign)} messages are stored that nobody sent")
    if [number for _a, _c, number, *_ in rows] != list(range(1, len(rows) + 1)) or channel.last_number != len(rows):
        report.violations.append(
            f"the numbers have a gap: {len(rows)} messages, the last number is {channel.last_number}"
        )
    changes = [change for *_, change, _body in rows]
    if (
        len(set(changes)) != len(changes)
        or changes != sorted(changes)
        or (changes and changes[-1] > channel.last_change)
    ):
        report.violations.append("the changes do not rise with the numbers")


def compare_with_fresh_client(report: Report, web: Web, world: World) -> None:
    """Somebody who comes now and catches up gets exactly the newest rows, in order."""
    channel = Channel._default_manager.get(pk=world.channel_id)
    after = max(0, channel.last_change - TAIL)
    browser = Browser(web.port, world.senders[-1].session_key)
    status, body = browser.request("GET", f"{reverse('chat-messages', args=[channel.pk])}?after={after}")
    browser.close()
    if status != 200:
        report.violations.append(f"catching up was answered {status}")
        return
    answer = json.loads(body)
    heard = [change["change"] for change in answer["changes"]]
    there = (
        Message._default_manager.filter(channel=channel, change__gt=after)
        .order_by("change")
        .values_list("change", flat=True)
    )
    missing = set(there) - set(heard)
    if missing or heard != sorted(heard) or answer["newest"] != channel.last_change:
        report.violations.append(f"catching up misses {len(missing)} changes or is out of order")
