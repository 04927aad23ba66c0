"""Templates of answers: written by the people of a service, filled with the appeal's own data, put into the form.

Only fields that are known are taken, so that no answer is published with a name in braces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.roles import Standing, standing_of
from appeals.actions.inputs import required_text
from appeals.limits import TEXT_MAX
from appeals.models import Appeal
from desk.doors import for_staff
from desk.models import AnswerTemplate
from districts.models import Service

_FIELD: Final = re.compile(r"\{([^{}]*)\}")


def _author_name(appeal: Appeal) -> str:
    contact = getattr(appeal, "contact", None)
    return (contact.name if contact else "") or _("resident")


#: What a field stands for, in the language of the template.
FIELDS: Final[Mapping[str, Callable[[Appeal], str]]] = {
    "number": lambda appeal: str(appeal.number),
    "category": lambda appeal: appeal.category.name,
    "address": lambda appeal: appeal.address or (appeal.district.name if appeal.district else ""),
    "due_on": lambda appeal: date_format(appeal.due_on),
    "author_name": _author_name,
    "service": lambda appeal: appeal.service.name,
}


def unknown_fields(text: str) -> list[str]:
    """The fields of the text that stand for nothing."""
    return [name for name in dict.fromkeys(_FIELD.findall(text)) if name not in FIELDS]


def filled(template: AnswerTemplate, appeal: Appeal) -> str:
    """The template's words for the appeal, in the template's language; what stands in the appeal's own is not filled."""
    with override(template.language):
        return _FIELD.sub(
            lambda field: FIELDS[field[1]](appeal) if field[1] in FIELDS else field[0], template.text
        )


def names_author(template: AnswerTemplate) -> bool:
    """True when the author's name would be in the answer, which everybody reads."""
    return "author_name" in _FIELD.findall(template.text)


class _Form(forms.ModelForm):  # type: ignore[type-arg]
    """A template of one of the person's services."""

    version = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)

    class Meta:
        model = AnswerTemplate
        fields = ["service", "language", "title", "text"]
        widgets: Mapping[str, Any] = {"text": forms.Textarea(attrs={"rows": 8, "data-most": TEXT_MAX})}

    def __init__(self, standing: Standing, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "label_suffix": ""})
        services = cast("forms.ModelChoiceField[Service]", self.fields["service"])
        services.queryset = services_of(standing)
        services.empty_label = None
        # A text that is too long is refused with all of its words; the browser would cut off what is pasted.
        del self.fields["text"].widget.attrs["maxlength"]
        languages = cast("forms.TypedChoiceField", self.fields["language"])
        languages.choices = settings.LANGUAGES
        languages.initial = get_language()
        services.label_from_instance = lambda service: service.name  # type: ignore[method-assign,assignment]

    def clean_text(self) -> str:
        try:
            text = required_text(self.cleaned_data["text"])
        except ValueError as refusal:
            raise forms.ValidationError(str(refusal)) from None
        if unknown := unknown_fields(text):
            raise forms.ValidationError(
                _("There is no field %(unknown)s. The fields are %(known)s.")
                % {
                    "unknown": ", ".join(f"{{{name}}}" for name in unknown),
                    "known": ", ".join(f"{{{name}}}" for name in FIELDS),
                }
            )
        return text


def services_of(standing: Standing) -> Any:
    """The services whose templates the person writes: their own; every one, for the Mayor's Office."""
    services = Service.objects.filter(active=True)
    return services if standing.office else services.filter(pk__in=standing.service_ids)


def offered(appeal: Appeal) -> list[AnswerTemplate]:
    """The templates for an answer to the appeal, those in its author's language first; one query."""
    templates = AnswerTemplate.objects.filter(service=appeal.service_id)
    return sorted(templates, key=lambda template: (template.language != appeal.language, template.title))


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
def templates_page(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The templates of the person's services with a form for a new one, or for the one of that key; POST keeps it.

    A change that somebody else made meanwhile is not overwritten: the words stay in the form.
    """
    standing = standing_of(request.user)
    mine = AnswerTemplate.objects.filter(service__in=services_of(standing)).select_related("service")
    current = mine.filter(pk=pk).first() if pk is not None else None
    if pk is not None and current is None:
        if AnswerTemplate.objects.filter(pk=pk).exists():
            raise Http404
        return _gone(request, standing, mine)
    if request.method != "POST":
        return _shown(request, _Form(standing, instance=current), current, mine)
    if current is not None and "drop" in request.POST:
        current.delete()
        messages.success(request, _("The template is removed."))
        return redirect("desk:templates")
    form = _Form(standing, request.POST, instance=current)
    if not form.is_valid():
        return _shown(request, form, current, mine, status=400)
    if not _kept(form, current):
        form.add_error(
            None,
            _(
                "Somebody has changed this template meanwhile. Your words are here: compare, and keep them again."
            ),
        )
        return _shown(request, form, current, mine, status=409)
    messages.success(request, _("The template is kept."))
    return redirect("desk:templates")


def _gone(request: HttpRequest, standing: Standing, templates: Any) -> HttpResponse:
    """Of a template that somebody has removed: what was written for it stands in the form of a new one."""
    if request.method != "POST" or "drop" in request.POST:
        messages.info(request, _("This template is not there any more."))
        return redirect("desk:templates")
    form = _Form(standing, request.POST)
    form.is_valid()
    form.add_error(
        None, _("This template is not there any more. Your words are here: keep them, and it is a new one.")
    )
    return _shown(request, form, None, templates, status=HTTPStatus.CONFLICT)


def _kept(form: _Form, current: AnswerTemplate | None) -> bool:
    """Keeps the template; False when it is not the version that was on the screen."""
    with transaction.atomic():
        if current is not None:
            version = form.cleaned_data.get("version") or 0
            same = AnswerTemplate.objects.filter(pk=current.pk, version=version)
            if not same.update(version=F("version") + 1):
                return False
            form.instance.version = version + 1
        form.save()
    return True


def _shown(
    request: HttpRequest, form: _Form, current: AnswerTemplate | None, templates: Any, *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "current": current,
        "version": AnswerTemplate.objects.get(pk=current.pk).version if current else 0,
        "templates": templates,
        "known": [f"{{{name}}}" for name in FIELDS],
    }
    return render(request, "desk/templates.html", context, status=status)


#: Said when a template with the author's name has been put into a form.
NAMES_AUTHOR: Final = gettext_lazy(
    "The author's name stands in the text, and everybody reads the answer: leave it only with the author's consent."
)
