"""What is due in talk: who is away and has not read is told."""

from datetime import datetime

from chat.services import notices_decide


def tick(now: datetime) -> int:
    """Decide notices for what was said since the last time.

    Returns 0: what is left over waits for the next round, or a busy room would keep the worker running all the time.
    """
    notices_decide(now=now)
    return 0
