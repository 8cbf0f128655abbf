"""The JSON door of talk, for when sockets are blocked and for long histories (docs/protocol.md)."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat import policies, posts, selectors, services, wire
from people.models import Person
from people.selectors import person_by_pid, person_of


class Rooms(APIView):
    """GET: my rooms, the one with the latest entry first."""

    def get(self, request: Request) -> Response:
        actor = _actor(request)
        services.rooms_open(actor=actor)
        return Response({"rooms": [_line(line) for line in selectors.lines_of(actor)]})


class Messages(APIView):
    """GET: entries after or before a seq. POST: one entry, with the client's own key."""

    def get(self, request: Request, key: str) -> Response:
        actor = _actor(request)
        room = selectors.room_by_key(key)
        limit = max(1, min(wire.PAGE, _number(request, "limit", wire.PAGE) or wire.PAGE))
        after, before = _number(request, "after", 0) or 0, _number(request, "before", None)
        found = selectors.entries(room.pk, after=after, before=before, limit=limit) if room else []
        if room is None or not policies.can_read(actor, room):  # asked last: see chat.selectors
            raise PermissionDenied(_("This room is for the members of its group."))
        return Response(
            {
                "room": room.key,
                "epoch": room.epoch,
                "last_seq": room.last_seq,
                "floor": room.floor,
                "messages": selectors.plain(room, found, actor),
            }
        )

    def post(self, request: Request, key: str) -> Response:
        cid, data = _cid(request), request.data if isinstance(request.data, dict) else {}
        kind = data.get("kind", posts.TEXT)
        body = _text(request, "body") if "body" in data or kind == posts.TEXT else ""
        outcome = services.message_post(
            actor=_actor(request), room_key=key, cid=cid, body=body, kind=kind, of=data.get("of")
        )
        at = wire.moment(outcome.at) if outcome.at else None
        return Response({"room": key, "cid": str(cid), "seq": outcome.seq, "at": at}, status=201)


class Pair(APIView):
    """POST: the room of this person and me, made when there is none."""

    def post(self, request: Request) -> Response:
        try:
            other = person_by_pid(UUID(_text(request, "with")))
        except (ValueError, Person.DoesNotExist) as error:
            raise PermissionDenied(_("You cannot write to this person here.")) from error
        return Response({"room": services.pair_room_open(actor=_actor(request), other=other).key}, status=201)


class Search(APIView):
    """POST: the latest messages with these words in my own rooms. Not a GET: addresses are kept in logs."""

    def post(self, request: Request) -> Response:
        found = selectors.search(actor=_actor(request), text=_text(request, "q")[:200])
        lines = [{"room": f.key, "seq": f.seq, "name": f.name, "at": wire.moment(f.at), "body": f.body} for f in found]
        return Response({"found": lines})


class ReportMessage(APIView):
    """POST: somebody has to look at this message."""

    def post(self, request: Request, key: str) -> Response:
        services.message_report(actor=_actor(request), room_key=key, seq=_seq(request))
        return Response({"room": key})


class Names(APIView):
    """GET: whom I may name here by `@`."""

    def get(self, request: Request, key: str) -> Response:
        actor = _actor(request)
        room = selectors.room_by_key(key)
        names = selectors.names_in(room, actor) if room else []
        if room is None or not policies.can_read(actor, room):  # asked last: see chat.selectors
            raise PermissionDenied(_("This room is for the members of its group."))
        return Response({"room": room.key, "names": names})


class Notify(APIView):
    """POST: how much this room tells me when I am away."""

    def post(self, request: Request, key: str) -> Response:
        wish = _text(request, "notify")
        services.notices_wish(actor=_actor(request), room_key=key, wish=wish)
        return Response({"room": key, "notify": wish})


class Read(APIView):
    """POST: I have read up to this seq."""

    def post(self, request: Request, key: str) -> Response:
        seq = _seq(request)
        services.read_mark_set(actor=_actor(request), room_key=key, seq=seq)
        return Response({"room": key, "seq": seq})


def _actor(request: Request) -> Person:
    person = person_of(request.user)
    if person is None:
        raise PermissionDenied
    return person


def _line(line: selectors.Line) -> dict[str, Any]:
    last_at = wire.moment(line.last_at) if line.last_at else None
    return {
        "room": line.key,
        "kind": line.kind,
        "name": line.name,
        "last_seq": line.last_seq,
        "last_at": last_at,
        "unread": line.unread,
        "closed": line.closed,
        "notify": line.notify,
    }


def _number(request: Request, name: str, default: int | None) -> int | None:
    """A whole number of the query string. Raises ValidationError."""
    value = request.query_params.get(name)
    if value is None:
        return default
    if not value.isascii() or not value.isdigit() or len(value) > 16:
        raise ValidationError({name: _("A number is needed here.")})
    return int(value)


def _seq(request: Request) -> int:
    """The seq of the body. Raises ValidationError."""
    seq = request.data.get("seq") if isinstance(request.data, dict) else None
    if isinstance(seq, bool) or not isinstance(seq, int) or not 0 <= seq < 2**53:
        raise ValidationError({"seq": _("A number is needed here.")})
    return seq


def _text(request: Request, name: str) -> str:
    value = request.data.get(name) if isinstance(request.data, dict) else None
    if not isinstance(value, str):
        raise ValidationError({name: _("Text is needed here.")})
    return value


def _cid(request: Request) -> UUID:
    try:
        return UUID(_text(request, "cid"))
    except ValueError as error:
        raise ValidationError({"cid": _("A key like 8b9d0c1e-… is needed here.")}) from error


urls = [
    path("rooms/", Rooms.as_view()),
    path("rooms/pair/", Pair.as_view()),
    path("rooms/search/", Search.as_view()),
    path("rooms/<str:key>/report/", ReportMessage.as_view()),
    path("rooms/<str:key>/names/", Names.as_view()),
    path("rooms/<str:key>/notify/", Notify.as_view()),
    path("rooms/<str:key>/messages/", Messages.as_view()),
    path("rooms/<str:key>/read/", Read.as_view()),
]
