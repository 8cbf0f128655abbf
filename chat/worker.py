"""What is due in talk: who is away and has not read is told."""

from datetime import datetime

from chat.services import notices_decide


def tick(now: datetime) -> int:
    """Decide notices for what was said since the last time; returns how many rooms were looked at and done with."""
    return notices_decide(now=now)
