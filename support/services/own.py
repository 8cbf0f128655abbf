"""What the member does: the rule, pauses, "I'm OK". Each act is evaluated in its own transaction.

What the records said before the act is evaluated first, so that an act never swallows or revives what came before it.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ground import clock
from meetings.services.plans import plans_rest, plans_rest_end
from people.models import Person
from people.selectors import account_of
from people.services import change_write
from support.models import Pause, Rule, Watch
from support.selectors import cases as reads
from support.services import evaluation
from support.services.messages import note
from support.services.outcomes import replan
from support.streaks import Cause, ChangeInfo

log = logging.getLogger("porchlight.support")

CAUSES = {cause: name for name, cause in evaluation.OWN_ACTS.items()}


def rule_of(actor: Person) -> Rule:
    """The member's rule, locked. Raises PermissionDenied without an account, ValidationError without a rule."""
    account = account_of(actor)
    if account is None or not account.is_active:
        raise PermissionDenied
    rule = Rule.objects.select_for_update(of=("self",)).select_related("person").filter(person=actor).first()
    if rule is None:
        raise ValidationError(_("You have no watch yet. Set it first."))
    return rule


@contextmanager
def act(rule: Rule, cause: Cause, *, at: datetime, threshold_before: int | None = None) -> Iterator[None]:
    """Evaluate what waits, let the block write the act, then evaluate the act itself.

    The act is never refused because an evaluation raises: then it is left to the worker as a change, and reported.
    """
    try:
        with transaction.atomic():
            evaluation.changes_evaluate(rules=[rule])
    except Exception:
        log.exception("what waits for rule %s could not be evaluated", rule.pk)
    over_all = rule.scope == Rule.ANY
    watches = list(Watch.objects.filter(person=rule.person_id, group__isnull=over_all).values_list("pk", flat=True))
    yield
    try:
        with transaction.atomic():
            _evaluate(rule, cause, at, threshold_before, watches)
    except Exception:
        log.exception("an act on rule %s could not be evaluated and is left to the worker", rule.pk)
        change_write(person=rule.person, cause=CAUSES[cause], ref=threshold_before, at=at)


def _evaluate(rule: Rule, cause: Cause, at: datetime, threshold_before: int | None, watches: list[int]) -> None:
    """Evaluate the watches of the scope that the rule had before the act."""
    case = reads.load([rule])[0]
    reads.load_facts([case], at)
    step = evaluation.Step(at, ChangeInfo(frozenset({cause}), (), threshold_before))
    before = [watch for watch in case.watches if watch.pk in watches]
    evaluation.evaluate(case, step, before)
    evaluation.save(before)
    if cause is Cause.SCOPE_CHANGED:
        evaluation.begin(case, at)
    replan([case], {episode.pk for episode in case.episodes.values()}, at)


def pause_begin(*, actor: Person, until: datetime | None = None) -> Pause:
    """Let the watch rest from now on, until `until` (UTC) or until ended. A pause that is on gets the new end.

    Raises PermissionDenied, ValidationError (no rule, an end that has passed).
    """
    now = clock.now()
    if until is not None and until <= now:
        raise ValidationError({"until": _("Choose a day to come.")})
    with transaction.atomic():
        rule = rule_of(actor)
        pause = reads.running_pause(actor, now)
        if pause is not None:
            pause.until = until
            pause.save(update_fields=["until"])
        else:
            with act(rule, Cause.PAUSED, at=now):
                pause = Pause.objects.create(person=actor, since=now, until=until)
        plans_rest(person=actor, until=until)
    return pause


def pause_end(*, actor: Person) -> None:
    """The watch goes on. Doing it again changes nothing. Raises PermissionDenied, ValidationError (no rule)."""
    now = clock.now()
    with transaction.atomic():
        rule = rule_of(actor)
        running = reads.running_pause(actor, now)
        if running is None:
            return
        with act(rule, Cause.RESUMED, at=now):
            running.until = now
            running.save(update_fields=["until"])
        plans_rest_end(person=actor)


def ok_say(*, actor: Person) -> bool:
    """ "I'm OK". Returns whether it stopped something: `ok_stops` as the member set it, and an episode was open.

    Raises PermissionDenied, ValidationError (no rule).
    """
    now = clock.now()
    with transaction.atomic():
        rule = rule_of(actor)
        with act(rule, Cause.SAID_OK, at=now):
            opened = list(reads.load([rule])[0].episodes.values())
            for episode in opened:
                note(episode, now, "said_ok", stops=rule.ok_stops)
    return rule.ok_stops and bool(opened)
