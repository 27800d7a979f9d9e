"""Notices, as rows; what they are about is made by the test."""

from itertools import count
from typing import Any

from apps.notifications.models import Notice
from apps.people.models import User

_numbers = count(1)


def make_notice(user: User, **fields: Any) -> Notice:
    """A notice of its own key: with `message=` of that message's place and author, else a mention of nothing."""
    message = fields.pop("message", None)
    if message is not None:
        fields = {
            "actor": message.author,
            "channel": message.channel,
            "number": message.number,
            "root_number": message.root.number if message.root else None,
            "ordinal": message.ordinal,
            **fields,
        }
    return Notice.objects.create(**{"user": user, "kind": "mention", "key": f"test:{next(_numbers)}", **fields})
