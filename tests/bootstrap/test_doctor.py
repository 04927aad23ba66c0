"""Everything the doctor can find, and the command that fixes it."""

from __future__ import annotations

import fcntl
import os
import re
import socket
from collections import namedtuple
from pathlib import Path

import pytest
from django.db import connection

from bootstrap import doctor, doctor_inside, environment, packages, postgres, prepare, site
from bootstrap.checkout import Checkout, digest
from bootstrap.doctor import Check
from bootstrap.finding import Finding
from tests.factories import MessageFactory


@pytest.fixture(autouse=True)
def private(monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor checks a private cluster, not the tests' own database."""
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    (tmp_path / "var").mkdir()
    (tmp_path / "requirements").mkdir()
    return Checkout(tmp_path, tmp_path / "var")


def only(check: Check, checkout: Checkout) -> Finding:
    findings = list(check(checkout))
    assert len(findings) == 1
    return findings[0]


def test_fresh_clone_has_one_line(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(doctor, "PORT", 0)  # any that is free
    before = sorted(path for path in checkout.root.rglob("*"))
    assert doctor.run(checkout, []) == 1
    serious = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  !!")]
    assert serious == ["  !!  installation: Nothing is installed in this clone yet."]
    assert only(doctor.something_is_installed, checkout).remedy == "./manage.py up installs all of it"
    assert sorted(path for path in checkout.root.rglob("*")) == before


def test_who_may_not_install_is_first_told_what_somebody_else_must(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))  # without sudo
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(postgres, "newest", lambda: None)
    first, second = doctor.something_is_installed(checkout)
    assert "this user may not install them: postgresql, postgresql-postgis" in first.problem
    assert first.remedy.startswith("su -c 'apt-get update && apt-get install")
    assert second.remedy == "./manage.py up installs the rest"
    monkeypatch.setenv("DATABASE_URL", "postgres://city@db/city")
    assert only(doctor.something_is_installed, checkout).remedy == "./manage.py up installs all of it"
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert only(doctor.something_is_installed, checkout).remedy == "./manage.py up installs all of it"


@pytest.mark.parametrize("key", ["abc", "a" * 80, "ab" * 40])
def test_a_secret_key_that_is_none(checkout: Checkout, monkeypatch: pytest.MonkeyPatch, key: str):
    monkeypatch.setenv("SECRET_KEY", key)
    assert "SECRET_KEY is shorter" in only(doctor.secret_key_is_secret, checkout).problem


def test_wrong_settings_are_named(checkout: Checkout, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOG_LEVEL", "loud")
    assert "LOG_LEVEL='loud'" in only(doctor.settings_are_sound, checkout).problem


def test_stale_browser_packages(checkout: Checkout):
    (checkout.root / "package-lock.json").write_text("{}")
    assert only(doctor.browser_packages_are_current, checkout).remedy == "./manage.py setup"


def test_stale_environment(checkout: Checkout):
    checkout.python.parent.mkdir(parents=True)
    checkout.python.touch()
    (checkout.venv / "locked.json").write_text('{"run": "another"}')
    assert "do not match requirements/run.txt" in only(doctor.environment_is_current, checkout).problem
    (checkout.venv / "locked.json").write_text(f'{{"run": "{digest(checkout.lock("run"))}"}}')
    assert not list(doctor.environment_is_current(checkout))


def test_python_newer_than_the_locks(checkout: Checkout, monkeypatch: pytest.MonkeyPatch):
    assert not list(doctor.python_is_supported(checkout))
    monkeypatch.setattr(environment, "NEWEST_PYTHON", (3, 10))
    assert "python3.10 manage.py up" in only(doctor.python_is_supported, checkout).remedy


def test_full_disk(checkout: Checkout, monkeypatch: pytest.MonkeyPatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: usage(10**12, 10**12, 5_000_000))
    assert "only 5 MB left" in only(doctor.disk_has_room, checkout).problem


def test_catalogue_that_is_not_compiled(checkout: Checkout):
    source = checkout.root / "parks" / "locale" / "ky" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.touch()
    assert "parks/locale/ky" in only(doctor.catalogues_are_compiled, checkout).problem


@pytest.mark.parametrize(
    ("found", "words"), [([], "not installed"), ([14], "14 is too old"), ([16], "16 has no PostGIS")]
)
def test_postgresql_missing_old_or_bare(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, found: list[int], words: str
):
    there = [postgres.Installation(major, Path("/nowhere/bin")) for major in found]
    monkeypatch.setattr(postgres, "installations", lambda: there)
    monkeypatch.setattr(postgres, "has_postgis", lambda installation: False)
    finding = only(doctor.postgresql_is_installed, checkout)
    assert words in finding.problem
    assert finding.remedy.endswith("postgresql postgresql-postgis")


def make_cluster(checkout: Checkout, major: str, pid: str | None = None) -> None:
    data = checkout.var / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text(major)
    if pid:
        (data / "postmaster.pid").write_text(f"{pid}\n{data}\n0\n5432\n/nowhere\n\n\nready\n")


def test_no_cluster_yet_is_not_serious(checkout: Checkout):
    assert not only(doctor.cluster_is_sound, checkout).serious


def test_killed_server(checkout: Checkout):
    installed = postgres.newest()
    assert installed is not None
    make_cluster(checkout, str(installed.major), pid=str(os.getpid()))
    finding = only(doctor.cluster_is_sound, checkout)
    assert f"pid {os.getpid()}) was killed" in finding.problem
    assert finding.remedy == "./manage.py up"


def test_cluster_of_a_version_that_was_removed(checkout: Checkout):
    make_cluster(checkout, "11")
    finding = next(doctor.cluster_is_sound(checkout))
    assert finding.serious
    assert finding.remedy.endswith("apt-get install -y postgresql-11 postgresql-11-postgis-3")


def test_database_of_a_clone_that_moved_is_never_to_be_deleted(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
):
    stray = site.Stray(Path("/var/lib/oshcity/postgres-1"), Path("/root/city/var"))
    monkeypatch.setattr(site, "strays", lambda checkout: [stray])
    finding = only(doctor.no_cluster_is_astray, checkout)
    assert "/var/lib/oshcity/postgres-1" in finding.problem
    assert "/root/city" in finding.problem
    assert not re.search(r"\brm\b", finding.remedy)
    assert not finding.serious


def test_database_that_is_not_where_it_was_left(checkout: Checkout):
    (checkout.var / "postgres.place").write_text("/nowhere/postgres-1\n")
    finding = only(doctor.cluster_is_sound, checkout)
    assert "/nowhere/postgres-1" in finding.problem
    assert finding.serious


def test_what_is_stopped_is_not_started(checkout: Checkout, monkeypatch: pytest.MonkeyPatch):
    make_cluster(checkout, "15")
    before = {path: path.stat().st_mtime_ns for path in checkout.var.rglob("*")}
    (finding,) = doctor_inside.examine(checkout)
    assert finding.problem.startswith("Not examined")
    assert not finding.serious
    assert {path: path.stat().st_mtime_ns for path in checkout.var.rglob("*")} == before


@pytest.mark.django_db(transaction=True)
def test_role_that_may_only_read_is_not_told_to_migrate(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(prepare, "pending_migrations", lambda: ["parks.0007_benches"])
    (finding,) = doctor_inside.migrations()
    assert finding.remedy == "./manage.py migrate"
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        (finding,) = doctor_inside.migrations()
    finally:
        connection.close()
    assert "parks.0007_benches" in finding.problem
    assert finding.remedy.startswith("This role may not change the database.")


@pytest.mark.django_db
def test_letters_that_cannot_be_sent():
    assert list(doctor_inside.letters()) == []
    MessageFactory(state="parked", error="SMTPRecipientsRefused: 550")
    MessageFactory(state="queued", error="TimeoutError: timed out")
    MessageFactory(state="queued")
    MessageFactory(state="sent", error="")
    parked, waiting = doctor_inside.letters()
    assert parked.problem == "Letters that could not be sent: 1."
    assert waiting.problem == "Letters that wait for another try: 1 (TimeoutError: timed out)."


def test_secret_key_that_others_can_read(checkout: Checkout):
    key = checkout.var / "secret.key"
    key.touch(mode=0o600)
    assert not list(doctor.secret_key_is_secret(checkout))
    key.chmod(0o644)
    assert only(doctor.secret_key_is_secret, checkout).remedy == f"chmod 600 '{key}'"


def test_own_server_without_a_secret_key(checkout: Checkout, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://city@db/city")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    assert "SECRET_KEY is not" in only(doctor.secret_key_is_secret, checkout).problem
    monkeypatch.setenv("SECRET_KEY", " ")
    assert "SECRET_KEY is not" in only(doctor.secret_key_is_secret, checkout).problem
    monkeypatch.setenv("DATABASE_URL", " ")
    assert not list(doctor.secret_key_is_secret(checkout)), (
        "blank counts as unset: the database is the checkout's own"
    )


def test_port_taken_by_another_program_and_by_ourselves(checkout: Checkout, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setattr(doctor, "PORT", other.getsockname()[1])
        assert "--port" in only(doctor.port_is_free, checkout).remedy
        with (checkout.var / "up.lock").open("w") as ours:
            fcntl.flock(ours, fcntl.LOCK_EX)
            assert not list(doctor.port_is_free(checkout))
    assert not list(doctor.port_is_free(checkout))


def test_folders_of_another_user(checkout: Checkout, monkeypatch: pytest.MonkeyPatch):
    (checkout.var / "work").mkdir()
    closed = {checkout.var / "work"}
    monkeypatch.setattr(os, "access", lambda folder, _: folder not in closed)
    assert only(doctor.folders_are_writable, checkout).remedy == f"chmod -R u+rwX '{checkout.var / 'work'}'"
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert only(doctor.folders_are_writable, checkout).remedy.endswith(
        f"chown -R 4711 '{checkout.var / 'work'}'"
    )


def test_one_closed_folder_is_one_finding(checkout: Checkout, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "access", lambda folder, _: folder != checkout.var)
    assert only(doctor.folders_are_writable, checkout).problem.startswith(f"{checkout.var} is not")


def test_folders_that_cannot_be_made(checkout: Checkout, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEDIA_ROOT", "/proc/nowhere/media")
    monkeypatch.setattr(os, "access", lambda folder, _: not folder.is_relative_to("/proc"))
    finding = only(doctor.folders_are_writable, checkout)
    assert finding.problem.startswith("/proc/nowhere/media")
    assert "mkdir -p '/proc/nowhere/media'" in finding.remedy


def test_browser_is_needed_only_for_tests(checkout: Checkout, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packages, "browser", lambda: None)
    finding = only(doctor.browser_is_installed, checkout)
    assert not finding.serious
    assert "chromium" in finding.remedy


def test_exit_code_and_what_is_printed(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def sound(_: Checkout):
        return iter(())

    def note(_: Checkout):
        yield Finding("Somewhat dusty.", "dust", serious=False)

    def wrong(_: Checkout):
        yield Finding("Broken.", "fix --now")

    def crashes(_: Checkout):
        raise OSError("no such wall")
        yield

    monkeypatch.setattr(doctor, "MACHINE", (("roof", sound), ("floor", note)))
    assert doctor.run(checkout, []) == 0
    printed = capsys.readouterr().out
    assert "All is well." in printed
    assert "The city is closed: ./manage.py up opens it." in printed
    monkeypatch.setattr(doctor, "MACHINE", (("roof", sound), ("door", wrong), ("wall", crashes)))
    assert doctor.run(checkout, []) == 1
    printed = capsys.readouterr().out
    assert "ok  roof" in printed
    assert "!!  door: Broken.\n        fix --now" in printed
    assert "no such wall" in printed
    assert "2 to fix" in printed
