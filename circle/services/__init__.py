"""The only writers of who a member chose and what each may hear."""

from circle.services.common import Withdrawn
from circle.services.consent import consent_grant, consent_reminded, consent_revoke
from circle.services.contact_side import REST_DAYS, supporter_rest, supporter_rest_end, supporter_see, supporter_unsee
from circle.services.invitation import (
    invitation_read,
    supporter_accept,
    supporter_decline,
    supporter_invite,
    supporter_resend,
)
from circle.services.look import look_done, look_later
from circle.services.standing import (
    supporter_move,
    supporter_mute,
    supporter_remove,
    supporter_stop,
    supporter_unmute,
)

__all__ = [
    "REST_DAYS",
    "Withdrawn",
    "consent_grant",
    "consent_reminded",
    "consent_revoke",
    "invitation_read",
    "look_done",
    "look_later",
    "supporter_accept",
    "supporter_decline",
    "supporter_invite",
    "supporter_move",
    "supporter_mute",
    "supporter_remove",
    "supporter_resend",
    "supporter_rest",
    "supporter_rest_end",
    "supporter_see",
    "supporter_stop",
    "supporter_unmute",
    "supporter_unsee",
]
