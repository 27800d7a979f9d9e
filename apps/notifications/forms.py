"""What the Activity page asks for."""

from typing import Any

from django import forms

MOST_AT_ONCE = 200
LARGEST_ID = 2**63 - 1


class IdsField(forms.Field):
    """Ids, repeated under one name; what is no id is left out, like an id that is not one's own."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[int]:
        texts = [text for text in value or [] if text.isascii() and text.isdigit() and len(text) < 20]
        return [number for number in map(int, texts[:MOST_AT_ONCE]) if number <= LARGEST_ID]


class ChangeForm(forms.Form):
    """What is to become of the notices that were chosen, or of all that the filter lets through."""

    action = forms.ChoiceField(choices=[(name, name) for name in ("read", "unread", "remove", "read-all")])
    ids = IdsField(required=False)
    show = forms.CharField(required=False, max_length=24)
    before = forms.CharField(required=False, max_length=80)
