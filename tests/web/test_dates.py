"""A day has one spelling in each language, and none in which its month may be taken for its day."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from django.utils import timezone, translation
from django.utils.formats import date_format

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


@pytest.mark.parametrize("how", ["DATE_FORMAT", "DATETIME_FORMAT", "SHORT_DATE_FORMAT", "YEAR_MONTH_FORMAT"])
@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_a_sentence_that_ends_with_a_date_has_one_full_stop(language: str, how: str) -> None:
    with translation.override(language):
        assert ".." not in date_format(MOMENT, how) + "."


def test_russian_days_have_their_year_in_full() -> None:
    with translation.override("ru"):
        assert date_format(MOMENT, "DATE_FORMAT") == "6 ноября 2026 года"
        assert date_format(MOMENT, "DATETIME_FORMAT") == "6 ноября 2026 года, 15:40"


def test_no_kyrgyz_sentence_needs_a_day_in_another_case() -> None:
    # A day is put in as "2026-ж. 17-декабрь"; with чейин and баштап it would have to be 17-декабрга, 17-декабрдан.
    wrong = re.compile(r"%\((?:day|date|due|since|until)\)s (?:чейин|баштап)")
    catalogues = list(Path(settings.BASE_DIR).glob("*/locale/ky/LC_MESSAGES/django.po"))
    assert catalogues
    assert [found for file in catalogues for found in wrong.findall(file.read_text(encoding="utf-8"))] == []
