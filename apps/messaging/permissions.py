"""Who may do what with messages. Belonging is decided by teams alone."""

import time
from datetime import timedelta

from redis.exceptions import RedisError

from apps.core import clock
from apps.core.counters import count_in_window
from apps.people.models import User
from apps.teams import permissions as teams_permissions
from apps.teams.models import Channel

from .models import Message

SENDS_A_MINUTE = 120
CHANGES_A_MINUTE = 120  # reactions, edits, pins, acknowledgements
DRAFTS_A_MINUTE = 120
WINDOW_SECONDS = 60
UNDO_SECONDS = 60  # in which a deletion can be taken back


def can_send(user: User, channel: Channel) -> bool:
    """Readers send, unless the channel is archived; see `teams.permissions.may_write_where_readable`."""
    return teams_permissions.may_write_where_readable(user, channel)


def can_edit(user: User, message: Message) -> bool:
    """Authors change their own text while the policy lets them; no query."""
    return message.author_id == user.pk and message.deleted_at is None and message.is_within_edit_time


def can_delete(user: User, message: Message) -> bool:
    """Authors delete their own messages, those who manage the channel any; no query for one's own."""
    return message.author_id == user.pk or teams_permissions.can_manage_channel(user, message.channel)


def can_restore(user: User, message: Message) -> bool:
    """Who deleted a message takes that back, for a minute; no query."""
    return (
        message.deleted_at is not None
        and message.deleted_by_id == user.pk
        and clock.now() - message.deleted_at <= timedelta(seconds=UNDO_SECONDS)
    )


def may_send_now(user_id: int) -> bool:
    """Count one more send and tell whether it is within the limit; a cache that is away lets messages through.

    A message is more important than the limit; the web server in front limits by address as well.
    """
    return _is_within(f"sends:{user_id}", SENDS_A_MINUTE)


def may_change_now(user_id: int) -> bool:
    """Count one more reaction, edit, pin or acknowledgement and tell whether it is within the limit."""
    return _is_within(f"changes:{user_id}", CHANGES_A_MINUTE)


def may_keep_draft_now(user_id: int) -> bool:
    """Count one more save of a draft and tell whether it is within the limit."""
    return _is_within(f"drafts:{user_id}", DRAFTS_A_MINUTE)


def _is_within(name: str, limit: int) -> bool:
    try:
        return count_in_window(name, WINDOW_SECONDS) <= limit
    except (RedisError, OSError):
        return True


def seconds_to_wait() -> int:
    """Return after how many seconds the next window opens."""
    return WINDOW_SECONDS - int(time.time()) % WINDOW_SECONDS
