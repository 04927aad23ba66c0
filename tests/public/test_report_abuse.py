"""Reporting an appeal's content: without an account or a script, once a browser, for the Mayor's Office alone."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import Settings

from appeals.models import AbuseReport, Appeal
from bootstrap.rates import Rate
from tests.factories import AppealFactory, AttachmentFactory, CommentFactory, EventFactory
from tests.grid import GridCity


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    made: Appeal = AppealFactory(category=city.categories["lamp"])
    return made


@pytest.mark.parametrize(
    ("language", "link"),
    [
        ("ky", "Мазмуну тууралуу билдирүү"),
        ("ru", "Пожаловаться на содержание"),
        ("en", "Report this content"),
    ],
)
def test_a_form_as_a_browser_sends_it(appeal: Appeal, language: str, link: str) -> None:
    photo = AttachmentFactory(appeal=appeal)
    page, address = f"/{language}/appeals/{appeal.number}/", f"/{language}/appeals/{appeal.number}/report/"
    client = Client(enforce_csrf_checks=True)
    shown = client.get(page).content.decode()
    assert f'href="{address}"' in shown
    assert link in shown
    form = client.get(f"{address}?part=file-{photo.pk}").content.decode()
    assert f'value="file-{photo.pk}" selected' in form
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert token is not None
    data = {
        "csrfmiddlewaretoken": token[1],
        "reason": "picture",
        "part": f"file-{photo.pk}",
        "words": "A face",
    }
    answer = client.post(address, data)
    assert "notice--success" in answer.content.decode()
    assert client.cookies["supporter"]["httponly"]
    assert "notice--info" in client.post(address, data).content.decode()
    report = AbuseReport.objects.get()
    assert (report.reason, report.attachment, report.words) == ("picture", photo, "A face")
    # Nothing of it is public, not even to whoever sent it.
    again = client.get(page).content.decode()
    assert "A face" not in again
    assert Appeal.objects.get(pk=appeal.pk).version == appeal.version


@pytest.mark.parametrize(("language", "link"), [("ky", "Билдирүү"), ("ru", "Пожаловаться"), ("en", "Report")])
def test_a_comment_is_reported_beside_it(
    appeal: Appeal, client: Client, monkeypatch: pytest.MonkeyPatch, language: str, link: str
) -> None:
    monkeypatch.setattr("appeals.comments.COMMENTS_PAGE", 1)
    CommentFactory(appeal=appeal)
    comment = CommentFactory(appeal=appeal, text="You fool")
    page, address = f"/{language}/appeals/{appeal.number}/", f"/{language}/appeals/{appeal.number}/report/"
    way = f"{address}?part=comment-{comment.pk}"
    further = re.search(r'href="([^"]*comments=[^"]*)"', client.get(page).content.decode())
    assert further is not None
    shown = client.get(further[1].partition("#")[0]).content.decode()
    assert re.search(rf'href="{re.escape(way)}"[^>]*>.*? {link}<', shown)
    form = client.get(way).content.decode()
    assert "You fool</p>" in form
    assert f'<input type="hidden" name="part" value="comment-{comment.pk}">' in form
    assert 'value="picture"' not in form
    # It leads back to the page of the comments that it stands on.
    assert f'href="{further[1].partition("#")[0]}#comment-{comment.pk}"' in form
    data = {"reason": "insult", "part": f"comment-{comment.pk}", "words": "Rude"}
    answer = client.post(address, data)
    assert "notice--success" in answer.content.decode()
    assert AbuseReport.objects.get().comment == comment
    # Told before anything is typed; another comment is another matter.
    again = client.get(way).content.decode()
    assert "notice--info" in again
    assert "<textarea" not in again
    assert 'name="part"' in client.get(address).content.decode()


def test_what_is_reported_already_is_told_before_it_is_sent(appeal: Appeal, client: Client) -> None:
    photo = AttachmentFactory(appeal=appeal)
    address = f"/en/appeals/{appeal.number}/report/"
    client.post(address, {"reason": "insult"})
    told = client.get(f"{address}?part=file-{photo.pk}").content.decode()
    assert "<h1" in told
    assert "This has been reported already</h1>" in told
    assert "You have reported this already" in told
    assert 'name="reason"' not in told
    assert 'name="reason"' in Client().get(address).content.decode()
    # Once it is decided, what was not reported can be.
    AbuseReport.objects.update(closed_by=EventFactory(appeal=appeal, version=2))
    form = client.get(address).content.decode()
    assert f'<input type="hidden" name="part" value="file-{photo.pk}">' in form
    assert "Photo 1" in form


@pytest.mark.parametrize("part", ["comment-1", "step-7", "x", "comment-x"])
def test_what_is_not_there_any_more_is_said_in_the_form(appeal: Appeal, client: Client, part: str) -> None:
    address = f"/en/appeals/{appeal.number}/report/"
    for answer in (
        client.get(f"{address}?part={part}"),
        client.post(address, {"part": part, "reason": "insult"}),
    ):
        assert "The appeal has no such part" in answer.content.decode()
        assert '<option value="text"' in answer.content.decode()
    assert not AbuseReport.objects.exists()


def test_a_program_that_fills_in_everything_is_thanked(appeal: Appeal, client: Client) -> None:
    address = f"/en/appeals/{appeal.number}/report/"
    form = client.get(address).content.decode()
    field = re.search(r'<input name="(\w+)"[^>]* data-bait>', form)
    assert field is not None
    answer = client.post(address, {"reason": "insult", field[1]: "https://spam.example"})
    assert "notice--success" in answer.content.decode()
    assert AbuseReport.objects.get().baited
    assert not Appeal.objects.to_moderate()


def test_what_was_given_stays_in_a_form_that_is_refused(
    appeal: Appeal, client: Client, settings: Settings
) -> None:
    settings.LIMITS = {"abuse-report": Rate(1, 1, 3_600)}
    address = f"/en/appeals/{appeal.number}/report/"
    for status, sentence in ((400, "Choose what is wrong."), (429, "Too much has been reported")):
        answer = client.post(address, {"reason": "", "words": "My words"})
        page = answer.content.decode()
        assert answer.status_code == status
        assert sentence in page
        assert ">My words</textarea>" in page
    Appeal.objects.update(hidden=True)
    assert client.get(address).status_code == client.post(address).status_code == 404
    assert not AbuseReport.objects.exists()
