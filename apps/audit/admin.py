"""The audit, read by the privacy officer and changed by nobody."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.core.admin import PortalAdmin

from .models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(PortalAdmin):
    list_display = ("at", "action", "actor_id", "object_type", "object_id", "site_code", "address")
    list_filter = ("action", "object_type", "site_code")
    search_fields = ("actor_id__exact", "object_id__exact", "action")
    ordering = ("-id",)
    show_full_result_count = False

    def _reads(self, request: HttpRequest) -> bool:
        viewer: Any = request.user
        return bool(viewer.is_authenticated and viewer.has_role("privacy_officer"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._reads(request)

    def has_view_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return self._reads(request)
