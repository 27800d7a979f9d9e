"""What a rule is, what it looks at and what it says."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent.parent
ALLOWANCE = re.compile(r"allowed: (?P<rule>[a-z-]+)(?:: (?P<why>\S.{8,}))?")
OLDEST_PYTHON = (3, 11)
SKIPPED_FOLDERS = {".git", ".venv", "var", "static_collected", "__pycache__", "node_modules"}
SKIPPED_ENDINGS = (".mo", ".png", ".jpg", ".webp", ".ico", ".woff2", ".gz", ".pdf", ".pyc")
# These two quote what the rules refuse.
QUOTING = (PurePosixPath("scripts/lint"), PurePosixPath("tests/architecture/test_lint_rules.py"))


@dataclass(frozen=True)
class Source:
    """One file as the rules see it: its place in the repository and its text."""

    path: PurePosixPath
    text: str

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, str(self.path))

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: parent for parent in ast.walk(self.tree) for child in ast.iter_child_nodes(parent)}


Check = Callable[[Source], Iterator[tuple[int, str]]]


@dataclass(frozen=True)
class Rule:
    """A name, where it looks, and the check that yields (line, what is wrong)."""

    name: str
    applies: Callable[[PurePosixPath], bool]
    check: Check


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.rule}] {self.text}"


def list_files(root: Path = ROOT) -> list[PurePosixPath]:
    """Every text file that is, or is about to be, in the repository, in order."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607 — git is found by PATH
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        names = [name for name in listed.stdout.split("\0") if name]
    else:  # an unpacked archive has no index
        names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    paths = {PurePosixPath(name) for name in names if not name.endswith(SKIPPED_ENDINGS)}
    return sorted(path for path in paths if not SKIPPED_FOLDERS & set(path.parts) and (root / path).is_file())


def check_source(rule: Rule, source: Source) -> tuple[list[Finding], set[int]]:
    """The findings of one rule in one file, and the lines whose allowance was used."""
    findings, used = [], set()
    for line, text in rule.check(source):
        allowance = ALLOWANCE.search(source.lines[line - 1]) if 0 < line <= len(source.lines) else None
        if allowance and allowance["rule"] == rule.name and allowance["why"]:
            used.add(line)
        else:
            findings.append(Finding(str(source.path), line, rule.name, text))
    return findings, used


def find_syntax_error(source: Source) -> Finding | None:
    try:
        ast.parse(source.text, str(source.path), feature_version=OLDEST_PYTHON)
    except SyntaxError as error:
        return Finding(
            str(source.path),
            error.lineno or 0,
            "syntax",
            f"Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} cannot read this: {error.msg}",
        )
    return None


def audit(rules: Iterable[Rule], root: Path = ROOT) -> tuple[list[Finding], int]:
    """Try every rule on every file it applies to; return the findings in order and the number of files looked at.

    A rule that found no file to look at is itself a finding, and so is an allowance that allowed nothing.
    """
    findings: list[Finding] = []
    looked_at: dict[str, int] = {}
    sources = [Source(path, text) for path in list_files(root) if (text := read_text(root / path)) is not None]
    for source in sources:
        if any(source.path.is_relative_to(quoting) for quoting in QUOTING):
            continue
        if source.path.suffix == ".py" and (problem := find_syntax_error(source)):
            findings.append(problem)
            continue
        used: set[int] = set()
        for rule in rules:
            looked_at.setdefault(rule.name, 0)
            if rule.applies(source.path):
                looked_at[rule.name] += 1
                found, lines = check_source(rule, source)
                findings += found
                used |= lines
        for number, line in enumerate(source.lines, 1):
            allowance = ALLOWANCE.search(line)
            if allowance and number not in used:
                why = "gives no reason" if not allowance["why"] else "allows nothing"
                findings.append(Finding(str(source.path), number, "allowance", f"This allowance {why}."))
    findings += [Finding("-", 0, name, "The rule looked at no file.") for name, count in looked_at.items() if not count]
    return sorted(findings), len(sources)


def read_text(path: Path) -> str | None:
    """The text of a file, or None where it is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
