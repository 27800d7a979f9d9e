"""A family: one class, its parameters a typed row."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

from apps.rosters.rules.ground import BoundRule, Ground, Raw, Row, Wide

Checker = Callable[[Row], Iterable[Raw]]
NOTHING: tuple[Raw, ...] = ()


class Family:
    """Finds the breaches of the rules of one kind.

    `checker` returns what is asked of each person in turn; a family that judges the unit as a whole has `check_unit` instead,
    which is told the days that are wanted and names the person, if any, in each breach.
    """

    name: ClassVar[str]
    Params: ClassVar[type[Any]]

    @classmethod
    def is_of_unit(cls, params: Any) -> bool:
        """Return whether these parameters ask about the unit as a whole."""
        return False

    @classmethod
    def checker(cls, rule: BoundRule, ground: Ground) -> Checker:
        raise NotImplementedError

    @classmethod
    def suspects(cls, rule: BoundRule, wide: Wide) -> int | None:
        """Return bits in the lanes of those who may have a breach: nobody else is asked. None: ask everybody."""
        return None

    @classmethod
    def check_unit(cls, rule: BoundRule, ground: Ground, low: int, high: int) -> Iterator[Raw]:
        raise NotImplementedError
