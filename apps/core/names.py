"""Named things carry their name in each language."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

ORDER = {"ko": ("ko", "en", "ar"), "en": ("en", "ko", "ar"), "ar": ("ar", "en", "ko")}


def order_of_languages() -> tuple[str, str, str]:
    """Return the languages in the order in which a name is looked for, the reader's own first."""
    return ORDER.get((get_language() or "ko")[:2], ORDER["ko"])


class LocalizedName(models.Model):
    """A name in Korean, English and Arabic; one is enough, and a reader gets their own or the nearest."""

    name_ko = models.CharField(_("name in Korean"), max_length=120, blank=True)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    name_ar = models.CharField(_("name in Arabic"), max_length=120, blank=True)

    NAME_FIELDS: ClassVar[tuple[str, ...]] = ("name_ko", "name_en", "name_ar")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return next((value for code in order_of_languages() if (value := getattr(self, f"name_{code}"))), "")

    def clean(self) -> None:
        super().clean()
        if not any(getattr(self, field).strip() for field in self.NAME_FIELDS):
            raise ValidationError({"name_ko": _("Write the name in at least one language.")})


def named_like(pattern: str, *prefixes: str) -> models.Q:
    """Return the condition that a pattern of `core.hangul` is found in a name in any language; `prefixes` lead to the row."""
    condition = models.Q()
    for prefix in prefixes or ("",):
        for field in LocalizedName.NAME_FIELDS:
            condition |= models.Q(**{f"{prefix}{field}__iregex": pattern})
    return condition


def has_a_name(constraint_name: str) -> models.CheckConstraint:
    """Return the constraint that a row has a name in some language."""
    return models.CheckConstraint(
        condition=~models.Q(name_ko="") | ~models.Q(name_en="") | ~models.Q(name_ar=""),
        name=constraint_name,
        violation_error_message=_("Write the name in at least one language."),
    )
