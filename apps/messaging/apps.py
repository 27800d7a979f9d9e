from django.apps import AppConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    name = "apps.messaging"
    verbose_name = _("Messaging")

    def ready(self) -> None:
        from apps.core.registries import NavigationEntry, registries
        from apps.realtime.registry import TopicKind, registry
        from apps.teams.queries import allowed_channels, channels_of, newest_changes

        from . import (
            api,
            queries,
            subscribers,  # noqa: F401 — importing registers it
        )

        registry.add_topic(
            TopicKind(
                name="channel",
                topics_of=channels_of,
                allowed=allowed_channels,
                newest_change=newest_changes,
                frames_after=queries.frames_after,
            )
        )
        registry.add_inbound("mark", api.receive_mark)
        registries.add_link("chat", "chat")
        registries.add_link("new-chat", "chat-new")
        registries.add_link("channel", "chat-channel")

        def unread_badge(request: HttpRequest) -> int | None:
            return queries.unread_total(request.user) or None  # type: ignore[arg-type]

        registries.add_navigation(
            NavigationEntry(
                name="chat",
                label=_("Chat"),
                icon="chat",
                url_name="chat",
                order=20,
                section="chat",
                badge=unread_badge,
                badge_label=_("conversations with unread messages"),
            )
        )
