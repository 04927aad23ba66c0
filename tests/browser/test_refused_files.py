"""Files that the server would refuse: said in the reader's language where they are chosen, before anything is sent."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av import VideoFrame
from playwright.sync_api import Page, Route, expect

from accounts.models import User
from accounts.posts import Post
from appeals.limits import PHOTOS_MAX, VIDEOS_MAX
from appeals.models import Attachment
from media.limits import VideoLimits
from tests.browser.conftest import DESKTOP, LANGUAGES, Open, log_in, path_of
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import GridCity

MOST_S = int(VideoLimits().max_duration_s)
TOO_LONG = {
    "ky": f"long.mp4 {MOST_S} секунддан узун.",
    "ru": f"long.mp4 длиннее {MOST_S} секунд.",
    "en": f"long.mp4 is longer than {MOST_S} seconds.",
}
BROKEN = {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"no picture at all"}
NOT_ACCEPTED = "broken.jpg was not accepted: remove it to go on. This file is neither"


def film(name: str, seconds: int) -> dict[str, Any]:
    """A film of one picture a second."""
    stream = BytesIO()
    with av.open(stream, "w", format="mp4") as out:
        track = out.add_stream("libx264", rate=1)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"  # type: ignore[attr-defined]
        picture = VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        picture = picture.reformat(format="yuv420p")
        for second in range(seconds):
            picture.pts, picture.time_base = second, Fraction(1, 1)
            out.mux(track.encode(picture))  # type: ignore[attr-defined]
        out.mux(track.encode())  # type: ignore[attr-defined]
    return {"name": name, "mimeType": "video/mp4", "buffer": stream.getvalue()}


def uploads_of(page: Page) -> list[str]:
    """Addresses of what the page uploads from now on."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/api/uploads/" in request.url else None)
    return sent


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_film_that_is_too_long(visit: Open, city: GridCity, language: str) -> None:
    page = visit(locale=language, maps=False).go(path_of("public:appeal-new", language))
    sent = uploads_of(page)
    page.set_input_files("[data-file-input]", [film("long.mp4", MOST_S + 30)])
    expect(page.locator("[data-error=files]")).to_have_text(TOO_LONG[language])
    expect(page.locator("[data-files] .file")).to_have_count(0)
    assert not sent


def test_one_that_is_short_enough_is_sent(visit: Open, city: GridCity, stored_in: object) -> None:
    page = visit(maps=False).go(path_of("public:appeal-new", "en"))
    page.set_input_files("[data-file-input]", [film("short.mp4", MOST_S)])
    expect(page.locator("[data-files] .file")).to_contain_text("Attached")
    expect(page.locator("[data-error=files]")).to_be_empty()
    assert Attachment.objects.get().kind == Attachment.Kind.VIDEO


def test_what_is_too_large_too_many_or_no_picture(visit: Open, city: GridCity, photo: dict[str, Any]) -> None:
    page = visit(maps=False).go(path_of("public:appeal-new", "en"))
    # A real one of 100 MB takes a test too long.
    page.evaluate(
        """async () => {
            const {settings} = await import("city/site/settings.js");
            Object.assign(settings.limits, {photoBytes: 1000, videoBytes: 2 * 1048576});
        }"""
    )
    sent = uploads_of(page)
    text = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"x"}
    heavy = {"name": "heavy.mp4", "mimeType": "video/mp4", "buffer": b"x" * (2 * 1048576 + 1)}
    page.set_input_files("[data-file-input]", [text, heavy])
    said = page.locator("[data-error=files]")
    expect(said).to_contain_text("note.txt is neither a photo nor a video.")
    expect(said).to_contain_text("heavy.mp4 is larger than 2 MB.")
    small = [
        {"name": f"{n}.gif", "mimeType": "image/gif", "buffer": b"GIF89a"} for n in range(PHOTOS_MAX + 2)
    ]
    page.set_input_files("[data-file-input]", small)
    names = f"{PHOTOS_MAX}.gif, {PHOTOS_MAX + 1}.gif"
    expect(said).to_have_text(
        f"Not attached: {names}. At most: photos – {PHOTOS_MAX}, videos – {VIDEOS_MAX}."
    )
    expect(page.locator("[data-files] .file")).to_have_count(PHOTOS_MAX)
    assert len(sent) <= PHOTOS_MAX


def test_what_was_refused_is_said_until_the_next_choice(
    visit: Open, city: GridCity, stored_in: object, photo: dict[str, Any], tmp_path: Path
) -> None:
    window = visit(maps=False)
    page = window.go(path_of("public:appeal-new", "en"))
    note, picture = tmp_path / "note.txt", tmp_path / "lamp.jpg"
    note.write_text("x")
    picture.write_bytes(photo["buffer"])
    devtools = window.context.new_cdp_session(page)

    def choose(*files: Path) -> None:
        # The browser tells of it itself: between two of its listeners what has been promised goes on.
        root = devtools.send("DOM.getDocument")["root"]["nodeId"]
        field = devtools.send("DOM.querySelector", {"nodeId": root, "selector": "[data-file-input]"})
        devtools.send("DOM.setFileInputFiles", {**field, "files": [str(file) for file in files]})

    choose(note, picture)
    said, row = page.locator("[data-error=files]"), page.locator("[data-files] .file")
    expect(row).to_contain_text("Attached")
    expect(page.locator("[data-saved]")).to_have_text("Saved on this device")
    expect(said).to_have_text("note.txt is neither a photo nor a video.")
    choose(picture)
    expect(row).to_have_count(2)
    expect(said).to_be_empty()


def test_a_photo_that_cannot_be_opened_is_named_and_can_be_removed(
    visit: Open, city: GridCity, stored_in: object
) -> None:
    page = visit(maps=False).go(path_of("public:appeal-new", "en"))
    page.set_input_files("[data-file-input]", [BROKEN])
    expect(page.locator("[data-files] .file--failed")).to_contain_text(
        "neither a photo nor a video that we can read"
    )
    page.click("[data-next]")
    said = page.locator("[data-error=files]")
    expect(said).to_contain_text(NOT_ACCEPTED)
    page.get_by_role("button", name="Remove broken.jpg").click()
    expect(said).to_be_empty()
    page.click("[data-next]")
    expect(page.locator("[data-address]")).to_be_visible()


def test_beside_an_answer(visit: Open, city: GridCity, representative: User, stored_in: object) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    window = visit(**DESKTOP, maps=False)
    log_in(window, representative)
    page = window.go(path_of("desk:appeal", "en", appeal.number))
    sent = uploads_of(page)
    page.set_input_files("#answer-files", [film("long.mp4", MOST_S + 30)])
    form = page.locator("form:has([value=answer])")
    expect(form.locator(".field-error")).to_have_text(TOO_LONG["en"])
    expect(form.locator(".file")).to_have_count(0)
    assert not sent
    # What only the server can tell is said where the form is sent.
    page.set_input_files("#answer-files", [BROKEN])
    expect(form.locator(".file--failed")).to_be_visible()
    page.fill("#answer-text", "The lamp shines again.")
    expect(form.locator("[data-said]")).to_contain_text("Kept at")
    form.locator(".desk-step__send .button").first.click()
    expect(form.locator("[data-said]")).to_contain_text(NOT_ACCEPTED)


def test_beside_the_words_of_a_caller(visit: Open, city: GridCity, stored_in: object) -> None:
    window = visit(**DESKTOP, maps=False)
    log_in(window, MembershipFactory(service=city.services["office"], post=Post.DISPATCHER).user)
    page = window.go(path_of("desk:appeal-new", "en"))
    page.set_input_files("[data-file-input]", [BROKEN])
    expect(page.locator(".file--failed")).to_be_visible()
    page.click("[data-send]")
    expect(page.locator("[data-error=files]")).to_contain_text(NOT_ACCEPTED)


def test_a_server_that_is_busy_is_asked_again_by_itself(
    visit: Open, city: GridCity, stored_in: object, photo: dict[str, Any]
) -> None:
    page = visit(maps=False).go(path_of("public:appeal-new", "en"))
    sent = uploads_of(page)

    def busy_once(route: Route) -> None:
        if len(sent) > 1:
            route.continue_()
        else:
            route.fulfill(
                status=503, headers={"Retry-After": "1"}, json={"title": "Many photos are arriving"}
            )

    page.route("**/api/uploads/", busy_once)
    page.set_input_files("[data-file-input]", [photo])
    expect(page.locator("[data-files] .file")).to_contain_text("Attached")
    assert len(sent) == 2
