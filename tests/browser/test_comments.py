"""What a resident has begun to say stands in the form again once they have signed in; and is gone from it once it is said."""

from __future__ import annotations

from playwright.sync_api import expect

from appeals.models import Comment, CommentRule, SignInCode
from appeals.notify.sign_in import code_of
from appeals.vocabulary import Kind
from tests.browser.conftest import Open, Visit, path_of
from tests.browser.test_accessibility import violations
from tests.factories import AppealFactory
from tests.grid import GridCity


def test_a_comment_outlives_signing_in(visit: Open, city: GridCity) -> None:
    CommentRule.objects.create(kind=Kind.COMPLAINT, allowed=True)
    appeal = AppealFactory(category=city.categories["lamp"])
    window: Visit = visit(maps=False)
    page = window.go(path_of("public:appeal", "ky", appeal.number))
    # Said by the script that keeps it, once it is ready.
    expect(page.locator("own-words:defined")).to_be_visible()
    page.fill("#comment-text", "Биздин көчөдө да")
    expect(page.locator("#comment [data-said]")).not_to_be_empty()
    page.locator("#comment .button--primary").click()
    page.fill("[name=email]", "asan@example.org")
    page.locator("main .button--primary").click()
    page.fill("[name=code]", code_of(SignInCode.objects.get()))
    page.keyboard.press("Enter")
    expect(page.locator("#comment-text")).to_have_value("Биздин көчөдө да")
    assert violations(page) == []
    page.locator("#comment .button--primary").click()
    expect(page.locator(".comment .prose")).to_have_text("Биздин көчөдө да")
    expect(page.locator("#comment-text")).to_have_value("")
    page.locator(".comment button").click()
    expect(page.locator(".comment")).to_have_count(0)
    assert not Comment.objects.exists()
