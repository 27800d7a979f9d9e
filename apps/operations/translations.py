"""Compiles the translations with Babel, because the machine needs no gettext tools. `./run` calls it in .venv."""

import sys
from pathlib import Path

from .places import ROOT


def compile_catalogue(source: Path) -> None:
    """Write SOURCE.mo beside SOURCE.po, whole or not at all."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as file:
        catalogue = read_po(file, locale=source.parent.parent.name)
    draft = source.with_suffix(".mo.new")
    with draft.open("wb") as file:
        write_mo(file, catalogue)
    draft.replace(source.with_suffix(".mo"))


def find_stale(root: Path = ROOT) -> list[Path]:
    """The catalogues whose compiled form is missing or older."""
    sources = sorted((root / "locale").glob("*/LC_MESSAGES/*.po"))
    return [source for source in sources if _written_at(source.with_suffix(".mo")) < _written_at(source)]


def _written_at(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


if __name__ == "__main__":
    for name in sys.argv[1:]:
        compile_catalogue(Path(name))
