"""The queue of moderation: who sees it, what stands in it, and that a decision is made right there."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.posts import Post
from appeals.actions.submit import Submission, submit
from appeals.identifiers import new_uuid7
from appeals.limits import COMMENTS_OFFERED
from appeals.models import AbuseReport, Appeal
from desk import moderation
from tests.factories import (
    AbuseReportFactory,
    AppealFactory,
    AttachmentFactory,
    CommentFactory,
    MembershipFactory,
)
from tests.grid import IN_EAST, GridCity, at

ADDRESS = "/en/desk/moderation/"


@pytest.fixture
def moderator(city: GridCity, client: Client) -> Client:
    client.force_login(MembershipFactory(service=city.services["office"], post=Post.MODERATOR).user)
    return client


def reported(city: GridCity, *words: str, **fields: object) -> Appeal:
    appeal: Appeal = AppealFactory(category=city.categories["lamp"], **fields)
    for each in words:
        AbuseReportFactory(appeal=appeal, words=each)
    return appeal


def _submission(city: GridCity, text: str) -> Submission:
    return Submission(
        id=new_uuid7(),
        kind="report",
        category=city.categories["lamp"],
        text=text,
        point=at(IN_EAST),
        language="en",
    )


def numbers(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="appeal-(\d+)"', page)]


def fields(page: str, appeal: Appeal, verb: str) -> dict[str, object]:
    """The hidden fields of that form, as a browser sends them."""
    forms = re.findall(rf'<form[^>]*action="{ADDRESS}{appeal.number}/".*?</form>', page, re.DOTALL)
    (form,) = [each for each in forms if f'name="verb" value="{verb}"' in each]
    keys = re.findall(r'name="reports" value="(\d+)"', form)
    version = re.search(r'name="version" value="(\d+)"', form)
    assert version is not None
    return {"verb": verb, "version": version[1], "reports": keys}


@pytest.mark.parametrize(
    ("code", "post", "seen"),
    [
        ("light", Post.REPRESENTATIVE, False),
        ("light", Post.HEAD, False),
        ("office", Post.DISPATCHER, False),
        ("office", Post.PLANNER, False),
        ("office", Post.MODERATOR, True),
        ("office", Post.REPRESENTATIVE, True),
        ("office", Post.ADMINISTRATOR, True),
    ],
)
def test_only_who_may_hide_reads_what_was_reported(
    city: GridCity, client: Client, code: str, post: Post, seen: bool
) -> None:
    appeal = reported(city, "They call me names")
    client.force_login(MembershipFactory(service=city.services[code], post=post).user)
    assert client.get(ADDRESS).status_code == (200 if seen else 403)
    assert client.post(f"{ADDRESS}{appeal.number}/").status_code == (400 if seen else 403)
    for page in ("/en/desk/", f"/en/desk/appeals/{appeal.number}/"):
        shown = client.get(page, follow=True).content.decode()
        assert (f'href="{ADDRESS}"' in shown) == (seen and page == "/en/desk/")
        assert ("They call me names" in shown) == (seen and page != "/en/desk/")


def test_a_decision_is_made_in_the_row_and_closes_what_it_showed(city: GridCity, moderator: Client) -> None:
    first, second = reported(city, "Names", ""), reported(city, "My phone number")
    AttachmentFactory(appeal=first)
    reported(city, "Hidden already", hidden=True)
    page = moderator.get(ADDRESS).content.decode()
    assert numbers(page) == [first.number, second.number]
    assert '<span class="count">2</span>' in page
    assert "Hidden already" not in page
    sent = fields(page, first, "clear")
    AbuseReportFactory(appeal=first, words="Came meanwhile")
    # It waits since the first of them.
    assert numbers(moderator.get(ADDRESS).content.decode()) == [first.number, second.number]
    page = moderator.post(
        f"{ADDRESS}{first.number}/", sent | {"text": "An opinion"}, follow=True
    ).content.decode()
    assert f"Appeal № {first.number} stays as it is" in page
    # What came meanwhile stays, by its own time.
    assert numbers(page) == [second.number, first.number]
    assert "Came meanwhile" in page
    assert ">Names<" not in page
    sent = fields(page, second, "hide")
    refused = moderator.post(f"{ADDRESS}{second.number}/", sent)
    assert refused.status_code == 400
    assert numbers(refused.content.decode()) == [second.number, first.number]
    page = moderator.post(
        f"{ADDRESS}{second.number}/", sent | {"text": "Personal data"}, follow=True
    ).content.decode()
    assert numbers(page) == [first.number]
    # Decided already: the words of whoever comes second are given back.
    late = moderator.post(f"{ADDRESS}{second.number}/", sent | {"text": "Phone number"})
    assert late.status_code == 409
    assert "Phone number</textarea>" in late.content.decode()
    moderator.post(f"{ADDRESS}{first.number}/", fields(page, first, "clear"))
    page = moderator.get(ADDRESS).content.decode()
    assert "Nothing waits for a moderator" in page
    assert not AbuseReport.objects.open().exclude(appeal__hidden=True).exists()


def test_who_answers_for_a_service_too_decides_about_others_appeals(city: GridCity, client: Client) -> None:
    """Of their own service's a post there is what counts: no button is shown that would be refused."""
    user = MembershipFactory(service=city.services["office"], post=Post.MODERATOR).user
    MembershipFactory(user=user, service=city.services["light"], post=Post.REPRESENTATIVE)
    client.force_login(user)
    own, other = reported(city, "Mine"), reported(city, "Theirs", service=city.services["roads"])
    page = client.get(ADDRESS).content.decode()
    assert numbers(page) == [own.number, other.number]
    assert f'action="{ADDRESS}{own.number}/"' not in page
    assert f'action="{ADDRESS}{other.number}/"' in page


def test_what_is_held_waits_there_too_with_why_and_is_shown_or_hidden(
    city: GridCity, moderator: Client
) -> None:
    appeals = [
        submit(_submission(city, f"Lamp {n}"), sender="address 192.0.2.1", baited=True).appeal
        for n in range(2)
    ]
    assert all(appeal.is_held for appeal in appeals)
    page = moderator.get(ADDRESS).content.decode()
    assert numbers(page) == [appeal.number for appeal in appeals]
    assert page.count("a field was filled in that no person sees") == 2
    # Its own page leads back, and calls it nothing worse than waiting.
    own = moderator.get(f"/en/desk/appeals/{appeals[0].number}/").content.decode()
    assert f'href="{ADDRESS}#appeal-{appeals[0].number}"' in own
    assert "status--hidden" not in own
    assert own.count("a field was filled in that no person sees") == 1
    assert "On the map of appeals" not in own
    for appeal, verb in zip(appeals, ("show", "hide"), strict=True):
        sent = fields(page, appeal, verb) | {"text": "Spam"}
        moderator.post(f"{ADDRESS}{appeal.number}/", sent)
    assert "Nothing waits for a moderator" in moderator.get(ADDRESS).content.decode()
    assert [Appeal.objects.get(pk=appeal.pk).hidden for appeal in appeals] == [False, True]


def test_a_comment_is_hidden_in_the_row_that_shows_its_words(city: GridCity, moderator: Client) -> None:
    appeal, other = reported(city), reported(city, "Names")
    rude = CommentFactory(appeal=appeal, text="You fool")
    # Older than those that the appeal's own page offers.
    calm = [CommentFactory(appeal=appeal, text=f"Calm {n}.") for n in range(COMMENTS_OFFERED)]
    AbuseReportFactory(appeal=appeal, comment=rude, words="An insult")
    page = moderator.get(ADDRESS).content.decode()
    assert numbers(page) == [other.number, appeal.number]
    assert page.count("You fool") == 2, "the words, and the choice"
    assert "Calm" not in page
    assert page.count('value="hide_comment"') == 1
    own = moderator.get(f"/en/desk/appeals/{appeal.number}/").content.decode()
    assert f'name="comment" value="{rude.pk}"' in own
    assert "A comment of" in own
    sent = fields(page, appeal, "hide_comment")
    refused = moderator.post(f"{ADDRESS}{appeal.number}/", sent | {"comment": rude.pk})
    assert refused.status_code == 400
    assert "Calm" not in refused.content.decode()
    wrong = moderator.post(f"{ADDRESS}{appeal.number}/", sent | {"comment": "x", "text": "Rude"})
    assert "Choose a comment." in wrong.content.decode()
    AbuseReportFactory(appeal=appeal, comment=calm[0], words="Me too")
    page = moderator.post(
        f"{ADDRESS}{appeal.number}/", sent | {"comment": rude.pk, "text": "Rude"}, follow=True
    ).content.decode()
    assert "A comment on appeal" in page
    assert "You fool" not in page
    assert numbers(page) == [other.number, appeal.number]
    assert "Calm 0." in page
    rude.refresh_from_db()
    assert rude.hidden


def test_what_many_have_reported_comes_first_and_says_so(
    city: GridCity, moderator: Client, settings: Settings
) -> None:
    settings.REPORTED_BY_MANY = 3
    first, many = reported(city, "One"), reported(city, "Two", "Three", "Four")
    AbuseReportFactory(appeal=first, words="buy", baited=True)
    page = moderator.get(ADDRESS).content.decode()
    assert numbers(page) == [many.number, first.number]
    assert page.count("and no moderator has looked at it yet") == 1
    assert page.count("a field was filled in that no person sees") == 1
    own = moderator.get(f"/en/desk/appeals/{first.number}/").content.decode()
    assert "a field was filled in that no person sees" in own


def test_pages_cost_the_same_however_many_wait(
    city: GridCity,
    moderator: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr(moderation, "PAGE_SIZE", 2)
    reported(city, "One")
    moderator.get(ADDRESS)
    with django_assert_num_queries(7):
        moderator.get(ADDRESS)
    appeals = [reported(city, f"{n}", "", "") for n in range(4)]
    for appeal in appeals:
        AttachmentFactory(appeal=appeal)
        AbuseReportFactory(appeal=appeal, comment=CommentFactory(appeal=appeal))
    with django_assert_num_queries(7):
        page = moderator.get(ADDRESS).content.decode()
    seen = numbers(page)
    while further := re.search(r'href="([^"]*)" rel="next"', page):
        page = moderator.get(further[1]).content.decode()
        seen += numbers(page)
    assert len(seen) == len(set(seen)) == 5
    assert seen[1:] == [appeal.number for appeal in appeals]
    assert moderator.get(f"{ADDRESS}?after=x").status_code == 400
