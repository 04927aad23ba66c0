"""The settings: what may stand in the environment, and what is said about what may not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap import variables
from bootstrap.checkout import this_checkout
from bootstrap.rates import DEFAULTS, rates_from
from bootstrap.variables import Wrong

ROOT = this_checkout().root


def faults(**environ: str) -> list[str]:
    try:
        variables.check(environ)
    except Wrong as wrong:
        return wrong.faults
    return []


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("ALLOWED_HOSTS", "https://appeals.example.org", "without https://"),
        ("ALLOWED_HOSTS", "appeals.example.org:8000", "without https:// and port"),
        ("ALLOWED_HOSTS", ",", "host names"),
        ("ALLOWED_HOSTS", "another.example.org", "must include the host of PUBLIC_URL, 'localhost'"),
        ("BASE_MAP_STYLE", "tiles.example.org/style.json", "URL of a MapLibre style"),
        ("BASE_MAP_STYLE", "https://tiles.example.org/{z}/{x}/{y}.png", "these are tiles"),
        ("BASE_MAP_STYLE", "https://tiles.example.org/city.pmtiles", "these are tiles"),
        ("BEHIND_PROXY", "maybe", "1 (on) or 0 (off)"),
        ("BOUNCES_TO", "the mayor", "an e-mail address"),
        ("CITY_PROFILE", "data/nowhere", "nowhere/profile.toml is not there"),
        ("DATABASE_URL", "mysql://city@db/city", "postgres://user:password@host:port/name"),
        ("DATABASE_URL", "postgres://city@db", "postgres://user:password@host:port/name"),
        ("DATABASE_URL", "postgres://city@db:port/city", "postgres://user:password@host:port/name"),
        ("DEBUG", "2", "1 (on) or 0 (off)"),
        ("DEFAULT_FROM_EMAIL", "the mayor", "an e-mail address"),
        ("DEMO_DATA", "please", "1 (on) or 0 (off)"),
        ("EMAIL_URL", "mail.example.org", "smtp://"),
        ("EMAIL_URL", "smtp://user:pass/word@mail.example.org", "%2F"),
        ("EMAIL_URL", "file://folder", "file:///folder"),
        ("LIMITS", "submit=many", "submit=30+300/h"),
        ("LIMITS", "submitt=1+1/h", "submit, submit-proven"),
        ("LOG_LEVEL", "loud", "one of DEBUG, INFO, WARNING"),
        ("MEDIA_ROOT", "/etc/passwd", "a folder"),
        ("PUBLIC_URL", "appeals.example.org", "http:// or https:// and a host"),
        ("PUBLIC_URL", "https://appeals.example.org/city", "without a path"),
        ("PUBLIC_URL", "https://appeals.example.org:port", "http:// or https:// and a host"),
        ("REPORT_MIN_COUNT", "x", "a whole number, 1 or more"),
        ("REPORT_MIN_COUNT", "0", "a whole number, 1 or more"),
        ("SECOND_FACTOR", "mayor", "one of off, office, staff"),
        ("SSL_REDIRECT", "ture", "1 (on) or 0 (off)"),
        ("STATIC_ROOT", "/etc/passwd/static", "a folder"),
        ("THROWAWAY_MAIL", "lost.example, nowhere", "lost.example,-kept.example"),
        ("UPLOADS_ROOT", "/etc/passwd", "a folder"),
        ("VAR_DIR", "/etc/passwd", "a folder"),
    ],
)
def test_what_cannot_be_is_named_with_what_would_be_right(name: str, value: str, right: str):
    (fault,) = faults(**{name: value})
    assert fault.startswith(f"{name}=")
    assert right in fault


@pytest.mark.parametrize("password", ["pa/ss", "1/2", "pa#ss", "pa?ss", "pa/s@s", "[pass"])
def test_password_that_is_not_encoded_is_refused_and_not_shown(password: str):
    (fault,) = faults(DATABASE_URL=f"postgres://city:{password}@db:5432/city")
    assert "%2F" in fault
    assert password not in fault
    assert "postgres://city:***@db:5432/city" in fault


def test_every_fault_is_named_at_once():
    found = faults(REPORT_MIN_COUNT="x", LOG_LEVEL="loud", PUBLIC_URL="ftp://x", CITY_PROFILE="nowhere")
    assert [fault.partition("=")[0] for fault in found] == [
        "CITY_PROFILE",
        "LOG_LEVEL",
        "PUBLIC_URL",
        "REPORT_MIN_COUNT",
    ]


def test_empty_counts_as_unset():
    assert faults(**{variable.name: "" for variable in variables.ALL}) == []
    assert variables.REPORT_MIN_COUNT.read({"REPORT_MIN_COUNT": " "}) == 1


def test_what_may_be():
    assert variables.LOG_LEVEL.read({"LOG_LEVEL": "info"}) == "INFO"
    assert variables.SSL_REDIRECT.read({"SSL_REDIRECT": "off"}) is False
    assert variables.CITY_PROFILE.read({"CITY_PROFILE": "data/chicago"}) == ROOT / "data" / "chicago"
    url = variables.database_url("postgres://city:a%2Fb%40c@db:5433/appeals?sslmode=require")
    assert (url.user, url.password, url.host, url.port, url.name) == (
        "city",
        "a/b@c",
        "db",
        "5433",
        "appeals",
    )
    assert url.options == {"sslmode": "require"}
    socket = variables.database_url("postgres://city@/city?host=/run/postgresql")
    assert (socket.host, socket.port, socket.options) == ("/run/postgresql", "", {})
    mail = variables.email_url("smtps://post%40city:a%2Fb@mail.example.org")
    assert (mail.user, mail.password, mail.host, mail.port) == ("post@city", "a/b", "mail.example.org", None)
    assert faults(ALLOWED_HOSTS=".example.org,[::1]", PUBLIC_URL="https://appeals.example.org/") == []


def test_relative_folders_are_the_same_wherever_a_command_is_called_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("VAR_DIR", "here")
    monkeypatch.chdir(tmp_path)
    assert this_checkout().var == ROOT / "here" == variables.VAR_DIR.read(os.environ)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:8000", True),
        ("http://127.0.0.1", True),
        ("http://[::1]:8000", True),
        ("http://osh.localhost", True),
        ("http://192.168.1.7:8000", False),
        ("https://appeals.example.org", False),
    ],
)
def test_local_is_what_only_this_machine_reaches(url: str, local: bool):
    assert variables.public_url(url).local is local


def test_the_table_of_settings_lists_exactly_the_variables():
    table = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    listed = {
        name
        for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert listed == {variable.name for variable in variables.ALL}


def operations() -> str:
    return (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_the_operators_document_names_every_variable():
    named = {
        word for code in re.findall(r"`([^`\n]+)`", operations()) for word in re.findall(r"[A-Z_]+", code)
    }
    assert {variable.name for variable in variables.ALL} - named == set()


def test_the_operators_document_has_every_limit_with_its_figures():
    rows = dict(re.findall(r"^\| `([\w-]+)` \|.*\| (\d+\+\d+/\w+) \|$", operations(), re.MULTILINE))
    assert {name: rates_from(f"{name}={figures}")[name] for name, figures in rows.items()} == DEFAULTS


def run(*command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command in the project's folder, with the test's own variables only."""
    own = {variable.name for variable in variables.ALL}
    rest = {name: value for name, value in os.environ.items() if name not in own}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**rest, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_command_with_wrong_settings_says_all_of_it_and_does_nothing(tmp_path: Path):
    done = run(
        "manage.py",
        "up",
        VAR_DIR=str(tmp_path / "var"),
        REPORT_MIN_COUNT="x",
        LOG_LEVEL="loud",
        CITY_PROFILE="moon",
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for words in ("REPORT_MIN_COUNT='x'", "LOG_LEVEL='loud'", "CITY_PROFILE='moon'"):
        assert words in done.stderr
    assert not (tmp_path / "var").exists()


def test_a_program_of_ones_own_process_manager_says_it_too():
    done = run("-m", "bootstrap.prepare", DATABASE_URL="postgres:///city", SECRET_KEY="s", LOG_LEVEL="loud",
               DJANGO_SETTINGS_MODULE="config.settings")  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "LOG_LEVEL='loud': must be one of" in " ".join(done.stdout.split())


def test_web_processes_are_not_started_with_wrong_settings_again_and_again():
    done = run("-m", "bootstrap.web", DATABASE_URL="postgres:///city", SECRET_KEY="s", REPORT_MIN_COUNT="x")
    assert done.returncode == 2
    assert done.stderr.strip() == "REPORT_MIN_COUNT='x': must be a whole number, 1 or more"


def test_a_profile_that_cannot_be_is_refused_before_the_database(tmp_path: Path):
    text = (ROOT / "data" / "chicago" / "profile.toml").read_text(encoding="utf-8")
    text = text.replace("32616", "3435").replace('"IL"', '"XX"')
    (tmp_path / "profile.toml").write_text(text, encoding="utf-8")
    done = run("-m", "django", "seed", DATABASE_URL="postgres:///nowhere?host=/nowhere", SECRET_KEY="s",
               DJANGO_SETTINGS_MODULE="config.settings", CITY_PROFILE=str(tmp_path))  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "metric_srid = 3435: must be" in done.stderr
    assert "calendar.subdivision = 'XX': must be one of" in done.stderr


@pytest.mark.parametrize("host", ["nosuch.invalid", "192.0.2.1"])
def test_a_host_that_is_not_this_machines_is_refused_in_words(host: str):
    from bootstrap import web
    from bootstrap.console import Stop

    with pytest.raises(Stop, match=f"--host {host}.* this machine") as refused:
        web.listen(host, 8000)
    assert refused.value.code == 2


def test_a_locale_without_the_citys_letters_is_no_obstacle(tmp_path: Path):
    folder = tmp_path / "Ош шаары"
    done = run(
        "manage.py", "up", VAR_DIR=str(folder), LOG_LEVEL="катуу",
        LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="",
    )  # fmt: skip
    assert done.returncode == 2
    assert "LOG_LEVEL='катуу': must be one of" in done.stderr
    assert "Traceback" not in done.stderr
