import uuid, datetime as dt, json
import pytest
from urllib.parse import urlencode, quote
from django.test import Client as _C
from django.db import transaction
class Client(_C):
    def request(self, **k):
        sid = transaction.savepoint()
        r = super().request(**k)
        if r.status_code >= 500: transaction.savepoint_rollback(sid)
        return r
from tests.factories import *
from tests.grid import *
from appeals.models import Appeal

ODD = ["", " ", "0", "-1", "1e400", "nan", "1_000", "９", "\x00", "'", "9"*5000, "9"*20, "2147483648","9223372036854775808", "1,2,3", " 2026-01-01 ", "2026-W01-1",
       "9999-12-31", "0001-01-01", "2026-01-01T00:00:00+23:59", "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59-10:00", "2026-01-01T00:00:00+05:00:00.5",
       ",", "new,", "\ud800", "x"*3000, "2026-01-01~", "2026-01-01~9223372036854775808", "2026-01-01~"+"9"*4000, "-180,-90,180,90", " 72.7,40.5,72.8,40.6 ",
       "../../etc", "<b>", "true", "zz", "ky_KG", "²", "1e9"]
PATHS = {
 "/en/": ["q","kind","category","service","district","status","from","to","bbox","after","fragment"],
 "/en/appeals/new/": ["lon","lat","category"],
 "/en/news/": ["before","id"],
 "/en/reports/heatmap/": ["from","to","period","category","kind","district","service","status","cell"],
 "/en/reports/heatmap.html": ["from","to","period","category","cell","frame"],
 "/en/desk/": ["tab","after","q","kind","category","service","district","from","to","bbox"],
 "/api/schema/": ["lang","version","format"],
 "/api/docs/": ["lang"],
 "/manifest.webmanifest": ["lang"], "/offline/": ["lang"],
 "/en/accounts/login/": ["next"],
}
@pytest.fixture
def lived(city, office_user):
    for i in range(3):
        AppealFactory(category=city.categories["lamp"], service=city.services["light"], district=city.districts["east"])
    for i in range(3): NewsItemFactory()
    return city

def test_fuzz(lived, office_user):
    from django.urls import reverse
    bad = []
    for who in (None, office_user):
        c = Client(raise_request_exception=False)
        if who: c.force_login(who)
        extra = {"/en/reports/heatmap/cells/": []}
        for path, names in PATHS.items():
            for n in names:
                for v in ODD:
                    q = urlencode({n: v} | ({"id":"5"} if n=="before" else {}) | ({"before":"2026-01-01T00:00:00+00:00"} if n=="id" else {}), errors="surrogatepass")
                    r = c.get(f"{path}?{q}")
                    if r.status_code >= 500: bad.append((bool(who), path, n, v[:40], r.status_code, repr(r.exc_info[1])[:200] if getattr(r,"exc_info",None) else ""))
    for b in bad: print(b)
    assert not bad

def test_cells(lived):
    c = Client(raise_request_exception=False)
    from appeals.reports import urls
    print([str(p.pattern) for p in urls.urlpatterns])
    from appeals.reports.sizes import CELL_SIZES_M
    print(CELL_SIZES_M)
    from django.urls import reverse
    for m in CELL_SIZES_M:
        for cell in ["x9999999_y9999999","x-9999999_y0","x0_y0","x100_y9999999","x"+"9"*8+"_y0"]:
            try:
                u = "/en"+reverse("reports:heatmap-rows", args=[m, cell])[3:]
            except Exception as e:
                print(m, cell, repr(e)[:80]); continue
            r = c.get(u)
            print(m, cell, r.status_code, repr(getattr(r,"exc_info",[0,0]) and r.exc_info[1] if r.status_code>=500 else ""))

@pytest.mark.parametrize("h", [dict(HTTP_COOKIE='sessionid="abcdefghijkl\\000"'), dict(HTTP_COOKIE='django_language="\\000en"'), dict(HTTP_COOKIE='messages="\\000en"; csrftoken="\\000"'),
   dict(HTTP_HOST="evil.example"), dict(HTTP_HOST="\x00"), dict(HTTP_ACCEPT_LANGUAGE="\x00"*20), dict(HTTP_ACCEPT="text/zzz"), dict(HTTP_RANGE="bytes=zzz"), dict(HTTP_X_FORWARDED_FOR="zz"),
   dict(HTTP_IF_NONE_MATCH='"'), dict(HTTP_IF_MODIFIED_SINCE="zz"), dict(HTTP_ACCEPT_ENCODING="gzip;q=zz"), dict(HTTP_AUTHORIZATION="Basic zzz"), dict(HTTP_AUTHORIZATION="Token \xff")])
def test_headers(lived, h, settings):
    settings.ALLOWED_HOSTS=["testserver"]
    settings.DEBUG=False
    c = Client(raise_request_exception=False)
    a = Appeal.objects.first()
    for p in ["/en/", "/", "/en/desk/", "/api/appeals.geojson", f"/api/appeals/{a.pk}/", "/api/route?lon=72.76&lat=40.52&category=lamp", "/api/places?q=ab", "/api/districts.geojson", "/api/schema/", "/en/accounts/login/", "/healthz", "/sw.js", "/api/base.geojson"]:
        r = c.get(p, **h)
        if r.status_code >= 500: print(h, p, r.status_code, repr(getattr(r,"exc_info",None) and r.exc_info[1])[:150])

def test_posts(lived, light_user, office_user):
    from django.core.cache import cache
    a = Appeal.objects.first()
    ODD2 = ODD
    for who in (None, office_user):
        c = Client(raise_request_exception=False)
        if who: c.force_login(who)
        base = {f"/en/desk/appeals/{a.number}/": dict(verb="answer", version="99", text="hello", to_service="roads"),
            f"/en/follow/{a.contact.secret}/": dict(verb="close", version="99", text="x"),
            "/en/appeals/new/": dict(id=str(uuid7()), secret="a"*30, kind="complaint", category="lamp", text="x", address="zz", coordinates="", lon="72.76", lat="40.52", name="n", email="", phone="", place="", uploads=""),
            "/en/accounts/login/": dict(login="a@b.cz", password="x", next="", remember="on"),
            "/en/accounts/password/reset/": dict(email="a@b.cz"),
        }
        for path, fields in base.items():
            for f in fields:
                for v in ODD2:
                    cache.clear()
                    d = dict(fields); d[f]=v
                    if f=="place" or f=="coordinates" or f=="address": d["lon"]=""
                    v2 = {k: x.encode("utf8","surrogatepass").decode("utf8","replace") for k,x in d.items()}
                    if "id" in v2 and f!="id": v2["id"]=str(uuid7()); v2["secret"]= uuid.uuid4().hex if f!="secret" else v2["secret"]
                    r = c.post(path, v2)
                    if r.status_code >= 500: print(bool(who), path, f, repr(v[:40]), r.status_code, repr(r.exc_info[1])[:200])
