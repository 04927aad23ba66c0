"""An appeal's whole file: all that is kept, for the administrator alone, read again; who took it stands for good."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import InternalError
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import User
from accounts.posts import Post
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.models import Appeal, CalendarDay, LegalTerm, Message
from appeals.workflow import ANSWER, DUPLICATE, FORWARD, LINK, NOTE, REDACT
from desk.full_file import Form
from desk.models import ContactSeen, FileTaken
from districts.models import Category, Service
from tests.desk.pages import make
from tests.factories import AttachmentFactory, MembershipFactory
from tests.grid import GridCity

WORDS = "Өзгөн көчөсүндө жарык күйбөйт, чуңкур бар"


@pytest.fixture
def appeal(city: GridCity, light_user: User) -> Appeal:
    made = make(
        city, text=WORDS, address="Өзгөн көчөсү, 5", contact__name="Бакыт Эсенов", contact__phone="+996555987654",
        contact__email="bakyt@mail.example",
    )  # fmt: skip
    AttachmentFactory(appeal=made, digest=b"\x07" * 32)
    perform(made.pk, NOTE, Person(light_user), version=1, text="Ички эскертүү: ТЭЦтен сура")
    perform(
        made.pk, FORWARD, Person(light_user), version=2, text="Жол бөлүгү", to_service=city.services["roads"]
    )
    roads = MembershipFactory(service=city.services["roads"]).user
    perform(made.pk, ANSWER, Person(roads), version=3, text="Чуңкур жабылды")
    return made


@pytest.fixture
def beside(city: GridCity) -> Appeal:
    """What belongs together with the appeal."""
    return make(city, text="Ошол эле түркүк")


@pytest.fixture
def full(city: GridCity, appeal: Appeal, beside: Appeal, administrator: User) -> Appeal:
    """The appeal with all that a file can hold."""
    roads = Person(MembershipFactory(service=city.services["roads"]).user)
    office = Person(administrator)
    perform(appeal.pk, LINK, roads, version=4, other=beside.number)
    repetition = make(city, text="Кайталанган")
    perform(
        repetition.pk, DUPLICATE, Person(MembershipFactory(service=repetition.service).user), version=1,
        original=appeal.number,
    )  # fmt: skip
    appeal.refresh_from_db()
    perform(appeal.pk, REDACT, office, version=appeal.version, pieces="чуңкур", text="Адамдын аты айтылган")
    return Appeal.objects.get(pk=appeal.pk)


def facts(value: Any) -> Iterator[str]:
    """Every text and number of a JSON file but codes, moments and yes or no, which paper has in words."""
    match value:
        case dict():
            for key, inner in value.items():
                if key not in CODES:
                    yield from facts(inner)
        case list():
            for inner in value:
                yield from facts(inner)
        case bool() | None:
            return
        case _ if str(value) and not re.match(r"\d{4}-\d\d-\d\d", str(value)):
            yield str(value)


CODES = {
    "verb", "as", "from_status", "to_status", "kind", "state", "audience", "channel", "field", "what", "source",
}  # fmt: skip


def printed(pdf: bytes) -> str:
    """The words of the paper without the white space: it is where lines were broken."""
    return bare("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def bare(words: str) -> str:
    return re.sub(r"\s+", "", words)


def take(client: Client, appeal: Appeal, form: str = "json", language: str = "ky") -> bytes:
    answer = client.post(f"/{language}/desk/appeals/{appeal.number}/file.{form}")
    assert answer.status_code == 200
    assert f"appeal-{appeal.number}-" in answer["Content-Disposition"]
    return answer.content


def test_json_holds_everything(client: Client, administrator: User, appeal: Appeal, light_user: User) -> None:
    client.force_login(administrator)
    file = json.loads(take(client, appeal))
    assert file["appeal"]["text"] == WORDS
    assert file["author"] == {
        "name": "Бакыт Эсенов",
        "phone": "+996555987654",
        "email": "bakyt@mail.example",
        "email_proven": appeal.contact.email_proven,
        "postal_address": "",
    }
    assert [step["verb"] for step in file["steps"]] == ["submit", "note", "forward", "answer"]
    assert [step["version"] for step in file["steps"]] == [1, 2, 3, 4]
    note, forward = file["steps"][1:3]
    assert (note["public"], note["text"]) == (False, "Ички эскертүү: ТЭЦтен сура")
    assert note["who"] == f"{light_user} <{light_user.email}>"
    assert forward["to_service"] == "roads ky"
    assert file["files"][0]["sha256"] == "07" * 32
    assert len(file["letters"]) == Message.objects.filter(event__appeal=appeal).count() > 0
    assert {"recipient", "state", "attempts", "error"} <= set(file["letters"][0])
    assert "14" in " ".join(file["term"]["explanation"])
    assert file["made_for"].endswith(f"<{administrator.email}>")


def test_what_was_taken_out_and_what_it_belongs_to_stand_in_it(
    client: Client, administrator: User, full: Appeal, beside: Appeal
) -> None:
    client.force_login(administrator)
    file = json.loads(take(client, full))
    assert file["appeal"]["text"] == WORDS.replace("чуңкур", "[…]")
    assert file["appeal"]["linked"] == [beside.number]
    repetition = Appeal.objects.get(duplicate_of=full)
    assert file["appeal"]["repeated_by"] == [repetition.number]
    assert json.loads(take(client, repetition))["appeal"]["repeats"] == full.number
    of_text, of_answer = file["redactions"]
    assert (of_text["before"], of_text["after"]) == (WORDS, file["appeal"]["text"])
    assert of_text["who"] == f"{administrator} <{administrator.email}>"
    assert of_text["reason"] == "Адамдын аты айтылган"
    assert (of_text["of_version"], of_answer["of_version"]) == (None, 4)
    assert of_answer["before"] == "Чуңкур жабылды"


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_pdf_holds_what_the_json_holds(
    client: Client, administrator: User, full: Appeal, language: str
) -> None:
    client.force_login(administrator)
    take(client, full)  # so that it has been taken before
    whole = take(client, full, "json", language)
    pdf = take(client, full, "pdf", language)
    paper = printed(pdf)
    for fact in facts(json.loads(whole)):
        assert bare(fact) in paper
    assert bare(WORDS) in paper  # ң, ө, ү
    pages = PdfReader(io.BytesIO(pdf)).pages
    assert f"1/{len(pages)}" in bare(pages[0].extract_text())
    assert f"{len(pages)}/{len(pages)}" in bare(pages[-1].extract_text())
    width, height = (float(side) * 25.4 / 72 for side in pages[0].mediabox[2:])
    assert (round(width), round(height)) == (210, 297)


def test_words_of_a_resident_are_words_on_paper(client: Client, administrator: User, appeal: Appeal) -> None:
    Appeal.objects.filter(pk=appeal.pk).update(text="**жарык** {nb} \U0001f9f1 \u202e " + "сөз " * 2000)
    client.force_login(administrator)
    assert bare("**жарык** {nb} [U+1F9F1]") in printed(take(client, appeal, "pdf"))


def test_who_took_it_is_kept_and_shown_and_stands_in_the_next_file(
    client: Client, administrator: User, appeal: Appeal
) -> None:
    client.force_login(administrator)
    made = take(client, appeal, "pdf")
    row = FileTaken.objects.get()
    assert (row.by, row.form, row.digest) == (administrator, "pdf", hashlib.sha256(made).hexdigest())
    before = json.loads(take(client, appeal))["taken_before"][0]
    assert (before["form"], before["sha256"]) == ("pdf", row.digest)
    page = client.get(f"/en/desk/appeals/{appeal.number}/").content.decode()
    assert page.count(f"· {administrator} · PDF</li>") == page.count(f"· {administrator} · JSON</li>") == 1


@pytest.mark.parametrize(
    "statement", ["UPDATE desk_filetaken SET digest = 'x'", "DELETE FROM desk_filetaken"]
)
def test_nobody_takes_the_line_away(
    client: Client, administrator: User, appeal: Appeal, statement: str
) -> None:
    client.force_login(administrator)
    take(client, appeal)
    with pytest.raises(InternalError, match="append_only"), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("post", [post for post in Post if post is not Post.ADMINISTRATOR])
def test_nobody_else_gets_it(city: GridCity, client: Client, appeal: Appeal, post: Post) -> None:
    at = city.services["roads" if post is Post.HEAD else "office"]
    client.force_login(MembershipFactory(service=at, post=post).user)
    page = client.get(f"/en/desk/appeals/{appeal.number}/").content.decode()
    for form in Form:
        assert client.post(f"/en/desk/appeals/{appeal.number}/file.{form}").status_code == 403
        assert f"file.{form}" not in page
    assert not FileTaken.objects.exists()


def test_a_link_alone_takes_nothing(client: Client, administrator: User, appeal: Appeal) -> None:
    client.force_login(administrator)
    for form in Form:
        assert client.get(f"/en/desk/appeals/{appeal.number}/file.{form}").status_code == 405
        assert client.post(f"/en/desk/appeals/999999/file.{form}").status_code == 404
    assert not FileTaken.objects.exists()


def test_who_was_shown_the_author_s_data_stands_for_good(
    client: Client, appeal: Appeal, administrator: User, office_user: User, light_user: User
) -> None:
    roads = User.objects.get(memberships__service__code="roads")
    client.force_login(roads)
    desk = f"/en/desk/appeals/{appeal.number}/"
    for _again in range(2):
        client.get(desk)
    client.get(f"{desk}print/?internal=1")
    client.get(f"{desk}print/")
    client.get("/en/desk/export.csv?tab=answered&contacts=1")
    client.get("/en/desk/export.csv?tab=answered")
    # It is not theirs any more: they see nothing, and nothing is kept.
    client.force_login(light_user)
    client.get(desk)
    seen = set(ContactSeen.objects.values_list("by", "how"))
    assert seen == {(roads.pk, "page"), (roads.pk, "print"), (roads.pk, "table")}
    assert ContactSeen.objects.count() == 3, "once a day for each way"
    # The next day is another one.
    tomorrow = timezone.now() + dt.timedelta(days=1)
    ContactSeen.objects.keep(roads, [appeal.pk], ContactSeen.How.PAGE, at=tomorrow)
    assert ContactSeen.objects.count() == 4
    client.force_login(administrator)
    page = client.get(desk).content.decode()
    assert "Who was shown the author" in page
    assert page.count("· on the page") == 2 + 1, "the reader too is kept"
    whole = json.loads(client.post(f"{desk}file.json").content)
    kept = sorted((one["by"], one["how"]) for one in whole["author_seen"])
    hers, reader = f"{roads} <{roads.email}>", f"{administrator} <{administrator.email}>"
    ways = ("page", "page", "print", "table")
    assert kept == sorted([*((hers, way) for way in ways), (reader, "page")])
    client.force_login(office_user)
    assert "Who was shown the author" not in client.get(desk).content.decode()
    row = ContactSeen.objects.first()
    assert row is not None
    for change in (
        lambda: ContactSeen.objects.filter(pk=row.pk).update(how="print"),
        lambda: ContactSeen.objects.filter(pk=row.pk).delete(),
    ):
        with pytest.raises(InternalError), transaction.atomic():
            change()


def test_what_became_of_the_city_s_data_meanwhile_stands_in_it(
    client: Client, city: GridCity, administrator: User, appeal: Appeal
) -> None:
    client.force_login(administrator)
    assert json.loads(take(client, appeal))["city_changes"] == []
    LegalTerm.objects.update(working_days=10)
    today = timezone.localdate()
    day = CalendarDay.objects.create(date=today + dt.timedelta(days=1), working=False, name_ky="Майрам")
    CalendarDay.objects.create(date=today + dt.timedelta(days=400), working=False, name_ky="Алыс")
    Category.objects.filter(pk=appeal.category_id).update(name_en="lamps")
    Service.objects.filter(code__in=["light", "park"]).update(phone="+996322255555")
    changes = json.loads(take(client, appeal, language="en"))["city_changes"]
    assert [
        (one["column"], one["before"], one["after"])
        for one in changes
        if "calendar" not in one["what"].lower()
    ] == [
        ("Working days", "14", "10"),
        ("Name [en]", "lamp en", "lamps"),
        ("Phone", "", "+996322255555"),
    ]
    assert {one["what"] for one in changes if "calendar" in one["what"].lower()} == {
        f"Calendar day: {day.date} Майрам — added"
    }
    paper = printed(take(client, appeal, "pdf", "en"))
    for one in changes:
        assert bare(f"{one['what']}") in paper
        assert bare(one["after"]) in paper


def test_of_an_author_who_left_nothing_nothing_is_kept(
    client: Client, city: GridCity, light_user: User
) -> None:
    bare = make(city, contact__name="", contact__phone="", contact__email="")
    client.force_login(light_user)
    client.get(f"/en/desk/appeals/{bare.number}/")
    client.get(f"/en/desk/appeals/{bare.number}/print/?internal=1")
    assert not ContactSeen.objects.exists()
