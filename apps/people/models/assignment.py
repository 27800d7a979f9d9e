"""Where somebody works, from a day to a day."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.sites.models import Unit


class SiteDay(models.Func):
    """The day that it is now at the site of an assignment's unit."""

    template = "(%(expressions)s)::date"
    arg_joiner = " AT TIME ZONE "
    output_field = models.DateField()

    def __init__(self) -> None:
        now = models.Value(clock.now(), output_field=models.DateTimeField())
        super().__init__(now, models.F("unit__department__site__time_zone"))


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def today(self) -> "AssignmentQuerySet":
        """Return the assignments that hold on the day that it is at their site."""
        return self.filter(during__contains=SiteDay())

    def managed_by(self, user: Any) -> "AssignmentQuerySet":
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.has_role("it"):
            return self
        return self.filter(unit__in=user.units_with_role("unit_manager"))


class Assignment(models.Model):
    """Half-open days [from, until) in a unit; the home assignment is where the person belongs."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assignments", verbose_name=_("person")
    )
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="assignments", verbose_name=_("unit"))
    is_home = models.BooleanField(_("home unit"), default=False)
    contract = models.ForeignKey(
        "people.Contract",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("contract"),
        help_text=_("Empty: full time."),
    )
    during = DateRangeField(_("days"))

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        indexes: ClassVar = [
            GistIndex(fields=["unit", "during"], name="assigned_to_unit")
        ]  # who is at a unit, or a site, on a day
        constraints: ClassVar = [
            ExclusionConstraint(
                name="one_assignment_a_unit_and_day",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("unit", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="one_home_a_day",
                expressions=[("user", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=models.Q(is_home=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.unit}"
