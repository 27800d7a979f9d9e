from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.admin import PortalAdmin

from . import actions
from .models import Department, Network, Site, Unit


class PlacesAdmin(PortalAdmin):
    """Places are written by IT alone; managers read them."""

    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        user: Any = request.user
        return bool(user.is_authenticated and user.has_role("it"))


@admin.register(Network)
class NetworkAdmin(PlacesAdmin):
    list_display = ("code", "name_ko", "name_en")


@admin.register(Site)
class SiteAdmin(PlacesAdmin):
    list_display = ("code", "name_ko", "name_en", "time_zone", "language", "country")


class MoveForm(forms.ModelForm):  # type: ignore[type-arg]
    """The parent is changed by the action, so that the old place is kept with its days."""


@admin.register(Department)
class DepartmentAdmin(PlacesAdmin):
    list_display = ("code", "name_ko", "name_en", "site")
    list_filter = ("site",)
    search_fields = ("code", "name_ko", "name_en", "name_ar")
    list_select_related = ("site",)
    form = MoveForm

    def save_model(self, request: HttpRequest, obj: Department, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change or "site" in form.changed_data:
            today = clock.today(obj.site.zone)
            actions.place_department(department=obj, site=obj.site, by=request.user.pk, on=today)
            messages.info(request, _("The old place is kept with its days."))


@admin.register(Unit)
class UnitAdmin(PlacesAdmin):
    list_display = ("code", "name_ko", "name_en", "kind", "department", "site")
    list_filter = ("kind", "department__site")
    search_fields = ("code", "name_ko", "name_en", "name_ar")
    list_select_related = ("department__site",)
    form = MoveForm

    @admin.display(ordering="department__site")
    def site(self, obj: Unit) -> str:
        return obj.department.site.name

    def save_model(self, request: HttpRequest, obj: Unit, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change or "department" in form.changed_data:
            today = clock.today(obj.department.site.zone)
            actions.place_unit(unit=obj, department=obj.department, by=request.user.pk, on=today)
