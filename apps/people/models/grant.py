"""Roles as dated rows: who has which right, where, from when to when, from whom, why."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.sites.models import Department, Site, Unit

from .roles import ROLE_CHOICES


class GrantQuerySet(models.QuerySet["Grant"]):
    def current(self) -> "GrantQuerySet":
        now = clock.now()
        return self.filter(starts_at__lte=now).filter(models.Q(ends_at=None) | models.Q(ends_at__gt=now))

    def managed_by(self, user: Any) -> "GrantQuerySet":
        if user.is_authenticated and user.is_active and user.has_role("it"):
            return self
        return self.none()


class Grant(models.Model):
    """A role for a scope: one unit, one department, one site, or with none of these the whole network. Ended, never edited."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grants", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=30, choices=ROLE_CHOICES)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("site"))
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("department")
    )
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("unit"))
    starts_at = models.DateTimeField(_("from"), default=clock.now)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("given by")
    )
    why = models.CharField(_("reason"), max_length=200)

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        indexes: ClassVar = [models.Index(fields=["role", "user"], name="grant_by_role")]  # the admin list by role
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(
                    models.Q(site=None, department=None)
                    | models.Q(site=None, unit=None)
                    | models.Q(department=None, unit=None)
                ),
                name="grant_has_one_scope",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="grant_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"

    def unit_scope(self) -> models.Q:
        """Return which units the grant covers."""
        if self.unit_id:
            return models.Q(pk=self.unit_id)
        if self.department_id:
            return models.Q(department=self.department_id)
        if self.site_id:
            return models.Q(department__site=self.site_id)
        return models.Q(pk__isnull=False)
