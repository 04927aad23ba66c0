"""Limits as the operator writes them."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from bootstrap.rates import DEFAULTS, Rate, rates_from
from rates.taking import LIMITS, rate_of


def test_some_are_set_and_others_stay() -> None:
    assert rates_from("submit=60+600/h; log-in=10+1/min;upload = off") == {
        "submit": Rate(60, 600, 3600),
        "log-in": Rate(10, 1, 60),
        "upload": None,
    }
    assert rates_from("") == {}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("submit", "submit=30.300/h; upload=off, not 'submit'"),
        ("submit:60", "not 'submit:60'"),
        ("submit=off, upload=off", "submit=30.300/h"),
        ("submit=60", "submit"),
        ("submit=60+600/fortnight", "submit"),
        ("submit=0+1/h", "submit"),
        ("submit=5+0/h", "submit"),
        ("submit=x+1/h", "submit"),
        ("submit=5+1/h; submit=6+1/h", "submit"),
        ("submitt=5+1/h", "submitt"),
    ],
)
def test_what_means_nothing_is_named_with_what_would_be_right(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=named) as right:
        rates_from(text)
    assert "30+300/h" in str(right.value) or "submit, submit-proven" in str(right.value)


def test_every_limit_is_declared_once_and_can_be_set(settings: Settings) -> None:
    assert [limit.code for limit in LIMITS] == list(DEFAULTS)
    for limit in LIMITS:
        assert rate_of(limit) == DEFAULTS[limit.code]
        settings.LIMITS = rates_from(f"{limit.code}=7+7/d")
        assert rate_of(limit) == Rate(7, 7, 86_400)
        settings.LIMITS = {}
