"""“It concerns me too”: the door of those who have not written an appeal themselves. No account; the browser is the person."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from appeals.actions.submit import place_of
from appeals.actions.support import Answer, support, take_back
from appeals.errors import NotAllowed
from appeals.identifiers import new_secret
from appeals.models import Appeal
from geo.refusals import Refused, ValueRefused
from public.residents import address_of_resident, keep_supporter, supporter_secret
from public.views.appeal import Answering, appeal_response
from rates.senders import sender_of
from web.place_field import degrees_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def support_page(request: HttpRequest, number: int) -> HttpResponse:
    """Supports the appeal or takes it back (``supported=yes`` or ``no``), and leads to its page, as a GET does.

    With ``supported=answer`` what a proposal asks is answered too, by ``value`` and ``coordinates`` (latitude first); "yes"
    comes from forms of new appeals as well, whose fields are none of it. 400 with the page and what is wrong with them, and
    then nothing is stored; 404 for an appeal that the reader may not see; 429 when too much was supported.
    """
    appeal = Appeal.objects.visible_to(request.user).with_names().filter(number=number).first()
    if appeal is None:
        raise Http404
    response = redirect(f"{appeal.get_absolute_url()}#support")
    if request.method != "POST":
        return response
    secret = supporter_secret(request)
    match wanted := request.POST.get("supported"):
        case "yes" | "answer":
            secret = secret or new_secret()
            sent = request.POST if wanted == "answer" else QueryDict()
            given = Answering(sent.get("value", ""), sent.get("coordinates", "").strip())
            try:
                # “No answer” that was chosen takes the place along; a place alone wants an answer.
                none = sent.get("value") == ""
                answer = Answer("") if none else _answer(given) if given.value or given.coordinates else None
                support(
                    appeal,
                    secret,
                    sender=sender_of(request),
                    email=address_of_resident(request),
                    answer=answer,
                )
            except NotAllowed:
                messages.error(request, _("This appeal is closed: nobody can support it any more."))
                return response
            except Refused as refusal:
                return appeal_response(request, appeal, answering=given.refused(refusal.errors), status=400)
            keep_supporter(response, secret)
        case "no":
            take_back(appeal, secret, email=address_of_resident(request))
        case _:
            raise BadRequest
    return response


def _answer(given: Answering) -> Answer:
    """Raises ``Refused``."""
    if not given.coordinates:
        return Answer(given.value)
    try:
        return Answer(given.value, place_of(*degrees_of({"coordinates": given.coordinates})))
    except ValueRefused as refusal:
        raise Refused({"point": [str(refusal)]}) from None
