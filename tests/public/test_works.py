"""News and planned works where everybody meets them: pages, the feed, GeoJSON, the form. Drafts are nowhere."""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from html import unescape
from typing import Any

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.test import Client
from django.utils import timezone

from accounts.models import User
from news.models import NewsItem
from tests.factories import NewsItemFactory
from tests.grid import IN_EAST, IN_WEST, GridCity, at

LON, LAT = IN_EAST
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def items(city: GridCity) -> dict[str, NewsItem]:
    """Works around IN_EAST by what is to be seen of them; two are under way, of which one ends first."""
    now, hour = timezone.now(), dt.timedelta(hours=1)
    box = [round(side, 6) for side in (LON - 0.005, LAT - 0.005, LON + 0.005, LAT + 0.005)]
    area = MultiPolygon(Polygon.from_bbox(box), srid=4326)

    def works(name: str, **values: Any) -> NewsItem:
        words = {
            "title_ky": f"{name} ky",
            "title_ru": f"{name} ru",
            "title_en": "",
            "body_ru": f"body of {name}",
        }
        usual = {"kind": "works", "area": area, "starts_at": now - hour, "ends_at": now + 5 * hour}
        item: NewsItem = NewsItemFactory(**{**usual, **words, **values})
        return item

    return {
        "long": works("long", ends_at=now + 9 * hour),
        "under-way": works("under-way"),
        "coming": works("coming", starts_at=now + hour),
        "elsewhere": works("elsewhere", area=None, point=at(IN_WEST)),
        "ended": works("ended", ends_at=now),
        "draft": works("draft", published_at=None),
        "later": works("later", published_at=now + hour),
        "archived": works("archived", archived_at=now),
    }


def titles(client: Client, query: str = "") -> list[str]:
    answer = client.get(f"/api/news.geojson?lang=ru{query}")
    assert answer.status_code == 200
    return [feature["properties"]["title"].removesuffix(" ru") for feature in answer.json()["features"]]


def test_what_is_not_published_or_has_ended_is_seen_by_nobody_and_at_no_door(
    items: dict[str, NewsItem], client: Client, light_user: User
) -> None:
    shown = {"long", "under-way", "coming", "elsewhere"}
    staff = Client()
    staff.force_login(light_user)
    for reader in (client, staff):
        assert set(titles(reader)) == shown
        for path in ("/ru/news/", "/ru/news/feed.atom"):
            text = reader.get(path).content.decode()
            assert {name for name in items if f"{name} ru" in text} == shown, path
        for name, item in items.items():
            opens = reader.get(f"/ru/news/{item.pk}/").status_code == 200
            assert opens is (name in shown | {"ended"}), name
            assert reader.get(f"/ru/desk/news/{item.pk}/").status_code in {302, 403}


def test_works_lead_to_whether_they_helped(items: dict[str, NewsItem], client: Client) -> None:
    page = client.get(f"/en/news/{items['ended'].pk}/").content.decode()
    (address,) = re.findall('href="(/en/reports/before-after/[^"]+)"', page)
    report = client.get(unescape(address))
    assert report.status_code == 200
    done = report.context["change"].done
    assert done.on == timezone.localdate(items["ended"].ends_at)
    assert {*done.drawn.corners.split("\n")} == {*items["ended"].place.corners.split("\n")}
    # What is a point is compared by what is around it.
    point = items["elsewhere"]
    assert point.point is not None
    # What goes on has not helped yet.
    assert "/en/reports/before-after/" not in client.get(f"/en/news/{point.pk}/").content.decode()
    NewsItem.objects.filter(pk=point.pk).update(ends_at=timezone.now())
    (address,) = re.findall(
        'href="(/en/reports/before-after/[^"]+)"', client.get(f"/en/news/{point.pk}/").content.decode()
    )
    change = client.get(unescape(address)).context["change"]
    assert change.done.drawn.area.contains(point.point)


def test_works_under_way_at_a_place_are_known_to_the_form_and_to_programs(
    items: dict[str, NewsItem], city: GridCity, client: Client
) -> None:
    here, elsewhere = f"&at={LON},{LAT}", f"&at={IN_WEST[0]},{IN_WEST[1]}"
    # The border belongs to the area.
    assert (
        set(titles(client, here))
        == set(titles(client, f"&at={LON - 0.005:.6f},{LAT}"))
        == {"under-way", "long"}
    )
    assert titles(client, elsewhere) == []
    assert titles(client, "&kind=news") == []
    assert client.get("/api/news.geojson?at=POINT(1 1)").json()["errors"]["at"]
    feature = client.get(f"/api/news.geojson?lang=en{here}").json()["features"][0]
    assert feature["geometry"]["type"] == "MultiPolygon"
    # Who reads in a language without words gets the city's own.
    assert feature["properties"]["title"] in {"under-way ky", "long ky"}
    assert feature["properties"]["url"].endswith(f"/en/news/{feature['id']}/")
    form = {"lon": LON, "lat": LAT, "category": "lamp", "kind": "", "ask": "who"}
    page = client.post("/ru/appeals/new/", form).content.decode()
    known = page.partition("known-works__list")[2].partition("</ul>")[0]
    assert known.index("under-way ru") < known.index("long ru")
    assert "coming" not in known
    assert "data-send" in page
    elsewhere_page = client.post(
        "/ru/appeals/new/", {**form, "lon": IN_WEST[0], "lat": IN_WEST[1]}
    ).content.decode()
    assert "known-works__list" not in elsewhere_page


def test_the_feed_is_atom_in_the_language_of_its_address(items: dict[str, NewsItem], client: Client) -> None:
    NewsItem.objects.filter(pk=items["long"].pk).update(body_ru="a < b & \x0b c", title_ru="\x1f<b>")
    for language in ("ky", "ru", "en"):
        answer = client.get(f"/{language}/news/feed.atom")
        assert answer["Content-Type"].startswith("application/atom+xml")
        feed = ET.fromstring(answer.content)
        links = [entry.findtext(f"{ATOM}id", "") for entry in feed.iter(f"{ATOM}entry")]
        assert len(links) == 4
        assert all(f"/{language}/news/" in link for link in links)
        assert (
            client.get(f"/{language}/news/feed.atom", headers={"If-None-Match": answer["ETag"]}).status_code
            == 304
        )
    assert 'type="application/atom+xml" href="/ru/news/feed.atom"' in client.get("/ru/news/").content.decode()
