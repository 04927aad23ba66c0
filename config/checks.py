"""System checks for what would otherwise fail late or, worse, silently behave differently.

The numbers are part of the interface (``SILENCED_SYSTEM_CHECKS``); the hints are what ``./manage.py doctor`` prints.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connections

from accounts.demo import PUBLISHED_PASSWORD
from bootstrap.cluster import EXTENSIONS
from bootstrap.postgres import OLDEST as OLDEST_POSTGRESQL
from config.city import CITY, PROJECT_ROOT, CityProfile
from districts.installed import another_city

OLDEST_GDAL = (3, 6)
OLDEST_GEOS = (3, 11)
OLDEST_POSTGIS = (3, 3)

#: Tag of the checks of the city's profile.
PROFILE = "profile"
#: Share by which a distance in the metric CRS may differ from the one on the ground.
METRIC_TOLERANCE = 0.01

#: Runs a statement and returns its first value.
Ask = Callable[[str], Any]


@register(Tags.compatibility)
def psycopg_3_is_absent(**_: Any) -> list[CheckMessage]:
    """Django silently prefers psycopg 3 when both are importable; the project is written for psycopg2."""
    if find_spec("psycopg") is None:
        return []
    return [
        Error(
            "psycopg 3 is importable: Django would use it instead of psycopg2.",
            hint="var/venv/bin/python -m pip uninstall -y psycopg psycopg-binary psycopg-c psycopg-pool",
            id="oshcity.E001",
        )
    ]


@register(Tags.compatibility)
def gis_libraries_are_new_enough(**_: Any) -> list[CheckMessage]:
    """GDAL and GEOS load and are no older than the versions the project is tested with."""
    from django.contrib.gis.gdal import GDALException, gdal_version
    from django.contrib.gis.geos import geos_version

    messages: list[CheckMessage] = []
    for name, ask, oldest, code in (
        ("GDAL", gdal_version, OLDEST_GDAL, "E002"),
        ("GEOS", geos_version, OLDEST_GEOS, "E003"),
    ):
        try:
            text = ask().decode()
        except (GDALException, OSError, ImportError) as error:
            messages.append(Error(f"{name} cannot be loaded: {error}", hint=_REINSTALL, id=f"oshcity.{code}"))
        else:
            messages += version_message(name, text, oldest, f"oshcity.{code}")
    return messages


_REINSTALL = (
    "Unset GDAL_LIBRARY_PATH and GEOS_LIBRARY_PATH; then "
    "var/venv/bin/python -m pip install --force-reinstall --no-deps --require-hashes -r requirements/run.txt"
)


def version_message(name: str, text: str, oldest: Sequence[int], code: str) -> list[CheckMessage]:
    """An error when the version in the text ("3.12.4", "3.14.1-CAPI-1.20.5") is older than ``oldest``."""
    if _version(text) >= tuple(oldest):
        return []
    wanted = ".".join(map(str, oldest))
    return [Error(f"{name} {text} is too old: {wanted} or newer is required.", hint=_REINSTALL, id=code)]


@register(PROFILE)
def profile_is_usable(**_: Any) -> list[CheckMessage]:
    """The profile's CRS measures metres on the city's ground, and its calendar exists."""
    source = CITY.file("profile.toml")
    return [
        Error(f"{source}: {fault}", hint="data/README.md describes a profile.", id=code)
        for code, find in (("oshcity.E010", metric_crs_fault), ("oshcity.E011", calendar_fault))
        if (fault := find(CITY))
    ]


def metric_crs_fault(city: CityProfile) -> str | None:
    """What is wrong with the profile's ``metric_srid``, or None: a kilometre at the centre must measure one."""
    from pyproj import CRS, Geod, Transformer
    from pyproj.exceptions import CRSError

    given = f"metric_srid = {city.metric_srid}"
    right = "must be the EPSG code of a projected CRS in metres for this place, such as its UTM zone"
    try:
        crs = CRS.from_epsg(city.metric_srid)
    except CRSError:
        return f"{given}: {right}; there is no such code"
    units = sorted({axis.unit_name for axis in crs.axis_info})
    if not crs.is_projected or units != ["metre"]:
        return f"{given}: {right}; {crs.name} measures in {', '.join(units) or 'no unit'}"
    lon, lat = city.center
    transform = Transformer.from_crs(4326, crs, always_xy=True).transform
    x, y = transform(lon, lat)
    for azimuth in (0, 90):
        x_off, y_off = transform(*Geod(ellps="WGS84").fwd(lon, lat, azimuth, 1_000)[:2])
        measured_m = math.hypot(x_off - x, y_off - y)
        if not abs(measured_m - 1_000) <= 1_000 * METRIC_TOLERANCE:
            return f"{given}: {right}; in {crs.name}, 1,000 m at the centre measure {measured_m:,.0f}"
    return None


def calendar_fault(city: CityProfile) -> str | None:
    """What is wrong with the country or subdivision of the profile's calendar, or None."""
    import holidays

    known = holidays.list_supported_countries(include_aliases=True)
    country, subdivision = city.calendar_country, city.calendar_subdivision
    if country not in known:
        return (
            f"calendar.country = {country!r}: must be a country whose public holidays are known, such as KG"
        )
    if subdivision is not None and subdivision not in known[country]:
        among = f"one of {', '.join(known[country])}" if known[country] else "left out: this country has none"
        return f"calendar.subdivision = {subdivision!r}: must be {among}"
    return None


@register(Tags.database)
def demo_people_have_no_published_password(
    databases: Iterable[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """On a public address nobody has the password that demo data once gave to everybody, least of all a superuser."""
    from accounts.models import User

    messages: list[CheckMessage] = []
    if settings.PUBLIC_URL_IS_LOCAL:
        return messages
    for alias in databases or ():
        if User._meta.db_table not in connections[alias].introspection.table_names():
            continue
        people = User.objects.using(alias).filter(is_active=True, email__endswith=f"@{CITY.code}.example")
        found = list(people.values_list("email", "is_superuser", "password"))
        # Demo people were given one hash together, so that this is one slow comparison, not one for each.
        published = {
            one for one in {password for _, _, password in found} if check_password(PUBLISHED_PASSWORD, one)
        }
        emails = [email for email, _, password in found if password in published]
        rulers = [email for email, superuser, password in found if superuser and password in published]
        if rulers:
            messages.append(
                Error(
                    f"{rulers[0]} is a superuser with a published password, and {settings.PUBLIC_URL} is public.",
                    hint=f"./manage.py changepassword {rulers[0]}",
                    id="oshcity.E013",
                )
            )
        elif emails:
            messages.append(
                checks.Warning(
                    f"{len(emails)} people have a published password, and {settings.PUBLIC_URL} is public: "
                    f"{', '.join(emails[:3])} …",
                    hint="Deactivate them in the admin, or ./manage.py changepassword EMAIL",
                    id="oshcity.W013",
                )
            )
    return messages


@register(Tags.database)
def database_is_fit(databases: Iterable[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The server and database provide what queries rely on: versions, extensions, UTF-8, Cyrillic."""
    messages: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:

            def ask(statement: str, cursor: Any = cursor) -> Any:
                cursor.execute(statement)
                row = cursor.fetchone()
                return row[0] if row else None

            for check in DATABASE_CHECKS:
                try:
                    messages += check(ask)
                except DatabaseError as error:
                    messages.append(
                        Error(f"{check.__name__}: {error}", hint="See PostgreSQL's log.", id="oshcity.E009")
                    )
    return messages


def postgresql_is_new_enough(ask: Ask) -> list[CheckMessage]:
    """PostgreSQL is at least the oldest supported major version."""
    major = int(ask("SELECT current_setting('server_version_num')::int / 10000"))
    if major >= OLDEST_POSTGRESQL:
        return []
    return [
        Error(
            f"PostgreSQL {major} is too old: {OLDEST_POSTGRESQL} or newer is required.",
            hint="Move the database to a newer server: pg_dump, then pg_restore.",
            id="oshcity.E004",
        )
    ]


def extensions_are_there(ask: Ask) -> list[CheckMessage]:
    """Every extension exists in this database, or the first migration will create it."""
    present = (ask("SELECT string_agg(extname, ' ') FROM pg_extension") or "").split()
    if ask("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        # Migrations create the extensions the server offers; a new database has none before the first one.
        present += (ask("SELECT string_agg(name, ' ') FROM pg_available_extensions") or "").split()
    return [
        Error(
            f"The database lacks the extension {name}.",
            hint=f"As its superuser: CREATE EXTENSION {name};",
            id="oshcity.E005",
        )
        for name in EXTENSIONS
        if name not in present
    ]


def postgis_is_new_enough(ask: Ask) -> list[CheckMessage]:
    """PostGIS is at least the oldest supported version, and the same in the database as on the machine."""
    version = ask("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
    if version is None:
        return []  # reported by extensions_are_there
    if _version(version) < OLDEST_POSTGIS:
        wanted = ".".join(map(str, OLDEST_POSTGIS))
        return [
            Error(
                f"PostGIS {version} in the database is too old: {wanted} or newer is required.",
                hint="As its superuser: SELECT postgis_extensions_upgrade();",
                id="oshcity.E006",
            )
        ]
    installed = ask("SELECT postgis_lib_version()")
    if _version(installed) != _version(version):
        return [
            checks.Warning(
                f"The database was created for PostGIS {version}, the machine has {installed}.",
                hint="As the database's superuser: SELECT postgis_extensions_upgrade();",
                id="oshcity.W006",
            )
        ]
    return []


def letters_are_understood(ask: Ask) -> list[CheckMessage]:
    """UTF-8 and a locale that handles Cyrillic: with locale C, searching for "өрт" would not find "ӨРТ"."""
    encoding = ask("SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()")
    if encoding == "UTF8" and ask("SELECT lower('ӨҢҮЖ') = 'өңүж'"):
        return []
    locale = ask("SELECT datctype FROM pg_database WHERE datname = current_database()")
    return [
        Error(
            f"The database has encoding {encoding} and locale {locale}: search would miss Cyrillic letters.",
            hint="Recreate it: createdb -T template0 -E UTF8 --locale=C.UTF-8 NAME, then pg_restore into it.",
            id="oshcity.E007",
        )
    ]


def metric_crs_is_known(ask: Ask) -> list[CheckMessage]:
    """PostGIS knows the CRS in which the city measures metres."""
    if "postgis" not in (ask("SELECT string_agg(extname, ' ') FROM pg_extension") or "").split():
        return []
    if ask(f"SELECT count(*) FROM spatial_ref_sys WHERE srid = {int(CITY.metric_srid)}"):  # noqa: S608 - a number
        return []
    return [
        Error(
            f"PostGIS does not know EPSG:{CITY.metric_srid}, the city's metric CRS.",
            hint="Fix metric_srid in the city's profile.toml, or reload spatial_ref_sys.",
            id="oshcity.E008",
        )
    ]


#: How the first migration wrote the metric CRS into the column in which appeals are counted.
_STORED_CRS = """
    SELECT (regexp_match(pg_get_expr(adbin, adrelid), 'st_transform\\([^,]+, (\\d+)\\)'))[1]::int
    FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
    WHERE adrelid = to_regclass('appeals_appeal') AND attname = 'cell_x'
"""


def metric_crs_is_the_stored_one(ask: Ask) -> list[CheckMessage]:
    """The cells of the stored appeals are in the profile's metric CRS, so that every map counts in the same ones."""
    stored = ask(_STORED_CRS)
    if stored in (None, CITY.metric_srid):
        return []
    return [
        Error(
            f"metric_srid = {CITY.metric_srid}, but this database was set up with {stored}, in whose metres its appeals are "
            "counted for ever.",
            hint=f"Set metric_srid = {stored} in {CITY.file('profile.toml')}; or give the city a new database, and import "
            "its appeals into that.",
            id="oshcity.E018",
        )
    ]


def city_is_the_profiles(ask: Ask) -> list[CheckMessage]:
    """The database does not hold another city."""
    if ask("SELECT to_regclass('districts_installedcity')") is None:
        return []
    held = ask("SELECT code FROM districts_installedcity")
    if held in (None, CITY.code):
        return []
    # The cities of the project lie in folders of their codes.
    there = (PROJECT_ROOT / "data" / str(held) / "profile.toml").is_file()
    hint = f"export CITY_PROFILE=data/{held}" if there else "See CITY_PROFILE in docs/settings.md."
    return [Error(f"{another_city(str(held))}.", hint=hint, id="oshcity.E012")]


def somebody_looks_after_people(ask: Ask) -> list[CheckMessage]:
    """A city has an administrator of the Mayor's Office, or nobody can be invited; an upgraded one has none at first."""
    if ask("SELECT to_regclass('accounts_personchange')") is None or not ask(
        "SELECT 1 FROM districts_service"
    ):
        return []
    if ask(
        "SELECT 1 FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id "
        "JOIN districts_service s ON s.id = m.service_id "
        "WHERE m.post = 'administrator' AND s.is_office AND u.is_active"
    ):
        return []
    return [
        checks.Warning(
            "Nobody is an administrator of the Mayor's Office: people cannot be invited at the desk.",
            hint="./manage.py administrator EMAIL",
            id="oshcity.W016",
        )
    ]


def an_appeal_can_be_refused(ask: Ask) -> list[CheckMessage]:
    """A city has grounds in force on which the law lets an appeal be refused."""
    if ask("SELECT to_regclass('appeals_refusalground')") is None or not ask(
        "SELECT 1 FROM districts_service"
    ):
        return []
    if ask("SELECT 1 FROM appeals_refusalground WHERE active"):
        return []
    return [
        checks.Warning(
            "No ground for a refusal is in force: no appeal can be refused by law.",
            hint="Write them into the profile's terms.toml as [[refusal]] and run ./manage.py seed, or add them in the admin.",
            id="oshcity.W017",
        )
    ]


def role_is_no_superuser(ask: Ask) -> list[CheckMessage]:
    """The application owns its database and no more: a hole in it must not open the whole server."""
    if not ask("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        return []
    return [
        checks.Warning(
            "The site connects to its database as a superuser of the server.",
            hint='Give it a role of its own: docs/operations.md, "With your own database server".',
            id="oshcity.W014",
        )
    ]


DATABASE_CHECKS = (
    postgresql_is_new_enough,
    extensions_are_there,
    postgis_is_new_enough,
    letters_are_understood,
    metric_crs_is_known,
    metric_crs_is_the_stored_one,
    city_is_the_profiles,
    role_is_no_superuser,
    somebody_looks_after_people,
    an_appeal_can_be_refused,
)


def _version(text: str) -> tuple[int, int]:
    major, minor = text.split("-")[0].split(".")[:2]
    return int(major), int("".join(character for character in minor if character.isdigit()) or 0)
