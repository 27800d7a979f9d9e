"""Rosters under many hands: what the commands of `rosters` that hammer and measure are asked, and what their figures may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOISE = 2  # a machine that does other things besides takes so many times as long


@dataclass(frozen=True)
class Trial:
    """A command, which of its figures are reported, and which of them must be nothing or at most so much."""

    words: str
    shown: tuple[str, ...]
    nothing: tuple[str, ...] = ()
    at_most: tuple[tuple[str, float], ...] = ()


SHORT = {"checked": 500, "edits": 2_000, "rows": 100_000}  # checking a gesture takes longer than writing it
LONG = {"checked": 20_000, "edits": 100_000, "rows": 1_000_000}
UNHARMED = ("double_bookings", "breaches", "deadlocks_shown", "errors")
HAMMERED = ("gestures", "seconds", "edit_ms", *UNHARMED)


def trials(checked: int, edits: int, rows: int, slowness: float = 1.0) -> dict[str, Trial]:
    """Return the trials of a run: 50 writers with the rules and, for more edits, without them; the resolver; the rules."""
    hammer = "hammer_roster --writers 50 --edits"
    return {
        "hammer": Trial(f"{hammer} {checked}", HAMMERED, UNHARMED),
        "hammer_unchecked": Trial(f"{hammer} {edits} --no-check", HAMMERED, UNHARMED),
        "who": Trial(
            f"bench_who --rows {rows} --questions 2000 --limit {5 * NOISE * slowness:g}",
            ("rows", "who_is_on", "cpu_ms", "limit_ms"),
            ("is_slow",),
        ),
        "rules": Trial(
            "bench_rules --people 500 --days 31 --runs 3",
            ("rules", "shifts", "check_ms", "all_ms", "one_edit_ms"),
            at_most=(("check_ms", 100 * NOISE * slowness), ("all_ms", 300 * NOISE * slowness)),
        ),
    }


def judge(trial: Trial, measured: Mapping[str, Any]) -> list[str]:
    """Return what the figures of a trial break."""
    name = trial.words.split()[0]
    missing = [
        figure for figure in (*trial.nothing, *(figure for figure, _ in trial.at_most)) if figure not in measured
    ]
    if missing:
        return [f"{name} did not say {', '.join(missing)}"]
    broken = [f"{name}: {figure} is {measured[figure]}" for figure in trial.nothing if measured[figure]]
    broken += [
        f"{name}: {figure} is {measured[figure]}, more than {limit:g}"
        for figure, limit in trial.at_most
        if measured[figure] > limit
    ]
    return broken
