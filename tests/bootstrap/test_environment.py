"""What is installed into the environment, and when."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bootstrap import checkout as checkouts
from bootstrap import commands, console, environment, frontend
from bootstrap.checkout import Checkout, digest
from bootstrap.console import Stop


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A project without requirements, and an environment that has its Python."""
    (tmp_path / "var").mkdir()
    (tmp_path / "requirements").mkdir()
    for name in environment.LOCKS:
        (tmp_path / "requirements" / f"{name}.txt").write_text("")
    return Checkout(tmp_path, tmp_path / "var")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The same with a real environment; takes seconds to build."""
    root = tmp_path_factory.mktemp("made")
    for folder in ("var", "requirements"):
        (root / folder).mkdir()
    for name in environment.LOCKS:
        (root / "requirements" / f"{name}.txt").write_text("")
    checkout = Checkout(root, root / "var")
    environment.ensure(checkout, dev=False)
    return checkout


def stamp(checkout: Checkout, *names: str) -> None:
    checkout.python.parent.mkdir(parents=True, exist_ok=True)
    checkout.python.touch()
    (checkout.venv / "locked.json").write_text(
        json.dumps({name: digest(checkout.lock(name)) for name in names})
    )


def test_stale_when_missing_changed_or_of_another_kind(checkout: Checkout):
    assert not environment.current(checkout, ("run",))
    stamp(checkout, "run")
    assert environment.current(checkout, ("run",))
    assert not environment.current(checkout, ("run", "dev"))
    checkout.lock("run").write_text("changed==1")
    assert not environment.current(checkout, ("run",))
    (checkout.venv / "locked.json").write_text("half a fi")
    assert not environment.current(checkout, ("run",))


def test_built_from_nothing_and_then_left_alone(made: Checkout, capsys: pytest.CaptureFixture[str]):
    assert environment.current(made, ("run",))
    environment.ensure(made, dev=False)
    assert capsys.readouterr().out == ""


def test_what_is_no_longer_locked_is_removed(made: Checkout):
    packages = Path(next(made.venv.glob("lib/python3*/site-packages")))
    (packages / "psycopg.py").touch()
    (packages / "psycopg-3.2.dist-info").mkdir()
    (packages / "psycopg-3.2.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: psycopg\nVersion: 3.2\n"
    )
    (packages / "psycopg-3.2.dist-info" / "RECORD").write_text(
        "psycopg.py,,\npsycopg-3.2.dist-info/METADATA,,\npsycopg-3.2.dist-info/RECORD,,\n"
    )
    made.lock("run").write_text("# changed\n")
    environment.ensure(made, dev=False)
    assert not (packages / "psycopg.py").exists()


@pytest.mark.parametrize("pin", [f"--hash=sha256:{'0' * 64}", ""])
def test_package_that_is_not_what_was_locked_is_refused(made: Checkout, pin: str):
    wheel = made.root / "tree-1-py3-none-any.whl"
    wheel.write_bytes(b"not what was locked")
    made.lock("run").write_text(f"tree @ file://{wheel} {pin}\n")
    with pytest.raises(Stop, match="(?i)hashes"):
        environment.ensure(made, dev=False)
    assert not environment.current(made, ("run",))


def test_pinned_names():
    lock = "# comment\nDjango==5.2 \\\n    --hash=sha256:00\npsycopg2_binary==2 ; python_version < '3.12' \\\n    # via x==1\n"
    assert environment.pinned(lock) == {"django", "psycopg2-binary"}


def test_locks_of_the_project_need_no_psycopg_3_and_pin_every_hash():
    project = checkouts.this_checkout()
    for name in environment.LOCKS:
        text = project.lock(name).read_text()
        assert {"psycopg", "psycopg-binary"}.isdisjoint(environment.pinned(text))
        pins = [block for block in text.split("\n") if block and not block.startswith((" ", "#"))]
        assert pins
        assert all(line.endswith("\\") for line in pins), "each pin is followed by its hashes"


@pytest.mark.parametrize("name", environment.LOCKS)
def test_each_package_has_one_major_version_for_every_python(name: str):
    """What a package can do, and no longer can, is then the same on every machine."""
    pins = re.findall(r"^([\w.-]+)==(\d+)", checkouts.this_checkout().lock(name).read_text(), re.MULTILINE)
    assert len(pins) > 50
    assert sorted(set(pins)) == sorted(dict(pins).items())


def test_node_packages_for_checks_also_serve_the_site(tmp_path: Path):
    checkout = Checkout(tmp_path, tmp_path / "var")
    (tmp_path / "package-lock.json").write_text("{}")
    checkout.node_modules.mkdir()
    assert not frontend.current(checkout, dev=False)
    for kind, dev in (("run", False), ("dev", True)):
        (checkout.node_modules / ".locked").write_text(f"{kind} {digest(tmp_path / 'package-lock.json')}")
        assert frontend.current(checkout, dev=False)
        assert frontend.current(checkout, dev=True) is dev
    (tmp_path / "package-lock.json").write_text("{ }")
    assert not frontend.current(checkout, dev=False)


def test_package_lock_names_no_registry():
    lock = json.loads((checkouts.this_checkout().root / "package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all(package.get("integrity") for name, package in lock["packages"].items() if name)


def test_secret_key_is_made_once_and_private(tmp_path: Path):
    checkout = Checkout(tmp_path, tmp_path)
    key = checkouts.secret_key(checkout)
    assert len(key) >= 64
    assert checkouts.secret_key(checkout) == key
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    (tmp_path / "secret.key").write_text("")
    assert len(checkouts.secret_key(checkout)) >= 64


def test_all_that_another_user_has_made_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    checkout = Checkout(tmp_path, tmp_path / "var")
    for folder in (checkout.var, checkout.node_modules):
        folder.mkdir()
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    with pytest.raises(Stop) as refused:
        checkouts.prepare_var(checkout)
    for folder in (checkout.var, checkout.node_modules):
        assert f"chown -R 4711 '{folder}'" in str(refused.value)


def test_failed_step_shows_the_last_lines_and_the_remedy(tmp_path: Path):
    log = tmp_path / "log"
    script = "import sys; [print('line', i) for i in range(100)]; print('\\xff'); sys.exit(3)"
    with pytest.raises(Stop) as stopped:
        console.run_step("Counting", [sys.executable, "-c", script], log=log, remedy="Count again.")
    message = str(stopped.value)
    assert "failed with code 3" in message
    assert "line 99" in message
    assert "line 50" not in message
    assert message.endswith("Count again.")


def test_long_step_shows_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(console, "QUIET_INTERVAL_S", 0.05)
    seen = tmp_path / "seen"
    script = textwrap.dedent(
        f"""
        import pathlib, time
        print("fetching a tree", flush=True)
        deadline = time.monotonic() + 120
        while not pathlib.Path({str(seen)!r}).exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        """
    )
    say = console.say

    def said(text: str = "") -> None:
        say(text)
        if "fetching a tree" in text:
            seen.touch()

    # The step lasts until its line was seen, however slow the machine.
    monkeypatch.setattr(console, "say", said)
    console.run_step("Planting", [sys.executable, "-c", script], log=tmp_path / "log")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == "..  Planting"
    assert any("fetching a tree" in line for line in lines[1:-1])
    assert lines[-1].startswith("  ok  Planting (")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("open('/dev/full', 'w').write('x' * 100_000)", "The disk is full."),
        ("raise PermissionError(13, 'Permission denied', '/home/someone/.cache')", "cannot be written"),
        ("raise OSError(30, 'Read-only file system', '/opt')", "cannot be written"),
        ("raise TimeoutError('no answer')", "Is the network up?"),
        ("print('npm error code SELF_SIGNED_CERT_IN_CHAIN'); raise SystemExit(1)", "NODE_EXTRA_CA_CERTS"),
        (
            "print('npm error code UNABLE_TO_VERIFY_LEAF_SIGNATURE'); raise SystemExit(1)",
            "certificate is not",
        ),
        ("print('npm error code CERT_HAS_EXPIRED'); raise SystemExit(1)", "clock"),
        ("raise OSError('[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed')", "PIP_CERT"),
    ],
)
def test_failed_step_is_told_by_its_cause(tmp_path: Path, code: str, words: str):
    with pytest.raises(Stop) as stopped:
        console.run_step(
            "Step", [sys.executable, "-c", code], log=tmp_path / "log", remedy="Is the network up?"
        )
    advice = str(stopped.value).rpartition("(full log: ")[2]
    assert words in advice
    assert ("network" in advice) is ("network" in words)


def test_full_disk_that_kept_even_the_log_empty_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(console, "FULL_DISK_BYTES", 10**18)
    with pytest.raises(Stop, match="The disk is full"):
        console.run_step("Step", [sys.executable, "-c", "raise SystemExit(1)"], log=tmp_path / "log")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_command_that_cannot_write_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
):
    def fails(checkout: Checkout, arguments: list[str]) -> int:
        raise OSError(number, os.strerror(number), "/srv/city/var/secret.key")

    monkeypatch.setitem(commands.OWN, "up", fails)
    assert commands.run(["up"]) == 1
    said = capsys.readouterr().err
    assert "/srv/city/var/secret.key" in said
    assert "run the same command again" in said


def test_lines_fit_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(console, "QUIET_INTERVAL_S", 0.02)
    console.run_step(
        "A step with a title of some length",
        [sys.executable, "-c", "import time; print('x' * 300, flush=True); time.sleep(0.5)"],
        log=tmp_path / "log",
    )
    console.note("A remark that is longer than a line " * 5)
    with console.working("t" * 200):
        pass
    lines = capsys.readouterr().out.splitlines()
    assert any("xxx" in line for line in lines)
    assert max(map(len, lines)) <= 79


def test_what_is_downloaded_stays_in_var(checkout: Checkout, monkeypatch: pytest.MonkeyPatch):
    environments = []

    def run_step(title: str, command: list[str], *, env: dict[str, str] | None = None, **_: object) -> None:
        environments.append(env)

    monkeypatch.delenv("PIP_CACHE_DIR", raising=False)
    monkeypatch.setattr(environment, "run_step", run_step)
    monkeypatch.setattr(environment, "_installed", lambda checkout: set())
    checkout.python.parent.mkdir(parents=True)
    checkout.python.symlink_to(sys.executable)
    environment.ensure(checkout, dev=False)
    (checkout.root / "package-lock.json").write_text('{"packages": {}}')
    monkeypatch.setattr(frontend, "run_step", run_step)
    npm = frontend.node_folder(checkout).parent / "lib/node_modules/npm/bin/npm-cli.js"
    npm.parent.mkdir(parents=True)
    npm.touch()
    checkout.node_modules.mkdir()
    frontend.ensure(checkout, dev=False)
    pip, npm_environment = (given for given in environments if given is not None)
    assert pip["PIP_CACHE_DIR"] == str(checkout.var / "cache" / "pip")
    assert npm_environment["npm_config_cache"] == str(checkout.var / "cache" / "npm")


def test_packages_of_another_checkout_are_left_to_it(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A linked folder is shared; npm empties what it installs into, through the link too."""
    others = tmp_path / "others"
    others.mkdir()
    (others / "leaflet").mkdir()
    checkout.node_modules.symlink_to(others)
    (checkout.root / "package-lock.json").write_text('{"packages": {}}')
    npm = frontend.node_folder(checkout).parent / "lib/node_modules/npm/bin/npm-cli.js"
    npm.parent.mkdir(parents=True)
    npm.touch()
    linked: list[bool] = []
    monkeypatch.setattr(
        frontend, "run_step", lambda *_, **__: linked.append(checkout.node_modules.is_symlink())
    )
    frontend.ensure(checkout, dev=False)
    assert linked == [False]
    assert [path.name for path in others.iterdir()] == ["leaflet"]
    assert frontend.current(checkout, dev=False)


def test_the_tests_leave_the_developers_home_alone():
    assert Path.home() == checkouts.this_checkout().cache / "home"


def test_python_newer_than_the_locks_is_refused_before_anything(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(environment, "NEWEST_PYTHON", (3, 10))
    with pytest.raises(Stop, match=r"python3\.10 manage\.py up"):
        environment.ensure(checkout, dev=False)
    assert not checkout.venv.exists()


def test_manage_needs_only_the_standard_library():
    """Every module that runs before the environment exists imports without site-packages."""
    root = checkouts.this_checkout().root
    folder = Path(checkouts.__file__).parent
    # These are run by the environment that the others have made.
    inside = {"__init__", "prepare", "doctor_inside"}
    modules = sorted({path.stem for path in folder.glob("*.py")} - inside)
    assert {"commands", "serve", "supervisor", "doctor", "cluster", "environment", "testing"} <= set(modules)
    code = f"import sys; sys.path.insert(0, {str(root)!r}); from {console.__package__} import {', '.join(modules)}; import bootstrap.catalogues"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_usage_without_a_command():
    root = checkouts.this_checkout().root
    done = subprocess.run(
        [sys.executable, "manage.py"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "up" in done.stdout
