from dataclasses import dataclass

from apps.core.events import Event


@dataclass(frozen=True, slots=True)
class BatchOpened(Event):
    """A notice is to reach many people; a hint, since the sweep finds the batch in any case."""

    batch_id: int
