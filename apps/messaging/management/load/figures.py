"""From counts and seconds to the figures that `bench_chat` prints."""

from collections.abc import Sequence
from statistics import median
from typing import Any


def fit_line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return intercept and slope of the least-squares line; with one x the intercept is its mean and the slope 0."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if not spread:
        return mean_y, 0.0
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    return mean_y - slope * mean_x, slope


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and the largest, in milliseconds of values in seconds."""
    ordered = sorted(values)
    if not ordered:
        return {}
    picked = {f"p{part}": ordered[min(len(ordered) - 1, len(ordered) * part // 100)] for part in (50, 95, 99)}
    return {name: round(value * 1000, 1) for name, value in {**picked, "max": ordered[-1]}.items()}


def middle(values: Sequence[float]) -> float:
    return median(values) if values else 0.0


def flatten(figures: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Return nested figures as lines of a table."""
    lines: list[tuple[str, Any]] = []
    for name, value in figures.items():
        if isinstance(value, dict):
            lines += flatten(value, f"{prefix}{name}.")
        else:
            lines.append((prefix + name, value))
    return lines
