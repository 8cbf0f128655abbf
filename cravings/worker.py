"""What is due in this room: first waves, presses that nobody answered, talks that both left open."""

import logging
from datetime import datetime, timedelta

from cravings import selectors, services

log = logging.getLogger("porchlight.cravings")

BATCH = 200
POSTPONE = timedelta(seconds=30)  # an offer that raises: soon again, for somebody waits


def tick(now: datetime) -> int:
    """Handle what is due at `now` (UTC); return how much it was. Each press is a transaction of its own."""
    done = 0
    for press_id in selectors.presses_due(now, BATCH):
        try:
            done += services.press_offer(press_id=press_id, now=now)
        except Exception:  # one press must not hold up the next
            log.exception("press %s raised and waits %s", press_id, POSTPONE)
            services.press_postpone(press_id=press_id, by=POSTPONE)
    for press_id in selectors.unanswered_due(now, BATCH):
        done += services.press_unanswered(press_id=press_id, now=now)
    return done + services.presses_rest(now=now)
