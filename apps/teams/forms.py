"""Forms of teams and channels."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.people.models import User


class NamedForm(forms.Form):
    """A name in the writer's language, and in the others where they know it."""

    name_ko = forms.CharField(label=_("Name in Korean"), max_length=120, required=False)
    name_en = forms.CharField(label=_("Name in English"), max_length=120, required=False)
    name_ar = forms.CharField(label=_("Name in Arabic"), max_length=120, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = f"name_{(get_language() or 'ko')[:2]}"
        self.main_name = own if own in self.fields else "name_ko"

    @property
    def own_name(self) -> Any:
        """The field in the reader's language, which a page shows first."""
        return self[self.main_name]

    @property
    def other_names(self) -> list[Any]:
        return [self[name] for name in ("name_ko", "name_en", "name_ar") if name != self.main_name]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not any(cleaned.get(name, "").strip() for name in ("name_ko", "name_en", "name_ar")):
            self.add_error(self.main_name, _("Write the name in at least one language."))
        return cleaned


class TeamForm(NamedForm):
    description = forms.CharField(label=_("What it is for"), max_length=300, required=False)
    is_open = forms.BooleanField(
        label=_("Open: anyone at my site may join"), required=False, help_text=_("A closed team invites its members.")
    )


class ChannelForm(NamedForm):
    topic = forms.CharField(label=_("What it is for"), max_length=300, required=False)
    is_private = forms.BooleanField(
        label=_("Private: only for those who are invited"),
        required=False,
        help_text=_("A standard channel has the whole team."),
    )


class InviteForm(forms.Form):
    """Whom to invite, chosen from the directory."""

    people = forms.ModelMultipleChoiceField(label=_("People"), queryset=User.objects.none())

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["people"]
        people.queryset = User.objects.visible_to(viewer).exclude(pk=viewer.pk)
        people.error_messages["required"] = _("Choose at least one person.")
