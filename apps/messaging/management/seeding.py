"""Fills channels with messages as sending them one by one would have: dense numbers, threads, marks; a batch a transaction."""

import random
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from apps.core import clock
from apps.core.text import clean_text
from apps.messaging import permissions, queries
from apps.messaging.actions.composing import Composed, compose
from apps.messaging.models import BODY_LIMIT, Message, Priority, ReadMark
from apps.people.models import User
from apps.realtime.publish import publish_change
from apps.teams import queries as teams_queries
from apps.teams.actions import lock_channel
from apps.teams.models import Channel, registered_rules

BATCH = 5_000  # messages a transaction: a fifth of a second, in which nobody else writes in that channel
AUTHORS = 200  # who talk in one batch
REPLY_SHARE = 0.1
SAME_AUTHOR_SHARE = 0.3  # people write two or three lines in a row
OPEN_ROOTS = 40  # the newest roots of a batch, which replies go to

COLUMNS = (
    "id", "channel_id", "number", "change", "author_id", "client_id", "root_id", "ordinal", "body", "rendered", "mentions",
    "priority", "asks_acknowledgement", "acknowledged_count", "is_forward", "created_at", "reply_count", "last_reply_at",
)  # fmt: skip

# What `send_message` does to the author's mark, once for a whole batch.
SAVE_MARKS = """
INSERT INTO messaging_readmark AS mark (channel_id, user_id, base, up_to, delivered, at)
SELECT %s, t.user_id, 0, t.up_to, t.delivered, t.at
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[]) AS t(user_id, up_to, delivered, at)
ORDER BY t.user_id
ON CONFLICT (user_id, channel_id) DO UPDATE SET up_to = greatest(mark.up_to, EXCLUDED.up_to), at = EXCLUDED.at,
  delivered = greatest(mark.delivered, EXCLUDED.delivered)
WHERE mark.unread_from IS NULL
"""

Tell = Callable[[str], None]


class NothingToSeed(Exception):
    """There are no sentences, or no channel that somebody may write in; the text says which."""


@dataclass(slots=True)
class Line:
    """One message of a batch, before it is stored."""

    author: int
    text: Composed
    at: datetime
    root: "Line | None" = None
    ordinal: int = 0
    replies: int = 0
    last_reply_at: datetime | None = None
    pk: int = 0
    number: int = 0
    change: int = 0


@dataclass
class Added:
    """What a run has stored."""

    messages: int = 0
    replies: int = 0
    channels: int = 0
    skipped: list[str] = field(default_factory=list)


def read_sentences(paths: Sequence[Path]) -> list[str]:
    """Return the lines of text files that can be sent, one a line, in their order. Raises NothingToSeed."""
    found = []
    for path in paths:
        for line in path.read_text(encoding="utf-8-sig").splitlines():
            text = clean_text(line).strip()
            if text and len(text) <= BODY_LIMIT:
                found.append(text)
    if not found:
        raise NothingToSeed("The files hold no sentence.")
    return found


def choose_channels(count: int) -> list[int]:
    """Return the ids of at most COUNT open channels, those with the most people of their own first; wide ones last."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id FROM teams_channel c LEFT JOIN LATERAL (SELECT count(*) AS people FROM ("
            "  SELECT user_id FROM teams_channelmembership m WHERE m.channel_id = c.id AND m.left_at IS NULL"
            "  UNION SELECT user_id FROM teams_teammembership t WHERE t.team_id = c.team_id AND c.kind = 'standard'"
            "   AND t.left_at IS NULL) AS who) AS there ON true"
            " WHERE c.archived_at IS NULL ORDER BY there.people DESC, c.id LIMIT %s",
            [count],
        )
        return [row[0] for row in cursor.fetchall()]


def share_out(total: int, parts: int) -> list[int]:
    """Return TOTAL in PARTS shares, the k-th in proportion to 1/k: few channels are loud and many quiet."""
    weights = [1 / rank for rank in range(1, parts + 1)]
    scale = total / sum(weights)
    shares = [int(weight * scale) for weight in weights]
    shares[0] += total - sum(shares)
    return shares


class Seeder:
    """One run: sentences, dice, and the span of time that the messages spread over."""

    def __init__(self, sentences: Sequence[str], *, seed: int, since: datetime, until: datetime) -> None:
        self.sentences = sentences
        self.dice = random.Random(seed)  # noqa: S311 — no secret
        # Every run adds, so what must never come twice is not taken from the seed.
        self.ids = random.Random(uuid.uuid4().int)  # noqa: S311 — unique, not secret
        self.since, self.until = since, until
        self.added = Added()
        self._composed: dict[tuple[int, str], Composed] = {}
        self._next = 0

    def fill(self, channel_id: int, count: int) -> int:
        """Store COUNT messages in a channel, in batches that stand by themselves, and return how many could be stored."""
        self._next = self.dice.randrange(len(self.sentences))
        stored = 0
        last: tuple[Message, int] | None = None
        begins = self.since
        while stored < count:
            size = min(BATCH, count - stored)
            share = (self.until - self.since) / count
            times = sorted(begins + share * (index + self.dice.random()) for index in range(size))
            begins += share * size
            with transaction.atomic():
                lines = self._write(channel_id, times)
            if not lines:
                return stored
            stored += len(lines)
            self.added.messages += len(lines)
            self.added.replies += sum(line.root is not None for line in lines)
            last = Message(pk=lines[-1].pk, number=lines[-1].number), lines[-1].change
        self.added.channels += 1
        if last is not None:
            self._announce(channel_id, *last)
        return stored

    def _announce(self, channel_id: int, message: Message, change: int) -> None:
        """Publish the last one: the hubs find the gap before it, and read or reload."""
        newest = Message.objects.select_related("author", "root", "channel").get(pk=message.pk)
        if newest.change == change:
            frame = queries.message_change(queries.bodies_of([newest])[newest.pk])
            publish_change("channel", channel_id, change, frame, place=newest.number)

    def _write(self, channel_id: int, times: list[datetime]) -> list[Line]:
        """Store a batch under the channel's lock: messages, threads, marks, counters. Nothing where nobody may write."""
        channel = lock_channel(channel_id)
        authors = self._authors(channel)
        if channel.is_archived or not authors:
            self.added.skipped.append(f"channel {channel_id}: nobody may write there")
            return []
        earliest = channel.last_message_at or times[0]
        lines = self._make_lines(channel, authors, [max(at, earliest) for at in times])
        self._number(channel, lines)
        self._copy(channel, lines)
        self._save_threads(lines)
        self._save_marks(channel, lines)
        Channel.objects.filter(pk=channel.pk).update(
            last_number=channel.last_number, last_change=channel.last_change, last_message_at=lines[-1].at
        )
        return lines

    def _authors(self, channel: Channel) -> list[int]:
        people = list(teams_queries.people_of(channel).order_by("pk").values_list("pk", flat=True))
        chosen = self.dice.sample(people, min(AUTHORS, len(people)))
        if channel.kind in registered_rules:
            found = User.objects.in_bulk(chosen)
            chosen = [pk for pk in chosen if permissions.can_send(found[pk], channel)]
        return chosen

    def _make_lines(self, channel: Channel, authors: list[int], times: list[datetime]) -> list[Line]:
        dice = self.dice
        lines: list[Line] = []
        roots: list[Line] = []
        author = dice.choice(authors)
        for at in times:
            if dice.random() >= SAME_AUTHOR_SHARE:
                author = dice.choice(authors)
            line = Line(author, self._compose(channel), at)
            if roots and dice.random() < REPLY_SHARE:
                root = roots[-1 - min(int(dice.expovariate(0.5)), len(roots) - 1)]
                root.replies += 1
                root.last_reply_at = at
                line.root, line.ordinal = root, root.replies
            else:
                roots.append(line)
                del roots[:-OPEN_ROOTS]
            lines.append(line)
        return lines

    def _compose(self, channel: Channel) -> Composed:
        text = self.sentences[self._next % len(self.sentences)]
        self._next += 1
        where = channel.pk if "@" in text else 0  # whom it mentions depends on the channel
        composed = self._composed.get((where, text))
        if composed is None:
            composed = self._composed[where, text] = compose(text, channel)
        return composed

    def _number(self, channel: Channel, lines: list[Line]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence('messaging_message', 'id')) FROM generate_series(1, %s)",
                [len(lines)],
            )
            ids = sorted(row[0] for row in cursor.fetchall())
        for pk, line in zip(ids, lines, strict=True):
            channel.last_number += 1
            channel.last_change += 1
            line.pk, line.number, line.change = pk, channel.last_number, channel.last_change

    def _copy(self, channel: Channel, lines: list[Line]) -> None:
        names = ", ".join(COLUMNS)
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY messaging_message ({names}) FROM STDIN") as copy,
        ):
            for line in lines:
                mentions = Jsonb(line.text.mentions) if line.text.mentions else None
                root = line.root.pk if line.root else None
                client_id = uuid.UUID(int=self.ids.getrandbits(128), version=4)
                copy.write_row(
                    (
                        line.pk, channel.pk, line.number, line.change, line.author, client_id, root, line.ordinal,
                        line.text.body, line.text.rendered, mentions, Priority.ROUTINE.value, False, 0, False, line.at,
                        line.replies, line.last_reply_at,
                    )
                )  # fmt: skip

    def _save_threads(self, lines: list[Line]) -> None:
        """Have those who answer follow the thread, and its root's author; who has seen what is before has seen it all."""
        seen: dict[tuple[int, int], int] = {}
        at: dict[tuple[int, int], datetime] = {}
        for line in lines:
            if line.root is None:
                continue
            own, roots = (line.root.pk, line.author), (line.root.pk, line.root.author)
            if own not in seen or seen[own] >= line.ordinal - 1:
                seen[own] = line.ordinal
            at[own] = line.at
            seen.setdefault(roots, 0)
            at.setdefault(roots, line.at)
        rows: list[tuple[Any, ...]] = [
            (root, user, up_to, True, at[root, user]) for (root, user), up_to in seen.items()
        ]
        if not rows:
            return
        names = "root_id, user_id, up_to, is_following, at"
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY messaging_threadmark ({names}) FROM STDIN") as copy,
        ):
            for row in sorted(rows):
                copy.write_row(row)

    def _save_marks(self, channel: Channel, lines: list[Line]) -> None:
        """Move the authors' marks: each to their own message where it stood right before it."""
        there = ReadMark.objects.filter(channel=channel, user__in={line.author for line in lines})
        read: dict[int, int] = {}
        by_hand: set[int] = set()
        for user_id, base, up_to, unread_from in there.values_list("user_id", "base", "up_to", "unread_from"):
            read[user_id] = max(base, up_to)
            if unread_from is not None:
                by_hand.add(user_id)
        moved: dict[int, tuple[int, datetime]] = {}
        for line in lines:
            mark = read.get(line.author, 0 if line.number == 1 else None)
            if mark is not None and mark >= line.number - 1 and line.author not in by_hand:
                read[line.author] = line.number
                moved[line.author] = (line.number, line.at)
        if moved:
            numbers = [number for number, _at in moved.values()]
            with connection.cursor() as cursor:
                cursor.execute(
                    SAVE_MARKS, [channel.pk, list(moved), numbers, numbers, [at for _number, at in moved.values()]]
                )


def plan_shares(channels: Sequence[int], count: int) -> list[tuple[int, int]]:
    """Return how many messages each channel gets, those that get none left out."""
    return [(channel, share) for channel, share in zip(channels, share_out(count, len(channels)), strict=True) if share]


def seed(seeder: Seeder, shares: Sequence[tuple[int, int]], tell: Tell | None = None) -> Added:
    """Fill channels one after the other. Raises NothingToSeed where nothing could be stored."""
    began = clock.now()
    for channel_id, share in shares:
        seeder.fill(channel_id, share)
        if tell:
            seconds = max(0.001, (clock.now() - began).total_seconds())
            tell(
                f"channel {channel_id}: {seeder.added.messages} messages so far, {seeder.added.messages / seconds:.0f} a second"
            )
    if not seeder.added.messages:
        reasons = Counter(seeder.added.skipped)
        raise NothingToSeed("No message could be stored: " + "; ".join(list(reasons)[:3]))
    return seeder.added
