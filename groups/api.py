"""The JSON doors of groups: my groups, one group from inside, its ways in, who belongs."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from groups import selectors, services
from groups.models import Invitation, Membership
from people.models import Person
from people.selectors import person_of

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # JSON can write them, no database takes them


def actor_of(request: Request) -> Person:
    """The signed-in person; the default permission of the API lets nobody else in."""
    person = person_of(request.user)
    assert person is not None
    return person


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises ValidationError for anything else."""
    if not isinstance(request.data, dict):
        raise ValidationError(_("Please send one JSON object."))
    return request.data


def text_of(body: dict[str, Any], name: str, default: str | None = None) -> str:
    value = body.get(name, default)
    if not isinstance(value, str):
        raise ValidationError({name: _("Please send text.")})
    if UNSTORABLE.search(value):
        raise ValidationError({name: _("This text holds signs that are none.")})
    return value


class Door(APIView):
    """What a selector does not find is 404."""

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(Http404() if isinstance(exc, ObjectDoesNotExist) else exc)


class Groups(Door):
    """GET: my groups. POST {name, zone, about?, head_count_only?}: found one."""

    def get(self, request: Request) -> Response:
        mine = selectors.groups_of(actor_of(request))
        return Response({"results": [_group(membership) for membership in mine]})

    def post(self, request: Request) -> Response:
        actor, body = actor_of(request), body_of(request)
        heads = body.get("head_count_only", False)
        if not isinstance(heads, bool):
            raise ValidationError({"head_count_only": _("Please send true or false.")})
        group = services.group_found(
            actor=actor,
            name=text_of(body, "name"),
            zone=text_of(body, "zone"),
            about=text_of(body, "about", ""),
            head_count_only=heads,
        )
        return Response(_group(selectors.group_for(actor=actor, slug=group.slug)), status=status.HTTP_201_CREATED)


class OneGroup(Door):
    """GET: a group from inside; `waiting` only for facilitators."""

    def get(self, request: Request, slug: str) -> Response:
        actor = actor_of(request)
        own = selectors.group_for(actor=actor, slug=slug)
        answer = _group(own) | {"about": own.group.about}
        if own.state == Membership.ACTIVE:
            people = selectors.members_for(actor=actor, group=own.group)
            answer["members"] = [_member(membership) for membership in people]
            if own.role == Membership.FACILITATOR:
                waiting = selectors.waiting_for(actor=actor, group=own.group)
                answer["waiting"] = [_member(membership) for membership in waiting]
        return Response(answer)


class Invitations(Door):
    """POST {kind: personal | code}: make a way in; {kind: renew}: replace the code."""

    def post(self, request: Request, slug: str) -> Response:
        actor, kind = actor_of(request), text_of(body_of(request), "kind", Invitation.PERSONAL)
        group = selectors.group_for(actor=actor, slug=slug).group
        if kind == "renew":
            made = services.invitation_renew(actor=actor, group=group)
        else:
            made = services.invitation_make(actor=actor, group=group, kind=kind)
        return Response(_invitation(made), status=status.HTTP_201_CREATED)


class OneInvitation(Door):
    """GET: what it opens. POST: use it. DELETE: revoke it (facilitators)."""

    def get(self, request: Request, token: str) -> Response:
        invitation = services.invitation_open(token=token)
        return Response({"group": invitation.group.name, "kind": invitation.kind})

    def post(self, request: Request, token: str) -> Response:
        membership = services.invitation_use(actor=actor_of(request), token=token)
        return Response({"group": membership.group.slug, "state": membership.state})

    def delete(self, request: Request, token: str) -> Response:
        services.invitation_revoke(actor=actor_of(request), invitation=services.invitation_open(token=token))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Member(Door):
    """POST {action: confirm | refuse | facilitator | member}: facilitators only."""

    def post(self, request: Request, slug: str, pid: UUID) -> Response:
        actor, action = actor_of(request), text_of(body_of(request), "action")
        acts: dict[str, Callable[[Membership], object]] = {
            "confirm": lambda found: services.membership_confirm(actor=actor, membership=found),
            "refuse": lambda found: services.membership_refuse(actor=actor, membership=found),
            "facilitator": lambda found: services.membership_role_set(actor=actor, membership=found, role=action),
            "member": lambda found: services.membership_role_set(actor=actor, membership=found, role=action),
        }
        if action not in acts:
            raise ValidationError({"action": _("Choose confirm, refuse, facilitator or member.")})
        acts[action](selectors.membership_in(actor=actor, slug=slug, pid=pid))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _group(membership: Membership) -> dict[str, Any]:
    group = membership.group
    return {
        "slug": group.slug,
        "name": group.name,
        "zone": group.zone,
        "head_count_only": group.head_count_only,
        "role": membership.role,
        "state": membership.state,
    }


def _member(membership: Membership) -> dict[str, Any]:
    return {"pid": str(membership.person.pid), "name": membership.person.name, "role": membership.role}


def _invitation(invitation: Invitation) -> dict[str, Any]:
    token = selectors.token_of(invitation)
    return {"kind": invitation.kind, "token": token, "path": f"/i/{token}/", "expires_at": invitation.expires_at}


urls: list[URLPattern | URLResolver] = [
    path("groups/", Groups.as_view()),
    path("groups/<slug:slug>/", OneGroup.as_view()),
    path("groups/<slug:slug>/invitations/", Invitations.as_view()),
    path("groups/<slug:slug>/members/<uuid:pid>/", Member.as_view()),
    path("invitations/<str:token>/", OneInvitation.as_view()),
]
