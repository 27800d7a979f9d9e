from dataclasses import dataclass

from apps.core.events import Event


@dataclass(frozen=True, slots=True)
class PersonEvent(Event):
    """The base of news about one person, in order per person."""

    user_id: int

    @property
    def aggregate(self) -> str:
        return f"user:{self.user_id}"


@dataclass(frozen=True, slots=True)
class UserDeactivated(PersonEvent):
    """Somebody left: their sessions are gone and their live sockets close."""

    durable = True


@dataclass(frozen=True, slots=True)
class UserReactivated(PersonEvent):
    """Somebody came back."""

    durable = True


@dataclass(frozen=True, slots=True)
class AssignmentChanged(PersonEvent):
    """Somebody came to a unit or left it; channels by rule follow."""

    durable = True
    unit_id: int
    happened_at: str  # ISO 8601


@dataclass(frozen=True, slots=True)
class QualificationChanged(PersonEvent):
    """A qualification of somebody was recorded or revoked."""

    durable = True
    qualification_id: int
    happened_at: str  # ISO 8601
