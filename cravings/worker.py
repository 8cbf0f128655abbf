"""What is due in this room: waves, the page at 15 minutes, the end at 30, talks, questions afterwards, gaps."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from cravings import selectors, services

log = logging.getLogger("porchlight.cravings")

BATCH = 200
POSTPONE = timedelta(seconds=30)  # a wave that raises: soon again, for somebody waits


def tick(now: datetime) -> int:
    """Handle what is due at `now` (UTC); return how much it was. Each press is a transaction of its own."""
    done = 0
    for press_id in selectors.presses_due(now, BATCH):
        try:
            done += services.press_wave(press_id=press_id, now=now)
        except Exception:  # one press must not hold up the next
            log.exception("press %s raised and waits %s", press_id, POSTPONE)
            services.press_postpone(press_id=press_id, by=POSTPONE)
    for press_id in selectors.pages_due(now, BATCH):
        done += _try(services.press_page, press_id, now)
    for press_id in selectors.unanswered_due(now, BATCH):
        done += _try(services.press_unanswered, press_id, now)
    for press in selectors.talks_due(now, BATCH):
        done += _try(services.talk_look, press.pk, now)
    for question in services.aftercare_due(now, BATCH):
        done += services.aftercare_send(question_id=question, now=now)
    return done + services.presses_rest(now=now) + services.gaps_warn(now=now)


def _try(act: Callable[..., bool], press_id: int, now: datetime) -> int:
    """Reported, and taken up again in the next round; its neighbours are not held up."""
    try:
        return int(act(press_id=press_id, now=now))
    except Exception:
        log.exception("press %s raised", press_id)
        return 0
