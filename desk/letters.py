"""Letters that could not be sent, for the administrator: how many, to whom, why; sent again or dropped."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from appeals.models import Message
from appeals.notify.outbox import about, drop, parked, send_again
from desk.doors import for_whom
from geo.numbers import whole_number

#: Letters on the page; the older ones follow when these are done with.
MOST: Final = 200


@require_http_methods(["GET", "HEAD", "POST"])
@for_whom(lambda standing: standing.looks_after_letters)
def letters_page(request: HttpRequest) -> HttpResponse:
    """The parked letters, the newest first; POST sends the chosen ones again or drops them."""
    if request.method == "POST":
        read = (whole_number(text, digits=18) for text in request.POST.getlist("letter"))
        keys = [key for key in read if key is not None][:MOST]
        chosen = Message.objects.filter(pk__in=keys)
        if not keys:
            messages.error(request, _("Nothing was done: no letter was chosen."))
        elif request.POST.get("do") == "send":
            n = send_again(chosen)
            messages.success(
                request,
                ngettext("%(n)d letter will be tried again.", "%(n)d letters will be tried again.", n)
                % {"n": n},
            )
        elif request.POST.get("do") == "drop":
            n = drop(chosen)
            messages.success(
                request, ngettext("%(n)d letter is dropped.", "%(n)d letters are dropped.", n) % {"n": n}
            )
        else:
            messages.error(request, _("Nothing was done: there is no such step."))
        return redirect("desk:letters")
    letters = parked()
    shown = [(letter, about(letter)) for letter in letters[:MOST]]
    context = {"letters": shown, "total": letters.count(), "most": MOST}
    return render(request, "desk/letters.html", context)
