"""`manage.py runportal`: the whole portal from one command, on this machine."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, CommandParser, call_command
from django.core.management.base import BaseCommand
from django.db import connections
from django.shortcuts import resolve_url
from django.utils import translation

from apps.operations import demo, launch
from apps.operations.places import OperationsError, is_root
from apps.operations.supervisor import Supervisor


class Command(BaseCommand):
    help = (
        "Run the portal on this machine: PostgreSQL and Valkey unless DATABASE_URL and REDIS_URL name others, "
        "migrations, demo data on an empty database, a web process, a worker and beat. Ctrl-C ends all."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo",
            action="store_true",
            help="fill an empty database of your own (DATABASE_URL) with the demo hospital",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        portal = launch.portal
        if portal is None:
            raise CommandError("Start it as a program: ./run portal, or python manage.py runportal.")
        try:
            if options["demo"] and not settings.DEMO:
                raise CommandError(
                    "These settings forbid demo data. Leave --demo out, or use hospital_collab.settings.portal."
                )
            portal.say = self.say
            self.serve(portal)
            self.say("stopping")
        except KeyboardInterrupt:
            self.say("stopping")
        except OperationsError as error:
            raise CommandError(str(error)) from error
        finally:
            portal.stop()
        self.say("stopped")

    def serve(self, portal: Supervisor) -> None:
        services = portal.services
        self.say(f"data in {services.folder}")
        if is_root():
            self.say("running as root: fine for a trial; docs/operations.md shows the accounts of a real installation")
        self.timed("database and bus", services.wait)
        self.timed("migrations", self.migrate)
        if services.is_embedded:
            launch.note_migrated(services.folder)
        began = time.monotonic()
        portal.start("web")  # it loads while the hospital is filled
        people = get_user_model()._default_manager
        if settings.DEMO and not people.exists():
            self.timed("demo hospital", self.seed)
        has_people = people.exists()
        connections.close_all()
        portal.look_after_services()
        bind, port = settings.PORTAL_BIND, settings.PORTAL_PORT
        if portal.wait_until_ready(bind, port, resolve_url(settings.LOGIN_URL)):
            # Not before: on a small machine they would take the processor from the first page.
            portal.start("worker")
            portal.start("beat")
            self.say_took("first page", began)
            address = f"http://localhost:{port}"
            services.lock.publish(launch.claim_of(services, launch.PORTAL, address))
            self.welcome(address, has_people)
            portal.run()

    def migrate(self) -> None:
        alias = "owner" if "owner" in connections else "default"
        call_command("migrate", database=alias, interactive=False, verbosity=0)

    def seed(self) -> None:
        call_command("seed_demo", stdout=self.stdout)

    def welcome(self, address: str, has_people: bool) -> None:
        self.stdout.write(f"\n  {address}\n")
        if settings.DEMO:
            self.stdout.write(f"\n  Sign in as any of these; the password is {demo.PASSWORD}\n")
            with translation.override("en"):
                for person in demo.SIGN_INS:
                    self.stdout.write(f"    {person.staff_number:8} {person.role!s:16} {person.site}")
        elif not has_people:
            self.stdout.write(
                "\n  Nobody can sign in yet: make the first account with  ./run manage appoint_it STAFFNUMBER --name NAME\n"
            )
        self.stdout.write("\n  Ctrl-C stops everything.\n")
        self.stdout.flush()

    def timed(self, name: str, work: Callable[[], None]) -> None:
        began = time.monotonic()
        work()
        self.say_took(name, began)

    def say_took(self, name: str, began: float) -> None:
        self.say(f"{name:16} {time.monotonic() - began:4.1f} s")

    def say(self, line: str) -> None:
        self.stdout.write(f"portal: {line}")
        self.stdout.flush()
