"""Catching up: the newest state of every row of a channel with a higher change."""

from collections.abc import Collection

import orjson
from django.db import connection

from apps.messaging.models import Message
from apps.realtime.registry import Frame, Missed
from apps.teams import queries as teams_queries

from .rows import bodies_of, message_change

RELOAD_BEYOND = 500  # changes; a client further behind fetches the newest page


def frames_after(channel_id: int, change: int) -> Missed:
    """Return the newest state of every row of a channel with a higher change, in order of change.

    `newest` and the rows come from one snapshot, so that a change is never skipped: a missing number was superseded.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.last_change,"
            " (SELECT array_agg(m.id) FROM (SELECT id FROM messaging_message WHERE channel_id = c.id AND change > %s"
            "  ORDER BY change LIMIT %s) m),"
            " (SELECT jsonb_agg(jsonb_build_array(change, user_id, left_at IS NULL) ORDER BY change)"
            "  FROM teams_channelmembership WHERE channel_id = c.id AND change > %s),"
            " c.archived_at IS NOT NULL,"
            " (SELECT max(change) FROM messaging_message WHERE channel_id = c.id)"
            " FROM teams_channel c WHERE c.id = %s",
            [change, RELOAD_BEYOND + 1, change, channel_id],
        )
        row = cursor.fetchone()
    if row is None:
        return Missed(newest=change, frames=())
    newest, ids, members, is_archived, newest_message = row
    members = members if isinstance(members, list) else orjson.loads(members) if members else []
    if newest - change > RELOAD_BEYOND or len(ids or ()) > RELOAD_BEYOND:
        return Missed(newest=newest, frames=(), reload=True)
    frames = _message_frames(ids or [], newest)
    for at, user_id, joined in members:
        body = teams_queries.membership_body(user_id, joined=joined)
        frames.append(Frame(at, orjson.dumps(body), revokes=() if joined else (user_id,)))
    if is_archived and change < newest:
        frames.append(Frame(newest, orjson.dumps({"kind": "archived"})))
    elif newest > max([change, newest_message or 0, *(at for at, *_ in members)]):
        # The newest change is no row's: the channel was opened again, after whatever else had happened.
        frames.append(Frame(newest, orjson.dumps({"kind": "restored"})))
    frames.sort(key=lambda frame: frame.change)
    return Missed(newest=newest, frames=tuple(frames))


def _message_frames(ids: Collection[int], newest: int) -> list[Frame]:
    found = Message.objects.filter(pk__in=ids, change__lte=newest).select_related("author", "root")
    messages = list(found.order_by("change"))
    bodies = bodies_of(messages)
    return [
        Frame(message.change, orjson.dumps(message_change(bodies[message.pk])), place=message.number)
        for message in messages
    ]
