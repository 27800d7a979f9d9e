"""People in the administration: IT edits all, managers those of their units."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.widgets import AdminDateWidget
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import DaysColumns, PortalAdmin

from . import actions as people_actions
from . import permissions, queries
from .models import ROLES, Assignment, Contract, Grant, Qualification, QualificationKind, User


@admin.register(User)
class UserAdmin(PortalAdmin):
    readers = ("it", "unit_manager")
    list_display = ("staff_number", "name_ko", "name_en", "job", "home_unit", "is_active")
    list_filter = ("job", "is_active", "home_unit__department__site")
    list_select_related = ("home_unit",)
    search_fields = ("search",)
    actions = ["deactivate_people", "reactivate_people"]
    fieldsets = [
        (None, {"fields": ("staff_number", "email", "job", "specialty", "phone")}),
        (_("Names"), {"fields": ("name_ko", "name_en", "name_ar")}),
        (_("Position"), {"fields": ("title_ko", "title_en", "title_ar")}),
        (_("State"), {"fields": ("home_unit", "is_active", "joined_at")}),
    ]
    readonly_fields = ("home_unit", "is_active", "joined_at")
    # What somebody signs in with, and what their rights follow from, is IT's to change.
    fields_of_it = ("staff_number", "email", "job")
    ordering = ("staff_number",)

    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        user: Any = request.user
        if obj is None:
            return bool(user.is_authenticated and user.has_role("it"))
        return permissions.can_edit_person(user, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return self.may_read(request) if obj is None else self.may_change(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> tuple[str, ...]:
        viewer: Any = request.user
        return self.readonly_fields if viewer.has_role("it") else (*self.readonly_fields, *self.fields_of_it)

    def site_code_of(self, obj: User) -> str:
        return obj.home.site.code if obj.home else ""

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if change:
            people_actions.take_changed_record(user=obj, changed=form.changed_data)

    @admin.action(description=_("Deactivate: end all sessions and sign-in"))
    def deactivate_people(self, request: HttpRequest, queryset: Any) -> None:
        self._each(request, queryset, people_actions.deactivate)

    @admin.action(description=_("Activate again"))
    def reactivate_people(self, request: HttpRequest, queryset: Any) -> None:
        self._each(request, queryset, people_actions.reactivate)

    def _each(self, request: HttpRequest, queryset: Any, verb: Any) -> None:
        viewer: Any = request.user
        done = 0
        for person in queryset:
            if not permissions.can_deactivate(viewer, person):
                messages.error(request, _("Only IT may do that, and not to themselves: %(name)s") % {"name": person})
                continue
            verb(user=person, by=viewer, why="admin")
            done += 1
        if done:
            messages.success(request, _("Done for %(count)d people.") % {"count": done})


class AssignmentForm(forms.ModelForm):  # type: ignore[type-arg]
    """Days as two fields; the action checks them."""

    starts_on = forms.DateField(label=_("From"), widget=AdminDateWidget)
    ends_on = forms.DateField(
        label=_("Until"), required=False, widget=AdminDateWidget, help_text=_("The first day without it.")
    )

    viewer: Any = None  # set by the admin

    class Meta:
        model = Assignment
        fields = ("user", "unit", "is_home", "contract")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        starts, ends = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts and ends and ends <= starts:
            raise forms.ValidationError(_("The last day lies before the first."))
        user, unit = cleaned.get("user"), cleaned.get("unit")
        as_home = bool(cleaned.get("is_home"))
        if user and unit and starts and queries.is_assigned(user, unit, starts, ends, as_home=as_home):
            raise forms.ValidationError(_("This person is already assigned to that unit in those days."))
        if user and starts and cleaned.get("is_home") and queries.has_later_home(user, starts, ends):
            raise forms.ValidationError(_("A home unit is already planned from that day on. End it first."))
        if user and unit and not permissions.can_assign(self.viewer, user, unit, is_home=bool(cleaned.get("is_home"))):
            raise forms.ValidationError(
                _("You may assign active people to your own units; a home unit is moved by IT or between your units.")
            )
        return cleaned


@admin.register(Assignment)
class AssignmentAdmin(DaysColumns, PortalAdmin):
    readers = ("it", "unit_manager")
    list_display = ("user", "unit", "is_home", "contract", "starts_on", "ends_on")
    list_filter = ("is_home", "unit__department__site", "contract")
    list_select_related = ("user", "unit", "contract")
    search_fields = ("user__search",)
    raw_id_fields = ("user",)
    autocomplete_fields = ("unit",)
    form = AssignmentForm
    actions = ["end_today"]

    def get_form(self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"viewer": request.user})

    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        return self.may_read(request) and obj is None

    def save_model(self, request: HttpRequest, obj: Assignment, form: Any, change: bool) -> None:
        viewer: Any = request.user
        made = people_actions.assign(
            user=obj.user,
            unit=obj.unit,
            is_home=obj.is_home,
            on=form.cleaned_data["starts_on"],
            until=form.cleaned_data["ends_on"],
            contract=obj.contract,
            by=viewer,
        )
        obj.pk = made.pk

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        viewer: Any = request.user
        if db_field.name == "unit" and not viewer.has_role("it"):
            kwargs["queryset"] = viewer.units_with_role("unit_manager")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.action(description=_("End today"))
    def end_today(self, request: HttpRequest, queryset: Any) -> None:
        viewer: Any = request.user
        for assignment in queryset.select_related("user", "unit__department__site"):
            try:
                on = clock.today(assignment.unit.department.site.zone)
                people_actions.end_assignment(assignment=assignment, on=on, by=viewer)
            except people_actions.PeopleError as error:
                messages.error(request, f"{assignment}: {error}")


class GrantForm(forms.ModelForm):  # type: ignore[type-arg]
    """A role with one scope that fits it, and an end that lies ahead."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        scopes = [name for name in ("unit", "department", "site") if cleaned.get(name)] or ["network"]
        if len(scopes) > 1:
            raise forms.ValidationError(_("Choose one scope: a unit, a department or a site; none is the network."))
        role = ROLES.get(cleaned.get("role", ""))
        if role is not None and scopes[0] not in role.scopes:
            raise forms.ValidationError(_("This role is not given for such a scope."))
        if cleaned.get("ends_at") and cleaned["ends_at"] <= clock.now():
            self.add_error("ends_at", _("The end of the role lies in the past."))
        return cleaned


@admin.register(Grant)
class GrantAdmin(PortalAdmin):
    readers = ("it",)
    list_display = ("user", "role", "site", "department", "unit", "starts_at", "ends_at", "by", "why")
    list_filter = ("role",)
    list_select_related = ("user", "site", "department", "unit", "by")
    search_fields = ("user__search", "why")
    raw_id_fields = ("user",)
    form = GrantForm
    fields = ("user", "role", "site", "department", "unit", "ends_at", "why")
    actions = ["end_now"]

    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        viewer: Any = request.user
        return bool(viewer.is_authenticated and permissions.can_grant(viewer) and obj is None)

    def save_model(self, request: HttpRequest, obj: Grant, form: Any, change: bool) -> None:
        viewer: Any = request.user
        made = people_actions.grant_role(
            user=obj.user,
            role=obj.role,
            site=obj.site,
            department=obj.department,
            unit=obj.unit,
            ends_at=obj.ends_at,
            why=obj.why,
            by=viewer,
        )
        obj.pk = made.pk

    @admin.action(description=_("End now"))
    def end_now(self, request: HttpRequest, queryset: Any) -> None:
        viewer: Any = request.user
        for grant in queryset.select_related("user"):
            people_actions.end_grant(grant=grant, by=viewer)


class OfItAdmin(PortalAdmin):
    """Lists that IT writes, and from which managers choose."""

    readers = ("it", "unit_manager")

    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        viewer: Any = request.user
        return bool(viewer.is_authenticated and viewer.has_role("it"))


@admin.register(QualificationKind)
class QualificationKindAdmin(OfItAdmin):
    list_display = ("code", "name_ko", "name_en", "name_ar", "expires")
    search_fields = ("code", "name_ko", "name_en", "name_ar")
    fields = ("code", "name_ko", "name_en", "name_ar", "expires")


@admin.register(Contract)
class ContractAdmin(OfItAdmin):
    list_display = ("code", "name_ko", "name_en", "percent", "weekly_minutes")
    search_fields = ("code", "name_ko", "name_en", "name_ar")
    fields = ("code", "name_ko", "name_en", "name_ar", "percent", "weekly_minutes")


class QualificationForm(forms.ModelForm):  # type: ignore[type-arg]
    """What the action asks for; what it refuses is told at the field."""

    viewer: Any = None  # set by the admin

    class Meta:
        model = Qualification
        fields = ("user", "kind", "valid_from", "valid_until", "number")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        user, kind, starts = cleaned.get("user"), cleaned.get("kind"), cleaned.get("valid_from")
        if user and not permissions.can_record_qualification(self.viewer, user):
            self.add_error(
                "user", _("You may record qualifications of the people of your own units, and not your own.")
            )
        if kind and kind.expires and not cleaned.get("valid_until") and "valid_until" not in self.errors:
            self.add_error("valid_until", _("This qualification runs out: write until when it is valid."))
        if user and kind and starts and queries.has_qualification_from(user, kind, starts):
            self.add_error("valid_from", _("This qualification is already recorded from that day on."))
        return cleaned


class RevokeForm(ActionForm):
    """What is asked beside the action: why."""

    why = forms.CharField(label=_("Reason"), max_length=200, required=False)


class ValidityFilter(admin.SimpleListFilter):
    """Valid today, running out soon, lapsed or revoked."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("valid", _("Valid today")),
            ("soon", _("Runs out within 60 days")),
            ("lapsed", _("Lapsed")),
            ("revoked", _("Revoked")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        viewer: Any = request.user
        today = clock.today(viewer.time_zone)
        if self.value() == "valid":
            return queryset.on(today)
        if self.value() == "soon":
            return queryset.on(today).filter(valid_until__lte=today + queries.SOON)
        if self.value() == "lapsed":
            return queryset.filter(revoked_at=None, valid_until__lte=today)
        if self.value() == "revoked":
            return queryset.exclude(revoked_at=None)
        return queryset


@admin.register(Qualification)
class QualificationAdmin(PortalAdmin):
    """Recorded and revoked, never edited: a renewal is another row."""

    readers = ("it", "unit_manager")
    list_display = ("user", "kind", "valid_from", "valid_until", "days_left", "number", "revoked_at")
    list_filter = (ValidityFilter, "kind")
    list_select_related = ("user__home_unit__department__site", "kind")
    search_fields = ("user__search", "number")
    ordering = ("valid_until", "id")
    autocomplete_fields = ("user",)
    readonly_fields = ("revoked_at",)
    form = QualificationForm
    action_form = RevokeForm
    actions = ["revoke"]

    def get_form(self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"viewer": request.user})

    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        return self.may_read(request) and obj is None

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.managed_by(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("days left"), empty_value="–")
    def days_left(self, obj: Qualification) -> int | None:
        if obj.valid_until is None or obj.revoked_at is not None:
            return None
        return (obj.valid_until - clock.today(obj.user.time_zone)).days

    def save_model(self, request: HttpRequest, obj: Qualification, form: Any, change: bool) -> None:
        viewer: Any = request.user
        made = people_actions.record_qualification(
            user=obj.user,
            kind=obj.kind,
            on=obj.valid_from,
            until=obj.valid_until,
            number=obj.number,
            by=viewer,
        )
        obj.pk = made.pk

    @admin.action(description=_("Revoke, with a reason"))
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        viewer: Any = request.user
        done = 0
        for qualification in queryset.select_related("user", "kind"):
            try:
                people_actions.revoke_qualification(
                    qualification=qualification, by=viewer, why=request.POST.get("why", "")
                )
                done += 1
            except people_actions.PeopleError as error:
                messages.error(request, f"{qualification}: {error}")
        if done:
            messages.success(request, _("Done for %(count)d qualifications.") % {"count": done})
