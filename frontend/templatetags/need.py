"""Parts that other pages show: {% load need %}{% available_toggle %} and {% call_card_part %}. Nothing for guests."""

from typing import Any

from django import template

from cravings.selectors import available_until, groups_of
from frontend.actor import actor_of
from ground import clock
from own.selectors import call_card_of

register = template.Library()


@register.inclusion_tag("cravings/parts/available.html", takes_context=True)
def available_toggle(context: dict[str, Any]) -> dict[str, Any]:
    """ "I'm available": one tap; comes back to the page it stands on."""
    request = context["request"]
    actor = actor_of(request)
    assert actor is not None, "show this part to signed-in people only"
    return {
        "until": available_until(actor, clock.now()),
        "in_group": groups_of(actor).exists(),  # in no group nobody could ask
        "zone": actor.zone,
        "next_path": request.path,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("own/parts/call_card.html", takes_context=True)
def call_card_part(context: dict[str, Any]) -> dict[str, Any]:
    """The member's own call card, on the member's own pages."""
    actor = actor_of(context["request"])
    assert actor is not None, "show this part to signed-in people only"
    return {"card": call_card_of(actor)}
