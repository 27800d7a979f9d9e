from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "apps.people"
    verbose_name = _("People")

    def ready(self) -> None:
        from apps.core.registries import JumpPage, JumpSource, NavigationEntry, registries
        from apps.core.schedule import every
        from apps.realtime.registry import TopicKind, registry

        from . import (
            actions,
            jumps,
            queries,
            subscribers,  # noqa: F401 — importing registers it
        )

        # A person's own topic: hints for all their devices.
        registry.add_topic(TopicKind(name="user", topics_of=queries.own_topics, allowed=queries.allowed_own_topics))
        registry.visible_people = queries.visible_people
        registry.presence_by_hand = queries.presence_by_hand
        every(600, "apps.people.tasks.turn_day")
        registries.units_moved = actions.raise_epochs_of_units
        registries.sessions = queries.authenticate_sessions
        registries.epochs = queries.newest_epochs
        registries.add_jump(JumpSource(name="people", label=_("People"), order=20, search=jumps.find_people))
        for page in (
            JumpPage(label=_("Settings"), url_name="settings", icon="settings"),
            JumpPage(label=_("Two-step sign-in"), url_name="mfa_index", icon="shield"),
            JumpPage(label=_("Where I am signed in"), url_name="usersessions_list", icon="history"),
            JumpPage(label=_("Password"), url_name="account_change_password", icon="lock"),
            JumpPage(label=_("E-mail"), url_name="account_email", icon="at"),
            JumpPage(
                label=_("Administration"),
                url_name="admin:index",
                icon="grid",
                can_open=lambda user: bool(user.is_staff),
            ),
        ):
            registries.add_jump_page(page)
        registries.add_link("status", "status")
        registries.add_navigation(
            NavigationEntry(
                name="people",
                label=_("People"),
                icon="user",
                url_name="directory",
                order=40,
                section="directory",
                phone=False,
            )
        )
