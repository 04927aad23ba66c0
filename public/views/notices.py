"""Notices of an appeal's steps in a browser: asked for and ended by buttons of its page."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from appeals.intake.followers import follow, unfollow
from appeals.models import Appeal
from geo.refusals import Refused
from public.key_addresses import guarded
from public.residents import resident_of
from rates.senders import sender_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: HttpRequest, number: int) -> HttpResponse:
    """Has the browser told, or no more (``do=follow`` or ``stop``), and leads to the page with the buttons, as a GET does.

    That is the author's own page for whoever sends its secret. 404 for an appeal that not everybody sees; 429.
    """
    appeal = Appeal.objects.public().filter(number=number).select_related("contact").first()
    if appeal is None:
        raise Http404
    secret = request.POST.get("secret", "")
    own = bool(secret) and secret == getattr(getattr(appeal, "contact", None), "secret", None)
    page = reverse("public:follow", args=[secret]) if own else appeal.get_absolute_url()
    response = guarded(redirect(f"{page}#notices"))
    if request.method != "POST":
        return response
    endpoint, p256dh, auth = (request.POST.get(name, "") for name in ("endpoint", "p256dh", "auth"))
    match request.POST.get("do"):
        case "follow":
            try:
                sender, resident = sender_of(request), resident_of(request)
                follow(appeal, endpoint, p256dh, auth, own=own, sender=sender, resident=resident)
            except Refused as refusal:
                messages.error(request, " ".join(refusal.errors["push"]))
            else:
                messages.success(request, _("This browser shows you a notice of each step of the appeal."))
        case "stop":
            unfollow(appeal, endpoint)
            messages.success(request, _("No more notices of this appeal come."))
        case _:
            raise BadRequest
    return response
