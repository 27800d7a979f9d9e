from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        from . import subscribers  # noqa: F401 — importing registers it
        from .schedule import every

        every(5, "apps.core.tasks.drain_outbox")
        every(10, "apps.core.tasks.beat_heartbeat")
        every(3600, "apps.core.tasks.purge_outbox")


class PortalAdminConfig(admin_apps.AdminConfig):
    """Django's admin with the portal's door and looks."""

    default = False  # settings name it; `apps.core` alone is CoreConfig
    default_site = "apps.core.admin.PortalAdminSite"
