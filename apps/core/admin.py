"""The admin behind the portal's own door. Every app's admin stands on `PortalAdmin`."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateRange
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from .registries import registries


class PortalAdminSite(admin.AdminSite):
    """Sign-in is the portal's, with its second factor; who may not enter is told that there is no such page."""

    site_title = _("Portal administration")
    site_header = _("Portal administration")
    index_title = _("Administration")
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.is_authenticated and user.is_active and user.is_staff)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.user.is_authenticated:
            if self.has_permission(request):
                return redirect("admin:index")
            raise Http404
        target = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
        return redirect_to_login(target, reverse("account_login"))

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Hand over to the portal's page, which asks who it is, ends other sessions and writes the access record."""
        return redirect("account_change_password")

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Hand over to the portal's page, which closes the live sockets of the session as well."""
        return redirect("account_logout")


def _shown(value: Any) -> str:
    return "" if value is None else str(value)[:200]


class DaysForm(forms.ModelForm):  # type: ignore[type-arg]
    """Half-open days as two fields; the constraints of the days are checked with the rest of the row.

    Without an end a row holds for one day, or for good where `open_ended` says so.
    """

    days_field = "during"
    open_ended = False

    starts_on = forms.DateField(label=_("From"), widget=AdminDateWidget)
    ends_on = forms.DateField(label=_("Until"), required=False, widget=AdminDateWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days = getattr(self.instance, self.days_field)
        if days is not None:
            self.initial = {"starts_on": days.lower, "ends_on": days.upper, **self.initial}
        if "ends_on" in self.fields and not self.fields["ends_on"].help_text:
            self.fields["ends_on"].help_text = (
                _("The first day without it. Empty: for good.")
                if self.open_ended
                else _("The first day without it. Empty: for one day.")
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        starts: date | None = cleaned.get("starts_on")
        ends: date | None = cleaned.get("ends_on")
        if starts is None:
            return cleaned
        if ends is None and not self.open_ended and "ends_on" not in self.errors:
            ends = cleaned["ends_on"] = starts + timedelta(days=1)
        if ends is not None and ends <= starts:
            self.add_error("ends_on", _("The last day lies before the first."))
        elif "ends_on" not in self.errors:
            setattr(self.instance, self.days_field, DateRange(starts, ends))
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """Let the row's own rules see the days, which no field of the form is named after."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        if not self.errors:  # a constraint over the days may ask about any field
            excluded.discard(self.days_field)
        return excluded


class DaysColumns:
    """The two ends of a row's days, for a list and for a page that only shows."""

    days_field = "during"

    @admin.display(description=_("From"))
    def starts_on(self, obj: Any) -> date | None:
        days = getattr(obj, self.days_field)
        return days.lower if days else None

    @admin.display(description=_("Until"))
    def ends_on(self, obj: Any) -> date | None:
        days = getattr(obj, self.days_field)
        return days.upper if days else None


class PortalAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows by `managed_by`, rights by the app's own predicates, every change in the audit.

    An app's admin sets `writable = True` where its rows may be changed here, and overrides `save_model` to call the same
    action as the page.
    """

    writable = False
    readers: tuple[str, ...] = ()  # the roles that see these rows; empty: all that enter the administration
    show_facets = admin.ShowFacets.NEVER

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        manager: Any = self.model._default_manager
        queryset: models.QuerySet[Any] = manager.all().managed_by(request.user)
        ordering = self.get_ordering(request)
        return queryset.order_by(*ordering) if ordering else queryset

    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        """Answer whether the reader may change a row (or, without one, any row); apps call their `can_…` here."""
        return self.writable

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Head the list with what is in it; Django's own heading tells what to do with it, in some languages badly."""
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = capfirst(str(self.opts.verbose_name))
        return super().change_view(request, object_id, form_url, {"title": title, **(extra_context or {})})

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse to filter by what is secret: a list that is filtered by a hash tells the hash letter by letter."""
        return "password" not in lookup.split("__") and super().lookup_allowed(lookup, value, request)

    def site_code_of(self, obj: Any) -> str:
        """Return the site that a deed on this row belongs to, for privacy officers of one site."""
        return ""

    def may_read(self, request: HttpRequest) -> bool:
        user: Any = request.user
        if not user.is_authenticated or not user.is_staff:
            return False
        return not self.readers or any(user.has_role(role) for role in self.readers)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may_read(request)

    def has_view_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return self.may_read(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_change(request, None)

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return self.may_change(request, obj)

    def may_delete(self, request: HttpRequest, obj: Any | None) -> bool:
        """Answer whether the reader may delete a row (or, without one, any row): what history asks for never is."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return self.may_delete(request, obj)

    def record(self, request: HttpRequest, obj: Any, action: str, detail: dict[str, Any]) -> None:
        """Write an admin edit to the audit, in the transaction of the edit."""
        if registries.audit is None:
            raise RuntimeError("No audit writer is registered: an admin edit may not go unrecorded.")
        registries.audit(
            action=action,
            actor_id=request.user.pk,
            object_type=obj._meta.label_lower,
            object_id=str(obj.pk),
            detail=detail,
            site_code=self.site_code_of(obj),
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        detail = {
            name: [_shown(form.initial.get(name)), _shown(getattr(obj, name, None))] for name in form.changed_data
        }
        self.record(request, obj, "admin.changed" if change else "admin.added", detail)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the rows below a row, and record them with it."""
        super().save_formset(request, form, formset, change)
        below = {
            "added": formset.new_objects,
            "changed": [row for row, _changed in formset.changed_objects],
            "deleted": formset.deleted_objects,
        }
        detail = {verb: [_shown(row) for row in rows] for verb, rows in below.items() if rows}
        if detail:
            self.record(request, form.instance, "admin.changed", {formset.model._meta.model_name: detail})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.record(request, obj, "admin.deleted", {"was": _shown(obj)})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Keep nothing beside the audit: Django's own log can be edited."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Keep nothing beside the audit: Django's own log can be edited."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Keep nothing beside the audit: Django's own log can be edited."""
