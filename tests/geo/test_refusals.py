"""Everything that is wrong is reported at once, each thing under its own name."""

from __future__ import annotations

import pytest

from geo.refusals import Refusals, Refused, ValueRefused


def _even(text: str) -> int:
    if int(text) % 2:
        raise ValueRefused("An even number is needed.")
    return int(text)


def _pair(text: str) -> tuple[int, int]:
    raise Refused({"first": ["No."], "second": ["Neither.", "Really."]})


def test_what_can_be_read_is_the_value() -> None:
    refusals = Refusals()
    assert refusals.read(_even, "4", 0, name="n") == 4
    assert refusals.errors == {}
    refusals.check()


def test_every_refusal_is_kept_under_its_name() -> None:
    refusals = Refusals()
    assert refusals.read(_even, "3", -1, name="n") == -1
    assert refusals.read(_pair, "", (0, 0)) == (0, 0)
    refusals.add({"n": ["Not that either."]})
    with pytest.raises(Refused) as refused:
        refusals.check()
    assert refused.value.errors == {
        "n": ["An even number is needed.", "Not that either."],
        "first": ["No."],
        "second": ["Neither.", "Really."],
    }


def test_the_words_of_a_refusal_are_all_of_its_sentences() -> None:
    assert str(Refused({"a": ["One."], "b": ["Two.", "Three."]})) == "One. Two. Three."


def test_what_is_no_refusal_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        Refusals().read(_even, "x", 0)
