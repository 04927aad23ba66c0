"""Carries messages to browsers: encrypted for the browser alone (RFC 8291), signed by the city (RFC 8292, VAPID).

The address of a browser comes from whoever asks, so that it must be that of a push service that the operator knows: the
server posts nowhere else, and follows no redirection.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.utils.crypto import salted_hmac

from appeals.models import Alert, Follower
from appeals.notify.carriers import Outcome
from appeals.notify.endings import end
from appeals.notify.letters import Letter

#: Seconds for which a push service is to keep what it cannot deliver: older news is none.
_KEPT_S: Final = 86_400
_WAIT_S: Final = 10
#: One record (RFC 8188, 2): a push service takes 4096 bytes at least, of which the head has 86, padding and tag 17.
_RECORD: Final = 4_096
_TEXT_MAX: Final = _RECORD - 103
#: A browser's secret beside its key (RFC 8291, 3.2).
AUTH_BYTES: Final = 16
#: A signature holds so long (RFC 8292, 2: at most a day).
_SIGNED_S: Final = 12 * 3_600
#: Order of the group of P-256 (SEC 2, 2.4.2).
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Gone(Exception):
    """The browser wants no more messages: its address is no more."""


class Push:
    """Posts to push services, each message by itself."""

    def open(self) -> None:
        """Nothing: each browser has a service of its own."""

    def close(self) -> None:
        """Nothing."""

    def send(self, letter: Letter, recipient: str) -> None:
        """Raises ``Gone``, and forgets the browser with all that it waits for; ``OSError`` and its subclasses."""
        browser = _browser(recipient)
        if browser is None or not is_known(browser.endpoint):
            raise Gone
        notice = {"title": letter.subject, "body": letter.body, "url": letter.link, "lang": letter.language}
        payload = json.dumps(notice, ensure_ascii=False).encode()
        request = urllib.request.Request(  # noqa: S310 - is_known has let it in
            browser.endpoint,
            encrypted(payload, key_of(browser.p256dh), bytes_of(browser.auth)),
            {
                "Authorization": _signature(browser.endpoint),
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream",
                "TTL": str(_KEPT_S),
            },
        )
        try:
            _OPENER.open(request, timeout=_WAIT_S).close()
        except urllib.error.HTTPError as refusal:
            if refusal.code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
                # With what it asks for go its messages, this one too.
                for model in (Alert, Follower):
                    end(model.objects.filter(device=recipient))
                raise Gone from None
            raise

    def outcome(self, failure: Exception) -> Outcome:
        if isinstance(failure, Gone):
            return Outcome.NEVER
        if isinstance(failure, urllib.error.HTTPError) and failure.code < HTTPStatus.INTERNAL_SERVER_ERROR:
            # One that is asked too often answers 429.
            busy = failure.code in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT}
            return Outcome.LATER if busy else Outcome.NEVER
        # One service that is away is no reason to let those of others wait.
        return Outcome.LATER


def _browser(device: str) -> Alert | Follower | None:
    """What the browser has asked for last of either kind, with its address and keys; None for one that has asked for nothing."""
    asked = (model.objects.filter(device=device).order_by("-pk").first() for model in (Alert, Follower))
    return next((one for one in asked if one is not None), None)


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_more: object) -> None:
        return None


_OPENER: Final = urllib.request.build_opener(_NoRedirection())


def is_known(endpoint: str) -> bool:
    """True for the address of a push service that the server may post to."""
    return any(re.fullmatch(pattern, endpoint) for pattern in settings.PUSH_SERVICES)


def device_of(endpoint: str) -> str:
    """What a browser is called in the outbox: SHA-256 of its address."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


def bytes_of(text: str) -> bytes:
    """The bytes of a text in base64url, with or without its padding. Raises ``ValueError``."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def key_of(text: str) -> ec.EllipticCurvePublicKey:
    """A browser's public key, an uncompressed point of P-256 in base64url. Raises ``ValueError`` for what is none."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes_of(text))


def public_key() -> str:
    """The city's public key, which a browser binds its address to; base64url without padding."""
    return _text(_point(_city_key().public_key()))


def _city_key() -> ec.EllipticCurvePrivateKey:
    # Of the server's secret: every process and machine has the same, and a restored city the one that browsers know.
    digest = salted_hmac("appeals.notify.web_push", "vapid", algorithm="sha512").digest()
    return ec.derive_private_key(int.from_bytes(digest, "big") % (_ORDER - 1) + 1, ec.SECP256R1())


def _signature(endpoint: str) -> str:
    """The header by which the push service knows the city (RFC 8292, 3): a JWT signed with ES256."""
    service = urlsplit(endpoint)
    claims = {
        "aud": f"{service.scheme}://{service.netloc}",
        "exp": int(time.time()) + _SIGNED_S,
        "sub": settings.PUBLIC_URL,
    }
    parts = [_text(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims)]
    signed = ".".join(parts)
    r, s = decode_dss_signature(_city_key().sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"vapid t={signed}.{_text(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}, k={public_key()}"


def encrypted(
    text: bytes,
    browser: ec.EllipticCurvePublicKey,
    auth: bytes,
    *,
    own: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The text as one record of aes128gcm (RFC 8188) that only the browser reads (RFC 8291, 3).

    ``own`` and ``salt`` are new for each message. Raises ``ValueError`` for a text that is too long for one.
    """
    if len(text) > _TEXT_MAX:
        raise ValueError(f"a notice of {len(text)} bytes is too long")
    own, salt = own or ec.generate_private_key(ec.SECP256R1()), salt or os.urandom(16)
    ours, theirs = _point(own.public_key()), _point(browser)
    shared = own.exchange(ec.ECDH(), browser)
    secret = _derived(auth, shared, b"WebPush: info\0" + theirs + ours, 32)
    key = _derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\0", 12)
    head = salt + _RECORD.to_bytes(4, "big") + len(ours).to_bytes(1, "big") + ours
    return head + AESGCM(key).encrypt(nonce, text + b"\2", None)


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """HKDF with SHA-256 (RFC 5869)."""
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
