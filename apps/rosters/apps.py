from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RostersConfig(AppConfig):
    name = "apps.rosters"
    verbose_name = _("Rosters")

    def ready(self) -> None:
        from apps.core.registries import JumpPage, JumpSource, NavigationEntry, registries

        from . import (
            jumps,
            notices,
            queries,
            subscribers,  # noqa: F401 — importing registers it
        )

        notices.register_kinds()
        registries.duty = queries.duties_at
        registries.add_navigation(
            NavigationEntry(
                name="roster",
                label=_("Roster"),
                icon="roster",
                url_name="my-shifts",
                order=35,
                section=("my-shifts", "unit-roster", "roster-policy", "duty-board"),
            )
        )
        registries.add_jump_page(JumpPage(label=_("My shifts"), url_name="my-shifts", icon="roster"))
        registries.add_jump_page(JumpPage(label=_("Who is on"), url_name="duty-board", icon="clock"))
        registries.add_jump(JumpSource(name="rosters", label=_("Rosters"), order=40, search=jumps.find_rosters))
