"""The messages of the watch: what each says, whom it is linked to, and what is looked at again at the send (4.7).

A supporter hears the name the member chose and nothing else: no group, place, date, count or reason (rule D5).
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
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
from people.selectors import alive
from support import streaks
from support.models import Answer, Episode, EpisodeSupporter, Rule
from support.selectors import cases, contacts
from support.selectors.cases import Case, decision_of
from support.selectors.contacts import CLOSED, GONE, NOT_DUE, OVERDUE, WORDS, grace_of
from support.services.answers import answer_give
from support.services.messages import TO_SUPPORTERS
from support.services.outcomes import message_came_back
from support.streaks import MessageKind, Reason

ROOM = 12  # characters that a text has for a name or a time
SAID = ("pk", "member_id", "sender_name", "name")  # of a supporter, what a text needs


# --- checks ---------------------------------------------------------------------------------------------------
# Each asks for many at once; a single delivery is a batch of one.


def check_soft_notes(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """A soft note needs s >= 1."""
    return _check_streaks(deliveries, now, lambda _delivery, streak: streaks.check_soft_note(streak))


def check_heads_ups(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """A heads-up needs s >= N-1, N as when it was decided."""
    return _check_streaks(
        deliveries, now, lambda delivery, streak: streaks.check_heads_up(streak, int(delivery.payload["threshold"]))
    )


def _check_streaks(
    deliveries: Sequence[Delivery], now: datetime, check: Callable[[Delivery, int], Reason | None]
) -> list[str | None]:
    def bar(delivery: Delivery, case: Case, episode: Episode) -> Reason | None:
        return check(delivery, streaks.streak_at(case.records(episode.watch, now), now).count)

    return _check_member(deliveries, now, bar)


def check_final_notices(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """A final notice needs that the decision stands; a further one (4.8) also that no pause is on."""

    def bar(delivery: Delivery, case: Case, episode: Episode) -> Reason | None:
        decision = decision_of(episode)
        return streaks.check_final_notice(
            decision_stands=decision is not None
            and streaks.decision_stands(case.records(episode.watch, now), decision),
            further=int(delivery.payload["number"]) > 1,
            paused=case.paused_at(now),
        )

    return _check_member(deliveries, now, bar)


def _check_member(
    deliveries: Sequence[Delivery], now: datetime, bar: Callable[[Delivery, Case, Episode], Reason | None]
) -> list[str | None]:
    """What every message to the member about an open episode needs, then `bar`."""
    members = _cases({delivery.recipient_id for delivery in deliveries}, now)
    living = alive(members)
    found: list[str | None] = []
    for delivery in deliveries:
        case = members.get(delivery.recipient_id)
        episode = case and next((e for e in case.episodes.values() if e.pk == delivery.payload["episode"]), None)
        if case is None:
            found.append(GONE)
        elif not episode:
            found.append(WORDS[Reason.EPISODE_ENDED])
        elif delivery.recipient_id not in living:
            found.append(CLOSED)
        else:
            barred = bar(delivery, case, episode)
            found.append(WORDS[barred] if barred else None)
    return found


def check_nudges(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """All of 4.7, 4.8, and for level 2 that 4.4 still says now."""

    def bar(delivery: Delivery, case: Case, row: EpisodeSupporter, people: contacts.People) -> str | None:
        barred = contacts.nudge_barred(case, row, people, now)
        if barred is not None:
            return barred
        if streaks.overdue(in_window(delivery.recipient, delivery.due_at), now) or _asked_anew(case, row, people, now):
            return OVERDUE
        if row.level != 1:
            due = contacts.level2_due(case, row.episode, people)
            if due is None or due > now:
                return NOT_DUE
        return None

    return _check_supporters(deliveries, now, bar)


def _asked_anew(case: Case, row: EpisodeSupporter, people: contacts.People, now: datetime) -> bool:
    """4.8: another nudge of the episode is more than 72 h late, so the member is asked first, and all are due anew.

    The watch sees to it for what it takes up itself; this is for what lay in the outbox while delivery stood still.
    """
    others = [one for one in case.rows.get(row.episode_id, []) if one.state == EpisodeSupporter.LEAVING]
    late = [one for one in others if one.due_at is not None and streaks.overdue(one.due_at, now)]
    return any(contacts.nudge_barred(case, one, people, now) is None for one in late)


def check_reminders(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """All of 4.7, and a claim that stands."""

    def bar(_delivery: Delivery, case: Case, row: EpisodeSupporter, people: contacts.People) -> str | None:
        return contacts.reminder_barred(case, row, people, now)

    return _check_supporters(deliveries, now, bar)


def _check_supporters(
    deliveries: Sequence[Delivery],
    now: datetime,
    bar: Callable[[Delivery, Case, EpisodeSupporter, contacts.People], str | None],
) -> list[str | None]:
    """Their rows in the open episodes, then `bar`."""
    supporters = {delivery.payload["supporter"] for delivery in deliveries}
    member_of = dict(Supporter.objects.filter(pk__in=supporters).values_list("pk", "member_id"))
    members = _cases(set(member_of.values()), now)
    people = contacts.load(members.values(), now)
    found: list[str | None] = []
    for delivery in deliveries:
        case = members.get(member_of.get(delivery.payload["supporter"], 0))
        rows = case.rows.get(delivery.payload["episode"], []) if case else []
        row = next((row for row in rows if row.pk == delivery.payload["row"]), None)
        if case is None:
            found.append(GONE)
        else:
            found.append(bar(delivery, case, row, people) if row else WORDS[Reason.EPISODE_ENDED])
    return found


def check_closings(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """Retraction: consent `absence`; back in touch: also `back_in_touch`; both acceptance and reachability."""
    wanted = EpisodeSupporter.objects.filter(pk__in={delivery.payload["row"] for delivery in deliveries})
    rows = {row.pk: row for row in wanted.select_related("supporter__member", "supporter__person", "episode")}
    people = contacts.load_rows(list(rows.values()), [row.supporter.member_id for row in rows.values()], now)
    found: list[str | None] = []
    for delivery in deliveries:
        row = rows.get(delivery.payload["row"])
        found.append(contacts.closing_barred(MessageKind(delivery.kind), row.supporter, people) if row else GONE)
    return found


def check_member_closings(deliveries: Sequence[Delivery], now: datetime) -> list[str | None]:
    """All sorted, apology and unreachable are not looked at again; a closed account gets nothing."""
    living = alive({delivery.recipient_id for delivery in deliveries})
    return [None if delivery.recipient_id in living else CLOSED for delivery in deliveries]


def _cases(members: set[int], now: datetime) -> dict[int, Case]:
    """The cases of those who have a rule; where a change waits to be evaluated, with the records as they are now."""
    loaded = cases.load(list(Rule.objects.select_related("person").filter(person__in=members)), messages=False)
    changed = [case for case in loaded if case.changed]
    if changed:
        cases.load_facts(changed, now)
    return {case.person.pk: case for case in loaded}


# --- what the texts are filled with ---------------------------------------------------------------------------


def member_context(delivery: Delivery) -> dict[str, str]:
    return {"me": delivery.recipient.name}


def supporter_contexts(deliveries: Sequence[Delivery]) -> list[dict[str, str]]:
    """The names the member chose, for themselves and for this supporter; nothing else leaves (D5)."""
    rows = Supporter.objects.filter(pk__in={delivery.payload["supporter"] for delivery in deliveries})
    supporters = {pk: (member, sender, name) for pk, member, sender, name in rows.values_list(*SAID)}
    found = []
    for delivery in deliveries:
        member, sender, name = supporters[delivery.payload["supporter"]]
        found.append({"me": delivery.recipient.name if delivery.recipient_id == member else sender, "su": name})
    return found


def final_contexts(deliveries: Sequence[Delivery]) -> list[dict[str, str]]:
    """Who would be told, and when the first of them would be, in the member's zone."""
    rows: dict[int, list[EpisodeSupporter]] = {delivery.payload["episode"]: [] for delivery in deliveries}
    found = EpisodeSupporter.objects.filter(episode__in=rows).select_related("supporter__person")
    for row in found.order_by("level", "pk"):
        rows[row.episode_id].append(row)
    first = {pk: [row for row in listed if row.level == 1] or listed for pk, listed in rows.items()}
    every = [row for listed in first.values() for row in listed]
    people = contacts.load_rows(every, [delivery.recipient_id for delivery in deliveries], clock.now())
    grace = {pk: grace_of(episode) for pk, episode in Episode.objects.in_bulk(rows).items()}
    by_episode = [(delivery, delivery.payload["episode"]) for delivery in deliveries]
    return [_final(delivery, first[pk], grace[pk], people) for delivery, pk in by_episode]


def _final(
    delivery: Delivery, first: list[EpisodeSupporter], grace: timedelta, people: contacts.People
) -> dict[str, str]:
    member = delivery.recipient
    attempt = delivery.attempted_at or clock.now()
    times = [
        streaks.level1_due(
            final_attempt=attempt,
            grace=grace,
            last_nudge_handed_over_at=people.last_told.get(row.supporter_id) if row.level == 1 else None,
        ).at
        for row in first
    ]
    when = min(
        (in_window(row.supporter.person, due) for row, due in zip(first, times, strict=True)),
        default=attempt + grace,
    )
    with translation.override(member.language):
        return {"me": member.name, "su": names([row.supporter.name for row in first]), "when": weekday(when, member)}


def told_contexts(deliveries: Sequence[Delivery]) -> list[dict[str, str]]:
    """For the apology: who had been told."""
    listed: dict[int, list[str]] = {delivery.payload["episode"]: [] for delivery in deliveries}
    told = EpisodeSupporter.objects.filter(episode__in=listed, told_at__isnull=False).order_by("level", "pk")
    for episode, name in told.values_list("episode_id", "supporter__name"):
        listed[episode].append(name)
    found = []
    for delivery in deliveries:
        with translation.override(delivery.recipient.language):
            found.append({"me": delivery.recipient.name, "su": names(listed[delivery.payload["episode"]])})
    return found


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
    for name, text, checks in (
        ("soft_note", "T14", check_soft_notes),
        ("heads_up", "T01", check_heads_ups),
        ("all_sorted", "T15", check_member_closings),
    ):
        register(Kind(name, text, checks=checks, context=member_context, link=watch_link))
    register(
        Kind(
            "final_notice",
            "T02",
            checks=check_final_notices,
            contexts=final_contexts,
            link=watch_link,
        )
    )
    register(Kind("apology", "T16", checks=check_member_closings, contexts=told_contexts, link=watch_link))
    register(
        Kind(
            "unreachable",
            "T18",
            checks=check_member_closings,
            contexts=supporter_contexts,
            link=circle_link,
        )
    )
    for name, text, checks in (
        ("nudge", "T03", check_nudges),
        ("reminder", "T17", check_reminders),
        ("retraction", "T06", check_closings),
        ("back_in_touch", "T05", check_closings),
    ):
        register(
            Kind(
                name,
                text,
                checks=checks,
                contexts=supporter_contexts,
                link=nudge_link,
                stop=stop_link,
                replies=REPLIES if name in TO_SUPPORTERS else {},
                came_back=message_came_back,
            )
        )
