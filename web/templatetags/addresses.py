"""``{% url %}`` of every template: the address of a page that has no parts of its own is found once in each language.

A page names some seventy of them in its head, its menus and its foot.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.template.base import Parser, Token
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as django_url
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.html import conditional_escape
from django.utils.translation import get_language

register = template.Library()


@register.tag
def url(parser: Parser, token: Token) -> URLNode:
    """Django's own tag; one without arguments gives what it gave before."""
    node = django_url(parser, token)
    return node if node.args or node.kwargs or node.asvar else PageNode(node.view_name, [], {}, None)


class PageNode(URLNode):
    """The address of a page that has no parts of its own."""

    def render(self, context: Context) -> str:
        name = self.view_name.resolve(context)
        found = _address(name, get_language(), get_script_prefix(), get_urlconf() or settings.ROOT_URLCONF)
        return conditional_escape(found) if context.autoescape else found


# Names with a namespace of an application that is there twice would depend on the page; there is none.
@lru_cache(maxsize=1024)
def _address(name: str, _language: str | None, _prefix: str, urlconf: Any) -> str:
    return reverse(name, urlconf=urlconf)
