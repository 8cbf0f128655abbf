"""Notifications of a browser (web push). Sealed for it alone; a repeat replaces the first by its tag."""

import functools
import json
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Self

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from delivery.catalogue import without_stop
from delivery.transports import Message, TransportError, Uncertain, inbox
from delivery.transports.webpush import sealing
from ground import clock, outside
from ground.secret import derive
from ground.site import site_url

LIFE = 24 * 60 * 60  # seconds that a push service keeps it for a browser that is off
GONE = {404, 410}  # the subscription is over
MOST = 1000  # characters of an endpoint


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a browser is reached, and the two secrets that seal what it gets. Kept whole as the way's address."""

    endpoint: str
    p256dh: str
    auth: str

    @classmethod
    def checked(cls, endpoint: str, p256dh: str, auth: str) -> Self:
        """Raises ValueError for an address that is not called or for keys that are none."""
        outside.check(endpoint)
        point, secret = sealing.unb64(p256dh), sealing.unb64(auth)
        if len(endpoint) > MOST or len(point) != sealing.POINT or len(secret) != sealing.AUTH:
            raise ValueError("not a subscription")
        ec.EllipticCurvePublicKey.from_encoded_point(sealing.CURVE, point)
        return cls(endpoint, sealing.b64(point), sealing.b64(secret))

    @classmethod
    def of(cls, address: str) -> Self:
        return cls(*json.loads(address))

    @property
    def address(self) -> str:
        return json.dumps([self.endpoint, self.p256dh, self.auth])


class WebPushTransport:
    absorbs_repeats = True

    def send(self, address: str, message: Message) -> None:
        there = Subscription.of(address)
        sealed = sealing.seal(payload(message), sealing.unb64(there.p256dh), sealing.unb64(there.auth))
        try:
            answer = outside.post(there.endpoint, sealed, headers(there.endpoint, message.tag or message.ref))
        except outside.Refused as refused:
            raise TransportError(str(refused), permanent=True) from refused
        except outside.Unreached as away:
            raise TransportError(str(away), permanent=False) from away
        except outside.Unanswered as silent:
            raise Uncertain(str(silent)) from silent
        if not 200 <= answer.status < 300:
            raise TransportError(f"the push service answers {answer.status}", permanent=answer.status in GONE)


def payload(message: Message) -> bytes:
    """An opaque id, the neutral sender, the catalogue's text, and the path it leads to."""
    text = inbox.without(message.link, without_stop(message.text))
    path = message.link.removeprefix(site_url())
    return json.dumps({"id": message.tag or message.ref, "title": message.sender, "text": text, "path": path}).encode()


def headers(endpoint: str, ref: str) -> dict[str, str]:
    """Topic: a repeat of the same delivery replaces what a push service still keeps."""
    origin = endpoint.split("/", 3)
    contact = f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"
    return {
        "Authorization": sealing.proof(
            site_key(settings.SECRET_KEY), origin="/".join(origin[:3]), contact=contact, now=clock.now()
        ),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(LIFE),
        "Topic": ref[:32],
        "Urgency": "high",
    }


@functools.cache
def site_key(secret: str) -> ec.EllipticCurvePrivateKey:
    """Made from the site's secret, so it lies where that lies: in the data folder's key file, or in the environment."""
    return sealing.key_from(derive(secret, "web push"))


def public_key() -> str:
    """What a browser needs to subscribe."""
    return sealing.b64(sealing.point_of(site_key(settings.SECRET_KEY)))
