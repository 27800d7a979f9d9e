"""The audit, read by the privacy officer and changed by nobody."""

from django.contrib import admin

from apps.core.admin import PortalAdmin

from .models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(PortalAdmin):
    readers = ("privacy_officer",)
    list_display = ("at", "action", "actor_id", "object_type", "object_id", "site_code", "address")
    list_filter = ("action", "object_type", "site_code")
    search_fields = ("actor_id__exact", "object_id__exact", "action")
    ordering = ("-id",)
    show_full_result_count = False
