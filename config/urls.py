"""Every URL of the site. Page URLs carry their language; those of the API, files and machinery do not."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from accounts import urls as accounts_urls
from web import health, long_works
from web.views import media, pages, shell, still

urlpatterns = [
    path("", pages.front_door, name="front-door"),
    # web.health.Health answers before; the address is asked for by the scripts.
    path(health.PATH.lstrip("/"), health.healthz, name="healthz"),
    path("sw.js", shell.service_worker, name="service-worker"),
    path("manifest.webmanifest", shell.manifest, name="manifest"),
    path("robots.txt", shell.robots, name="robots"),
    path("favicon.ico", shell.favicon, name="favicon"),
    path("map.svg", still.still_map, name="still-map"),
    path("offline/", pages.offline, name="offline"),
    path("media/<uuid:attachment>/<slug:form>", media.appeal_file, name="attachment"),
    path("media/news/<int:item>/<slug:form>", media.news_file, name="news-file"),
    path("api/", include("opendata.urls")),
    path("api/", include("public.api.urls")),
    path("data/", include("opendata.data_urls")),
    path("ogc/", include("opendata.ogc.urls")),
    path("tiles/", include("opendata.tile_urls")),
    *i18n_patterns(
        path("accounts/", include(accounts_urls)),
        path("admin/", admin.site.urls),
        path("desk/", include("desk.urls")),
        path("data/", include("opendata.page_urls")),
        path("reports/", include("reports.urls")),
        path("made/<uuid:made>/", long_works.long_page, name="long-work"),
        path("", include("public.urls")),
    ),
]

handler400 = "web.views.errors.bad_request"
handler403 = "web.views.errors.forbidden"
handler404 = "web.views.errors.not_found"
handler500 = "web.views.errors.server_error"
