"""A shared phone: what it remembers goes into the account, and nothing stays on it when its reader signs out."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from appeals.models import SignInCode
from appeals.notify.sign_in import code_of
from tests.browser.conftest import Open, Visit, path_of
from tests.browser.test_accessibility import violations
from tests.factories import AppealFactory
from tests.grid import GridCity
from tools.chromium import until

#: How many forms of authors the device keeps.
WRITTEN = "Object.keys(localStorage).filter((key) => key.startsWith('desk/written/author/')).length"


def test_a_phone_that_is_passed_on(visit: Open, city: GridCity) -> None:
    appeal = AppealFactory(category=city.categories["lamp"], text="Жарык күйбөйт", contact__email="")
    window: Visit = visit(maps=False)
    page = window.go(path_of("public:follow", "ky", appeal.contact.secret))
    box = page.locator("my-appeal input")
    box.check()
    page.click("details:has([value=add]) summary")
    page.fill("#add-text", "Үйдүн алдында")
    until(page, f"{WRITTEN} === 1")
    # What is written for an appeal is forgotten with it, after a question.
    page.once("dialog", lambda asked: asked.dismiss())
    box.click()
    expect(box).to_be_checked()
    page.once("dialog", lambda asked: asked.accept())
    box.click()
    expect(box).not_to_be_checked()
    expect(page.locator("#add-text")).to_have_value("")
    until(page, f"{WRITTEN} === 0")
    box.check()
    page.fill("#add-text", "Үйдүн алдында")
    page = window.go(path_of("public:mine-account", "ky"))
    page.fill("[name=email]", "asan@example.org")
    page.locator("main .button--primary").click()
    expect(page.locator("[name=code]")).to_be_focused()
    assert violations(page) == []
    page.fill("[name=code]", code_of(SignInCode.objects.get()))
    page.keyboard.press("Enter")
    # What the device remembers is offered by its script.
    expect(page.locator("attach-appeals")).to_contain_text(f"№ {appeal.number}")
    assert violations(page) == []
    page.locator("attach-appeals button").click()
    expect(page.locator(".appeal-row__text")).to_have_text("Жарык күйбөйт")
    expect(page.locator("attach-appeals")).to_be_hidden()
    window.go(path_of("public:mine-delete", "ky"))
    assert violations(page) == []
    page.go_back()
    page.locator("button[value=out]").click()
    expect(page.locator(".notice--success")).to_contain_text("Сиз чыктыңыз.")
    assert page.evaluate("localStorage.getItem('my-appeals')") == "[]"
    until(page, f"{WRITTEN} === 0")
    # Whoever has the phone next presses Back.
    page.go_back()
    expect(page.locator("h1")).to_be_visible()
    page.wait_for_url(re.compile("/ky/mine/account/"))
    expect(page.locator(".appeal-row")).to_have_count(0)
