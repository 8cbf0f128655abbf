"""The button: presses and claims, who answers, who is on call, what follows, and the lines to call."""

from cravings.models.after import Aftercare, SupporterAsked
from cravings.models.lines import CrisisLine
from cravings.models.press import Asked, Claim, Press, new_ref
from cravings.models.responder import Availability, Responder, Vouch, Wishes
from cravings.models.roster import GapWarning, Rota, Shift, ShiftDay, ShiftMember, Swap
from cravings.models.safety import Limit, RiskSaid, WordsLook

__all__ = [
    "Aftercare",
    "Asked",
    "Availability",
    "Claim",
    "CrisisLine",
    "GapWarning",
    "Limit",
    "Press",
    "Responder",
    "RiskSaid",
    "Rota",
    "Shift",
    "ShiftDay",
    "ShiftMember",
    "SupporterAsked",
    "Swap",
    "Vouch",
    "Wishes",
    "WordsLook",
    "new_ref",
]
