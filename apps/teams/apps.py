from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TeamsConfig(AppConfig):
    name = "apps.teams"
    verbose_name = _("Teams")

    def ready(self) -> None:
        from apps.core.registries import JumpSource, NavigationEntry, registries

        from . import jumps

        registries.add_jump(JumpSource(name="teams", label=_("Teams"), order=30, search=jumps.find_teams))
        registries.add_navigation(
            NavigationEntry(
                name="teams",
                label=_("Teams"),
                icon="teams",
                url_name="team-list",
                order=30,
                section="team",
                phone=False,
            )
        )
