"""Forms of people: sign-in, preferences, the directory's filter, assignments and grants."""

from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.utils.translation import gettext_lazy as _

from apps.sites.models import LANGUAGES, Site

from .models import Contrast, InputMode, StaffType, Theme


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
