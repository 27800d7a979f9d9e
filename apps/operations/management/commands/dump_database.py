"""`manage.py dump_database FILE`: everything that the database holds, in one file."""

import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, CommandParser
from django.core.management.base import BaseCommand

from apps.operations.embedded import address_for_client, find_client
from apps.operations.places import OperationsError


class Command(BaseCommand):
    help = "Write the whole database to FILE, in pg_dump's custom format, for load_database or pg_restore."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            program = find_client("pg_dump")
        except OperationsError as error:
            raise CommandError(str(error)) from error
        if file.exists():
            raise CommandError(f"{file} exists already; a dump overwrites nothing.")
        file.touch(mode=0o600)  # it holds what the database holds
        address, environment = address_for_client(settings.DATABASE_OWNER_URL)
        command = [program, "--format=custom", f"--file={file}", f"--dbname={address}"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if answer.returncode:
            file.unlink(missing_ok=True)
            raise CommandError(f"pg_dump failed: {answer.stderr.strip()}")
        self.stdout.write(f"{file}: {file.stat().st_size / 1_000_000:.1f} MB")
