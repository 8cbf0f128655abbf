"""Who may do what with a press."""

from cravings.models import Press
from people.models import Person


def is_own(actor: Person, press: Press) -> bool:
    """Only who pressed may undo, ask now, refuse somebody, or say how it is."""
    return press.person_id == actor.pk


def is_there(actor: Person, press: Press) -> bool:
    """Who came, first or second, and is with the member now."""
    return press.state == Press.CLAIMED and actor.pk in {press.claimed_by_id, press.second_by_id}


def may_close(actor: Person, press: Press) -> bool:
    """Either of those who talk may end it."""
    return actor.pk in {press.person_id, press.claimed_by_id, press.second_by_id}
