"""Who may do what with a press."""

from cravings.models import Press
from people.models import Person


def is_own(actor: Person, press: Press) -> bool:
    """Only who pressed may undo, ask now, or say how it is."""
    return press.person_id == actor.pk


def may_close(actor: Person, press: Press) -> bool:
    """Either of the two who talk may end it."""
    return actor.pk in {press.person_id, press.claimed_by_id}
