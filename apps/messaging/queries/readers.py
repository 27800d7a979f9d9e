"""Who has got a message how far: sent, delivered, read, acknowledged, in a channel of any size, by marks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from apps.messaging.models import Message
from apps.people.models import User
from apps.teams import queries as teams_queries
from apps.teams.models import Channel

READERS_A_PAGE = 100
STATES = ("acknowledged", "read", "delivered", "sent")  # furthest first
ACKNOWLEDGED, READ, DELIVERED, SENT = range(4)


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """How far one person has got with a message; `at` is exact for an acknowledgement, else "by then at the latest"."""

    person: User
    state: str
    at: datetime | None
    has_left: bool = False  # they acknowledged it, and do not belong to the conversation any more


@dataclass(frozen=True, slots=True)
class Readers:
    """A page of the people of a channel, those who came less far first; the first page counts how many stand in each state."""

    people: tuple[ReaderRow, ...]
    counts: dict[str, int]  # empty on later pages
    next_after: str  # where the next page begins; empty on the last

    @property
    def reached(self) -> dict[str, int]:
        """How many have come at least that far: who acknowledged has read it, who has read it has got it."""
        counts = [self.counts.get(name, 0) for name in STATES]
        return {name: sum(counts[: place + 1]) for place, name in enumerate(STATES)}

    @property
    def total(self) -> int:
        return sum(self.counts.values())


# Everybody here but the author, and whoever acknowledged and left, each once with their marks. A reply is read in its thread, a
# root in the channel. Who came in after a message (base >= number) was not shown it as new: for them it counts as delivered.
READERS = """
WITH member AS MATERIALIZED ({people}),
marked AS (
  SELECT coalesce(member.id, given.user_id) AS id, member.id IS NULL AS has_left, given.at AS given_at,
    mark.base >= %s AS came_later,
    mark.delivered >= %s OR mark.up_to >= %s OR mark.base >= %s AS has_got,
    CASE WHEN %s THEN CASE WHEN thread.up_to >= %s THEN thread.at END
      ELSE CASE WHEN mark.base < %s AND mark.up_to >= %s THEN mark.at END END AS read_at
  FROM member
  FULL JOIN (SELECT user_id, at FROM messaging_acknowledgement WHERE message_id = %s) given ON given.user_id = member.id
  LEFT JOIN messaging_readmark mark ON mark.channel_id = %s AND mark.user_id = coalesce(member.id, given.user_id)
  LEFT JOIN messaging_threadmark thread ON thread.root_id = %s AND thread.user_id = coalesce(member.id, given.user_id)
),
state AS MATERIALIZED (
  SELECT id, has_left, coalesce(given_at, read_at) AS at, coalesce(came_later, false) AS came_later,
    CASE WHEN given_at IS NOT NULL THEN 0 WHEN read_at IS NOT NULL THEN 1 WHEN has_got THEN 2 ELSE 3 END AS state
  FROM marked
),
page AS (
  SELECT * FROM state WHERE state BETWEEN %s AND %s AND NOT (%s AND came_later) AND (state, id) < (%s, %s)
  ORDER BY state DESC, id DESC LIMIT %s
)
SELECT array_agg(id ORDER BY state DESC, id DESC), array_agg(state ORDER BY state DESC, id DESC),
  array_agg(at ORDER BY state DESC, id DESC), array_agg(has_left ORDER BY state DESC, id DESC),
  CASE WHEN %s THEN (SELECT array_agg(ARRAY[counted.state, counted.people])
    FROM (SELECT state, count(*) AS people FROM state GROUP BY state) counted) END
FROM page
"""


def readers_of(message: Message, channel: Channel, *, show: str = "all", after: str = "") -> Readers:
    """Return who has got a message how far, a hundred at a time; two queries.

    `show` is "all", "waiting" (who was there and has not acknowledged, or not read where that was not asked) or "acknowledged";
    `after` is the `next_after` of the page before.
    """
    first, last = ACKNOWLEDGED, SENT
    if show == "waiting":
        first = READ if message.asks_acknowledgement else DELIVERED
    elif show == "acknowledged":
        last = ACKNOWLEDGED
    place = _place_of(after)
    sql, values = _statement(
        message,
        channel,
        first=first,
        last=last,
        is_waiting=show == "waiting",
        place=place or (SENT + 1, 0),
        counts=not place,
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        ids, states, times, left, counts = cursor.fetchone()
    found = list(zip(ids or (), states or (), times or (), left or (), strict=True))
    shown = found[:READERS_A_PAGE]
    wanted = User.objects.filter(pk__in=[user_id for user_id, *_ in shown])
    people = {person.pk: person for person in wanted.select_related("home_unit__department__site")}
    rows = tuple(ReaderRow(people[user_id], STATES[state], at, has_left) for user_id, state, at, has_left in shown)
    next_after = f"{shown[-1][1]}-{shown[-1][0]}" if len(found) > READERS_A_PAGE else ""
    by_state = dict(counts or ())
    return Readers(rows, {} if place else {name: by_state.get(at, 0) for at, name in enumerate(STATES)}, next_after)


def _place_of(after: str) -> tuple[int, int] | None:
    """Return where a page begins, or None for the first one."""
    state, _, user_id = after.partition("-")
    if state.isascii() and state.isdigit() and user_id.isascii() and user_id.isdigit() and len(after) < 18:
        return min(int(state), SENT + 1), int(user_id)
    return None


def _statement(
    message: Message,
    channel: Channel,
    *,
    first: int,
    last: int,
    is_waiting: bool,
    place: tuple[int, int],
    counts: bool,
) -> tuple[str, list[Any]]:
    members = teams_queries.people_of(channel).exclude(pk=message.author_id).order_by().values("id")
    people, values = members.query.sql_with_params()
    number, is_reply = message.number, message.root_id is not None
    return READERS.replace("{people}", people), [
        *values,
        *(number, number, number, number),
        *(is_reply, message.ordinal, number, number),
        *(message.pk, channel.pk, message.root_id or 0),
        *(first, last, is_waiting, *place, READERS_A_PAGE + 1, counts),
    ]
