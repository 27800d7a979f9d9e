"""The storeys of the house, read from the one place that states them: import-linter's contract in pyproject.toml."""

import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parent.parent.parent


def read_storeys() -> dict[str, int]:
    """App -> storey, 0 at the top."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(c for c in project["tool"]["importlinter"]["contracts"] if c.get("containers") == ["apps"])
    return {
        app.strip(" ()"): storey
        for storey, layer in enumerate(contract["layers"])
        for app in layer.replace(":", "|").split("|")
    }


STOREYS = read_storeys()


def app_of(module: str) -> str | None:
    """The portal's app that a module belongs to; None for third parties and for what stands above all apps."""
    parts = module.split(".")
    return parts[1] if parts[0] == "apps" and len(parts) > 1 else None


def may_name(lower: str | None, here: str) -> bool:
    """Answer whether `here` may name something of `lower`: itself, an app below, or a third party's thing."""
    return lower is None or lower == here or STOREYS[lower] > STOREYS[here]


def walk_urls(
    patterns: Iterable[Any] | None = None, prefix: str = "", namespaces: tuple[str, ...] = ()
) -> Iterator[tuple[str, str, Any]]:
    """Yield (name with namespaces, route, view) of every URL pattern."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from walk_urls(entry.url_patterns, route, inner)
        elif isinstance(entry, URLPattern):
            yield ":".join((*namespaces, entry.name or route)), route, entry.callback


def view_module(view: Callable[..., Any]) -> str:
    """The module in which a view was written, below its decorators."""
    view = (
        getattr(view, "view_class", None) or getattr(view, "admin_site", None).__class__
        if hasattr(view, "admin_site")
        else view
    )
    while hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    return getattr(view, "__module__", "")
