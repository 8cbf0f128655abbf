"""Writers, beside delivery.services: what comes back. Texts and mails that people send, and what providers report.

Kept of one is that it came, never what it said or from whom.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from delivery.kinds import kind_of, stop_everywhere
from delivery.models import Attempt, Delivery, Inbound, Stop
from delivery.selectors import usable_ways
from delivery.services import SOFT_DELAYS, address_stop, allowed_at
from delivery.transports.email.reading import Letter
from delivery.transports.sms import words
from delivery.transports.sms.catalogue import answer_of
from delivery.transports.sms.gateways import Incoming
from ground import clock, wake
from ground.errors import NotYet, Settled
from ground.links import address_hash
from ground.site import site_url
from people.models import ContactWay, Person
from people.services import way_bounced

ANSWERABLE = timedelta(days=14)  # how long a short reply is taken as one to a message
ARRIVED = ("handed_over", "uncertain")


def text_received(*, text: Incoming) -> str:
    """Act on a text message and return what to answer; empty for one that was told before.

    STOP holds for everybody who writes to this number. A digit counts only when exactly one person's message is open
    for it: two members who chose the same number are never mixed up.
    """
    people = _people_of(text.sender)
    language = people[0].language if people else "en"
    meaning = words.meaning(text.text)
    with transaction.atomic():
        if _told_before(text.reference[:64]):
            return ""
        return answer_of(_act(meaning, text.sender, people, ContactWay.SMS), language, site_url())


def mail_received(*, letter: Letter, verified: bool = False) -> str:
    """Act on a mail as on a text; return what was done: stopped, started, noted, settled, which, help, unread.

    Empty for one that was told before or that a machine wrote. Nothing is answered by mail: two machines might go on
    answering each other, and after STOP nothing is to come.

    Anybody can write any name into a mail. So it counts for the message it answers, whose id only the reader of that
    message has; one that answers none counts only when it is `verified` (the mail server has proven the sender).
    """
    if letter.automatic:
        return ""
    meaning = words.meaning(letter.said)
    with transaction.atomic():
        if _told_before(letter.reference):
            return ""
        answered = _mail_of(letter.refs)
        if answered is not None:
            return _act_on(meaning, *answered)
        if verified and letter.sender:
            return _act(meaning, letter.sender, _people_of(letter.sender), ContactWay.EMAIL)
    return "unread"


def _told_before(reference: str) -> bool:
    try:
        with transaction.atomic():
            Inbound.objects.create(reference=reference, at=clock.now())
    except IntegrityError:
        return True
    return False


def _mail_of(refs: Sequence[str]) -> tuple[Delivery, str] | None:
    """The message that a mail answers, and the address it went to; empty when that is not kept any more."""
    for ref in refs:
        delivery = _delivery(ref)
        if delivery is None:
            continue
        attempt = delivery.tries.filter(transport=ContactWay.EMAIL).select_related("way").last()
        if attempt is not None:
            return delivery, attempt.way.address if attempt.way is not None else ""
    return None


def _act_on(meaning: str, delivery: Delivery, address: str) -> str:
    """An answer to one message, by whoever reads that mailbox."""
    if meaning == words.STOP and not address:
        stop_everywhere(delivery.recipient)
        return "stopped"
    if meaning in {words.STOP, words.START, words.HELP}:
        return _act(meaning, address, [], ContactWay.EMAIL)
    fresh = delivery.state in ARRIVED and delivery.handed_at and delivery.handed_at > clock.now() - ANSWERABLE
    return _give(meaning, delivery) if fresh and meaning in kind_of(delivery.kind).replies else "unread"


def _act(meaning: str, sender: str, people: Sequence[Person], transport: str) -> str:
    """The name of the answer."""
    if meaning == words.STOP:
        address_said_stop(address=sender)
        return "stopped"
    if meaning == words.START:
        Stop.objects.filter(address_hash=address_hash(sender)).delete()
        return "started"
    if meaning == words.HELP:
        return "help"
    return _reply(meaning, people, transport) if meaning else "unread"


def _reply(digit: str, people: Sequence[Person], transport: str) -> str:
    since = clock.now() - ANSWERABLE
    sent = Delivery.objects.filter(recipient__in=people, state__in=ARRIVED, handed_at__gt=since)
    latest: dict[int, Delivery] = {}
    for delivery in sent.filter(tries__transport=transport).select_related("recipient").order_by("handed_at"):
        if digit in kind_of(delivery.kind).replies:
            latest[delivery.recipient_id] = delivery
    if not latest:
        return "unread"
    if len(latest) > 1:
        return "which"
    [delivery] = latest.values()
    return _give(digit, delivery)


def _give(digit: str, delivery: Delivery) -> str:
    try:
        kind_of(delivery.kind).replies[digit](delivery)
    except Settled:
        return "settled"
    return "noted"


def address_said_stop(*, address: str) -> None:
    """STOP from an address itself: nothing goes there any more, and every room hears it for each of its contacts."""
    with transaction.atomic():
        address_stop(address=address)
        for person in _people_of(address):
            stop_everywhere(person)


def report_received(*, ref: str, transport: str, address: str, outcome: str, detail: str = "") -> bool:
    """What a provider says became of a message at `address`: "delivered", "soft" or "hard". False: nothing to change.

    hard: this way is dead, the message goes on to the next one with the same key; none left, it did not arrive.
    soft: it is tried again like any soft error. A report told twice, or about a way that was given up, changes nothing.
    Raises NotYet while the hand-over itself is not written down.
    """
    delivery = _delivery(ref)
    if delivery is not None and delivery.state == "handing":
        raise NotYet("This message is on its way at this moment: please report again in a minute.")
    if delivery is None or outcome not in {"delivered", "soft", "hard"} or _last(delivery, transport, address) is None:
        return False
    with transaction.atomic():
        if outcome != "delivered":
            kind_of(delivery.kind).came_back(delivery)  # takes the room's own locks first, as the room does
        found = Delivery.objects.select_for_update(of=("self",)).select_related("recipient").get(pk=delivery.pk)
        attempt = _last(found, transport, address)
        if attempt is None:  # told twice at the same moment
            transaction.set_rollback(True)
            return False
        if outcome == "delivered":
            return _arrived(found, attempt)
        _came_back(found, attempt, outcome, detail)
        transaction.on_commit(lambda: wake.publish("work"))
    return True


def _last(delivery: Delivery, transport: str, address: str) -> Attempt | None:
    """The latest attempt by this transport, if it went to this address and is what the delivery's state rests on."""
    attempt = delivery.tries.filter(transport=transport).select_related("way").order_by("-pk").first()
    if attempt is None or attempt.way is None or attempt.way.address_hash != address_hash(address):
        return None
    return attempt if delivery.state in ARRIVED and attempt.outcome in {"sent", "uncertain"} else None


def _arrived(delivery: Delivery, attempt: Attempt) -> bool:
    """What nobody knew is known now."""
    if attempt.outcome != "uncertain":
        return False
    Attempt.objects.filter(pk=attempt.pk).update(outcome="sent", detail="the provider reports that it arrived")
    Delivery.objects.filter(pk=delivery.pk).update(state="handed_over", reason="")
    return True


def _came_back(delivery: Delivery, attempt: Attempt, outcome: str, detail: str) -> None:
    """The message was taken and did not arrive: the attempt says so, and the next one is due."""
    now = clock.now()
    soft = delivery.tries.filter(way=attempt.way, outcome="soft").count()
    if outcome == "soft" and soft >= len(SOFT_DELAYS):
        outcome = "hard"
    Attempt.objects.filter(pk=attempt.pk).update(outcome=outcome, detail=f"taken, then came back: {detail}"[:200])
    if outcome == "hard" and attempt.way is not None:
        way_bounced(way=attempt.way)
    later = now + SOFT_DELAYS[soft] if outcome == "soft" else now
    again = {"state": "pending", "not_before": allowed_at(delivery, later)}
    gone = {"state": "failed", "bounced": True, "reason": "it came back, and no way is left"}
    change = again if outcome == "soft" or usable_ways(delivery.recipient) else gone
    Delivery.objects.filter(pk=delivery.pk).update(**change)


def _delivery(ref: str) -> Delivery | None:
    try:
        return Delivery.objects.filter(pid=UUID(ref)).first()
    except ValueError:
        return None


def _people_of(address: str) -> list[Person]:
    """Everybody who is reached at this address."""
    found = Person.objects.filter(ways__address_hash=address_hash(address)).distinct()
    return list(found.order_by("pk"))
