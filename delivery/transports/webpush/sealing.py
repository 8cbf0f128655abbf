"""What a push service may not read and must be able to trust: RFC 8291 (aes128gcm, RFC 8188) and VAPID (RFC 8292)."""

import base64
import binascii
import json
import os
import struct
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CURVE = ec.SECP256R1()
# the order of P-256 (FIPS 186-4, D.1.2.3)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
POINT, AUTH = 65, 16  # bytes
RECORD = 4096
TOKEN_LIFE = timedelta(hours=12)  # a push service takes at most 24


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """Raises ValueError for what is no base64url."""
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as wrong:
        raise ValueError("no base64url") from wrong


def key_from(seed: bytes) -> ec.EllipticCurvePrivateKey:
    """The site's own key, the same for the same 32 secret bytes: every process and host has it without a file more."""
    return ec.derive_private_key(int.from_bytes(seed, "big") % (ORDER - 1) + 1, CURVE)


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PublicFormat.UncompressedPoint
    return key.public_key().public_bytes(serialization.Encoding.X962, form)


def seal(
    plain: bytes, point: bytes, auth: bytes, *, salt: bytes = b"", key: ec.EllipticCurvePrivateKey | None = None
) -> bytes:
    """`plain` so that only the browser with this point and secret reads it. salt and key are for tests alone.

    Raises ValueError for a point that is not on the curve.
    """
    salt = salt or os.urandom(16)
    key = key or ec.generate_private_key(CURVE)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
    ours = point_of(key)
    secret = _hkdf(auth, key.exchange(ec.ECDH(), theirs), b"WebPush: info\x00" + point + ours, 32)
    content_key, nonce = content_keys(salt, secret)
    header = salt + struct.pack(">IB", RECORD, len(ours)) + ours
    return header + AESGCM(content_key).encrypt(nonce, plain + b"\x02", None)


def content_keys(salt: bytes, secret: bytes) -> tuple[bytes, bytes]:
    """Key and nonce of the one record (RFC 8188)."""
    key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
    return key, _hkdf(salt, secret, b"Content-Encoding: nonce\x00", 12)


def proof(key: ec.EllipticCurvePrivateKey, *, origin: str, contact: str, now: datetime) -> str:
    """The value of the Authorization header: who sends this, to whom, until when."""
    claims = {"aud": origin, "exp": int((now + TOKEN_LIFE).timestamp()), "sub": contact}
    signed = ".".join(b64(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    signature = b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={signed}.{signature}, k={b64(point_of(key))}"


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
