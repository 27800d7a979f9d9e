from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "apps.people"
    verbose_name = _("People")

    def ready(self) -> None:
        from apps.core.registries import NavigationEntry, registries
        from apps.core.schedule import every
        from apps.realtime.registry import TopicKind, registry

        from . import (
            actions,
            queries,
            subscribers,  # noqa: F401 — importing registers it
        )

        # A person's own topic: hints for all their devices.
        registry.add_topic(TopicKind(name="user", topics_of=queries.own_topics, allowed=queries.allowed_own_topics))
        every(600, "apps.people.tasks.turn_day")
        registries.units_moved = actions.raise_epochs_of_units
        registries.sessions = queries.authenticate_sessions
        registries.epochs = queries.newest_epochs
        registries.add_navigation(
            NavigationEntry(
                name="people", label=_("People"), icon="user", url_name="directory", order=40, section="directory"
            )
        )
