"""``./manage.py import_areas``: imports borders from a file; see ``districts.importing.areas``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, OutputWrapper, no_translations
from django.db import connection

from config.city import CITY
from districts.importing.areas import AreaImport, import_areas
from districts.importing.files import FileRefused
from districts.importing.layers import DistrictLayer, ServiceLayer
from districts.importing.progress import Progress
from districts.importing.report import AreaReport, ImportRefused, RefusedFeature
from districts.installed import AnotherCity, installed_city
from districts.management.arguments import acceptance, add_acceptance, day, square_metres
from districts.management.findings import write_findings
from districts.models import District

_SHOWN = 20
#: A hectare: larger than what is left where two drawings of a border do not meet, smaller than any enclave.
HOLES_CLOSED_M2 = 10_000.0
_TAKEN_AS_THEY_ARE = (
    "file",
    "code_field",
    "code_prefix",
    "crs",
    "file_layer",
    "encoding",
    "revision",
    "empty",
    "replace",
    "same_codes",
    "publish",
    "effective_from",
    "repair",
    "skip_refused",
    "dry_run",
)


class Command(BaseCommand):
    requires_system_checks = [Tags.database, Tags.models]
    help = (
        "Imports districts or service areas from a file (GeoJSON, plain or gzip; GeoPackage; zipped Shapefile; KML, KMZ), in "
        "any coordinate reference system that it declares, into a boundary revision: the whole file or none of it. "
        "Importing the same file again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--as", dest="layer", choices=["district", "service-area"], default="district")
        parser.add_argument(
            "--code-field", required=True, metavar="PROPERTY", help="property that becomes the code"
        )
        parser.add_argument("--code-prefix", default="", metavar="TEXT", help="prefix for each code")
        parser.add_argument(
            "--name-field",
            required=True,
            action="append",
            type=_name_field,
            metavar="[LANGUAGE:]PROPERTY",
            help="property with the name, in the city's first language or the given one; may be repeated",
        )
        parser.add_argument(
            "--crs",
            default="",
            metavar="EPSG:CODE",
            help="coordinate reference system of a file that declares none (EPSG:4326)",
        )
        parser.add_argument("--file-layer", default="", metavar="NAME", help="layer of a file with several")
        parser.add_argument(
            "--encoding",
            default="",
            metavar="NAME",
            help="of the text of a GeoJSON file (utf-8), or of a Shapefile that does not declare it or declares a wrong one",
        )
        districts = parser.add_argument_group("districts")
        districts.add_argument("--kind", choices=District.Kind.values, default=District.Kind.TERRITORY.value)
        districts.add_argument(
            "--city-from-union",
            action="store_true",
            help="build the city's border from all districts of this kind",
        )
        districts.add_argument(
            "--close-holes",
            type=square_metres,
            default=HOLES_CLOSED_M2,
            metavar="M2",
            help="with --city-from-union: close holes of less than so many square metres (%(default)d)",
        )
        areas = parser.add_argument_group("service areas")
        areas.add_argument("--service", metavar="CODE")
        areas.add_argument(
            "--categories",
            default="",
            metavar="CODE,CODE…",
            help="default: all whose city-wide service this is",
        )
        areas.add_argument("--priority", type=_priority, default=0, help="the higher one wins (0)")
        areas.add_argument("--valid-from", type=day, metavar="DATE")
        areas.add_argument("--valid-to", type=day, metavar="DATE", help="first day they are no longer valid")
        revision = parser.add_argument_group("revision")
        revision.add_argument(
            "--revision",
            default="",
            metavar="NAME",
            help="write into this revision, created as a draft if missing (default: a new draft)",
        )
        revision.add_argument(
            "--empty",
            action="store_true",
            help="start a new draft empty, not as a copy of the borders in force",
        )
        revision.add_argument(
            "--replace",
            action="store_true",
            help="remove the kind's or service's areas that are not in the file",
        )
        revision.add_argument(
            "--same-codes",
            action="store_true",
            help="areas of known codes are the known ones, though they have other names or mostly other ground",
        )
        revision.add_argument("--publish", action="store_true")
        revision.add_argument(
            "--effective-from",
            type=day,
            metavar="DATE",
            help="with --publish: first day in force (today; of a withdrawn revision, as before)",
        )
        add_acceptance(revision)
        parser.add_argument(
            "--repair", action="store_true", help="fix coordinates nested wrongly for their type"
        )
        parser.add_argument(
            "--skip-refused", action="store_true", help="import the valid features and skip the rest"
        )
        parser.add_argument("--dry-run", action="store_true", help="check and report, write nothing")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        wanted = _wanted(options)
        progress = Progress(sys.stderr, "features")
        try:
            installed_city()
            report = import_areas(wanted, progress.show)
        except AnotherCity as refusal:
            raise CommandError(f"{refusal}. Nothing was written.") from None
        except FileRefused as refusal:
            raise CommandError(f"{wanted.file}: {refusal}") from None
        except ImportRefused as refusal:
            if refusal.report:
                refused = refusal.report.refused
                self._list("refused", refused)
                self._sample("another", refusal.report.others, self.stderr)
                hint = " --repair would fix some." if any(feature.repairable for feature in refused) else ""
                if refusal.report.others:
                    hint = " Give others codes of their own (--code-prefix), or say that they are the same (--same-codes)."
                raise CommandError(f"{wanted.file}: {refusal}. Nothing was written.{hint}") from None
            raise CommandError(f"{refusal}. Nothing was written.") from None
        finally:
            progress.end()
        self._report(wanted, report)

    def _report(self, wanted: AreaImport, report: AreaReport) -> None:
        self._list("repaired", report.repaired)
        self._list("refused", report.refused)
        self.stdout.write(
            f"Revision {report.revision}: {report.read} features read, {len(report.refused)} refused, "
            f"{len(report.created)} new, {len(report.updated)} changed, {len(report.unchanged)} unchanged, "
            f"{len(report.removed)} removed"
        )
        if report.crs:
            self.stdout.write(f"Coordinates: {report.crs}")
        self._sample("changed", report.changes, self.stdout)
        self._holes(report)
        write_findings(self.stdout, report.findings)
        if report.published:
            self.stdout.write(f"Published, in force from {report.in_force_from}")
        elif report.number and not wanted.dry_run:
            self.stdout.write(
                f"It is {report.state}, and nothing of it shows. Publish it: ./manage.py borders publish {report.number}"
            )
        if wanted.dry_run:
            self.stdout.write("Dry run: nothing was written.")
        elif not report.changed:
            what = "These are the borders in force" if report.in_force else "Everything already exists"
            self.stdout.write(f"{what}: nothing was changed.")

    def _holes(self, report: AreaReport) -> None:
        if report.closed_holes:
            self.stdout.write(
                f"The city's border: {len(report.closed_holes)} holes closed, {sum(report.closed_holes):,.1f} m² in all, "
                f"the largest {max(report.closed_holes):,.1f} m²"
            )
        if report.open_holes:
            self.stdout.write(
                f"The city's border: {len(report.open_holes)} holes stay, {sum(report.open_holes):,.1f} m² in all: "
                "places in them are outside the city"
            )

    def _sample(self, what: str, lines: list[str], out: OutputWrapper) -> None:
        for line in lines[:_SHOWN]:
            out.write(f"{what}: {line}")
        if len(lines) > _SHOWN:
            out.write(f"{what}: … and {len(lines) - _SHOWN} more")

    def _list(self, what: str, features: list[RefusedFeature]) -> None:
        for feature in features[:_SHOWN]:
            name = f" ({feature.name})" if feature.name else ""
            self.stderr.write(f"{what}: feature {feature.n}{name}: {feature.why}")
        if len(features) > _SHOWN:
            self.stderr.write(f"{what}: … and {len(features) - _SHOWN} more")


def _wanted(options: dict[str, Any]) -> AreaImport:
    if options["layer"] == "service-area" and not options["service"]:
        raise CommandError("--as service-area needs --service CODE")
    if options["effective_from"] and not options["publish"]:
        raise CommandError("--effective-from needs --publish")
    if options["accept"] is not None and not options["publish"]:
        raise CommandError("--accept needs --publish")
    valid_from, valid_to = options["valid_from"], options["valid_to"]
    if valid_from and valid_to and valid_from >= valid_to:
        raise CommandError("--valid-to must be after --valid-from")
    layer: DistrictLayer | ServiceLayer = DistrictLayer(
        options["kind"], options["city_from_union"], options["close_holes"]
    )
    if options["layer"] == "service-area":
        layer = ServiceLayer(
            options["service"],
            tuple(code.strip() for code in options["categories"].split(",") if code.strip()),
            options["priority"],
            valid_from,
            valid_to,
        )
    return AreaImport(
        layer=layer,
        name_fields=dict(options["name_field"]),
        accepted=acceptance(options["accept"], options["accepted_by"]),
        **{name: options[name] for name in _TAKEN_AS_THEY_ARE},
    )


def _priority(text: str) -> int:
    low, high = connection.ops.integer_field_range("SmallIntegerField")
    try:
        number = int(text)
    except ValueError:
        number = high + 1
    if not low <= number <= high:
        raise ArgumentTypeError(f"use a whole number from {low} to {high}")
    return number


def _name_field(text: str) -> tuple[str, str]:
    language, colon, name = text.partition(":")
    if colon and language in settings.MODELTRANSLATION_LANGUAGES:
        if language not in CITY.languages:
            raise ArgumentTypeError(
                f"{language} is none of the city's languages: {', '.join(CITY.languages)}"
            )
        return language, name
    return settings.MODELTRANSLATION_DEFAULT_LANGUAGE, text
