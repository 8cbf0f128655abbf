"""What this room says outside: without group, and to those who answer without a name or a reason."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats, translation

from circle.models import Supporter
from circle.selectors import why_silent
from cravings import selectors, waves
from cravings.messages import DANGER, OFFER, PAGE, PROMPT, QUIET, SUPPORTER, VOICE
from cravings.models import Aftercare, Press, Rota, SupporterAsked, Swap
from cravings.services import roster
from cravings.services.after import KINDS
from delivery.kinds import Kind, Subject, register
from delivery.models import Delivery
from people.selectors import is_coordinator


def no_words(delivery: Delivery) -> dict[str, str]:
    return {}


def to_me(delivery: Delivery) -> dict[str, str]:
    return {"me": delivery.recipient.name}


# --- to those who may come -----------------------------------------------------------------------------------


def check_offers(deliveries: Sequence[Delivery], now: datetime) -> Sequence[str | None]:
    """At the moment of sending: still asking, no block, not with somebody, still available or on call."""
    return selectors.offer_reasons([(one.payload["press"], one.recipient) for one in deliveries], now)


def check_offer(delivery: Delivery, now: datetime) -> str | None:
    return check_offers([delivery], now)[0]


def offer_contexts(deliveries: Sequence[Delivery]) -> Sequence[dict[str, str]]:
    return [{} for _one in deliveries]


def press_link(delivery: Delivery) -> Subject:
    return ("press", delivery.payload["press"])


def check_page(delivery: Delivery, now: datetime) -> str | None:
    press = Press.objects.filter(pk=delivery.payload["press"]).first()
    waits = press is not None and press.state == Press.ASKING and now < press.unanswered_at
    return None if waits else "the press is no longer asking"


def check_quiet(delivery: Delivery, now: datetime) -> str | None:
    press = Press.objects.filter(pk=delivery.payload["press"], state=Press.CLAIMED).first()
    return None if press is not None and press.quiet_step == waves.CALLED else "no longer silent"


def check_danger(delivery: Delivery, now: datetime) -> str | None:
    """They still talk, or people are asked anew; and who wrote the words still wishes it."""
    press = Press.objects.filter(pk=delivery.payload["press"], state__in=Press.OPEN).first()
    if press is None:
        return "the press is over"
    return None if selectors.wishes_lead_of(delivery.payload["author"]) else "not wished any more"


# --- to who asked --------------------------------------------------------------------------------------------


def check_prompt(delivery: Delivery, now: datetime) -> str | None:
    press = Press.objects.filter(pk=delivery.payload["press"], state=Press.CLAIMED).first()
    return None if press is not None and press.quiet_step >= 1 else "no longer silent"


def need_link(delivery: Delivery) -> Subject:
    """The member's own calm screen, which asks them to sign in."""
    return ("need", delivery.payload["press"])


def check_aftercare(delivery: Delivery, now: datetime) -> str | None:
    """Not answered, still wished, not asking again at this moment, and not hours too late."""
    one = Aftercare.objects.select_related("press__person").filter(pk=delivery.payload["question"]).first()
    if one is None or one.answer or one.skipped:
        return "answered, or not wished"
    if not selectors.wishes_of(one.press.person).aftercare:
        return "not wished"
    if selectors.press_open(one.press.person) is not None:
        return "asking again"
    return "too late" if now > one.due_at + waves.STALE else None


def question_link(delivery: Delivery) -> Subject:
    return ("aftercare", delivery.payload["question"])


# --- to a chosen person --------------------------------------------------------------------------------------


def check_supporter(delivery: Delivery, now: datetime) -> str | None:
    """Only with the separate consent, accepted, not muted, reachable; and while nobody is there."""
    press = Press.objects.filter(pk=delivery.payload["press"]).first()
    if press is None or not selectors.is_asking(press, now) or press.state != Press.ASKING:
        return "the press is no longer asking"
    supporter = Supporter.objects.filter(pk=delivery.payload["supporter"]).first()
    if supporter is None:
        return "contact is gone"
    return why_silent(supporter, ("craving",), now)


def check_voice(delivery: Delivery, now: datetime) -> str | None:
    """As for the text; and they have not answered meanwhile."""
    if SupporterAsked.objects.filter(pk=delivery.payload["row"]).exclude(answer="").exists():
        return "they answered"
    return check_supporter(delivery, now)


def supporter_words(delivery: Delivery) -> dict[str, str]:
    supporter = Supporter.objects.filter(pk=delivery.payload["supporter"]).first()
    return {"su": supporter.name, "me": supporter.sender_name} if supporter else {}


def supporter_link(delivery: Delivery) -> Subject:
    return ("press_supporter", delivery.payload["row"])


def supporter_stop(delivery: Delivery) -> Subject:
    return ("supporter_stop", delivery.payload["supporter"])


# --- the roster ----------------------------------------------------------------------------------------------


def check_gap(delivery: Delivery, now: datetime) -> str | None:
    """The gap stands still, and the recipient still coordinates."""
    if not is_coordinator(delivery.recipient):
        return "no longer a coordinator"
    ends = datetime.fromisoformat(delivery.payload["ends"])
    if ends <= now:
        return "over"
    starts = datetime.fromisoformat(delivery.payload["starts"])
    stands = any(gap.starts < ends and gap.ends > starts for gap in selectors.gaps_ahead(now))
    return None if stands else "somebody is there now"


def check_wanted(delivery: Delivery, now: datetime) -> str | None:
    """Still asked, still to come, and the recipient may still take it."""
    swap = Swap.objects.select_related("shift").filter(pk=delivery.payload["swap"], state=Swap.OPEN).first()
    if swap is None:
        return "taken or withdrawn"
    if datetime.fromisoformat(delivery.payload["starts"]) <= now:
        return "over"
    return None if swap.shift.duty in selectors.duties_of(delivery.recipient) else "may not take it"


def check_taken(delivery: Delivery, now: datetime) -> str | None:
    swap = Swap.objects.filter(pk=delivery.payload["swap"], state=Swap.TAKEN).first()
    return None if swap is not None else "asked again"


def day_words(delivery: Delivery) -> dict[str, str]:
    """The day and hour by the recipient's own clock."""
    local = datetime.fromisoformat(delivery.payload["starts"]).astimezone(ZoneInfo(delivery.recipient.zone))
    with translation.override(delivery.recipient.language):
        return {**to_me(delivery), "when": formats.date_format(local, "j M H:i")}


def on_call_link(delivery: Delivery) -> Subject:
    return ("on_call", delivery.payload["swap"])


def roster_link(delivery: Delivery) -> Subject:
    """The coordinator's roster."""
    return ("roster", Rota.objects.values_list("pk", flat=True).order_by("pk").first() or 1)


def enter() -> None:
    """Called from apps.py."""
    register(Kind(OFFER, "T10", check_offer, no_words, press_link, checks=check_offers, contexts=offer_contexts))
    register(Kind(PAGE, "T61", check_page, to_me, press_link))
    register(Kind(QUIET, "T62", check_quiet, to_me, press_link))
    register(Kind(DANGER, "T69", check_danger, to_me, press_link))
    register(Kind(VOICE, "T70", check_voice, supporter_words, stop=supporter_stop))
    register(Kind(PROMPT, "T63", check_prompt, to_me, need_link))
    register(Kind(SUPPORTER, "T60", check_supporter, supporter_words, supporter_link, stop=supporter_stop))
    register(Kind(KINDS[waves.HOURS], "T64", check_aftercare, to_me, question_link))
    register(Kind(KINDS[waves.NEXT_DAY], "T13", check_aftercare, to_me, question_link))
    register(Kind(KINDS[waves.DAY_THREE], "T65", check_aftercare, to_me, question_link))
    register(Kind(roster.GAP, "T66", check_gap, day_words, roster_link))
    register(Kind(roster.WANTED, "T67", check_wanted, day_words, on_call_link))
    register(Kind(roster.TAKEN, "T68", check_taken, day_words, on_call_link))
