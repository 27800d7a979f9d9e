"""People who write, change their minds, react, and try again until they are told that it is stored."""

import http.client
import json
import random
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.urls import reverse

from .server import Browser, Web
from .world import Person

PAUSE = 0.55  # seconds between two messages of one person; 120 a minute are allowed
GIVE_UP_SHARE = 0.3  # of the requests that met a dead server are not tried again, like a closed browser
GONE_FOR = 3.0  # seconds, before that person comes back and does something else
RETRY_FOR = 60.0  # seconds
EDIT_SHARE, DELETE_SHARE, REACT_SHARE = 0.12, 0.06, 0.2  # of the messages sent
EMOJI = ("thumbsup", "eyes", "white_check_mark")
RECENT = 30  # messages of one's own, or of others, that one goes back to


@dataclass
class Attempt:
    """One message that somebody wanted to send, and what they were told."""

    user_id: int
    client_id: uuid.UUID
    text: str
    number: int | None = None
    """Its place, as the server acknowledged it; None when nobody knows whether it was stored."""
    tries: int = 0
    texts: set[str] = field(default_factory=set)
    """What may stand there now: the text that was acknowledged last, and those that nobody knows about."""
    is_deleted: bool | None = False
    """None when nobody knows."""

    def __post_init__(self) -> None:
        self.texts.add(self.text)


class Rhythm:
    """When people send: each at their own pace, and all at once when a burst is called."""

    def __init__(self) -> None:
        self.is_over = False
        self.succeeded_at = 0.0  # when somebody was last told that something is stored
        self.numbers: list[int] = []  # places that were acknowledged, for others to react to
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
    """A person who sends one message after the other until it is over; now and then one is changed or reacted to."""

    def __init__(self, webs: Sequence[Web], person: Person, channel_id: int, seed: int, rhythm: Rhythm) -> None:
        super().__init__(daemon=True)
        self.random = random.Random(seed)  # noqa: S311 — no secret
        self.browsers = [Browser(web.port, person.session_key) for web in webs]
        self.random.shuffle(self.browsers)
        self.person = person
        self.channel_id = channel_id
        self.path = reverse("chat-messages", args=[channel_id])
        self.rhythm = rhythm
        self.attempts: list[Attempt] = []
        self.reactions: dict[tuple[int, str], bool | None] = {}
        self.surprises: list[str] = []
        self.found_by_retry = 0
        self.changes = 0

    def run(self) -> None:
        while not self.rhythm.is_over:
            # Deterministic ids make a run repeatable.
            client_id = uuid.UUID(int=self.random.getrandbits(128), version=4)
            attempt = Attempt(
                self.person.user_id, client_id, f"{self.person.user_id}: message {len(self.attempts)} 혈압 120/80"
            )
            self.attempts.append(attempt)
            self.send(attempt)
            self.change_something()
            self.rhythm.pause(PAUSE * self.random.uniform(0.8, 1.2))
        for browser in self.browsers:
            browser.close()

    def send(self, attempt: Attempt) -> None:
        """Try until acknowledged, as a page does; or give up after a failure, as somebody who closes the page."""
        fields = {"text": attempt.text, "client_id": str(attempt.client_id)}
        status, body, attempt.tries = self.insist(self.path, fields)
        if status in {200, 201}:
            self.found_by_retry += status == 200
            number: int = json.loads(body)["message"]["number"]
            attempt.number = number
            self.rhythm.numbers.append(number)
        elif status:
            self.surprises.append(f"sending was answered {status}: {body[:200]!r}")

    def insist(self, path: str, fields: Mapping[str, str]) -> tuple[int, bytes, int]:
        """Post until the server has decided; return its status (0: given up, nobody knows), its answer and the tries."""
        deadline = time.monotonic() + RETRY_FOR
        tries = 0
        while time.monotonic() < deadline:
            tries += 1
            try:
                status, body = self.browsers[0].post(path, fields)
            except (OSError, http.client.HTTPException):
                # The web server in front would ask the next process.
                self.browsers.append(self.browsers.pop(0))
                if tries == 1 and self.random.random() < GIVE_UP_SHARE:
                    self.rhythm.pause(GONE_FOR)
                    return 0, b"", tries
                time.sleep(self.random.uniform(0.2, 1.0))
                continue
            if status not in {429, 503}:
                if status in {200, 201}:
                    self.rhythm.succeeded_at = time.monotonic()
                return status, body, tries
            time.sleep(1)
        return 0, b"", tries

    def change_something(self) -> None:
        kind = self.random.random()
        own = [a for a in self.attempts[-RECENT:] if a.number is not None and a.is_deleted is False]
        if kind < EDIT_SHARE and own:
            self.edit(self.random.choice(own))
        elif kind < EDIT_SHARE + DELETE_SHARE and own:
            self.delete(self.random.choice(own))
        elif kind < EDIT_SHARE + DELETE_SHARE + REACT_SHARE and self.rhythm.numbers:
            self.react(self.random.choice(self.rhythm.numbers[-RECENT:]))

    def ask(self, verb: str, number: int, fields: Mapping[str, str]) -> int:
        """Ask for a change of a message: 200, 409 where it was deleted meanwhile or it is too late, 0 where nobody knows."""
        path = reverse(f"chat-message-{verb}", args=[self.channel_id, number])
        status, body, _tries = self.insist(path, fields)
        self.changes += status == 200
        if status == 409 and json.loads(body)["error"] in {"deleted", "too_late"}:
            return 409
        if status not in {0, 200}:
            self.surprises.append(f"{verb} was answered {status}: {body[:200]!r}")
        return status

    def edit(self, attempt: Attempt) -> None:
        assert attempt.number is not None
        text = f"{attempt.text} ({self.random.randrange(10**6)})"
        attempt.texts.add(text)
        if self.ask("edit", attempt.number, {"text": text}) == 200:
            attempt.texts = {text}

    def delete(self, attempt: Attempt) -> None:
        """Delete, and every second time think better of it."""
        assert attempt.number is not None
        attempt.is_deleted = None
        if self.ask("delete", attempt.number, {}) != 200:
            return
        attempt.is_deleted = True
        if self.random.random() < 0.5:
            attempt.is_deleted = None
            if self.ask("restore", attempt.number, {}) == 200:
                attempt.is_deleted = False

    def react(self, number: int) -> None:
        """React, or take it back."""
        key = number, self.random.choice(EMOJI)
        on = self.reactions.get(key) is not True
        self.reactions[key] = None
        status = self.ask("reactions", number, {"emoji": key[1], "on": "1" if on else "0"})
        if status == 200:
            self.reactions[key] = on
