from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import clock
from apps.core.admin import DaysColumns, DaysForm, PortalAdmin

from . import actions
from .models import WEEKDAYS, CalendarEntry, Department, Network, Site, Unit


class PlacesAdmin(PortalAdmin):
    """Places are written by IT alone; managers read them."""

    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        user: Any = request.user
        return bool(user.is_authenticated and user.has_role("it"))


@admin.register(Network)
class NetworkAdmin(PlacesAdmin):
    list_display = ("code", "name_ko", "name_en")


class SiteForm(forms.ModelForm):  # type: ignore[type-arg]
    """The weekly rest days as boxes to tick."""

    rest_days = forms.TypedMultipleChoiceField(
        label=capfirst(gettext_lazy("weekly rest days")),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices"}),
    )


@admin.register(Site)
class SiteAdmin(PlacesAdmin):
    list_display = ("code", "name_ko", "name_en", "time_zone", "language", "country")
    form = SiteForm


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


class CalendarForm(DaysForm):
    """A holiday of one day needs one date."""

    class Meta:
        model = CalendarEntry
        fields = ("site", "kind", "name_ko", "name_en", "name_ar", "is_confirmed")


@admin.register(CalendarEntry)
class CalendarEntryAdmin(DaysColumns, PlacesAdmin):
    """What the country's calendar does not know of a site: its own days, working days after all, Ramadan, the moon."""

    readers = ("it", "unit_manager")
    list_display = ("named", "site", "kind", "starts_on", "ends_on", "is_confirmed")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "kind", "is_confirmed")
    list_select_related = ("site",)
    search_fields = ("name_ko", "name_en", "name_ar")
    ordering = ("-during", "site")
    form = CalendarForm
    fields = ("site", "kind", "starts_on", "ends_on", "is_confirmed", "name_ko", "name_en", "name_ar")

    @admin.display(description=gettext_lazy("name"))
    def named(self, obj: CalendarEntry) -> str:
        return obj.name

    def may_delete(self, request: HttpRequest, obj: Any | None) -> bool:
        return self.may_change(request, obj)

    def site_code_of(self, obj: CalendarEntry) -> str:
        return obj.site.code
