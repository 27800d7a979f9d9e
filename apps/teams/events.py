from dataclasses import dataclass

from apps.core.events import Event


@dataclass(frozen=True, slots=True)
class TeamJoined(Event):
    """Somebody came into a team, and by that into its standard channels; `numbers`: channel id -> its last number then."""

    durable = True
    team_id: int
    user_id: int
    numbers: dict[str, int]

    @property
    def aggregate(self) -> str:
        return f"user:{self.user_id}"


@dataclass(frozen=True, slots=True)
class ChannelJoined(Event):
    """Somebody got an own membership row in a channel whose last number was `number` then."""

    durable = True
    channel_id: int
    user_id: int
    number: int

    @property
    def aggregate(self) -> str:
        return f"user:{self.user_id}"
