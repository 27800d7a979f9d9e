"""The nine families of rules, by the name that a rule's row gives."""

from collections.abc import Mapping

from .base import Family
from .presence import Blackout, Cover, Pairing
from .sequences import Rest, Run, Succession
from .sums import Balance, Count, Hours

FAMILIES: Mapping[str, type[Family]] = {
    family.name: family for family in (Succession, Run, Count, Hours, Rest, Cover, Pairing, Blackout, Balance)
}

__all__ = [
    "FAMILIES",
    "Balance",
    "Blackout",
    "Count",
    "Cover",
    "Family",
    "Hours",
    "Pairing",
    "Rest",
    "Run",
    "Succession",
]
