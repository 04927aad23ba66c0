"""Everything the doctor can find, and the command that fixes it."""

from __future__ import annotations

import fcntl
import os
import socket
from collections import namedtuple
from pathlib import Path

import pytest

from bootstrap import doctor, packages, postgres, site
from bootstrap.checkout import Checkout, digest
from bootstrap.doctor import Check
from bootstrap.finding import Finding


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


def test_nothing_installed(checkout: Checkout):
    assert only(doctor.environment_is_current, checkout).remedy == "./manage.py setup"
    (checkout.root / "package-lock.json").write_text("{}")
    assert only(doctor.browser_packages_are_current, checkout).remedy == "./manage.py setup"


def test_stale_environment(checkout: Checkout):
    checkout.python.parent.mkdir(parents=True)
    checkout.python.touch()
    (checkout.venv / "locked.json").write_text('{"run": "another"}')
    assert "do not match requirements/run.txt" in only(doctor.environment_is_current, checkout).problem
    (checkout.venv / "locked.json").write_text(f'{{"run": "{digest(checkout.lock("run"))}"}}')
    assert not list(doctor.environment_is_current(checkout))


def test_no_venv_module(checkout: Checkout, monkeypatch: pytest.MonkeyPatch):
    absent = packages.Need("venv", "", ("python3-venv",), lambda: False)
    monkeypatch.setattr(packages, "VENV", absent)
    assert (
        "apt-get install -y --no-install-recommends python3-venv"
        in next(doctor.environment_is_current(checkout)).remedy
    )


def test_python_newer_than_the_locks(checkout: Checkout, monkeypatch: pytest.MonkeyPatch):
    assert not list(doctor.python_is_supported(checkout))
    monkeypatch.setattr(doctor, "NEWEST_PYTHON", (3, 10))
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
    make_cluster(checkout, "15", pid=str(os.getpid()))
    finding = only(doctor.cluster_is_sound, checkout)
    assert f"pid {os.getpid()}) was killed" in finding.problem
    assert finding.remedy == "./manage.py up"


def test_cluster_of_a_version_that_was_removed(checkout: Checkout):
    make_cluster(checkout, "11")
    finding = next(doctor.cluster_is_sound(checkout))
    assert finding.serious
    assert finding.remedy == "sudo apt-get install -y postgresql-11 postgresql-11-postgis-3"


def test_abandoned_database(checkout: Checkout, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(site, "abandoned", lambda: [Path("/var/lib/somewhere")])
    assert only(doctor.no_cluster_is_abandoned, checkout).remedy == "rm -rf '/var/lib/somewhere'"


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


def test_var_of_another_user(checkout: Checkout, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert only(doctor.var_is_writable, checkout).remedy.startswith("sudo chown -R")


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

    monkeypatch.setattr(doctor, "CHECKS", (("roof", sound), ("floor", note)))
    assert doctor.run(checkout, []) == 0
    assert "All is well." in capsys.readouterr().out
    monkeypatch.setattr(doctor, "CHECKS", (("roof", sound), ("door", wrong), ("wall", crashes)))
    assert doctor.run(checkout, []) == 1
    printed = capsys.readouterr().out
    assert "ok  roof" in printed
    assert "!!  door: Broken.\n        fix --now" in printed
    assert "no such wall" in printed
    assert "2 to fix" in printed
