"""Whom a message calls: mentions, those who follow its thread, those who are to acknowledge it. A notice holds no text."""

from collections.abc import Collection
from typing import Any

from django.db import connection

from apps.messaging import queries
from apps.messaging.models import Acknowledgement, Message, ReadMark, ThreadMark
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


def tell_of_new_text(message: Message, user_ids: Collection[int]) -> None:
    """Ask those again who have acknowledged an earlier text of a message."""
    channel, edited_at = message.channel, message.edited_at
    assert edited_at is not None
    notices.notify(
        kind="acknowledgement",
        recipients=queries.those_who_read(channel, user_ids),
        actor=message.author,
        channel=channel,
        number=message.number,
        root_number=message.root.number if message.root else None,
        ordinal=message.ordinal,
        key=f"message:{channel.pk}:{message.number}:{edited_at.timestamp():.0f}",
    )


def mentioned_here(message: Message, keys: Collection[str]) -> list[int]:
    """Return those of this conversation whom keys name one by one, but the author; one query, none where they name nobody."""
    people = [int(key.removeprefix("user:")) for key in keys if key.startswith("user:")]
    return [user_id for user_id in queries.those_who_read(message.channel, people) if user_id != message.author_id]


def tell_again(message: Message) -> None:
    """Give the notices of a message back that was deleted and came back: read to those who had read it, or done what it asks."""
    channel, number = message.channel, message.number
    tell_of_message(message, message.mention_keys)
    if message.root_id is None:
        marks = ReadMark.objects.filter(channel=channel, up_to__gte=number)
        notices.read_up_to([(user_id, channel.pk, up_to) for user_id, up_to in marks.values_list("user_id", "up_to")])
    elif message.root is not None:
        seen = ThreadMark.objects.filter(root=message.root_id, up_to__gte=message.ordinal)
        places = seen.values_list("user_id", "up_to")
        notices.read_threads([(user_id, channel.pk, message.root.number, up_to) for user_id, up_to in places])
    for user_id in Acknowledgement.objects.filter(message=message).values_list("user_id", flat=True):
        notices.read_message(user_id=user_id, channel_id=channel.pk, number=number)


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
    mentioned = mentioned_here(message, keys)
    if mentioned:
        notices.notify(recipients=mentioned, **place)
        _have_them_follow(message, mentioned)
    for key in keys:
        if key.startswith("unit:"):
            notices.notify_people(audience="unit", unit_id=int(key.removeprefix("unit:")), **place)
        elif key == "channel:":
            notices.notify_people(audience="channel", **place)


def _have_them_follow(message: Message, user_ids: list[int]) -> None:
    """Those who were mentioned follow the thread; who writes in it does so in `sending`."""
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
