"""What this room keeps about a person."""

from datetime import datetime
from typing import Any

from own.models import CallCard, CopingItem, Favourite
from own.selectors import call_card_of, coping_of, favourites_of
from people import holdings
from people.models import Person


def export(person: Person) -> dict[str, Any]:
    card = call_card_of(person)
    return {
        "call_card": {"name": card.name, "number": card.number} if card else None,
        "what_helps": coping_of(person),
        "favourites": favourites_of(person),
    }


def erase(person: Person) -> None:
    CallCard.objects.filter(person=person).delete()
    CopingItem.objects.filter(person=person).delete()
    Favourite.objects.filter(person=person).delete()


def purge(now: datetime) -> int:
    """Nothing here grows old by itself: it is the member's until they take it away."""
    return 0


def enter() -> None:
    models = ["own.CallCard", "own.CopingItem", "own.Favourite"]
    holdings.register("own", 10, export=export, erase=erase, purge=purge, models=models)
