"""What can stand in a cell of a roster: day, evening and night shifts, duties, on-call, leave, a day off."""

from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.names import LocalizedName, has_a_name
from apps.sites.models import Site, Unit

NIGHT_BEGINS, NIGHT_ENDS = (
    time(22),
    time(6),
)  # Labor Standards Act, article 56; the UAE counts 22:00 to 04:00 for overtime only


class ShiftKind(models.TextChoices):
    """What a shift is to the rules and to the resolver."""

    WORK = "work", pgettext_lazy("a shift", "Work")
    DUTY = "duty", _("24-hour duty")
    ON_CALL_HOUSE = "on_call_house", _("On call in the house")
    ON_CALL_HOME = "on_call_home", _("On call at home")
    STANDBY = "standby", _("Standby")
    TRAINING = "training", pgettext_lazy("a shift", "Training")
    LEAVE = "leave", pgettext_lazy("a shift", "Leave")
    OFF = "off", pgettext_lazy("a shift", "Day off")


PRESENT_KINDS = frozenset({ShiftKind.WORK, ShiftKind.DUTY, ShiftKind.ON_CALL_HOUSE})  # counted as work in the house
ABSENT_KINDS = frozenset({ShiftKind.LEAVE, ShiftKind.OFF})


class ShiftColour(models.TextChoices):
    """The colour of a cell, by the names of the style sheet; it never says anything alone, the code stands in the cell."""

    DAY = "d", pgettext_lazy("a colour of shifts", "Day")
    EVENING = "e", pgettext_lazy("a colour of shifts", "Evening")
    NIGHT = "n", pgettext_lazy("a colour of shifts", "Night")
    OFF = "o", pgettext_lazy("a colour of shifts", "Day off")
    LEAVE = "l", pgettext_lazy("a colour of shifts", "Leave")
    ON_CALL = "c", pgettext_lazy("a colour of shifts", "On call")
    TRAINING = "t", pgettext_lazy("a colour of shifts", "Training")


class ShiftTypeQuerySet(models.QuerySet["ShiftType"]):
    def visible_to(self, user: Any) -> "ShiftTypeQuerySet":
        """Return all: what a code means is no secret among staff."""
        return self if user.is_authenticated and user.is_active else self.none()

    def managed_by(self, user: Any) -> "ShiftTypeQuerySet":
        """Return those that a manager plans with: the site's and those of their own units; IT sees all."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.has_role("it"):
            return self
        units = user.units_with_role("unit_manager")
        return self.filter(
            models.Q(unit=None, site__in=units.values("department__site")) | models.Q(unit__in=units.values("pk"))
        )

    def of_unit(self, unit: Unit) -> "ShiftTypeQuerySet":
        """Return what may stand in a roster of this unit: its own types and its site's."""
        return self.filter(models.Q(unit=unit) | models.Q(unit=None, site=unit.department.site_id))

    def on(self, day: date) -> "ShiftTypeQuerySet":
        """Return those in use on a day."""
        return self.filter(models.Q(valid_from=None) | models.Q(valid_from__lte=day)).filter(
            models.Q(valid_until=None) | models.Q(valid_until__gt=day)
        )


class ShiftType(LocalizedName):
    """A kind of shift by the wall clock of its site; a shift belongs to the local day on which it begins."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="shift_types", verbose_name=_("site"))
    unit = models.ForeignKey(
        Unit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="shift_types",
        verbose_name=_("unit"),
        help_text=_("Empty: for the whole site."),
    )
    code = models.CharField(_("code"), max_length=8, help_text=_("What stands in the cell, such as D, E, N or O."))
    kind = models.CharField(_("kind"), max_length=20, choices=ShiftKind.choices, default=ShiftKind.WORK)
    starts_at = models.TimeField(_("begins"), default=time(0), help_text=_("By the clock of the site."))
    ends_at = models.TimeField(_("ends"), default=time(0))
    days_later = models.PositiveSmallIntegerField(
        _("ends so many days later"), default=0, validators=[MaxValueValidator(2)]
    )
    break_minutes = models.PositiveSmallIntegerField(_("break in minutes"), default=0)
    counts_percent = models.PositiveSmallIntegerField(
        _("counts as working time, in per cent"), default=100, validators=[MaxValueValidator(200)]
    )
    is_exclusive = models.BooleanField(
        _("fills its time"), default=True, help_text=_("Nobody has two of these at once. On call at home may overlap.")
    )
    colour = models.CharField(_("colour"), max_length=1, choices=ShiftColour.choices, default=ShiftColour.DAY)
    place = models.PositiveSmallIntegerField(_("order in lists"), default=0)
    in_ramadan = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("in Ramadan"),
        help_text=_("What stands for it while Ramadan hours hold."),
    )
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until"), null=True, blank=True, help_text=_("The first day without it."))

    objects = ShiftTypeQuerySet.as_manager()

    class Meta:
        verbose_name = _("shift type")
        verbose_name_plural = _("shift types")
        ordering: ClassVar = ["site", "place", "code"]
        constraints: ClassVar = [
            has_a_name("shift_type_has_a_name"),
            models.UniqueConstraint(
                fields=["site", "unit", "code"], name="shift_code_in_unit", nulls_distinct=False
            ),  # a cell is read by its code
            models.CheckConstraint(
                condition=models.Q(days_later__gt=0) | models.Q(ends_at__gt=models.F("starts_at")),
                name="shift_type_ends_after_it_begins",
                violation_error_message=_("It must end after it begins: write how many days later it ends."),
            ),
            models.CheckConstraint(
                condition=~models.Q(kind__in=["off", "leave"]) | models.Q(counts_percent=0, break_minutes=0),
                name="absence_is_no_working_time",
                violation_error_message=_("A day off and leave count as no working time and have no break."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.name}"

    def clean(self) -> None:
        super().clean()
        if self.unit_id and self.site_id and self.unit is not None and self.unit.department.site_id != self.site_id:
            raise ValidationError({"unit": _("This unit belongs to another site.")})
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise ValidationError({"valid_until": _("The last day lies before the first.")})
        minutes = self.wall_minutes
        if self.break_minutes >= minutes:
            raise ValidationError({"break_minutes": _("The break is as long as the shift.")})

    @property
    def wall_minutes(self) -> int:
        """The length by the wall clock in minutes, break included; the true length of one shift is its period's."""
        begin, end = datetime.combine(date.min, self.starts_at), datetime.combine(date.min, self.ends_at)
        return int((end - begin + timedelta(days=self.days_later)).total_seconds() // 60)

    @property
    def night_minutes(self) -> int:
        """How much of it lies between 22:00 and 06:00 by the wall clock, in minutes, break included; absence has none."""
        if self.is_absence:
            return 0
        day = timedelta(days=1)
        begin = datetime.combine(date.min + day, self.starts_at)
        end = begin + timedelta(minutes=self.wall_minutes)
        total = timedelta()
        for nights_on in range(4):  # the night before, and those that a shift of up to three days meets
            opens = datetime.combine(date.min + nights_on * day, NIGHT_BEGINS)
            closes = datetime.combine(date.min + (nights_on + 1) * day, NIGHT_ENDS)
            total += max(timedelta(), min(end, closes) - max(begin, opens))
        return int(total.total_seconds() // 60)

    @property
    def is_absence(self) -> bool:
        return self.kind in ABSENT_KINDS

    def period_on(self, day: date, zone: ZoneInfo) -> DateTimeTZRange:
        """Return [begin, end) as instants for the shift that begins on a local day; true minutes over clock changes."""
        begin = datetime.combine(day, self.starts_at, zone)
        end = datetime.combine(day + timedelta(days=self.days_later), self.ends_at, zone)
        return DateTimeTZRange(begin, end)
