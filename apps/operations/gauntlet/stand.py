"""The scratch portal on which a gauntlet is run: migrated, with people in it, served by two web processes."""

from django.core.management import call_command
from django.db import connections

from apps.operations.services import Services

from .server import Web
from .world import World, build_world

SENDERS = 48  # enough that a fault meets requests at every stage
WEB_PROCESSES = 2


class Stand:
    """Built once, and taken down whatever happens on it."""

    def __init__(self, services: Services) -> None:
        self.services = services
        log = services.folder / "log"
        self.webs = [Web(log / f"web{number}.log") for number in range(1, WEB_PROCESSES + 1)]

    def migrate(self) -> None:
        self.services.wait()
        call_command("migrate", database="owner", interactive=False, verbosity=0)

    def build(self) -> World:
        """Migrate, seat the people, and start the web processes."""
        self.migrate()
        world = build_world(SENDERS)
        connections.close_all()
        for web in self.webs:
            web.start()
        return world

    def end(self) -> None:
        self.stop_webs()
        connections.close_all()
        self.services.stop()

    def stop_webs(self) -> None:
        for web in self.webs:
            web.stop()
