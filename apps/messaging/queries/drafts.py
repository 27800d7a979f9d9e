"""Unsent text of composers."""

from apps.messaging.models import Draft
from apps.people.models import User
from apps.teams.models import Channel


def draft_of(channel: Channel, user: User, root_number: int = 0) -> Draft:
    """Return what somebody has in a composer; an unsaved, empty one of version 0 where there is nothing. One query."""
    found = Draft.objects.filter(user=user, channel=channel, root_number=root_number).first()
    return found or Draft(user=user, channel=channel, root_number=root_number, body="", version=0)
