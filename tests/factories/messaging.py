"""Messages, sent as people send them."""

import uuid
from itertools import count
from typing import Any

from apps.messaging import actions
from apps.messaging.models import Message, Reaction
from apps.people.models import User
from apps.teams.models import Channel

_numbers = count(1)


def send(by: User, channel: Channel, text: str = "", **words: Any) -> Message:
    """A message through the action, so that counters, marks and the frame are as in life."""
    number = next(_numbers)
    text = text or f"{number}번째 알림입니다."
    return actions.send_message(by=by, channel=channel, client_id=uuid.uuid4(), text=text, **words).message


def react(message: Message, by: User, emoji: str = "thumbsup") -> Reaction:
    return Reaction.objects.create(message=message, user=by, emoji=emoji)
