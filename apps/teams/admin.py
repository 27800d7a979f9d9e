"""Teams and channels for IT: names, kinds, states; never what is written in them."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.core.admin import PortalAdmin

from . import actions as teams_actions
from .models import Channel, Team


class ReadOnlyForMost(PortalAdmin):
    """IT renames; membership is changed on the pages of the team."""

    readers = ("it",)

    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        viewer: Any = request.user
        return bool(viewer.is_authenticated and viewer.has_role("it"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Team)
class TeamAdmin(ReadOnlyForMost):
    list_display = ("name", "site", "is_open", "created_at", "archived_at")
    list_filter = ("site", "is_open")
    list_select_related = ("site",)
    search_fields = ("name_ko", "name_en", "name_ar")
    fields = ("name_ko", "name_en", "name_ar", "description", "is_open", "site", "created_at", "archived_at")
    actions = ["appoint_owners"]

    @admin.action(description=_("Give a team without owners its longest-standing member as owner"))
    def appoint_owners(self, request: HttpRequest, queryset: Any) -> None:
        viewer: Any = request.user
        for team in queryset:
            try:
                owner = teams_actions.appoint_owner(team=team, by=viewer)
            except teams_actions.TeamsError as error:
                messages.error(request, f"{team}: {error}")
            else:
                messages.info(request, _("%(team)s: %(name)s is an owner.") % {"team": team, "name": owner})

    def site_code_of(self, obj: Team) -> str:
        return obj.site.code

    readonly_fields = ("site", "created_at", "archived_at")


@admin.register(Channel)
class ChannelAdmin(ReadOnlyForMost):
    list_display = ("name", "kind", "team", "site", "created_at", "archived_at")
    list_filter = ("kind", "site")
    list_select_related = ("team", "site")
    search_fields = ("name_ko", "name_en", "name_ar")
    fields = ("name_ko", "name_en", "name_ar", "topic", "kind", "team", "site", "created_at", "archived_at")
    readonly_fields = ("kind", "team", "site", "created_at", "archived_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_change(request, None)

    def get_fields(self, request: HttpRequest, obj: Any | None = None) -> Any:
        return super().get_fields(request, obj) if obj else ("name_ko", "name_en", "name_ar", "topic", "site")

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else ()

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        viewer: Any = request.user
        names = {name: getattr(obj, name) for name in ("name_ko", "name_en", "name_ar", "topic")}
        obj.pk = teams_actions.open_wide_channel(by=viewer, site=obj.site, **names).pk
        messages.info(request, _("A channel for all staff of the site is open; without a site, of the network."))
