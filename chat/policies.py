"""Who may read a room and who may post what in it."""

from datetime import datetime, timedelta
from typing import TypeGuard
from uuid import UUID

from chat import posts, roster
from chat.models import Message, Report, Room
from chat.posts import Post
from chat.roster import Standing
from ground import clock
from groups.models import Membership
from people.models import Person
from people.selectors import blocked_between, is_coordinator

EDITABLE = timedelta(minutes=15)
NEWCOMER = timedelta(days=90)  # privacy.md: newcomers are not written to by people they do not know yet


def can_read(person: Person, room: Room) -> bool:
    """Only who is in the room now; also when it is closed."""
    return roster.standing_in(room, person).is_member


def can_pair(actor: Person, other: Person) -> bool:
    """Members of a common standing group, of whom neither blocked the other, may write to each other.

    The newcomer's shield: who has been in every common group for less than 90 days is written to only by its
    facilitators; they themselves may write first to anybody there. Once the two have a room, it stays.
    """
    if actor.pk == other.pk or blocked_between(actor, other):
        return False
    mine = Membership.objects.standing().filter(person=actor, group__closed_at=None)
    theirs = Membership.objects.standing().filter(person=other, group__in=mine.values("group"))
    common = list(theirs)
    if not common:
        return False
    if Room.objects.filter(pair="{}-{}".format(*sorted((actor.pk, other.pk)))).exists():
        return True
    if any(membership.since <= clock.now() - NEWCOMER for membership in common):
        return True
    runs = mine.filter(role=Membership.FACILITATOR, group__in=[membership.group_id for membership in common])
    return any(membership.role == Membership.FACILITATOR for membership in common) or runs.exists()


def refusal(room: Room | None, standing: Standing) -> str:
    """Why nobody or this person may post here; empty when they may."""
    if room is None or not standing.is_member:
        return posts.FORBIDDEN
    return posts.CLOSED if roster.is_closed(room) else ""


def refusal_of(post: Post, room: Room, subject: Message | None, standing: Standing, now: datetime) -> str:
    """Why this entry may not be made by who may post in the room; `subject` is the entry that it is about, if any."""
    if post.kind == posts.TEXT:
        return posts.INVALID if post.of is not None and post.of > room.last_seq else ""
    if post.kind == posts.PIN:
        return _refusal_of_pin(post, room, subject, standing)
    own = subject is not None and subject.sender_id == post.sender.id
    if not _is_there(subject, own=own or post.kind == posts.HOLD):
        return posts.INVALID
    allowed = {
        posts.HOLD: standing.is_facilitator and not own,
        posts.EDIT: own and not subject.held,
        posts.DELETE: own or standing.is_facilitator,
    }
    if not allowed.get(post.kind, True):
        return posts.FORBIDDEN
    return posts.LATE if post.kind == posts.EDIT and now - subject.at > EDITABLE else ""


def deeds(actor: Person, room: Room, subject: Message, standing: Standing) -> frozenset[str]:
    """The kinds of entry that the actor may make about this text now."""
    if refusal(room, standing):
        return frozenset()
    sender, now = posts.Sender(actor.pk, str(actor.pid), actor.name), clock.now()
    tried = (Post(sender, room.key, UUID(int=0), "", kind, subject.seq) for kind in posts.KINDS)
    return frozenset(post.kind for post in tried if not refusal_of(post, room, subject, standing, now))


def _is_there(subject: Message | None, *, own: bool = False) -> TypeGuard[Message]:
    """A text that was not taken back; one that is held is there for its sender alone."""
    return subject is not None and subject.kind == posts.TEXT and not subject.gone and (own or not subject.held)


def _refusal_of_pin(post: Post, room: Room, subject: Message | None, standing: Standing) -> str:
    """A group's facilitators pin; of two people either. `of` null takes the pin away."""
    if room.kind == Room.GROUP and not standing.is_facilitator:
        return posts.FORBIDDEN
    if post.of is None:
        return ""
    return "" if _is_there(subject) else posts.INVALID


def can_moderate(person: Person, room: Room) -> bool:
    """A group's facilitators and the site's coordinators; a room of two or few has coordinators only."""
    return roster.standing_in(room, person).is_facilitator or is_coordinator(person)


def can_decide(person: Person, report: Report) -> bool:
    """Nobody decides about their own words, nor about a message that they reported themselves."""
    if person.pk == report.sender_id or not can_moderate(person, report.room):
        return False
    return not Report.objects.filter(room=report.room, seq=report.seq, reporter=person).exists()
