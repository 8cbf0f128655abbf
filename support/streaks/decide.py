"""What one change does to one watch (docs/rules.md, section 3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from support.streaks.records import Snapshot, utc
from support.streaks.streak import Decision, Streak, decision_stands, hit_after, streak_at

EARLY_ENOUGH = timedelta(hours=72)  # soft note and heads-up only for a sheet closed so soon after the occurrence's end


class MessageKind(StrEnum):
    """The kinds of message to members and supporters, named as in section 9."""

    SOFT_NOTE = "soft_note"
    HEADS_UP = "heads_up"
    FINAL_NOTICE = "final_notice"
    ALL_SORTED = "all_sorted"
    APOLOGY = "apology"
    NUDGE = "nudge"
    REMINDER = "reminder"
    RETRACTION = "retraction"
    BACK_IN_TOUCH = "back_in_touch"
    UNREACHABLE = "unreachable"


class Cause(StrEnum):
    """What happened, where it matters to the effect. Marks, closings, corrections, cancellations, self-logged meetings,
    joining, commitments: RECORDS."""

    RECORDS = "records"
    LEFT_GROUP = "left_group"
    GROUP_CLOSED = "group_closed"  # or deleted
    GROUP_COUNTS_HEADS = "group_counts_heads"  # for a watch as if its member had left
    PAUSED = "paused"
    RESUMED = "resumed"
    SAID_OK = "said_ok"
    RULE_CHANGED = "rule_changed"
    SCOPE_CHANGED = "scope_changed"
    RULE_OFF = "rule_off"


class Ending(StrEnum):
    """Why an episode ended."""

    HIT = "hit"
    VOID = "void"
    SAID_OK = "said_ok"
    FADED = "faded"  # no MISS was left before a final notice
    LEFT_GROUP = "left_group"
    GROUP_CLOSED = "group_closed"
    GROUP_COUNTS_HEADS = "group_counts_heads"
    PAUSED = "paused"
    RAISED = "raised"
    SCOPE_CHANGED = "scope_changed"
    RULE_OFF = "rule_off"


LEAVING = {  # the group's MISSes count no longer, and what that ends it ends silently
    Cause.LEFT_GROUP: Ending.LEFT_GROUP,
    Cause.GROUP_CLOSED: Ending.GROUP_CLOSED,
    Cause.GROUP_COUNTS_HEADS: Ending.GROUP_COUNTS_HEADS,
}


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """The rule as it stands at the moment of evaluation, and whether a pause is active then."""

    threshold: int
    ok_stops: bool = True
    on: bool = True
    paused: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.threshold <= 10:
            raise ValueError(f"a threshold is 1 to 10, not {self.threshold}")


@dataclass(frozen=True, slots=True)
class EpisodeState:
    """An open episode. `told` are the supporters told, of either level: handed over and not bounced.

    `soft_noted` and `heads_up` count the decision, also one withdrawn or suppressed later; `decision` is there from the
    decision of the final notice on. `hushed`: N was raised above the streak after somebody was told.
    """

    soft_noted: bool = False
    heads_up: bool = False
    decision: Decision | None = None
    final_attempted: bool = False
    told: frozenset[int] = frozenset()
    suspended: bool = False
    hushed: bool = False


@dataclass(frozen=True, slots=True)
class FirstClosing:
    """The first closing of a sheet; `key` is that of its `Mark`."""

    key: str
    end: datetime
    closed_at: datetime

    @property
    def early_enough(self) -> bool:
        """Not more than 72 h after the occurrence's end."""
        return utc(self.closed_at) - utc(self.end) <= EARLY_ENOUGH


@dataclass(frozen=True, slots=True)
class ChangeInfo:
    """One change. `threshold_before` is the rule's N before it, when the rule was changed."""

    causes: frozenset[Cause] = frozenset({Cause.RECORDS})
    first_closings: tuple[FirstClosing, ...] = ()
    threshold_before: int | None = None


@dataclass(frozen=True, slots=True)
class EndEpisode:
    """The open episode ends and all it has pending is cancelled; silently, unless a closing message follows."""

    reason: Ending


@dataclass(frozen=True, slots=True)
class AllSorted:
    """The member gets **all sorted**."""


@dataclass(frozen=True, slots=True)
class Retract:
    """Each of `told` gets a **retraction**. It counts as a false alert; an `Apology` follows."""

    told: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Apology:
    """The member gets an **apology**."""


@dataclass(frozen=True, slots=True)
class BackInTouch:
    """Each of `told` gets **back in touch**."""

    told: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Hush:
    """The episode stays open for its ending, without further nudge, reminder or further final notice; what of these is
    pending is withdrawn."""


@dataclass(frozen=True, slots=True)
class Suspend:
    """A pause began after somebody was told: the episode is suspended. Nothing is withdrawn, see `check_nudge`."""


@dataclass(frozen=True, slots=True)
class Resume:
    """The pause is over: the episode is not suspended any more."""


@dataclass(frozen=True, slots=True)
class OpenEpisode:
    """A new episode of the watch; the messages that follow are its."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Of the open episode, messages of these kinds that are not sent yet are withdrawn: a higher one was decided."""

    kinds: tuple[MessageKind, ...]


@dataclass(frozen=True, slots=True)
class SoftNote:
    """The member gets a **soft note**, once per episode."""


@dataclass(frozen=True, slots=True)
class HeadsUp:
    """The member gets a **heads-up**, once per episode. `threshold` is N now, for the check at the send (4.7)."""

    threshold: int


@dataclass(frozen=True, slots=True)
class FinalNotice:
    """The member gets a **final notice**: who would be told, and when."""

    decision: Decision


Effect = (
    EndEpisode
    | AllSorted
    | Retract
    | Apology
    | BackInTouch
    | Hush
    | Suspend
    | Resume
    | OpenEpisode
    | Withdraw
    | SoftNote
    | HeadsUp
    | FinalNotice
)


@dataclass(frozen=True, slots=True)
class _Look:
    """One evaluation: `s` is the streak after the change, `p` the one at the same moment over the records before it."""

    after: Snapshot
    now: datetime
    terms: RuleTerms
    change: ChangeInfo
    s: Streak
    p: int

    @property
    def raised_above(self) -> bool:
        """Raising N to more than s, also where s was below N before."""
        n, before = self.terms.threshold, self.change.threshold_before
        return before is not None and n > before and n > self.s.count

    def void(self, decision: Decision | None) -> bool:
        """There was a decision, and it no longer stands."""
        return decision is not None and not decision_stands(self.after, decision)

    def stops_untold(self) -> Iterator[Ending]:
        """The rows that end only an episode of which nobody was told."""
        if self.raised_above:
            yield Ending.RAISED
        if self.terms.paused or Cause.PAUSED in self.change.causes:
            yield Ending.PAUSED


def decide(
    *,
    before: Snapshot,
    after: Snapshot,
    now: datetime,
    terms: RuleTerms,
    episode: EpisodeState | None,
    change: ChangeInfo,
) -> tuple[Effect, ...]:
    """The effects of one change on one watch, in the order in which to carry them out (section 3).

    A change first ends episodes, then opens them; it may do both. `before` are the records of the last evaluation (a
    new watch begins with the records at its birth, so that only a new MISS sends anything), `after` the present ones,
    `now` the moment of the change. Raises ValueError when the two snapshots are of different scopes.
    """
    if before.group != after.group:
        raise ValueError("the records before and after a change belong to one watch, so to one scope")
    now = utc(now)
    look = _Look(after, now, terms, change, streak_at(after, now), streak_at(before, now).count)
    effects: list[Effect] = []
    if episode is not None:
        effects += _end(look, episode)
        if effects:
            episode = None
        else:
            effects += _go_on(look, episode)
    return (*effects, *_speak(look, episode))


def _end(look: _Look, episode: EpisodeState) -> list[Effect]:
    """The row that ends the episode and its closing messages, or nothing."""
    reason = next(_reasons(look, episode), None)
    if reason is None:
        return []
    effects: list[Effect] = [EndEpisode(reason)]
    told = tuple(sorted(episode.told))
    if reason is Ending.VOID and told:
        effects += [Retract(told), Apology()]
    elif reason is Ending.VOID and episode.final_attempted:
        effects.append(AllSorted())
    elif reason in {Ending.HIT, Ending.SAID_OK} and told:
        effects.append(BackInTouch(told))
    return effects


def _reasons(look: _Look, episode: EpisodeState) -> Iterator[Ending]:
    """Every row that ends the episode, the one that goes first at the head.

    Silent rows by the member's own doing go before those with messages; a void decision before a HIT that starts later.
    """
    causes = look.change.causes
    left = next((ending for cause, ending in LEAVING.items() if cause in causes), None)
    if not look.terms.on or Cause.RULE_OFF in causes:
        yield Ending.RULE_OFF
    if Cause.SCOPE_CHANGED in causes:
        yield Ending.SCOPE_CHANGED
    if look.void(episode.decision):
        yield left or Ending.VOID
    if episode.decision is not None and hit_after(look.after, episode.decision.deciding_start):
        yield Ending.HIT
    if Cause.SAID_OK in causes and look.terms.ok_stops:
        yield Ending.SAID_OK
    if episode.decision is None and 0 in {look.s.count, look.p}:
        yield left or Ending.FADED
    if not episode.told:
        yield from look.stops_untold()


def _go_on(look: _Look, episode: EpisodeState) -> Iterator[Effect]:
    """What happens to an episode that stays open."""
    if look.raised_above and not episode.hushed:
        yield Hush()
    if look.terms.paused and not episode.suspended:
        yield Suspend()
    if episode.suspended and not look.terms.paused:
        yield Resume()


def _speak(look: _Look, episode: EpisodeState | None) -> list[Effect]:
    """The highest of soft note, heads-up and final notice that applies to the open episode, or that opens one."""
    if not look.terms.on or look.terms.paused or look.s.count <= look.p:
        return []
    state = episode or EpisodeState()
    message = None if state.decision else _message(look, state)
    if message is None:
        return []
    effects: list[Effect] = [] if episode else [OpenEpisode()]
    lower = _lower(message, state)
    if lower:
        effects.append(Withdraw(lower))
    return [*effects, message]


def _message(look: _Look, state: EpisodeState) -> SoftNote | HeadsUp | FinalNotice | None:
    """For a streak that rose, in an episode without a final notice."""
    s, n, latest = look.s.count, look.terms.threshold, look.s.latest
    if latest is not None and s >= n:
        return FinalNotice(Decision(n, latest.start, latest.group, look.now))
    if not _closed_early(look):
        return None
    if s == n - 1:
        return None if state.heads_up else HeadsUp(n)
    # s rose to 1, so p was 0, and an episode that had its soft note has just ended: this is the first of its episode.
    return SoftNote() if s == 1 else None


def _closed_early(look: _Look) -> bool:
    """The change is the first closing of a sheet, early enough, with a MISS on it that counts in s."""
    counted = {miss.key for miss in look.s.misses}
    return any(closing.key in counted and closing.early_enough for closing in look.change.first_closings)


def _lower(message: Effect, state: EpisodeState) -> tuple[MessageKind, ...]:
    """The lower messages of the episode that were decided before."""
    soft = (MessageKind.SOFT_NOTE,) if state.soft_noted else ()
    heads_up = (MessageKind.HEADS_UP,) if state.heads_up and isinstance(message, FinalNotice) else ()
    return soft + heads_up
