"""Telling members who are away that something waits, and how much each wants to be told.

Away is who has not read a message AWAY after it was said: an open page at its end reads by itself. So a room tells
somebody once until they come and read; naming them tells them again. What is said stays out of it. Words that were
held are said when they are given free. A member is told in each of their browsers.
"""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from chat import naming, policies, posts, selectors
from chat.models import Message, Mute, ReadMark, Room
from delivery.selectors import usable_ways_of
from delivery.services import Draft, messages_enqueue
from ground.secret import derive
from people.models import ContactWay, Person

AWAY = timedelta(seconds=30)
MOST = 500  # texts of a room, the latest, that are looked at in one round
ROOMS = 100  # rooms in one round
NOTICE, NAMED = "talk", "talk_named"  # the kinds of the messages
WAYS = frozenset({ContactWay.WEBPUSH})
WISHES = (Mute.ALL, Mute.WHEN_NAMED, Mute.NEVER)


@dataclass(frozen=True, slots=True)
class Said:
    """A text that stands; `seq` is the number from which on others could read it."""

    seq: int
    sender: int
    body: str


def topic_of(room_pk: int) -> str:
    return f"talk:{room_pk}"


def tag_of(room_pk: int, person: Person) -> str:
    """The opaque tag of a person's notifications from a room: a newer one replaces them, reading clears them."""
    key = derive(settings.SECRET_KEY, "talk notices")
    return hmac.new(key, f"{room_pk} {person.pid}".encode(), sha256).hexdigest()[:32]


def notices_wish(*, actor: Person, room_key: str, wish: str) -> None:
    """How much this room may tell the actor: "all", "named" or "none". Raises PermissionDenied, ValidationError."""
    room = selectors.room_by_key(room_key)
    if room is None or not policies.can_read(actor, room):
        raise PermissionDenied(_("This room is for the members of its group."))
    if wish not in WISHES:
        raise ValidationError({"notify": _("Please choose one of the buttons.")})
    if wish == Mute.ALL:
        Mute.objects.filter(room=room, person=actor).delete()
    else:
        Mute.objects.update_or_create(room=room, person=actor, defaults={"named": wish == Mute.WHEN_NAMED})


def notices_decide(*, now: datetime) -> int:
    """Decide who is told of what was said in rooms since the last round; returns how many rooms had something ripe."""
    behind = Room.objects.filter(last_seq__gt=F("noticed")).order_by("pk")[:ROOMS]
    return sum(_decide(room, now) for room in behind)


def _decide(room: Room, now: datetime) -> bool:
    # an entry of a time to come is one from before the clock was set back
    fresh = Message.objects.filter(room=room, seq__gt=room.noticed, at__gt=now - AWAY, at__lte=now).order_by("seq")
    first = fresh.values_list("seq", flat=True).first()
    upto = room.last_seq if first is None else first - 1
    if upto <= room.noticed:
        return False
    with transaction.atomic():
        if not Room.objects.filter(pk=room.pk, noticed=room.noticed).update(noticed=upto):
            return False  # another worker did
        if not selectors.is_closed(room):
            _tell(room, upto, now)
    return True


def _tell(room: Room, upto: int, now: datetime) -> None:
    roster = selectors.roster(room.pk)
    browsers = _browsers(roster.people)
    people = Person.objects.in_bulk(browsers)
    if not people:
        return
    texts = _texts(room.pk, above=room.noticed, upto=upto)
    marks = {mark.person_id: mark for mark in ReadMark.objects.filter(room=room, person__in=people)}
    mutes = dict(Mute.objects.filter(room=room, person__in=people).values_list("person_id", "named"))
    drafts, told = [], []
    for pk, person in sorted(people.items()):
        mark = marks.get(pk) or ReadMark(room=room, person=person, seq=0)
        theirs = _unread(texts, pk, mark.seq, roster)
        named = any(naming.named_in(text.body, [person.name]) for text in theirs)
        wanted = named if pk in mutes else bool(theirs) and (named or mark.told <= mark.seq)
        if not wanted or not mutes.get(pk, True):
            continue
        kind, seq = NAMED if named else NOTICE, theirs[-1].seq
        drafts += [_draft(room, person, seq, kind, browser, now) for browser in browsers[pk]]
        told.append(ReadMark(room=room, person=person, seq=mark.seq, told=upto))
    messages_enqueue(drafts)
    ReadMark.objects.bulk_create(told, update_conflicts=True, unique_fields=["room", "person"], update_fields=["told"])


def notices_barred(room_pk: int, asked: Sequence[tuple[int, str, int | None]]) -> list[str | None]:
    """Why each (person, kind of message, browser) is not told of this room any more, or None; eight statements for all.

    Still a member, still wished, and something of somebody else is still unread: not read, taken back or parted. The
    browser still shows notifications.
    """
    people = [pk for pk, _kind, _browser in asked]
    here = ContactWay.objects.filter(pk__in=[browser for *_, browser in asked if browser], bounced_at=None)
    live = {None, *here.values_list("pk", flat=True)}
    roster = selectors.roster(room_pk)
    marks = dict(ReadMark.objects.filter(room=room_pk, person__in=people).values_list("person_id", "seq"))
    mutes = dict(Mute.objects.filter(room=room_pk, person__in=people).values_list("person_id", "named"))
    texts = _texts(room_pk, above=min((marks.get(pk, 0) for pk in people), default=0))

    def bar(person: int, kind: str, browser: int | None) -> str | None:
        if browser not in live:
            return "not this browser"
        if person not in roster.people:
            return "not in the room"
        if person in mutes and not (mutes[person] and kind == NAMED):
            return "not wished"
        return None if _unread(texts, person, marks.get(person, 0), roster) else "read"

    return [bar(*one) for one in asked]


def _texts(room_pk: int, *, above: int, upto: int | None = None) -> list[Said]:
    """The latest texts of a room whose words stand and whose senders are here, oldest first."""
    span = Q(seq__gt=above) if upto is None else Q(seq__gt=above, seq__lte=upto)
    freed = _freed(room_pk, span)
    said = Message.objects.filter(span | Q(seq__in=freed), room=room_pk, kind=posts.TEXT, gone="", held=False)
    latest = said.exclude(sender=None).order_by("-seq").values_list("seq", "sender_id", "body")[:MOST]
    return sorted(
        (Said(freed.get(seq, seq), sender or 0, body) for seq, sender, body in latest), key=lambda one: one.seq
    )


def _freed(room_pk: int, span: Q) -> dict[int, int]:
    """Texts that nobody saw before they were given free, with the number of that; not those that were held later on."""
    holds = Message.objects.filter(room=room_pk, kind=posts.HOLD, of__isnull=False)
    found = dict(holds.filter(span, body=posts.OFF).order_by("seq").values_list("of", "seq"))
    seen = set(holds.filter(of__in=found, body=posts.ON).values_list("of", flat=True)) if found else set()
    return {of: seq for of, seq in found.items() if of is not None and of not in seen}


def _unread(texts: Sequence[Said], person: int, read: int, roster: selectors.Roster) -> list[Said]:
    """Those of others that this person sees and has not read."""
    unheard = {person, *roster.apart.get(person, ())}
    return [text for text in texts if text.seq > read and text.sender not in unheard]


def _browsers(people: Collection[int]) -> dict[int, list[int]]:
    """Their browsers that show notifications, by the id of the person; who has none is missing."""
    with_browser = Person.objects.filter(pk__in=people, ways__kind=ContactWay.WEBPUSH, ways__bounced_at=None)
    usable = usable_ways_of(list(with_browser.distinct()))
    found = {person: [way.pk for way in ways if way.kind in WAYS] for person, ways in usable.items()}
    return {person: browsers for person, browsers in found.items() if browsers}


def _draft(room: Room, person: Person, seq: int, kind: str, browser: int, now: datetime) -> Draft:
    key = f"talk:{room.pk}:{person.pk}:{seq}:{browser}"
    return Draft(kind, topic_of(room.pk), person, key, now, {"room": room.pk, "browser": browser})
