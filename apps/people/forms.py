"""Forms of people: sign-in, preferences, the directory's filter, assignments and grants."""

from datetime import datetime, time, timedelta
from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.sites.models import LANGUAGES, Site

from .models import Contrast, InputMode, Presence, StaffType, Theme, User
from .models.status import TEXT_LIMIT


class SignInForm(LoginForm):  # type: ignore[misc]
    """Staff number or e-mail, and the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Staff number or e-mail")
        self.fields["login"].widget.attrs.update({"placeholder": "", "autocapitalize": "none", "spellcheck": "false"})
        self.fields["password"].widget.attrs.update({"placeholder": ""})
        self.fields["password"].help_text = ""
        if "remember" in self.fields:
            self.fields["remember"].label = _("Only I use this device")


class PreferencesForm(forms.Form):
    language = forms.ChoiceField(label=_("Language"), choices=[("", _("Like my site")), *LANGUAGES], required=False)
    theme = forms.ChoiceField(label=_("Theme"), choices=Theme.choices)
    contrast = forms.ChoiceField(label=_("Contrast"), choices=Contrast.choices)
    input = forms.ChoiceField(label=_("Touch"), choices=InputMode.choices)


class StatusForm(forms.Form):
    """What somebody says of themself, and for how long; `cleaned_data["until"]` is when it ends."""

    SUGGESTIONS = (
        _("In theatre"),
        _("On a ward round"),
        _("With a patient"),
        _("In a meeting"),
        _("At lunch"),
        _("Off duty"),
    )
    presence = forms.ChoiceField(label=_("How you can be reached"), choices=Presence.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("In a few words"),
        max_length=TEXT_LIMIT,
        required=False,
        widget=forms.TextInput(attrs={"list": "status-suggestions", "dir": "auto", "autocomplete": "off"}),
    )
    lasting = forms.ChoiceField(
        label=_("For how long"),
        choices=[
            ("30", _("30 minutes")),
            ("60", _("1 hour")),
            ("today", _("Until the end of today")),
            ("time", _("Until a time")),
            ("open", _("Until I change it")),
        ],
        widget=forms.RadioSelect,
    )
    at = forms.TimeField(
        label=_("Time"),
        required=False,
        help_text=_("A time that has passed today means tomorrow."),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def __init__(self, data: Any, *, user: User) -> None:
        self._zone = user.time_zone
        status = user.current_status
        initial: dict[str, Any] = {"presence": Presence.AUTO, "lasting": "60"}
        if status is not None:
            initial = {"presence": status.presence, "text": status.text, "lasting": "open"}
            if status.until is not None:
                initial |= {"lasting": "time", "at": status.until.astimezone(self._zone).time()}
        super().__init__(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        lasting, at = cleaned.get("lasting"), cleaned.get("at")
        if lasting == "time" and at is None and "at" not in self.errors:
            self.add_error("at", _("Write the time as 24 hours, for example 07:00."))
        elif lasting is not None:
            cleaned["until"] = self._end_of(lasting, at)
        return cleaned

    def _end_of(self, lasting: str, at: time | None) -> datetime | None:
        now = clock.now()
        if lasting.isdigit():
            return now + timedelta(minutes=int(lasting))
        today = now.astimezone(self._zone).date()
        if lasting == "today":
            return datetime.combine(today + timedelta(days=1), time.min, self._zone)
        if lasting == "time" and at is not None:
            ends_at = datetime.combine(today, at, self._zone)
            return ends_at if ends_at > now else datetime.combine(today + timedelta(days=1), at, self._zone)
        return None


class DirectoryForm(forms.Form):
    """What the directory is searched for; anything that does not fit is treated as not given."""

    q = forms.CharField(label=_("Name, staff number or specialty"), max_length=100, required=False)
    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), to_field_name="code", required=False, empty_label=_("All sites")
    )
    job = forms.ChoiceField(label=_("Staff type"), choices=[("", _("All staff")), *StaffType.choices], required=False)

    def __init__(self, data: Any, *, viewer: Any) -> None:
        super().__init__(data)
        site_field: Any = self.fields["site"]
        site_field.queryset = Site.objects.visible_to(viewer)
