"""A sentence that a worker kept (ground.sentences), in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html

from ground.sentences import spoken

register = template.Library()


@register.simple_tag
def said(kept: Mapping[str, Any], plain: str) -> str:
    """The kept sentence; `plain`, the English that stood there before sentences were kept, where there is none."""
    return spoken(kept) or format_html('<span lang="en">{}</span>', plain)
