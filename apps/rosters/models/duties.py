"""Duties: named functions of a unit that shifts and rotations fill, in tiers, with overrides."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Deferrable, Q
from django.utils.translation import gettext_lazy as _

from apps.core.names import LocalizedName, has_a_name
from apps.sites.models import Unit

from .plans import UnitQuerySet
from .shift_types import ShiftType


class StaffQuerySet(UnitQuerySet):
    """Rows that all staff see, because who is on duty is no secret, and that the unit's managers edit."""

    def visible_to(self, user: Any) -> Any:
        return self if user.is_authenticated and user.is_active else self.none()


class OfDutyQuerySet(StaffQuerySet):
    """What fills or overrides a duty stands in its unit."""

    unit_path = "duty__unit"


class Duty(LocalizedName):
    """A named function of a unit: 당직의, charge nurse, code team airway. It outlives whoever fills it."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="duties", verbose_name=_("unit"))
    code = models.SlugField(_("code"), max_length=40)
    place = models.PositiveSmallIntegerField(_("order in lists"), default=0)

    objects = StaffQuerySet.as_manager()

    class Meta:
        verbose_name = _("duty")
        verbose_name_plural = _("duties")
        ordering: ClassVar = ["unit", "place", "code"]
        constraints: ClassVar = [
            has_a_name("duty_has_a_name"),
            models.UniqueConstraint(fields=["unit", "code"], name="duty_code_in_unit"),
        ]


class Rotation(models.Model):
    """People who take turns: each for so many days from a hand-over to the next, beginning with the first on the first day.

    Never edited: a change closes `known_during` and inserts another row with its turns.
    """

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="rotations", verbose_name=_("unit"))
    name = models.CharField(_("name"), max_length=60)
    first_on = models.DateField(_("first day"))
    last_on = models.DateField(_("last day"), null=True, blank=True)
    hand_over_at = models.TimeField(_("hand-over at"), help_text=_("By the clock of the site."))
    turn_days = models.PositiveSmallIntegerField(_("days a turn"), default=1, validators=[MinValueValidator(1)])
    known_during = DateTimeRangeField(editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = StaffQuerySet.as_manager()

    class Meta:
        verbose_name = _("rotation")
        verbose_name_plural = _("rotations")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(turn_days__gt=0), name="rotation_turns_last"),
            models.CheckConstraint(
                condition=Q(last_on=None) | Q(last_on__gte=models.F("first_on")), name="rotation_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RotationTurn(models.Model):
    """Somebody's place in a rotation; it is part of its row."""

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="turns")
    position = models.PositiveSmallIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["rotation", "position"], name="one_turn_a_position")]

    def __str__(self) -> str:
        return f"{self.rotation_id} {self.position}"


class Tier(models.Model):
    """What fills a tier of a duty: those in a shift of this type in the unit, or a rotation. Several rows may fill one tier.

    Never edited: a change closes `known_during` and inserts another row.
    """

    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="tiers", verbose_name=_("duty"))
    number = models.PositiveSmallIntegerField(
        _("tier"), default=1, validators=[MinValueValidator(1)], help_text=_("1 is called first.")
    )
    shift_type = models.ForeignKey(
        ShiftType, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("shift type")
    )
    rotation = models.ForeignKey(
        Rotation, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("rotation")
    )
    known_during = DateTimeRangeField(editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = OfDutyQuerySet.as_manager()

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering: ClassVar = ["duty", "number"]
        indexes: ClassVar = [models.Index(fields=["duty", "number"], name="tiers_of_a_duty")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(shift_type=None, rotation__isnull=False) | Q(shift_type__isnull=False, rotation=None),
                name="tier_is_filled_by_one",
                violation_error_message=_("Choose a shift type or a rotation."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.duty_id} {self.number}"


class Override(models.Model):
    """Somebody who fills a tier for a time whatever the roster and the rotation say: “I take this shift now”.

    Never edited: taking it back closes `known_during`.
    """

    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="overrides", verbose_name=_("duty"))
    number = models.PositiveSmallIntegerField(_("tier"), default=1, validators=[MinValueValidator(1)])
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("person")
    )
    period = DateTimeRangeField(_("time"))
    reason = models.CharField(_("reason"), max_length=200)
    known_during = DateTimeRangeField(editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )

    objects = OfDutyQuerySet.as_manager()

    class Meta:
        verbose_name = _("override")
        verbose_name_plural = _("overrides")
        indexes: ClassVar = [
            GistIndex(
                fields=["duty", "period"], name="overrides_at"
            ),  # who_is_on: the overrides of a duty at an instant
        ]
        constraints: ClassVar = [
            ExclusionConstraint(
                name="one_override_a_tier",
                expressions=[
                    ("duty", RangeOperators.EQUAL),
                    ("number", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(known_during__upper_inf=True),
                deferrable=Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__lower_inf=False, period__upper_inf=False),
                name="override_has_a_time",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="override_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.duty_id} {self.user_id}"
