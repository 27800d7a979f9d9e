"""What somebody is qualified for, from a day to a day: the pivot into which training writes and which rosters read."""

from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.names import LocalizedName, has_a_name


class NamedQuerySet(models.QuerySet[Any]):
    """Kinds and contracts are no secret; IT and managers see them in the administration."""

    def visible_to(self, user: Any) -> Any:
        return self if user.is_authenticated and user.is_active else self.none()

    def managed_by(self, user: Any) -> Any:
        return self if user.is_authenticated and user.is_active and user.is_staff else self.none()


class QualificationKind(LocalizedName):
    """A certificate or a capability: ventilator care, ACLS, may be in charge of a shift."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    expires = models.BooleanField(_("runs out"), default=True, help_text=_("Whether it is valid until a day."))

    objects = NamedQuerySet.as_manager()

    class Meta:
        verbose_name = _("kind of qualification")
        verbose_name_plural = _("kinds of qualifications")
        ordering: ClassVar = ["code"]
        constraints: ClassVar = [has_a_name("qualification_kind_has_a_name")]


class QualificationQuerySet(models.QuerySet["Qualification"]):
    def on(self, day: date | F) -> "QualificationQuerySet":
        """Return those that are valid on a day."""
        return self.filter(valid_from__lte=day, revoked_at=None).filter(Q(valid_until=None) | Q(valid_until__gt=day))

    def visible_to(self, user: Any) -> "QualificationQuerySet":
        """Return one's own, and those of the people of the units that one manages; IT sees all."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.has_role("it"):
            return self
        return self.filter(Q(user=user) | Q(user__in=_people_managed_by(user)))

    def managed_by(self, user: Any) -> "QualificationQuerySet":
        """Return those of the people of the units that one manages; IT sees all."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.has_role("it"):
            return self
        return self.filter(user__in=_people_managed_by(user))


def _people_managed_by(user: Any) -> Any:
    """Return, as a subquery, the ids of the people whose record somebody edits."""
    people: Any = get_user_model()
    return people.objects.managed_by(user).values("pk")


class Qualification(models.Model):
    """Somebody's qualification on days [from, until); a renewal is another row. Checked on the day of the shift."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="qualifications", verbose_name=_("person")
    )
    kind = models.ForeignKey(
        QualificationKind, on_delete=models.PROTECT, related_name="qualifications", verbose_name=_("kind")
    )
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("until"), null=True, blank=True, help_text=_("The first day without it."))
    number = models.CharField(_("number"), max_length=60, blank=True)
    source = models.CharField(_("origin"), max_length=40, default="manual", editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    objects = QualificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("qualification")
        verbose_name_plural = _("qualifications")
        indexes: ClassVar = [
            models.Index(fields=["user", "kind", "valid_from"], name="qualified_on"),  # who is qualified on a day
            models.Index(fields=["valid_until"], name="qualifications_running_out"),  # what runs out soon
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="qualification_ends_after_it_begins",
                violation_error_message=_("The last day lies before the first."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.kind}"


class Contract(LocalizedName):
    """How much somebody works: full time, part time, a resident's training."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    percent = models.PositiveSmallIntegerField(_("per cent of full time"), default=100)
    weekly_minutes = models.PositiveIntegerField(_("minutes a week"), default=2400)

    objects = NamedQuerySet.as_manager()

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        ordering: ClassVar = ["-percent", "code"]
        constraints: ClassVar = [has_a_name("contract_has_a_name")]
