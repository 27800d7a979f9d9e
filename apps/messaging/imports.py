"""Conversations that come from elsewhere, whatever the file they were in.

A run commits in batches and may be killed at any place: the next one finds what is stored by its key and goes on. What a
later run finds new is appended with the next numbers, below what was written here in the meantime.
"""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Greatest

from apps.audit.actions import write_entry
from apps.core.markup import is_plain, render_message
from apps.people import imports as people_imports
from apps.people.imports import Stranger
from apps.people.models import User
from apps.sites.models import Site
from apps.teams import imports as teams_imports
from apps.teams.actions import lock_channel
from apps.teams.models import Channel, Team

from . import actions
from .models import BODY_LIMIT, Message, Reaction

BATCH = 500  # messages a transaction
IMPORT_LOCK = 0x1327
NAMESPACE = uuid.UUID("8d1c0b0e-6f0a-5d0b-9a58-3f6ad7f3c5b1")  # of client ids; any fixed one does
SPLIT_WITHIN = 1_000  # characters before the limit in which a text is rather split at a line or a word


class ImportRefused(Exception):
    """The import cannot begin; the text says why."""


@dataclass(frozen=True, slots=True)
class TeamRecord:
    key: str
    name: str
    description: str = ""
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A channel of a team, or without one a chat of its members."""

    key: str
    members: tuple[str, ...]
    team: str | None = None
    name: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Reacted:
    who: str
    emoji: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """A message; `key` is the same in every run, `root_key` names what it answers."""

    key: str
    line: int
    who: str
    text: str
    at: datetime
    root_key: str | None = None
    reactions: tuple[Reacted, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line of the file that was left out, or a part of it, and why."""

    line: int
    reason: str


class Source(Protocol):
    """An opened file of conversations; people are known by their name there."""

    @property
    def name(self) -> str:
        """What kind of file it is; a part of each key."""

    @property
    def people(self) -> Mapping[str, Stranger]: ...

    @property
    def teams(self) -> Mapping[str, TeamRecord]: ...

    @property
    def places(self) -> Sequence[Place]: ...

    @property
    def skipped(self) -> list[Skipped]: ...

    @property
    def ignored(self) -> Mapping[str, int]:
        """Kinds of records that are not imported, with their numbers."""

    def messages(self, place: Place) -> Iterator[Said]:
        """Yield the messages in the order of their numbers: by time, an answer never before what it answers."""


@dataclass
class Report:
    """What a file holds, and how much of it this run added."""

    found: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)
    mapped: int = 0
    placeholders: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)


Tell = Callable[[str], None]


def make_key(*parts: object) -> str:
    """Return the key of a row: SHA-256 over the parts."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()


def split_text(text: str) -> list[str]:
    """Return a text in pieces that fit into a message, split at a line or a word where one is near; nothing is lost but
    the blank at the seam.
    """
    pieces = []
    while len(text) > BODY_LIMIT:
        near = text[BODY_LIMIT - SPLIT_WITHIN : BODY_LIMIT]
        seam = max(near.rfind("\n"), near.rfind(" ") if "\n" not in near else -1)
        cut = BODY_LIMIT - SPLIT_WITHIN + seam if seam >= 0 else BODY_LIMIT
        pieces.append(text[:cut].rstrip())
        text = text[cut:].strip("\n") if seam < 0 else text[cut:].lstrip()
    return [piece for piece in (*pieces, text) if piece.strip()]


def import_conversations(
    source: Source,
    *,
    site: Site,
    known: Mapping[str, User],
    members: Collection[User],
    fingerprint: str,
    is_trial: bool = False,
    tell: Tell | None = None,
) -> Report:
    """Store what a source holds at a site.

    `known` says which of its people work here; all others become inactive placeholders. `members` come into the channels of
    its teams, as their owners. Roles in the file are not taken over. With `is_trial` nothing is stored. Raises ImportRefused
    while another import runs.
    """
    with _alone():
        run = _Run(source, site, known, members, is_trial=is_trial, tell=tell)
        if not is_trial:
            _audit("messaging.import_started", site, fingerprint, source=source.name)
        report = run.store()
        if not is_trial:
            _audit(
                "messaging.import_finished", site, fingerprint, added=dict(report.added), skipped=len(report.skipped)
            )
        return report


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the one lock of all imports, until the end or until this connection is gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [IMPORT_LOCK])
        if not cursor.fetchone()[0]:
            raise ImportRefused("Another import is running. Wait until it has ended.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [IMPORT_LOCK])


def _audit(action: str, site: Site, fingerprint: str, **detail: Any) -> None:
    write_entry(
        action=action,
        actor_id=None,
        object_type="sites.site",
        object_id=str(site.pk),
        detail={"file": fingerprint, **detail},
        site_code=site.code,
    )


class _Run:
    """One import. Each batch is a transaction of its own."""

    def __init__(
        self,
        source: Source,
        site: Site,
        known: Mapping[str, User],
        members: Collection[User],
        *,
        is_trial: bool,
        tell: Tell | None,
    ) -> None:
        self.source, self.site, self.members, self.is_trial, self.tell = source, site, members, is_trial, tell
        self.people: dict[str, User | None] = dict(known)  # None: a placeholder that a trial does not make
        self.teams: dict[str, Team] = {}
        self.report = Report()

    def store(self) -> Report:
        self._store_people()
        self._store_teams()
        for place in self.source.places:
            self._store_place(place)
        # Messages are read while they are stored, and what is wrong in them is found then.
        self.report.skipped = sorted(set(self.source.skipped), key=lambda skipped: (skipped.line, skipped.reason))
        self.report.ignored = dict(self.source.ignored)
        return self.report

    def _key(self, *parts: str) -> str:
        return ":".join((self.source.name, self.site.code, *parts))

    # -- people and places --
    def _store_people(self) -> None:
        self.report.mapped = len(self.people.keys() & self.source.people.keys())
        strangers = {name: stranger for name, stranger in self.source.people.items() if name not in self.people}
        numbers = {
            people_imports.placeholder_number(self.source.name, self.site.code, name): name for name in strangers
        }
        self.report.placeholders = len(numbers)
        there = people_imports.find_by_numbers(numbers)
        self.report.added["placeholders"] = len(numbers) - len(there)
        if self.is_trial:
            self.people.update({name: there.get(number) for number, name in numbers.items()})
            return
        made = people_imports.store_placeholders({number: strangers[name] for number, name in numbers.items()})
        self.people.update({name: made[number] for number, name in numbers.items()})

    def _users(self, names: Iterable[str]) -> list[User]:
        """Return the people of these names, each once: two names of the file may be one person here."""
        found = {user.pk: user for name in names if (user := self.people[name]) is not None}
        return list(found.values())

    def _store_teams(self) -> None:
        for key, record in self.source.teams.items():
            self.report.found["teams"] += 1
            team = teams_imports.find_team(self._key(key))
            self.report.added["teams"] += team is None
            if self.is_trial:
                continue
            self.teams[key] = team or teams_imports.store_team(
                import_key=self._key(key), site=self.site, name=record.name, description=record.description
            )
            people = self._users(record.members)
            teams_imports.admit_to_team(team=self.teams[key], people=people, owners=self.members)

    def _store_place(self, place: Place) -> None:
        self.report.found["channels"] += 1
        users = self._users(place.members)
        channel = self._find_place(place, users)
        self.report.added["channels"] += channel is None
        messages = self._tallied(self.source.messages(place))
        if self.is_trial:
            for batch in _batches(messages):
                self._count_new(channel, batch)
            return
        if channel is None:
            channel = self._open_place(place, users)
        if channel.is_archived:
            self._pass_archived(channel, messages)
            return
        stored = 0
        for batch in _batches(messages):
            stored += self._store_batch(channel, batch)
        # Members come in last: what was said before is not unread for them.
        owners = self.members if place.team else ()
        self.report.added["members"] += teams_imports.admit_to_channel(channel=channel, people=users, owners=owners)
        if self.tell:
            self.tell(f"{place.name or ', '.join(place.members)}: {stored} new messages")

    def _find_place(self, place: Place, users: Collection[User]) -> Channel | None:
        is_whole = None not in [self.people[name] for name in place.members]
        if place.team is None and len(users) == 2 and is_whole:
            return teams_imports.find_direct(users)
        return teams_imports.find_channel(self._key(place.key))

    def _open_place(self, place: Place, users: Collection[User]) -> Channel:
        if place.team is None:
            return teams_imports.store_chat(import_key=self._key(place.key), people=users)
        return teams_imports.store_private_channel(
            import_key=self._key(place.key), team=self.teams[place.team], name=place.name, topic=place.topic
        )

    # -- messages --
    def _tallied(self, messages: Iterable[Said]) -> Iterator[Said]:
        for said in messages:
            self.report.found["replies" if said.root_key else "roots"] += 1
            self.report.found["reactions"] += len(said.reactions)
            yield said

    def _count_new(self, channel: Channel | None, batch: Sequence[Said]) -> None:
        there = _stored(batch) if channel else {}
        seen = _reactions_of(there.values())
        for said in {said.key: said for said in batch}.values():
            message = there.get(said.key)
            if message is None:
                self.report.added["replies" if said.root_key else "roots"] += 1
            self.report.added["reactions"] += sum(
                message is None or user is None or (message.pk, user.pk, reacted.emoji) not in seen
                for reacted in _once(said.reactions)
                for user in [self.people[reacted.who]]
            )

    def _pass_archived(self, channel: Channel, messages: Iterator[Said]) -> None:
        for batch in _batches(messages):
            there = _stored(batch)
            self.source.skipped.extend(
                Skipped(said.line, f"the channel “{channel}” is archived here")
                for said in batch
                if said.key not in there
            )

    def _store_batch(self, channel: Channel, batch: Sequence[Said]) -> int:
        """Store what is new of some messages in one transaction, and return how many that were."""
        with transaction.atomic():
            writer = _Writer(lock_channel(channel.pk), self.people, batch)
            writer.write(self.report.added)
        return len(writer.new)


def _batches(messages: Iterator[Said]) -> Iterator[list[Said]]:
    while batch := list(islice(messages, BATCH)):
        yield batch


def _stored(batch: Iterable[Said]) -> dict[str, Message]:
    """Return the messages of these keys, and those that they answer, by key; one query."""
    keys = {said.key for said in batch} | {said.root_key for said in batch if said.root_key}
    found = Message.objects.filter(import_key__in=keys).only(
        "pk", "import_key", "change", "channel", "created_at", "reply_count"
    )
    return {str(message.import_key): message for message in found}


def _reactions_of(messages: Iterable[Message]) -> set[tuple[int, int, str]]:
    rows = Reaction.objects.filter(message__in=[message.pk for message in messages])
    return set(rows.values_list("message_id", "user_id", "emoji"))


def _once(reactions: Iterable[Reacted]) -> list[Reacted]:
    return list({(reacted.who, reacted.emoji): reacted for reacted in reactions}.values())


class _Writer:
    """Writes a batch into a locked channel: numbers, changes and counters as sending and reacting would have raised them."""

    def __init__(self, channel: Channel, people: Mapping[str, User | None], batch: Sequence[Said]) -> None:
        self.channel, self.people = channel, people
        self.batch = {said.key: said for said in batch}
        self.there = _stored(batch)
        self.seen = _reactions_of(self.there.values())
        self.new: dict[str, Message] = {}
        self.reactions: list[Reaction] = []
        self.touched: dict[int, Message] = {}
        self.answered: Counter[int] = Counter()
        self.last_answers: dict[int, datetime] = {}

    def write(self, added: Counter[str]) -> None:
        """Write all, and add to the counts."""
        for said in self.batch.values():
            message = self.there.get(said.key)
            if message is None:
                message = self._take_place(said)
                added["replies" if message.root else "roots"] += 1
            self._react(message, said)
        if not self.new and not self.reactions:
            return
        Message.objects.bulk_create(message for message in self.new.values() if message.root is None)
        Message.objects.bulk_create(message for message in self.new.values() if message.root is not None)
        Reaction.objects.bulk_create(self.reactions)
        Message.objects.bulk_update(self.touched.values(), ["change"])
        self._count_answers()
        # What came from elsewhere was read there.
        roots = {message.root.pk for message in self.new.values() if message.root is not None}
        actions.follow_where_written(roots, all_read=True)
        newest = max((message.created_at for message in self.new.values()), default=None)
        Channel.objects.filter(pk=self.channel.pk).update(
            last_number=self.channel.last_number,
            last_change=self.channel.last_change,
            last_message_at=Greatest("last_message_at", newest) if newest else F("last_message_at"),
        )
        added["reactions"] += len(self.reactions)

    def _take_place(self, said: Said) -> Message:
        root = self.new.get(said.root_key or "") or self.there.get(said.root_key or "")
        self.channel.last_number += 1
        self.channel.last_change += 1
        author = self.people[said.who]
        assert author is not None
        message = self.new[said.key] = Message(
            channel=self.channel,
            number=self.channel.last_number,
            change=self.channel.last_change,
            author=author,
            client_id=uuid.uuid5(NAMESPACE, said.key),
            root=root,
            body=said.text,
            rendered="" if is_plain(said.text) else render_message(said.text),
            created_at=said.at,
            import_key=said.key,
        )
        if root is not None and root.pk is None:
            root.reply_count += 1
            message.ordinal = root.reply_count
            root.last_reply_at = max(root.last_reply_at or said.at, said.at)
        elif root is not None:
            self.answered[root.pk] += 1
            message.ordinal = root.reply_count + self.answered[root.pk]
            self.last_answers[root.pk] = max(self.last_answers.get(root.pk, said.at), said.at)
        return message

    def _react(self, message: Message, said: Said) -> None:
        for reacted in said.reactions:
            user = self.people[reacted.who]
            assert user is not None
            # A message that is new has no id yet; its key in `seen` is one that no stored message has.
            mark = (message.pk or -message.number, user.pk, reacted.emoji)
            if mark in self.seen:
                continue
            self.seen.add(mark)
            self.channel.last_change += 1
            message.change = self.channel.last_change
            if message.pk:
                self.touched[message.pk] = message
            self.reactions.append(Reaction(message=message, user=user, emoji=reacted.emoji, at=reacted.at))

    def _count_answers(self) -> None:
        for pk, count in self.answered.items():
            last = self.last_answers[pk]
            Message.objects.filter(pk=pk).update(
                reply_count=F("reply_count") + count, last_reply_at=Greatest(Coalesce("last_reply_at", last), last)
            )
