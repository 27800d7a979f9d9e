"""What the administration of rosters stands on: rows of units, written by those who manage them."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from apps.core.admin import PortalAdmin
from apps.people.models import User
from apps.rosters import actions as roster_actions
from apps.rosters import permissions
from apps.rosters.models import Duty, ShiftType
from apps.rosters.models.policy import people_of_manager
from apps.sites.models import Unit


def own_units(user: Any) -> models.QuerySet[Unit]:
    """Return the units whose rosters somebody plans, with their sites."""
    units: models.QuerySet[Unit] = user.units_with_role("unit_manager")
    return units.select_related("department__site")


def own_people(user: Any) -> models.QuerySet[User]:
    """Return the active people of the units that somebody manages, by name."""
    people: models.QuerySet[User] = User.objects.visible_to(user).filter(pk__in=people_of_manager(user))
    return people.order_by("name_ko", "id")


def people_choices(people: Iterable[User]) -> list[tuple[Any, str]]:
    """Return a list to choose from that costs no query a form."""
    return [("", "---------"), *((person.pk, f"{person} · {person.staff_number}") for person in people)]


def choices_of(model: Any, user: Any) -> Any:
    """Return what somebody may choose of a model for a row of theirs; None where anything may be chosen."""
    if model is Unit:
        return own_units(user)
    if model is User:
        return own_people(user)
    if model is ShiftType:
        return ShiftType.objects.managed_by(user).select_related("site")
    if model is Duty:
        return Duty.objects.managed_by(user).select_related("unit__department__site")
    return None


class ChoosesOwn:
    """Foreign keys offer, and take, only what the reader may use."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        offered = choices_of(db_field.remote_field.model, request.user)
        if offered is not None:
            kwargs["queryset"] = offered
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Leave the small pencils and eyes beside a list away: what is chosen has pages of its own."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        for right in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
            if hasattr(getattr(field, "widget", None), right):
                setattr(field.widget, right, False)
        return field


class OfUnitAdmin(ChoosesOwn, PortalAdmin):
    """Rows of a unit. Its managers see them, write them and delete them; IT reads those of all units, and nobody else."""

    readers: tuple[str, ...] = ("it", "unit_manager")

    def get_queryset(self, request: HttpRequest) -> Any:
        viewer: Any = request.user
        own = super().get_queryset(request)
        if not viewer.has_role("it"):
            return own
        ordering = self.get_ordering(request)
        rows = self.model.objects.visible_to(viewer)
        return rows.order_by(*ordering) if ordering else rows

    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        viewer: Any = request.user
        if not self.may_read(request) or not viewer.has_role("unit_manager"):
            return False
        unit = self.unit_of(obj) if obj is not None else None
        # Without the role of IT, another unit's row is not found at all.
        return unit is None or not viewer.has_role("it") or permissions.can_manage_unit(viewer, unit)

    def may_delete(self, request: HttpRequest, obj: Any | None) -> bool:
        return self.may_change(request, obj)

    def unit_of(self, obj: Any) -> Unit | None:
        unit: Unit | None = getattr(obj, "unit", None)
        return unit

    def site_code_of(self, obj: Any) -> str:
        unit = self.unit_of(obj)
        return unit.department.site.code if unit else ""


class ActsOnSave:
    """Saving calls an action, and what only the action could see is told on the page instead of stopping it."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            shown: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[misc]
        except roster_actions.RostersError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.get_full_path())
        return shown


class OwnRows(ChoosesOwn, admin.TabularInline):  # type: ignore[type-arg]
    """Rows below a row, for whoever may change that one."""

    extra = 1

    def _may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        above: Any = self.admin_site.get_model_admin(self.parent_model)
        return bool(above.may_change(request, obj))

    def has_view_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        above: Any = self.admin_site.get_model_admin(self.parent_model)
        return bool(above.may_read(request))

    def has_add_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return self._may_change(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return self._may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return self._may_change(request, obj)
