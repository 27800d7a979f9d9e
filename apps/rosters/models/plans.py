"""Rosters: a plan of a unit for a period, its shifts as drafted and as published, and what was done to each cell."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Deferrable, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core import clock
from apps.people.models import User
from apps.sites.models import Unit

from .shift_types import ShiftType


class UnitQuerySet(models.QuerySet[Any]):
    """Rows of a unit that its managers see and edit; `unit_path` leads to the unit."""

    unit_path = "unit"

    def managed_by(self, user: Any) -> Any:
        """Return the rows of the units that somebody manages."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(**{f"{self.unit_path}__in": user.units_with_role("unit_manager").values("pk")})


class GroundQuerySet(UnitQuerySet):
    """What the rosters of a unit stand on: IT reads all of it, to help; the unit's managers see and edit theirs."""

    def visible_to(self, user: Any) -> Any:
        """Return all rows to IT, and those of the units that somebody manages."""
        return self if user.is_active and user.has_role("it") else self.managed_by(user)


class PlanState(models.TextChoices):
    COLLECTING = "collecting", _("Collecting wishes")
    DRAFT = "draft", pgettext_lazy("a roster", "Draft")
    PROPOSED = "proposed", pgettext_lazy("a roster", "Proposed")
    PUBLISHED = "published", pgettext_lazy("a roster", "Published")
    CLOSED = "closed", pgettext_lazy("a roster", "Closed")


SHOWN_STATES = (PlanState.PUBLISHED, PlanState.CLOSED)  # of which staff see the published shifts


class PlanQuerySet(UnitQuerySet):
    def visible_to(self, user: Any) -> "PlanQuerySet":
        """Return the published plans of the units that somebody works in, and all of those that they manage."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        mine = Q(unit__in=user.unit_ids_today, published_at__isnull=False)
        return self.filter(mine | Q(unit__in=user.units_with_role("unit_manager").values("pk")))


class Plan(models.Model):
    """A roster of a unit for days [from, until). Its draft is edited; publishing makes the live rows equal to the draft."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="plans", verbose_name=_("unit"))
    during = DateRangeField(_("days"))
    state = models.CharField(_("state"), max_length=20, choices=PlanState.choices, default=PlanState.DRAFT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("made by")
    )
    created_at = models.DateTimeField(_("made"), default=clock.now)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    # Rises with each change of a cell: who saves on an older one is told of the conflict.
    last_change = models.PositiveBigIntegerField(default=0, editable=False)

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("roster")
        verbose_name_plural = _("rosters")
        ordering: ClassVar = ["-during", "unit"]
        constraints: ClassVar = [
            ExclusionConstraint(
                name="one_plan_a_unit_and_day",
                expressions=[("unit", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__lower_inf=False, during__upper_inf=False),
                name="plan_has_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} · {self.during.lower:%Y-%m-%d}"

    @property
    def is_closed(self) -> bool:
        return self.state == PlanState.CLOSED


class ShiftSource(models.TextChoices):
    MANUAL = "manual", _("By hand")
    PATTERN = "pattern", _("From a pattern")
    COPY = "copy", _("Copied")
    SWAP = "swap", _("Swapped")
    IMPORT = "import", _("Imported")
    SOLVER = "solver", _("Proposed by the planner")


class ShiftQuerySet(UnitQuerySet):
    def visible_to(self, user: Any) -> "ShiftQuerySet":
        """Return one's own published shifts and those of the units that one works in; managers see those of their units."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        mine = Q(user=user) | Q(unit__in=user.unit_ids_today)
        return self.filter(Q(is_live=True) & mine | Q(unit__in=user.units_with_role("unit_manager").values("pk")))

    def live(self) -> "ShiftQuerySet":
        """Return the published rows that hold now."""
        return self.filter(is_live=True, known_during__upper_inf=True)

    def draft(self) -> "ShiftQuerySet":
        """Return the drafted rows that hold now."""
        return self.filter(is_live=False, known_during__upper_inf=True)

    def known_at(self, at: Any) -> "ShiftQuerySet":
        """Return the published rows as they were known at an instant."""
        return self.filter(is_live=True, known_during__contains=at)


class Shift(models.Model):
    """A person in a shift. Never edited: a change closes the row's `known_during` and inserts another."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="shifts", verbose_name=_("roster"))
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name=_("unit"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="shifts", verbose_name=_("person")
    )
    shift_type = models.ForeignKey(
        ShiftType, on_delete=models.PROTECT, related_name="shifts", verbose_name=_("shift type")
    )
    day = models.DateField(_("day"), help_text=_("The local day on which it begins."))
    period = DateTimeRangeField(_("time"))
    is_live = models.BooleanField(_("published"), default=False)
    is_exclusive = models.BooleanField(default=True, editable=False)
    is_locked = models.BooleanField(_("locked"), default=False)
    source = models.CharField(_("origin"), max_length=10, choices=ShiftSource.choices, default=ShiftSource.MANUAL)
    note = models.CharField(_("note"), max_length=200, blank=True)
    known_during = DateTimeRangeField(editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )

    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        indexes: ClassVar = [
            # who_is_on: who of a unit is in a shift at an instant
            GistIndex(fields=["unit", "period"], name="live_shifts_at", condition=Q(is_live=True)),
            # leave and own shifts of people at an instant, or over a stretch
            GistIndex(fields=["user", "period"], name="live_shifts_of", condition=Q(is_live=True)),
            models.Index(fields=["plan", "day"], name="shifts_of_a_plan"),  # the grid
        ]
        constraints: ClassVar = [
            ExclusionConstraint(
                name="no_double_booking_live",
                expressions=[("user", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(is_live=True, is_exclusive=True, known_during__upper_inf=True),
                deferrable=Deferrable.DEFERRED,
            ),
            ExclusionConstraint(
                name="no_double_booking_draft",
                expressions=[
                    ("plan", RangeOperators.EQUAL),
                    ("user", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(is_live=False, is_exclusive=True, known_during__upper_inf=True),
                deferrable=Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=Q(
                    period__isempty=False,
                    period__lower_inf=False,
                    period__upper_inf=False,
                    period__lower_inc=True,
                    period__upper_inc=False,
                ),
                name="shift_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.day} {self.shift_type.code}"


class OfPlanQuerySet(UnitQuerySet):
    """What was done to a roster belongs to the roster's unit."""

    unit_path = "plan__unit"


class ShiftEvent(models.Model):
    """What was done to a cell: who, when, before, after, why, which findings were accepted. Appended, never changed."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="events")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    at = models.DateTimeField(default=clock.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    batch = models.UUIDField(default=uuid.uuid4)  # what one gesture did, and one undo takes back
    undoes = models.UUIDField(null=True)  # the batch that this one takes back
    change = models.PositiveBigIntegerField()  # the plan's `last_change` that it took
    # Lists of {"code", "locked", "note", "source"}, in the order of their beginnings.
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)
    reason = models.CharField(max_length=300, blank=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    findings = models.JSONField(default=list)  # the hard ones that were accepted: rule code, days, measured, limit

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["plan", "user", "day"], name="events_of_a_cell"),  # its history
            models.Index(fields=["plan", "change"], name="events_after_a_change"),  # conflicts, what to undo
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.user_id} {self.day} {self.change}"


class DayKind(models.TextChoices):
    """The kinds of days for which a demand holds; a holiday is a holiday whatever its weekday."""

    ANY = "any", _("Every day")
    WEEKDAY = "weekday", _("Working day")
    SATURDAY = "saturday", _("First rest day")
    SUNDAY = "sunday", _("Second rest day")
    HOLIDAY = "holiday", _("Public holiday")


class Demand(models.Model):
    """How many are needed in a shift of a unit, on days of a kind or on one day, with a qualification or without."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="demands", verbose_name=_("unit"))
    shift_type = models.ForeignKey(ShiftType, on_delete=models.PROTECT, related_name="+", verbose_name=_("shift type"))
    day_kind = models.CharField(_("days"), max_length=10, choices=DayKind.choices, default=DayKind.ANY)
    on = models.DateField(_("only on"), null=True, blank=True)
    qualification = models.ForeignKey(
        "people.QualificationKind",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("with the qualification"),
    )
    minimum = models.PositiveSmallIntegerField(_("at least"))
    target = models.PositiveSmallIntegerField(_("better"), null=True, blank=True)
    maximum = models.PositiveSmallIntegerField(_("at most"), null=True, blank=True)
    weight = models.PositiveSmallIntegerField(_("weight"), default=100)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until"), null=True, blank=True, help_text=_("The first day without it."))

    objects = GroundQuerySet.as_manager()

    class Meta:
        verbose_name = _("demand")
        verbose_name_plural = _("demand")
        ordering: ClassVar = ["unit", "shift_type__place", "day_kind"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(target=None) | Q(target__gte=models.F("minimum")))
                & (Q(maximum=None) | Q(maximum__gte=models.F("minimum"))),
                name="demand_rises",
                violation_error_message=_("“At least” is the smallest of the three numbers."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit} · {self.shift_type.code} ≥ {self.minimum}"


class Pattern(models.Model):
    """A cycle of codes that people walk through, each from a place of their own: D D E E N N O O."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="patterns", verbose_name=_("unit"))
    name = models.CharField(_("name"), max_length=60)
    codes = ArrayField(models.CharField(max_length=8, blank=True), verbose_name=_("codes"), size=84)
    anchor_on = models.DateField(_("the first day of the cycle"))

    objects = GroundQuerySet.as_manager()

    class Meta:
        verbose_name = _("pattern")
        verbose_name_plural = _("patterns")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["unit", "name"], name="pattern_name_in_unit"),
            models.CheckConstraint(condition=Q(codes__len__gt=0), name="pattern_has_codes"),
        ]

    def __str__(self) -> str:
        return self.name


class OfPatternQuerySet(UnitQuerySet):
    """A place in a cycle belongs to the cycle's unit."""

    unit_path = "pattern__unit"


class PatternPlace(models.Model):
    """Where in a cycle somebody stands on its first day; it is kept from month to month."""

    pattern = models.ForeignKey(Pattern, on_delete=models.CASCADE, related_name="places", verbose_name=_("pattern"))
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("person"))
    offset = models.PositiveSmallIntegerField(_("place in the cycle"), default=0)

    objects = OfPatternQuerySet.as_manager()

    class Meta:
        verbose_name = _("place in a pattern")
        verbose_name_plural = _("places in a pattern")
        constraints: ClassVar = [models.UniqueConstraint(fields=["pattern", "user"], name="one_place_in_a_pattern")]

    def __str__(self) -> str:
        return f"{self.user} {self.offset}"
