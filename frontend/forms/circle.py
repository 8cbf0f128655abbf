"""Adding somebody to my people, one question a page."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from circle.consents import FIRST_OFFERED, OFFERED, PURPOSES
from delivery.transports import ways_out
from frontend.zones import ZONES
from people.numbers import e164

EMAIL, SMS = "email", "sms"
LASTING = [("180", _("half a year")), ("90", _("three months")), ("30", _("one month"))]
OWN_CHOICE, NOT_MINE = "a", "b"  # neutral on purpose: the answer travels through the page


class Step(forms.Form):
    """One question. `title` is what the page asks."""

    title: Any = ""

    def take(self, refused: ValidationError) -> None:
        """Show beside its field what the service refused; what has no field stands on top."""
        if not hasattr(refused, "error_dict"):
            self.add_error(None, refused.messages)
            return
        for name, messages in refused.message_dict.items():
            self.add_error(name if name in self.fields else None, messages)


class Who(Step):
    title = _("Who is it?")
    name = forms.CharField(
        label=_("What do you call them?"),
        max_length=40,
        help_text=_("They will be greeted with it. Messages show the first 12 letters."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "words", "spellcheck": "false"}),
    )
    sender_name = forms.CharField(
        label=_("What do they call you?"),
        max_length=40,
        help_text=_("The only thing about you that our messages to them say."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "words", "spellcheck": "false"}),
    )


class Address(forms.CharField):
    """An e-mail address; where this site sends text messages, a mobile number as well."""

    def clean(self, value: Any) -> str:
        address: str = super().clean(value)
        if kind_of(address) == EMAIL:
            return str(forms.EmailField().clean(address))
        try:
            return e164(address)
        except ValidationError as refused:
            raise ValidationError(refused.messages) from refused


def kind_of(address: str) -> str:
    """What was typed: a number where it can be used, an e-mail address in all other cases."""
    number = any(letter.isdigit() for letter in address) and not any(letter.isalpha() for letter in address)
    return SMS if number and "@" not in address and SMS in ways_out() else EMAIL


class Reach(Step):
    title = _("Where can we write to them?")
    address = Address(
        label=_("Their e-mail address"),
        max_length=254,
        help_text=_("Kept encrypted, and used for nothing else."),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    zone = forms.ChoiceField(
        label=_("Their time zone"),
        choices=[(zone, zone) for zone in ZONES],
        help_text=_("We write between 8 in the morning and 9 in the evening, their time."),
    )

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        if SMS in ways_out():
            field = self.fields["address"]
            field.label = _("Their e-mail address or mobile number")
            field.help_text = _(
                "A number with its country, like +44 7700 900123. Kept encrypted, and used for nothing else."
            )
            field.widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})


class Hear(Step):
    title = _("What may they hear?")
    purposes = forms.MultipleChoiceField(
        choices=[(name, PURPOSES[name].title) for name in OFFERED],
        initial=list(FIRST_OFFERED),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one, or they would hear nothing at all.")},
    )
    days = forms.ChoiceField(label=_("For how long?"), choices=LASTING, initial="180")


class Free(Step):
    title = _("Is someone making you add this person?")
    mine = forms.ChoiceField(
        choices=[
            (OWN_CHOICE, _("No, I choose this myself")),
            (NOT_MINE, _("Yes, or I am not sure")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose one. Only you see this.")},
    )


class Check(Step):
    title = _("Read it once, then sign")


STEPS: dict[str, type[Step]] = {"who": Who, "reach": Reach, "hear": Hear, "free": Free, "check": Check}
