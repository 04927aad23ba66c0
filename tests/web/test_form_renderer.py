"""What is written without a template is what Django's template writes, to the byte."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates, get_default_renderer
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from hypothesis import given, settings
from hypothesis import strategies as st

from web.form_renderer import FormRenderer

TEXT = st.one_of(
    st.sampled_from(["", " ", "<script>'\"&amp;", "Ооба", "\ud800", "a\x00b", " around "]),
    st.text(max_size=12),
    st.text(max_size=12).map(mark_safe),
    st.just(gettext_lazy("Name")),
)
VALUE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    TEXT,
)
ATTRS = st.dictionaries(
    st.sampled_from(["id", "maxlength", "required", "title", "aria-<x>"]), VALUE, max_size=4
)
ONE = st.tuples(VALUE, VALUE)
CHOICES = st.lists(st.one_of(ONE, st.tuples(TEXT, st.lists(ONE, max_size=3))), max_size=5)
ENTERED: list[type[forms.Widget]] = [
    forms.TextInput, forms.HiddenInput, forms.EmailInput, forms.NumberInput, forms.URLInput, forms.DateInput,
    forms.DateTimeInput, forms.TimeInput, forms.CheckboxInput, forms.FileInput, forms.Textarea, forms.SearchInput,
    forms.TelInput, forms.ColorInput,
]  # fmt: skip
CHOSEN: list[type[forms.ChoiceWidget]] = [
    forms.Select, forms.NullBooleanSelect, forms.SelectMultiple, forms.RadioSelect, forms.CheckboxSelectMultiple,
]  # fmt: skip


def both(widget: forms.Widget, value: Any, attrs: dict[str, Any]) -> None:
    ours, django = (
        widget.render("a<b", value, attrs, renderer) for renderer in (FormRenderer(), DjangoTemplates())
    )
    assert ours == django


def test_the_site_uses_it() -> None:
    assert isinstance(get_default_renderer(), FormRenderer)


@pytest.mark.parametrize("kind", ENTERED)
@settings(max_examples=25)
@given(value=VALUE, attrs=ATTRS)
def test_what_is_entered(kind: type[forms.Widget], value: Any, attrs: dict[str, Any]) -> None:
    both(kind(), value, attrs)


@pytest.mark.parametrize("kind", CHOSEN)
@settings(max_examples=25)
@given(choices=CHOICES, value=VALUE, attrs=ATTRS)
def test_what_is_chosen(
    kind: type[forms.ChoiceWidget], choices: list[Any], value: Any, attrs: dict[str, Any]
) -> None:
    widget = kind() if kind is forms.NullBooleanSelect else kind(choices=choices)
    both(widget, [value] if widget.allow_multiple_selected else value, attrs)


@settings(max_examples=25)
@given(label=TEXT, attrs=ATTRS, tag=st.sampled_from([None, "legend"]))
def test_labels(label: Any, attrs: dict[str, Any], tag: str | None) -> None:
    written = set()
    for renderer in (FormRenderer(), DjangoTemplates()):
        form = forms.Form(renderer=renderer)
        form.fields["a"] = forms.CharField(label=label)
        written.add(form["a"].label_tag(attrs=dict(attrs), tag=tag))
    assert len(written) == 1


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_numbers_are_written_as_the_language_does(language: str) -> None:
    with translation.override(language):
        for number in (1234567, 0.5, Decimal("1.50"), dt.date(2026, 5, 31)):
            both(forms.Select(choices=[(number, number)]), number, {"data-x": number})
            both(forms.Textarea(), number, {})
