"""`{% linked_data meeting held %}`: a meeting for machines (JSON-LD), with what everybody may know and no more."""

from typing import TYPE_CHECKING

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from ground import clock
from ground.site import site_url
from meetings.out import linked
from meetings.schedule import Held
from meetings.selectors import published

if TYPE_CHECKING:
    from meetings.models import Meeting

register = template.Library()


@register.simple_tag
def linked_data(meeting: "Meeting", held: Held | None = None) -> SafeString:
    """A script element of data; nothing for a meeting that is no longer listed."""
    if meeting.closed_at is not None:
        return mark_safe("")
    one = published.public_from(meeting)
    page = site_url() + reverse("meeting", args=[meeting.slug])
    text = linked.script(linked.event(one, held, page=page, now=clock.now()))
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text))  # noqa: S308  (escaped there)
