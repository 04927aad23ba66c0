"""Files as the API names them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from web.links import public_link


class FileAddress(serializers.FileField):
    """The public address of a file; null when there is none (yet)."""

    def to_representation(self, value: Any) -> str | None:
        return public_link(value.url) if value else None
