"""News of the Mayor's Office."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from geo.paging import AFTER, PageRequest, parse_page
from geo.refusals import Refusals
from news.models import NEWEST_FIRST, NewsItem
from web.parameters import left_out

PAGE_SIZE = 12


@require_safe
def news_list(request: HttpRequest) -> HttpResponse:
    """Published items without ended works, the newest first, in pages; an invalid ``after`` is reported with the first page and 400."""
    refusals, address = Refusals(), reverse("public:news")
    asked = refusals.read(
        lambda query: parse_page(query, NEWEST_FIRST, size=PAGE_SIZE), request.GET, PageRequest(PAGE_SIZE)
    )
    page = NEWEST_FIRST.page(NewsItem.objects.current(), asked)
    return render(
        request,
        "public/news_list.html",
        {
            "items": page.rows,
            "errors": refusals.errors,
            "left_out": left_out(request.GET, {AFTER}),
            "next_url": f"{address}?{urlencode({AFTER: str(page.next)})}" if page.next else "",
            "first_url": address if asked.after else "",
        },
        status=400 if refusals.errors else 200,
    )


@require_safe
def news_item(request: HttpRequest, pk: int) -> HttpResponse:
    """One published item; 410 for one that was taken back, 404 for drafts and for what appears later."""
    if taken_back := NewsItem.objects.taken_back().filter(pk=pk).first():
        return render(request, "public/news_taken_back.html", {"item": taken_back}, status=410)
    item = get_object_or_404(NewsItem.objects.published(), pk=pk)
    return render(request, "public/news_item.html", {"item": item, "helped_url": _helped_url(item)})


#: What lies so far from works that are a point is theirs too.
_AROUND_M: Final = 150


def _helped_url(item: NewsItem) -> str:
    """The report that asks whether works helped, about their area or what is around their point, and the day on which they ended; empty for what has none, or goes on."""
    place = item.place.as_area(_AROUND_M)
    if place is None or item.ends_at is None or not item.has_ended():
        return ""
    done = {"on": timezone.localdate(item.ends_at).isoformat(), **place.as_query()}
    return f"{reverse('reports:before-after')}?{urlencode(done)}"
