"""Parts that other pages show: {% load need %}{% available_toggle %} and {% call_card_part %}. Nothing for guests."""

from typing import Any

from django import template
from django.utils.dates import WEEKDAYS
from django.utils.translation import ngettext

from cravings.selectors import available_until, crisis_lines, is_responder, room_view
from frontend.actor import actor_of
from ground import clock
from own.selectors import call_card_of
from people.selectors import browser_mark

register = template.Library()


@register.inclusion_tag("cravings/parts/available.html", takes_context=True)
def available_toggle(context: dict[str, Any]) -> dict[str, Any]:
    """ "I'm available": one tap; comes back to the page it stands on."""
    request = context["request"]
    actor = actor_of(request)
    assert actor is not None, "show this part to signed-in people only"
    return {
        "until": available_until(actor, clock.now()),
        "ready": is_responder(actor),
        "zone": actor.zone,
        "next_path": request.path,
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag(takes_context=True)
def whose(context: dict[str, Any]) -> str:
    """The mark by which this browser knows whose a kept tap is; empty for guests and on pages without a request."""
    request = context.get("request")
    return browser_mark(request.user) if request is not None and hasattr(request, "user") else ""


@register.inclusion_tag("own/parts/call_card.html", takes_context=True)
def call_card_part(context: dict[str, Any]) -> dict[str, Any]:
    """The member's own call card, on the member's own pages."""
    actor = actor_of(context["request"])
    assert actor is not None, "show this part to signed-in people only"
    return {"card": call_card_of(actor)}


@register.inclusion_tag("cravings/parts/room.html", takes_context=True)
def craving_room_part(context: dict[str, Any], key: str) -> dict[str, Any]:
    """What stands above a craving's room, for those who talk there; nothing in other rooms."""
    actor = actor_of(context["request"])
    assert actor is not None, "show this part to signed-in people only"
    return room_part(actor, key)


def room_part(actor: Any, key: str) -> dict[str, Any]:
    lines = sorted(crisis_lines(actor.region), key=lambda line: not line.emergency)  # a life in danger: it comes first
    return {"found": room_view(actor, key, clock.now()), "lines": lines, "key": key}


@register.filter
def seconds_said(seconds: float) -> str:
    """A time span in words: seconds up to two minutes, then minutes."""
    if seconds < 120:
        return ngettext("%(n)s second", "%(n)s seconds", round(seconds)) % {"n": round(seconds)}
    return ngettext("%(n)s minute", "%(n)s minutes", round(seconds / 60)) % {"n": round(seconds / 60)}


@register.filter
def weekday_name(day: int) -> str:
    return str(WEEKDAYS[day])


@register.filter
def hours_long(minutes: int) -> str:
    """480 -> 8, 90 -> 1:30"""
    return str(minutes // 60) if minutes % 60 == 0 else f"{minutes // 60}:{minutes % 60:02}"
