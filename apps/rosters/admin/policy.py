"""The policy: rules in the law's and the ward's words, what they are set to where, who is excused, and circumstances."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import DaysColumns, DaysForm, PortalAdmin
from apps.people.models import StaffType, User
from apps.rosters import permissions, rules
from apps.rosters.models import Condition, Level, Rule, RuleSetting, Waiver
from apps.sites.models import Department, Unit

from .base import ChoosesOwn, own_people


def words_of(rule: Rule, params: dict[str, Any]) -> str:
    """Return a rule with some parameters as a sentence in the reader's language; empty where they cannot stand."""
    try:
        read = rules.read_rule(rule.family, params)
    except (KeyError, ValueError):
        return ""
    return rules.describe(rules.BoundRule(code=rule.code, family=rule.family, params=read, raw=params))


class Written(forms.JSONField):
    """Parameters as they are read: a line each, Hangul as Hangul."""

    widget = forms.Textarea(attrs={"rows": 6, "cols": 60, "class": "vLargeTextField codetext", "dir": "ltr"})

    def prepare_value(self, value: Any) -> Any:
        if not value:
            return ""
        if isinstance(value, str):
            return value  # what was typed and does not hold comes back as it was typed
        return json.dumps(value, ensure_ascii=False, indent=2)


def tell_wrong(form: Any, family: str, params: Any) -> None:
    """Tell at the field what is wrong with parameters, each with its place in them."""
    for path, message in rules.validate_params(family, params):
        form.add_error("params", f"{path}: {message}" if path else message)


def check_days(form: Any, cleaned: dict[str, Any]) -> None:
    starts, ends = cleaned.get("valid_from"), cleaned.get("valid_until")
    if starts and ends and ends <= starts:
        form.add_error("valid_until", _("The last day lies before the first."))


# -- Rules ----------------------------------------------------------------------------------------------------------------
class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    params = Written(label=capfirst(_("parameters")), required=False)
    jobs = forms.MultipleChoiceField(
        label=capfirst(_("staff types")),
        choices=StaffType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices"}),
        help_text=_("Empty: everybody."),
    )

    def clean_params(self) -> Any:
        return self.cleaned_data["params"] or {}

    def clean_country(self) -> str:
        country: str = self.cleaned_data["country"].upper()
        return country

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "params" in cleaned and cleaned.get("family"):
            tell_wrong(self, cleaned["family"], cleaned["params"])
        if cleaned.get("site") and cleaned.get("unit"):
            self.add_error("unit", _("Choose a site or a unit, not both."))
        check_days(self, cleaned)
        return cleaned


@admin.register(Rule)
class RuleAdmin(PortalAdmin):
    """IT writes the rules, with the words of the law beside them; managers read them and set them for their units."""

    readers = ("it", "unit_manager")
    list_display = ("code", "named", "words", "level", "is_on", "valid_from", "valid_until")
    list_display_links = ("code", "named")
    list_filter = ("family", "level", "is_on", "country")
    search_fields = ("code", "name_ko", "name_en", "name_ar", "source")
    autocomplete_fields = ("unit",)
    form = RuleForm
    fieldsets_below = (
        (_("Names"), {"fields": ("name_ko", "name_en", "name_ar", "source")}),
        (_("How it holds"), {"fields": ("is_on", "level", "weight", "is_waivable")}),
        (_("For whom and where"), {"fields": ("jobs", "country", "site", "unit")}),
        (_("Validity"), {"fields": ("valid_from", "valid_until")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> tuple[str, ...]:
        return ("words",) if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any | None = None) -> Any:
        first = ("code", "family", "params")
        return [(None, {"fields": (*first, "words") if obj else first}), *self.fieldsets_below]

    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        viewer: Any = request.user
        return bool(viewer.is_authenticated and viewer.has_role("it"))

    @admin.display(description=_("name"), ordering="name_ko")
    def named(self, obj: Rule) -> str:
        return obj.name

    @admin.display(description=_("in words"), empty_value="–")
    def words(self, obj: Rule) -> str:
        return words_of(obj, obj.params)


# -- Settings -------------------------------------------------------------------------------------------------------------
AS_THE_RULE = _("As the rule says")


class OwnOrRules(forms.TypedChoiceField):
    """Yes, no, or what the rule itself says."""

    def __init__(self, *, choices: list[tuple[str, Any]], **kwargs: Any) -> None:
        yes_or_no = {"yes": True, "no": False}
        super().__init__(
            choices=[("", AS_THE_RULE), *choices],
            coerce=lambda value: yes_or_no.get(value, value),
            empty_value=None,
            required=False,
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return {True: "yes", False: "no", None: ""}.get(value, value)


SCOPES = ("unit", "user", "department", "site", "contract")


class RuleSettingForm(forms.ModelForm):  # type: ignore[type-arg]
    """What differs from the rule, for one unit or person; for IT also for a site, a department or a contract."""

    params = Written(
        label=capfirst(_("parameters")),
        required=False,
        help_text=_("Only those that differ from the rule's own; the others stay as they are."),
    )
    is_on = OwnOrRules(label=capfirst(_("in force")), choices=[("yes", _("In force")), ("no", _("Not in force"))])
    level = forms.ChoiceField(label=capfirst(_("level")), choices=[("", AS_THE_RULE), *Level.choices], required=False)

    def clean_params(self) -> Any:
        return self.cleaned_data["params"] or {}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        rule, params = cleaned.get("rule"), cleaned.get("params")
        if rule is not None and isinstance(params, dict):
            tell_wrong(self, rule.family, {**rule.params, **params})
        elif params is not None and not isinstance(params, dict):
            self.add_error("params", _('Write parameters with their names, such as {"max": 5}.'))
        if rule is not None and not params and not cleaned.get("level") and cleaned.get("is_on") is None:
            self.add_error(
                "params", _("Nothing would differ from the rule: write a parameter, a level or whether it is in force.")
            )
        if sum(cleaned.get(name) is not None for name in SCOPES if name in self.fields) != 1:
            offered = [name for name in SCOPES if name in self.fields]
            if not self.errors.keys() & set(offered):
                self.add_error(offered[0], _("Choose one place or person for which it holds."))
        check_days(self, cleaned)
        return cleaned


@admin.register(RuleSetting)
class RuleSettingAdmin(ChoosesOwn, PortalAdmin):
    readers = ("it", "unit_manager")
    list_display = ("rule_code", "scope", "words", "level", "is_on", "valid_from", "valid_until")
    list_display_links = ("rule_code", "scope")
    list_filter = ("rule__family", "is_on")
    list_select_related = ("rule", "site", "department__site", "unit__department__site", "contract", "user")
    search_fields = ("rule__code", "why", "unit__name_ko", "unit__name_en")
    ordering = ("rule__code", "id")
    form = RuleSettingForm
    readonly_fields = ("words",)

    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        """IT sets rules for places and contracts, a manager for their own units and the people in them."""
        viewer: Any = request.user
        if not self.may_read(request):
            return False
        if obj is None:
            return True
        if obj.user_id is not None:
            return own_people(viewer).filter(pk=obj.user_id).exists()
        if obj.unit is not None and permissions.can_manage_unit(viewer, obj.unit):
            return True
        return bool(viewer.has_role("it"))

    def may_delete(self, request: HttpRequest, obj: Any | None) -> bool:
        return self.may_change(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any | None = None) -> Any:
        return [
            (None, {"fields": ("rule", "params", "words") if obj else ("rule", "params")}),
            (_("For whom or where: one of these"), {"fields": self._scopes(request, obj)}),
            (_("How it holds"), {"fields": ("is_on", "level", "valid_from", "valid_until", "why")}),
        ]

    def _scopes(self, request: HttpRequest, obj: Any | None) -> tuple[str, ...]:
        viewer: Any = request.user
        if obj is not None and not self.may_change(request, obj):
            return tuple(name for name in SCOPES if getattr(obj, f"{name}_id"))
        of_manager = ("unit", "user") if viewer.has_role("unit_manager") else ("unit",)
        return (*of_manager, "department", "site", "contract") if viewer.has_role("it") else of_manager

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        viewer: Any = request.user
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "unit":
            if viewer.has_role("it"):
                field.queryset = Unit.objects.managed_by(viewer).select_related("department__site")
            field.label_from_instance = lambda unit: f"{unit.department.site} · {unit}"
        elif db_field.name == "department":
            field.queryset = Department.objects.visible_to(viewer).select_related("site")
            field.label_from_instance = lambda department: f"{department.site} · {department}"
        return field

    def site_code_of(self, obj: RuleSetting) -> str:
        if obj.site is not None:
            return obj.site.code
        place = obj.unit.department if obj.unit else obj.department
        if place is not None:
            return place.site.code
        return obj.user.home.site.code if obj.user and obj.user.home else ""

    @admin.display(description=_("rule"), ordering="rule__code")
    def rule_code(self, obj: RuleSetting) -> str:
        return f"{obj.rule.code} · {obj.rule.name}"

    @admin.display(description=_("holds for"))
    def scope(self, obj: RuleSetting) -> str:
        return next(str(held) for name in SCOPES if (held := getattr(obj, name)) is not None)

    @admin.display(description=_("in words"), empty_value="–")
    def words(self, obj: RuleSetting) -> str:
        return words_of(obj.rule, {**obj.rule.params, **obj.params}) if obj.rule_id else ""

    def save_model(self, request: HttpRequest, obj: RuleSetting, form: Any, change: bool) -> None:
        viewer: Any = request.user
        obj.by = viewer
        super().save_model(request, obj, form, change)


# -- Waivers --------------------------------------------------------------------------------------------------------------
class OfPersonAdmin(ChoosesOwn, DaysColumns, PortalAdmin):
    """What is known of somebody's work: written by the managers of the units that they work in, of themselves by nobody."""

    readers = ("unit_manager",)

    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        return self.may_read(request) and (obj is None or obj.user_id != request.user.pk)

    def may_delete(self, request: HttpRequest, obj: Any | None) -> bool:
        return self.may_change(request, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.remote_field.model is User:
            field.label_from_instance = lambda person: f"{person} · {person.staff_number}"
            if db_field.name == "user":
                field.queryset = field.queryset.exclude(pk=request.user.pk)
        return field

    def site_code_of(self, obj: Any) -> str:
        return obj.user.home.site.code if obj.user.home else ""


class WaiverForm(DaysForm):
    """A consent, on record: to what, for which days, when it was given, why."""

    class Meta:
        model = Waiver
        fields = ("rule", "user", "consent_at", "moved_off_on", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        consent_at = cleaned.get("consent_at")
        if consent_at and consent_at > clock.now():
            self.add_error("consent_at", _("A consent is written down after it was given."))
        moved, starts, ends = cleaned.get("moved_off_on"), cleaned.get("starts_on"), cleaned.get("ends_on")
        if moved and starts and ends and starts <= moved < ends:
            self.add_error("moved_off_on", _("The lost rest is made good on another day than those of the waiver."))
        return cleaned


@admin.register(Waiver)
class WaiverAdmin(OfPersonAdmin):
    list_display = ("user", "rule_code", "starts_on", "ends_on", "moved_off_on", "reason", "approved_by")
    list_filter = ("rule",)
    list_select_related = ("user__home_unit__department__site", "rule", "approved_by")
    search_fields = ("user__search", "reason", "rule__code")
    ordering = ("-during", "id")
    form = WaiverForm
    fields = ("rule", "user", "starts_on", "ends_on", "consent_at", "moved_off_on", "reason", "approved_by")
    readonly_fields = ("approved_by",)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "rule":
            kwargs["queryset"] = Rule.objects.managed_by(request.user).filter(is_waivable=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("rule"), ordering="rule__code")
    def rule_code(self, obj: Waiver) -> str:
        return f"{obj.rule.code} · {obj.rule.name}"

    def save_model(self, request: HttpRequest, obj: Waiver, form: Any, change: bool) -> None:
        viewer: Any = request.user
        obj.approved_by = viewer  # whoever writes it answers for it
        super().save_model(request, obj, form, change)


# -- Circumstances --------------------------------------------------------------------------------------------------------
class ConditionForm(DaysForm):
    open_ended = True

    class Meta:
        model = Condition
        fields = ("user", "kind", "partner")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("user") is not None and cleaned.get("user") == cleaned.get("partner"):
            self.add_error("partner", _("Choose somebody else than the person."))
        return cleaned


@admin.register(Condition)
class ConditionAdmin(OfPersonAdmin):
    """Shown to the person's managers alone; the audit says that something was written, not what."""

    list_display = ("user", "kind", "partner", "starts_on", "ends_on")
    list_filter = ("kind",)
    list_select_related = ("user__home_unit__department__site", "partner")
    search_fields = ("user__search",)
    ordering = ("-during", "id")
    form = ConditionForm
    fields = ("user", "kind", "partner", "starts_on", "ends_on")

    def record(self, request: HttpRequest, obj: Any, action: str, detail: dict[str, Any]) -> None:
        super().record(request, obj, action, {"user": obj.user_id, "fields": sorted(detail)})
