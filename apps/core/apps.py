from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        from . import (
            jump,
            subscribers,  # noqa: F401 — importing registers it
        )
        from .registries import JumpPage, JumpSource, registries
        from .schedule import every

        every(5, "apps.core.tasks.drain_outbox")
        every(10, "apps.core.tasks.beat_heartbeat")
        every(3600, "apps.core.tasks.purge_outbox")
        registries.add_jump(JumpSource(name="pages", label=_("Pages"), order=90, search=jump.find_pages))
        registries.add_jump_page(JumpPage(label=_("Keyboard shortcuts"), url_name="keys", icon="keyboard"))
        registries.add_keys(
            _("Everywhere"),
            [
                (("Control+K",), _("Go to a person, a conversation or a page")),
                (("F6",), _("Next part of the page; with Shift the one before")),
                (("?",), _("This list")),
                (("Escape",), _("Close what is open")),
            ],
            order=10,
        )


class PortalAdminConfig(admin_apps.AdminConfig):
    """Django's admin with the portal's door and looks."""

    default = False  # settings name it; `apps.core` alone is CoreConfig
    default_site = "apps.core.admin.PortalAdminSite"
