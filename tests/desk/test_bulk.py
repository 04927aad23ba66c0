"""One step for many appeals: each by itself, foreseen before and told after, and nothing half-silent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.models import Appeal, Event
from appeals.vocabulary import Status
from appeals.workflow import ACCEPT, ANSWER, FORWARD, NOTE, VERBS
from tests.desk.pages import get, make
from tests.factories import MembershipFactory
from tests.grid import GridCity


@pytest.fixture
def appeals(city: GridCity) -> list[Appeal]:
    return [make(city, due_in=n) for n in range(3)]


def boxes(page: str) -> list[str]:
    return re.findall(r'name="chosen" value="([^"]+)"', page)


def send(client: Client, verb: str, chosen: list[str], **more: Any) -> str:
    """The page that follows."""
    response = client.post(
        "/en/desk/bulk/", {"verb": verb, "chosen": chosen, "place": "tab=open", **more}, follow=True
    )
    assert response.status_code in {200, 400}
    return response.content.decode()


def fates(page: str) -> dict[int, str]:
    """What the page says of each appeal, by number."""
    rows = re.findall(
        r"<tr[^>]*>\s*<td class=\"number\">(.*?)</td>.*?<td>.*?</td>.*?<td>(.*?)</td>", page, re.DOTALL
    )
    plain = [(re.sub(r"<[^>]+>", "", number), re.sub(r"<[^>]+>", " ", fate)) for number, fate in rows]
    return {int(number): " ".join(fate.split()) for number, fate in plain}


def statuses(appeals: list[Appeal]) -> list[str]:
    return [Appeal.objects.get(pk=appeal.pk).status for appeal in appeals]


def test_the_boxes_of_the_queue_name_each_row_with_its_version(
    at_desk: Client, appeals: list[Appeal], light_user: User
) -> None:
    perform(appeals[0].pk, NOTE, Person(light_user), version=1, text="x")
    page = get(at_desk)
    assert boxes(page) == [f"{appeals[0].number}:2", *(f"{appeal.number}:1" for appeal in appeals[1:])]
    assert " checked" not in page
    assert get(at_desk, "?tab=open&chosen=all").count(" checked") == 3
    offered = re.findall(r'<option value="(\w+)"', page[page.index("bulk-verb") :].partition("</select>")[0])
    assert offered == ["accept", "close", "forward", "assign", "note"]


def test_it_is_shown_before_and_done_after(at_desk: Client, appeals: list[Appeal], light_user: User) -> None:
    chosen = boxes(get(at_desk))[:2]
    page = send(at_desk, "accept", chosen)
    assert "Nothing has been done yet" in page
    assert fates(page) == {
        appeal.number: "New → In progress The author gets a letter" for appeal in appeals[:2]
    }
    assert statuses(appeals) == ["new"] * 3
    assert boxes(page) == chosen
    page = send(at_desk, "accept", chosen, step="do")
    assert "Done: 2 appeals." in page
    assert statuses(appeals) == ["accepted", "accepted", "new"]
    event = Event.objects.get(appeal=appeals[0], verb="accept")
    assert (event.actor, event.version) == (light_user, 2)


def test_one_that_cannot_be_done_stops_no_other_and_is_named_with_the_reason(
    city: GridCity, at_desk: Client, appeals: list[Appeal]
) -> None:
    one, two, three = appeals
    chosen = boxes(get(at_desk))
    colleague = Person(MembershipFactory(service=city.services["light"]).user)
    perform(one.pk, ACCEPT, colleague, version=1)
    perform(two.pk, FORWARD, colleague, version=1, to_service=city.services["roads"], text="Not ours")
    for step in ("", "do"):
        told = fates(send(at_desk, "accept", chosen, step=step))
        assert told[one.number] == (
            "Somebody has changed it since you opened the list: look at it first. Taken in progress: light en"
        )
        assert told[two.number] == "It is not on your desk: it is with another service now."
        assert told[three.number].startswith("New → In progress")
    page = send(at_desk, "accept", chosen, step="do")
    assert statuses(appeals) == ["accepted", "new", "accepted"]
    assert "Not done: 3 appeals" in page, "a form that is sent twice does nothing twice, and says so"
    assert Event.objects.filter(verb="accept").count() == 2


def test_what_the_table_forbids_is_foreseen(city: GridCity, at_desk: Client, appeals: list[Appeal]) -> None:
    answered = make(city, status=Status.ANSWERED)
    told = fates(send(at_desk, "close", [f"{appeals[0].number}:1", f"{answered.number}:1"]))
    assert told[appeals[0].number] == "Its status is “New”; this can be done only where it is: Answered."
    assert told[answered.number].startswith("Answered → Closed")


def test_a_note_has_no_letters_and_one_text_for_all(at_desk: Client, appeals: list[Appeal]) -> None:
    chosen = boxes(get(at_desk))
    page = send(at_desk, "note", chosen)
    assert set(fates(page).values()) == {"Fill in the form above"}
    assert 'value="do"' not in page
    page = send(at_desk, "note", chosen, step="do", text=" ")
    assert "Write a few words." in page
    assert not Event.objects.filter(verb="note").exists()
    page = send(at_desk, "note", chosen, step="preview", text="Storm of 3 May")
    assert set(fates(page).values()) == {"It is written into the history; nothing else changes"}
    assert "Storm of 3 May</textarea>" in page
    send(at_desk, "note", chosen, step="do", text="Storm of 3 May")
    assert list(Event.objects.filter(verb="note").values_list("text", flat=True)) == ["Storm of 3 May"] * 3


def test_forwarding_says_where_each_goes(
    city: GridCity, client: Client, office_user: User, appeals: list[Appeal]
) -> None:
    there = make(city, "pothole")
    client.force_login(office_user)
    form = {"to_service": "roads", "text": "It is their pole"}
    chosen = [f"{appeal.number}:1" for appeal in (appeals[0], there)]
    told = fates(send(client, "forward", chosen, step="preview", **form))
    assert told[appeals[0].number].startswith("light en → roads en The author gets a letter")
    assert told[there.number] == "The appeal is with this service already."
    told = fates(send(client, "forward", chosen, step="do", **form))
    assert told[there.number] == "The appeal is with this service already."
    assert Appeal.objects.filter(service=city.services["roads"]).count() == 2


def test_assigning_many(at_desk: Client, appeals: list[Appeal], light_user: User) -> None:
    chosen = boxes(get(at_desk))
    told = fates(send(at_desk, "assign", chosen, step="do", assignee=light_user.pk))
    assert set(told.values()) == {f"Who works on it: {light_user}"}
    assert Appeal.objects.filter(assignee=light_user).count() == 3


def test_what_is_done_leads_back_to_the_place(at_desk: Client, appeals: list[Appeal]) -> None:
    page = send(at_desk, "accept", boxes(get(at_desk)), place="tab=soon&sort=-number&q=x")
    assert 'href="/en/desk/?q=x&amp;tab=soon&amp;sort=-number"' in page


@pytest.mark.parametrize(
    "verb", sorted({*VERBS, "", "explode"} - {v for v, row in VERBS.items() if row.bulk})
)
def test_what_needs_words_of_its_own_is_not_done_to_many(
    at_desk: Client, appeals: list[Appeal], verb: str
) -> None:
    page = send(at_desk, verb, boxes(get(at_desk)), step="do", text="Done")
    assert "Choose what is to be done" in page
    assert set(Appeal.objects.values_list("version", flat=True)) == {1}


@pytest.mark.parametrize("chosen", [[], ["nonsense"], ["1"], ["9" * 40 + ":1"], ["-1:1"], ["²:1"]])
def test_nothing_chosen_is_said(at_desk: Client, appeals: list[Appeal], chosen: list[str]) -> None:
    assert "No appeal is chosen" in send(at_desk, "accept", chosen, step="do")


def test_appeals_of_others_are_out_of_reach(city: GridCity, at_desk: Client, appeals: list[Appeal]) -> None:
    foreign = make(city, "pothole", text="Bench of others")
    page = send(at_desk, "accept", [f"{foreign.number}:1"], step="do")
    assert "None of these appeals is on your desk" in page
    page = send(at_desk, "accept", [f"{foreign.number}:1", f"{appeals[0].number}:1"], step="do")
    assert fates(page)[foreign.number].startswith("It is not on your desk")
    assert foreign.category.name not in page
    foreign.refresh_from_db()
    assert foreign.version == 1


def test_strangers_do_nothing(city: GridCity, client: Client, outsider: User, appeals: list[Appeal]) -> None:
    assert client.get("/en/desk/bulk/").status_code == 405
    form = {"verb": "accept", "chosen": [f"{appeals[0].number}:1"], "step": "do"}
    assert client.post("/en/desk/bulk/", form).status_code == 302
    client.force_login(outsider)
    assert client.post("/en/desk/bulk/", form).status_code == 403
    assert statuses(appeals) == ["new"] * 3


def test_what_is_answered_meanwhile_is_not_taken_in_progress_again(
    at_desk: Client, appeals: list[Appeal], light_user: User
) -> None:
    chosen = boxes(get(at_desk))
    send(at_desk, "accept", chosen)
    perform(appeals[1].pk, ANSWER, Person(light_user), version=1, text="Done")
    page = send(at_desk, "accept", chosen, step="do")
    assert statuses(appeals) == ["accepted", "answered", "accepted"]
    assert "Done: 2 appeals. Not done: 1 appeal, with the reason below." in page
