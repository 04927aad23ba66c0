"""The news as an Atom feed (RFC 4287), for readers of feeds and for other sites."""

from __future__ import annotations

import re
from typing import Final

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.formats import date_format
from django.utils.html import escape, linebreaks
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from config.city import CITY
from news.models import NewsItem
from web.api.answers import SETTLED_S, public_answer
from web.api.origins import open_to_origins
from web.links import public_link

#: The newest; who wants older ones reads the pages.
_ENTRIES: Final = 30
#: What XML 1.0 cannot hold (2.2).
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@open_to_origins
@require_safe
def news_feed(request: HttpRequest) -> HttpResponseBase:
    """The newest news and works in the language of the address, without works that have ended."""
    language = get_language() or CITY.default_language
    feed = Atom1Feed(
        title=f"{CITY.name.get(language, CITY.code).capitalize()}: {_('News')}",
        link=public_link(reverse("public:news")),
        feed_url=public_link(request.path),
        description="",
        language=language,
        author_name=CITY.office.get(language, ""),
    )
    for item in NewsItem.objects.current()[:_ENTRIES]:
        link = public_link(item.get_absolute_url())
        feed.add_item(
            title=without_controls(item.title),
            link=link,
            unique_id=link,
            description=without_controls(_period(item) + linebreaks(item.body, autoescape=True)),
            pubdate=item.published_at,
            updateddate=item.published_at,
            categories=[item.get_kind_display()],
        )
    body = feed.writeString("utf-8").encode()
    return public_answer(request, body, feed.content_type, max_age_s=SETTLED_S)


def without_controls(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NO_XML.sub("", text)


def _period(item: NewsItem) -> str:
    """From when to when the works last, as a paragraph."""
    if item.starts_at is None or item.ends_at is None:
        return ""
    first, last = (
        date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
        for moment in (item.starts_at, item.ends_at)
    )
    return f"<p>{escape(first)} – {escape(last)}</p>"
