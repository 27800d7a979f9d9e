"""Duties: what fills their tiers, the rotations, and who takes one over. What was is kept: the actions close and insert."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.people.models import User
from apps.rosters import actions as roster_actions
from apps.rosters.models import Duty, Override, Rotation, ShiftType, Tier
from apps.sites.models import Unit

from .base import ActsOnSave, OfUnitAdmin, own_people, people_choices

TIERS_AT_MOST = 6
SPARE_TURNS = 4  # empty places offered below those that are taken


def local_text(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"


# -- Duties and their tiers -----------------------------------------------------------------------------------------------
class DutyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A duty, and one field a tier with what may fill it."""

    class Meta:
        model = Duty
        fields = ("unit", "code", "name_ko", "name_en", "name_ar", "place")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        filled = [bool(cleaned.get(name)) for name in tier_names(TIERS_AT_MOST) if name in self.fields]
        for number, is_filled in enumerate(filled, start=1):
            if is_filled and not all(filled[: number - 1]):
                self.add_error(f"tier_{number}", _("Say first who is called before: a tier above this one is empty."))
                break
        return cleaned


def tier_names(count: int) -> list[str]:
    return [f"tier_{number}" for number in range(1, count + 1)]


def open_tiers(duty: Duty) -> list[Tier]:
    rows = duty.tiers.filter(known_during__upper_inf=True).select_related("shift_type", "rotation")
    return list(rows.order_by("number", "id"))


def key_of(tier: Tier) -> str:
    return f"shift-{tier.shift_type_id}" if tier.shift_type_id else f"rotation-{tier.rotation_id}"


@admin.register(Duty)
class DutyAdmin(ActsOnSave, OfUnitAdmin):
    list_display = ("named", "unit", "code", "filled_by", "place")
    list_select_related = ("unit__department__site",)
    search_fields = ("code", "name_ko", "name_en", "name_ar")
    form = DutyForm
    readonly_fields = ("taken_over",)

    def may_delete(self, request: HttpRequest, obj: Any | None) -> bool:
        return False  # who was on duty is asked years later

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("tiers__shift_type", "tiers__rotation")

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> tuple[str, ...]:
        return ("unit", "filled_by", "taken_over") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any | None = None) -> Any:
        first = (None, {"fields": ("unit", "code", "name_ko", "name_en", "name_ar", "place")})
        if obj is None:
            return [first]
        if not self.may_change(request, obj):
            return [first, (_("Who is called, in this order"), {"fields": ("filled_by",)})]
        return [
            first,
            (
                _("Who is called, in this order"),
                {
                    "fields": tier_names(self._tier_count(obj)),
                    "description": _("Whoever is in one of these shifts, or whose turn it is, fills the tier."),
                },
            ),
            (_("Taken over"), {"fields": ("taken_over",)}),
        ]

    def get_form(self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None and "form" not in kwargs:
            kwargs["form"] = type("DutyForm", (DutyForm,), self._tier_fields(request, obj))
        return super().get_form(request, obj, change=change, **kwargs)

    def _tier_count(self, duty: Duty) -> int:
        used = max((tier.number for tier in open_tiers(duty)), default=0)
        return min(TIERS_AT_MOST, max(2, used + 1))

    def _tier_fields(self, request: HttpRequest, duty: Duty) -> dict[str, forms.Field]:
        today = clock.today(duty.unit.department.site.zone)
        types = (
            ShiftType.objects.visible_to(request.user).of_unit(duty.unit).on(today).exclude(kind__in=("off", "leave"))
        )
        rotations = duty.unit.rotations.filter(known_during__upper_inf=True).order_by("name", "id")
        choices = [
            *((f"rotation-{row.pk}", gettext("Rotation: %(name)s") % {"name": row.name}) for row in rotations),
            *((f"shift-{row.pk}", str(row)) for row in types),
        ]
        stands: dict[int, list[Tier]] = {}
        for tier in open_tiers(duty):
            stands.setdefault(tier.number, []).append(tier)
        offered = {key for key, _label in choices}
        # What fills a tier stays on offer although its use has ended.
        choices += [
            (key_of(tier), str(tier.shift_type or tier.rotation))
            for tiers in stands.values()
            for tier in tiers
            if key_of(tier) not in offered
        ]
        return {
            f"tier_{number}": forms.MultipleChoiceField(
                label=gettext("Tier %(number)d") % {"number": number},
                choices=choices,
                required=False,
                initial=[key_of(tier) for tier in stands.get(number, ())],
                widget=forms.CheckboxSelectMultiple(attrs={"class": "choices"}),
            )
            for number in range(1, self._tier_count(duty) + 1)
        }

    @admin.display(description=_("name"), ordering="name_ko")
    def named(self, obj: Duty) -> str:
        return obj.name

    @admin.display(description=_("filled by"), empty_value="–")
    def filled_by(self, obj: Duty) -> str:
        tiers = sorted((row for row in obj.tiers.all() if row.known_during.upper is None), key=lambda row: row.number)
        return ", ".join(
            f"{row.number}: {row.shift_type.code if row.shift_type else row.rotation}" for row in tiers
        )  # one text: the numbers say the order

    @admin.display(description=_("now and ahead"))
    def taken_over(self, obj: Duty) -> str:
        zone = obj.unit.department.site.zone
        rows = (
            obj.overrides.filter(known_during__upper_inf=True, period__endswith__gt=clock.now())
            .select_related("user")
            .order_by("period", "number")
        )
        listed = format_html_join(
            "",
            "<li><bdi>{}</bdi> · {} · <bdi>{} – {}</bdi> · <bdi>{}</bdi></li>",
            (
                (
                    row.user,
                    gettext("Tier %(number)d") % {"number": row.number},
                    local_text(row.period.lower, zone),
                    local_text(row.period.upper, zone),
                    row.reason,
                )
                for row in rows
            ),
        )
        add = f"{reverse('admin:rosters_override_add')}?duty={obj.pk}"
        return format_html(
            '<ul class="plainlist">{}</ul><a href="{}">{}</a>',
            listed,
            add,
            gettext("Give the duty to somebody for a time"),
        )

    def save_model(self, request: HttpRequest, obj: Duty, form: Any, change: bool) -> None:
        if not change or set(form.changed_data) - set(tier_names(TIERS_AT_MOST)):
            super().save_model(request, obj, form, change)
        viewer: Any = request.user
        for name in tier_names(TIERS_AT_MOST):
            if name in form.changed_data:
                keys = [key.split("-") for key in form.cleaned_data[name]]
                roster_actions.set_tier(
                    by=viewer,
                    duty=obj,
                    number=int(name.removeprefix("tier_")),
                    shift_types=ShiftType.objects.visible_to(viewer).filter(
                        pk__in=[pk for kind, pk in keys if kind == "shift"]
                    ),
                    rotations=Rotation.objects.managed_by(viewer).filter(
                        pk__in=[pk for kind, pk in keys if kind == "rotation"]
                    ),
                )

    def response_add(self, request: HttpRequest, obj: Duty, post_url_continue: Any = None) -> HttpResponse:
        """Go on to the tiers, which depend on the unit."""
        messages.info(request, _("Now say who is called: the tiers stand below."))
        return HttpResponseRedirect(reverse("admin:rosters_duty_change", args=[obj.pk]))


# -- Rotations ------------------------------------------------------------------------------------------------------------
class RotationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Who takes turns, in which order: a list to choose from for each turn."""

    class Meta:
        model = Rotation
        fields = ("unit", "name", "first_on", "last_on", "hand_over_at", "turn_days")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        chosen = [cleaned.get(name) for name in self.fields if name.startswith("turn_") and name != "turn_days"]
        cleaned["people"] = [int(pk) for pk in chosen if pk]
        if not cleaned["people"] and "turn_1" in self.fields and "turn_1" not in self.errors:
            self.add_error("turn_1", _("A rotation needs at least one person."))
        first, last = cleaned.get("first_on"), cleaned.get("last_on")
        if first and last and last < first:
            self.add_error("last_on", _("The last day lies before the first."))
        return cleaned


@admin.register(Rotation)
class RotationAdmin(ActsOnSave, OfUnitAdmin):
    list_display = ("name", "unit", "people", "first_on", "last_on", "hand_over_at", "turn_days")
    list_select_related = ("unit__department__site",)
    search_fields = ("name",)
    ordering = ("unit", "name", "id")
    form = RotationForm
    actions = ["end_now"]

    def may_delete(self, request: HttpRequest, obj: Any | None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).filter(known_during__upper_inf=True)
        return rows.prefetch_related("turns__user")

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> tuple[str, ...]:
        return ("unit", "people") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any | None = None) -> Any:
        names = [f"turn_{number}" for number in range(1, self._places(obj) + 1)]
        if obj is not None and not self.may_change(request, obj):
            names = ["people"]
        return [
            (None, {"fields": ("unit", "name", "first_on", "last_on", "hand_over_at", "turn_days")}),
            (
                _("Turns"),
                {
                    "fields": names,
                    "description": _("In this order, beginning on the first day. Save to get more empty places."),
                },
            ),
        ]

    def get_form(self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any) -> Any:
        if "form" not in kwargs:
            kwargs["form"] = type("RotationForm", (RotationForm,), self._turn_fields(request, obj))
        return super().get_form(request, obj, change=change, **kwargs)

    def _turns(self, rotation: Rotation | None) -> list[Any]:
        return sorted(rotation.turns.all(), key=lambda turn: turn.position) if rotation else []

    def _places(self, rotation: Rotation | None) -> int:
        return len(self._turns(rotation)) + SPARE_TURNS

    def _turn_fields(self, request: HttpRequest, rotation: Rotation | None) -> dict[str, forms.Field]:
        turns = self._turns(rotation)
        people = {person.pk: person for person in own_people(request.user)}
        # Whoever takes turns stays on offer, although they work elsewhere by now.
        people.update({turn.user_id: turn.user for turn in turns if turn.user_id not in people})
        choices = people_choices(people.values())
        return {
            f"turn_{number}": forms.ChoiceField(
                label=gettext("Turn %(number)d") % {"number": number},
                choices=choices,
                required=False,
                initial=str(turns[number - 1].user_id) if number <= len(turns) else "",
            )
            for number in range(1, self._places(rotation) + 1)
        }

    @admin.display(description=_("people"))
    def people(self, obj: Rotation) -> str:
        return ", ".join(str(turn.user) for turn in self._turns(obj))

    def save_model(self, request: HttpRequest, obj: Rotation, form: Any, change: bool) -> None:
        if change and not form.changed_data:
            return
        viewer: Any = request.user
        chosen = form.cleaned_data["people"]
        # Whoever had a turn is known although their account is closed: the action says so.
        people = {turn.user_id: turn.user for turn in self._turns(obj if change else None)}
        people.update(User.objects.visible_to(viewer).in_bulk(chosen))
        made = roster_actions.replace_rotation(
            by=viewer,
            unit=obj.unit,
            name=obj.name,
            first_on=obj.first_on,
            last_on=obj.last_on,
            hand_over_at=obj.hand_over_at,
            turn_days=obj.turn_days,
            users=[people[pk] for pk in chosen],
            rotation=Rotation.objects.managed_by(viewer).get(pk=obj.pk) if change else None,
        )
        obj.pk = made.pk

    def response_change(self, request: HttpRequest, obj: Rotation) -> HttpResponse:
        """Stay with the rotation that holds now: the one that was opened is kept as it was."""
        answer = super().response_change(request, obj)
        if "_continue" in request.POST:
            return HttpResponseRedirect(reverse("admin:rosters_rotation_change", args=[obj.pk]))
        return answer

    @admin.action(description=_("End now"), permissions=["change"])
    def end_now(self, request: HttpRequest, queryset: Any) -> None:
        viewer: Any = request.user
        for rotation in queryset.select_related("unit__department__site"):
            try:
                roster_actions.end_rotation(by=viewer, rotation=rotation)
            except roster_actions.RostersError as error:
                messages.error(request, f"{rotation}: {error}")


# -- Overrides ------------------------------------------------------------------------------------------------------------
class OverrideForm(forms.ModelForm):  # type: ignore[type-arg]
    """Who fills a tier from when to when, by the clock of the unit's site."""

    starts_at = forms.SplitDateTimeField(label=_("From"), widget=AdminSplitDateTime)
    ends_at = forms.SplitDateTimeField(
        label=_("Until"), widget=AdminSplitDateTime, help_text=_("By the clock of the unit's site.")
    )

    class Meta:
        model = Override
        fields = ("duty", "number", "user", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        duty, number = cleaned.get("duty"), cleaned.get("number")
        starts, ends = cleaned.get("starts_at"), cleaned.get("ends_at")
        if duty and number and number not in {tier.number for tier in open_tiers(duty)}:
            self.add_error("number", _("This duty has no tier %(number)d.") % {"number": number})
        if duty and starts and ends:
            zone = duty.unit.department.site.zone
            cleaned["starts_at"] = timezone.make_naive(starts).replace(tzinfo=zone)
            cleaned["ends_at"] = timezone.make_naive(ends).replace(tzinfo=zone)
            if cleaned["ends_at"] <= cleaned["starts_at"]:
                self.add_error("ends_at", _("It must end after it begins."))
            elif cleaned["ends_at"] <= clock.now():
                self.add_error("ends_at", _("That time has passed."))
        return cleaned


class AheadFilter(admin.SimpleListFilter):
    """Those that count still, unless all are asked for."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("past", _("Past and taken back"))]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("Now and ahead")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        holds = {"known_during__upper_inf": True, "period__endswith__gt": clock.now()}
        return queryset.exclude(**holds) if self.value() == "past" else queryset.filter(**holds)


@admin.register(Override)
class OverrideAdmin(ActsOnSave, OfUnitAdmin):
    list_display = ("duty", "number", "user", "starts_at", "ends_at", "reason", "by")
    list_filter = (AheadFilter,)
    list_select_related = ("duty__unit__department__site", "user", "by")
    search_fields = ("user__search", "reason")
    ordering = ("period", "id")
    form = OverrideForm
    fields = ("duty", "number", "user", "starts_at", "ends_at", "reason")
    actions = ["end_now"]

    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        return obj is None and super().may_change(request, None)

    def unit_of(self, obj: Override) -> Unit | None:
        return obj.duty.unit

    def may_delete(self, request: HttpRequest, obj: Any | None) -> bool:
        return False

    @admin.display(description=_("From"), ordering="period")
    def starts_at(self, obj: Override) -> str:
        return local_text(obj.period.lower, obj.duty.unit.department.site.zone)

    @admin.display(description=_("Until"))
    def ends_at(self, obj: Override) -> str:
        return local_text(obj.period.upper, obj.duty.unit.department.site.zone)

    def save_model(self, request: HttpRequest, obj: Override, form: Any, change: bool) -> None:
        viewer: Any = request.user
        made = roster_actions.take_over(
            by=viewer,
            duty=obj.duty,
            number=obj.number,
            user=obj.user,
            starts_at=form.cleaned_data["starts_at"],
            ends_at=form.cleaned_data["ends_at"],
            reason=obj.reason,
        )
        obj.pk = made.pk

    @admin.action(description=_("End now"), permissions=["change"])
    def end_now(self, request: HttpRequest, queryset: Any) -> None:
        viewer: Any = request.user
        for override in queryset.select_related("duty__unit__department__site"):
            try:
                roster_actions.end_override(by=viewer, override=override)
            except roster_actions.RostersError as error:
                messages.error(request, f"{override.duty}: {error}")
