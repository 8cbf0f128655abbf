"""What anybody types about a meeting that is not right any more."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from frontend.forms.groups import FELLOWSHIP_CHOICES, MODES, WEEKDAYS, Taking

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LABELS: "dict[str, _StrPromise]" = {
    "name": _("Name of the meeting"),
    "days": _("On which days?"),
    "starts": _("Starts at"),
    "minutes": _("Minutes it lasts"),
    "mode": _("Where?"),
    "place": _("Place"),
    "address": _("Address"),
    "region": _("Region"),
    "conference_url": _("Link to join online"),
    "conference_phone": _("Phone to join"),
    "conference_notes": _("How to join"),
    "notes": _("Notes"),
    "fellowship": _("Fellowship"),
    "gone": _("It is not held any more"),
}


class CorrectionForm(Taking):
    """The fields that may be proposed, filled with what stands there now."""

    gone = forms.BooleanField(label=LABELS["gone"], required=False)
    name = forms.CharField(label=LABELS["name"], max_length=255)
    days = forms.TypedMultipleChoiceField(label=LABELS["days"], choices=WEEKDAYS, coerce=int)
    starts = forms.TimeField(label=LABELS["starts"], widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    minutes = forms.IntegerField(label=LABELS["minutes"], min_value=1, max_value=10080)
    mode = forms.ChoiceField(label=LABELS["mode"], choices=MODES)
    place = forms.CharField(label=LABELS["place"], required=False, max_length=255)
    address = forms.CharField(label=LABELS["address"], required=False, max_length=255)
    region = forms.CharField(label=LABELS["region"], required=False, max_length=120)
    conference_url = forms.CharField(
        label=LABELS["conference_url"],
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://"}),
    )
    conference_phone = forms.CharField(label=LABELS["conference_phone"], required=False, max_length=255)
    conference_notes = forms.CharField(
        label=LABELS["conference_notes"], required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    notes = forms.CharField(
        label=LABELS["notes"], required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )
    fellowship = forms.ChoiceField(label=LABELS["fellowship"], required=False, choices=FELLOWSHIP_CHOICES)
    words = forms.CharField(
        label=_("In your own words"),
        required=False,
        max_length=1000,
        help_text=_("Please name no person who comes there."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Any, *, standing: Mapping[str, Any]) -> None:
        super().__init__(data, initial=standing)
        for name in [name for name in self.fields if name not in standing and name != "words"]:
            del self.fields[name]

    def given(self, fields: Collection[str]) -> dict[str, Any]:
        """What a valid form says of these fields, as a proposal has it."""
        found = {name: self.cleaned_data[name] for name in fields}
        if "starts" in found:
            found["starts"] = f"{found['starts']:%H:%M}"
        return found
