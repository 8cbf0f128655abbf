"""Parts that other pages show: {% load groups %}{% commit_part meeting %}, {% my_groups_part %}. Guests see nothing."""

from typing import Any

from django import template

from frontend.actor import actor_of
from ground import clock
from groups.selectors import groups_of
from meetings.selectors.attendance import standing_of

register = template.Library()


@register.inclusion_tag("meetings/parts/commit.html", takes_context=True)
def commit_part(context: dict[str, Any], meeting: Any) -> dict[str, Any]:
    """ "I plan to come" and "can't come", for members of the meeting's group; nothing for others."""
    request = context["request"]
    return {
        "standing": standing_of(actor_of(request), meeting, clock.now()),
        "next_path": request.path,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("groups/parts/mine.html", takes_context=True)
def my_groups_part(context: dict[str, Any]) -> dict[str, Any]:
    """My groups, and founding one."""
    actor = actor_of(context["request"])
    return {"memberships": groups_of(actor) if actor else []}
