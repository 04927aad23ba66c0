"""An appeal's whole file: all that is kept, for the administrator alone, read again; who took it stands for good."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.db import connection
from django.db.utils import InternalError
from django.test import Client

from accounts.models import User
from accounts.posts import Post
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.models import Appeal, Message
from appeals.workflow import ANSWER, FORWARD, NOTE
from desk.models import FileTaken
from tests.desk.test_queue import make
from tests.factories import AttachmentFactory, MembershipFactory
from tests.grid import GridCity

WORDS = "Өзгөн көчөсүндө жарык күйбөйт, чуңкур бар"


@pytest.fixture
def administrator(city: GridCity) -> User:
    return MembershipFactory(service=city.services["office"], post=Post.ADMINISTRATOR).user


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


def take(client: Client, appeal: Appeal) -> bytes:
    answer = client.post(f"/ky/desk/appeals/{appeal.number}/file.json")
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


def test_who_took_it_is_kept_and_shown_and_stands_in_the_next_file(
    client: Client, administrator: User, appeal: Appeal
) -> None:
    client.force_login(administrator)
    made = take(client, appeal)
    row = FileTaken.objects.get()
    assert (row.by, row.digest) == (administrator, hashlib.sha256(made).hexdigest())
    assert json.loads(take(client, appeal))["taken_before"][0]["sha256"] == row.digest
    page = client.get(f"/en/desk/appeals/{appeal.number}/").content.decode()
    assert page.count(f"· {administrator}</li>") == 2


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
    assert client.post(f"/en/desk/appeals/{appeal.number}/file.json").status_code == 403
    assert "file.json" not in client.get(f"/en/desk/appeals/{appeal.number}/").content.decode()
    assert not FileTaken.objects.exists()


def test_a_link_alone_takes_nothing(client: Client, administrator: User, appeal: Appeal) -> None:
    client.force_login(administrator)
    assert client.get(f"/en/desk/appeals/{appeal.number}/file.json").status_code == 405
    assert client.post("/en/desk/appeals/999999/file.json").status_code == 404
    assert not FileTaken.objects.exists()
