"""Until an appeal takes it, an upload is its sender's alone, at each door: knowing its identifier is not enough."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from appeals.identifiers import new_uuid7
from appeals.limits import PHOTOS_MAX, VIDEOS_MAX
from appeals.models import Appeal, Attachment, Draft
from tests.appeals.actions.test_upload import film
from tests.desk.pages import picture, url
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import GridCity
from tests.submissions import submission_document

pytestmark = pytest.mark.django_db


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(category=city.categories["lamp"])


def sent(client: Client) -> str:
    """Identifier of a photo that the client has uploaded."""
    answer = client.post("/api/uploads/", {"id": str(new_uuid7()), "file": picture()})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def test_by_the_api(city: GridCity, client: Client, media_root: Path) -> None:
    upload_id = sent(client)
    for thief in (Client(), Client(headers={"Cookie": "uploads=guess"})):
        answer = thief.post(
            "/api/appeals/", submission_document(uploads=[upload_id]), content_type="application/json"
        )
        assert answer.status_code == 400
        assert [*answer.json()["errors"]] == ["uploads"]
    answer = client.post(
        "/api/appeals/", submission_document(uploads=[upload_id]), content_type="application/json"
    )
    assert answer.status_code == 201, answer.content


def test_by_the_form_of_a_new_appeal(city: GridCity, client: Client, media_root: Path) -> None:
    upload_id = sent(client)
    shown = {
        who: who.post("/en/appeals/new/", {"uploads": upload_id}).content.decode()
        for who in (client, Client())
    }
    assert [upload_id in page for page in shown.values()] == [True, False]


def test_by_the_author_s_page(city: GridCity, client: Client, appeal: Appeal, media_root: Path) -> None:
    Appeal.objects.update(status="waiting", pauses=["2026-05-05", "2026-05-12"], reply_by="2026-05-12")
    path, form = (
        f"/en/follow/{appeal.contact.secret}/",
        {"verb": "reply", "version": 1, "text": "At the gate"},
    )
    upload_id = sent(client)
    assert Client().post(path, {**form, "uploads": upload_id}).status_code == 400
    # A browser that has sent nothing before, and its own file.
    assert Client().post(path, {**form, "files": picture()}).status_code == 302
    assert Attachment.objects.filter(appeal=appeal).count() == 1


def test_by_the_desk(
    city: GridCity, client: Client, light_user: User, appeal: Appeal, media_root: Path
) -> None:
    client.force_login(light_user)
    upload_id, elsewhere, colleague = sent(client), Client(), Client()
    elsewhere.force_login(light_user)
    colleague.force_login(MembershipFactory(service=city.services["light"]).user)
    form = {"verb": "answer", "version": 1, "text": "Done", "uploads": upload_id}
    kept = {"verb": "answer", "text": "Done", "uploads": upload_id}
    # Neither the draft of a colleague nor the answer takes it, nor is it shown to them.
    other = colleague.session["_auth_user_id"]
    assert colleague.post(f"{url(appeal)}draft/", {**kept, "writer": other}).status_code == 200
    assert not Draft.objects.get().uploads.exists()
    page = colleague.post(url(appeal), form)
    assert page.status_code == 400
    assert f'data-received="{upload_id}"' not in page.content.decode()
    assert colleague.get(f"/media/{upload_id}/thumb").status_code == 404
    # Whoever has sent it answers with it from any machine.
    assert elsewhere.get(f"/media/{upload_id}/thumb").status_code == 200
    assert elsewhere.post(url(appeal), form).status_code == 302
    assert appeal.attachments.count() == 1


def test_what_came_before_the_log_in_is_the_person_s_with_the_draft(
    client: Client, light_user: User, appeal: Appeal, media_root: Path
) -> None:
    upload_id = sent(client)
    client.force_login(light_user)
    form = {"verb": "answer", "text": "Done", "uploads": upload_id, "writer": light_user.pk}
    client.post(f"{url(appeal)}draft/", form)
    assert Attachment.objects.get().holder == f"person {light_user.pk}"


def test_an_upload_whose_answer_was_lost_is_sent_again(city: GridCity, media_root: Path) -> None:
    form, content = {"id": str(new_uuid7())}, picture().read()
    first, again = Client(), Client()
    for one in (first, again):
        photo = SimpleUploadedFile("a.jpg", content)
        assert one.post("/api/uploads/", {**form, "file": photo}).status_code == 201
    assert first.get(f"/media/{form['id']}/thumb").status_code == 404
    assert again.get(f"/media/{form['id']}/thumb").status_code == 200


def test_more_videos_than_an_appeal_may_carry_are_named(
    city: GridCity, client: Client, media_root: Path
) -> None:
    made = film("mp4")
    # A box that no player minds makes another file of it.
    films = [
        SimpleUploadedFile(f"{n}.mp4", made + struct.pack(">I4sB", 9, b"free", n))
        for n in range(VIDEOS_MAX + 1)
    ]
    page = client.post("/en/appeals/new/", {"id": str(new_uuid7()), "files": films}).content.decode()
    assert f"{VIDEOS_MAX}.mp4: At most {PHOTOS_MAX} photos and {VIDEOS_MAX} videos." in page
    assert page.count('name="uploads"') == VIDEOS_MAX
