"""Notices: followed by a tap on an appeal's page, and shown by the browser as its service worker makes them."""

from __future__ import annotations

import json
import shutil

import pytest
from playwright.sync_api import Browser, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from appeals.models import Follower
from tests.browser.conftest import Open, Visit, path_of
from tests.browser.test_alerts import SUBSCRIBED
from tests.factories import AppealFactory
from tests.grid import GridCity
from tools.chromium import FLAGS, until

NOTICE = {
    "title": "№ 12. Жооп берилди",
    "body": "Чырак алмаштырылды.",
    "url": "https://city.example/ky/appeals/12/",
    "lang": "ky",
}
#: And what the browser knows of it afterwards.
SUBSCRIBED_BEFORE = """
PushManager.prototype.getSubscription = function () {
  return this.subscribe({ applicationServerKey: "x".repeat(87) });
};
"""
#: The notices of the site, as the browser tells them.
SHOWN = """navigator.serviceWorker.ready.then((worker) => worker.getNotifications()).then((shown) =>
    shown.map(({ title, body, lang, tag, data }) => ({ title, body, lang, url: data.url, tag })))"""


def test_an_appeal_is_followed_and_left_by_a_tap(visit: Open, city: GridCity, settings: Settings) -> None:
    settings.PUSH_SERVICES = ["https://push\\.example/one"]
    appeal = AppealFactory(category=city.categories["lamp"])
    window: Visit = visit(maps=False, workers=True)
    window.context.grant_permissions(["notifications"], origin=window.root)
    window.page.add_init_script(SUBSCRIBED + SUBSCRIBED_BEFORE)
    page = window.go(path_of("public:appeal", "ru", appeal.number))
    page.locator("push-alert [data-ask]").click()
    expect(page.locator(".messages .notice--success")).to_be_visible()
    expect(page.locator("push-alert [data-ask]")).to_be_hidden()
    assert Follower.objects.get().language == "ru"
    page.locator("push-alert [data-end]").click()
    expect(page.locator("push-alert [data-ask]")).to_be_visible()
    expect(page.locator(".messages .notice--success")).to_be_visible()
    assert not Follower.objects.exists()


def test_what_a_push_service_brings_is_shown(
    browser: Browser, live_server: LiveServer, city: GridCity
) -> None:
    """What is shown is asked of the browser, to which the DevTools protocol hands the message as a push service does."""
    whole = shutil.which("chromium") or shutil.which("google-chrome-stable")
    if whole is None:
        pytest.skip("chromium-headless-shell shows no notices; a whole Chromium does")
    chromium = browser.browser_type.launch(
        executable_path=whole, args=[*FLAGS, "--headless=new"], headless=False
    )
    try:
        context = chromium.new_context()
        context.grant_permissions(["notifications"], origin=live_server.url)
        page = context.new_page()
        page.goto(live_server.url + path_of("public:about", "ky"))
        page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
        devtools, registered = context.new_cdp_session(page), []
        devtools.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: registered.extend(one["registrationId"] for one in event["registrations"]),
        )
        devtools.send("ServiceWorker.enable")
        # What the worker is called comes before the answer to what is asked next.
        devtools.send("Runtime.evaluate", {"expression": "1"})
        message = {"origin": live_server.url, "registrationId": registered[0], "data": json.dumps(NOTICE)}
        devtools.send("ServiceWorker.deliverPushMessage", message)
        until(page, f"{SHOWN}.then((shown) => shown.length > 0)")
        assert page.evaluate(SHOWN) == [{**NOTICE, "tag": NOTICE["url"]}]
    finally:
        chromium.close()
