"""Values that programs and people call differently."""

from __future__ import annotations

from django.utils.functional import Promise


class Coded(str):
    """A code for programs, and in ``words`` what a reader calls it."""

    __slots__ = ("words",)
    words: str

    def __new__(cls, code: str, words: str | Promise) -> Coded:
        coded = super().__new__(cls, code)
        coded.words = str(words)
        return coded
