"""Who has got a message how far: sent, delivered, read, acknowledged, in a channel of any size, by marks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When

from apps.messaging.models import Acknowledgement, Message, ReadMark, ThreadMark
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


@dataclass(frozen=True, slots=True)
class Readers:
    """A page of the people of a channel, those who came less far first, and how many stand in each state."""

    people: tuple[ReaderRow, ...]
    counts: dict[str, int]
    next_after: str  # where the next page begins; empty on the last

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def readers_of(message: Message, channel: Channel, *, show: str = "all", after: str = "") -> Readers:
    """Return who has got a message how far, a hundred at a time; two queries.

    `show` is "all", "waiting" (who has not acknowledged, or not read where that was not asked) or "acknowledged"; `after` is the
    `next_after` of the page before.
    """
    people = _with_states(message, channel)
    counts = dict(people.order_by().values_list("state").annotate(count=Count("pk")))
    if show == "waiting":
        people = people.filter(state__gt=ACKNOWLEDGED if message.asks_acknowledgement else READ)
    elif show == "acknowledged":
        people = people.filter(state=ACKNOWLEDGED)
    state, _, user_id = after.partition("-")
    if state.isascii() and state.isdigit() and user_id.isascii() and user_id.isdigit() and len(after) < 18:
        people = people.filter(Q(state__lt=int(state)) | Q(state=int(state), pk__lt=int(user_id)))
    found = list(people.select_related("home_unit__department__site").order_by("-state", "-pk")[: READERS_A_PAGE + 1])
    shown = found[:READERS_A_PAGE]
    rows = tuple(ReaderRow(person, STATES[person.state], person.acknowledged_at or person.read_at) for person in shown)
    last = f"{shown[-1].state}-{shown[-1].pk}" if len(found) > READERS_A_PAGE else ""
    return Readers(rows, {name: counts.get(index, 0) for index, name in enumerate(STATES)}, last)


def _with_states(message: Message, channel: Channel) -> QuerySet[Any]:
    """Return the people of a channel but the author, with `state`, `acknowledged_at` and `read_at`.

    A reply is read in its thread, a root in the channel. Who came in after a message (base >= number) was not shown it as new:
    for them it counts as delivered.
    """
    me = OuterRef("pk")
    marks = ReadMark.objects.filter(channel=channel, user=me)
    if message.root_id is None:
        read: QuerySet[Any] = marks.filter(base__lt=message.number, up_to__gte=message.number)
    else:
        read = ThreadMark.objects.filter(root=message.root_id, user=me, up_to__gte=message.ordinal)
    got = marks.filter(Q(delivered__gte=message.number) | Q(up_to__gte=message.number) | Q(base__gte=message.number))
    people: QuerySet[Any] = teams_queries.people_of(channel).exclude(pk=message.author_id)
    with_states: QuerySet[Any] = people.annotate(
        acknowledged_at=Subquery(Acknowledgement.objects.filter(message=message, user=me).values("at")[:1]),
        read_at=Subquery(read.values("at")[:1]),
        state=Case(
            When(acknowledged_at__isnull=False, then=Value(ACKNOWLEDGED)),
            When(read_at__isnull=False, then=Value(READ)),
            When(Exists(got), then=Value(DELIVERED)),
            default=Value(SENT),
            output_field=IntegerField(),
        ),
    )
    return with_states
