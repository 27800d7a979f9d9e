"""Rules as data, what they are set to where, who is excused, and the circumstances that some of them ask about."""

from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.names import LocalizedName, has_a_name
from apps.people.models import Assignment, StaffType
from apps.sites.models import Department, Site, Unit


class Family(models.TextChoices):
    """The nine families; each is one class in `rosters.rules`."""

    SUCCESSION = "succession", _("What may follow what")
    RUN = "run", _("Runs in a row")
    COUNT = "count", _("How many in a window")
    HOURS = "hours", _("Hours in a window")
    REST = "rest", _("Rest between shifts")
    COVER = "cover", _("Cover and skills")
    PAIRING = "pairing", _("Together or apart")
    BLACKOUT = "blackout", _("Not at these times")
    BALANCE = "balance", _("Balance over months")


class Level(models.TextChoices):
    HARD = "hard", _("Refused")
    SOFT = "soft", _("Weighed")


class RuleQuerySet(models.QuerySet["Rule"]):
    def visible_to(self, user: Any) -> "RuleQuerySet":
        """Return all: everybody may read the policy that their roster follows."""
        return self if user.is_authenticated and user.is_active else self.none()

    def managed_by(self, user: Any) -> "RuleQuerySet":
        """Return all to managers, who set parameters for their units, and to IT."""
        if user.is_authenticated and user.is_active and (user.has_role("it") or user.has_role("unit_manager")):
            return self
        return self.none()

    def on(self, day: date) -> "RuleQuerySet":
        return self.filter(Q(valid_from=None) | Q(valid_from__lte=day)).filter(
            Q(valid_until=None) | Q(valid_until__gt=day)
        )


class Rule(LocalizedName):
    """A rule of a family with its parameters. The law and the practice are rows such as these; so are a ward's own."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    family = models.CharField(_("family"), max_length=12, choices=Family.choices)
    params = models.JSONField(_("parameters"), default=dict)
    level = models.CharField(_("level"), max_length=4, choices=Level.choices, default=Level.HARD)
    weight = models.PositiveIntegerField(_("weight"), default=1, help_text=_("Of a weighed rule, for each breach."))
    is_waivable = models.BooleanField(_("may be waived with consent"), default=False)
    is_on = models.BooleanField(_("in force"), default=True)
    jobs = ArrayField(
        models.CharField(max_length=20, choices=StaffType.choices),
        verbose_name=_("staff types"),
        default=list,
        blank=True,
        help_text=_("Empty: everybody."),
    )
    country = models.CharField(_("country"), max_length=2, blank=True, help_text=_("Empty: every country."))
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("site"))
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("unit"))
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until"), null=True, blank=True, help_text=_("The first day without it."))
    source = models.CharField(_("source"), max_length=200, blank=True, help_text=_("The law, agreement or practice."))

    objects = RuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering: ClassVar = ["code"]
        constraints: ClassVar = [
            has_a_name("rule_has_a_name"),
            models.CheckConstraint(condition=Q(site=None) | Q(unit=None), name="rule_has_one_place"),
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.name}"

    @property
    def asks_for_moved_day(self) -> bool:
        """Whether who agrees to a breach has to be told when the rest that it costs is made good."""
        return self.family == Family.REST and "min_minutes" in self.params


class RuleSettingQuerySet(models.QuerySet["RuleSetting"]):
    def visible_to(self, user: Any) -> "RuleSettingQuerySet":
        """Return those of places and contracts, which are policy, one's own, and those of the people whom one manages."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(Q(user=None) | Q(user=user) | Q(user__in=people_of_manager(user)))

    def managed_by(self, user: Any) -> "RuleSettingQuerySet":
        """Return what holds in the units that somebody manages, and what they set for their people; IT sees all of places."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.has_role("it"):
            return self.filter(Q(user=None) | Q(user__in=people_of_manager(user)))
        if not user.has_role("unit_manager"):
            return self.none()
        units = user.units_with_role("unit_manager")
        return self.filter(
            Q(unit__in=units.values("pk"))
            | Q(department__in=units.values("department"))
            | Q(site__in=units.values("department__site"))
            | Q(contract__isnull=False)
            | Q(user__in=people_of_manager(user))
        )


def _one_of(*names: str) -> Q:
    """Return the condition that exactly one of these is set."""
    condition = Q()
    for name in names:
        condition |= Q(**{f"{other}__isnull": other != name for other in names})
    return condition


class RuleSetting(models.Model):
    """Parameters of a rule for a site, department, unit, contract or person; the nearest wins, in this order reversed."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="settings", verbose_name=_("rule"))
    site = models.ForeignKey(Site, on_delete=models.CASCADE, null=True, blank=True, verbose_name=_("site"))
    department = models.ForeignKey(
        Department, on_delete=models.CASCADE, null=True, blank=True, verbose_name=_("department")
    )
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, null=True, blank=True, verbose_name=_("unit"))
    contract = models.ForeignKey(
        "people.Contract", on_delete=models.CASCADE, null=True, blank=True, verbose_name=_("contract")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
    )
    params = models.JSONField(_("parameters"), default=dict, blank=True)
    level = models.CharField(_("level"), max_length=4, choices=Level.choices, blank=True)
    is_on = models.BooleanField(_("in force"), null=True, blank=True)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until"), null=True, blank=True, help_text=_("The first day without it."))
    why = models.CharField(_("reason"), max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = RuleSettingQuerySet.as_manager()

    class Meta:
        verbose_name = _("setting of a rule")
        verbose_name_plural = _("settings of rules")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=_one_of("site", "department", "unit", "contract", "user"),
                name="setting_has_one_scope",
                violation_error_message=_("Choose one: a site, a department, a unit, a contract or a person."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.params}"


class OfPersonQuerySet(models.QuerySet[Any]):
    """What is known of somebody's work to themself and to the managers of the units they work in today, to nobody else."""

    def visible_to(self, user: Any) -> Any:
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(Q(user=user) | Q(user__in=people_of_manager(user)))

    def managed_by(self, user: Any) -> Any:
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(user__in=people_of_manager(user))


def people_of_manager(user: Any) -> Any:
    """Return, as a subquery, the ids of those who work today in the units that somebody manages."""
    units = user.units_with_role("unit_manager").values("pk")
    return Assignment.objects.today().filter(unit__in=units).values("user")


class Waiver(models.Model):
    """Somebody who agreed that a rule does not hold for them on some days; some laws ask when the lost rest is made good."""

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="waivers", verbose_name=_("rule"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("person")
    )
    during = DateRangeField(_("days"))
    consent_at = models.DateTimeField(_("agreed at"), default=clock.now)
    moved_off_on = models.DateField(_("the day off is taken on"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("approved by")
    )

    objects = OfPersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("waiver")
        verbose_name_plural = _("waivers")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="waiver_has_a_reason"),
            # Without both ends it would excuse somebody for ever.
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__lower_inf=False, during__upper_inf=False),
                name="waiver_has_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule.code} · {self.user}"

    def clean(self) -> None:
        super().clean()
        if self.rule_id and self.rule.asks_for_moved_day and self.moved_off_on is None:
            raise ValidationError({"moved_off_on": _("Write on which day the lost rest is made good.")})


class ConditionKind(models.TextChoices):
    """Circumstances that rules ask about; they are shown to the person and to their managers alone."""

    NIGHTS_ONLY = "nights_only", _("Works nights only")
    NO_NIGHTS = "no_nights", _("Works no nights")
    NIGHT_CONSENT = "night_consent", _("Agreed to work at night and on holidays")
    PREGNANT = "pregnant", _("Pregnant")
    POST_PARTUM = "post_partum", _("Within a year after birth")
    CHILD_CARE = "child_care", _("Reduced hours for child care")
    PRECEPTEE = "preceptee", _("Learns the ward with a preceptor")
    APART = "apart", _("Not in one shift with")


class Condition(models.Model):
    """A circumstance of somebody for days [from, until); of two kinds with somebody else."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=ConditionKind.choices)
    partner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("with"),
    )
    during = DateRangeField(_("days"))

    objects = OfPersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("circumstance")
        verbose_name_plural = _("circumstances")
        constraints: ClassVar = [
            ExclusionConstraint(
                name="one_condition_a_day",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                condition=Q(partner=None),
                violation_error_message=_("This circumstance is already written down for some of those days."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["preceptee", "apart"], partner__isnull=False)
                | (~Q(kind__in=["preceptee", "apart"]) & Q(partner=None)),
                name="condition_names_its_partner",
                violation_error_message=_("Name the other person where there is one, and only there."),
            ),
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__lower_inf=False), name="condition_has_days"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_kind_display()}"


class Ledger(models.Model):
    """What somebody had in a closed month: nights, weekends, holidays, days off more or less. Made again by `close_period`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()  # its first day
    counter = models.SlugField(max_length=20)
    value = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "unit", "month", "counter"], name="one_count_a_month")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.month:%Y-%m} {self.counter} {self.value}"
