"""Reporting an appeal's content: without an account or a script, once a browser, for the Mayor's Office alone."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import Settings

from appeals.models import AbuseReport, Appeal
from bootstrap.rates import Rate
from tests.factories import AppealFactory, AttachmentFactory
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
