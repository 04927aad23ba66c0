"""News of the Mayor's Office."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from news.models import NewsItem

PAGE_SIZE = 12
#: The largest number that an id's column holds.
_BIGGEST = 2**63 - 1


@require_safe
def news_list(request: HttpRequest) -> HttpResponse:
    """Published items, the newest first; ``?before=MOMENT&id=N`` goes on after the last one of a page."""
    items = NewsItem.objects.published()
    last = _position(request.GET.get("before", ""), request.GET.get("id", ""))
    if last:
        items = items.after(*last)
    page = list(items[: PAGE_SIZE + 1])
    next_url = ""
    if len(page) > PAGE_SIZE:
        page.pop()
        query = urlencode({"before": page[-1].published_at.isoformat(), "id": page[-1].pk})
        next_url = f"{reverse('public:news')}?{query}"
    return render(
        request,
        "public/news_list.html",
        {"items": page, "next_url": next_url, "first_url": reverse("public:news") if last else ""},
    )


@require_safe
def news_item(request: HttpRequest, pk: int) -> HttpResponse:
    """One published item; 404 for drafts and for what appears later."""
    item = get_object_or_404(NewsItem.objects.published(), pk=pk)
    return render(request, "public/news_item.html", {"item": item})


def _position(moment: str, pk: str) -> tuple[dt.datetime, int] | None:
    try:
        parsed, number = dt.datetime.fromisoformat(moment), int(pk)
        # PostgreSQL takes no offset of 16 hours or more, and none with fractions of a second.
        position = parsed.astimezone(dt.UTC), number
    except (ValueError, OverflowError):
        return None
    return position if parsed.tzinfo and 0 < number <= _BIGGEST else None
