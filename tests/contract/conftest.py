from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.posts import Post
from appeals.models import Appeal, Event, HotCell
from appeals.notify.subscriptions import AuthorsLetters, path_for
from desk.models import AnswerTemplate
from geo.tiles import tile_at
from jobs.models import LongWork
from news.models import NewsItem
from opendata import bundle
from reports.models import SavedReport
from tests.contract.addresses import Address
from tests.factories import (
    AppealFactory,
    AttachmentFactory,
    CalendarDayFactory,
    HotCellFactory,
    MembershipFactory,
    MessageFactory,
    NewsItemFactory,
    PlaceFactory,
)
from tests.grid import EAST, IN_EAST, IN_PARK, IN_WEST, GridCity, at, box


def _empty(file: BinaryIO) -> tuple[()]:
    zipfile.ZipFile(file, "w").close()
    return ()


@pytest.fixture
def lived_in(city: GridCity, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GridCity:
    """The grid city with an appeal in each part of it, news of its east, which is hot, a place in its gazetteer, and a bundle of last night, though empty."""
    settings.BUNDLE_ROOT = tmp_path / "bundle"
    monkeypatch.setattr(bundle, "_write", _empty)
    # After whatever a test does: what is taken from the public later withdraws it.
    later = timezone.now() + dt.timedelta(hours=1)
    monkeypatch.setattr(bundle, "seen_until", lambda: later)
    bundle.make_bundle(later)
    for place in (IN_WEST, IN_EAST, IN_PARK):
        AppealFactory(
            category=city.categories["lamp"],
            service=city.services["light"],
            district=city.districts["west"],
            point=at(place),
        )
    PlaceFactory()
    NewsItemFactory(pk=9_001, area=box(EAST))
    HotCellFactory(cell="x3_y4")
    return city


@pytest.fixture
def operator(db: None) -> Client:
    """A client of somebody who may open every page, the admin too."""
    client = Client()
    client.force_login(User.objects.create_superuser("operator@city.example"))
    return client


@pytest.fixture
def path_of(lived_in: GridCity, settings: Settings, tmp_path: Path) -> Callable[[Address], str]:
    """The path of an address with parameters that lead to something; there is a row of nearly every model."""
    settings.MEDIA_ROOT = tmp_path
    appeal: Appeal = Appeal.objects.newest_first()[0]
    MessageFactory(event=Event.objects.filter(appeal=appeal)[0])
    attachment = AttachmentFactory(appeal=appeal)
    file = tmp_path / attachment.large.name
    file.parent.mkdir()
    file.write_bytes(b"\xff\xd8\xff")
    MembershipFactory(service=lived_in.services["light"])
    CalendarDayFactory()
    news = NewsItem.objects.get()
    template = AnswerTemplate.objects.create(
        service=lived_in.services["light"], language="en", title="Lamps", text="Repaired."
    )
    planner = MembershipFactory(service=lived_in.services["office"], post=Post.PLANNER).user
    saved = SavedReport.objects.create(owner=planner, name="Lamps", report="heatmap", shared=True)
    values: dict[str, object] = {
        "form": "large",
        **tile_at(appeal.point.x, appeal.point.y, 16)._asdict(),
        "saved": saved.pk,
        "made": LongWork.objects.create(
            question="x", kind="report", subject="heatmap", language="en", seconds=5
        ).pk,
        "report": "hotspots",
        "ending": "csv",
        "layer": "appeals",
        "notebook": "hotspots",
        "number": appeal.number,
        "pk": appeal.pk,
        "secret": appeal.contact.secret,
        "token": path_for(AuthorsLetters(appeal.contact)).split("/")[-2],
        "attachment": attachment.pk,
        "item": news.pk,
        "person": User.objects.first().pk,  # type: ignore[union-attr]
        "cell_m": 250,
        "cell": f"x{appeal.cell_x // 5}_y{appeal.cell_y // 5}",
        # No reset of a password is under way.
        "uidb36": "1",
        "key": "set-password",
        # The admin's own.
        "app_label": "appeals",
        "content_type_id": 1,
        "id": User.objects.first().pk,  # type: ignore[union-attr]
        "url": "nowhere/",
    }

    def path(address: Address) -> str:
        known = dict(values)
        if address.name.startswith("ogc-"):
            keys = {
                "ogc-districts-item": "1.west",
                "ogc-service_areas-item": "1.light.light-west",
                "ogc-news_areas-item": news.pk,
                "ogc-hotspot_cells-item": HotCell.objects.get().code,
            }
            known |= {"feature": keys.get(address.name, appeal.pk), "collection": "appeals"}
        if address.name in {"public:news-item", "desk:news-item", "desk:news-item-draft"}:
            known["pk"] = news.pk
        if address.name == "desk:template":
            known["pk"] = template.pk
        if address.name.startswith("mfa_"):
            # Whoever comes without the password once more is asked for it before any key is looked for.
            known["pk"] = 1
        if address.name == "news-file":
            known["form"] = "picture"
        if address.of_the_admin and "content_type_id" in address.parameters:
            known["object_id"] = 1
        elif address.of_the_admin and "object_id" in address.parameters:
            model = apps.get_model(*address.path.split("/")[3:5])
            row = model._default_manager.first()
            known["object_id"] = row.pk if row else 1
        return address.filled(known)

    return path
