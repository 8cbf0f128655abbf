"""What is typed around the button: shifts, their dates, wishes."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cravings.selectors import regions_known
from frontend.forms.groups import WEEKDAYS, Taking
from frontend.zones import ZONES

DUTIES = [
    ("peer", _("Answers calls: asked at once")),
    ("facilitator", _("Facilitator on call: asked after a minute")),
    ("lead", _("Leads: paged when nobody came")),
]
TIME = {"type": "time"}
DATE = {"type": "date"}
HOURS = [(str(hour), f"{hour:02}:00") for hour in range(24)]


class ShiftForm(Taking):
    """A weekly shift, or one date."""

    duty = forms.ChoiceField(label=_("What for?"), choices=DUTIES, initial="peer")
    weekday = forms.TypedChoiceField(label=_("Starts on"), choices=WEEKDAYS, coerce=int)
    start = forms.TimeField(label=_("From"), widget=forms.TimeInput(attrs=TIME, format="%H:%M"))
    end = forms.TimeField(
        label=_("Until"),
        widget=forms.TimeInput(attrs=TIME, format="%H:%M"),
        help_text=_("Not later than the start? Then it ends on the next day."),
    )
    zone = forms.ChoiceField(label=_("Time zone"), choices=[(zone, zone) for zone in ZONES])
    wanted = forms.IntegerField(label=_("How many people?"), min_value=1, max_value=20, initial=1)
    since = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"))
    until = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"),
        help_text=_("Empty: until you end it. The same as the first day: this date only."),
    )


class DayForm(Taking):
    """One date of a shift, changed."""

    on = forms.DateField(label=_("Date"), widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"))
    start = forms.TimeField(label=_("From"), required=False, widget=forms.TimeInput(attrs=TIME, format="%H:%M"))
    end = forms.TimeField(label=_("Until"), required=False, widget=forms.TimeInput(attrs=TIME, format="%H:%M"))


class RotaForm(Taking):
    """The hours in which somebody should be on call."""

    zone = forms.ChoiceField(label=_("Time zone"), choices=[(zone, zone) for zone in ZONES])
    first = forms.TimeField(label=_("From"), required=False, widget=forms.TimeInput(attrs=TIME, format="%H:%M"))
    last = forms.TimeField(
        label=_("Until"),
        required=False,
        widget=forms.TimeInput(attrs=TIME, format="%H:%M"),
        help_text=_("The same as the start: round the clock. Both empty: no wish."),
    )

    def staffed(self) -> tuple[int, int] | None:
        """Minutes of the day, or None for no wish."""
        first, last = self.cleaned_data["first"], self.cleaned_data["last"]
        if first is None or last is None:
            return None
        return (first.hour * 60 + first.minute, last.hour * 60 + last.minute)


class LineForm(Taking):
    """A number to call."""

    region = forms.ChoiceField(label=_("Place"), choices=[(code, code) for code in regions_known()])
    number = forms.CharField(label=_("Number"), max_length=30, widget=forms.TextInput(attrs={"inputmode": "tel"}))
    name = forms.CharField(label=_("Name"), max_length=80)
    what = forms.CharField(label=_("For what, and when"), max_length=120, required=False)
    emergency = forms.BooleanField(label=_("An emergency number"), required=False)


class WishesForm(Taking):
    """What a member wishes around the button."""

    ask = forms.ChoiceField(
        label=_("Who may come?"),
        choices=[("", _("Anybody")), ("first", _("People like me first")), ("only", _("Only people like me"))],
        required=False,
        widget=forms.RadioSelect,
    )
    gender = forms.ChoiceField(
        label=_("“Like me” means"),
        choices=[
            ("", _("I leave it open")),
            ("woman", _("a woman")),
            ("man", _("a man")),
            ("nonbinary", _("nonbinary")),
        ],
        required=False,
    )
    aftercare = forms.BooleanField(label=_("Ask me afterwards how it is"), required=False)
    lead = forms.BooleanField(
        label=_("Tell the safety lead when I write that my life may be in danger"), required=False
    )
    hour = forms.TypedChoiceField(label=_("On the next days at"), choices=HOURS, coerce=int)
