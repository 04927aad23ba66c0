"""What a proposal asks its supporters: the form, the tally, the places, and who may know what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import ProtectedError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actions.residents import delete_account, personal_data
from appeals.actions.support import Answer, support
from appeals.actors import Person
from appeals.models import Appeal, Resident, Support, SupportReply
from appeals.replies import tallies_of
from appeals.vocabulary import Kind, Status
from appeals.workflow import DUPLICATE, HIDE
from districts.importing.entries import EntryRefused
from districts.importing.reference import load_attributes
from districts.models import Attribute, AttributeValue
from history.models import RowChange
from tests.contract.document import check, operations
from tests.factories import AppealFactory, AttributeFactory, AttributeValueFactory
from tests.grid import IN_EAST, IN_WEST, OUTSIDE, GridCity, at, names

EAST, WEST = (f"{lat}, {lon}" for lon, lat in (IN_EAST, IN_WEST))


@pytest.fixture
def question(city: GridCity) -> Attribute:
    asked: Attribute = AttributeFactory(category=city.categories["tree"])
    for position, code in enumerate(("elm", "maple", "oak")):
        AttributeValueFactory(attribute=asked, code=code, position=position)
    return asked


@pytest.fixture
def proposal(city: GridCity, question: Attribute) -> Appeal:
    made: Appeal = AppealFactory(category=city.categories["tree"], kind=Kind.RECOMMENDATION)
    return made


def send(client: Client, appeal: Appeal, **data: str) -> tuple[int, str]:
    data = {"supported": "answer", **data}
    answer = client.post(f"/en/appeals/{appeal.number}/support/", data, follow=True)
    return answer.status_code, answer.content.decode()


def counted(appeal: Appeal) -> tuple[dict[str, int], int]:
    appeal.refresh_from_db()
    (tally,) = tallies_of(appeal)
    return {share.value.code: share.people for share in tally.shares if share.people}, tally.unanswered


def test_a_voice_answers_or_not_and_may_change_its_mind(proposal: Appeal) -> None:
    one, two = Client(), Client()
    page = one.get(f"/en/appeals/{proposal.number}/").content.decode()
    assert "Which en" in page and 'value="oak"' in page and "Mark a place" in page
    send(one, proposal)
    assert counted(proposal) == ({}, 1)
    # The form of a new appeal, which has a place of its own, offers one press for a proposal that it repeats.
    assert send(one, proposal, supported="yes", coordinates=EAST)[0] == 200
    assert counted(proposal) == ({}, 1)
    assert send(one, proposal, value="elm", coordinates=EAST)[0] == 200
    assert send(two, proposal, value="maple")[0] == 200
    assert counted(proposal) == ({"elm": 1, "maple": 1}, 0)
    # The same once more, and the button alone, change nothing.
    send(one, proposal, value="elm", coordinates=EAST)
    page = send(one, proposal)[1]
    assert counted(proposal) == ({"elm": 1, "maple": 1}, 0)
    assert re.search(r'value="elm" checked', page) and f'value="{IN_EAST[1]:.6f}, {IN_EAST[0]:.6f}"' in page
    send(one, proposal, value="oak")
    assert counted(proposal) == ({"oak": 1, "maple": 1}, 0)
    assert SupportReply.objects.filter(point__isnull=False).count() == 0, "the place went with the answer"
    send(one, proposal, value="", coordinates=EAST)
    assert counted(proposal) == ({"maple": 1}, 1)
    send(two, proposal, supported="no")
    assert counted(proposal) == ({}, 1)
    assert Support.objects.count() == 1


def test_what_cannot_be_taken_is_said_and_nothing_is_stored(proposal: Appeal, client: Client) -> None:
    refused = (
        ({"value": "birch"}, "cannot be answered here"),
        ({"value": "\x00"}, "cannot be answered here"),
        ({"value": "e" * 9_999}, "cannot be answered here"),
        ({"value": "elm", "coordinates": f"{OUTSIDE[1]}, {OUTSIDE[0]}"}, "outside the city"),
        ({"value": "elm", "coordinates": "2.35, 48.85"}, "outside the city"),
        ({"value": "elm", "coordinates": "NaN, NaN"}, "two numbers of degrees"),
        ({"value": "elm", "coordinates": "by the river\x00"}, "two numbers of degrees"),
        ({"coordinates": EAST}, "choose an answer as well"),
    )
    for data, words in refused:
        status, page = send(client, proposal, **data)
        assert (status, words in page) == (400, True), data
    assert '/support/#support"' in page, "what is wrong is in view"
    assert not Support.objects.exists()
    assert "supporter" not in client.cookies


def test_what_asks_nothing_takes_no_answer(proposal: Appeal, city: GridCity, client: Client) -> None:
    report = AppealFactory(category=city.categories["tree"], kind=Kind.REPORT)
    other = AppealFactory(category=city.categories["lamp"], kind=Kind.RECOMMENDATION)
    for appeal in (report, other):
        assert "Which en" not in client.get(f"/en/appeals/{appeal.number}/").content.decode()
        assert send(client, appeal, value="elm")[0] == 400
    Attribute.objects.update(places=False)
    assert "No place is asked for" in send(client, proposal, value="elm", coordinates=EAST)[1]
    assert send(client, proposal, value="elm")[0] == 200
    Appeal.objects.filter(pk=proposal.pk).update(outcome="refused", status=Status.CLOSED)
    assert "nobody can support it any more" in send(client, proposal, value="oak")[1]
    assert counted(proposal) == ({"elm": 1}, 0)


def test_what_was_chosen_is_retired_and_not_deleted(proposal: Appeal, client: Client) -> None:
    send(client, proposal, value="elm")
    with pytest.raises(ProtectedError):
        AttributeValue.objects.get(code="elm").delete()
    with pytest.raises(ProtectedError):
        Attribute.objects.get().delete()
    AttributeValue.objects.get(code="oak").delete()
    AttributeValue.objects.filter(code="elm").update(active=False)
    page = client.get(f"/en/appeals/{proposal.number}/").content.decode()
    assert 'value="elm"' not in page
    assert counted(proposal) == ({"elm": 1}, 0)
    assert send(Client(), proposal, value="elm")[0] == 400
    # A question that is asked no more still says what was answered.
    Attribute.objects.update(active=False)
    page = client.get(f"/en/appeals/{proposal.number}/").content.decode()
    assert "Which en" in page and 'name="value"' not in page


def test_the_admin_retires_and_asks_one_question(
    proposal: Appeal, question: Attribute, client: Client
) -> None:
    send(client, proposal, value="elm")
    client.force_login(User.objects.create_superuser("root@city.example"))

    def save(**changed: str) -> str:
        form = {"category": str(question.category_id), "code": "species", "active": "on", "places": "on"}
        form |= names("Which kind", "description") | {"values-TOTAL_FORMS": "3", "values-INITIAL_FORMS": "3"}
        for n, value in enumerate(question.values.all()):
            row = {"id": str(value.pk), "code": value.code, "position": str(n), "active": "on"}
            form |= {f"values-{n}-{name}": text for name, text in (row | names(value.code)).items()}
        address = reverse("admin:districts_attribute_change", args=[question.pk])
        return client.post(address, form | changed, follow=True).content.decode()

    assert "It is used 1 time and cannot be deleted" in save(**{"values-0-DELETE": "on"})
    assert AttributeValue.objects.filter(code="elm").exists()
    save(**{"values-0-active": "", "values-1-DELETE": "on"})
    assert set(AttributeValue.objects.values_list("code", "active")) == {("elm", False), ("oak", True)}
    change = RowChange.objects.filter(table_name="districts_attribute").order_by("-pk")[0]
    assert change.changes["description_en"] == ["Which en", "Which kind en"]
    add = reverse("admin:districts_attribute_add")
    form = {"category": str(question.category_id), "code": "second", "active": "on"}
    form |= names("Why", "description") | {"values-TOTAL_FORMS": "0", "values-INITIAL_FORMS": "0"}
    assert "asks another question already" in client.post(add, form).content.decode()


def test_questions_of_the_profile(tmp_path: Path, city: GridCity) -> None:
    def load(text: str) -> int:
        (tmp_path / "categories.toml").write_text(f"[[attribute]]\n{text}", encoding="utf-8")
        return load_attributes(tmp_path)

    tree = 'category = "tree"\ncode = "species"\ndescription_ky = "Кайсы?"\n'
    for wrong in (
        tree,
        f'{tree}values = ["elm"]',
        f'{tree}values = [{{ code = "elm" }}]',
        f'{tree}values = [{{ code = "e l", name_ky = "a" }}]',
        f'{tree}values = [{{ code = "elm", name_ky = "a", key = "b" }}]',
        f'{tree}values = [{{ code = "elm", name_ky = "a" }}, {{ code = "elm", name_ky = "b" }}]',
        tree.replace("tree", "nowhere"),
    ):
        with pytest.raises(EntryRefused), transaction.atomic():
            load(wrong)
    assert load(f'{tree}places = true\nvalues = [{{ code = "elm", name_ky = "Кара жыгач" }}]') == 1
    assert [value.name_ky for value in Attribute.objects.get(places=True).values.all()] == ["Кара жыгач"]
    assert load(tree) == 0, "what the city has said since is its own"


def test_repetitions_bring_their_answers_each_person_once(
    proposal: Appeal, city: GridCity, office_user: User
) -> None:
    again: Appeal = AppealFactory(
        category=city.categories["tree"], kind=Kind.RECOMMENDATION, service=proposal.service
    )
    one, two = Client(), Client()
    send(one, proposal, value="elm")
    send(one, again, value="oak", coordinates=WEST)
    send(two, again, value="maple")
    perform(again.pk, DUPLICATE, Person(office_user), version=1, original=proposal.number)
    assert counted(proposal) == ({"oak": 1, "maple": 1}, 0)
    # By a voice alone, on a third one, the two turn out to be one.
    third: Appeal = AppealFactory(kind=Kind.RECOMMENDATION)
    persons = Support.objects.filter(appeal=again).order_by("pk").values_list("person", flat=True)
    Support.objects.create(appeal=third, person=persons[0], also=persons[1])
    perform(third.pk, DUPLICATE, Person(office_user), version=1, original=proposal.number)
    assert counted(proposal) == ({"maple": 1}, 0)
    # What was answered to it is not shown while it is hidden; the voice counts.
    perform(again.pk, HIDE, Person(office_user), version=None, text="Insults.")
    assert counted(proposal) == ({"elm": 1}, 0)
    assert counted(again)[0] == {"maple": 1, "oak": 1}, "its staff see it"


def test_the_author_learns_of_the_question_before_sending_and_answers_afterwards(
    proposal: Appeal, question: Attribute, client: Client
) -> None:
    lon, lat = IN_EAST
    form = {"lon": lon, "lat": lat, "category": question.category.code, "kind": "recommendation"}
    headers = {"Accept-Language": "en"}
    assert client.get("/api/route", form, headers=headers).json()["question"] == question.description
    assert client.get("/api/route", form | {"kind": "report"}, headers=headers).json()["question"] == ""
    assert question.description in client.post("/en/appeals/new/", form | {"ask": "who"}).content.decode()
    own = client.get(f"/en/follow/{proposal.contact.secret}/").content.decode()
    assert f"/en/appeals/{proposal.number}/#support" in own


def test_page_and_open_data_have_the_tally_and_no_person(proposal: Appeal, client: Client) -> None:
    send(Client(), proposal, value="elm", coordinates=EAST)
    send(Client(), proposal, value="elm")
    send(Client(), proposal)
    # Carried out, it shows what was answered.
    Appeal.objects.filter(pk=proposal.pk).update(status=Status.CLOSED)
    person = Support.objects.order_by("pk")[0].person
    for language, none, places in (
        ("ky", "Жооп жок", "Картада белгиленген жер: 1"),
        ("ru", "Без ответа", "На карте отмечено 1 место"),
        ("en", "No answer", "1 place marked on the map"),
    ):
        page = client.get(f"/{language}/appeals/{proposal.number}/").content.decode()
        assert f"Which {language}" in page and none in page and places in page
        assert f'places="{{&quot;1&quot;: [[{IN_EAST[0]}, {IN_EAST[1]}]]}}"' in page, "on the map"
        assert "answer-mark--1" in page, "in its legend"
        answer = client.get(f"/api/appeals/{proposal.number}/", {"lang": language})
        check(answer, operations()["read_appeal"][2]["responses"]["200"])
        (told,) = answer.json()["properties"]["attributes"]
        assert (told["code"], told["unanswered"], told["marked"]) == ("species", 1, 1)
        assert told["values"][0] == {
            "key": "elm",
            "name": f"elm {language}",
            "count": 2,
            "places": {"type": "MultiPoint", "coordinates": [list(IN_EAST)]},
        }
        assert person not in page and person not in answer.content.decode()


def test_the_office_takes_a_marked_place_off_the_map(
    proposal: Appeal, city: GridCity, office_user: User, light_user: User
) -> None:
    for place in (EAST, WEST):
        send(Client(), proposal, value="elm", coordinates=place)
    offensive = SupportReply.objects.order_by("pk")[0]
    address = reverse("admin:appeals_supportreply_changelist")
    act = {"action": "take_out_places", "_selected_action": str(offensive.pk)}
    clients = dict.fromkeys((light_user, office_user), "")
    for user in clients:
        client = Client()
        client.force_login(user)
        clients[user] = client.post(address, act, follow=True).content.decode()
        assert SupportReply.objects.filter(point__isnull=False).count() == (2 if user == light_user else 1)
    assert "Places taken off the map: 1." in clients[office_user]
    assert counted(proposal) == ({"elm": 2}, 0), "the answer stands"
    assert tallies_of(proposal)[0].places == [IN_WEST]
    (entry,) = LogEntry.objects.all()
    assert (entry.user, entry.object_id) == (office_user, str(offensive.pk))
    # The office finds them from the desk.
    client.force_login(office_user)
    page = client.get(f"/en/desk/appeals/{proposal.number}/").content.decode()
    assert f"{address}?q={proposal.number}" in page


def test_the_account_takes_its_answer_along(proposal: Appeal) -> None:
    resident = Resident.objects.create(email="a@mail.example")
    answer = Answer("elm", at(IN_EAST))
    support(proposal, "a" * 43, sender="here", email=resident.email, answer=answer)
    (told,) = personal_data(resident)["supports"]
    assert told["answer"]["value"].startswith("elm")
    assert told["answer"]["coordinates"] == list(IN_EAST)
    delete_account(resident, data_too=True)
    assert not SupportReply.objects.exists()
