"""What every template may use: icons, and the name of a language."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info

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


@register.filter
def language_name(code: str) -> str:
    """Name of the language in itself; the code where it has none."""
    try:
        return str(get_language_info(code)["name_local"]).capitalize()
    except KeyError:
        return code
