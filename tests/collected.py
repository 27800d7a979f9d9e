"""The translations and static files as `./run` makes them: once, and again when a source has changed."""

import importlib.util
import os
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def collect_static_files() -> Path:
    """Bring them up to date under the hashed names of production; return their folder."""
    loader = SourceFileLoader("portal_run", str(ROOT / "run"))
    spec = importlib.util.spec_from_loader("portal_run", loader)
    assert spec is not None
    run = importlib.util.module_from_spec(spec)
    loader.exec_module(run)
    run.compile_translations()
    with pytest.MonkeyPatch.context() as environment:  # the names with hashes are production's, not the test settings'
        environment.setenv("DJANGO_SETTINGS_MODULE", "hospital_collab.settings.portal")
        run.collect_static_files()
    return Path(os.environ.get("PORTAL_STATIC") or ROOT / "static_collected")
