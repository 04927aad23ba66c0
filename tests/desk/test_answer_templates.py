"""Templates of answers: a service's own, filled with the appeal's data, put after what is written, with no script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User
from appeals.models import Appeal, Draft, Event
from desk.answer_templates import filled
from desk.models import AnswerTemplate
from tests.desk.pages import form_of, make, picture, url
from tests.factories import MembershipFactory
from tests.grid import GridCity

URL = "/en/desk/templates/"


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return make(city, address="Ленин көчөсү, 5", contact__name="Бакыт Эсенов")


def template(
    city: GridCity, text: str = "Appeal {number}: done.", service: str = "light", **more: str
) -> AnswerTemplate:
    values = {"language": "en", "title": "Done", **more}
    return AnswerTemplate.objects.create(service=city.services[service], text=text, **values)


def form(city: GridCity, **more: object) -> dict[str, object]:
    return {
        "service": city.services["light"].pk,
        "language": "en",
        "title": "Done",
        "text": "Appeal {number}: done.",
        "version": 0,
        **more,
    }


def test_every_field_is_filled_in_the_template_s_language(city: GridCity, appeal: Appeal) -> None:
    text = "{number} {category} {address} {due_on} {author_name} {service}"
    english = filled(template(city, text), appeal)
    assert english.startswith(f"{appeal.number} lamp en Ленин көчөсү, 5 ")
    assert english.endswith(" Бакыт Эсенов light en")
    russian = filled(template(city, text, language="ru"), appeal)
    assert "lamp ru" in russian
    assert russian.endswith("light ru")
    assert not re.search(r"[{}]", english + russian)


def test_a_resident_s_braces_stay_what_they_are(city: GridCity) -> None:
    appeal = make(city, address="{service} {nonsense}")
    assert filled(template(city, "{address}!"), appeal) == "{service} {nonsense}!"


def test_the_people_of_the_service_write_change_and_remove_them(city: GridCity, at_desk: Client) -> None:
    at_desk.post(URL, form(city))
    kept = AnswerTemplate.objects.get()
    page = at_desk.get(f"{URL}{kept.pk}/").content.decode()
    assert "Appeal {number}: done.</textarea>" in page
    assert f'name="version" value="{kept.version}"' in page
    at_desk.post(f"{URL}{kept.pk}/", form(city, text="Thank you. {number}", version=kept.version))
    kept.refresh_from_db()
    assert (kept.text, kept.version) == ("Thank you. {number}", 2)
    at_desk.post(f"{URL}{kept.pk}/", {"drop": "1"})
    assert not AnswerTemplate.objects.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Dear {name}", "There is no field {name}. The fields are {number}"),
        ("{Number} {due on} {}", "There is no field {Number}, {due on}, {}."),
        (" ", "required"),
        ("\u200b", "Write a few words."),
        ("x" * 5000, "4000"),
        ("a\x00b", "Null characters"),
    ],
)
def test_what_cannot_be_filled_is_refused_and_kept_in_the_form(
    city: GridCity, at_desk: Client, text: str, words: str
) -> None:
    answer = at_desk.post(URL, form(city, text=text))
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not AnswerTemplate.objects.exists()


def test_two_of_one_title_are_refused(city: GridCity, at_desk: Client) -> None:
    template(city)
    assert at_desk.post(URL, form(city)).status_code == 400
    assert AnswerTemplate.objects.count() == 1


def test_nobody_overwrites_a_colleague_s_change(city: GridCity, at_desk: Client) -> None:
    kept = template(city)
    at_desk.post(f"{URL}{kept.pk}/", form(city, text="First", version=1))
    answer = at_desk.post(f"{URL}{kept.pk}/", form(city, text="Second", version=1))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody has changed this template meanwhile" in page
    assert "Second</textarea>" in page
    assert 'name="version" value="2"' in page
    assert AnswerTemplate.objects.get().text == "First"
    assert at_desk.post(f"{URL}{kept.pk}/", form(city, text="Second", version=2)).status_code == 302


def test_words_for_one_that_a_colleague_has_removed_make_a_new_one(city: GridCity, at_desk: Client) -> None:
    kept = template(city)
    there = f"{URL}{kept.pk}/"
    kept.delete()
    answer = at_desk.post(there, form(city, text="My words", version=1))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "My words</textarea>" in page and f'action="{URL}"' in page
    for answer in (at_desk.get(there, follow=True), at_desk.post(there, {"drop": "1"}, follow=True)):
        assert "This template is not there any more." in answer.content.decode()


def test_another_service_s_templates_are_out_of_reach(
    city: GridCity, at_desk: Client, client: Client, office_user: User
) -> None:
    theirs = template(city, "Whisper", service="roads")
    assert "Whisper" not in at_desk.get(URL).content.decode()
    assert at_desk.get(f"{URL}{theirs.pk}/").status_code == 404
    assert at_desk.post(f"{URL}{theirs.pk}/", {"drop": "1"}).status_code == 404
    answer = at_desk.post(URL, form(city, service=city.services["roads"].pk))
    assert answer.status_code == 400
    assert AnswerTemplate.objects.get() == theirs
    office = Client()
    office.force_login(office_user)
    assert "Whisper" in office.get(URL).content.decode()


@pytest.mark.parametrize("person", [None, "outsider"])
def test_strangers_have_none(city: GridCity, client: Client, outsider: User, person: str | None) -> None:
    if person:
        client.force_login(outsider)
    assert client.get(URL).status_code == (403 if person else 302)
    assert client.post(URL, form(city)).status_code == (403 if person else 302)
    assert not AnswerTemplate.objects.exists()


def test_it_is_put_after_what_is_written_and_nothing_is_published(
    city: GridCity, at_desk: Client, appeal: Appeal, media_root: Path
) -> None:
    kept = template(city)
    template(city, service="roads", title="Of others")
    shown = form_of(at_desk.get(url(appeal)).content.decode(), "answer")
    assert re.findall(r'<option value="(\d+)">([^<]+)', shown) == [(str(kept.pk), "Done (en)")]
    sent = {"verb": "answer", "version": 1, "text": "Hello.", "insert": "1", "template": kept.pk}
    answer = at_desk.post(url(appeal), {**sent, "files": [picture()]}, follow=True)
    shown = form_of(answer.content.decode(), "answer")
    assert f"Hello.\n\nAppeal {appeal.number}: done.</textarea>" in shown
    assert len(re.findall(r'name="uploads" value="', shown)) == 1
    assert not Event.objects.filter(verb="answer").exists()


def test_the_language_of_the_author_comes_first(city: GridCity, at_desk: Client, appeal: Appeal) -> None:
    template(city, title="A")
    template(city, title="B", language="ky")
    shown = form_of(at_desk.get(url(appeal)).content.decode(), "answer")
    assert re.findall(r"<option[^>]*>([^<]+)", shown) == ["B (ky)", "A (en)"]


def test_a_name_that_would_be_public_is_warned_of(city: GridCity, at_desk: Client, appeal: Appeal) -> None:
    sent = {"verb": "answer", "version": 1, "text": "", "insert": "1"}
    plain, named = template(city), template(city, "Dear {author_name}", title="Named")
    page = at_desk.post(url(appeal), {**sent, "template": plain.pk}, follow=True).content.decode()
    assert "only with the author" not in page
    page = at_desk.post(url(appeal), {**sent, "template": named.pk}, follow=True).content.decode()
    assert "only with the author" in page
    assert "Dear Бакыт Эсенов</textarea>" in page


@pytest.mark.parametrize("which", ["", "nonsense", "999999", "roads"])
def test_a_template_that_is_not_there_loses_no_words(
    city: GridCity, at_desk: Client, appeal: Appeal, which: str
) -> None:
    theirs = template(city, "Whisper", service="roads")
    sent = {"verb": "answer", "version": 1, "text": "Hello.", "insert": "1"}
    page = at_desk.post(
        url(appeal), {**sent, "template": theirs.pk if which == "roads" else which}, follow=True
    ).content.decode()
    assert "This template is not there any more." in page
    assert "Whisper" not in page
    assert Draft.objects.get().text == "Hello."


def test_what_does_not_fit_is_said(city: GridCity, at_desk: Client, appeal: Appeal) -> None:
    kept = template(city, "y" * 3000)
    sent = {"verb": "answer", "version": 1, "text": "x" * 2000, "insert": "1", "template": kept.pk}
    page = at_desk.post(url(appeal), sent, follow=True).content.decode()
    assert "too long by 1002 characters" in page
    assert f"{'x' * 2000}\n\n{'y' * 3000}</textarea>" in page


def test_those_of_another_service_put_nothing_in(city: GridCity, client: Client, appeal: Appeal) -> None:
    client.force_login(MembershipFactory(service=city.services["roads"]).user)
    sent = {"verb": "answer", "version": 1, "text": "Hello.", "insert": "1", "template": template(city).pk}
    client.post(url(appeal), sent)
    assert not Event.objects.filter(verb="answer").exists()
    assert "done" not in "".join(Draft.objects.values_list("text", flat=True))


def test_a_new_template_is_in_the_language_of_the_page_until_another_is_chosen(
    city: GridCity, at_desk: Client
) -> None:
    page = at_desk.get("/ky/desk/templates/").content.decode()
    choices = page[page.index('name="language"') : page.index("</select>", page.index('name="language"'))]
    assert re.findall(r'value="(\w*)"( selected)?', choices) == [("ky", " selected"), ("ru", ""), ("en", "")]
