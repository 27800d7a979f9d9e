"""Jumping to a person, a conversation, a team or a page by a few letters: Ctrl+K."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from .hangul import matches_all, typed_patterns
from .registries import JumpTarget, KeySection, Text, registries

TEXT_LENGTH = 100
TARGETS_A_SECTION = 6


@dataclass(frozen=True, slots=True)
class JumpSection:
    """What one source found."""

    name: str
    label: Text
    targets: list[JumpTarget]


def find_targets(user: Any, text: str, *, limit: int = TARGETS_A_SECTION) -> list[JumpSection]:
    """Return what somebody may mean, in the sources' order, without empty sections; at most two queries a source."""
    text = text[:TEXT_LENGTH].strip()
    sources = sorted(registries.jump_sources.values(), key=lambda source: source.order)
    found = [JumpSection(source.name, source.label, source.search(user, text, limit)) for source in sources]
    return [section for section in found if section.targets]


def find_pages(user: Any, text: str, limit: int) -> list[JumpTarget]:
    """Return the pages whose label, in the reader's language, is meant; no query."""
    patterns = typed_patterns(text)
    entries = sorted(registries.navigation.values(), key=lambda entry: entry.order)
    pages = [(entry.label, entry.url_name, entry.icon) for entry in entries]
    others = [page for page in registries.jump_pages.values() if page.can_open is None or page.can_open(user)]
    pages += [(page.label, page.url_name, page.icon) for page in others]
    return [
        JumpTarget(label=label, url=reverse(url_name), icon=icon)
        for label, url_name, icon in pages
        if matches_all(patterns, str(label))
    ][: limit if text else None]


def key_sections() -> list[KeySection]:
    """Return the declared shortcuts by section, in order."""
    return sorted(registries.key_sections, key=lambda section: section.order)
