"""Where things are: network > site > department > unit. Parents are dated, so that history keeps the old place."""

from datetime import date
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.names import LocalizedName, has_a_name

LANGUAGES = [("ko", _("Korean")), ("en", _("English")), ("ar", _("Arabic"))]


WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]


def usual_rest_days() -> list[int]:
    """Return Saturday and Sunday."""
    return [5, 6]


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("“%(name)s” is no time zone; write one such as Asia/Seoul."), params={"name": name})


class ScopedQuerySet(models.QuerySet[Any]):
    """Sites, departments and units are no secret: all staff see them. IT edits them."""

    def visible_to(self, user: Any) -> "ScopedQuerySet":
        return self if user.is_authenticated and user.is_active else self.none()

    def managed_by(self, user: Any) -> "ScopedQuerySet":
        return self if user.is_authenticated and user.is_active and user.is_staff else self.none()


class Network(LocalizedName):
    """The hospital network that this installation serves."""

    code = models.SlugField(_("code"), max_length=20, unique=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("network")
        verbose_name_plural = _("networks")
        constraints: ClassVar = [has_a_name("network_has_a_name")]


class Site(LocalizedName):
    """One hospital of the network, with its zone and its language."""

    network = models.ForeignKey(Network, on_delete=models.PROTECT, related_name="sites", verbose_name=_("network"))
    code = models.SlugField(_("code"), max_length=20, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=40, validators=[validate_time_zone])
    language = models.CharField(_("default language"), max_length=2, choices=LANGUAGES)
    country = models.CharField(_("country"), max_length=2, help_text=_("Two letters, such as KR or AE."))
    place = models.PositiveSmallIntegerField(_("order in lists"), default=0)
    # Defaults of the database too: what ran before these columns came writes rows without them.
    week_begins = models.PositiveSmallIntegerField(_("the week begins on"), choices=WEEKDAYS, default=0, db_default=0)
    rest_days = ArrayField(
        models.PositiveSmallIntegerField(choices=WEEKDAYS),
        verbose_name=_("weekly rest days"),
        default=usual_rest_days,
        db_default=[5, 6],
        blank=True,
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering: ClassVar = ["place", "code"]
        constraints: ClassVar = [has_a_name("site_has_a_name")]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Department(LocalizedName):
    """A department of a site; `site` is where it stands today, its placements say where it stood before."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="departments", verbose_name=_("site"))
    code = models.SlugField(_("code"), max_length=40)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering: ClassVar = ["site", "code"]
        constraints: ClassVar = [
            has_a_name("department_has_a_name"),
            models.UniqueConstraint(fields=["site", "code"], name="department_code_in_site"),
        ]


class UnitKind(models.TextChoices):
    WARD = "ward", _("Ward")
    NEGATIVE_PRESSURE_WARD = "negative_pressure", _("Negative-pressure ward")
    INTENSIVE_CARE = "icu", _("Intensive care unit")
    SCREENING_CLINIC = "screening", _("Screening clinic")
    EMERGENCY = "emergency", _("Emergency room")
    CLINIC = "clinic", _("Clinic")
    LABORATORY = "laboratory", _("Laboratory")
    OFFICE = "office", _("Office")


class Unit(LocalizedName):
    """A ward, clinic or office; `department` is its parent today, its placements say which it was before."""

    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="units", verbose_name=_("department")
    )
    code = models.SlugField(_("code"), max_length=40)
    kind = models.CharField(_("kind"), max_length=20, choices=UnitKind.choices)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering: ClassVar = ["department", "code"]
        constraints: ClassVar = [
            has_a_name("unit_has_a_name"),
            models.UniqueConstraint(fields=["department", "code"], name="unit_code_in_department"),
        ]


class Placement(models.Model):
    """A dated parent: half-open days [from, until), until open for the present one."""

    during = DateRangeField(_("days"))

    class Meta:
        abstract = True

    @property
    def starts_on(self) -> date:
        start: date = self.during.lower
        return start


class DepartmentPlacement(Placement):
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="placements")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            ExclusionConstraint(
                name="one_site_a_day",
                expressions=[("department", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            )
        ]

    def __str__(self) -> str:
        return f"{self.department_id} in {self.site_id} {self.during}"


class UnitPlacement(Placement):
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="placements")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            ExclusionConstraint(
                name="one_department_a_day",
                expressions=[("unit", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} in {self.department_id} {self.during}"


class CalendarKind(models.TextChoices):
    HOLIDAY = "holiday", _("Public holiday")
    WORKING_DAY = "working_day", _("Working day after all")
    RAMADAN = "ramadan", _("Ramadan hours")


class CalendarQuerySet(models.QuerySet["CalendarEntry"]):
    """When a site rests is no secret among staff; IT edits it, and the managers of the site's units look it up."""

    def visible_to(self, user: Any) -> "CalendarQuerySet":
        return self if user.is_authenticated and user.is_active else self.none()

    def managed_by(self, user: Any) -> "CalendarQuerySet":
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.has_role("it"):
            return self
        return self.filter(site__in=user.units_with_role("unit_manager").values("department__site"))


class CalendarEntry(LocalizedName):
    """Days [from, until) of a site that the country's calendar does not know, or knows otherwise."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="calendar", verbose_name=_("site"))
    kind = models.CharField(_("kind"), max_length=12, choices=CalendarKind.choices, default=CalendarKind.HOLIDAY)
    during = DateRangeField(_("days"))
    is_confirmed = models.BooleanField(
        _("confirmed"), default=True, help_text=_("Off while a day waits for the moon, or for the government.")
    )

    objects = CalendarQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry of a calendar")
        verbose_name_plural = _("calendars")
        ordering: ClassVar = ["site", "during"]
        constraints: ClassVar = [
            has_a_name("calendar_entry_has_a_name"),
            ExclusionConstraint(
                name="one_entry_a_kind_and_day",
                expressions=[
                    ("site", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("The calendar has another entry of this kind in those days."),
            ),
        ]
