"""What is due in this room: waves, the page at 15 minutes, the end at 30, talks, questions afterwards, gaps; and once a
minute whether somebody lost the right to answer."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from cravings import selectors, services

log = logging.getLogger("porchlight.cravings")

BATCH = 200
SOON = timedelta(seconds=30)  # a press that raises: soon again, for somebody waits
REST = timedelta(hours=1)


def tick(now: datetime) -> int:
    """Handle what is due at `now` (UTC); return how much it was. Each press is a transaction of its own."""
    done = 0
    for timer, due, act in (
        ("wave_at", selectors.presses_due, services.press_wave),
        ("page_at", selectors.pages_due, services.press_page),
        ("unanswered_at", selectors.unanswered_due, services.press_unanswered),
        ("look_at", selectors.talks_due, services.talk_look),
        ("close_at", selectors.resting_due, services.press_rest),
    ):
        for press_id in due(now, BATCH):
            later = partial(services.press_postpone, press_id=press_id, timer=timer, until=now + SOON)
            done += _try(partial(act, press_id=press_id, now=now), later)
    done += _questions(services.aftercare_due(now, BATCH), now)
    return done + _try(partial(services.gaps_warn, now=now), partial(services.gaps_postpone, until=now + REST))


def rights_tick(now: datetime) -> int:
    """Take the right to answer from whom moderators twice took a message away."""
    return _try(partial(services.claim_rights_check, now=now), lambda: None)


def _questions(due: Iterable[int], now: datetime) -> int:
    done = 0
    for question in due:
        later = partial(services.aftercare_postpone, question_id=question, until=now + REST)
        done += _try(partial(services.aftercare_send, question_id=question, now=now), later)
    return done


def _try(act: Callable[[], int], later: Callable[[], None]) -> int:
    """What raises is reported and moves ahead; it holds up nobody else, and is not taken up again at once."""
    try:
        return int(act())
    except Exception:
        log.exception("%s raised and waits", act)
        later()
        return 0
