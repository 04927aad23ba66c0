"""A day has one spelling in each language, and none in which its month may be taken for its day."""

from __future__ import annotations

import datetime as dt

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

MOMENT = dt.datetime(2026, 11, 6, 15, 40, tzinfo=timezone.get_default_timezone())


@pytest.mark.parametrize(
    ("how", "written"),
    [
        ("", "6 November 2026"),
        ("DATE_FORMAT", "6 November 2026"),
        ("SHORT_DATE_FORMAT", "6 Nov 2026"),
        ("DATETIME_FORMAT", "6 November 2026, 15:40"),
        ("SHORT_DATETIME_FORMAT", "6 Nov 2026, 15:40"),
        ("MONTH_DAY_FORMAT", "6 November"),
        ("TIME_FORMAT", "15:40"),
    ],
)
def test_english_days(how: str, written: str) -> None:
    template = Template("{{ moment|date:how }}" if how else "{{ moment|date }}")
    with translation.override("en"):
        assert template.render(Context({"moment": MOMENT, "how": how})) == written
