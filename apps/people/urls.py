from django.urls import path

from . import views

urlpatterns = [
    path("people/", views.list_people, name="directory"),
    path("people/<int:user_id>/", views.show_person, name="person"),
    path("account/status/", views.edit_status, name="status"),
    path("settings/", views.edit_settings, name="settings"),
    path("settings/contrast/", views.set_contrast, name="contrast"),
]
