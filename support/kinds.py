"""The messages of the watch: what each says, whom it is linked to, and what is looked at again at the send (4.7).

A supporter hears the name the member chose and nothing else: no group, place, date, count or reason (rule D5).
"""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats, translation
from django.utils.translation import gettext as _

from circle.models import Supporter
from delivery.kinds import Kind, Subject, register
from delivery.models import Delivery
from delivery.services import in_window
from ground import clock
from ground.errors import Settled
from people.models import Person
from people.selectors import account_of
from support import streaks
from support.models import Answer, Episode, EpisodeSupporter
from support.selectors import contacts
from support.selectors.cases import Case, case_of, decision_of
from support.selectors.contacts import CLOSED, GONE, NOT_DUE, OVERDUE, WORDS, grace_of
from support.services.answers import answer_give
from support.services.messages import TO_SUPPORTERS
from support.services.outcomes import message_came_back
from support.streaks import MessageKind, Reason

ROOM = 12  # characters that a text has for a name or a time


# --- checks ---------------------------------------------------------------------------------------------------


def check_soft_note(delivery: Delivery, now: datetime) -> str | None:
    """A soft note needs s >= 1."""
    return _check_streak(delivery, now, streaks.check_soft_note)


def check_heads_up(delivery: Delivery, now: datetime) -> str | None:
    """A heads-up needs s >= N-1, N as when it was decided."""
    threshold = int(delivery.payload["threshold"])
    return _check_streak(delivery, now, lambda streak: streaks.check_heads_up(streak, threshold))


def _check_streak(delivery: Delivery, now: datetime, check: Callable[[int], Reason | None]) -> str | None:
    found = _open(delivery)
    if isinstance(found, str):
        return found
    case, episode = found
    barred = check(streaks.streak_at(case.records(episode.watch, now), now).count)
    return _member_gone(delivery.recipient) or (WORDS[barred] if barred else None)


def check_final_notice(delivery: Delivery, now: datetime) -> str | None:
    """A final notice needs that the decision stands; a further one (4.8) also that no pause is on."""
    found = _open(delivery)
    if isinstance(found, str):
        return found
    case, episode = found
    decision = decision_of(episode)
    barred = streaks.check_final_notice(
        decision_stands=decision is not None and streaks.decision_stands(case.records(episode.watch, now), decision),
        further=int(delivery.payload["number"]) > 1,
        paused=case.paused_at(now),
    )
    return _member_gone(delivery.recipient) or (WORDS[barred] if barred else None)


def check_nudge(delivery: Delivery, now: datetime) -> str | None:
    """All of 4.7, 4.8, and for level 2 that 4.4 still says now."""
    found = _row(delivery)
    if isinstance(found, str):
        return found
    case, row = found
    people = contacts.load([case], now)
    barred = contacts.nudge_barred(case, row, people, now)
    if barred is not None:
        return barred
    if streaks.overdue(in_window(delivery.recipient, delivery.due_at), now):
        return OVERDUE
    if row.level != 1:
        due = contacts.level2_due(case, row.episode, people)
        if due is None or due > now:
            return NOT_DUE
    return None


def check_reminder(delivery: Delivery, now: datetime) -> str | None:
    """All of 4.7, and a claim that stands."""
    found = _row(delivery)
    if isinstance(found, str):
        return found
    case, row = found
    return contacts.reminder_barred(case, row, contacts.load([case], now), now)


def check_closing(delivery: Delivery, now: datetime) -> str | None:
    """Retraction: consent `absence`; back in touch: also `back_in_touch`; both acceptance and reachability."""
    row = _any_row(delivery)
    if row is None:
        return GONE
    people = contacts.load_rows([row], [row.supporter.member_id], now)
    return contacts.closing_barred(MessageKind(delivery.kind), row.supporter, people)


def check_member_closing(delivery: Delivery, now: datetime) -> str | None:
    """All sorted, apology and unreachable are not looked at again; a closed account gets nothing."""
    return _member_gone(delivery.recipient)


def _member_gone(person: Person) -> str | None:
    account = account_of(person)
    return None if account is not None and account.is_active else CLOSED


def _open(delivery: Delivery) -> tuple[Case, Episode] | str:
    """The case of a message to the member and its episode, or the reason why there is none."""
    case = case_of(delivery.recipient)
    if case is None:
        return GONE
    for episode in case.episodes.values():
        if episode.pk == delivery.payload["episode"]:
            return case, episode
    return WORDS[Reason.EPISODE_ENDED]


def _row(delivery: Delivery) -> tuple[Case, EpisodeSupporter] | str:
    """The case of a message to a supporter and their row in the open episode, or the reason why there is none."""
    supporter = Supporter.objects.select_related("member").filter(pk=delivery.payload["supporter"]).first()
    case = case_of(supporter.member) if supporter else None
    if case is None:
        return GONE
    for row in case.rows.get(delivery.payload["episode"], []):
        if row.pk == delivery.payload["row"]:
            return case, row
    return WORDS[Reason.EPISODE_ENDED]


def _any_row(delivery: Delivery) -> EpisodeSupporter | None:
    rows = EpisodeSupporter.objects.select_related("supporter__member", "supporter__person", "episode")
    return rows.filter(pk=delivery.payload["row"]).first()


# --- what the texts are filled with ---------------------------------------------------------------------------


def member_context(delivery: Delivery) -> dict[str, str]:
    return {"me": delivery.recipient.name}


def supporter_context(delivery: Delivery) -> dict[str, str]:
    """The names the member chose, for themselves and for this supporter; nothing else leaves (D5)."""
    supporter = Supporter.objects.get(pk=delivery.payload["supporter"])
    if delivery.recipient_id == supporter.member_id:
        return {"me": delivery.recipient.name, "su": supporter.name}
    return {"me": supporter.sender_name, "su": supporter.name}


def final_context(delivery: Delivery) -> dict[str, str]:
    """Who would be told, and when the first of them would be, in the member's zone."""
    member = delivery.recipient
    episode = Episode.objects.get(pk=delivery.payload["episode"])
    rows = EpisodeSupporter.objects.filter(episode=episode).select_related("supporter__person").order_by("level", "pk")
    first = [row for row in rows if row.level == 1] or list(rows)
    attempt = delivery.attempted_at or clock.now()
    people = contacts.load_rows(first, [member.pk], attempt)
    times = [
        streaks.level1_due(
            final_attempt=attempt,
            grace=grace_of(episode),
            last_nudge_handed_over_at=people.last_told.get(row.supporter_id) if row.level == 1 else None,
        ).at
        for row in first
    ]
    when = min(
        (in_window(row.supporter.person, due) for row, due in zip(first, times, strict=True)),
        default=attempt + grace_of(episode),
    )
    with translation.override(member.language):
        return {"me": member.name, "su": names([row.supporter.name for row in first]), "when": weekday(when, member)}


def told_context(delivery: Delivery) -> dict[str, str]:
    """For the apology: who had been told."""
    told = EpisodeSupporter.objects.filter(episode=delivery.payload["episode"], told_at__isnull=False)
    listed = list(told.select_related("supporter").order_by("level", "pk"))
    with translation.override(delivery.recipient.language):
        return {"me": delivery.recipient.name, "su": names([row.supporter.name for row in listed])}


def names(listed: list[str]) -> str:
    """ "Sam", or "Sam and 2", within 12 characters."""
    if not listed:
        return _("nobody yet")[:ROOM]
    if len(listed) == 1:
        return listed[0][:ROOM]
    more = _(" and %(count)s") % {"count": len(listed) - 1}
    return listed[0][: ROOM - len(more)].rstrip() + more


def weekday(moment: datetime, person: Person) -> str:
    """ "Fri 20:35" in the person's zone and the language that is active."""
    return formats.date_format(moment.astimezone(ZoneInfo(person.zone)), "D H:i")[:ROOM]


# --- links ----------------------------------------------------------------------------------------------------


def watch_link(delivery: Delivery) -> Subject:
    return ("watch", delivery.payload["episode"])


def nudge_link(delivery: Delivery) -> Subject:
    return ("nudge", delivery.payload["row"])


def stop_link(delivery: Delivery) -> Subject:
    return ("supporter_stop", delivery.payload["supporter"])


def circle_link(delivery: Delivery) -> Subject:
    """The member's own page of that contact, which asks them to sign in."""
    return ("circle", delivery.payload["supporter"])


# --- what comes back ------------------------------------------------------------------------------------------


def _reply(kind: str) -> Callable[[Delivery], None]:
    def give(delivery: Delivery) -> None:
        supporter = Supporter.objects.filter(pk=delivery.payload["supporter"]).first()
        if supporter is None:
            raise Settled(GONE)
        answer_give(kind=kind, supporter=supporter, actor=delivery.recipient)

    return give


# the digits that a text message offers, the same as the buttons
REPLIES = {"1": _reply(Answer.CLAIM), "2": _reply(Answer.REACHED), "3": _reply(Answer.CANNOT)}


def enter() -> None:
    """Called from apps.py."""
    register(Kind("soft_note", "T14", check=check_soft_note, context=member_context, link=watch_link))
    register(Kind("heads_up", "T01", check=check_heads_up, context=member_context, link=watch_link))
    register(Kind("final_notice", "T02", check=check_final_notice, context=final_context, link=watch_link))
    register(Kind("all_sorted", "T15", check=check_member_closing, context=member_context, link=watch_link))
    register(Kind("apology", "T16", check=check_member_closing, context=told_context, link=watch_link))
    register(Kind("unreachable", "T18", check=check_member_closing, context=supporter_context, link=circle_link))
    for name, text, check in (
        ("nudge", "T03", check_nudge),
        ("reminder", "T17", check_reminder),
        ("retraction", "T06", check_closing),
        ("back_in_touch", "T05", check_closing),
    ):
        register(
            Kind(
                name,
                text,
                check=check,
                context=supporter_context,
                link=nudge_link,
                stop=stop_link,
                replies=REPLIES if name in TO_SUPPORTERS else {},
                came_back=message_came_back,
            )
        )
