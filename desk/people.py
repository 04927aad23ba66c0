"""People at the desk: who works here and as what, invited, given posts and dismissed by who looks after them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import keys, people
from accounts.models import ApiKey, Membership, PersonChange, User
from accounts.posts import Post, posts_at
from accounts.second_factor import has_second_factor
from appeals.notify.invitations import latest_invitation
from desk.doors import for_whom
from districts.models import Service
from geo.numbers import whole_number
from geo.refusals import Refused
from geo.words import trimming
from rates.taking import TooMany

_Choice = tuple[str, str]

#: People on a page; whoever is not among them is looked for by name.
MOST = 200


def _post_choices(services: Sequence[Service]) -> list[_Choice | tuple[str, list[_Choice]]]:
    """The posts that there are at any of the services; those of the Mayor's Office alone under its name."""
    office = next((service for service in services if service.is_office), None)
    of_services = {post for service in services if not service.is_office for post in posts_at(service)}
    of_office = [post for post in posts_at(office) if post not in of_services] if office else []
    choices: list[_Choice | tuple[str, list[_Choice]]] = [
        (post.value, str(post.label)) for post in Post if post in of_services
    ]
    if office and of_office:
        choices.append((office.name, [(post.value, str(post.label)) for post in of_office]))
    return choices


class _PostFields(forms.Form):
    """A service and a post at it, of those that the person may give."""

    service: forms.ModelChoiceField[Service] = forms.ModelChoiceField(
        Service.objects.none(), label=gettext_lazy("Service"), empty_label=None
    )
    post = forms.ChoiceField(label=gettext_lazy("Post"))

    def __init__(self, by: User, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        services = people.services_of(by).order_by("-is_office", "code")
        cast("forms.ModelChoiceField[Service]", self.fields["service"]).queryset = services
        cast(forms.ChoiceField, self.fields["post"]).choices = _post_choices(list(services))

    def refuse(self, refusal: Refused) -> None:
        """Puts the sentences of a refused action at their fields."""
        for name, sentences in refusal.errors.items():
            self.add_error(name if name in self.fields else None, sentences)


class InvitationForm(_PostFields):
    """Who is invited, and as what."""

    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)
    first_name = trimming(forms.CharField(label=gettext_lazy("First name"), max_length=150))
    last_name = trimming(forms.CharField(label=gettext_lazy("Last name"), max_length=150))

    field_order = ("email", "first_name", "last_name", "service", "post")


_for_those_who_look_after_people = for_whom(lambda standing: standing.looks_after_people)


@require_http_methods(["GET", "HEAD", "POST"])
@_for_those_who_look_after_people
def people_page(request: HttpRequest) -> HttpResponse:
    """Everybody that the reader looks after, with posts and last log-in; POST invites somebody."""
    by = cast(User, request.user)
    form = InvitationForm(by, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        newcomer = people.Newcomer(
            form.cleaned_data["email"], form.cleaned_data["first_name"], form.cleaned_data["last_name"]
        )
        try:
            person = people.invite(by, newcomer, form.cleaned_data["service"], form.cleaned_data["post"])
        except Refused as refusal:
            form.refuse(refusal)
        else:
            _say_invited(request, person)
            return redirect("desk:person", person.pk)
    words = request.GET.get("q", "").strip()[:100].replace("\x00", "")
    found = people.looked_after_by(by)
    if words:
        found = found.filter(
            Q(email__icontains=words) | Q(first_name__icontains=words) | Q(last_name__icontains=words)
        )
    shown = list(
        found.order_by("-is_active", "last_name", "first_name", "pk").prefetch_related(
            "memberships__service"
        )[: MOST + 1]
    )
    context = {"form": form, "people": shown[:MOST], "more": len(shown) > MOST, "most": MOST, "q": words}
    return render(request, "desk/people.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@_for_those_who_look_after_people
def person_page(request: HttpRequest, person: int) -> HttpResponse:
    """One person: posts, the history of their rights, and what can be done; POST does one of these."""
    by = cast(User, request.user)
    found = get_object_or_404(people.looked_after_by(by), pk=person)
    form = _PostFields(by, request.POST if request.POST.get("do") == "give" else None)
    if request.method == "POST":
        try:
            if _done(request, by, found, form):
                # Whoever has no post any more that the reader looks after is no longer shown.
                there = people.looked_after_by(by).filter(pk=person).exists()
                return redirect("desk:person", person) if there else redirect("desk:people")
            if not form.errors:
                messages.error(request, _("Nothing was done: there is no such step."))
        except Refused as refusal:
            if form.is_bound:
                form.refuse(refusal)
            else:
                messages.error(request, str(refusal))
    changes = PersonChange.objects.filter(person=found).select_related("by", "service")
    context = {
        "person": found,
        "memberships": Membership.objects.filter(user=found).select_related("service").order_by("pk"),
        "yours": set(people.services_of(by).values_list("pk", flat=True)),
        "form": form,
        "has_factor": has_second_factor(found),
        "may_change": people.may_change(by, found),
        "keys": keys.kept_of(found),
        "is_oneself": by.pk == found.pk,
        "changes": changes[:100],
        "invitation": latest_invitation(found),
    }
    return render(request, "desk/person.html", context, status=400 if request.method == "POST" else 200)


def _done(request: HttpRequest, by: User, person: User, form: _PostFields) -> bool:
    """Does what the form says; False where it says nothing that can be done. Raises ``Refused``, ``PermissionDenied``."""
    match request.POST.get("do"):
        case "give":
            if not form.is_valid():
                return False
            people.give(by, person, form.cleaned_data["service"], form.cleaned_data["post"])
            messages.success(request, _("The post is given."))
        case "take":
            key = whole_number(request.POST.get("service", ""), digits=9)
            if key is None:
                return False
            people.take_away(by, person, get_object_or_404(Service, pk=key))
            messages.success(
                request, _("The post is taken away; what had been given to the person is nobody's now.")
            )
        case "deactivate":
            people.deactivate(by, person)
            messages.success(
                request, _("The person cannot log in any more; what had been given to them is nobody's now.")
            )
        case "factor":
            people.remove_factor(by, person)
            messages.success(request, _("The password alone is enough again."))
        case "key":
            number = whole_number(request.POST.get("key", ""), digits=9)
            if number is None:
                return False
            keys.revoke(by, get_object_or_404(ApiKey, pk=number, user=person))
            messages.success(request, _("The key opens nothing any more."))
        case "activate":
            people.activate(by, person)
            messages.success(request, _("The person can log in again."))
        case "invite":
            try:
                people.invite_again(by, person)
            except TooMany as refusal:
                messages.error(request, str(refusal))
            else:
                _say_invited(request, person)
        case _:
            return False
    return True


def _say_invited(request: HttpRequest, person: User) -> None:
    """What has become of the letter stands on the person's page."""
    messages.success(request, _("%(person)s is invited.") % {"person": person})
