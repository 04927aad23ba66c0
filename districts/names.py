"""Translated names inside a statement, for what never becomes a model instance."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Expression, F, TextField, Value
from django.db.models.functions import Coalesce, NullIf


def translated(path: str, language: str) -> Expression:
    """The translated field in the language, else in the first language that has it; NULL when none has.

    ``path`` is the field's name with the relations that lead to it: ``category__name``.
    """
    languages = dict.fromkeys([language, *settings.MODELTRANSLATION_FALLBACK_LANGUAGES])
    known = [code for code in languages if code in settings.MODELTRANSLATION_LANGUAGES]
    return Coalesce(*(NullIf(F(f"{path}_{code}"), Value("")) for code in known), output_field=TextField())
