"""Letters: how they come to whoever works here, how an author ends them, and those that could not be sent."""

from __future__ import annotations

from django.utils import translation
from playwright.sync_api import expect

from accounts.models import User
from accounts.posts import Post
from appeals.models import Message
from appeals.notify.subscriptions import AuthorsLetters, DesksLetters, path_for
from tests.browser.conftest import DESKTOP, Open, log_in, path_of
from tests.factories import AppealFactory, MembershipFactory, MessageFactory
from tests.grid import GridCity


def test_chosen_ended_and_got_again(visit: Open, city: GridCity, representative: User) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    window = visit()
    log_in(window, representative)
    page = window.go(path_of("account_letters", "en"))
    page.check("[name=how][value=daily]")
    page.fill("[name=quiet_from]", "22:00")
    save = page.locator("main form .button--primary")
    save.click()
    expect(page.locator(".field-error, .errorlist").first).to_be_visible()
    expect(page.locator("[name=how][value=daily]")).to_be_checked()
    page.fill("[name=quiet_until]", "07:00")
    save.click()
    expect(page.locator(".notice--success, .message--success").first).to_contain_text("Your choice is kept.")
    page.reload()
    expect(page.locator("[name=how][value=daily]")).to_be_checked()
    expect(page.locator("[name=quiet_until]")).to_have_value("07:00")

    with translation.override("en"):
        paths = [
            path_for(AuthorsLetters(appeal.contact)),
            path_for(DesksLetters(representative.letter_choice)),
        ]
    reader = visit()
    for path in paths:
        page = reader.go(path)
        page.click("[value=stop]")
        expect(page.get_by_role("status")).to_contain_text("No more of these letters")
        page.click("[value=resume]")
        expect(page.get_by_role("status")).to_contain_text("The letters come again.")
        expect(page.locator("[value=stop]")).to_be_visible()
    assert all("status of 400" in said for said in window.complaints.said)


def test_those_that_could_not_be_sent(visit: Open, city: GridCity) -> None:
    for recipient in ("again@example.org", "gone@example.org"):
        MessageFactory(recipient=recipient, state="parked", error="550 no such mailbox", attempts=6)
    window = visit(**DESKTOP)
    log_in(window, MembershipFactory(service=city.services["office"], post=Post.ADMINISTRATOR).user)
    page = window.go(path_of("desk:letters", "en"))
    expect(page.locator(".person")).to_have_count(2)
    page.get_by_label("gone@example.org").uncheck()
    page.click("[value=send]")
    expect(page.locator("main")).to_contain_text("1 letter will be tried again.")
    assert page.locator(".person__name").all_inner_texts() == ["gone@example.org"]
    page.click("[value=drop]")
    expect(page.locator("main")).to_contain_text("1 letter is dropped.")
    expect(page.locator(".empty")).to_be_visible()
    assert dict(Message.objects.values_list("recipient", "state")) == {
        "again@example.org": "queued",
        "gone@example.org": "dropped",
    }
    assert window.complaints.said == []
