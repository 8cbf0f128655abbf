"""Carrying out the effects of a change: episodes open and end, messages are decided and withdrawn, all is logged."""

from collections.abc import Iterable
from datetime import datetime

from support import streaks
from support.models import Episode, EpisodeSupporter, Watch
from support.selectors.cases import Case
from support.selectors.contacts import MUTED, WORDS, People
from support.services.messages import TO_SUPPORTERS, note, to_member, to_supporter, withdraw
from support.streaks import Ending, Purpose, Reason


def carry_out(case: Case, watch: Watch, effects: Iterable[streaks.Effect], *, at: datetime) -> None:
    """Carry out the effects on one watch in their order; messages are due at `at`, the time of the change (4.2)."""
    ended: Episode | None = None
    for effect in effects:
        episode = case.episodes.get(watch.pk) or ended
        match effect:
            case streaks.EndEpisode(reason):
                assert episode is not None
                _end(case, episode, reason, at)
                ended = episode
            case streaks.OpenEpisode():
                ended = None
                _open(case, watch, at)
            case streaks.AllSorted() | streaks.Apology():
                assert episode is not None
                _closing_to_member(episode, effect, at)
            case streaks.Retract(told) | streaks.BackInTouch(told):
                assert episode is not None
                _closing_to_told(case, episode, effect, told, at)
            case _:
                assert episode is not None
                _go_on(case, episode, effect, at)


def _go_on(case: Case, episode: Episode, effect: streaks.Effect, at: datetime) -> None:
    """Effects on an episode that is open."""
    match effect:
        case streaks.Withdraw(kinds):
            withdraw(episode, kinds=tuple(kind.value for kind in kinds), reason="something later was decided")
        case streaks.SoftNote():
            _update(episode, soft_note_at=at)
            to_member(episode, "soft_note", at)
        case streaks.HeadsUp(threshold):
            _update(episode, heads_up_at=at)
            to_member(episode, "heads_up", at, threshold=threshold)
        case streaks.FinalNotice(decision):
            _decide(case, episode, decision, at)
        case streaks.Hush():
            _update(episode, hushed=True)
            search_stop(case, episode, reason=WORDS[Reason.HUSHED], at=at)
            note(episode, at, "hushed")
        case streaks.Suspend():
            _update(episode, suspended=True)
            note(episode, at, "suspended")
        case streaks.Resume():
            _update(episode, suspended=False)
            note(episode, at, "resumed")


def _open(case: Case, watch: Watch, at: datetime) -> None:
    episode = Episode.objects.create(watch=watch, opened_at=at)
    case.episodes[watch.pk] = episode
    note(episode, at, "opened")


def _end(case: Case, episode: Episode, reason: Ending, at: datetime) -> None:
    """What is pending is cancelled; who was told stays in the record."""
    withdraw(episode, reason="the episode ended")
    _update(episode, ended_at=at, ending=reason.value, next_step_at=None)
    EpisodeSupporter.objects.filter(
        episode=episode, state__in=[EpisodeSupporter.WAITING, EpisodeSupporter.HELD]
    ).update(state=EpisodeSupporter.WITHDRAWN, take_at=None)
    EpisodeSupporter.objects.filter(episode=episode).update(reminder_at=None)
    note(episode, at, "ended", reason=reason.value)
    case.episodes.pop(episode.watch_id, None)


def _decide(case: Case, episode: Episode, decision: streaks.Decision, at: datetime) -> None:
    """The final notice: N, grace and the order of supporters are frozen for this episode."""
    _update(
        episode,
        decided_at=decision.decided_at,
        deciding_start=decision.deciding_start,
        deciding_group_id=decision.deciding_group,
        threshold=decision.threshold,
        grace_hours=case.rule.grace_hours,
        notices=1,
    )
    EpisodeSupporter.objects.bulk_create(
        EpisodeSupporter(episode=episode, supporter_id=supporter, level=level)
        for supporter, level in case.listed.items()
    )
    to_member(episode, "final_notice", at, number=1)
    note(episode, at, "decided")


def _closing_to_member(episode: Episode, effect: streaks.AllSorted | streaks.Apology, at: datetime) -> None:
    if isinstance(effect, streaks.Apology):
        _update(episode, false_alert=True)
        to_member(episode, "apology", at)
    else:
        to_member(episode, "all_sorted", at)


def _closing_to_told(
    case: Case,
    episode: Episode,
    effect: streaks.Retract | streaks.BackInTouch,
    told: tuple[int, ...],
    at: datetime,
) -> None:
    kind = "retraction" if isinstance(effect, streaks.Retract) else "back_in_touch"
    for row in case.rows.get(episode.pk, []):
        if row.pk in told:
            to_supporter(row, kind, at, key=f"{kind}:{episode.pk}:{row.supporter_id}")


def search_stop(case: Case, episode: Episode, *, reason: str, at: datetime) -> None:
    """No further nudge and no reminder of this episode, for good; what is pending of these is cancelled."""
    withdraw(episode, kinds=TO_SUPPORTERS, reason=reason)
    for row in case.rows.get(episode.pk, []):
        if row.state in {EpisodeSupporter.WAITING, EpisodeSupporter.HELD}:
            nudge_withdraw(row, reason=reason, at=at)
        if row.reminder_at is not None:
            row.reminder_at = None
            row.save(update_fields=["reminder_at"])


def nudge_withdraw(row: EpisodeSupporter, *, reason: str, at: datetime) -> None:
    """A nudge that was not decided yet never will be."""
    row.state, row.take_at = EpisodeSupporter.WITHDRAWN, None
    row.save(update_fields=["state", "take_at"])
    note(row.episode, at, "nudge_withdrawn", supporter=row.supporter_id, name=row.supporter.name, reason=reason)


def withdraw_silenced(case: Case, episode: Episode, asked: set[int], people: People, at: datetime) -> None:
    """A consent was revoked, a supporter muted, taken off the list, or said no: their waiting nudge is withdrawn.

    `asked` are the ids of the supporters about whom something changed; nothing is sent to them about it.
    """
    for row in case.rows.get(episode.pk, []):
        if row.supporter_id not in asked or row.state not in {EpisodeSupporter.WAITING, EpisodeSupporter.HELD}:
            continue
        supporter = row.supporter
        if supporter.state not in supporter.ON_THE_LIST:
            nudge_withdraw(row, reason=WORDS[Reason.UNREACHABLE], at=at)
        elif supporter.muted:
            nudge_withdraw(row, reason=MUTED, at=at)
        elif not people.may_hear(supporter, Purpose.ABSENCE):
            nudge_withdraw(row, reason=WORDS[Reason.NO_CONSENT], at=at)


def _update(episode: Episode, **changed: object) -> None:
    """Only what changed, on the row and on the object."""
    for name, value in changed.items():
        setattr(episode, name, value)
    Episode.objects.filter(pk=episode.pk).update(**changed)
