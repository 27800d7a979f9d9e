"""What the documents say can be checked is checked."""

import re
import shlex

import pytest

from .house import ROOT, STOREYS

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("apps/*/README.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)")
NAMED_FILE = re.compile(r"`((?:apps|docs|hospital_collab|scripts|static|templates|tests)/[\w./-]+\.\w+)`")
NAMED_CODE = re.compile(r"`([a-z]+_[a-z_]+)`")
COMMAND = re.compile(r"(?:\./run manage|manage\.py|python manage\.py) ([a-z][a-z_]+)")
REQUIRED = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "docs/adding-a-feature.md",
    "docs/glossary.md",
    "docs/operations.md",
    "docs/realtime-protocol.md",
    "docs/CHANGELOG.md",
]


@pytest.mark.parametrize("name", REQUIRED)
def test_the_document_is_there(name: str) -> None:
    assert (ROOT / name).is_file()


def test_links_lead_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in DOCUMENTS
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]
    assert not broken, broken


def test_files_that_documents_name_exist() -> None:
    gone = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in DOCUMENTS
        if path.name != "CHANGELOG.md"  # it tells of what was
        for name in NAMED_FILE.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    ]
    assert not gone, gone


def test_the_newcomer_s_path_names_code_that_is_there() -> None:
    """Each name in backticks of docs/adding-a-feature.md occurs in a file that the same section names."""
    text = (ROOT / "docs/adding-a-feature.md").read_text(encoding="utf-8")
    sections = text.split("\n## ")[1:]
    assert len(sections) > 5
    gone = []
    for section in sections:
        files = [ROOT / name for name in NAMED_FILE.findall(section)]
        assert files, section.splitlines()[0]
        code = "\n".join(path.read_text(encoding="utf-8") for path in files)
        gone += [f"{section.splitlines()[0]}: {name}" for name in NAMED_CODE.findall(section) if name not in code]
    assert not gone, gone


def test_commands_that_documents_name_exist() -> None:
    from django.core.management import get_commands

    known = set(get_commands())
    unknown = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in DOCUMENTS
        for name in COMMAND.findall(path.read_text(encoding="utf-8"))
        if name not in known
    ]
    assert not unknown, unknown


def test_readme_names_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "./run portal" in text
    assert "./run test" in text
    assert shlex.split((ROOT / "run").read_text(encoding="utf-8").splitlines()[0].removeprefix("#!"))


@pytest.mark.parametrize("app", [app for app in STOREYS if (ROOT / "apps" / app / "apps.py").exists()])
def test_every_app_says_what_it_is_for(app: str) -> None:
    path = ROOT / "apps" / app / "README.md"
    assert path.is_file()
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 30


def test_decisions_are_numbered_once() -> None:
    numbers = [path.name.split("-")[0] for path in ROOT.glob("docs/adr/*.md") if path.name[0].isdigit()]
    assert numbers
    assert len(numbers) == len(set(numbers))
