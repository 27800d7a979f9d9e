from dataclasses import dataclass

from apps.core.events import Event


@dataclass(frozen=True, slots=True)
class UnitMoved(Event):
    """A unit lies under another department from a day on; what belonged to it follows."""

    durable = True
    unit_id: int
    department_id: int
    happened_at: str  # ISO 8601

    @property
    def aggregate(self) -> str:
        return f"unit:{self.unit_id}"
