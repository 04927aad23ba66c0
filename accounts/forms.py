"""Forms of the own account: allauth's for passwords, whose tries are counted (the log-in's by the adapter), and for letters."""

from __future__ import annotations

from typing import Any, cast

from allauth.account import forms
from allauth.core import context
from django import forms as django_forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext, gettext_lazy, ngettext

from accounts.adapter import account_key, too_many_error
from accounts.keys import DAYS
from accounts.models import LetterChoice, Scope, User
from geo.refusals import Refused
from geo.words import trimming
from rates.senders import address_of, sender_of
from rates.taking import (
    PASSWORD_CHANGE,
    PASSWORD_RESET,
    PASSWORD_RESET_ACCOUNT,
    PASSWORD_RESET_ADDRESS,
    TooMany,
    give_back,
    take,
)


class LogInForm(forms.LoginForm):
    """The cursor stands where something is to be typed: nobody has to reach for the mouse first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password" if self.data.get("login") else "login"].widget.attrs["autofocus"] = True


class ResetPasswordForm(forms.ResetPasswordForm):
    """So many letters from one address, to one person from one address, and to one person from all of them.

    What others ask for in a person's name leaves the person's own tries: only a great many of them do not.
    """

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        address, account = address_of(context.request), account_key(email)
        try:
            take(PASSWORD_RESET_ADDRESS, address)
            take(PASSWORD_RESET, f"{address} {account}")
            take(PASSWORD_RESET_ACCOUNT, account)
        except TooMany as refusal:
            raise too_many_error(refusal) from refusal
        return str(super().clean_email())


class ChangePasswordForm(forms.ChangePasswordForm):
    """So many wrong old passwords of one person."""

    def clean_oldpassword(self) -> str:
        sender = sender_of(context.request)
        try:
            take(PASSWORD_CHANGE, sender)
        except TooMany as refusal:
            raise too_many_error(refusal) from refusal
        password = str(super().clean_oldpassword())
        give_back(PASSWORD_CHANGE, sender)
        return password


class _Clock(django_forms.TimeInput):
    input_type = "time"


class LetterChoiceForm(django_forms.Form):
    """How the letters of the desk come, in which language, and when they do not."""

    how = django_forms.ChoiceField(
        choices=LetterChoice.How.choices,
        label=gettext_lazy("Letters of my service's desk"),
        widget=django_forms.RadioSelect,
    )
    language = django_forms.ChoiceField(
        choices=settings.LANGUAGES, label=gettext_lazy("Language of the letters")
    )
    quiet_from = django_forms.TimeField(
        label=gettext_lazy("Quiet from"), required=False, widget=_Clock(format="%H:%M")
    )
    quiet_until = django_forms.TimeField(
        label=gettext_lazy("Quiet until"), required=False, widget=_Clock(format="%H:%M")
    )

    def __init__(self, *args: Any, user: User, choice: LetterChoice | None, **kwargs: Any) -> None:
        kept = choice or LetterChoice(user=user, language=get_language() or settings.LANGUAGE_CODE)
        super().__init__(
            *args,
            **kwargs
            | {
                "label_suffix": "",
                "initial": {
                    "how": kept.how if kept.wanted else LetterChoice.How.NONE,
                    "language": kept.language,
                    "quiet_from": kept.quiet_from,
                    "quiet_until": kept.quiet_until,
                },
            },
        )
        self._user = user

    def clean(self) -> dict[str, Any]:
        """The choice. Quiet hours that only begin, only end, or last no time are refused."""
        chosen = super().clean() or {}
        begin, end = chosen.get("quiet_from"), chosen.get("quiet_until")
        if not {"quiet_from", "quiet_until"} & set(self.errors):
            if (begin is None) != (end is None):
                raise ValidationError(gettext("Write both when the quiet hours begin and when they end."))
            if begin is not None and begin == end:
                raise ValidationError(gettext("Quiet hours must end at another time than they begin."))
        return chosen

    def save(self) -> None:
        """Keeps the choice; what a letter's link had stopped goes on as chosen now."""
        chosen = {name: self.cleaned_data[name] for name in self.fields}
        LetterChoice.objects.update_or_create(user=self._user, defaults={**chosen, "stopped": False})


class ApiKeyForm(django_forms.Form):
    """What a new key is called, what it opens, and for how long."""

    name = trimming(
        django_forms.CharField(
            label=gettext_lazy("Name"),
            max_length=60,
            help_text=gettext_lazy("Where it is used: “QGIS on my computer”."),
        )
    )
    scopes = django_forms.MultipleChoiceField(
        choices=Scope.choices,
        label=gettext_lazy("What it opens"),
        widget=django_forms.CheckboxSelectMultiple,
        initial=[Scope.FEATURES, Scope.MAP],
    )
    days = django_forms.TypedChoiceField(
        coerce=int, label=gettext_lazy("Valid for"), widget=django_forms.RadioSelect, initial=DAYS[1]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"label_suffix": ""})
        days = cast("django_forms.TypedChoiceField", self.fields["days"])
        days.choices = [(n, ngettext("%(n)d day", "%(n)d days", n) % {"n": n}) for n in DAYS]

    def refuse(self, refusal: Refused) -> None:
        """Puts the sentences of a refused action at their fields."""
        for name, sentences in refusal.errors.items():
            self.add_error(name if name in self.fields else None, sentences)
