from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TeamsConfig(AppConfig):
    name = "apps.teams"
    verbose_name = _("Teams")

    def ready(self) -> None:
        from apps.core.registries import NavigationEntry, registries

        registries.add_navigation(
            NavigationEntry(
                name="teams", label=_("Teams"), icon="teams", url_name="team-list", order=30, section="team"
            )
        )
