from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "apps.audit"
    verbose_name = _("Audit")

    def ready(self) -> None:
        from apps.core.registries import registries
        from apps.core.schedule import every

        from .actions import write_entry

        registries.audit = write_entry
        every(2, "apps.audit.tasks.seal_entries")
