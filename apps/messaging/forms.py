"""Forms of messaging: sending, and opening a direct or group chat."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.people.models import User
from apps.teams.models import Channel

from .models import ListSection, Notify

FORWARDS_AT_ONCE = 5


class SendForm(forms.Form):
    """A message as a page or a script posts it. The text is checked by the action, which knows the limit."""

    text = forms.CharField(required=False, strip=False)
    client_id = forms.UUIDField(required=False)
    root = forms.IntegerField(required=False, min_value=1)
    ask = forms.BooleanField(required=False)  # everybody is to acknowledge it
    confirmed = forms.BooleanField(required=False)  # the sender knows that it tells many

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


class EditForm(forms.Form):
    """A new text for a message; `base` is the `edited_at` that the editor began from."""

    text = forms.CharField(required=False, strip=False)
    base = forms.CharField(required=False)
    confirmed = forms.BooleanField(required=False)


class ForwardForm(forms.Form):
    """Where a message goes, and a word with it."""

    to = forms.ModelMultipleChoiceField(label=_("Conversations"), queryset=Channel.objects.none())
    text = forms.CharField(label=_("A word to go with it"), required=False, strip=False)
    client_id = forms.UUIDField(required=False)
    confirmed = forms.BooleanField(required=False)  # the sender knows that it tells many

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to: Any = self.fields["to"]
        to.queryset = Channel.objects.visible_to(viewer).filter(archived_at=None)
        to.error_messages["required"] = _("Choose at least one conversation.")

    def clean_to(self) -> list[Channel]:
        """A message goes to five conversations at once at most."""
        chosen = list(self.cleaned_data["to"])
        if len(chosen) > FORWARDS_AT_ONCE:
            raise forms.ValidationError(_("A message goes to five conversations at once at most."))
        return chosen


class DraftForm(forms.Form):
    """What stands in a composer, as a script keeps it. The text is checked by the action, which knows the limit."""

    text = forms.CharField(required=False, strip=False)
    root = forms.IntegerField(required=False, min_value=0, max_value=2**62)
    base = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)


class ConversationSettingForm(forms.Form):
    """What somebody hears of a conversation, and where it stands in their list. What is not posted stays as it is."""

    notify = forms.ChoiceField(choices=Notify.choices, required=False)
    is_favourite = forms.ChoiceField(choices=[("0", ""), ("1", "")], required=False)
    section = forms.CharField(required=False, max_length=70)  # an id, "" for none, or "new:<name>"
    new_section = forms.CharField(required=False, max_length=60)

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner

    def clean_section(self) -> "ListSection | str | None":
        """Return the section, or the name of a new one."""
        value: str = self.cleaned_data["section"]
        if value.startswith("new:"):
            return value.removeprefix("new:").strip() or None
        if not value:
            return None
        is_id = value.isascii() and value.isdigit() and len(value) < 18
        found: ListSection | None = (
            ListSection.objects.visible_to(self.owner).filter(pk=int(value)).first() if is_id else None
        )
        if found is None:
            raise forms.ValidationError(_("This section is not there any more. Choose another one."))
        return found

    def changes(self) -> dict[str, Any]:
        """Return what the action is to change; a section may be the name of a new one."""
        wanted = self.cleaned_data
        changes: dict[str, Any] = {}
        if wanted["notify"]:
            changes["notify"] = wanted["notify"]
        if wanted["is_favourite"]:
            changes["is_favourite"] = wanted["is_favourite"] == "1"
        if "section" in self.data or wanted["new_section"]:
            changes["section"] = wanted["new_section"].strip() or wanted["section"]
        return changes


class SectionForm(forms.Form):
    """One thing to do with one's own sections."""

    do = forms.ChoiceField(choices=[(deed, "") for deed in ("add", "rename", "up", "down", "delete")])
    section = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    name = forms.CharField(required=False, max_length=60)

    def clean(self) -> dict[str, Any]:
        """A name where one is given, a section where one is meant."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("do") in {"add", "rename"} and not cleaned.get("name"):
            raise forms.ValidationError(_("Give the section a name."))
        if cleaned.get("do") not in {"add", None} and not cleaned.get("section"):
            raise forms.ValidationError(_("This section is not there any more. Choose another one."))
        return cleaned
