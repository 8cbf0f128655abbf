"""What is typed about a group and its meetings."""

from datetime import time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from frontend.zones import ZONES
from meetings.fellowships import FELLOWSHIPS
from meetings.services.series_plan import Plan

WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]
REPEATS = [
    ("weekly", _("Every week")),
    ("fortnightly", _("Every second week")),
    ("monthly", _("On some weeks of the month")),
    ("once", _("Once")),
    ("appointment", _("By appointment: people ask first")),
]
PLACES = [(1, _("first")), (2, _("second")), (3, _("third")), (4, _("fourth")), (-1, _("last"))]
JOINING = [
    ("members", _("Members of the group")),
    ("soon", _("Everybody, from 15 minutes before the start")),
    ("all", _("Everybody always, also in public lists")),
]
FELLOWSHIP_CHOICES = [("", _("Not said")), *FELLOWSHIPS.items()]
MODES = [("in_person", _("In person")), ("online", _("Online")), ("hybrid", _("Both"))]


class Taking(forms.Form):
    """A form that shows beside its fields what a service refused, and offers the zone it came with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields.get("zone")
        own = self.initial.get("zone")
        if isinstance(zone, forms.ChoiceField) and own and own not in ZONES:  # lists name zones in older ways
            zone.choices = [(own, own), *[(one, one) for one in ZONES]]

    def take(self, refused: ValidationError) -> None:
        if not hasattr(refused, "error_dict"):
            self.add_error(None, refused.messages)
            return
        for name, messages in refused.message_dict.items():
            self.add_error(name if name in self.fields else None, messages)


class GroupForm(Taking):
    """What a group says of itself."""

    name = forms.CharField(
        label=_("What is the group called?"),
        max_length=80,
        help_text=_("Only people in the group, and those you invite, see it."),
    )
    about = forms.CharField(
        label=_("About the group"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    zone = forms.ChoiceField(label=_("Time zone"), choices=[(zone, zone) for zone in ZONES], initial="UTC")


class FoundForm(GroupForm):
    """A new group; whether it keeps names is decided here."""

    head_count_only = forms.BooleanField(label=_("We only count heads"), required=False)


class MeetingForm(Taking):
    """A meeting in wall time of its zone: how often, on which days, from when."""

    title = forms.CharField(
        label=_("Name of the meeting"), required=False, max_length=120, help_text=_("Empty: the group's name.")
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("On which days?"),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
    )
    repeats = forms.ChoiceField(label=_("How often?"), choices=REPEATS, initial="weekly", required=False)
    places = forms.TypedMultipleChoiceField(
        label=_("Which of the month's days?"), choices=PLACES, coerce=int, required=False
    )
    first = forms.DateField(
        label=_("From which day?"),
        required=False,
        help_text=_("Empty: from the next one on. Every second week is counted from here; once means this day."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    starts = forms.TimeField(
        label=_("Starts at"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    also = forms.CharField(
        label=_("More times on the same days"),
        required=False,
        max_length=80,
        help_text=_("For example 12:00, 18:30. Each is a meeting of its own, with its own list."),
    )
    hours = forms.IntegerField(
        label=_("Hours it lasts"), required=False, min_value=0, max_value=168, widget=forms.NumberInput()
    )
    minutes = forms.IntegerField(
        label=_("And minutes"),
        required=False,
        min_value=0,
        max_value=10080,
        widget=forms.NumberInput(),
    )
    mode = forms.ChoiceField(label=_("Where?"), choices=MODES, initial="in_person")
    place = forms.CharField(label=_("Place"), required=False, max_length=255)
    address = forms.CharField(label=_("Address"), required=False, max_length=255)
    conference_url = forms.CharField(
        label=_("Link to join online"),
        required=False,
        max_length=2000,
        help_text=_("Members see it; nobody else, unless you say so below."),
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://"}),
    )
    join_shown = forms.ChoiceField(label=_("Who sees the link?"), choices=JOINING, required=False, initial="members")
    fellowship = forms.ChoiceField(label=_("Fellowship"), choices=FELLOWSHIP_CHOICES, required=False)
    zone = forms.ChoiceField(label=_("Time zone"), choices=[(zone, zone) for zone in ZONES], initial="UTC")
    last = forms.DateField(
        label=_("Last day"),
        required=False,
        help_text=_("Empty: it goes on until you end it."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["hours"], self.initial["minutes"] = divmod(self.initial.get("minutes", 60), 60)

    def clean_also(self) -> tuple[time, ...]:
        """Times of day between commas or blanks."""
        try:
            return tuple(time.fromisoformat(word) for word in self.cleaned_data["also"].replace(",", " ").split())
        except ValueError:
            raise ValidationError(_("Give times of day, as in 12:00, 18:30.")) from None

    def plan(self, group_name: str) -> Plan:
        """The plan of a valid form; a meeting without a name takes its group's."""
        data: dict[str, Any] = self.cleaned_data
        return Plan(
            name=data["title"] or group_name,
            weekdays=tuple(data["weekdays"]),
            starts=data["starts"],
            zone=data["zone"],
            minutes=(data["hours"] or 0) * 60 + (data["minutes"] or 0),
            mode=data["mode"],
            place=data["place"],
            address=data["address"],
            conference_url=data["conference_url"],
            last=data["last"],
            repeats=data["repeats"] or "weekly",
            places=tuple(data["places"]),
            first=data["first"],
            also=data.get("also", ()),
            fellowship=data["fellowship"] if "fellowship" in self.data else None,
            join_shown=data["join_shown"],
        )

    def take(self, refused: ValidationError) -> None:
        """The service says `name` where this form says `title`, so that it can stand beside the group's name."""
        if hasattr(refused, "error_dict") and "name" in refused.error_dict:
            refused.error_dict["title"] = refused.error_dict.pop("name")
        super().take(refused)


class SeriesForm(MeetingForm):
    """A meeting that was made with others at other times of the same days."""

    together = forms.BooleanField(
        label=_("Change the other times of the day alike"),
        required=False,
        help_text=_("Name, place, days and all else. Without the tick only this one changes."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["also"].label = _("The other times")
        self.fields["also"].help_text = _("As many as there are, in the order of the day. They need the tick above.")
