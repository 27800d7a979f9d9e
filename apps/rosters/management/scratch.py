"""A database beside the portal's for a bench of rosters: made, migrated, filled by the command itself, and dropped."""

import json
import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.core.management.base import CommandError
from psycopg import sql


def on_scratch(command: str, *words: str) -> dict[str, Any]:
    """Run `manage.py COMMAND --here` with these words on a new database and return what it printed, one JSON object."""
    name = f"scratch_roster_{os.getpid()}"
    owner = settings.DATABASE_OWNER_URL
    environment = {
        **os.environ,  # allowed: environment: a process of its own inherits it
        "DATABASE_URL": urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}")),
        "DATABASE_OWNER_URL": urlunsplit(urlsplit(owner)._replace(path=f"/{name}")),
        "LOG_LEVEL": "ERROR",
    }

    def manage(*words: str) -> str:
        line = [sys.executable, "manage.py", *words]
        done = subprocess.run(line, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CommandError(f"manage.py {words[0]} failed:\n{done.stderr[-2000:]}")
        return done.stdout

    with psycopg.connect(owner, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            manage("migrate", "--verbosity", "0")
            found: dict[str, Any] = json.loads(manage(command, "--here", *words))
        finally:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    return found
