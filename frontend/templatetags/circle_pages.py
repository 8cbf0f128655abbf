"""What the supporter's pages ask of the settings."""

from django import template
from django.conf import settings
from django.utils.translation import gettext as _

register = template.Library()


@register.simple_tag
def disclosure_statement() -> str:
    """The statement of 42 CFR 2.32 in its short form, or nothing where the site set none."""
    return _(settings.DISCLOSURE_STATEMENT) if settings.DISCLOSURE_STATEMENT else ""
