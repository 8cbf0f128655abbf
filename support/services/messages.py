"""Deciding messages of an episode: the row in the outbox, the note of it here, the line in the episode's log."""

from datetime import datetime
from typing import Any

from delivery.models import Delivery
from delivery.services import cancel, message_enqueue
from people.models import Person
from support.models import Episode, EpisodeEvent, EpisodeMessage, EpisodeSupporter

TO_SUPPORTERS = ("nudge", "reminder")  # what a search for the member consists of


def topic_of(episode: Episode) -> str:
    return f"episode:{episode.pk}"


def note(episode: Episode, at: datetime, what: str, **detail: Any) -> None:
    """One line of the episode's log; `at` in UTC."""
    EpisodeEvent.objects.create(episode=episode, at=at, what=what, detail=detail)


def to_member(episode: Episode, kind: str, at: datetime, *, key: str = "", **payload: Any) -> Delivery:
    """Decide a message to the member, due at `at` (UTC); a copy goes to the inbox."""
    return _decide(
        episode,
        kind,
        episode.watch.person,
        at,
        key=key or f"{kind}:{episode.pk}",
        payload={"episode": episode.pk, **payload},
        to_inbox=True,
    )


def to_supporter(
    row: EpisodeSupporter, kind: str, at: datetime, *, key: str, level: int | None = None, **payload: Any
) -> Delivery:
    """Decide a message to one supporter, due at `at` (UTC)."""
    return _decide(
        row.episode,
        kind,
        row.supporter.person,
        at,
        key=key,
        payload={"episode": row.episode_id, "row": row.pk, "supporter": row.supporter_id, **payload},
        row=row,
        level=level,
    )


def _decide(
    episode: Episode,
    kind: str,
    recipient: Person,
    at: datetime,
    *,
    key: str,
    payload: dict[str, Any],
    to_inbox: bool = False,
    row: EpisodeSupporter | None = None,
    level: int | None = None,
) -> Delivery:
    delivery = message_enqueue(
        kind=kind,
        topic=topic_of(episode),
        recipient=recipient,
        dedupe_key=key,
        not_before=at,
        payload=payload,
        to_inbox=to_inbox,
    )
    EpisodeMessage.objects.get_or_create(delivery=delivery, defaults={"episode": episode, "row": row, "level": level})
    return delivery


def withdraw(episode: Episode, *, kinds: tuple[str, ...] | None = None, reason: str) -> None:
    """Cancel what the episode has pending, of these kinds or of all."""
    cancel(topic=topic_of(episode), kinds=kinds, reason=reason)
