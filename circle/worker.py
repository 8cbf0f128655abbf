"""What is due in this room: the reminder that a consent ends, 14 days before; what became of invitations."""

import logging
from datetime import datetime, timedelta

from django.db.models import Q

from circle.models import Consent, Supporter
from circle.services import consent_reminded, invitation_read
from delivery.models import Delivery

log = logging.getLogger("porchlight.circle")

BATCH = 200
POSTPONE = timedelta(hours=1)


def tick(now: datetime) -> int:
    """Do what is due at `now` (UTC); return how many contacts were looked at. Idle: two statements."""
    return _remind(now) + _read(now)


def _read(now: datetime) -> int:
    """Members hear of invitations that no way took."""
    waiting = Supporter.objects.filter(invitation__isnull=False, invitation__state__in=Delivery.SETTLED)
    due = waiting.filter(Q(unread_until=None) | Q(unread_until__lte=now))
    found = list(due.order_by("invitation")[:BATCH])
    for supporter in found:
        try:
            invitation_read(supporter=supporter)
        except Exception:  # one bad row must harm no neighbour: an hour ahead, and reported
            log.exception("what became of the invitation of contact %s raised and waits an hour", supporter.pk)
            Supporter.objects.filter(pk=supporter.pk).update(unread_until=now + POSTPONE)
    return len(found)


def _remind(now: datetime) -> int:
    """Remind the members whose consents end within 14 days of `now` (UTC)."""
    due = Consent.objects.filter(remind_at__lte=now).order_by("remind_at")
    ids = list(dict.fromkeys(due.values_list("supporter_id", flat=True)[:BATCH]))
    for supporter in Supporter.objects.filter(pk__in=ids):
        try:
            consent_reminded(supporter=supporter, now=now)
        except Exception:  # one bad row must harm no neighbour: an hour ahead, and reported
            log.exception("the reminder for contact %s raised and waits an hour", supporter.pk)
            Consent.objects.filter(supporter=supporter, remind_at__lte=now).update(remind_at=now + POSTPONE)
    return len(ids)
