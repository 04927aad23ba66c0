from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import media
from media.refusal import MediaRefused, Refusal, explain

LOCALE = Path(media.__file__).parent / "locale"


@pytest.mark.parametrize("code", list(Refusal))
def test_every_reason_has_words_in_every_language(code: Refusal) -> None:
    english = explain(code)
    for language in ("ky", "ru"):
        with (LOCALE / language / "LC_MESSAGES" / "django.po").open("rb") as file:
            message = read_po(file, locale=language).get(english)
        assert message is not None, (language, english)
        assert message.string, (language, english)
        assert ("%(limit)d" in english) == ("%(limit)d" in str(message.string))


def test_message_names_the_limit() -> None:
    assert "20 MB" in MediaRefused(Refusal.PHOTO_TOO_HEAVY, 20).message
