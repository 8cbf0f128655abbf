"""What a message says at the moment it leaves: the catalogue's text, filled, with its links."""

from collections.abc import Iterable, Sequence

from django.conf import settings

from delivery.catalogue import subject_of, text_of
from delivery.kinds import kind_of
from delivery.models import Delivery
from delivery.transports import Message
from ground.site import site_url
from people.services import LinkWanted, links_give

ROOM = 12  # characters that a text has for a name or a time


def by_kind(deliveries: Iterable[Delivery]) -> dict[str, list[Delivery]]:
    found: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        found.setdefault(delivery.kind, []).append(delivery)
    return found


def compose(deliveries: Sequence[Delivery]) -> dict[int, Message]:
    """The messages of these deliveries (with recipient) by id. The links are the same for every repeat.

    Beside what the kinds read: one statement for each purpose of a link, and one for the links that are new.
    """
    values: dict[int, dict[str, str]] = {}
    for name, group in by_kind(deliveries).items():
        values.update(zip((one.pk for one in group), kind_of(name).fillings(group), strict=True))
    links = _links(deliveries)
    return {one.pk: _message(one, values[one.pk], *links[one.pk]) for one in deliveries}


def _message(delivery: Delivery, values: dict[str, str], link: str, stop: str) -> Message:
    language = delivery.recipient.language
    filled = {name: value[:ROOM] for name, value in values.items()}
    return Message(
        key=delivery.dedupe_key,
        kind=delivery.kind,
        subject=subject_of(language),
        text=text_of(kind_of(delivery.kind).text, language, {**filled, "link": link}).strip(),
        sender=settings.SENDER_LABEL,
        link=link,
        stop=stop,
        language=language,
        ref=delivery.pid.hex,
        replies=bool(kind_of(delivery.kind).replies),
        tag=kind_of(delivery.kind).tag(delivery),
    )


def _links(deliveries: Sequence[Delivery]) -> dict[int, tuple[str, str]]:
    """By delivery: the addresses behind "look here" and "stop", empty where a kind has none."""
    wanted: list[LinkWanted | None] = []
    for delivery in deliveries:
        kind = kind_of(delivery.kind)
        both = (kind.link(delivery), kind.stop(delivery))
        wanted += [LinkWanted(*subject, delivery.recipient) if subject else None for subject in both]
    tokens = iter(links_give(wanted=[one for one in wanted if one is not None]))
    urls = [f"{site_url()}/{next(tokens)}" if one is not None else "" for one in wanted]
    return {one.pk: (urls[2 * at], urls[2 * at + 1]) for at, one in enumerate(deliveries)}
