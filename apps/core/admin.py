"""The admin behind the portal's own door. Every app's admin stands on `PortalAdmin`."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
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

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False

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

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Keep nothing beside the audit: Django's own log can be edited."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Keep nothing beside the audit: Django's own log can be edited."""
