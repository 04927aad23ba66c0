"""Hearing of new appeals: the page, the feed, the letter that asks, and the page of the letters."""

from __future__ import annotations

import datetime as dt
import re
from xml.etree import ElementTree

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from appeals.alerts.links import path_of
from appeals.intake.letters_asked import forget_unconfirmed
from appeals.limits import ALERT_CONFIRM_DAYS, ALERTS_MAX
from appeals.models import Alert, Message
from appeals.notify.delivery import deliver_due
from bootstrap.rates import Rate
from tests.factories import AppealFactory
from tests.grid import IN_EAST, GridCity

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.mark.parametrize(
    ("form", "query"),
    [
        ({"where": "district", "district": "east"}, "district=east"),
        (
            {"where": "near", "coordinates": "40.52, 72.76", "radius_m": "500"},
            "near=72.76000,40.52000&radius_m=500",
        ),
        (
            {"where": "street", "along": "ул. Навои", "side_m": "30"},
            "street=%D0%90%D0%BB%D0%B8%D1%88%D0%B5%D1%80+%D0%9D%D0%B0%D0%B2%D0%BE%D0%B8+%D0%BA%D3%A9%D1%87%D3%A9%D1%81%D2%AF&radius_m=30",
        ),
        (
            {"where": "drawn", "shape": "line", "corners": "40.51, 72.75\n40.52, 72.76", "reach_m": "30"},
            "line=72.75000,40.51000,72.76000,40.52000&radius_m=30",
        ),
        (
            {
                "where": "drawn",
                "shape": "area",
                "corners": "40.51, 72.75\n40.52, 72.76\n40.53, 72.75",
                "reach_m": "30",
            },
            "area=72.76000,40.52000,72.75000,40.53000,72.75000,40.51000",
        ),
        ({"where": "city", "category": ["lamp", "pothole"]}, "area=city&category=pothole,lamp"),
    ],
)
def test_the_form_leads_to_the_address_of_its_question(
    city: GridCity, client: Client, form: dict[str, object], query: str
) -> None:
    # Each field is sent, whichever is seen.
    everything = {
        "district": "",
        "coordinates": "",
        "address": "",
        "radius_m": "500",
        "shape": "area",
        "corners": "",
    }
    answer = client.get("/en/alerts/", {**everything, **form})
    assert answer.status_code == 302
    assert answer["Location"].partition("?")[2].split("&")[0].partition("=")[0] == query.partition("=")[0]
    page = client.get(answer["Location"])
    assert page.status_code == 200
    assert "What you will hear of" in page.content.decode()
    if not query.startswith("area=7"):
        assert answer["Location"] == f"/en/alerts/?{query}"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"where": "district", "district": ""}, "<p>Choose a district</p>"),
        ({"where": "district", "district": "atlantis"}, "There is no such district. Choose one of the list."),
        ({"district": "atlantis"}, "There is no such district. Choose one of the list."),
        ({"category": "zz"}, "<p>Choose one place.</p>"),
        ({"where": "near", "radius_m": "500"}, "Show the place"),
        ({"where": "near", "coordinates": "here", "radius_m": "500"}, "two numbers of degrees"),
        ({"where": "near", "coordinates": "40.52, 72.76", "radius_m": "1"}, "Between 50 and 5000 metres"),
        ({"where": "street", "along": "Nowhere", "side_m": "30"}, "There is no such street on the city"),
        ({"where": "street", "along": "Абай", "side_m": "1"}, "Between 5 and 500 metres"),
        (
            {"where": "street", "along": "көчөсү", "side_m": "30"},
            'type="radio" name="along" value="Абай көчөсү"',
        ),
        ({"where": "drawn", "corners": ""}, "Draw it on the map"),
        ({"where": "drawn", "corners": "40.51, 72.75"}, "at least three different corners"),
        (
            {"where": "city", "category": ["unicorns"]},
            "There is no such category. Choose among those of the page.",
        ),
        (
            {"where": "drawn", "corners": "40.51, 72.75\n40.53, 72.77\n40.53, 72.75\n40.51, 72.78"},
            "the border crosses or touches itself near latitude 40.5",
        ),
    ],
)
def test_what_is_wrong_with_the_form_is_said_above_it(
    city: GridCity, client: Client, form: dict[str, object], words: str
) -> None:
    answer = client.get("/en/alerts/", form)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert words in page
    assert "There are:" not in page, "codes are for programs"


def test_letters_come_when_whoever_reads_the_address_has_said_so(city: GridCity, client: Client) -> None:
    page = "/ru/alerts/?district=east&category=lamp"
    said = client.post(page, {"email": " Asan@example.org", "often": "daily"}).content.decode()
    assert "Asan@example.org" in said
    alert = Alert.objects.get()
    assert (alert.daily, alert.language, alert.district, alert.area) == (
        True,
        "ru",
        city.districts["east"],
        None,
    )
    deliver_due()
    (letter,) = mail.outbox
    assert letter.to == ["Asan@example.org"]
    (link,) = re.findall(r"http://localhost:8000(\S+)", str(letter.body))
    assert link.startswith("/ru/alerts/")
    # Programs that look into mailboxes open every link.
    opened = client.get(link)
    assert "noindex" in opened["X-Robots-Tag"]
    alert.refresh_from_db()
    assert alert.confirmed_at is None
    client.post(link, {"do": "confirm"})
    alert.refresh_from_db()
    assert alert.confirmed_at is not None
    # Asked for again, by whomever: the same page, and no second letter.
    assert client.post(page, {"email": "asan@EXAMPLE.org", "often": "daily"}).status_code == 200
    deliver_due()
    assert len(mail.outbox) == 1
    assert client.post(link, {"do": "end"}).status_code == 200
    assert not Alert.objects.exists()
    assert not Message.objects.exists(), "nothing of the address is left"
    assert client.get(link).status_code == 200
    assert client.get("/ru/alerts/unknown/").status_code == 404


def test_an_address_that_nobody_confirms_is_forgotten(city: GridCity, client: Client) -> None:
    client.post("/en/alerts/?area=city", {"email": "asan@example.org"})
    client.post("/en/alerts/?district=east", {"email": "asan@example.org"})
    days = dt.timedelta(days=ALERT_CONFIRM_DAYS)
    Alert.objects.filter(query="area=city").update(confirmed_at=timezone.now())
    assert forget_unconfirmed(timezone.now() + days / 2) == 0
    assert forget_unconfirmed(timezone.now() + days * 2) == 1
    assert Alert.objects.get().query == "area=city"


def test_nobody_is_bombed_with_letters_that_ask(city: GridCity, client: Client, settings: Settings) -> None:
    settings.LIMITS = {"alert-letter": Rate(2, 1, 86_400)}

    def ask(email: str) -> int:
        return client.post("/en/alerts/?area=city", {"email": email}).status_code

    assert [ask("asan@example.org"), ask("ASAN@example.org"), ask("Asan@Example.org")] == [200, 200, 429]
    assert ask("other@example.org") == 200
    assert ask("") == ask("nobody") == 400
    deliver_due()
    assert [letter.to for letter in mail.outbox].count(["other@example.org"]) == 1


def test_an_address_has_so_many_alerts(city: GridCity, client: Client) -> None:
    Alert.objects.bulk_create(
        Alert(
            email="asan@example.org",
            language="en",
            daily=False,
            query=f"area={n}",
            confirmed_at=timezone.now(),
        )
        for n in range(ALERTS_MAX)
    )
    client.post("/en/alerts/?area=city", {"email": "Asan@example.org"})
    alert = Alert.objects.get(confirmed_at=None)
    answer = client.post(path_of(alert), {"do": "confirm"})
    assert answer.status_code == 409
    assert f"{ALERTS_MAX} alerts already" in answer.content.decode()
    assert client.post(path_of(alert), {"do": "nonsense"}).status_code == 400


def test_a_feed_is_of_exactly_that_question(city: GridCity, client: Client) -> None:
    lamp = city.categories["lamp"]
    seen = AppealFactory(category=lamp, district=city.districts["east"], text="A <b>lamp</b>\x01 & more")
    AppealFactory(category=lamp, district=city.districts["east"], hidden=True)
    AppealFactory(category=city.categories["pothole"], district=city.districts["east"])
    lon, lat = IN_EAST
    for place in ("district=east", f"near={lon},{lat}&radius_m=100"):
        answer = client.get(f"/ky/alerts/feed.atom?{place}&category=lamp")
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("application/atom+xml")
        feed = ElementTree.fromstring(answer.content)
        (entry,) = feed.findall(f"{ATOM}entry")
        assert entry.findtext(f"{ATOM}id") == f"urn:uuid:{seen.pk}"
        assert "&lt;b&gt;lamp&lt;/b&gt; &amp; more" in (entry.findtext(f"{ATOM}summary") or "")
        for required in ("id", "title", "updated", "author"):
            assert feed.find(f"{ATOM}{required}") is not None, required
        again = client.get(
            f"/ky/alerts/feed.atom?{place}&category=lamp", headers={"If-None-Match": answer["ETag"]}
        )
        assert again.status_code == 304


@pytest.mark.parametrize("query", ["", "district=east&colour=red", "district=atlantis", "near=72.76,40.52"])
def test_a_feed_of_no_question_says_what_is_wrong(city: GridCity, client: Client, query: str) -> None:
    answer = client.get(f"/en/alerts/feed.atom?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"]
    if not query:
        assert "Name one place: district, street, near, line, area." in answer.content.decode()
