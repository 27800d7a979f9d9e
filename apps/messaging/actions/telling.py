"""Whom a message calls: mentions, those who follow its thread, those who are to acknowledge it. A notice holds no text."""

from collections.abc import Collection
from typing import Any

from django.db import connection

from apps.messaging import queries
from apps.messaging.models import Message
from apps.notifications import actions as notices


def tell_of_message(message: Message, keys: Collection[str]) -> None:
    """Give notices of a new message, one a person at most: asked to acknowledge, else mentioned, else following the thread."""
    channel, author = message.channel, message.author
    key = f"message:{channel.pk}:{message.number}"
    place: dict[str, Any] = {
        "actor": author,
        "channel": channel,
        "number": message.number,
        "root_number": message.root.number if message.root else None,
        "ordinal": message.ordinal,
        "key": key,
    }
    if message.asks_acknowledgement:
        notices.notify_people(kind="acknowledgement", audience="channel", **place)
    tell_of_mentions(message, keys)
    if message.root is not None:
        followers = queries.followers_of(message.root).exclude(user=author)
        readers = queries.those_who_read(channel, list(followers.values_list("user_id", flat=True)))
        notices.notify(kind="reply", recipients=readers, **place)


def tell_of_mentions(message: Message, keys: Collection[str]) -> None:
    """Give notices to those whom a text mentions; they follow the thread that it stands in."""
    if not keys:
        return
    channel = message.channel
    place: dict[str, Any] = {
        "kind": "mention",
        "actor": message.author,
        "channel": channel,
        "number": message.number,
        "root_number": message.root.number if message.root else None,
        "ordinal": message.ordinal,
        "key": f"message:{channel.pk}:{message.number}",
    }
    people = [int(key.removeprefix("user:")) for key in keys if key.startswith("user:")]
    mentioned = [user_id for user_id in queries.those_who_read(channel, people) if user_id != message.author_id]
    if mentioned:
        notices.notify(recipients=mentioned, **place)
        _have_them_follow(message, mentioned)
    for key in keys:
        if key.startswith("unit:"):
            notices.notify_people(audience="unit", unit_id=int(key.removeprefix("unit:")), **place)
        elif key == "channel:":
            notices.notify_people(audience="channel", **place)


def _have_them_follow(message: Message, user_ids: list[int]) -> None:
    root_id = message.root_id
    if root_id is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO messaging_threadmark (root_id, user_id, up_to, is_following, at)"
            " SELECT %s, who, 0, true, %s FROM unnest(%s::bigint[]) AS who ORDER BY who"
            " ON CONFLICT (root_id, user_id) DO NOTHING",
            [root_id, message.created_at, sorted(user_ids)],
        )
