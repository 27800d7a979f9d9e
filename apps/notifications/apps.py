from django.apps import AppConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "apps.notifications"
    verbose_name = _("Activity")

    def ready(self) -> None:
        from apps.core.registries import NavigationEntry, registries
        from apps.core.schedule import every

        from . import (
            notices,
            queries,
            subscribers,  # noqa: F401 — importing registers it
        )
        from .registry import NoticeKind, add_kind

        every(10, "apps.notifications.tasks.sweep_notices")
        every(86_400, "apps.notifications.tasks.purge_notices")
        registries.add_link("activity", "activity")
        add_kind(
            NoticeKind(
                code="invitation",
                label=_("Invitations"),
                icon="user-plus",
                order=50,
                describe=notices.describe_invitations,
            )
        )

        def unread_badge(request: HttpRequest) -> int | None:
            return queries.unread_total(request.user) or None  # type: ignore[arg-type]

        registries.add_navigation(
            NavigationEntry(
                name="activity",
                label=_("Activity"),
                icon="activity",
                url_name="activity",
                order=10,
                section="activity",
                badge=unread_badge,
                badge_label=_("unread notices"),
            )
        )
