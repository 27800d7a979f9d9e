"""Who may do what with messages. Belonging is decided by teams alone."""

import time

from redis.exceptions import RedisError

from apps.core.counters import count_in_window
from apps.people.models import User
from apps.teams import permissions as teams_permissions
from apps.teams.models import Channel

SENDS_A_MINUTE = 120
WINDOW_SECONDS = 60


def can_send(user: User, channel: Channel) -> bool:
    """Readers send, unless the channel is archived; see `teams.permissions.may_write_where_readable`."""
    return teams_permissions.may_write_where_readable(user, channel)


def may_send_now(user_id: int) -> bool:
    """Count one more send and tell whether it is within the limit; a cache that is away lets messages through.

    A message is more important than the limit; the web server in front limits by address as well.
    """
    try:
        return count_in_window(f"sends:{user_id}", WINDOW_SECONDS) <= SENDS_A_MINUTE
    except (RedisError, OSError):
        return True


def seconds_to_wait() -> int:
    """Return after how many seconds the next window opens."""
    return WINDOW_SECONDS - int(time.time()) % WINDOW_SECONDS
