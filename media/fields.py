"""Files of rows, served under the key of their row: where they lie on the disk is nobody's business."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.db.models.fields.files import FieldFile, ImageFieldFile
from django.urls import reverse


class _Served(FieldFile):
    """A file whose ``url`` is made of its row's key and its field's name."""

    field: Any

    @property
    def url(self) -> str:
        self._require_file()  # type: ignore[attr-defined]
        return reverse(self.field.served_at, args=[self.instance.pk, self.field.name])


class _ServedImage(_Served, ImageFieldFile):
    pass


class ServedFileField(models.FileField):
    """A file that the view named ``served_at`` serves; it takes the row's key and the field's name."""

    attr_class = _Served

    def __init__(self, *args: Any, served_at: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.served_at = served_at

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """What the database knows: a plain file field."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.FileField", args, kwargs


class ServedImageField(models.ImageField):
    """The same for a picture. A form's file is not opened here, but where it can do no harm (``media.confined``)."""

    attr_class = _ServedImage

    def __init__(self, *args: Any, served_at: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.served_at = served_at

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """What the database knows: a plain image field."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.ImageField", args, kwargs

    def formfield(self, **kwargs: Any) -> Any:
        """A field that takes any file: Django's own would let Pillow read it in this process."""
        return super().formfield(**({"form_class": forms.FileField} | kwargs))
