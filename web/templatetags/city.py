"""What every template may use: icons, and the name of a language."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, get_language_info

from appeals.filters import FilterField
from appeals.limits import PHOTOS_MAX, VIDEOS_MAX
from appeals.oddities import BAIT
from districts.choices import Choice, Group
from media.limits import VideoLimits

register = template.Library()


# A page draws some seventy of them, each with the address of the sheet. By type too: a name that is not marked as safe
# must not be answered with what was written for one that is.
@register.simple_tag
@lru_cache(maxsize=512, typed=True)
def icon(name: str, modifier: str = "") -> SafeString:
    """A drawing of ``img/icons.svg``; decoration only: the words beside it say the same."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        f" icon--{modifier}" if modifier else "",
        static("web/img/icons.svg"),
        name,
    )


@register.inclusion_tag("web/_bait.html")
def bait() -> dict[str, str]:
    """A field that whoever reads the page leaves empty (``appeals.oddities.is_baited``)."""
    return {"name": BAIT}


@register.simple_tag
def file_limits() -> dict[str, float]:
    """How many photos and videos may be sent with a form, and how many minutes a video may last."""
    return {"photos": PHOTOS_MAX, "videos": VIDEOS_MAX, "minutes": VideoLimits().max_duration_s / 60}


@register.simple_tag
def same_everywhere(template_name: str) -> SafeString:
    """A part that is the same on every page of a language: without the page's context, so that ``web.folding`` draws it once."""
    return render_to_string(template_name)


@register.filter
def language_name(code: str) -> str:
    """Name of the language in itself; the code where it has none."""
    try:
        return str(get_language_info(code)["name_local"]).capitalize()
    except KeyError:
        return code


@register.simple_tag
def filter_options(field: FilterField) -> SafeString:
    """The options of a filter's select: a hundred on a page with categories and services, so that no template loops."""
    offered = tuple(field.offered)
    return _options_of(str(field.declared.everything), offered, str(field.given), get_language() or "")


# By the choices themselves, so that others are drawn anew.
@lru_cache(maxsize=128)
def _options_of(
    everything: str, offered: tuple[Choice | Group, ...], given: str, language: str
) -> SafeString:
    groups = (
        format_html('<optgroup label="{}">{}</optgroup>', choice.choice.name, _options(choice.options, given))
        if isinstance(choice, Group)
        else _options([choice], given)
        for choice in offered
    )
    return format_html('<option value="">{}</option>{}', everything, SafeString("".join(groups)))


def _options(choices: Iterable[Choice], given: str) -> SafeString:
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        (
            (choice.code, SafeString(" selected") if choice.code == given else "", choice.short)
            for choice in choices
        ),
    )
