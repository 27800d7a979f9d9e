from django.apps import AppConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    name = "apps.messaging"
    verbose_name = _("Messaging")

    def ready(self) -> None:
        from apps.core.registries import JumpSource, NavigationEntry, registries
        from apps.core.schedule import every
        from apps.realtime.registry import TopicKind, registry
        from apps.teams.queries import allowed_channels, channels_of, newest_changes

        from . import (
            api,
            jumps,
            notices,
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
        registry.add_inbound("typing", api.receive_typing)
        notices.register_kinds()
        every(86_400, "apps.messaging.tasks.purge_emptied_drafts")
        registries.add_link("chat", "chat")
        registries.add_link("new-chat", "chat-new")
        registries.add_link("channel", "chat-channel")
        registries.add_jump(
            JumpSource(name="conversations", label=_("Conversations"), order=10, search=jumps.find_conversations)
        )
        registries.add_keys(
            _("Conversations"),
            [
                (("Alt+ArrowUp",), _("Previous conversation")),
                (("Alt+ArrowDown",), _("Next conversation")),
                (("Alt+Shift+ArrowUp",), _("Previous unread conversation")),
                (("Alt+Shift+ArrowDown",), _("Next unread conversation")),
                (("ArrowUp",), _("Edit my last message, while the text field is empty")),
            ],
            order=20,
        )
        registries.add_keys(
            _("At a message"),
            [
                (("ArrowUp", "ArrowDown"), _("Message before, message after")),
                (("Enter",), _("Open its menu")),
                (("R",), _("Reply to it")),
                (("E",), _("Edit my message")),
                (("Delete",), _("Delete my message")),
                (("P",), _("Pin, or unpin")),
                (("F",), _("Forward it")),
                (("U",), _("Mark unread from here")),
                (("C",), _("Copy the link to it")),
                (("1–5", "+"), _("React to it; + shows all reactions")),
                (("Escape",), _("Back to the text field")),
            ],
            order=30,
        )

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
