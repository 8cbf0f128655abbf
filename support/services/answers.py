"""What supporters answer."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from circle.models import Supporter
from circle.policies import can_answer
from delivery.services import cancel
from ground import clock, wake
from ground.errors import Settled
from people.models import Link, Person
from support.models import Answer, Episode, EpisodeSupporter, Rule
from support.selectors import cases as reads
from support.selectors.cases import Case
from support.selectors.contacts import CLAIMED, WORDS
from support.services.carrying import search_stop
from support.services.messages import note, topic_of
from support.services.outcomes import replan
from support.streaks import Reason


def answer_give(
    *, kind: str, link: Link | None = None, supporter: Supporter | None = None, actor: Person | None = None
) -> None:
    """ "I'm on it" (claim), "I reached them" (reached), "I can't now" (cannot): by a nudge's link, or as oneself.

    It counts for every open episode of that member in which this supporter was told (4.4); repeating it changes
    nothing. Raises ValidationError (unknown answer), PermissionDenied (not the supporter), Settled (nothing is open).
    """
    if kind not in Answer.KINDS:
        raise ValidationError({"answer": _("This answer is not known here.")})
    who = _answering(link, supporter, actor)
    now = clock.now()
    with transaction.atomic():
        rule = (
            Rule.objects.select_for_update(of=("self",)).select_related("person").filter(person=who.member_id).first()
        )
        case = reads.load([rule])[0] if rule else None
        told = _told(case, who) if case else []
        if case is None or not told:
            raise Settled(_("This is settled. Thank you for being there."))
        for row in told:
            if _is_new(row, kind):
                _write(case, row, kind, now)
        replan([case], {row.episode_id for row in told}, now)
        transaction.on_commit(lambda: wake.publish("work"))


def _answering(link: Link | None, supporter: Supporter | None, actor: Person | None) -> Supporter:
    if link is not None:
        row = EpisodeSupporter.objects.select_related("supporter").filter(pk=link.subject).first()
        if link.purpose != "nudge" or row is None:
            raise PermissionDenied
        supporter, actor = row.supporter, link.person
    if supporter is None or actor is None or not can_answer(actor, supporter):
        raise PermissionDenied
    return supporter


def _told(case: Case, who: Supporter) -> list[EpisodeSupporter]:
    """The supporter's rows in open episodes in which they were told."""
    found = []
    for episode in case.episodes.values():
        told = case.told(episode)
        found += [row for row in case.rows.get(episode.pk, []) if row.supporter_id == who.pk and row.pk in told]
    return found


def _is_new(row: EpisodeSupporter, kind: str) -> bool:
    """Of claim and cannot the latest counts; reached counts once."""
    given = Answer.objects.filter(episode=row.episode_id, supporter=row.supporter_id)
    given = given.filter(kind=kind) if kind == Answer.REACHED else given.exclude(kind=Answer.REACHED)
    last = given.order_by("-at", "-pk").first()
    return last is None or last.kind != kind


def _write(case: Case, row: EpisodeSupporter, kind: str, now: datetime) -> None:
    episode, supporter = row.episode, row.supporter
    Answer.objects.create(episode=episode, supporter=supporter, kind=kind, at=now)
    note(episode, now, kind, supporter=supporter.pk, name=supporter.name)
    if kind == Answer.REACHED:
        episode.search_over = True
        Episode.objects.filter(pk=episode.pk).update(search_over=True)
        search_stop(case, episode, reason=WORDS[Reason.SEARCH_OVER], at=now)
    elif kind == Answer.CANNOT:
        cancel(topic=topic_of(episode), recipient=supporter.person, kinds=["reminder"], reason=WORDS[Reason.NO_CLAIM])
    elif row.level == 1:  # a claim of level 1 withdraws only a waiting nudge of level 2, which is then due anew
        for second in case.rows.get(episode.pk, []):
            if second.level != 1 and second.state == EpisodeSupporter.LEAVING:
                cancel(topic=topic_of(episode), recipient=second.supporter.person, kinds=["nudge"], reason=CLAIMED)
