"""The rules of rosters: nine families over plain numbers. Nothing here knows a row of the database."""

from .binding import Employed, RuleRow, SettingRow, bind
from .engine import check, cost_of, names_of, new_findings, read_rule, validate_params
from .facts import (
    ABSENT,
    ALWAYS,
    BUSY,
    FAR_OFF,
    LONG_AGO,
    NIGHT_FROM,
    NIGHT_SHIFT,
    NIGHT_UNTIL,
    PRESENT,
    Circumstance,
    Clock,
    Facts,
    Need,
    Person,
    Shift,
    Spans,
    Type,
    cut,
    is_in,
)
from .families import FAMILIES
from .ground import BoundRule, Finding
from .presets import PRESETS, Preset
from .sentences import counter_of, describe, sentence_of

__all__ = [
    "ABSENT",
    "ALWAYS",
    "BUSY",
    "FAMILIES",
    "FAR_OFF",
    "LONG_AGO",
    "NIGHT_FROM",
    "NIGHT_SHIFT",
    "NIGHT_UNTIL",
    "PRESENT",
    "PRESETS",
    "BoundRule",
    "Circumstance",
    "Clock",
    "Employed",
    "Facts",
    "Finding",
    "Need",
    "Person",
    "Preset",
    "RuleRow",
    "SettingRow",
    "Shift",
    "Spans",
    "Type",
    "bind",
    "check",
    "cost_of",
    "counter_of",
    "cut",
    "describe",
    "is_in",
    "names_of",
    "new_findings",
    "read_rule",
    "sentence_of",
    "validate_params",
]
