"""./manage.py seed: the profile folder becomes a city, or an error says which file is wrong and why."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone, translation
from pytest_django import Settings

from accounts.models import User
from appeals.importing.terms import load_terms
from appeals.models import Appeal, CalendarDay, LegalTerm, RefusalGround
from config.city import CITY, PROJECT_ROOT, load_profile
from desk.answer_templates import unknown_fields
from desk.models import AnswerTemplate
from districts.importing.entries import EntryRefused
from districts.importing.reference import load_reference
from districts.models import (
    BoundaryRevision,
    Category,
    District,
    DistrictBoundary,
    InstalledCity,
    Place,
    Service,
    ServiceArea,
)
from news.models import NewsItem
from tests.factories import CategoryFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folders(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"
    settings.MEDIA_ROOT = tmp_path / "media"


def seed(*arguments: str) -> str:
    out = io.StringIO()
    call_command("seed", *arguments, stdout=out)
    return out.getvalue()


def test_the_city_without_demo_data(tmp_path: Path) -> None:
    seed("--no-demo")
    assert Service.objects.filter(is_office=True).count() == 1
    assert Service.objects.count() == 26
    assert Category.objects.leaves().exists()
    assert District.objects.filter(kind="city").count() == 1
    assert DistrictBoundary.objects.filter(district__kind="territory", parent__kind="city").count() == 9
    assert ServiceArea.objects.exists()
    assert BoundaryRevision.objects.in_force(timezone.localdate()).count() == 1
    assert LegalTerm.objects.exists()
    assert CalendarDay.objects.exists()
    assert not User.objects.exists()
    assert not Appeal.objects.exists()
    assert not NewsItem.objects.exists()
    assert not (tmp_path / "var").exists()
    place = Place.objects.exclude(aliases="").first()
    assert place is not None
    for name in (place.name_ky, place.name_ru, place.name_en, place.aliases.split(";")[0]):
        assert name.lower() in place.search


def test_without_being_asked_there_are_no_demo_people() -> None:
    assert settings.DEMO_DATA is False
    seed()
    assert Service.objects.count() == 26
    assert not User.objects.exists()
    assert not Appeal.objects.exists()


def test_demo_data_of_a_city_that_has_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.management.commands.seed.CITY", replace(CITY, folder=tmp_path))
    with pytest.raises(CommandError, match=r"has no demo\.toml"):
        seed("--demo")
    assert not Service.objects.exists()


def test_a_city_from_before_there_were_grounds_gets_those_of_its_profile() -> None:
    seed("--no-demo")
    known = set(RefusalGround.objects.values_list("code", flat=True))
    assert known
    RefusalGround.objects.all().delete()
    assert f"{len(known)} grounds for a refusal" in seed("--no-demo")
    assert set(RefusalGround.objects.values_list("code", flat=True)) == known
    RefusalGround.objects.exclude(code="insult").delete()
    assert "grounds" not in seed("--no-demo"), "what the city has chosen stays"
    assert RefusalGround.objects.count() == 1


def test_seeding_again_changes_nothing_and_says_so() -> None:
    seed("--no-demo")
    said = seed("--demo")
    assert "is there already: nothing was changed" in said
    assert "no demo data" in said
    assert not User.objects.exists()
    assert Service.objects.count() == 26


def of_another_city(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the profile is that of another city."""
    moon = load_profile(PROJECT_ROOT / "data" / "chicago")
    for module in ("config.management.commands.seed", "districts.installed"):
        monkeypatch.setattr(f"{module}.CITY", moon)


def test_another_citys_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    seed("--no-demo")
    of_another_city(monkeypatch)
    with pytest.raises(CommandError, match=rf"another city \({CITY.code}\) than the profile .*chicago"):
        seed("--no-demo")
    assert Service.objects.count() == 26


@pytest.mark.parametrize("own", [True, False])
def test_city_from_before_databases_knew_theirs(monkeypatch: pytest.MonkeyPatch, own: bool) -> None:
    seed("--no-demo")
    InstalledCity.objects.all().delete()
    if own:
        assert "is there already" in seed("--no-demo")
        assert InstalledCity.objects.get().code == CITY.code
    else:
        of_another_city(monkeypatch)
        with pytest.raises(CommandError, match="another city"):
            seed("--no-demo")
        assert not InstalledCity.objects.exists()


@pytest.mark.parametrize(
    "command",
    [
        ["import_areas", "x.geojson", "--revision", "x", "--code-field", "x", "--name-field", "x"],
        ["import_appeals", "x.csv", "--mapping", "x.toml"],
    ],
)
def test_imports_into_another_citys_database_are_refused(
    monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    seed("--no-demo")
    of_another_city(monkeypatch)
    with pytest.raises(CommandError, match="another city"):
        call_command(*command)


def edited(folder: Path, name: str, old: str, new: str) -> Path:
    """A copy of the city's folder with one string replaced in one file."""
    copy = folder / "city"
    shutil.copytree(CITY.folder, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__", "drawing"))
    file = copy / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (
            "services.toml",
            "office = true",
            "office = false",
            "one service must have office = true; found 0",
        ),
        (
            "services.toml",
            'code = "tazalyk"',
            'code = "meria"',
            r"\[\[service\]\] 2 \(meria\): another entry",
        ),
        ("services.toml", 'code = "tazalyk"', 'code = "таза лык"', "Latin letters"),
        ("services.toml", "office = false", 'office = "no"', "office must be true or false"),
        ("services.toml", "name_ky = ", "name_kk = ", "services.toml: .* name_ky is missing"),
        ("services.toml", "[[service]]", "[[service]", "services.toml: "),
        ("services.toml", 'name_ky = "', 'name_ky = "\\u200b"\nnote = "', "nothing of name_ky can be seen"),
        (
            "services.toml",
            'name_ru = "',
            'name_ru = "\\u0000',
            "name_ru has a character that cannot be stored",
        ),
        (
            "categories.toml",
            'service = "joldor"',
            'service = "nobody"',
            r"\(roads\): service 'nobody' is not a service",
        ),
        (
            "categories.toml",
            'parent = "roads"',
            'parent = "nothing"',
            r"\(potholes\): parent 'nothing' is not a category",
        ),
        (
            "categories.toml",
            'icon = "road"',
            'icon = "bin"',
            r"\(roads\): icon 'bin' is not one of road, light",
        ),
        ("categories.toml", 'code = "roads"', 'code = "roads"\nparent = "waste"', "has a parent itself"),
        ("districts.geojson", '"kind":"city"', '"kind":"territory"', "kind city"),
        ("districts.geojson", '"parent":"osh"', '"parent":"moon"', "is not a district"),
        ("districts.geojson", '"kind":"territory"', '"kind":"moon"', "kind must be one of"),
        ("districts.geojson", '"kind":"city"', '"kind":"city","residents":-1', "residents must be from 0 to"),
        ("districts.geojson", '"kind":"city"', '"kind":"city","residents":"5"', "residents must be a whole"),
        ("districts.geojson", "72.8", "172.8", r"feature \d+ \([\w-]+\): "),
        ("districts.geojson", '"type":"FeatureCollection"', '"type":', "districts.geojson: "),
        (
            "service_areas.geojson",
            '"service":"tazalyk"',
            '"service":"nobody"',
            "feature 1 .*'nobody' is not a service",
        ),
        (
            "service_areas.geojson",
            '"categories":["',
            '"categories":["nothing","',
            "'nothing' in its categories",
        ),
        (
            "service_areas.geojson",
            '"categories":["',
            '"categories":[1,"',
            "categories must be a list of codes",
        ),
        ("service_areas.geojson", '"valid_from":null', '"valid_from":"soon"', "valid_from must be a date"),
        ("service_areas.geojson", '"priority":0', '"priority":"high"', "priority must be a whole number"),
        (
            "districts.geojson",
            '"type":"FeatureCollection"',
            '"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:4284"}}',
            r"districts.geojson: it declares EPSG:4284 \(Pulkovo 1942\)",
        ),
        (
            "base.geojson",
            '"type":"FeatureCollection"',
            '"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"my own"}}',
            "base.geojson: .*not understood",
        ),
        ("service_areas.geojson", '"code":', '"code":"first","code":', "two members named 'code'"),
        ("gazetteer.csv", "name_en", "name_ru", "gazetteer.csv: it has several columns named name_ru"),
        ("gazetteer.csv", "sulaiman-too\n", "sulaiman-too,more\n", "gazetteer.csv: line 2: it has 9 fields"),
        ("gazetteer.csv", "hill,", 'hill,"', "gazetteer.csv: line"),
        ("gazetteer.csv", "sulaiman-too\n", "moon\n", "gazetteer.csv: line 2: district 'moon'"),
        ("gazetteer.csv", ",72.7", ",2.7", r"gazetteer.csv: line \d+: "),
        ("services.toml", "name_ru = ", "nam_ru = ", r"\[\[service\]\] 1 \(meria\): unknown key nam_ru"),
        ("services.toml", "email = ", "emial = ", r"\(meria\): unknown key emial"),
        ("services.toml", "meria@osh.example", "meria at osh", r"\(meria\): email: "),
        ("services.toml", 'short_ky = "', 'short_ky = "' + "М" * 90, r"\(meria\): short_ky: .*80"),
        ("services.toml", "[[service]]", "[[services]]\n[[service]]", r"unknown table services"),
        ("categories.toml", "name_en = ", "nam_en = ", r"\(roads\): unknown key nam_en"),
        ("categories.toml", 'name_ky = "', 'name_ky = "' + "Ж" * 220, r"\(roads\): name_ky: .*200"),
    ],
)
def test_a_folder_that_contradicts_itself(tmp_path: Path, name: str, old: str, new: str, words: str) -> None:
    with pytest.raises(EntryRefused, match=words):
        load_reference(edited(tmp_path, name, old, new))
    assert not Service.objects.exists()


@pytest.mark.parametrize(
    ("name", "slip"),
    [
        ("service_areas.geojson", "service_area.geojson"),
        ("gazetteer.csv", "gazeteer.csv"),
        ("districts.geojson", "Districts.GeoJSON"),
        ("districts.geojson", "districts.json"),
    ],
)
def test_a_slip_in_the_name_of_a_file_is_no_file_that_nobody_wanted(
    tmp_path: Path, name: str, slip: str
) -> None:
    folder = edited(tmp_path, name, "", "")
    (folder / name).rename(folder / slip)
    with pytest.raises(EntryRefused, match=f"{slip}: no such file is read; rename it if it is {name}"):
        load_reference(folder)
    assert not Service.objects.exists()


def test_other_files_of_a_folder_are_named(tmp_path: Path) -> None:
    folder = edited(tmp_path, "districts.geojson", '"kind":"city"', '"kind":"city","residents":340000')
    for name in ("mapping.toml", "districts of 2020.geojson", "notes.txt"):
        (folder / name).touch()
    assert load_reference(folder).not_read == ["districts of 2020.geojson", "mapping.toml"]
    # Of what was read, how many people live in the city; of its parts nobody says.
    residents = DistrictBoundary.objects.values_list("district__code", "residents")
    assert {code: n for code, n in residents if n is not None} == {"osh": 340_000}


def test_what_is_not_drawn_is_no_part_of_a_name(tmp_path: Path) -> None:
    load_reference(edited(tmp_path, "services.toml", 'name_ky = "', 'name_ky = "\\u202e\\u200b'))
    assert not Service.objects.filter(name_ky__regex="[\u202e\u200b]").exists()


def test_whoever_sets_a_city_up_is_told_in_the_language_of_the_commands(tmp_path: Path) -> None:
    folder = edited(tmp_path, "gazetteer.csv", ",72.7", ",2.7")
    with translation.override("ky"), pytest.raises(EntryRefused, match=r"line 2: This place is outside"):
        load_reference(folder)


def test_misfits_of_a_profile_are_accepted_in_it(tmp_path: Path) -> None:
    folder = edited(tmp_path, "profile.toml", "[borders]", "[borders]")
    districts = folder / "districts.geojson"
    document = json.loads(districts.read_text(encoding="utf-8"))
    document["features"] = [
        feature for feature in document["features"] if feature["properties"]["code"] != "manas-ata"
    ]
    districts.write_text(json.dumps(document), encoding="utf-8")
    gazetteer = folder / "gazetteer.csv"
    gazetteer.write_text(
        gazetteer.read_text(encoding="utf-8").replace(",manas-ata\n", ",\n"), encoding="utf-8"
    )
    with pytest.raises(EntryRefused, match="districts.geojson: .* not been accepted"):
        load_reference(folder)
    profile = folder / "profile.toml"
    text = profile.read_text(encoding="utf-8")
    profile.write_text(text.replace("[borders]", '[borders]\naccept_m2 = "all"'), encoding="utf-8")
    with pytest.raises(EntryRefused, match="accept_m2 must be a number"):
        load_reference(folder)
    profile.write_text(text.replace("[borders]", "[borders]\naccept_m2 = 1e9"), encoding="utf-8")
    load_reference(folder)
    revision = BoundaryRevision.objects.get()
    assert revision.accepted_by == "profile.toml"
    assert revision.accepted_misfits_m2 and 1e6 < revision.accepted_misfits_m2 < 1e9


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("working_days = 14", "working_days = 0", "between 1 and 366"),
        ("working_days = 14", 'working_days = 14\nkind = "wish"', "kind must be one of"),
        ("[[term]]", "[[terms]]", "unknown table terms"),
        ("[[day]]", "[[days]]", "unknown table days"),
        ("working_days = 14", "working_days = 14\nvalid_form = 2008-01-01", "unknown key valid_form"),
        (
            "[[term]]",
            '[[term]]\nworking_days = 3\nvalid_from = 2007-05-04\nlaw_ky = "Мыйзам"\n[[term]]',
            r"\[\[term\]\] 2: another one of its kind and category is valid from 2007-05-04",
        ),
        ("valid_from = 2007-05-04", "", "valid_from is missing"),
        ("working = true", "working = 1", "true or false"),
    ],
)
def test_terms_that_cannot_be(tmp_path: Path, old: str, new: str, words: str) -> None:
    # The service level of a category waits for its category.
    CategoryFactory(code="manhole")
    with pytest.raises(EntryRefused, match=words):
        load_terms(edited(tmp_path, "terms.toml", old, new))


@pytest.mark.django_db(transaction=True)
def test_an_empty_database_gets_its_tables_first(tmp_path: Path) -> None:
    """In a process of its own, like an operator's: its profile is another city's than the tests'."""
    name = f"{connection.settings_dict['NAME']}_empty"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        done = subprocess.run(
            [sys.executable, "-m", "django", "seed"],
            cwd=PROJECT_ROOT,
            env={
                **os.environ,
                "CITY_PROFILE": "data/chicago",
                "VAR_DIR": str(tmp_path),
                "DATABASE_URL": _url(name),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "City chicago: " in done.stdout
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}"')


def _url(name: str) -> str:
    """URL of another database on the tests' server."""
    parts = connection.settings_dict
    user, password = quote(parts["USER"], safe=""), quote(parts["PASSWORD"], safe="")
    return f"postgres://{user}:{password}@:{parts['PORT']}/{name}?host={quote(parts['HOST'], safe='/')}"


def test_the_demo_city_shows_what_the_desk_can_do() -> None:
    seed("--demo", "--count", "800")
    for status in ("planned", "waiting"):
        shown = Appeal.objects.filter(status=status)
        assert shown.exists()
        assert all(appeal.events.order_by("version").last().text for appeal in shown)
    assert Appeal.objects.filter(status="planned", planned_on__gt=timezone.localdate()).exists()
    assert Appeal.objects.filter(escalated_at__isnull=False).exists()
    assert Appeal.objects.unrouted().exists()
    assert RefusalGround.objects.exists()
    templates = AnswerTemplate.objects.select_related("service")
    assert {template.service.code for template in templates} == set(
        Service.objects.values_list("code", flat=True)
    )
    assert not any(unknown_fields(template.text) for template in templates)
