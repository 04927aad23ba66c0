"""What every template may use: icons, and the name of a language."""

from __future__ import annotations

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info

register = template.Library()


@register.simple_tag
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
