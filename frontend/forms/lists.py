"""What is typed about meeting lists."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from frontend.forms.groups import Taking
from frontend.zones import ZONES
from meetings.fellowships import FELLOWSHIPS


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class Files(forms.FileField):
    """Several files in one field."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(Files, self).clean(one, initial) for one in data or []]


class ListForm(Taking):
    """A list to take in."""

    name = forms.CharField(
        label=_("What is the list called?"),
        max_length=80,
        help_text=_("For example its office. The same name later means the same list."),
    )
    sent = Files(
        label=_("File"),
        required=False,
        help_text=_("Meeting Guide (JSON or CSV), BMLT, or OIAA. What belongs together may be chosen together."),
    )
    address = forms.CharField(
        label=_("Or a web address"),
        required=False,
        max_length=2000,
        widget=forms.URLInput,
        help_text=_("Of the list itself, or of a BMLT server."),
    )
    zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        choices=[("", _("As the list says")), *[(zone, zone) for zone in ZONES]],
        help_text=_("For meetings of which the list gives neither a zone nor a place on the map."),
    )


EVERY = [("", _("Only by hand")), ("6", _("Every 6 hours")), ("24", _("Every day")), ("168", _("Every week"))]


class RefreshForm(Taking):
    """How often a list is looked at again, and whose meetings it has."""

    fellowship = forms.ChoiceField(
        label=_("Fellowship"),
        required=False,
        choices=[("", _("As the list says")), *FELLOWSHIPS.items()],
        help_text=_("For meetings of which the list itself does not say it."),
    )

    address = forms.CharField(label=_("Web address"), required=False, max_length=2000, widget=forms.URLInput)
    hours = forms.TypedChoiceField(label=_("Look again"), required=False, choices=EVERY, coerce=int, empty_value=None)
    by_itself = forms.BooleanField(
        label=_("Apply what changed without asking"),
        required=False,
        help_text=_("A look that would close more than half of the list always waits for you."),
    )
