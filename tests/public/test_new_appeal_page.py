"""The form as it works without a script: what is sent is the same appeal that the API would make of it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import Settings

from appeals.identifiers import new_uuid7
from appeals.limits import PHOTOS_MAX
from appeals.models import Appeal, AppealContact, Attachment
from bootstrap.rates import Rate
from tests.factories import PlaceFactory
from tests.grid import IN_EAST, IN_WEST, OUTSIDE, GridCity, at


@pytest.fixture
def filled(client: Client, city: GridCity, stored_in: Path) -> dict[str, Any]:
    """A form that can be sent, with the identifiers that the page gave."""
    values = client.get(reverse("public:appeal-new")).context["values"]
    return {
        "id": values["id"],
        "secret": values["secret"],
        "kind": "report",
        "category": "lamp",
        "text": "It is dark.",
        "coordinates": f"{IN_EAST[1]}, {IN_EAST[0]}",
    }


def send(client: Client, data: dict[str, Any]) -> HttpResponse:
    return client.post(reverse("public:appeal-new"), data)  # type: ignore[return-value]


def picture(name: str = "photo.jpg", colour: str = "red") -> SimpleUploadedFile:
    content = BytesIO()
    Image.new("RGB", (640, 480), colour).save(content, "JPEG")
    return SimpleUploadedFile(name, content.getvalue(), "image/jpeg")


def test_it_leads_to_the_receipt(client: Client, filled: dict[str, Any], city: GridCity) -> None:
    response = send(client, filled)
    assert response.status_code == 302
    assert response.headers["Location"] == reverse("public:follow", args=[filled["secret"]]) + "?new=1"
    appeal = Appeal.objects.get()
    assert str(appeal.pk) == filled["id"]
    assert (appeal.point.x, appeal.point.y) == IN_EAST
    assert appeal.service == city.services["light"]
    assert appeal.language == "en"


def test_sent_twice_with_its_photo_it_is_one_appeal(client: Client, filled: dict[str, Any]) -> None:
    first = send(client, {**filled, "files": [picture()]})
    again = send(client, {**filled, "files": [picture()]})
    assert first.headers["Location"] == again.headers["Location"]
    assert Appeal.objects.get().attachments.count() == Attachment.objects.count() == 1


def test_changed_after_it_was_received_it_is_not_sent_again(client: Client, filled: dict[str, Any]) -> None:
    send(client, filled)
    response = send(client, {**filled, "text": "Another story."})
    said = response.content.decode()
    assert response.status_code == 409
    # Neither is lost: the first with the way to it, the second in the form of another appeal.
    assert "You have sent this already" in said and "It is dark." in said and "Another story." in said
    assert reverse("public:follow", args=[filled["secret"]]) in said
    assert filled["id"] not in said
    assert Appeal.objects.get().text == "It is dark."
    # Somebody who does not know the secret learns nothing of whose appeal it is.
    stranger = send(client, {**filled, "text": "Another story.", "secret": "x" * 32})
    assert stranger.status_code == 409
    assert AppealContact.objects.get().secret == filled["secret"]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"text": " "}, "text"),
        ({"kind": "praise"}, "kind"),
        ({"category": "street"}, "category"),
        ({"category": "no\x00where"}, "category"),
        ({"email": "nobody"}, "email"),
        ({"phone": "call me"}, "phone"),
        ({"text": "a" * 10_000}, "text"),
        ({"coordinates": "here"}, "point"),
        ({"coordinates": "nan, nan"}, "point"),
        ({"coordinates": f"{OUTSIDE[1]}, {OUTSIDE[0]}"}, "point"),
        ({"coordinates": ""}, "point"),
        ({"coordinates": "", "address": "Nowhere Street"}, "point"),
        ({"coordinates": "", "lon": "72.76", "lat": "1e999"}, "point"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    client: Client, filled: dict[str, Any], changes: dict[str, Any], where: str
) -> None:
    response = send(client, filled | changes)
    assert response.status_code == 400
    assert list(response.context["errors"]) == [where]  # type: ignore[attr-defined]
    assert not Appeal.objects.exists()


def test_a_file_that_is_no_picture_is_refused_and_the_good_one_kept(
    client: Client, filled: dict[str, Any]
) -> None:
    bad = SimpleUploadedFile("photo.png", b"GIF89a and then nothing of the kind", "image/png")
    response = send(client, {**filled, "files": [picture(), bad]})
    assert response.status_code == 400
    assert "photo.png" in str(response.context["errors"]["files"])  # type: ignore[attr-defined]
    # Who answers is said nevertheless.
    asked = send(client, {**filled, "files": [bad], "ask": "who"})
    assert "photo.png" in str(asked.context["errors"]["files"])  # type: ignore[attr-defined]
    assert "route__service" in asked.content.decode()
    kept = [str(upload.pk) for upload in response.context["draft"].uploads]  # type: ignore[attr-defined]
    assert len(kept) == 1
    assert send(client, {**filled, "uploads": kept}).status_code == 302
    assert Appeal.objects.get().attachments.count() == 1


def test_too_many_photos_are_refused(client: Client, filled: dict[str, Any]) -> None:
    pictures = [picture(f"{n}.jpg", f"rgb({20 * n}, 90, 30)") for n in range(PHOTOS_MAX + 1)]
    response = send(client, {**filled, "files": pictures})
    assert response.status_code == 400
    assert str(PHOTOS_MAX) in str(response.context["errors"])  # type: ignore[attr-defined]
    assert not Appeal.objects.exists()


def test_typed_coordinates_are_never_passed_over_for_an_earlier_pin(
    client: Client, filled: dict[str, Any]
) -> None:
    lon, lat = IN_WEST
    page = client.get(reverse("public:appeal-new"), {"lon": lon, "lat": lat})
    assert f'value="{lat}, {lon}"' in page.content.decode()
    earlier = {"lon": str(lon), "lat": str(lat)}
    refused = send(client, filled | earlier | {"coordinates": "40.52 and something"})
    assert list(refused.context["errors"]) == ["point"]  # type: ignore[attr-defined]
    east, north = (f"{value}".replace(".", ",") for value in IN_EAST)
    assert send(client, filled | earlier | {"coordinates": f"{north}; {east}"}).status_code == 302
    assert (Appeal.objects.get().point.x, Appeal.objects.get().point.y) == IN_EAST


def test_coordinates_may_stand_in_the_address(client: Client, filled: dict[str, Any]) -> None:
    typed = {"coordinates": "", "address": f"{IN_EAST[1]}N {IN_EAST[0]}E"}
    assert send(client, filled | typed).status_code == 302
    assert (Appeal.objects.get().point.x, Appeal.objects.get().point.y) == IN_EAST


def test_an_address_that_names_several_places_is_asked_about(client: Client, filled: dict[str, Any]) -> None:
    places = [
        PlaceFactory(name_ky=f"Ленин {n}", name_ru=f"Ленина {n}", name_en=f"Lenin {n}", point=at(place))
        for n, place in enumerate((IN_EAST, IN_WEST))
    ]
    asked = send(client, filled | {"coordinates": "", "address": "Lenin"})
    assert asked.status_code == 400
    assert {place.pk for place in asked.context["draft"].places} == {place.pk for place in places}  # type: ignore[attr-defined]
    chosen = send(client, filled | {"coordinates": "", "address": "Lenin", "place": str(places[1].pk)})
    assert chosen.status_code == 302
    assert (Appeal.objects.get().point.x, Appeal.objects.get().point.y) == IN_WEST


def test_identifiers_of_a_foreign_form_are_replaced(client: Client, filled: dict[str, Any]) -> None:
    response = send(client, filled | {"id": "1"})
    assert response.status_code == 302
    assert Appeal.objects.get().pk.version == 7
    # Nor is the one that the page gave, for which the browser may have sent another appeal.
    assert str(Appeal.objects.get().pk) != filled["id"]


def test_a_form_without_a_secret_is_given_one(client: Client, filled: dict[str, Any]) -> None:
    response = send(client, filled | {"secret": ""})
    (contact,) = AppealContact.objects.all()
    assert response.status_code == 302
    assert contact.secret in response["Location"]
    # Whoever repeats what all can read of an appeal is not given its key.
    again = send(client, filled | {"secret": ""})
    assert again.status_code == 409
    assert contact.secret not in again.content.decode()


@pytest.mark.parametrize(
    ("language", "words"), [("ky", "кайра жөнөтүңүз"), ("ru", "отправьте ещё раз"), ("en", "send it again")]
)
def test_too_many_are_told_when_to_come_again_and_keep_all_they_typed(
    client: Client, filled: dict[str, Any], settings: Settings, language: str, words: str
) -> None:
    settings.LIMITS = {"submit": Rate(2, 1, 86_400)}
    address = f"/{language}/appeals/new/"
    assert client.post(address, filled | {"text": "\u200b"}).status_code == 400
    assert client.post(address, filled).status_code == 302
    typed = {**filled, "id": str(new_uuid7()), "secret": "s" * 24, "text": "Another one", "name": "Айбек"}
    refused = client.post(address, {**typed, "files": [picture()]})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 86_400
    assert {name: refused.context["values"][name] for name in typed} == typed
    assert words in refused.content.decode()
    # The photo is kept too, so that it need not be chosen again.
    (kept,) = refused.context["draft"].uploads
    # The one that had been received is answered as before.
    assert client.post(address, filled).status_code == 302
    assert Appeal.objects.count() == 1
    later = client.post(address, {**typed, "uploads": [str(kept.pk)]}, REMOTE_ADDR="192.0.2.9")
    assert later.status_code == 302
    assert Appeal.objects.count() == 2


def test_refused_forms_do_not_fill_the_disk(
    client: Client, filled: dict[str, Any], settings: Settings
) -> None:
    settings.LIMITS = {"upload": Rate(3, 1, 86_400)}
    for colour in ("red", "green", "blue", "white", "black"):
        sent = {**filled, "text": "", "files": [picture(f"{colour}.jpg", colour)]}
        refused = send(client, sent)
        assert refused.status_code == (400 if colour in {"red", "green", "blue"} else 429)
    assert Attachment.objects.count() == 3
    settings.LIMITS = {"upload-megabytes": Rate(1, 1, 86_400)}
    for colour, status in (("pink", 400), ("yellow", 429)):
        sent = {**filled, "text": "", "files": [picture(f"{colour}.jpg", colour)]}
        assert client.post(reverse("public:appeal-new"), sent, REMOTE_ADDR="192.0.2.9").status_code == status
    assert Attachment.objects.count() == 4
