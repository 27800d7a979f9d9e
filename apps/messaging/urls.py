from django.urls import path

from . import views

MESSAGE = "chat/<int:channel_id>/messages/<int:number>/"

urlpatterns = [
    path("chat/", views.list_conversations, name="chat"),
    path("chat/new/", views.start_chat, name="chat-new"),
    path("chat/read/", views.mark_all, name="chat-read-all"),
    path("chat/sections/", views.arrange_sections, name="chat-sections"),
    path("chat/threads/", views.list_threads, name="chat-threads"),
    path("chat/emoji/", views.list_emoji, name="chat-emoji"),
    path("chat/<int:channel_id>/", views.show_channel, name="chat-channel"),
    path("chat/<int:channel_id>/draft/", views.handle_draft, name="chat-draft"),
    path("chat/<int:channel_id>/read/", views.mark_conversation, name="chat-read"),
    path("chat/<int:channel_id>/settings/", views.edit_settings, name="chat-settings"),
    path("chat/<int:channel_id>/pins/", views.show_pins, name="chat-pins"),
    path("chat/<int:channel_id>/mentions/", views.suggest_mentions, name="chat-mentions"),
    path("chat/<int:channel_id>/thread/<int:number>/", views.show_thread, name="chat-thread"),
    path("chat/<int:channel_id>/thread/<int:number>/follow/", views.follow_thread, name="chat-thread-follow"),
    path("chat/<int:channel_id>/messages/", views.handle_messages, name="chat-messages"),
    path(MESSAGE, views.show_message, name="chat-message"),
    path(f"{MESSAGE}menu/", views.show_menu, name="chat-message-menu"),
    path(f"{MESSAGE}edit/", views.edit_message, name="chat-message-edit"),
    path(f"{MESSAGE}delete/", views.delete_message, name="chat-message-delete"),
    path(f"{MESSAGE}restore/", views.restore_message, name="chat-message-restore"),
    path(f"{MESSAGE}reactions/", views.handle_reactions, name="chat-message-reactions"),
    path(f"{MESSAGE}pin/", views.pin_message, name="chat-message-pin"),
    path(f"{MESSAGE}acknowledge/", views.acknowledge_message, name="chat-message-acknowledge"),
    path(f"{MESSAGE}unread/", views.mark_unread, name="chat-message-unread"),
    path(f"{MESSAGE}readers/", views.show_readers, name="chat-message-readers"),
    path(f"{MESSAGE}versions/", views.show_versions, name="chat-message-versions"),
    path(f"{MESSAGE}forward/", views.forward_message, name="chat-message-forward"),
]
