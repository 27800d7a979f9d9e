"""The news of rosters."""

from dataclasses import dataclass

from apps.core.events import Event


@dataclass(frozen=True, slots=True)
class RosterPublished(Event):
    """A unit's roster was published for days [first_on, until_on), or anew; `user_ids` are those whose shifts changed."""

    durable = True
    plan_id: int
    unit_id: int
    first_on: str  # ISO 8601
    until_on: str
    user_ids: list[int]

    @property
    def aggregate(self) -> str:
        return f"roster:{self.plan_id}"


@dataclass(frozen=True, slots=True)
class RosterRecalled(Event):
    """A published roster was taken back: its shifts do not hold any more."""

    durable = True
    plan_id: int
    unit_id: int
    user_ids: list[int]

    @property
    def aggregate(self) -> str:
        return f"roster:{self.plan_id}"


@dataclass(frozen=True, slots=True)
class PeopleToTell(Event):
    """More people than are told at once are to hear of a roster; `notice_id` says of what."""

    durable = True
    plan_id: int
    notice_id: str
    actor_id: int | None
    user_ids: list[int]

    @property
    def aggregate(self) -> str:
        return f"roster:{self.plan_id}"


@dataclass(frozen=True, slots=True)
class ShiftsChanged(Event):
    """Cells of a roster were changed, or what is published of it; a page that shows it asks again."""

    plan_id: int
    unit_id: int
