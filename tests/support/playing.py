"""Plays marks and pauses against the pure watch alone: one member, weekly meetings, one supporter (number 1).

What services do later with tables is done here with lists, as briefly as possible.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ground.wall import to_utc
from support.streaks import (
    AllSorted,
    Apology,
    BackInTouch,
    Cause,
    ChangeInfo,
    Commitment,
    EndEpisode,
    EpisodeState,
    Facts,
    FinalNotice,
    FirstClosing,
    HeadsUp,
    Hush,
    Mark,
    Membership,
    OpenEpisode,
    Resume,
    Retract,
    RuleTerms,
    SelfLog,
    Snapshot,
    SoftNote,
    Span,
    Suspend,
    decide,
    level1_due,
    snapshot,
    streak_at,
)

BERLIN = "Europe/Berlin"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEFORE = datetime(2025, 12, 20, 11, tzinfo=UTC)
VALUES = {"P": "present", "L": "late", "A": "absent", "E": "excused", "?": None}
SAYS = {
    SoftNote: "soft_note",
    HeadsUp: "heads_up",
    FinalNotice: "final_notice",
    AllSorted: "all_sorted",
    Apology: "apology",
    Retract: "retraction",
    BackInTouch: "back_in_touch",
}


def berlin(*parts):
    """A moment in UTC from a wall time in Berlin."""
    return to_utc(datetime(*parts), BERLIN)


def meeting(week, group=1):
    """The start (UTC) of the weekly meeting: Thursdays 19:00 in Berlin, from 1 January 2026; group 2 on Fridays."""
    first = datetime(2026, 1, 1, 19)
    return to_utc(first + timedelta(weeks=week, days=group - 1), BERLIN)


def mark(week, value, group=1, **changes):
    """A mark on a sheet closed the same evening, 95 minutes after the start."""
    start = meeting(week, group)
    first = Mark(
        key=f"g{group}w{week}",
        group=group,
        meeting=group * 10,
        start=start,
        end=start + timedelta(minutes=90),
        value=value,
        closed=True,
        first_closed_at=start + timedelta(minutes=95),
    )
    return replace(first, **changes)


def facts(*marks, since=BEFORE, **changes):
    """Member of groups 1 and 2, committed to both meetings, with a rule: all since before the first meeting."""
    whole = Facts(
        marks=tuple(marks),
        memberships=tuple(Membership(group, Span(since)) for group in (1, 2)),
        commitments=tuple(Commitment(meeting_id, Span(since)) for meeting_id in (10, 20)),
        rule=(Span(BEFORE),),
    )
    return replace(whole, **changes)


class Played:
    """One watch of one member. `messages` collects (what, moment) in order."""

    def __init__(self, threshold=3, grace=24, scope_group=None, has_supporter=True, **terms):
        self.terms = RuleTerms(threshold=threshold, **terms)
        self.grace = grace * HOUR
        self.group = scope_group
        self.facts = facts()
        self.before = Snapshot(group=scope_group)
        self.episode: EpisodeState | None = None
        self.final_at = None
        self.last_nudge = None
        self.has_supporter = has_supporter
        self.messages = []
        self.endings = []
        self.now = BEFORE

    def said(self):
        return [what for what, _ in self.messages]

    @property
    def streak(self):
        return streak_at(self.before, self.now).count

    def wait(self, until):
        """Time passes: the nudge goes when it is due (its window is left out of this play)."""
        self.now = max(self.now, until)
        if self.final_at is None or self.episode is None or self.episode.told or not self.has_supporter:
            return
        due = level1_due(final_attempt=self.final_at, grace=self.grace, last_nudge_handed_over_at=self.last_nudge).at
        if due <= until and not (self.episode.suspended or self.episode.hushed):
            self.messages.append(("nudge", due))
            self.last_nudge = due
            self.episode = replace(self.episode, told=frozenset({1}))

    def change(self, at, *causes, closings=(), threshold_before=None, attempted=True):
        """Evaluate what `self.facts` and `self.terms` say now, and carry out the effects."""
        self.wait(at)
        after = snapshot(self.facts, group=self.group)
        info = ChangeInfo(frozenset(causes or {Cause.RECORDS}), tuple(closings), threshold_before)
        effects = decide(before=self.before, after=after, now=at, terms=self.terms, episode=self.episode, change=info)
        for effect in effects:
            self.carry_out(effect, at, attempted=attempted)
        self.before = after
        return effects

    def carry_out(self, effect, at, *, attempted=True):
        if type(effect) in SAYS:
            self.messages.append((SAYS[type(effect)], at))
        match effect:
            case EndEpisode(reason):
                assert self.episode is not None
                self.endings.append(reason.value)
                self.episode = self.final_at = None
            case OpenEpisode():
                assert self.episode is None
                self.episode = EpisodeState()
            case SoftNote() if self.episode:
                self.episode = replace(self.episode, soft_noted=True)
            case HeadsUp() if self.episode:
                self.episode = replace(self.episode, heads_up=True)
            case FinalNotice(decision) if self.episode:
                self.episode = replace(self.episode, decision=decision, final_attempted=attempted)
                self.final_at = at if attempted else None
            case Suspend() if self.episode:
                self.episode = replace(self.episode, suspended=True)
            case Resume() if self.episode:
                self.episode = replace(self.episode, suspended=False)
            case Hush() if self.episode:
                self.episode = replace(self.episode, hushed=True)

    def write(self, *marks):
        """Write marks into the records, replacing those of the same occurrence."""
        keys = {one.key for one in marks}
        kept = tuple(one for one in self.facts.marks if one.key not in keys)
        self.facts = replace(self.facts, marks=(*kept, *marks))

    def close(self, *marks, at=None):
        """Sheets are closed for the first time, in one change."""
        at = at or max(one.first_closed_at for one in marks)
        self.write(*(replace(one, first_closed_at=at) for one in marks))
        return self.change(at, closings=[FirstClosing(one.key, one.end, at) for one in marks])

    def correct(self, at, *marks):
        """Marks of closed sheets are written anew; when a sheet was first closed stays."""
        first = {one.key: one.first_closed_at for one in self.facts.marks}
        self.write(*(replace(one, first_closed_at=first[one.key]) for one in marks))
        return self.change(at)

    def log(self, start, at):
        self.facts = replace(self.facts, self_logs=(*self.facts.self_logs, SelfLog(f"s{start}", start)))
        return self.change(at)

    def pause(self, at):
        self.facts = replace(self.facts, pauses=(*self.facts.pauses, Span(at)))
        self.terms = replace(self.terms, paused=True)
        return self.change(at, Cause.PAUSED)

    def resume(self, at):
        *earlier, last = self.facts.pauses
        self.facts = replace(self.facts, pauses=(*earlier, Span(last.since, at)))
        self.terms = replace(self.terms, paused=False)
        return self.change(at, Cause.RESUMED)

    def rule(self, at, threshold):
        before, self.terms = self.terms.threshold, replace(self.terms, threshold=threshold)
        return self.change(at, Cause.RULE_CHANGED, threshold_before=before)

    def leave(self, at, group):
        self.facts = replace(
            self.facts,
            memberships=tuple(
                replace(one, span=Span(one.span.since, at)) if one.group == group else one
                for one in self.facts.memberships
            ),
        )
        return self.change(at, Cause.LEFT_GROUP)

    def marks(self, letters, group=1, first_week=0):
        """Marks of one weekly meeting in order, as in the table of section 7; each sheet closed the same evening."""
        for week, letter in enumerate(letters.split(), start=first_week):
            day = meeting(week, group)
            if letter == "Z" and not self.terms.paused:
                self.pause(day - DAY)
            if letter != "Z" and self.terms.paused:
                self.resume(day - DAY)
            if letter == "C":
                self.close(mark(week, "absent", group, cancelled=True))
            else:
                self.close(mark(week, VALUES.get(letter, "absent"), group))
        self.wait(self.now + 2 * DAY)
        return self
