"""The profile: what it may say, and what is said about what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.city import PROJECT_ROOT, ProfileError, load_profile


def edited(folder: Path, *changes: tuple[str, str]) -> Path:
    text = (PROJECT_ROOT / "data" / "chicago" / "profile.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "profile.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("city", ["osh", "chicago"])
def test_shipped_profiles_are_right(city: str):
    assert load_profile(PROJECT_ROOT / "data" / city).code == city


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('code = "chicago"', 'code = "Чикаго"', "code = 'Чикаго': must be small Latin letters"),
        ('code = "chicago"', "", "the key code is missing"),
        ('timezone = "America/Chicago"', 'timezone = "Chicago"', "timezone = 'Chicago': must be the name of"),
        ('timezone = "America/Chicago"', 'timezone = "../etc"', "timezone = '../etc': must be the name of"),
        ("metric_srid = 32616", 'metric_srid = "UTM"', "metric_srid = 'UTM': must be an EPSG code"),
        ("metric_srid = 32616", "metric_srid = 32616.5", "metric_srid = 32616.5: must be an EPSG code"),
        ("[-87.95, 41.63, -87.51, 42.04]", "[41.63, -87.95, 42.04, -87.51]", "center = "),
        ("[-87.95, 41.63, -87.51, 42.04]", "[-87.51, 41.63, -87.95, 42.04]", "bounds = "),
        ("[-87.95, 41.63, -87.51, 42.04]", "[-87.95, 41.63, -87.51]", "must be [west, south, east, north]"),
        (
            "[-87.95, 41.63, -87.51, 42.04]",
            "[-87.95, 41.63, -87.51, nan]",
            "must be [west, south, east, north]",
        ),
        ("[-87.6298, 41.8781]", '"centre"', "center = 'centre': must be [lon, lat]"),
        ("zoom = 10", "zoom = 10\nzooom = 3", "unknown key zooom"),
        (
            'country = "US"',
            'country = "US"\noffice_hour = ["09:00-13:00"]',
            "unknown key calendar.office_hour",
        ),
        ("zoom = 10", "zoom = true", "zoom = True: must be a number between 0 and 22"),
        ("zoom = 10", "zoom = 99", "zoom = 99: must be a number between 0 and 22"),
        (
            '["en", "ru", "ky"]',
            '["en", "fr"]',
            "languages = ['en', 'fr']: must be a list of some of ky, ru, en",
        ),
        ('["en", "ru", "ky"]', "[]", "languages = []: must be"),
        ('default_language = "en"', 'default_language = "fr"', "default_language = 'fr': must be one of"),
        (
            'ky = "Чикаго"',
            "",
            "name = {'en': 'Chicago', 'ru': 'Чикаго'}: must be a table with a name in each of",
        ),
        (
            'country = "US"',
            'country = "usa"',
            "calendar.country = 'usa': must be a country's two capital letters",
        ),
        *(
            ('country = "US"', f'country = "US"\noffice_hours = {hours}', "calendar.office_hours = ")
            for hours in (
                '"09:00-18:00"',
                "[]",
                '["9-18"]',
                '["09:00-25:00"]',
                '["18:00-09:00"]',
                '["09:00-13:00", "12:00-18:00"]',
            )
        ),
        ('base_map_style = ""', 'base_map_style = "tiles"', "map.base_map_style = 'tiles': must be the URL"),
        (
            'base_map_style = ""',
            'base_map_style = "https://tile.example.org/{z}/{x}/{y}.png"',
            "these are tiles, which a style names in its sources",
        ),
        ('attribution = "City of Chicago"', "attribution = 7", "map.attribution = 7: must be a text"),
        (
            'attribution = "City of Chicago"',
            '[open_data]\nlicence_url = "CC0"',
            "open_data.licence_url = 'CC0': must be an address",
        ),
    ],
)
def test_what_cannot_be_is_named_with_what_would_be_right(tmp_path: Path, old: str, new: str, words: str):
    with pytest.raises(ProfileError) as refused:
        load_profile(edited(tmp_path, (old, new)))
    assert words in str(refused.value)
    assert str(refused.value).startswith(f"{tmp_path / 'profile.toml'}: ")


def test_every_fault_is_named_at_once(tmp_path: Path):
    folder = edited(
        tmp_path, ("zoom = 10", "zoom = -1"), ('country = "US"', ""), ('code = "chicago"', "code = 1")
    )
    with pytest.raises(ProfileError) as refused:
        load_profile(folder)
    lines = str(refused.value).splitlines()
    assert [line.partition(": ")[2].split(" =")[0] for line in lines] == [
        "code",
        "zoom",
        "the key calendar.country is missing",
    ]


@pytest.mark.parametrize("content", [b"code = ", b"\xff"])
def test_file_that_cannot_be_read(tmp_path: Path, content: bytes):
    (tmp_path / "profile.toml").write_bytes(content)
    with pytest.raises(ProfileError, match=r"profile.toml: "):
        load_profile(tmp_path)
