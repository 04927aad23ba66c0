"""How the fields of forms become HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import conditional_escape

_WIDGETS: Final = "django/forms/widgets/"
_OPTION: Final = f"{_WIDGETS}select_option.html"


class FormRenderer(DjangoTemplates):
    """The common fields and their labels as Django's templates write them, to the byte, but written here.

    Those render two more templates for each choice of a list. The desk's page of an appeal has a dozen forms, four of
    them with a list of all services or categories: with sixty of these a fifth of its time went there. Whatever is not
    known here is left to the templates.
    """

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        write = _WRITTEN.get(template_name)
        written = write(context) if write else None
        return super().render(template_name, context, request) if written is None else written


def _is_text(value: object) -> bool:
    """False for numbers and dates, which templates write as the language does."""
    return isinstance(value, str | Promise)


def _text(value: Any) -> str:
    return str(conditional_escape(value if isinstance(value, str) else str(value)))


def _attributes(attrs: Mapping[str, Any]) -> str:
    return "".join(
        f" {_text(name)}" if value is True else f' {_text(name)}="{_text(value)}"'
        for name, value in attrs.items()
        if value is not False
    )


def _input(context: Mapping[str, Any]) -> str:
    widget = context["widget"]
    value = "" if widget["value"] is None else f' value="{_text(widget["value"])}"'
    return f'<input type="{_text(widget["type"])}" name="{_text(widget["name"])}"{value}{_attributes(widget["attrs"])}>'


def _textarea(context: Mapping[str, Any]) -> str | None:
    widget = context["widget"]
    value = widget["value"] or ""
    if not _is_text(value):
        return None
    return (
        f'<textarea name="{_text(widget["name"])}"{_attributes(widget["attrs"])}>\n{_text(value)}</textarea>'
    )


def _select(context: Mapping[str, Any]) -> str | None:
    widget = context["widget"]
    written = [f'<select name="{_text(widget["name"])}"{_attributes(widget["attrs"])}>']
    for group, options, _index in widget["optgroups"]:
        if group:
            written.append(f'\n  <optgroup label="{_text(group)}">')
        for option in options:
            if option["template_name"] != _OPTION or not _is_text(option["label"]):
                return None
            value, attrs = _text(option["value"]), _attributes(option["attrs"])
            written.append(f'\n  <option value="{value}"{attrs}>{_text(option["label"])}</option>\n')
        if group:
            written.append("\n  </optgroup>")
    return "".join([*written, "\n</select>"])


def _label(context: Mapping[str, Any]) -> str | None:
    label, tag = context["label"], context["tag"]
    if not context["use_tag"] or not _is_text(label):
        return None
    return f"<{tag}{_attributes(context['attrs'] or {})}>{_text(label)}</{tag}>".strip()


_WRITTEN: Final[Mapping[str, Callable[[Mapping[str, Any]], str | None]]] = {
    **{
        f"{_WIDGETS}{name}.html": _input
        for name in ("input", "hidden", "text", "email", "number", "password", "tel", "url", "search", "color",
                     "date", "datetime", "time", "checkbox", "file")
    },
    f"{_WIDGETS}textarea.html": _textarea,
    f"{_WIDGETS}select.html": _select,
    "django/forms/label.html": _label,
}  # fmt: skip
