"""A passkey made and used in a real browser, by the virtual authenticator of the DevTools protocol."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from accounts.models import User
from tests.browser.conftest import Open, Visit, log_in_by_password, path_of
from tests.factories import PASSWORD


def with_a_key(window: Visit) -> None:
    """The browser gets a security key that answers by itself."""
    session = window.page.context.new_cdp_session(window.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_the_second_step(visit: Open, representative: User) -> None:
    window = visit()
    page = window.page
    with_a_key(window)
    log_in_by_password(window, representative, "en")
    window.go(path_of("mfa_index", "en"))
    page.get_by_role("link", name="Add a key").click()
    page.get_by_label("Password").fill(PASSWORD)
    held: list[Route] = []
    page.route("**/webauthn.*js", lambda route: held.append(route))
    page.get_by_role("button", name="Go on").click(no_wait_after=True)
    expect(page.get_by_role("button", name="Add a key")).to_be_disabled()
    for route in held:
        route.continue_()
    page.unroute("**/webauthn.*js")
    page.get_by_role("button", name="Add a key").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.context.clear_cookies()
    log_in_first_step(window, representative)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.get_by_role("button", name="Use a key").click()
    expect(page.get_by_role("heading", name="Desk")).to_be_visible()


def test_a_key_that_cannot_be_used_is_said(visit: Open, representative: User) -> None:
    window = visit()
    page = window.page
    log_in_by_password(window, representative, "en")
    window.go(path_of("mfa_add_webauthn", "en"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Add a key")).to_be_enabled()
    # Whoever shuts the browser's own window refuses.
    page.evaluate(
        "() => { navigator.credentials.create = () => Promise.reject(new DOMException('', 'NotAllowedError')); }"
    )
    page.get_by_role("button", name="Add a key").click()
    expect(page.get_by_text("The key could not be used")).to_be_visible()


def log_in_first_step(window: Visit, user: User) -> None:
    window.go(path_of("account_login", "en"))
    window.page.fill("input[name=login]", user.email)
    window.page.fill("input[name=password]", PASSWORD)
    window.page.press("input[name=password]", "Enter")
