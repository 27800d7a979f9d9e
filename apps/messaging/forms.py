"""Forms of messaging: sending, and opening a direct or group chat."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.people.models import User


class SendForm(forms.Form):
    """A message as a page or a script posts it. The text is checked by the action, which knows the limit."""

    text = forms.CharField(required=False, strip=False)
    client_id = forms.UUIDField(required=False)
    root = forms.IntegerField(required=False, min_value=1)

    def clean_client_id(self) -> uuid.UUID:
        """A plain form without JavaScript carries the id that the page was rendered with."""
        value: uuid.UUID | None = self.cleaned_data["client_id"]
        if value is None:
            raise forms.ValidationError(_("The message carries no client_id: make a UUID for each new message."))
        return value


class NewChatForm(forms.Form):
    """Whom to write to: one person for a direct chat, several for a group."""

    people = forms.ModelMultipleChoiceField(label=_("People"), queryset=User.objects.none())
    name = forms.CharField(label=_("Name of the group"), max_length=120, required=False)

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["people"]
        people.queryset = User.objects.visible_to(viewer).exclude(pk=viewer.pk)
        people.error_messages["required"] = _("Choose at least one person.")
