"""Notifications against a push service's twin that opens what it gets, as a browser would."""

import json
import struct
from email.utils import parseaddr

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from delivery.transports import Message, dispatch, replaced
from delivery.transports.webpush import Subscription, WebPushTransport, public_key, sealing
from ground import clock
from tests.people_of_the_story import NOW
from tests.twins import twin

AUTH = bytes(range(16))


@pytest.fixture
def browser(settings):
    """The twin, a browser's key, and its subscription there."""
    settings.SITE_URL = "https://porchlight.example"
    with twin() as there, clock.frozen(NOW), replaced({"webpush": WebPushTransport()}):
        settings.OUTSIDE_ALLOWED = {there.place}
        key = ec.generate_private_key(sealing.CURVE)
        point = sealing.b64(sealing.point_of(key))
        yield there, key, Subscription.checked(f"http://{there.place}/push/1", point, sealing.b64(AUTH)).address


def note(text="Hi Sam, a call? https://porchlight.example/abc STOP ends"):
    link = "https://porchlight.example/abc"
    return Message(key="k", kind="nudge", subject="", text=text, sender="Dana", ref="ab" * 16, link=link)


def opened(key, sealed):
    """What the browser reads (RFC 8291, 3.4)."""
    salt, (size, length) = sealed[:16], struct.unpack(">IB", sealed[16:21])
    theirs, cipher = sealed[21 : 21 + length], sealed[21 + length :]
    assert (size, length) == (4096, 65)
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(sealing.CURVE, theirs))
    info = b"WebPush: info\x00" + sealing.point_of(key) + theirs
    content_key, nonce = sealing.content_keys(salt, sealing._hkdf(AUTH, shared, info, 32))
    plain = AESGCM(content_key).decrypt(nonce, cipher, None)
    assert plain.endswith(b"\x02")
    return plain[:-1]


def test_the_example_of_rfc_8291():
    private = int.from_bytes(sealing.unb64("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    point = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    sealed = sealing.seal(
        b"When I grow up, I want to be a watermelon",
        sealing.unb64(point),
        sealing.unb64("BTBZMqHH6r4Tts7J_aSIgg"),
        salt=sealing.unb64("DGv6ra1nlYgDCS1FRnbzlw"),
        key=ec.derive_private_key(private, sealing.CURVE),
    )
    assert sealing.b64(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6"
        "cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_only_the_browser_reads_it_and_it_carries_an_opaque_id_and_the_text(browser):
    there, key, address = browser
    assert dispatch("webpush", address, note()) == ("sent", "")
    [came] = there.came
    assert b"Sam" not in came.body
    assert json.loads(opened(key, came.body)) == {
        "id": "ab" * 16,
        "title": "Dana",
        "text": "Hi Sam, a call?",
        "path": "/abc",
    }
    assert (came.path, came.headers["content-encoding"], came.headers["topic"]) == ("/push/1", "aes128gcm", "ab" * 16)
    assert int(came.headers["ttl"]) > 0


def test_the_push_service_can_tell_who_sends(browser, settings):
    there, _key, address = browser
    dispatch("webpush", address, note())
    scheme, token, ours = there.came[0].headers["authorization"].replace(",", "").split(" ")
    head, claims, signature = token.removeprefix("t=").split(".")
    assert (scheme, ours) == ("vapid", f"k={public_key()}")
    raw = sealing.unb64(signature)
    signed = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    point = ec.EllipticCurvePublicKey.from_encoded_point(sealing.CURVE, sealing.unb64(public_key()))
    point.verify(signed, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    said = json.loads(sealing.unb64(claims))
    assert said["aud"] == f"http://{there.place}"
    assert said["sub"] == f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"
    assert NOW.timestamp() < said["exp"] <= NOW.timestamp() + 24 * 3600


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (201, "sent"),
        (404, "hard"),
        (410, "hard"),
        (403, "soft"),
        (413, "soft"),
        (429, "soft"),
        (500, "soft"),
        (503, "soft"),
    ],
)
def test_what_a_push_services_answer_means(browser, status, outcome):
    there, _key, address = browser
    there.answer = (status, b"")
    assert dispatch("webpush", address, note())[0] == outcome


def test_no_answer_is_tried_again_since_a_repeat_replaces_the_first(browser):
    there, _key, address = browser
    there.answer = None
    assert dispatch("webpush", address, note())[0] == "soft"


def test_an_endpoint_inside_our_own_network_is_never_called(browser, settings):
    there, _key, address = browser
    settings.OUTSIDE_ALLOWED = set()
    assert dispatch("webpush", address, note())[0] == "hard"
    assert there.came == []


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://push.example/1"},
        {"endpoint": "https://push.example/" + "x" * 1000},
        {"p256dh": "AAAA"},
        {"p256dh": sealing.b64(b"\x04" + b"\x01" * 64)},  # not on the curve
        {"p256dh": "not base64!"},
        {"auth": "AAAA"},
        {"auth": "é"},
    ],
)
def test_what_is_no_subscription_is_refused(change):
    good = {"endpoint": "https://push.example/1", "p256dh": public_key(), "auth": sealing.b64(AUTH)}
    assert Subscription.checked(**good)
    with pytest.raises(ValueError):  # noqa: PT011
        Subscription.checked(**{**good, **change})
