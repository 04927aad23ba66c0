"""Installing system packages: what is missing, and who may install it."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bootstrap import packages, postgres
from bootstrap.console import Stop
from bootstrap.packages import Need


@pytest.fixture
def missing(tmp_path: Path) -> Need:
    """Something that exists once apt-get was called to install its package."""
    return Need("A tree", "benches need shade", ("tree",), lambda: "install" in asked(tmp_path))


def asked(tmp_path: Path) -> str:
    record = tmp_path / "asked"
    return record.read_text() if record.exists() else ""


def provide(folder: Path, name: str, script: str) -> None:
    """A program of this name on PATH."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """PATH holds only env and an apt-get that records its arguments."""
    folder = tmp_path / "bin"
    folder.mkdir()
    provide(folder, "apt-get", f'echo "$DEBIAN_FRONTEND $@" >> {tmp_path}/asked')
    (folder / "env").symlink_to("/usr/bin/env")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_apt_is_not_called_when_nothing_is_missing(path: Path, tmp_path: Path):
    packages.ensure([Need("Air", "to breathe", ("air",), lambda: True)], logs=tmp_path)
    assert asked(tmp_path) == ""


def test_root_installs_and_says_why(
    path: Path,
    tmp_path: Path,
    missing: Need,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    packages.ensure([missing], logs=tmp_path)
    update, install = asked(tmp_path).splitlines()
    assert update == "noninteractive -o DPkg::Lock::Timeout=600 update"
    assert install.endswith("install -y --no-install-recommends tree")
    assert "A tree (tree) is missing: benches need shade" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("known", "chosen"), [("oak tree", "oak"), ("tree", "tree"), ("", "tree")], ids=["both", "one", "none"]
)
def test_the_best_alternative_that_the_system_has_is_installed(
    path: Path, tmp_path: Path, missing: Need, monkeypatch: pytest.MonkeyPatch, known: str, chosen: str
):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    provide(
        path, "apt-get",
        f'case "$1" in --simulate) for one in {known}; do [ "$4" != $one ] || exit 0; done; exit 100;; esac\n'
        f'echo "$@" >> {tmp_path}/asked',
    )  # fmt: skip
    packages.ensure([replace(missing, packages=("oak | tree", "bench"))], logs=tmp_path)
    assert asked(tmp_path).splitlines()[-1].endswith(f"install -y --no-install-recommends {chosen} bench")
    assert packages.install_line(["oak | tree"]).endswith(f" {chosen}")


def test_the_browser_without_windows_is_taken_before_the_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert packages.browser() is None
    for name in ("google-chrome-stable", "chromium", "chromium-headless-shell"):
        provide(tmp_path, name, "")
        assert packages.browser() == str(tmp_path / name)
    monkeypatch.setenv("CHROMIUM", "/opt/another")
    assert packages.browser() == "/opt/another"


def test_user_without_the_right_gets_one_command(
    path: Path, tmp_path: Path, missing: Need, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Stop) as stopped:
        packages.ensure([missing], logs=tmp_path)
    assert stopped.value.code == packages.PACKAGES_MISSING != 0
    line = "su -c 'apt-get update && apt-get install -y --no-install-recommends tree'"
    assert str(stopped.value).splitlines()[-1].strip() == line
    assert asked(tmp_path) == ""


@pytest.mark.parametrize(
    ("uid", "sudo", "line"),
    [
        (0, False, "apt-get update && apt-get install -y --no-install-recommends tree"),
        (0, True, "apt-get update && apt-get install -y --no-install-recommends tree"),
        (1000, True, "sudo apt-get update && sudo apt-get install -y --no-install-recommends tree"),
        (1000, False, "su -c 'apt-get update && apt-get install -y --no-install-recommends tree'"),
    ],
)
def test_the_command_of_an_administrator_is_one_that_this_machine_has(
    path: Path, monkeypatch: pytest.MonkeyPatch, uid: int, sudo: bool, line: str
):
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    if sudo:
        provide(path, "sudo", "exit 1")
    assert packages.install_line(["tree"]) == line


@pytest.mark.parametrize("password", [True, False])
def test_sudo_counts_when_it_asks_for_no_password(
    path: Path, tmp_path: Path, missing: Need, monkeypatch: pytest.MonkeyPatch, password: bool
):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    provide(path, "sudo", "exit 1" if password else 'shift; [ "$1" = true ] || exec "$@"')
    if password:
        with pytest.raises(Stop, match="administrator"):
            packages.ensure([missing], logs=tmp_path)
    else:
        packages.ensure([missing], logs=tmp_path)
        assert "tree" in asked(tmp_path)


@pytest.mark.parametrize("right", [True, False])
def test_sudo_may_ask_for_its_password_on_a_terminal(
    path: Path, tmp_path: Path, missing: Need, monkeypatch: pytest.MonkeyPatch, right: bool
):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    ticket = tmp_path / "ticket"
    asks = f': >"{ticket}"' if right else "exit 1"
    provide(
        path, "sudo",
        f'if [ "$1" = -v ]; then {asks}; exit; fi; test -e "{ticket}" || exit 1; shift; [ "$1" = true ] || exec "$@"',
    )  # fmt: skip
    controller, terminal = os.openpty()
    with os.fdopen(terminal) as stdin, os.fdopen(controller, "rb"):
        monkeypatch.setattr(sys, "stdin", stdin)
        if right:
            packages.ensure([missing], logs=tmp_path)
            assert "install -y --no-install-recommends tree" in asked(tmp_path)
        else:
            with pytest.raises(Stop, match="administrator"):
                packages.ensure([missing], logs=tmp_path)


def test_debian_makes_no_server_of_its_own(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("sh", "mkdir", "rm", "rmdir"):
        (path / name).symlink_to(f"/bin/{name}")
    switches = tmp_path / "createcluster.d"
    monkeypatch.setattr(packages, "CREATECLUSTER", switches)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    provide(path, "apt-get", f'case "$*" in *install*) while read -r line; do echo "$line"; done <{switches}/oshcity.conf >>{tmp_path}/asked;; esac')  # fmt: skip
    database = Need("A lake", "ducks swim", ("lake",), lambda: "off" in asked(tmp_path))
    monkeypatch.setattr(packages, "DATABASE", database)
    packages.ensure([database], logs=tmp_path / "log")
    assert asked(tmp_path) == "create_main_cluster = off\n"
    assert not switches.exists()


def test_failed_installation_shows_the_end_of_apts_output(
    path: Path, tmp_path: Path, missing: Need, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    provide(path, "apt-get", "echo E: Unable to locate package tree; exit 100")
    with pytest.raises(Stop, match="Unable to locate package tree"):
        packages.ensure([missing], logs=tmp_path)


def test_system_without_apt_is_told_what_to_install(
    tmp_path: Path, missing: Need, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Stop, match="no apt"):
        packages.ensure([missing], logs=tmp_path)


def test_postgresql_needs_age_and_postgis(monkeypatch: pytest.MonkeyPatch):
    old, bare, good = (postgres.Installation(major, Path(f"/opt/{major}")) for major in (14, 17, 16))
    monkeypatch.setattr(postgres, "installations", lambda: [bare, good, old])
    monkeypatch.setattr(postgres, "has_postgis", lambda installation: installation is not bare)
    assert postgres.newest() is good
    monkeypatch.setattr(postgres, "installations", lambda: [bare, old])
    assert postgres.newest() is None


def test_postgresql_of_this_machine_is_found_off_path(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    found = postgres.newest()
    assert found is not None
    assert found.major >= postgres.OLDEST
    assert Path(found.program("initdb")).exists()
