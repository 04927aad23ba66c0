"""A resident's account: signing in with a code from a letter, the appeals of the address on every device, and what is kept."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from appeals.actions.residents import (
    attach,
    confirm_own,
    contacts_of,
    delete_account,
    followed_by,
    personal_data,
    supported_by,
    unconfirmed_of,
)
from appeals.due import rows_of
from appeals.guards import correctable_until, why_not_correctable
from appeals.intake.sign_in import (
    OVER,
    WRONG,
    ask_code,
    code_asked,
    over,
    sign_in,
    sign_out,
    sign_out_everywhere,
    wrong_so_far,
)
from appeals.limits import EMAIL_MAX, RESIDENT_APPEALS_MAX, SIGN_IN_DIGITS, SIGN_IN_MINUTES
from appeals.models import Appeal, Resident, SignInCode
from appeals.notify.proof import own_page
from appeals.workflow import AMEND
from geo.numbers import key_or_0
from geo.refusals import Refused
from public.key_addresses import guarded
from public.residents import (
    asked_in,
    device_secret,
    forget_asked,
    forget_device,
    forget_wish_to_comment,
    keep_asked,
    keep_signed_in,
    keep_wish_to_comment,
    resident_of,
    supporter_secret,
    wants_to_comment_on,
)
from rates.senders import sender_of
from rates.taking import TooMany
from web.limits import refused


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def account_page(request: HttpRequest) -> HttpResponse:
    """The appeals of whoever is signed in, or the forms of signing in; POST asks for a code, takes it, adds appeals, signs out.

    Whoever comes to ``comment`` on the appeal of that number is led back there once they are signed in.
    """
    resident = resident_of(request)
    if request.method == "POST":
        match request.POST.get("do"):
            case "ask":
                return guarded(_ask(request))
            case "code":
                return guarded(_code(request))
            case "another":
                return guarded(_another_code())
            case "attach":
                # Where nobody is signed in any more, the form that signs in.
                return guarded(_attach(request, resident) if resident is not None else _page(request))
            case "confirm":
                return guarded(_confirm(request, resident) if resident is not None else _page(request))
            case "out" | "out-everywhere" as how:
                return guarded(_out(request, resident if how == "out-everywhere" else None))
            case _:
                raise BadRequest
    if number := key_or_0(request.GET.get("comment", "")):
        return guarded(_to_comment(number, resident))
    asked = code_asked(asked_in(request))
    if resident is None or asked is not None:
        return guarded(_sign_in(request, asked))
    return guarded(_appeals(request, resident))


def _to_comment(number: int, resident: Resident | None) -> HttpResponse:
    """Leads to the form of the comment, or first to that of signing in, which is an address of its own."""
    if resident is not None:
        return _back_to_comment(number)
    response = redirect("public:mine-account")
    keep_wish_to_comment(response, number)
    return response


def _back_to_comment(number: int) -> HttpResponse:
    return redirect(f"{reverse('public:appeal', args=[number])}#comment")


def _ask(request: HttpRequest) -> HttpResponse:
    """Leads to the form of the code: it is an address of its own, to be come back to, loaded again, read in another language."""
    email = request.POST.get("email", "").strip()
    try:
        asked = ask_code(email, sender=sender_of(request))
    except Refused as refusal:
        return _page(request, status=HTTPStatus.BAD_REQUEST, email=email, errors=refusal.errors["email"])
    except TooMany as refusal:
        return refused(_page(request, email=email, errors=[str(refusal)]), refusal)
    response = redirect("public:mine-account")
    keep_asked(response, asked)
    return response


def _code(request: HttpRequest) -> HttpResponse:
    key = asked_in(request)
    try:
        secret = sign_in(key, request.POST.get("code", ""), sender=sender_of(request))
    except Refused as refusal:
        if WRONG in refusal.errors:
            # The form says so. An answer that stands by itself would have the same code typed again by loading it again.
            return redirect("public:mine-account")
        return _code_form(request, refusal)
    except TooMany as refusal:
        return refused(_code_form(request, Refused({"code": [str(refusal)]})), refusal)
    # Whoever was signed in here before is no more.
    sign_out(device_secret(request))
    number = wants_to_comment_on(request)
    response = _back_to_comment(number) if number else redirect("public:mine-account")
    forget_wish_to_comment(response)
    keep_signed_in(response, secret)
    forget_asked(response)
    return response


def _another_code() -> HttpResponse:
    """Leads from the form of the code back to that of the address."""
    response = redirect("public:mine-account")
    forget_asked(response)
    return response


def _attach(request: HttpRequest, resident: Resident) -> HttpResponse:
    done = attach(resident, request.POST.getlist("secret"), supporter=supporter_secret(request))
    if done.own:
        messages.success(request, _added(len(done.own), resident))
    if done.others:
        words = _("These name another e-mail address and were left as they are: %(numbers)s")
        messages.warning(request, words % {"numbers": ", ".join(f"№ {number}" for number in done.others)})
    return redirect("public:mine-account")


def _confirm(request: HttpRequest, resident: Resident) -> HttpResponse:
    confirmed = confirm_own(resident, request.POST.getlist("number"))
    if confirmed:
        messages.success(request, _added(confirmed, resident))
    return redirect("public:mine-account")


def _added(n: int, resident: Resident) -> str:
    words = ngettext(
        "%(n)d appeal is in your account now. Letters about it come to %(email)s.",
        "%(n)d appeals are in your account now. Letters about them come to %(email)s.",
        n,
    )
    return words % {"n": n, "email": resident.email}


def _out(request: HttpRequest, everywhere: Resident | None) -> HttpResponse:
    """The page that says so; its script has the device forget its appeals, so that no link may lead to it."""
    if everywhere is not None:
        sign_out_everywhere(everywhere)
    sign_out(device_secret(request))
    return _out_page(request, _("You are signed out."))


def _out_page(request: HttpRequest, done: str) -> HttpResponse:
    """What was ``done``, on a device that remembers nothing of whoever was signed in: others may have it next.

    What the browser has supported stays the browser's: it counts once, whoever signs in and out.
    """
    response = _page(request, done=done, forget=True)
    forget_device(response)
    forget_asked(response)
    return response


def _sign_in(request: HttpRequest, asked: SignInCode | None) -> HttpResponse:
    """The form of the code that this browser has asked for, or of the address."""
    if asked is not None:
        wrong = wrong_so_far(asked)
        return _page(request, asked=asked, code_errors=[wrong] if wrong else [])
    if asked_in(request):
        return _is_over(request, HTTPStatus.OK)
    return _page(request)


def _code_form(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """The form of the code with what is wrong; that of the address where the code is over."""
    asked = code_asked(asked_in(request))
    if asked is None:
        return _is_over(request, HTTPStatus.BAD_REQUEST)
    return _page(request, status=HTTPStatus.BAD_REQUEST, asked=asked, code_errors=refusal.errors["code"])


def _is_over(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    """Says so, once, above the form that asks for another code."""
    response = _page(request, status=status, errors=over().errors[OVER])
    forget_asked(response)
    return response


def _page(request: HttpRequest, *, status: int = HTTPStatus.OK, **context: object) -> HttpResponse:
    """The page of signing in; what its context may hold is said in its template."""
    context |= {
        "email_max": EMAIL_MAX,
        "minutes": SIGN_IN_MINUTES,
        "digits": SIGN_IN_DIGITS,
        "comment_on": wants_to_comment_on(request),
    }
    return render(request, "public/sign_in.html", context, status=status)


def _appeals(request: HttpRequest, resident: Resident) -> HttpResponse:
    names = ("appeal__category", "appeal__service", "appeal__district")
    contacts = contacts_of(resident).select_related(*names)
    unconfirmed = unconfirmed_of(resident).select_related(*names)
    shown = list(contacts[: RESIDENT_APPEALS_MAX + 1])
    rows = rows_of(contact.appeal for contact in shown[:RESIDENT_APPEALS_MAX])
    context = {
        "resident": resident,
        "own": [
            (
                row,
                own_page(contact),
                correctable_until(contact.appeal) if _may_correct(contact.appeal) else None,
            )
            for row, contact in zip(rows, shown, strict=False)
        ],
        "unconfirmed": rows_of(contact.appeal for contact in unconfirmed[:RESIDENT_APPEALS_MAX]),
        "more": len(shown) > RESIDENT_APPEALS_MAX,
        "most": RESIDENT_APPEALS_MAX,
        "supported": rows_of(supported_by(resident).with_names()[:RESIDENT_APPEALS_MAX]),
        "followed": rows_of(followed_by(resident).with_names()[:RESIDENT_APPEALS_MAX]),
        "comments": resident.comments.select_related("appeal").order_by("-pk")[:RESIDENT_APPEALS_MAX],
        "devices": resident.devices.count(),
    }
    return render(request, "public/account.html", context)


def _may_correct(appeal: Appeal) -> bool:
    return appeal.status in AMEND.sources and not why_not_correctable(appeal, timezone.now())


@never_cache
@require_safe
def account_data(request: HttpRequest) -> HttpResponse:
    """All that is kept of whoever is signed in, as a file of JSON; who is not is led to the form."""
    resident = resident_of(request)
    if resident is None:
        return guarded(redirect("public:mine-account"))
    response = JsonResponse(personal_data(resident), json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return guarded(response)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def account_delete(request: HttpRequest) -> HttpResponse:
    """What is kept, and the buttons that delete the account, or with it what says who one is: each asks once more (``sure``)."""
    resident = resident_of(request)
    if resident is None:
        return guarded(redirect("public:mine-account"))
    if request.method != "POST":
        return _delete_page(request, resident)
    what = request.POST.get("what", "")
    if what not in {"account", "data"}:
        raise BadRequest
    if request.POST.get("sure") != "yes":
        return _delete_page(request, resident, what)
    delete_account(resident, data_too=what == "data")
    said = _("Your account and your data are deleted.") if what == "data" else _("Your account is deleted.")
    return guarded(_out_page(request, said))


def _delete_page(request: HttpRequest, resident: Resident, what: str = "") -> HttpResponse:
    """``what`` is to be deleted: then it asks whether that is so."""
    context = {"resident": resident, "data": personal_data(resident), "what": what}
    return guarded(render(request, "public/account_delete.html", context))
