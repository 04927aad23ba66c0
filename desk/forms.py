"""What the forms of the desk send, parsed into typed values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from appeals.limits import ATTACHMENTS_MAX, TEXT_MAX
from appeals.workflow import Verb
from districts.models import Service

#: Verbs that a form of the desk may send; an appeal comes in by ``submit`` alone.
DESK_VERBS = tuple(verb for verb in Verb if verb is not Verb.SUBMIT)


class StepForm(forms.Form):
    """Any step: what to do, and the version of the appeal that was on the screen."""

    verb = forms.ChoiceField(
        choices=[(verb.value, verb.value) for verb in DESK_VERBS], widget=forms.HiddenInput
    )
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class _Files(forms.ClearableFileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    """Any number of files, as a list."""

    widget = _Files

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        files = data if isinstance(data, Sequence) else [data]
        return [super(_FilesField, self).clean(file, initial) for file in files if file]


class _UploadIds(forms.Field):
    """Ids of files that came with an earlier try of the same form."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> list[Any]:
        one = forms.UUIDField()
        return [one.clean(item) for item in value or []][:ATTACHMENTS_MAX]


def _words(label: Any, **options: Any) -> forms.CharField:
    # The actions check the text: one rule, whichever door it comes in by.
    return forms.CharField(
        label=label,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "maxlength": TEXT_MAX, "required": True}),
        **options,
    )


class AnswerForm(StepForm):
    text = _words(_("Answer"), help_text=_("Everyone reads it, beside the appeal and on the map."))
    photos = _FilesField(
        label=_("Photos"),
        required=False,
        help_text=_("What was done, as a picture: up to 6 photos or videos."),
        widget=_Files(attrs={"accept": "image/*,video/*"}),
    )
    uploads = _UploadIds(required=False)


class ForwardForm(StepForm):
    to_service: forms.ModelChoiceField[Service] = forms.ModelChoiceField(
        label=_("To which service"),
        queryset=Service.objects.none(),
        to_field_name="code",
        empty_label=_("Choose…"),
    )
    text = _words(_("Reason"), help_text=_("Everyone reads it. The term of the answer does not begin anew."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = cast("forms.ModelChoiceField[Service]", self.fields["to_service"])
        choice.queryset = Service.objects.filter(active=True).order_by("short")


class ReopenForm(StepForm):
    text = _words(_("Reason"), help_text=_("Everyone reads it. The term of the answer begins anew."))


class HideForm(StepForm):
    text = _words(_("Reason"), help_text=_("Only staff read it."))


#: The form of each verb; a plain step has no words of its own.
FORMS: dict[Verb, type[StepForm]] = {
    Verb.ACCEPT: StepForm,
    Verb.ANSWER: AnswerForm,
    Verb.FORWARD: ForwardForm,
    Verb.CLOSE: StepForm,
    Verb.REOPEN: ReopenForm,
    Verb.HIDE: HideForm,
    Verb.SHOW: StepForm,
}
