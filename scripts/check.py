"""The gates: `python -m scripts.check [NAME …] [--fix]`.

Runs every gate, two at a time, prints each with its seconds and what it refused, and ends with 1 if any refused. A gate
says how much it looked at; one that looked at nothing refuses, because a tool that cannot find its files passes silently.
"""

import argparse
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from . import lint, translations

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CODE = ["apps", "hospital_collab", "scripts", "tests", "manage.py", "run"]
# The gates need the settings, never a service: at these addresses nothing answers, whatever happens to run on the machine.
ENVIRONMENT = {
    **os.environ,
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "DATABASE_OWNER_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "DJANGO_SETTINGS_MODULE": "hospital_collab.settings.test",
    "PYTHONWARNINGS": "ignore::RuntimeWarning",
    "NO_COLOR": "1",
}


@dataclass(frozen=True)
class Outcome:
    """What a gate looked at and, where it refuses, why."""

    audited: int
    of: str
    problems: str = ""


Gate = Callable[[bool], Outcome]


def run_tool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(a) for a in arguments], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )


def said(done: subprocess.CompletedProcess[str], limit: int = 60) -> str:
    """The last lines of a tool that refused; an empty string where it did not."""
    if done.returncode == 0:
        return ""
    lines = (done.stdout + done.stderr).strip().splitlines()
    return "\n".join(lines[-limit:]) or f"It ended with {done.returncode} and said nothing."


def shorten(lines: list[str], limit: int) -> list[str]:
    return lines if len(lines) <= limit else [*lines[:limit], f"… and {len(lines) - limit} more"]


def code_paths() -> list[str]:
    return [name for name in CODE if (ROOT / name).exists()]


def check_format(fix: bool) -> Outcome:
    done = run_tool(BIN / "ruff", "format", *([] if fix else ["--check"]), *code_paths())
    count = sum(
        int(number)
        for number in re.findall(r"(\d+) files? (?:already formatted|left unchanged|reformatted)", done.stdout)
    )
    return Outcome(
        count, "files", "\n".join(re.findall(r"^Would reformat.*$", done.stdout, re.MULTILINE)) or said(done)
    )


def check_ruff(fix: bool) -> Outcome:
    count = len(run_tool(BIN / "ruff", "check", "--show-files", *code_paths()).stdout.splitlines())
    return Outcome(
        count,
        "files",
        said(run_tool(BIN / "ruff", "check", "--output-format", "concise", *(["--fix"] if fix else []), *code_paths())),
    )


def check_types(fix: bool) -> Outcome:
    done = run_tool(sys.executable, "-m", "mypy")
    found = re.search(r"(?:in|checked) (\d+) source files?", done.stdout)
    return Outcome(int(found[1]) if found else 0, "files", said(done))


def check_layers(fix: bool) -> Outcome:
    done = run_tool(BIN / "lint-imports", "--no-cache")
    found = re.search(r"Analyzed (\d+) files", done.stdout)
    kept = re.search(r"Contracts: (\d+) kept", done.stdout)
    return Outcome(int(found[1]) if found and kept and int(kept[1]) else 0, "files", said(done))


def check_templates(fix: bool) -> Outcome:
    paths = [str(path) for path in lint.list_files() if path.suffix == ".html" and "templates" in path.parts]
    if not paths:
        return Outcome(0, "templates")
    return Outcome(
        len(paths),
        "templates",
        said(run_tool(BIN / "djade", *([] if fix else ["--check"]), "--target-version", "5.2", *paths)),
    )


def check_migrations(fix: bool) -> Outcome:
    count = len([path for path in lint.list_files() if path.parent.name == "migrations" and path.name != "__init__.py"])
    done = run_tool(
        *(sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"),
        *("--settings", "hospital_collab.settings.portal"),  # test settings ask the bus for the time
    )
    return Outcome(count, "migrations", said(done))


def check_translations(fix: bool) -> Outcome:
    if fix:
        translations.extract()
    count, problems = translations.find_problems()
    return Outcome(count, "texts", "\n".join(shorten(problems, 30)))


def check_lock(fix: bool) -> Outcome:
    """`./run` makes the lock and knows when it is stale; here it is only asked."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    loader = SourceFileLoader("portal_run", str(ROOT / "run"))
    spec = importlib.util.spec_from_loader("portal_run", loader)
    if spec is None:
        raise ImportError("./run cannot be loaded")
    run = importlib.util.module_from_spec(spec)
    loader.exec_module(run)
    return Outcome(lock.count("=="), "packages", run.find_lock_problem())


def check_security(fix: bool) -> Outcome:
    done = run_tool(
        BIN / "bandit", "-q", "--severity-level", "medium", "-r", "apps", "-c", "pyproject.toml", "-f", "json"
    )
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        return Outcome(0, "lines", said(done))
    problems = [
        f"{row['filename']}:{row['line_number']}: [{row['test_id']}] {row['issue_text']}" for row in report["results"]
    ]
    problems += [f"{row['filename']}: {row['reason']}" for row in report["errors"]]
    return Outcome(report["metrics"]["_totals"]["loc"], "lines", "\n".join(problems))


def check_house_rules(fix: bool) -> Outcome:
    findings, audited = lint.audit(lint.RULES)
    return Outcome(audited, "files", "\n".join(map(str, findings)))


GATES: dict[str, Gate] = {
    "types": check_types,
    "format": check_format,
    "ruff": check_ruff,
    "layers": check_layers,
    "templates": check_templates,
    "migrations": check_migrations,
    "translations": check_translations,
    "lock": check_lock,
    "security": check_security,
    "rules": check_house_rules,
}


def try_gate(name: str, fix: bool) -> tuple[float, Outcome]:
    began = time.monotonic()
    try:
        outcome = GATES[name](fix)
    except Exception as error:  # noqa: BLE001 — one gate that breaks must not hide the others
        outcome = Outcome(1, "error", f"The gate itself broke: {type(error).__name__}: {error}")
    if not outcome.problems and not outcome.audited:
        outcome = Outcome(0, outcome.of, "It looked at nothing.")
    return time.monotonic() - began, outcome


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="check", description="Run the gates.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"gates to run (all): {', '.join(GATES)}")
    parser.add_argument(
        "--fix", action="store_true", help="format, apply safe fixes and extract texts instead of refusing"
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(GATES):
        parser.error(f"no such gate: {', '.join(sorted(unknown))}")
    names = options.names or list(GATES)
    began = time.monotonic()
    refused = []
    # Fixing gates write to the same files, so they take turns.
    with ThreadPoolExecutor(1 if options.fix else 2) as pool:
        waiting = {pool.submit(try_gate, name, options.fix): name for name in names}
        for done in as_completed(waiting):
            name = waiting[done]
            seconds, outcome = done.result()
            word = "refused" if outcome.problems else "ok"
            print(f"{name:13} {word:8} {seconds:6.1f} s  {outcome.audited} {outcome.of}", flush=True)
            if outcome.problems:
                refused.append(name)
                print("    " + outcome.problems.replace("\n", "\n    "), flush=True)
    print(f"{len(names) - len(refused)} of {len(names)} gates passed in {time.monotonic() - began:.1f} s", flush=True)
    if refused:
        print(f"Refused: {', '.join(sorted(refused))}", flush=True)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
