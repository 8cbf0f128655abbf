"""What `expect` says and what came, for a person to read."""

from collections import Counter

from porchlight.replay.scenario import Sent


def difference(expected: tuple[Sent, ...], came: tuple[Sent, ...]) -> list[str]:
    """One line for each message that is missing ("-") or too many ("+"), in order of time; empty when both agree."""
    missing, extra = Counter(expected) - Counter(came), Counter(came) - Counter(expected)
    lines = [(one.order, f"- expected: {one}") for one in missing.elements()]
    lines += [(one.order, f"+ came:     {one}") for one in extra.elements()]
    return [line for _order, line in sorted(lines)]
