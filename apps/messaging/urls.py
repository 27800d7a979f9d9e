from django.urls import path

from . import views

urlpatterns = [
    path("chat/", views.list_conversations, name="chat"),
    path("chat/new/", views.start_chat, name="chat-new"),
    path("chat/<int:channel_id>/", views.show_channel, name="chat-channel"),
    path("chat/<int:channel_id>/messages/", views.handle_messages, name="chat-messages"),
    path("chat/<int:channel_id>/thread/<int:number>/", views.show_thread, name="chat-thread"),
]
