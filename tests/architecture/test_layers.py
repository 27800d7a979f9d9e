"""Names in strings keep to the storeys too: import-linter sees imports, not foreign keys, templates and URL names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from .house import ROOT, STOREYS, app_of, may_name, view_module, walk_urls

NAMED_TEMPLATE = re.compile(r"\{%-?\s*(?:include|extends)\s+[\"']([^\"']+)[\"']")
NAMED_URL = re.compile(r"\{%-?\s*url\s+[\"']([^\"']+)[\"']")
# What the frame of every page names in the house above it: the pages that a reader must reach from everywhere.
SHELL_URLS = {"home", "directory", "settings", "contrast", "set-language", "js-catalog"}
CALLS = {"reverse", "reverse_lazy", "redirect", "resolve_url"}
LOOKUPS = {"get_model"}


def own_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if app_of(model.__module__)]


def own_templates() -> list[Path]:
    return sorted([*ROOT.glob("apps/*/templates/**/*.html"), *ROOT.glob("apps/*/templates/**/*.txt")])


def own_modules() -> list[Path]:
    return [path for path in sorted(ROOT.glob("apps/**/*.py")) if "migrations" not in path.parts]


def url_owners() -> dict[str, str | None]:
    return {name: app_of(view_module(view)) for name, _, view in walk_urls()}


def template_owner(name: str) -> str | None:
    """The app that a template name belongs to: the first folder, where an app has that folder."""
    app = name.split("/", 1)[0]
    return app if (ROOT / "apps" / app / "templates" / app).is_dir() else None


def test_the_contract_is_read() -> None:
    assert STOREYS["portal"] == 0
    assert STOREYS["core"] == max(STOREYS.values())
    assert not may_name("teams", "people")
    assert may_name("people", "teams")
    assert not may_name("audit", "realtime")


def test_every_app_has_a_storey() -> None:
    assert {app_of(config.name) for config in apps.get_app_configs() if app_of(config.name)} <= set(STOREYS)


def test_there_is_something_to_walk() -> None:
    assert own_models()
    assert own_templates()
    assert len(list(walk_urls())) > 20


def test_foreign_keys_point_down() -> None:
    wrong = []
    for model in own_models():
        here = app_of(model.__module__)
        for field in model._meta.get_fields(include_hidden=True):
            if field.auto_created or not field.is_relation or field.related_model in (None, "self"):
                continue
            there = app_of(field.related_model.__module__)
            if not may_name(there, here):
                wrong.append(f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}")
    assert not wrong, wrong


def test_templates_include_what_is_below() -> None:
    wrong = []
    for path in own_templates():
        here = path.relative_to(ROOT / "apps").parts[0]
        wrong += [
            f"{path.relative_to(ROOT)} names {name}"
            for name in NAMED_TEMPLATE.findall(path.read_text(encoding="utf-8"))
            if not may_name(template_owner(name), here)
        ]
    for path in sorted(ROOT.glob("templates/**/*.html")):
        wrong += [
            f"{path.relative_to(ROOT)} names {name}"
            for name in NAMED_TEMPLATE.findall(path.read_text(encoding="utf-8"))
            if template_owner(name)
        ]
    assert not wrong, wrong


def test_templates_link_to_what_is_below() -> None:
    """An app's template links to its own pages and those of apps below; what stands above registers itself."""
    owners, wrong = url_owners(), []
    for path in own_templates():
        here = path.relative_to(ROOT / "apps").parts[0]
        for name in NAMED_URL.findall(path.read_text(encoding="utf-8")):
            if name not in owners:
                wrong.append(f"{path.relative_to(ROOT)} names {name}, which no pattern has")
            elif name not in SHELL_URLS and not may_name(owners[name], here):
                wrong.append(f"{path.relative_to(ROOT)} names {name} of {owners[name]}")
    assert not wrong, wrong


def test_the_frame_links_to_few_pages() -> None:
    owners, wrong = url_owners(), []
    for path in sorted(ROOT.glob("templates/**/*.html")):
        for name in NAMED_URL.findall(path.read_text(encoding="utf-8")):
            if name not in owners:
                wrong.append(f"{path.relative_to(ROOT)} names {name}, which no pattern has")
            elif owners[name] not in (None, "core") and name not in SHELL_URLS:
                wrong.append(f"{path.relative_to(ROOT)} names {name} of {owners[name]}")
    assert not wrong, wrong


def named_in_code(path: Path) -> Iterator[tuple[str, str, int]]:
    """Yield (call, text, line) of each reverse("…"), redirect("…") and get_model("…") with a text as first argument."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0]
        if name in CALLS | LOOKUPS and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield name, first.value, node.lineno


def test_code_names_what_is_below() -> None:
    owners, wrong = url_owners(), []
    for path in own_modules():
        here = path.relative_to(ROOT / "apps").parts[0]
        for call, text, line in named_in_code(path):
            place = f"{path.relative_to(ROOT)}:{line}"
            if call in LOOKUPS:
                label = text.split(".")[0]
                if label in STOREYS and not may_name(label, here):
                    wrong.append(f"{place} looks up {text}")
            elif text.startswith("/"):
                wrong.append(f"{place} names the address {text}; name its URL pattern")
            elif text in owners and text not in SHELL_URLS and not may_name(owners[text], here):
                wrong.append(f"{place} names {text} of {owners[text]}")
    assert not wrong, wrong


@pytest.mark.parametrize("path", own_templates(), ids=lambda path: path.name)
def test_a_template_stands_in_the_folder_of_its_app(path: Path) -> None:
    """`apps/teams/templates/teams/…`: a name that says whose it is cannot hide another app's."""
    parts = path.relative_to(ROOT / "apps").parts
    assert parts[2] == parts[0]
