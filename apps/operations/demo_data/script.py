r"""Conversations as they are written down, and when each line was said.

== 1 09:10        a stretch that began one day ago at ten past nine, in the site's time
== ago 40         a stretch that began forty minutes ago
name: text        a message; `\n` in it is a line break
> name: text      a reply to the message before (replies do not count)
What happened to the line before, in this order:
+ emoji name …    reactions
! name …          it asks to be acknowledged, and who has done so; perhaps nobody yet
^ name            somebody pinned it
~ text            its author changed it to this text
x                 its author deleted it
And what it is:
# label           a name by which others point to it: `{label}` in a text is its address
= label           it passes that message on; its text goes with it
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import Enum, auto
from random import Random
from zoneinfo import ZoneInfo

NEWEST = timedelta(minutes=2)  # before now
PAUSE = timedelta(minutes=6)  # at least, between two stretches

DAY_BEGINS = 10  # o'clock; before it the last day that is told is yesterday, so that mornings lie behind

_WHEN = re.compile(r"==(?P<when_due>\?)? (?:(?P<days>\d+) (?P<hour>\d\d):(?P<minute>\d\d)|ago (?P<ago>\d+))")
_ABOUT = re.compile(r"[+^~#=] .+|!(?: .+)?|x")
_SAID = re.compile(r"(?P<reply>> )?(?P<who>[^:\s]+): (?P<text>.+)")


class Deed(Enum):
    """What somebody does to a message; each is a change of its channel."""

    REACTION = auto()
    ACKNOWLEDGEMENT = auto()
    PIN = auto()
    EDIT = auto()
    DELETION = auto()


@dataclass
class Act:
    deed: Deed
    who: str
    after: timedelta
    """Since the stretch began, like the line's own."""
    value: str = ""
    """The emoji, or the new text."""


@dataclass
class Line:
    who: str
    text: str
    after: timedelta
    """Since the stretch began."""
    root: "Line | None" = None
    acts: list[Act] = field(default_factory=list)
    asks: bool = False
    """Whether it is to be acknowledged."""
    label: str = ""
    passes_on: str = ""
    """The label of the message that it forwards."""
    at: datetime | None = None

    @property
    def reactions(self) -> list[Act]:
        return [act for act in self.acts if act.deed is Deed.REACTION]

    def at_of(self, act: Act) -> datetime:
        """Return when something was done to the line."""
        assert self.at is not None
        return self.at + (act.after - self.after)


@dataclass
class Stretch:
    begins: datetime
    is_due: bool = False
    """Whether it is left out while it lies ahead."""
    lines: list[Line] = field(default_factory=list)

    @property
    def length(self) -> timedelta:
        moments = [line.after for line in self.lines]
        moments += [act.after for line in self.lines for act in line.acts]
        return max(moments, default=timedelta())


class BrokenScript(ValueError):
    """A line of a script cannot be read."""


def read_script(text: str, *, now: datetime, zone: ZoneInfo, dice: Random) -> list[Line]:
    """Return the lines in the order in which they were said, with their times: each stretch whole, none after now."""
    stretches: list[Stretch] = []
    root: Line | None = None
    for row in filter(None, map(str.strip, text.splitlines())):
        if match := _WHEN.fullmatch(row):
            stretches.append(Stretch(_beginning(match, now, zone), is_due=bool(match["when_due"])))
            root = None
        elif _ABOUT.fullmatch(row) and stretches and stretches[-1].lines:
            _tell_more(stretches[-1].lines[-1], row, dice)
        elif (match := _SAID.fullmatch(row)) and stretches:
            stretch = stretches[-1]
            line = Line(match["who"], _unfold(match["text"]), _next_moment(stretch, match["text"], dice))
            if match["reply"]:
                if root is None:
                    raise BrokenScript(row)
                line.root = root
            else:
                root = line
            stretch.lines.append(line)
        else:
            raise BrokenScript(row)
    stretches = [
        stretch for stretch in stretches if not stretch.is_due or stretch.begins + stretch.length < now - NEWEST
    ]
    _set_times(stretches, now - NEWEST)
    return [line for stretch in stretches for line in stretch.lines]


def _beginning(match: re.Match[str], now: datetime, zone: ZoneInfo) -> datetime:
    if match["ago"]:
        return now - timedelta(minutes=int(match["ago"]))
    local = now.astimezone(zone)
    day = local.date() - timedelta(days=int(match["days"]) + (local.hour < DAY_BEGINS))
    return datetime.combine(day, time(int(match["hour"]), int(match["minute"])), tzinfo=zone)


def _next_moment(stretch: Stretch, text: str, dice: Random) -> timedelta:
    """Return when the next line is said: people read the one before, and type."""
    if not stretch.lines:
        return timedelta(seconds=dice.randrange(60))
    return stretch.lines[-1].after + timedelta(seconds=25 + 2 * min(len(text), 60) + dice.randrange(90))


def _tell_more(line: Line, row: str, dice: Random) -> None:
    """Read what happened to a line, or what it is."""
    mark, _, rest = row.partition(" ")
    if mark == "#":
        line.label = rest
    elif mark == "=":
        line.passes_on = rest
    elif mark == "~":
        _add_act(line, Deed.EDIT, line.who, dice, _unfold(rest))
    elif mark == "x":
        _add_act(line, Deed.DELETION, line.who, dice)
    elif mark == "+":
        emoji, *people = rest.split()
        for who in people:
            _add_act(line, Deed.REACTION, who, dice, emoji)
    else:
        line.asks = line.asks or mark == "!"
        for who in rest.split():
            _add_act(line, Deed.PIN if mark == "^" else Deed.ACKNOWLEDGEMENT, who, dice)


def _add_act(line: Line, deed: Deed, who: str, dice: Random, value: str = "") -> None:
    last = line.acts[-1].after if line.acts else line.after
    line.acts.append(Act(deed, who, last + timedelta(seconds=8 + dice.randrange(25)), value))


def _unfold(text: str) -> str:
    return text.replace("\\n", "\n")


def _set_times(stretches: list[Stretch], latest: datetime) -> None:
    """Move stretches that would overlap the next one, or end after `latest`, to where they fit, and say when each line was."""
    stretches.sort(key=lambda stretch: stretch.begins)
    for stretch in reversed(stretches):
        stretch.begins = min(stretch.begins, latest - stretch.length)
        latest = stretch.begins - PAUSE
        for line in stretch.lines:
            line.at = stretch.begins + line.after


def people_in(lines: Iterable[Line]) -> set[str]:
    """Return everybody who says or does something."""
    return {line.who for line in lines} | {act.who for line in lines for act in line.acts}
