"""Words of danger in the room of a press: found, counted, told on without a word of them."""

from datetime import datetime

from chat import words
from chat.services.book import LISTS
from cravings.models import Claim, Press, RiskSaid, Wishes
from cravings.services import rooms
from cravings.services.calling import lead_hears


def danger_look(press: Press, now: datetime) -> bool:
    """Look at what was written in the room since the last look, on a row that the caller holds. True when words of a
    list were found.

    No word is kept, held or told. After words of danger everybody who is there is offered a rest at the end, and the
    safety lead is told that there were some, if who wrote them wished that; at most once an hour and press.
    """
    texts = rooms.texts_after(press, press.looked_seq)
    if not texts:
        return False
    Press.objects.filter(pk=press.pk).update(looked_seq=texts[-1].seq)
    found = [(one.sender, words.look(one.body, LISTS)) for one in texts]
    said = {name for _sender, risks in found for name in risks if name in RiskSaid.LISTS}
    for name in sorted(said):
        RiskSaid.objects.get_or_create(press=press, found=name, defaults={"at": now})
    if words.T1 in said:
        Press.objects.filter(pk=press.pk).update(danger_at=now)
        Claim.objects.filter(press=press, ended_at=None).update(hard=True)
        authors = [sender for sender, risks in found if words.T1 in risks]
        for author in Wishes.objects.filter(person__in=authors, lead=True).values_list("person", flat=True):
            lead_hears(press, author, now)
    return bool(said)
