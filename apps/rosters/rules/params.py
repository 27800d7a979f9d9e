"""The parameters of rules: what may stand in a JSON row, and what it means once read."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from typing import Any, TypeVar

from .facts import ABSENT, BUSY, DAY, FAR_OFF, KINDS, LONG_AGO, NIGHT_SHIFT, PRESENT, Type, clock_overlap

Reader = Callable[[Any], Any]
P = TypeVar("P")

CONDITIONS = (
    "nights_only", "no_nights", "night_consent", "pregnant", "post_partum", "child_care", "preceptee", "apart",
)  # fmt: skip


class BadParam(Exception):
    """A parameter that cannot stand; `key` names the message in `sentences`."""

    def __init__(self, key: str, path: str = "", **values: Any) -> None:
        super().__init__(key)
        self.key, self.path, self.values = key, path, values


@dataclass(frozen=True)
class What:
    """Which shifts a rule means. `word` is how a sentence calls them; a negated one means days without such shifts."""

    word: str
    codes: tuple[str, ...] = ()
    not_codes: tuple[str, ...] = ()
    kinds: frozenset[str] = KINDS
    night: bool | None = None
    begins: tuple[int, int] | None = None
    clock: tuple[int, int] | None = None
    worked_from: int = 0
    break_below: int | None = None
    is_negated: bool = False
    is_full: bool = False  # of a negated one: no shift of the day before runs into the day either

    def takes(self, kind: Type) -> bool:
        """Return whether shifts of a type are meant."""
        return (
            kind.kind in self.kinds
            and (not self.codes or kind.code in self.codes)
            and kind.code not in self.not_codes
            and (self.night is None or self.night == (kind.night >= NIGHT_SHIFT))
            and (self.begins is None or clock_overlap(kind.begins % DAY, 1, *self.begins) > 0)
            and (self.clock is None or clock_overlap(kind.begins, kind.minutes, *self.clock) > 0)
            and kind.worked >= self.worked_from
            and (self.break_below is None or kind.break_minutes < self.break_below)
        )


WORDS: Mapping[str, What] = {
    "any": What("any"),
    "work": What("work", kinds=PRESENT),
    "busy": What("busy", kinds=BUSY),  # work and training
    "night": What("night", kinds=PRESENT, night=True),
    "not_night": What("not_night", kinds=PRESENT, night=False),
    "day": What("day", kinds=PRESENT, night=False, begins=(4 * 60, 14 * 60)),
    "evening": What("evening", kinds=PRESENT, night=False, begins=(14 * 60, 4 * 60)),
    "duty": What("duty", kinds=frozenset({"duty"})),
    "on_call": What("on_call", kinds=frozenset({"on_call_house", "on_call_home"})),
    "called": What("called", kinds=KINDS - ABSENT),  # whatever asks something of somebody
    "training": What("training", kinds=frozenset({"training"})),
    "leave": What("leave", kinds=frozenset({"leave"})),
    "off": What("off", kinds=frozenset({"off"})),
    "free": What("free", kinds=KINDS - {"off"}, is_negated=True),  # nothing, or a day off
    "rest": What("rest", kinds=KINDS - ABSENT, is_negated=True),  # nothing, a day off or leave
    "full_rest": What("full_rest", kinds=KINDS - ABSENT, is_negated=True, is_full=True),
}
SHIFT_WORDS = tuple(word for word, what in WORDS.items() if not what.is_negated)


def read_whole(low: int, high: int) -> Reader:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise BadParam("param-whole")
        if not low <= value <= high:
            raise BadParam("param-between", low=low, high=high)
        return value

    return read


def read_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadParam("param-flag")
    return value


def read_choice(*choices: str) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise BadParam("param-choice", choices=", ".join(choices))
        return value

    return read


def read_or(word: str, reader: Reader) -> Reader:
    """Read a fixed word, or else what the reader reads."""
    return lambda value: value if value == word else reader(value)


def read_list(reader: Reader, at_most: int = 400) -> Reader:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or not value or len(value) > at_most:
            raise BadParam("param-list")
        return tuple(reader(item) for item in value)

    return read


def read_text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 60:
        raise BadParam("param-text")
    return value


def read_time(value: Any) -> int:
    try:
        hours, minutes = (int(part) for part in str(value).split(":"))
    except ValueError:
        raise BadParam("param-time") from None
    if not (0 <= minutes < 60 and 0 <= hours * 60 + minutes <= DAY):
        raise BadParam("param-time")
    return hours * 60 + minutes


def read_times(value: Any) -> tuple[int, int]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise BadParam("param-times")
    return read_time(value[0]), read_time(value[1])


def read_day(value: Any) -> int:
    try:
        return date.fromisoformat(value).toordinal()
    except (TypeError, ValueError):
        raise BadParam("param-day") from None


def _read_dict(value: Any, readers: Mapping[str, Reader]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadParam("param-object")
    read: dict[str, Any] = {}
    for name, item in value.items():
        if name not in readers:
            raise BadParam("param-unknown", name, choices=", ".join(readers))
        try:
            read[name] = readers[name](item)
        except BadParam as bad:
            raise BadParam(bad.key, f"{name}.{bad.path}".rstrip("."), **bad.values) from None
    return read


WHAT_READERS: Mapping[str, Reader] = {
    "is": read_choice(*SHIFT_WORDS),
    "codes": read_list(read_text),
    "not_codes": read_list(read_text),
    "kinds": read_list(read_choice(*sorted(KINDS))),
    "night": read_flag,
    "begins": read_times,
    "clock": read_times,
    "worked_from": read_whole(0, 3 * DAY),
    "break_below": read_whole(1, DAY),
}


def read_what(value: Any) -> What:
    """Read a word of WORDS, or an object that narrows one down: {"is": "work", "codes": ["D", "D7"]}."""
    if isinstance(value, str):
        if value not in WORDS:
            raise BadParam("param-choice", choices=", ".join(WORDS))
        return WORDS[value]
    read = _read_dict(value, WHAT_READERS)
    base = WORDS[read.pop("is", "any" if "kinds" in read else "called")]
    kinds = frozenset(read.pop("kinds", base.kinds))
    whole = {**{name.name: getattr(base, name.name) for name in fields(What)}, **read, "kinds": kinds}
    return What(**{**whole, "word": "codes" if read.get("codes") else base.word})


def read_shifts(value: Any) -> What:
    """Read what is a shift, not the want of one."""
    what = read_what(value)
    if what.is_negated:
        raise BadParam("param-choice", choices=", ".join(SHIFT_WORDS))
    return what


@dataclass(frozen=True)
class Window:
    """The days over which is counted: any `n` days in a row, `n` weeks of the establishment, a month, the roster, or dates."""

    unit: str  # days | weeks | months | plan | dates
    n: int = 1
    first: int = LONG_AGO
    until: int = FAR_OFF


def read_window(value: Any) -> Window:
    """Read {"days": 7}, {"weeks": 4}, {"months": 1}, "plan" or {"from": day, "until": day}."""
    if value == "plan":
        return Window("plan")
    read = _read_dict(
        value,
        {
            "days": read_whole(1, 56), "weeks": read_whole(1, 8), "months": read_whole(1, 1),
            "from": read_day, "until": read_day,
        },
    )  # fmt: skip
    if set(read) == {"from", "until"}:
        if read["from"] >= read["until"]:
            raise BadParam("param-empty-days")
        return Window("dates", 1, read["from"], read["until"])
    if len(read) != 1 or set(read) & {"from", "until"}:
        raise BadParam("param-window")
    (unit, n), *_ = read.items()
    return Window(unit, n)


def param(reader: Reader, default: Any = MISSING) -> Any:
    """Return the field of a family's parameters; without a default it has to be there."""
    metadata = {"reader": reader}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


# What each family takes besides its own: circumstances of the person for which alone, or except for which, a rule holds.
COMMON: Mapping[str, Reader] = {
    "while": read_choice(*CONDITIONS),
    "while_first_days": read_whole(1, 366),
    "unless": read_choice(*CONDITIONS),
}


def read_params(cls: type[P], raw: Any) -> tuple[P | None, list[BadParam]]:
    """Read a family's parameters; on errors return all of them, each with its path, and None."""
    if not isinstance(raw, dict):
        return None, [BadParam("param-object")]
    known = {item.name.rstrip("_"): item for item in fields(cls)}  # type: ignore[arg-type]
    read: dict[str, Any] = {}
    bad: list[BadParam] = []
    for name, value in raw.items():
        reader = known[name].metadata["reader"] if name in known else COMMON.get(name)
        if reader is None:
            bad.append(BadParam("param-unknown", name, choices=", ".join([*known, *COMMON])))
            continue
        try:
            outcome = reader(value)
        except BadParam as error:
            bad.append(BadParam(error.key, f"{name}.{error.path}".rstrip("."), **error.values))
            continue
        if name in known:
            read[known[name].name] = outcome
    if "while_first_days" in raw and "while" not in raw:
        bad.append(BadParam("param-needs", "while_first_days", other="while"))
    for name, item in known.items():
        if name not in raw and item.default is MISSING and item.default_factory is MISSING:
            bad.append(BadParam("param-missing", name))
    if bad:
        return None, bad
    made = cls(**read)
    judge: Callable[[], None] | None = getattr(made, "judge", None)
    if judge is not None:
        try:
            judge()
        except BadParam as error:
            return None, [error]
    return made, []
