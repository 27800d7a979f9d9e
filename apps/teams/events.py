from dataclasses import dataclass

from apps.core.events import Event


@dataclass(frozen=True, slots=True)
class TeamJoined(Event):
    """Somebody came into a team, and by that into its standard channels."""

    durable = True
    team_id: int
    user_id: int
    happened_at: str  # ISO 8601

    @property
    def aggregate(self) -> str:
        return f"user:{self.user_id}"


@dataclass(frozen=True, slots=True)
class ChannelJoined(Event):
    """Somebody got an own membership row in a channel."""

    durable = True
    channel_id: int
    user_id: int
    happened_at: str  # ISO 8601

    @property
    def aggregate(self) -> str:
        return f"user:{self.user_id}"


@dataclass(frozen=True, slots=True)
class PeopleInvited(Event):
    """People were invited into a team, or into a private channel of it."""

    durable = True
    team_id: int
    invitation_ids: list[int]

    @property
    def aggregate(self) -> str:
        return f"invitations:{self.team_id}"


@dataclass(frozen=True, slots=True)
class InvitationsClosed(Event):
    """Invitations of a team or its channels were accepted, declined or taken back."""

    durable = True
    team_id: int
    invitation_ids: list[int]

    @property
    def aggregate(self) -> str:
        return f"invitations:{self.team_id}"
