"""`manage.py load_database FILE`: what dump_database wrote, into an empty database."""

import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, CommandParser
from django.core.management.base import BaseCommand
from django.db import connection

from apps.operations.embedded import address_for_client, find_client
from apps.operations.places import OperationsError


class Command(BaseCommand):
    help = "Load FILE, which dump_database wrote, into an empty database; then migrate."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            program = find_client("pg_restore")
        except OperationsError as error:
            raise CommandError(str(error)) from error
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        # Over existing tables pg_restore would leave the app role rights on the audit that it must not have.
        if connection.introspection.table_names():
            raise CommandError("The database holds tables already; a dump is loaded into an empty one.")
        connection.close()
        address, environment = address_for_client(settings.DATABASE_OWNER_URL)
        command = [program, "--exit-on-error", "--single-transaction", f"--dbname={address}", str(file)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if answer.returncode:
            raise CommandError(f"Nothing was loaded; pg_restore failed: {answer.stderr.strip()}")
        self.stdout.write("Loaded. Migrate next: ./run portal does, or manage.py migrate.")
