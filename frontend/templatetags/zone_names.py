"""Words for zones, spans and distances."""

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()


@register.filter
def zone_name(zone: str) -> str:
    """`America/New_York` -> `New York`."""
    return zone.rpartition("/")[2].replace("_", " ")


@register.filter
def in_words(minutes: int) -> str:
    """`50 min`, `2 h 5 min`."""
    hours, rest = divmod(max(0, minutes), 60)
    if not hours:
        return ngettext("%(n)d min", "%(n)d min", rest) % {"n": rest}
    if not rest:
        return _("%(n)d h") % {"n": hours}
    return _("%(hours)d h %(rest)d min") % {"hours": hours, "rest": rest}


@register.filter
def kilometres(distance: float) -> str:
    """`800 m`, `3.4 km` (`3,4 km` where people write it so), `27 km`."""
    if distance < 1:
        return _("%(n)d m") % {"n": max(100, round(distance * 10) * 100)}
    return _("%(n)s km") % {"n": number_format(round(distance, 1), 1) if distance < 10 else round(distance)}


@register.filter
def town(address: str) -> str:
    """An address for one line of a list: without postal code and country, at most two parts."""
    parts = [part.strip() for part in address.split(",") if part.strip()]
    return ", ".join(parts[:2])
