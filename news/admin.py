"""Where the Mayor's Office writes its news."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modeltranslation.admin import TranslationAdmin

from geo.points import GeometryRefused, city_point, lon_lat_from_text
from news.models import NewsItem
from news.pictures import published_picture


class NewsItemForm(forms.ModelForm[NewsItem]):
    """The item, with its place as one text: it can be copied from any map, and none has to load."""

    place = forms.CharField(
        label=_("Latitude, longitude"),
        required=False,
        max_length=500,
        help_text=_("Copied from any map, or a link to one: 40.5283, 72.7985. Empty: no place."),
        widget=AdminTextInputWidget,
    )

    class Meta:
        model = NewsItem
        fields = ["kind", "title", "body", "picture", "published_at"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.point:
            self.initial["place"] = f"{self.instance.point.y:.6f}, {self.instance.point.x:.6f}"

    def clean_picture(self) -> Any:
        picture = self.cleaned_data["picture"]
        if not isinstance(picture, UploadedFile):
            return picture
        return published_picture(picture)

    def clean_place(self) -> str:
        written: str = self.cleaned_data["place"]
        degrees = lon_lat_from_text(written)
        if written and degrees is None:
            raise forms.ValidationError(_("Write latitude and longitude, such as 40.5283, 72.7985."))
        try:
            self.instance.point = city_point(*degrees) if degrees else None
        except GeometryRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return written


@admin.register(NewsItem)
class NewsItemAdmin(TranslationAdmin[NewsItem]):
    form = NewsItemForm
    list_display = ["title", "kind", "state", "published_at", "has_place"]
    list_filter = ["kind"]
    search_fields = ["title", "body"]
    date_hierarchy = "published_at"

    def get_fieldsets(self, request: HttpRequest, obj: NewsItem | None = None) -> Any:
        languages = [
            (name, {"fields": [f"title_{code}", f"body_{code}"]}) for code, name in settings.LANGUAGES
        ]
        return [
            (None, {"fields": ["kind", "published_at", "picture"]}),
            *languages,
            (_("Place on the map"), {"fields": ["place"]}),
        ]

    @admin.display(description=_("state"))
    def state(self, item: NewsItem) -> str:
        if item.published_at is None:
            return _("draft")  # type: ignore[return-value]
        return _("published") if item.published_at <= timezone.now() else _("appears later")  # type: ignore[return-value]

    @admin.display(description=_("place"), boolean=True)
    def has_place(self, item: NewsItem) -> bool:
        return item.point is not None
