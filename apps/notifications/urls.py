from django.urls import path

from . import views

urlpatterns = [
    path("activity/", views.show_activity, name="activity"),
    path("activity/change/", views.change_notices, name="activity-change"),
    path("activity/<int:notice_id>/", views.open_notice, name="activity-notice"),
]
