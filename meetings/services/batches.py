"""What is due is taken up in batches; one row that raises must not hold up its neighbours."""

import logging
from collections.abc import Callable, Sequence

log = logging.getLogger("porchlight.meetings")


Act = Callable[[Sequence[int]], None]


def take_up(pks: Sequence[int], act: Act, rest: Callable[[int], None], *, what: str) -> int:
    """`act` on all at once, which is one transaction; when it raises, on one after the other.

    The one that raises then rests: `rest` moves its next turn ahead. `what` names a row in the log. Returns how many
    were taken.
    """
    if not pks:
        return 0
    try:
        act(pks)
    except Exception:
        log.exception("a batch of %ss raised and is taken one by one", what)
        for pk in pks:
            try:
                act([pk])
            except Exception:
                log.exception("%s %s raised and rests", what, pk)
                rest(pk)
    return len(pks)
