"""Who may do what with a member's people: the member alone. No role of a group or of the site changes that (F23)."""

from circle.models import Supporter
from people.models import Person


def can_change(actor: Person, supporter: Supporter) -> bool:
    """Only the member whose contact this is."""
    return supporter.member_id == actor.pk


def can_answer(actor: Person, supporter: Supporter) -> bool:
    """Only the contact: accept, decline, stop, rest; by themselves or from the account they chose to see it in."""
    return actor.pk in {supporter.person_id, supporter.seen_by_id}
