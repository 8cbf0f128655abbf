"""Entries of the rooms' logs.

One commit can hold many posts. Rooms are locked in one order, the next seqs are taken from the locked row and given
back by a rollback, so the seqs of a room are the order of its commits and have no holes. What was committed goes to
the wake-up bus afterwards, as a hint.
"""

import logging
from collections.abc import Sequence
from functools import partial
from math import ceil
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat import news, posts, selectors
from chat.models import Room
from chat.order import Run
from chat.paces import Paces
from chat.posts import Outcome, Post, Sender
from chat.services.book import Book
from ground import wake
from ground.errors import Conflict, Settled, TooMany
from people.models import Person

log = logging.getLogger("porchlight.chat")

TOPIC = "talk"
paces = Paces(settings.TALK_BURST, settings.TALK_PER_SECOND)


def sender_of(person: Person) -> Sender:
    return Sender(person.pk, str(person.pid), person.name)


def message_post(
    *, actor: Person, room_key: str, cid: UUID, body: str, kind: str = posts.TEXT, of: int | None = None
) -> Outcome:
    """Post one entry; the same cid again returns the entry that it made the first time.

    Raises ValidationError (the text), PermissionDenied, Settled (the group is closed), Conflict (the cid was used for
    another text), TooMany.
    """
    try:
        kind, of, text = posts.checked(kind, of, body)
    except posts.BadBody as error:
        raise ValidationError(_why(str(error))) from error
    wait = pace(actor.pk)
    if wait:
        raise TooMany(_("That was quick. Please wait a few seconds, then send it again."))
    outcome = entries_write(posts=[Post(sender_of(actor), room_key, cid, text, kind, of)])[0]
    _raise(outcome)
    return outcome


def _why(reason: str) -> str:
    """A refused text, in a sentence."""
    if reason == posts.EMPTY:
        return _("There is nothing in this message yet.")
    if reason == posts.LONG:
        return _("A message has up to 4000 characters. Please make two of it.")
    return _("This message holds a character that cannot be kept.")


def _raise(outcome: Outcome) -> None:
    code = outcome.code
    if code == posts.FORBIDDEN:
        raise PermissionDenied(_("This room is for the members of its group."))
    if code == posts.CLOSED:
        raise Settled(_("This group is closed. Its talk can be read, not continued."))
    if code == posts.CONFLICT:
        raise Conflict(_("Another message was sent under this key already."))
    if code == posts.RATE:
        words = ngettext(
            "Slow mode is on here. Please send it again in %(n)d second.",
            "Slow mode is on here. Please send it again in %(n)d seconds.",
            ceil(outcome.after),
        )
        raise TooMany(words % {"n": ceil(outcome.after)})
    if code:
        raise ValidationError(_refused(code))


def _refused(code: str) -> str:
    """Why an entry by somebody who may post here is not kept, in a sentence."""
    if code == posts.MUTED:
        return _("A facilitator asked you to listen for a while. You can write here again later.")
    if code == posts.LATE:
        return _("A message can be changed for 15 minutes.")
    if code == posts.WORDS:
        return _("A facilitator would have to look at these words first. Please send them as a new message.")
    return _("This message cannot be kept as it is.")


def pace(sender_id: int) -> float:
    """Seconds until this sender may post; 0.0 takes one of their tokens."""
    return paces.take(sender_id)


def entries_write(*, posts: Sequence[Post]) -> list[Outcome]:
    """Store checked texts (`body_of`) of any rooms in one transaction; one outcome a post, in their order.

    A post that the database refuses does not take its neighbours with it: they are stored one by one then.
    Raises OperationalError or InterfaceError when the database does not answer: nothing is known to be stored.
    """
    try:
        return _write_together(posts)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        if len(posts) == 1:
            log.exception("a message cannot be stored")
            return [Outcome(posts[0], code="invalid")]
    return [outcome for post in posts for outcome in entries_write(posts=[post])]


def _write_together(batch: Sequence[Post]) -> list[Outcome]:
    with transaction.atomic():
        keys = {post.room for post in batch}
        # of all rooms in one order, or two processes wait for each other
        locked = Room.objects.select_for_update(of=("self",)).select_related("group")
        rooms = {room.key: room for room in locked.filter(key__in=keys).order_by("pk")}
        book = Book(rooms, batch)
        outcomes = [book.enter(post) for post in batch]
        if grown := book.store():
            transaction.on_commit(partial(_announce, grown, book))
    for report in book.reports:
        # in a craving's room nobody is kept from the next word: the list may have been wrong
        if report.held and report.sender_id and report.room.kind != Room.CRAVING:
            paces.slow(report.sender_id)
    return outcomes


def _announce(rooms: list[Room], book: Book) -> None:
    """Tell every process. The roster's versions are read after the commit: who left before it is in none of them."""
    try:
        versions = selectors.roster_versions({room.pk: room.kind for room in rooms})
    except (OperationalError, InterfaceError):  # it is committed: an unknown version makes the hubs look for themselves
        versions = {}
    found = [
        (
            room.key,
            Run(
                book.firsts[room.key],
                tuple(book.frames[room.key]),
                versions.get(room.pk, ""),
                tuple(book.by[room.key]),
            ),
        )
        for room in rooms
    ]
    wake.publish(TOPIC, news.pack(found))


def house_entry(*, room_pk: int, kind: str, body: str = "", of: int | None = None) -> None:
    """An entry that nobody sent: a moderator's decision. In the caller's transaction, if there is one."""
    with transaction.atomic():
        room = Room.objects.select_for_update().get(pk=room_pk)
        book = Book({room.key: room}, [])
        book.enter_by_house(room, kind=kind, body=body, of=of)
        transaction.on_commit(partial(_announce, book.store(), book))
