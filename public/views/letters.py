"""No more letters, and letters again: where the link of each letter leads. Whoever has the letter needs no log-in."""

from __future__ import annotations

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from appeals.notify.subscriptions import ONE_CLICK, subscription_of
from public.key_addresses import guarded


@never_cache
@csrf_exempt  # A mail program sends the form of itself (RFC 8058), and the address is the key.
@require_http_methods(["GET", "HEAD", "POST"])
def letters_page(request: HttpRequest, token: str) -> HttpResponse:
    """A button that stops the letters, or has them sent again; POST does so and answers without leading elsewhere.

    Nothing changes by opening the page: programs that look into mailboxes open every link. 404 for a link that is not ours.
    """
    found = subscription_of(token)
    if found is None:
        raise Http404
    done, status = "", HTTPStatus.OK
    if request.method == "POST":
        name, _equals, value = ONE_CLICK.partition("=")
        if request.POST.get(name) == value or request.POST.get("do") == "stop":
            found.stop()
            done = "stop"
        elif request.POST.get("do") == "resume":
            found.resume()
            done = "resume"
        else:
            status = HTTPStatus.BAD_REQUEST
    response = render(
        request, "public/letters.html", {"subscription": found, "done": done}, status=int(status)
    )
    return guarded(response)
