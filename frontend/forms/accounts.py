"""What is typed to make an account or to get back into one."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from frontend.zones import ZONES

PASSKEY, PASSWORD = "passkey", "password"


class SignUp(forms.Form):
    """Alias, age, a way to sign in; everything else may stay empty."""

    alias = forms.CharField(
        label=_("What should we call you?"),
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "nickname", "autocapitalize": "words", "spellcheck": "false"}),
        error_messages={"required": _("Please choose a name. It need not be your own.")},
    )
    adult = forms.BooleanField(
        label=_("I am 18 or older"),
        error_messages={"required": _("Porchlight is for people of 18 and older.")},
    )
    lead = forms.BooleanField(
        label=_("Tell the safety lead when I write that my life may be in danger"), required=False
    )
    way = forms.ChoiceField(choices=[(PASSWORD, PASSWORD), (PASSKEY, PASSKEY)], initial=PASSWORD)
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
    )
    email = forms.EmailField(
        label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    zone = forms.ChoiceField(label=_("Your time zone"), choices=[(zone, zone) for zone in ZONES], initial="UTC")
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("way") == PASSWORD and not data.get("password"):
            self.add_error("password", _("Please choose a password, or a passkey above."))
        return data

    def take(self, refused: ValidationError) -> None:
        """Show beside its field what the service refused; what has no field stands on top."""
        if not hasattr(refused, "error_dict"):
            self.add_error(None, refused.messages)
            return
        for name, messages in refused.message_dict.items():
            self.add_error(name if name in self.fields else None, messages)


class Recovery(forms.Form):
    """The alias and one of the codes that were written down."""

    alias = forms.CharField(
        label=_("Your name here"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
    code = forms.CharField(
        label=_("One of your recovery codes"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "code-input"}),
    )
