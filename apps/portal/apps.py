from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "apps.portal"
    verbose_name = _("Portal")

    def ready(self) -> None:
        from apps.core.registries import NavigationEntry, registries

        registries.add_navigation(
            NavigationEntry(name="home", label=_("Home"), icon="home", url_name="home", order=10, section="home")
        )
