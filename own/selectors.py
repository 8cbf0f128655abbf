"""Reads of a member's own tools: for the member only, never for anybody else."""

from dataclasses import dataclass

from cravings.lines import dialled
from own.models import CallCard, CopingItem, Favourite
from people.models import Person


@dataclass(frozen=True, slots=True)
class Card:
    """Whom the member would call. `tel` is what stands after "tel:"."""

    name: str
    number: str
    tel: str


def call_card_of(person: Person) -> Card | None:
    """The person's own card; None when there is none. Call it for nobody but the one who is signed in."""
    row = CallCard.objects.filter(person=person).first()
    return Card(row.name, row.number, dialled(row.number)) if row else None


def coping_of(person: Person) -> list[str]:
    """What helps this person, in their order. Call it for nobody but the one who is signed in."""
    return [item.text for item in CopingItem.objects.filter(person=person)]


def favourites_of(person: Person) -> list[str]:
    """The addresses of the meetings this person keeps at hand. Call it for nobody but the one who is signed in."""
    return list(Favourite.objects.filter(person=person).order_by("at", "pk").values_list("meeting__slug", flat=True))


def is_favourite(person: Person, slug: str) -> bool:
    return Favourite.objects.filter(person=person, meeting__slug=slug).exists()
