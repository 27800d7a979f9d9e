"""Rules for Python: authority, locks, the clock, the environment and what is unsafe."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from .findings import Rule, Source

SCOPED = {"visible_to", "managed_by"}
ENTRIES = {"views", "admin", "api"}
CLOCK_CALLS = {"timezone.now", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
# Migrations and class building are no domain flow.
HARMLESS_SIGNALS = {"post_migrate", "pre_migrate", "class_prepared"}
BAD_MODULES = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"}


def in_apps(path: PurePosixPath) -> bool:
    return path.suffix == ".py" and path.parts[0] == "apps"


def in_product(path: PurePosixPath) -> bool:
    return path.suffix == ".py" and path.parts[0] in {"apps", "hospital_collab"}


def in_entry(path: PurePosixPath) -> bool:
    """Views, admin and API, as a module or as a package; core's admin is where `managed_by` is asked for all others."""
    if path == PurePosixPath("apps/core/admin.py"):
        return False
    return in_apps(path) and len(path.parts) > 2 and path.parts[2].removesuffix(".py") in ENTRIES


def is_python(path: PurePosixPath) -> bool:
    return path.suffix == ".py"


def dotted_name(node: ast.AST) -> str:
    """`a.b.c` of an attribute chain; an empty string for anything else."""
    if isinstance(node, ast.Attribute):
        before = dotted_name(node.value)
        return f"{before}.{node.attr}" if before else node.attr
    return node.id if isinstance(node, ast.Name) else ""


def imports_any(node: ast.ImportFrom, module: str, names: set[str]) -> bool:
    return node.module == module and any(name.name in names for name in node.names)


def check_objects(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Attribute) or node.attr not in {"objects", "_default_manager", "_base_manager"}:
            continue
        parent = source.parents.get(node)
        scoped = isinstance(parent, ast.Attribute) and parent.attr in SCOPED and node.attr == "objects"
        if not (scoped and isinstance(call := source.parents.get(parent), ast.Call) and call.func is parent):
            yield node.lineno, f"Begin at .objects.visible_to(user) or .objects.managed_by(user), not at .{node.attr}."


def check_locks(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "select_for_update"
        ):
            words = {word.arg: word.value for word in node.keywords}
            value = words.get("no_key")
            if not (isinstance(value, ast.Constant) and value.value is True):
                yield (
                    node.end_lineno or node.lineno,
                    "select_for_update needs no_key=True: the plain form blocks every foreign key's check.",
                )


def check_clock(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and ".".join(dotted_name(node).split(".")[-2:]) in CLOCK_CALLS:
            yield node.lineno, f"{dotted_name(node)}: core.clock is the only clock of the domain."
        elif isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
            yield node.value.lineno, f"{node.arg} reads Django's clock: set the instant from core.clock."
        elif isinstance(node, ast.ImportFrom) and imports_any(
            node, "django.db.models.functions", {"Now", "TransactionNow"}
        ):
            yield node.lineno, "SQL never compares with now(): pass an instant of core.clock."


def check_unsafe(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            parent = source.parents.get(node)
            makes_safe = name in {"SafeString", "SafeText"} and isinstance(parent, ast.Call) and parent.func is node
            if name in {"mark_safe", "csrf_exempt"} or makes_safe:  # SafeString may stand as a type
                yield node.lineno, f"{name} switches a protection off."
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in {"raw", "extra"}:
                yield node.lineno, f".{node.func.attr}() takes SQL as text: use the ORM."
            for word in node.keywords:
                if word.arg == "shell" and not (isinstance(word.value, ast.Constant) and word.value.value is False):
                    yield word.value.lineno, "shell=True hands text to a shell: pass a list of arguments."
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
        if any(name.split(".")[0] in {"pickle", "cPickle", "dill", "marshal", "shelve"} for name in names):
            yield node.lineno, "Reading a pickle runs what is in it: use JSON."


def check_environment(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and dotted_name(node) in {
            "os.environ",
            "os.getenv",
            "os.environb",
            "os.putenv",
        }:
            parent = source.parents.get(node)
            call = source.parents.get(parent) if parent else None
            if is_settings_default(call):
                continue
            yield node.lineno, "The environment is read in hospital_collab/settings only."
        elif isinstance(node, ast.ImportFrom) and imports_any(node, "os", {"environ", "getenv"}):
            yield node.lineno, "The environment is read in hospital_collab/settings only."


def is_settings_default(call: ast.AST | None) -> bool:
    """Answer whether this is `os.environ.setdefault("DJANGO_SETTINGS_MODULE", …)`, with which every entry point begins."""
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "setdefault"
        and bool(call.args)
        and isinstance(call.args[0], ast.Constant)
        and call.args[0].value == "DJANGO_SETTINGS_MODULE"
    )


def reads_no_environment(path: PurePosixPath) -> bool:
    return in_product(path) and path.parts[:2] not in {("hospital_collab", "settings"), ("apps", "operations")}


def check_docstrings(source: Source) -> Iterator[tuple[int, str]]:
    for node in source.tree.body:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)[: 3 if source.path.stem == "events" else 2]
        if isinstance(node, kinds) and not node.name.startswith("_") and not ast.get_docstring(node):
            yield node.lineno, f"{node.name}: one line that says what it does; other rooms call it."


def is_spoken_to(path: PurePosixPath) -> bool:
    """The modules that other rooms call by name."""
    return in_apps(path) and path.stem in {"actions", "queries", "permissions", "events"}


def check_signals(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.db.models.signals":
            if bad := {name.name for name in node.names} - HARMLESS_SIGNALS:
                yield node.lineno, f"{', '.join(sorted(bad))}: news is an event of core, not a model signal."
        elif (
            isinstance(node, ast.ImportFrom)
            and node.module == "django.db.models"
            and any(n.name == "signals" for n in node.names)
        ):
            yield node.lineno, "Model signals: news is an event of core."


def check_module_names(source: Source) -> Iterator[tuple[int, str]]:
    for part in source.path.parts:
        if part.removesuffix(source.path.suffix) in BAD_MODULES:
            yield 1, f"{part}: name the module after what is in it."


def has_module_name(path: PurePosixPath) -> bool:
    return path.suffix in {".py", ".js"}


RULES = (
    Rule("scoped-objects", in_entry, check_objects),
    Rule("lock-no-key", is_python, check_locks),
    Rule("one-clock", lambda path: in_product(path) and path != PurePosixPath("apps/core/clock.py"), check_clock),
    Rule("unsafe-call", in_product, check_unsafe),
    Rule("environment", reads_no_environment, check_environment),
    Rule("spoken-to", is_spoken_to, check_docstrings),
    Rule("model-signals", in_product, check_signals),
    Rule("module-names", has_module_name, check_module_names),
)
