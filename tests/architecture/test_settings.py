"""The settings stay small, and the environment is written down once."""

import ast
import re

import pytest

from .house import ROOT

SETTINGS = ROOT / "hospital_collab" / "settings"
GETTERS = {"text", "flag", "number", "words"}
# Read by the entry points, the supervisor or the tests, not by the settings.
ELSEWHERE = {"PORTAL_CHROMIUM", "PORTAL_SAMPLES", "PORTAL_BROWSER_REQUIRED"}


def read_names() -> set[str]:
    """Every variable that the settings or the operations app read."""
    names = set()
    for path in [*SETTINGS.glob("*.py"), *ROOT.glob("apps/operations/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            function = node.func
            if isinstance(function, ast.Attribute) and (
                (function.attr in GETTERS and isinstance(function.value, ast.Name) and function.value.id == "env")
                or (function.attr == "get" and ast.unparse(function.value) == "os.environ")
            ):
                names.add(node.args[0].value)
    return names


def listed_names() -> list[str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return re.findall(r"^#?\s?([A-Z][A-Z0-9_]{2,})=", text, re.MULTILINE)


def test_base_is_short() -> None:
    assert len((SETTINGS / "base.py").read_text(encoding="utf-8").splitlines()) < 400


@pytest.mark.parametrize("name", ["portal.py", "production.py", "test.py"])
def test_overrides_are_few_lines(name: str) -> None:
    assert len((SETTINGS / name).read_text(encoding="utf-8").splitlines()) < 40


def test_each_variable_stands_once_in_the_example() -> None:
    listed = listed_names()
    assert len(listed) == len(set(listed)), sorted(name for name in listed if listed.count(name) > 1)
    read = read_names()
    assert read
    assert read - set(listed) - ELSEWHERE - {"DJANGO_SETTINGS_MODULE", "HOME", "PATH"} == set()


def test_the_example_lists_nothing_that_nobody_reads() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for path in [
            *ROOT.glob("apps/**/*.py"),
            *SETTINGS.glob("*.py"),
            *ROOT.glob("tests/**/*.py"),
            *ROOT.glob("scripts/**/*.py"),
            ROOT / "run",
        ]
        if path.exists()
    )
    assert [name for name in listed_names() if name not in sources] == []
