"""Marks and unread counts."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Exists, F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Greatest

from apps.messaging.models import Acknowledgement, Message, ReadMark
from apps.notifications.models import NoticeQuerySet
from apps.people.models import User
from apps.teams import queries as teams_queries
from apps.teams.models import Channel

MARKS_SHOWN_UP_TO = 200  # members; above, others' marks are fetched on demand


def unread_expression(user: User) -> Any:
    """Return, on a query over channels, how many messages the user has not read."""
    mark = ReadMark.objects.filter(channel=OuterRef("pk"), user=user)
    zero = Value(0, output_field=BigIntegerField())
    read = Coalesce(Subquery(mark.values(place=Greatest("base", "up_to"))[:1]), zero)
    by_hand = Subquery(mark.values(place=F("unread_from") - 1)[:1])
    return Greatest(F("last_number") - Coalesce(by_hand, read), zero, output_field=BigIntegerField())


def mark_of(channel: Channel, user: User) -> ReadMark:
    """Return somebody's mark; an unsaved one at 0 where there is no row. No query where the channel came `for_page`."""
    if channel.viewer_id == user.pk and hasattr(channel, "viewer_mark"):
        return ReadMark(channel=channel, user=user, **(channel.viewer_mark or {}))
    return ReadMark.objects.filter(channel=channel, user=user).first() or ReadMark(channel=channel, user=user)


def read_up_to(mark: ReadMark) -> int:
    """Return the number up to which all is read, a mark set by hand included."""
    if mark.unread_from is not None:
        return mark.unread_from - 1
    return max(mark.base, mark.up_to)


def marks_of(channel: Channel, *, limit: int = MARKS_SHOWN_UP_TO) -> dict[int, tuple[int, int, int]]:
    """Return (base, up_to, delivered) of each person with a mark; nothing above 200 marks, where they are fetched on demand."""
    here = ReadMark.objects.filter(channel=channel, user__in=teams_queries.people_of(channel).values("pk"))
    rows = here.values_list("user_id", "base", "up_to", "delivered")[: limit + 1]
    marks = {user_id: (base, up_to, delivered) for user_id, base, up_to, delivered in rows}
    return marks if len(marks) <= limit else {}


def numbers_at(channel_ids: Collection[int], at: datetime) -> dict[int, int]:
    """Return the last number that each channel had at an instant; one query that reads back from the newest message."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, (SELECT m.number FROM messaging_message m WHERE m.channel_id = c.id AND m.created_at <= %s"
            " ORDER BY m.number DESC LIMIT 1) FROM unnest(%s::bigint[]) AS c(id)",
            [at, list(channel_ids)],
        )
        return {channel_id: number for channel_id, number in cursor.fetchall() if number}


def acknowledged_by(viewer: User, messages: Collection[int]) -> set[int]:
    """Return those of these messages that somebody has taken note of; one query, none without messages."""
    if not messages:
        return set()
    return set(Acknowledgement.objects.filter(message__in=messages, user=viewer).values_list("message_id", flat=True))


def still_to_acknowledge(viewer: User, notices: NoticeQuerySet) -> NoticeQuerySet:
    """Narrow notices to those whose message still asks this person to take note of it."""
    asking = Message.objects.filter(
        channel=OuterRef("channel"), number=OuterRef("number"), asks_acknowledgement=True, deleted_at=None
    )
    given = Acknowledgement.objects.filter(message=OuterRef("pk"), user=viewer)
    return notices.filter(Exists(asking.filter(~Exists(given))))
