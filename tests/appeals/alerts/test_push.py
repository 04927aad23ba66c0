"""Notices in the browser: encrypted for it alone, signed by the city, and a browser that is no more is forgotten."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from pytest_django import Settings

from appeals.models import Alert, Message
from appeals.notify.delivery import deliver_due
from appeals.notify.web_push import bytes_of, encrypted, is_known
from tests.appeals.alerts.test_telling import EVERYTHING, submit
from tests.grid import GridCity

pytestmark = pytest.mark.django_db


def text_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Browser:
    """What a browser has: its keys, and the way it reads what comes (RFC 8291, 3.4, by the library's own HKDF)."""

    def __init__(
        self, key: ec.EllipticCurvePrivateKey | None = None, auth: bytes = b"0123456789abcdef"
    ) -> None:
        self.key, self.auth = key or ec.generate_private_key(ec.SECP256R1()), auth
        self.point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def read(self, body: bytes) -> bytes:
        salt, length = body[:16], body[20]
        sender = body[21 : 21 + length]
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self.key.exchange(ec.ECDH(), theirs)

        def derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
            return HKDF(hashes.SHA256(), length, salt, info).derive(secret)

        secret = derived(self.auth, shared, b"WebPush: info\0" + self.point + sender, 32)
        key = derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        nonce = derived(salt, secret, b"Content-Encoding: nonce\0", 12)
        return AESGCM(key).decrypt(nonce, body[21 + length :], None).rstrip(b"\2")


class Service:
    """A push service: what it was sent, and what it answers."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answer = 201
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.received.append(({name.lower(): text for name, text in self.headers.items()}, body))
                self.send_response(service.answer)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    made = Service()
    settings.PUSH_SERVICES = [rf"{made.url}/\w+"]
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def ask(
    client: Client,
    service: Service,
    browser: Browser,
    name: str = "one",
    query: str = EVERYTHING,
    language: str = "ky",
) -> Any:
    data = {
        "endpoint": f"{service.url}/{name}",
        "p256dh": text_of(browser.point),
        "auth": text_of(browser.auth),
    }
    return client.post(f"/{language}/alerts/?{query}", data)


def test_the_example_of_the_standard() -> None:
    """RFC 8291, appendix A."""
    own = ec.derive_private_key(
        int.from_bytes(bytes_of("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    theirs = ec.derive_private_key(
        int.from_bytes(bytes_of("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big"), ec.SECP256R1()
    )
    body = encrypted(
        b"When I grow up, I want to be a watermelon",
        theirs.public_key(),
        bytes_of("BTBZMqHH6r4Tts7J_aSIgg"),
        own=own,
        salt=bytes_of("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    head, sender, rest = text_of(body)[:28], text_of(body[21:86]), text_of(body[86:])
    assert head == "DGv6ra1nlYgDCS1FRnbzlwAAEABB"
    assert sender.startswith("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIg")
    assert rest.startswith("8pfeW0KbunFT06SuDKoJH9Ql87S1QUrd")
    assert Browser(theirs, bytes_of("BTBZMqHH6r4Tts7J_aSIgg")).read(body).startswith(b"When I grow up")


def test_a_notice_is_read_by_its_browser_and_signed_by_the_city(
    city: GridCity, client: Client, service: Service
) -> None:
    browser = Browser()
    for _time in range(2):
        own = ask(client, service, browser)
        assert own.status_code == 302
    assert Alert.objects.count() == 1
    appeal = submit(text="Жарык күйбөй калды")
    for _time in range(2):
        deliver_due()
    ((headers, body),) = service.received
    notice = json.loads(browser.read(body))
    assert notice["lang"] == "ky"
    assert f"№ {appeal.number}" in notice["title"]
    assert notice["url"].endswith(f"/ky/appeals/{appeal.number}/")
    assert "Жарык күйбөй калды" in notice["body"]
    assert "Жарык".encode() not in body
    assert int(headers["ttl"]) > 0
    token, _comma, key = headers["authorization"].removeprefix("vapid t=").partition(", k=")
    signed, _dot, signature = token.rpartition(".")
    claims = json.loads(bytes_of(signed.partition(".")[2]))
    assert claims["aud"] == service.url
    raw = bytes_of(signature)
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes_of(key))
    public.verify(
        encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")),
        signed.encode(),
        ec.ECDSA(hashes.SHA256()),
    )
    assert f'data-key="{key}"' in client.get(f"/en/alerts/?{EVERYTHING}").content.decode()
    # The page that it led to ends it.
    client.post(own["Location"], {"do": "end"})
    assert not Alert.objects.exists()


def test_a_notice_says_which_language_it_is_in(city: GridCity, client: Client, service: Service) -> None:
    browser = Browser()
    ask(client, service, browser, query="district=east")
    ask(client, service, browser, query="district=west", language="ru")
    submit()
    deliver_due()
    ((_headers, body),) = service.received
    assert json.loads(browser.read(body))["lang"] == "ky"


@pytest.mark.parametrize("answer", [404, 410])
def test_a_browser_that_is_no_more_is_forgotten(
    city: GridCity, client: Client, service: Service, answer: int
) -> None:
    ask(client, service, Browser())
    ask(client, service, Browser(), "two")
    service.answer = answer
    submit()
    deliver_due()
    assert not Alert.objects.exists()
    assert not Message.objects.filter(channel="push").exists()


@pytest.mark.parametrize(
    ("answer", "state"), [(500, "queued"), (429, "queued"), (413, "parked"), (302, "parked")]
)
def test_what_a_service_refuses_is_tried_again_or_parked(
    city: GridCity, client: Client, service: Service, answer: int, state: str
) -> None:
    ask(client, service, Browser())
    service.answer = answer
    submit()
    deliver_due()
    assert Message.objects.get(channel="push").state == state
    assert len(service.received) == 1, "no redirection is followed"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("endpoint", "http://127.0.0.1:1/one"),
        ("endpoint", "https://localhost/one"),
        ("endpoint", "x" * 5_000),
        ("p256dh", "AAAA"),
        ("p256dh", "ы"),
        ("p256dh", ""),
        ("auth", "AAAA"),
    ],
)
def test_what_is_no_browser_is_refused(
    city: GridCity, client: Client, service: Service, name: str, value: str
) -> None:
    browser = Browser()
    good = {"endpoint": f"{service.url}/one", "p256dh": text_of(browser.point), "auth": text_of(browser.auth)}
    answer = client.post(f"/en/alerts/?{EVERYTHING}", good | {name: value})
    assert answer.status_code == 400
    assert "cannot be used" in answer.content.decode()
    assert not Alert.objects.exists()


@pytest.mark.parametrize(
    ("endpoint", "known"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:DEF-1_2", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/gAAA", True),
        ("https://web.push.apple.com/QABC", True),
        ("https://fcm.googleapis.com.evil.example/fcm", False),
        ("https://evil.example/https://fcm.googleapis.com/fcm", False),
        ("https://user@fcm.googleapis.com/fcm", False),
        ("http://fcm.googleapis.com/fcm", False),
        ("https://fcm.googleapis.com/a\nb", False),
    ],
)
def test_the_server_posts_to_push_services_alone(endpoint: str, known: bool) -> None:
    assert is_known(endpoint) is known
