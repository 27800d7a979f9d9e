"""Pages and requests of chat. Each fetches, permits, acts and answers; a script gets JSON, a person a page."""

from .channel import follow_thread, handle_messages, show_channel, show_pins, show_thread, suggest_mentions
from .conversations import list_conversations, start_chat
from .drafts import handle_draft
from .listing import arrange_sections, edit_settings, list_threads, mark_all, mark_conversation
from .messages import (
    acknowledge_message,
    delete_message,
    edit_message,
    forward_message,
    handle_reactions,
    list_emoji,
    mark_unread,
    pin_message,
    restore_message,
    show_menu,
    show_message,
    show_readers,
    show_versions,
)

__all__ = [
    "acknowledge_message",
    "arrange_sections",
    "delete_message",
    "edit_message",
    "edit_settings",
    "follow_thread",
    "forward_message",
    "handle_draft",
    "handle_messages",
    "handle_reactions",
    "list_conversations",
    "list_emoji",
    "list_threads",
    "mark_all",
    "mark_conversation",
    "mark_unread",
    "pin_message",
    "restore_message",
    "show_channel",
    "show_menu",
    "show_message",
    "show_pins",
    "show_readers",
    "show_thread",
    "show_versions",
    "start_chat",
    "suggest_mentions",
]
