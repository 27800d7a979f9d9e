"""`./run`: it knows a stale lock, makes the environment anew when it is, and says what to install."""

import hashlib
import importlib.util
import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from apps.operations.places import ROOT


@pytest.fixture
def run(tmp_path: Path) -> ModuleType:
    """The script as a module, pointed at a copy of the two files that it compares."""
    loader = SourceFileLoader("portal_run", str(ROOT / "run"))
    spec = importlib.util.spec_from_loader("portal_run", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    for name in ("pyproject.toml", "requirements.lock"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    module.ROOT = tmp_path
    module.LOCK = tmp_path / "requirements.lock"
    module.VENV = tmp_path / ".venv"
    module.PYTHON = module.VENV / "bin" / "python"
    module.VENV_STAMP = module.VENV / "requirements.sha256"
    module.STATIC_STAMP = module.VENV / "static.sha256"
    return module


@pytest.fixture
def calls(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What it would run."""
    seen: list[list[str]] = []

    def call(name: str, command: list[str]) -> None:
        seen.append([name, *command])
        run.VENV.joinpath("bin").mkdir(parents=True, exist_ok=True)
        run.PYTHON.touch()

    monkeypatch.setattr(run, "call", call)
    return seen


def test_the_lock_in_the_repository_is_current(run: ModuleType) -> None:
    assert run.find_lock_problem() == ""


def test_a_changed_dependency_makes_the_lock_stale_and_a_comment_does_not(run: ModuleType) -> None:
    project = run.ROOT / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace("[project]", "# a remark\n[project]", 1), encoding="utf-8")
    assert run.find_lock_problem() == ""
    project.write_text(text.replace('"babel>=', '"babel>2,>=', 1), encoding="utf-8")
    assert "./run lock" in run.find_lock_problem()


def test_an_address_in_the_lock_is_refused(run: ModuleType) -> None:
    with run.LOCK.open("a", encoding="utf-8") as lock:
        lock.write("thing @ https://example.org/thing.whl\n")
    assert "address" in run.find_lock_problem()


def test_the_environment_is_made_once_and_again_when_the_lock_changes(
    run: ModuleType, calls: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run.shutil, "which", lambda name, **_: "/bin/uv" if name == "uv" else None)
    run.set_up(static=False)
    assert [call[0] for call in calls] == ["environment", "packages (uv)"]
    assert "--require-hashes" in calls[1]
    assert run.VENV_STAMP.read_text() == hashlib.sha256(run.LOCK.read_bytes()).hexdigest()
    calls.clear()
    run.set_up(static=False)
    assert calls == []
    run.LOCK.write_text(run.LOCK.read_text() + "\n")
    run.set_up(static=False)
    assert [call[0] for call in calls] == ["packages (uv)"]


def test_without_uv_pip_installs_with_hashes(
    run: ModuleType, calls: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run.shutil, "which", lambda name, **_: None)
    run.set_up(static=False)
    assert [call[0] for call in calls] == ["environment", "packages (pip)"]
    assert "--require-hashes" in calls[1]


def test_a_python_that_cannot_make_environments_names_the_package(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "python3"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(run, "find_python", lambda: str(broken))
    monkeypatch.setattr(run.shutil, "which", lambda name, **_: None)
    with pytest.raises(run.Problem, match="apt-get install python3-venv"):
        run.set_up(static=False)


def test_a_python_that_is_too_old_or_too_new_looks_for_another(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(run.shutil, "which", lambda name, **_: "/usr/bin/python3.12" if name == "python3.12" else None)
    assert run.find_python() == "/usr/bin/python3.12"
    monkeypatch.setattr(run.shutil, "which", lambda name, **_: None)
    with pytest.raises(run.Problem, match=r"Python 3\.11 to 3\.13 is needed"):
        run.find_python()


def test_static_files_are_collected_again_when_one_of_them_changes(run: ModuleType, calls: list[list[str]]) -> None:
    (run.ROOT / "static").mkdir()
    sheet = run.ROOT / "static" / "base.css"
    sheet.write_text("a{}")
    run.VENV.mkdir(exist_ok=True)
    run.collect_static_files()
    (run.ROOT / "static_collected").mkdir()
    (run.ROOT / "static_collected" / "staticfiles.json").write_text("{}")
    run.collect_static_files()
    assert len(calls) == 1
    sheet.write_text("a{color:red}")
    run.collect_static_files()
    assert len(calls) == 2


def test_translations_are_compiled_when_the_text_is_newer(run: ModuleType, calls: list[list[str]]) -> None:
    source = run.ROOT / "locale" / "ko" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text("")
    run.compile_translations()
    assert calls[0][0] == "translations"
    assert calls[0][-1] == str(source)
    source.with_suffix(".mo").write_bytes(b"")
    os.utime(source.with_suffix(".mo"), (source.stat().st_mtime + 1,) * 2)
    run.compile_translations()
    assert len(calls) == 1


def test_a_failing_step_shows_what_it_said(run: ModuleType) -> None:
    with pytest.raises(run.Problem, match="no space left"):
        run.call("packages", [sys.executable, "-S", "-c", "raise SystemExit('no space left')"])


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["dance"], 2), (["--help"], 0)])
def test_without_a_known_command_it_lists_them_from_any_folder(arguments: list[str], code: int, tmp_path: Path) -> None:
    answer = subprocess.run([str(ROOT / "run"), *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode == code
    assert "./run portal" in answer.stdout + answer.stderr
