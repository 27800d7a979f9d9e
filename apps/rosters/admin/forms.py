"""Forms of the roster in the administration."""

import re
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core import clock
from apps.rosters import actions
from apps.rosters.models import Pattern, Plan
from apps.sites.models import Unit

DAY = timedelta(days=1)
WEEK = 7
MOST_COPIED = 5 * WEEK
MONTH = re.compile(r"(\d{4})-(\d{1,2})")
SEVERAL = re.compile(r"[\s,+/]+")


class DayInput(forms.DateInput):
    """A day as the browser picks one; it is always written 2026-08-31."""

    input_type = "date"

    def __init__(self, first: date, last: date) -> None:
        super().__init__({"min": first.isoformat(), "max": last.isoformat()}, format="%Y-%m-%d")


class MonthField(forms.CharField):
    """A month as browsers pick one, 2026-08; gives its first day."""

    widget = forms.TextInput(attrs={"type": "month", "class": "vTextField"})

    def to_python(self, value: Any) -> Any:
        found = MONTH.fullmatch(str(value or "").strip())
        try:
            return date(int(found[1]), int(found[2]), 1) if found else None
        except ValueError:
            return None

    def validate(self, value: Any) -> None:
        if value is None:
            raise forms.ValidationError(_("Write the month as 2026-08."))

    def run_validators(self, value: Any) -> None:
        """Leave out those for texts."""


def next_month(day: date) -> date:
    """Return the first day of the month after a day's."""
    return (day.replace(day=1) + 32 * DAY).replace(day=1)


class NewPlanForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new roster: which unit, which month."""

    unit: Any = forms.ModelChoiceField(label=_("Unit"), queryset=None)
    month = MonthField(label=_("Month"))
    viewer: Any = None  # set by the admin

    class Meta:
        model = Plan
        fields = ("unit",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = unit_choices(self.viewer)
        field: Any = self.fields["unit"]
        field.queryset = units
        if len(units) == 1:
            self.initial.setdefault("unit", units[0].pk)
        if not self.initial.get("month"):
            self.initial["month"] = f"{self._month_to_plan(units):%Y-%m}"

    def _month_to_plan(self, units: Any) -> date:
        """Return the next month, or for a single unit the first one after its rosters."""
        month = next_month(clock.now().date())
        plans = Plan.objects.managed_by(self.viewer).filter(unit__in=units).order_by("-during__endswith")
        newest = plans.first() if len(units) == 1 else None
        if newest is None:
            return month
        end: date = newest.during.upper
        return max(month, end if end.day == 1 else next_month(end))

    @property
    def days(self) -> tuple[date, date]:
        """The first day, and the first one after the month."""
        first: date = self.cleaned_data["month"]
        return first, next_month(first)

    def _post_clean(self) -> None:
        """Leave the row's own checks to the action that makes it."""


class PlanForm(forms.Form):
    """A form about some days of a roster."""

    def __init__(self, plan: Plan, by: Any, *args: Any, **kwargs: Any) -> None:
        self.plan, self.by = plan, by
        kwargs.setdefault("auto_id", f"{type(self).__name__.lower()}_%s")
        super().__init__(*args, **kwargs)
        self.first, self.last = plan.during.lower, plan.during.upper - DAY
        for field in self.fields.values():
            if isinstance(field, forms.DateField):
                field.widget = DayInput(self.first, self.last)
        self.set_up()

    def set_up(self) -> None:
        """Fill in what is likely."""


class CopyForm(PlanForm):
    """So many days from one place of the roster to another; the days before it may be copied too.

    A roster in which nothing stands yet begins with the five weeks before it, weekday by weekday.
    """

    source_first = forms.DateField(
        label=_("Copy from"), help_text=_("A day of this roster or of one before it. Leave is not copied.")
    )
    target_first = forms.DateField(label=pgettext_lazy("a day", "To"))
    days = forms.IntegerField(label=pgettext_lazy("how many", "Days"), min_value=1, max_value=MOST_COPIED, initial=WEEK)

    def __init__(self, *args: Any, is_fresh: bool = False, **kwargs: Any) -> None:
        self.is_fresh = is_fresh
        super().__init__(*args, **kwargs)

    def set_up(self) -> None:
        source: Any = self.fields["source_first"].widget
        source.attrs.pop("min")
        if self.is_fresh:
            first, target, days = self.first - MOST_COPIED * DAY, self.first, (self.last - self.first).days + 1
        else:
            first, target, days = self.first, min(self.first + WEEK * DAY, self.last), WEEK
        self.fields["source_first"].initial, self.fields["target_first"].initial = first, target
        self.fields["days"].initial = min(days, MOST_COPIED)


class PatternForm(PlanForm):
    """A pattern of the unit over days, last one included."""

    pattern = forms.TypedChoiceField(label=_("Pattern"), coerce=int)
    first_on = forms.DateField(label=_("From"))
    last_on = forms.DateField(label=_("Up to and including"))

    def set_up(self) -> None:
        field: Any = self.fields["pattern"]
        rows = Pattern.objects.managed_by(self.by).filter(unit=self.plan.unit_id).order_by("name")
        field.choices = list(
            rows.values_list("pk", "name")
        )  # read once: the page asks whether there is one, and lists them
        self.has_patterns = bool(field.choices)
        self.fields["first_on"].initial, self.fields["last_on"].initial = self.first, self.last


class PublishForm(PlanForm):
    """Which days are published, and whom to tell."""

    first_on = forms.DateField(label=_("From"))
    last_on = forms.DateField(label=_("Up to and including"))
    notify = forms.ChoiceField(
        label=_("Tell"),
        widget=forms.RadioSelect,
        initial="affected",
        choices=[
            ("affected", _("those whose shifts change")),
            ("all", _("everybody in the roster")),
            ("none", _("nobody")),
        ],
    )

    def set_up(self) -> None:
        self.fields["first_on"].initial, self.fields["last_on"].initial = self.first, self.last


class CellForm(forms.Form):
    """What stands in one cell, for those without a script and for its note."""

    codes = forms.CharField(
        label=_("Codes"),
        required=False,
        max_length=40,
        help_text=_("Such as D; several are parted by a space. Empty: nothing stands there."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=200)
    is_locked = forms.BooleanField(label=_("Locked"), required=False)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=300,
        help_text=_("Only where a rule is to be passed over: why it is done all the same."),
    )
    is_approved = forms.BooleanField(label=_("I approve it as the manager of this unit"), required=False)
    base_change = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @property
    def edit_codes(self) -> tuple[str, ...]:
        return tuple(code for code in SEVERAL.split(self.cleaned_data["codes"].strip()) if code)


def unit_choices(user: Any) -> Any:
    """Return the units whose rosters somebody plans, in the order of the tree."""
    units: Any = user.units_with_role("unit_manager")
    return units.select_related("department__site").order_by("department__site", "department", "code")


def open_plan(form: NewPlanForm, by: Any) -> Plan:
    """Open the roster that a form asks for."""
    unit: Unit = form.cleaned_data["unit"]
    first, last = form.days
    return actions.create_plan(by=by, unit=unit, first=first, last=last)
