from django.urls import path

from . import views

urlpatterns = [
    path("roster/", views.show_my_shifts, name="my-shifts"),
    path("roster/unit/", views.show_home_unit, name="unit-roster-home"),
    path("roster/units/<int:unit_id>/", views.show_unit_roster, name="unit-roster"),
    path("roster/units/<int:unit_id>/rules/", views.show_policy, name="roster-policy"),
    path("roster/on/", views.show_board, name="duty-board"),
]
