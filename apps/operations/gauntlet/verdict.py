"""What people were told against what is stored, and what their pages hold against what somebody gets who comes now."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol

import orjson
from django.urls import reverse

from apps.messaging import queries
from apps.messaging.models import Message, Reaction
from apps.teams.models import Channel

from .listeners import Listener
from .senders import Attempt
from .server import Browser, Web
from .world import Person, World

TAIL = 400  # changes that a fresh client fetches; further behind it would be told to reload
NEWEST = 3_000  # messages whose state is compared on every page
PAGES = 3  # of history that a fresh client reads


class Findings(Protocol):
    """What a report of faults offers here."""

    unknown_but_stored: int
    violations: list[str]


class Actor(Protocol):
    """Somebody who wrote and reacted."""

    person: Person
    attempts: list[Attempt]
    reactions: dict[tuple[int, str], bool | None]


def compare_with_database(report: Findings, actors: Iterable[Actor], channel_id: int) -> None:
    """Each acknowledged message is there once, at its number, as it was left; an unknown one at most once; no gap."""
    actors = list(actors)
    attempts = [attempt for actor in actors for attempt in actor.attempts]
    channel = Channel._default_manager.get(pk=channel_id)
    rows = list(Message._default_manager.filter(channel=channel).order_by("number"))
    stored = Counter((row.author_id, row.client_id) for row in rows)
    place = {(row.author_id, row.client_id): row for row in rows}
    for attempt in attempts:
        _compare_attempt(
            report, attempt, stored[attempt.user_id, attempt.client_id], place.get((attempt.user_id, attempt.client_id))
        )
    wanted = {(attempt.user_id, attempt.client_id) for attempt in attempts}
    foreign = [key for key in stored if key not in wanted]
    if foreign:
        report.violations.append(f"{len(foreign)} messages are stored that nobody sent")
    if [row.number for row in rows] != list(range(1, len(rows) + 1)) or channel.last_number != len(rows):
        report.violations.append(
            f"the numbers have a gap: {len(rows)} messages, the last number is {channel.last_number}"
        )
    changes = [row.change for row in rows]
    is_plain = all(row.edited_at is None and row.deleted_at is None for row in rows) and not any(
        actor.reactions for actor in actors
    )
    if (
        len(set(changes)) != len(changes)
        or (is_plain and changes != sorted(changes))
        or any(not row.number <= row.change <= channel.last_change for row in rows)
    ):
        report.violations.append("the changes do not rise with the numbers")
    _compare_reactions(report, actors, channel)


def _compare_attempt(report: Findings, attempt: Attempt, times: int, row: Message | None) -> None:
    if times > 1 or (attempt.number is not None and row is None):
        report.violations.append(
            f"message {attempt.client_id} (acknowledged: {attempt.number}) is stored {times} times"
        )
    elif attempt.number is None:
        report.unknown_but_stored += times
    elif row is not None and (row.number != attempt.number or row.body not in attempt.texts):
        report.violations.append(
            f"message {attempt.client_id} was acknowledged as {attempt.number}, one of {sorted(attempt.texts)}, "
            f"and is {row.number}, {row.body!r}"
        )
    elif row is not None and attempt.is_deleted is not None and attempt.is_deleted != (row.deleted_at is not None):
        report.violations.append(f"message {attempt.number}: deleted is told as {attempt.is_deleted} and is not so")


def _compare_reactions(report: Findings, actors: Collection[Actor], channel: Channel) -> None:
    there = set(
        Reaction._default_manager.filter(message__channel=channel).values_list("user_id", "message__number", "emoji")
    )
    told = {(actor.person.user_id, *key): is_on for actor in actors for key, is_on in actor.reactions.items()}
    wrong = [key for key, is_on in told.items() if is_on is not None and is_on != (key in there)]
    if wrong:
        report.violations.append(f"{len(wrong)} reactions are not as they were told, for example {wrong[0]}")
    if there - told.keys():
        report.violations.append(f"{len(there - told.keys())} reactions are stored that nobody gave")


def compare_with_fresh_client(report: Findings, web: Web, world: World) -> None:
    """Somebody who comes now and catches up gets exactly the newest rows, in order, and the newest pages of history."""
    channel = Channel._default_manager.get(pk=world.channel_id)
    after = max(0, channel.last_change - TAIL)
    browser = Browser(web.port, world.senders[-1].session_key)
    address = reverse("chat-messages", args=[channel.pk])
    status, body = browser.request("GET", f"{address}?after={after}")
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
    fresh = fresh_bodies(channel)
    before: int | None = None
    for _ in range(PAGES):
        status, body = browser.request("GET", address + (f"?before={before}" if before else ""))
        page = json.loads(body)
        shown = page["messages"]
        if any(fresh[message["number"]] != message for message in shown):
            report.violations.append("a page of history is not what is stored")
        if not page["has_older"]:
            break
        before = shown[0]["number"]
    browser.close()


def fresh_bodies(channel: Channel) -> dict[int, dict[str, Any]]:
    """What the newest messages are for somebody who comes now, by number."""
    rows = Message._default_manager.filter(channel=channel).select_related("author", "root", "channel")
    newest = list(rows.order_by("-number")[:NEWEST])
    bodies = queries.bodies_of(newest)
    return {message.number: json.loads(orjson.dumps(bodies[message.pk])) for message in newest}


def compare_listeners(report: Findings, listeners: Sequence[Listener], channel_id: int) -> None:
    """Every page holds, from its oldest message on, exactly what somebody gets who comes now."""
    channel = Channel._default_manager.get(pk=channel_id)
    fresh = fresh_bodies(channel)
    if not fresh:
        return
    for place, listener in enumerate(listeners):
        if not listener.messages:
            report.violations.append(f"page {place} is empty")
            continue
        oldest = max(min(fresh), min(listener.messages))
        held = {number: message for number, message in listener.messages.items() if number >= oldest}
        lacking = [
            number
            for number, message in fresh.items()
            if number >= oldest and message["root"] is None and number not in held
        ]
        wrong = [number for number, message in held.items() if _shown(fresh.get(number)) != _shown(message)]
        if lacking or wrong:
            example = f"{held[wrong[0]]} instead of {fresh.get(wrong[0])}" if wrong else lacking[0]
            report.violations.append(
                f"page {place} lacks {len(lacking)} messages and has {len(wrong)} wrong: {example}"
            )


def _shown(message: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a page shows: a reply names its root, whose count stands at the root itself and is news only when it comes."""
    root = message and message["root"]
    return {**message, "root": root["number"]} if message and root else message
