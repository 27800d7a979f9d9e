from django.urls import path

from . import views

urlpatterns = [
    path("people/", views.list_people, name="directory"),
    path("people/<int:user_id>/", views.show_person, name="person"),
    path("settings/", views.edit_settings, name="settings"),
]
