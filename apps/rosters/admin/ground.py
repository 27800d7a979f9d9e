"""What a unit plans with: shift types, demand, patterns."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.core import clock
from apps.rosters import permissions
from apps.rosters.models import Demand, Pattern, PatternPlace, ShiftType
from apps.sites.models import Site, Unit

from .base import OfUnitAdmin, OwnRows, own_people, own_units, people_choices

EMPTY_PLACE = "-"  # how a day without anything is typed in a cycle


def hours_and_minutes(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"


# -- Shift types ----------------------------------------------------------------------------------------------------------
class ShiftTypeForm(forms.ModelForm):  # type: ignore[type-arg]
    """A site's type is IT's; a manager makes those of their own units."""

    viewer: Any = None  # set by the admin

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        unit, site, later = cleaned.get("unit"), cleaned.get("site"), cleaned.get("in_ramadan")
        if unit is None and "unit" in self.fields and not self.viewer.has_role("it"):
            self.add_error("unit", _("Choose one of your units. What holds for a whole site is written by IT."))
        if later is not None and site is not None and (later.site_id != site.pk or later.pk == self.instance.pk):
            self.add_error("in_ramadan", _("Choose another type of the same site."))
        return cleaned

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip()
        if any(mark.isspace() or mark in ",;+" for mark in code) or code in {EMPTY_PLACE, "."}:
            raise forms.ValidationError(_("A code is one word, such as D or N12, without commas and plus signs."))
        return code


@admin.register(ShiftType)
class ShiftTypeAdmin(OfUnitAdmin):
    readers = ("it", "unit_manager")
    list_display = ("cell", "named", "where", "kind", "times", "length", "nights", "is_exclusive")
    list_display_links = ("cell", "named")
    list_filter = ("kind", ("site", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("site", "unit")
    search_fields = ("code", "name_ko", "name_en", "name_ar")
    form = ShiftTypeForm
    fieldsets = [
        (None, {"fields": ("site", "unit", "code", "kind", "colour", "cell")}),
        (_("Names"), {"fields": ("name_ko", "name_en", "name_ar")}),
        (
            _("Times by the clock of the site"),
            {
                "fields": ("starts_at", "ends_at", "days_later", "break_minutes", "length", "nights"),
                "description": _("Its length is told without the break; night is from 22:00 to 06:00."),
            },
        ),
        (_("What it counts as"), {"fields": ("counts_percent", "is_exclusive", "in_ramadan")}),
        (_("Validity"), {"fields": ("place", "valid_from", "valid_until")}),
    ]
    readonly_fields = ("cell", "length", "nights")
    radio_fields = {"colour": admin.HORIZONTAL}

    def get_form(self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"viewer": request.user})

    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        viewer: Any = request.user
        if not self.may_read(request):
            return False
        if obj is None or viewer.has_role("it"):
            return True
        return obj.unit is not None and permissions.can_manage_unit(viewer, obj.unit)

    def may_delete(self, request: HttpRequest, obj: Any | None) -> bool:
        return False  # rosters of the past are read by it: an end of its use is written instead

    def site_code_of(self, obj: ShiftType) -> str:
        return obj.site.code

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        viewer: Any = request.user
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if viewer.has_role("it") and db_field.name == "unit":
            field.queryset = Unit.objects.managed_by(viewer).select_related("department__site")
        if db_field.name == "unit":
            field.label_from_instance = lambda unit: f"{unit.department.site} · {unit}"
        if db_field.name == "site" and not viewer.has_role("it"):
            field.queryset = Site.objects.visible_to(viewer).filter(pk__in=own_units(viewer).values("department__site"))
        if db_field.name == "in_ramadan":
            field.label_from_instance = lambda row: f"{row} · {row.site}"
        return field

    @admin.display(description=_("in the cell"), ordering="code", empty_value="–")
    def cell(self, obj: ShiftType) -> str:
        if not obj.code:
            return ""
        return format_html('<span class="codechip codechip--{}">{}</span>', obj.colour, obj.code)

    @admin.display(description=_("name"))
    def named(self, obj: ShiftType) -> str:
        return obj.name

    @admin.display(description=_("where"), ordering="site")
    def where(self, obj: ShiftType) -> str:
        return f"{obj.site} · {obj.unit}" if obj.unit else str(obj.site)

    @admin.display(description=_("times"), ordering="starts_at")
    def times(self, obj: ShiftType) -> str:
        if obj.is_absence:
            return "–"
        later = f" +{obj.days_later}" if obj.days_later else ""
        return format_html('<bdi class="ltr">{}</bdi>', f"{obj.starts_at:%H:%M}–{obj.ends_at:%H:%M}{later}")

    @admin.display(description=_("length"))
    def length(self, obj: ShiftType) -> str:
        if not obj.code or obj.is_absence:
            return "–"
        return hours_and_minutes(obj.wall_minutes - obj.break_minutes)

    @admin.display(description=_("night hours"))
    def nights(self, obj: ShiftType) -> str:
        return hours_and_minutes(obj.night_minutes) if obj.code and obj.night_minutes else "–"

    def save_model(self, request: HttpRequest, obj: ShiftType, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change or not {"starts_at", "ends_at", "days_later"}.intersection(form.changed_data):
            return
        today = clock.today(obj.site.zone)
        kept = obj.shifts.filter(day__gte=today, known_during__upper_inf=True)
        if count := kept.values("user", "day").distinct().count():
            messages.warning(
                request,
                ngettext(
                    "%(count)d planned shift keeps the old times until its cell is set anew.",
                    "%(count)d planned shifts keep the old times until their cells are set anew.",
                    count,
                )
                % {"count": count},
            )


# -- Demand ---------------------------------------------------------------------------------------------------------------
class DemandForm(forms.ModelForm):  # type: ignore[type-arg]
    """The shift is one that may stand in the unit's roster."""

    class Meta:
        labels = {"day_kind": capfirst(_("on which days"))}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        unit, shift_type = cleaned.get("unit"), cleaned.get("shift_type")
        if unit and shift_type and not _is_of_unit(shift_type, unit):
            self.add_error("shift_type", _("This shift type belongs to another unit or site."))
        if cleaned.get("on") and cleaned.get("day_kind") not in {"", "any", None}:
            self.add_error("day_kind", _("A demand for one day holds whatever its kind: choose “Every day”."))
        starts: date | None = cleaned.get("valid_from")
        ends: date | None = cleaned.get("valid_until")
        if starts and ends and ends <= starts:
            self.add_error("valid_until", _("The last day lies before the first."))
        return cleaned


def _is_of_unit(shift_type: ShiftType, unit: Unit) -> bool:
    if shift_type.unit_id is not None:
        return shift_type.unit_id == unit.pk
    return shift_type.site_id == unit.department.site_id


@admin.register(Demand)
class DemandAdmin(OfUnitAdmin):
    list_display = ("unit", "shift", "days", "qualification", "minimum", "target", "maximum")
    list_display_links = ("unit", "shift")
    list_filter = ("day_kind",)
    list_select_related = ("unit__department__site", "shift_type", "qualification")
    search_fields = ("shift_type__code",)
    form = DemandForm
    fieldsets = [
        (None, {"fields": ("unit", "shift_type", "day_kind", "on", "qualification")}),
        (_("How many"), {"fields": (("minimum", "target", "maximum"), "weight")}),
        (_("Validity"), {"fields": ("valid_from", "valid_until")}),
    ]

    @admin.display(description=_("shift type"), ordering="shift_type__place")
    def shift(self, obj: Demand) -> str:
        chip = ShiftTypeAdmin.cell(self, obj.shift_type)  # type: ignore[arg-type]
        return format_html("{} {}", chip, obj.shift_type.name)

    @admin.display(description=_("on which days"), ordering="day_kind")
    def days(self, obj: Demand) -> Any:
        return obj.on or obj.get_day_kind_display()


# -- Patterns -------------------------------------------------------------------------------------------------------------
class PatternForm(forms.ModelForm):  # type: ignore[type-arg]
    """The cycle as it is spoken: D D E E N N O O."""

    cycle = forms.CharField(
        label=capfirst(_("cycle")),
        max_length=84 * 9,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60, "class": "vLargeTextField codetext", "dir": "ltr"}),
        help_text=_("Codes with spaces between them, such as D D E E N N O O; a hyphen is a day without anything."),
    )

    viewer: Any = None  # set by the admin

    class Meta:
        model = Pattern
        fields = ("unit", "name", "anchor_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("cycle", " ".join(code or EMPTY_PLACE for code in self.instance.codes or []))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        unit, cycle = cleaned.get("unit"), cleaned.get("cycle")
        if unit is None or cycle is None:
            return cleaned
        words = cycle.replace(",", " ").split()
        types = ShiftType.objects.visible_to(self.viewer).of_unit(unit)
        known = {code.casefold(): code for code in types.values_list("code", flat=True)}
        unknown = sorted({word for word in words if word != EMPTY_PLACE and word.casefold() not in known})
        if unknown:
            self.add_error(
                "cycle",
                _("The unit has no such code: %(unknown)s. Its codes are %(known)s.")
                % {"unknown": ", ".join(unknown), "known": ", ".join(sorted(known.values())) or "–"},
            )
        elif len(words) > 84:
            self.add_error("cycle", _("A cycle has at most 84 days; this one has %(count)d.") % {"count": len(words)})
        else:
            self.instance.codes = ["" if word == EMPTY_PLACE else known[word.casefold()] for word in words]
        return cleaned


class PlacesFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """Everybody stands inside of the cycle, and the list of people is read once."""

    people: list[tuple[Any, str]] = []  # set by the admin

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if "user" in form.fields:
            form.fields["user"].choices = self.people

    def clean(self) -> None:
        super().clean()
        length = len(self.instance.codes or [])
        for form in self.forms:
            offset = form.cleaned_data.get("offset") if hasattr(form, "cleaned_data") else None
            if length and offset is not None and offset >= length and not form.cleaned_data.get("DELETE"):
                form.add_error(
                    "offset",
                    _("The cycle has %(count)d days: a place is 0 to %(last)d.")
                    % {"count": length, "last": length - 1},
                )


class PatternPlaceRows(OwnRows):
    model = PatternPlace
    formset = PlacesFormSet
    fields = ("user", "offset")
    ordering = ("offset", "id")
    extra = 3

    def get_formset(self, request: HttpRequest, obj: Any | None = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.people = people_choices(own_people(request.user))  # type: ignore[attr-defined]
        return formset

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user")


@admin.register(Pattern)
class PatternAdmin(OfUnitAdmin):
    list_display = ("name", "unit", "shown_cycle", "anchor_on")
    list_select_related = ("unit__department__site",)
    search_fields = ("name",)
    ordering = ("unit", "name")
    form = PatternForm
    fields = ("unit", "name", "cycle", "anchor_on")
    inlines = [PatternPlaceRows]

    def get_form(self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"viewer": request.user})

    @admin.display(description=_("cycle"))
    def shown_cycle(self, obj: Pattern) -> str:
        return format_html('<bdi class="ltr">{}</bdi>', " ".join(code or EMPTY_PLACE for code in obj.codes))

    # A page that only shows asks the administration for what the form would show.
    cycle = shown_cycle
