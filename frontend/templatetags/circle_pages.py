"""What the supporter's pages ask of the settings."""

from django import template
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

register = template.Library()

# the one that a site has which set none of its own (porchlight/settings.py): gathered here to be translated
gettext_noop("42 CFR part 2 prohibits unauthorized use or disclosure of these records.")


@register.filter
def of(found: dict[int, int], key: int) -> int:
    """What is kept under `key`, 0 where nothing is: `levels|of:supporter.pk`."""
    return found.get(key, 0)


@register.simple_tag
def disclosure_statement() -> str:
    """The statement of 42 CFR 2.32 in its short form, or nothing where the site set none."""
    return _(settings.DISCLOSURE_STATEMENT) if settings.DISCLOSURE_STATEMENT else ""
