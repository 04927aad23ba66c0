"""A private cluster, made and run for real."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg2
import pytest

from bootstrap import cluster as clusters
from bootstrap import postgres, site
from bootstrap.checkout import Checkout, this_checkout
from bootstrap.cluster import LASTING, Cluster, Keeper
from bootstrap.console import Stop


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    """An empty checkout that every account can reach, like a clone in /srv."""
    root = Path(tempfile.mkdtemp(prefix="checkout of tests "))
    root.chmod(0o755)
    yield Checkout(root, root / "var")
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def cluster(checkout: Checkout) -> Iterator[Cluster]:
    made = Cluster(checkout, "postgres", lasting=False, settings=LASTING)
    yield made
    made.stop()


def place_of(cluster: Cluster) -> site.Site:
    found = site.find(cluster.checkout, cluster.name)
    assert found is not None
    return found


def place_bin(place: site.Site) -> Path:
    """Folder of the programs of the cluster's version."""
    major = int((place.folder / "data" / "PG_VERSION").read_text())
    installation = postgres.of_major(major)
    assert installation is not None
    return installation.bin


def ask(url: str, statement: str) -> object:
    parts = urlsplit(url)
    session = psycopg2.connect(
        host=parse_qs(parts.query)["host"][0], user=parts.username, dbname=parts.path.lstrip("/")
    )
    try:
        with session, session.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        session.close()


def test_from_nothing(cluster: Cluster):
    url = cluster.start()
    place = place_of(cluster)
    assert ask(url, "SHOW listen_addresses") == ""
    assert ask(url, "SHOW jit") == "off"
    assert ask(url, "SHOW idle_in_transaction_session_timeout") == "10min"
    assert ask(url, "SHOW server_encoding") == "UTF8"
    assert ask(url, "SELECT lower('ӨҢҮ')") == "өңү"
    assert ask(url, "SELECT usesuper FROM pg_user WHERE usename = current_user") is False
    assert (
        ask(url, "SELECT ST_AsText(ST_Transform(ST_SetSRID(ST_MakePoint(75, 0), 4326), 32643), 0)")
        == "POINT(500000 0)"
    )
    assert place.owner.uid != 0
    assert Path(f"/proc/{clusters.process(place)}").stat().st_uid == place.owner.uid
    socket = clusters.socket_folder(place)
    assert socket is not None
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700


def test_second_start_finds_it_running(cluster: Cluster):
    url = cluster.start()
    pid = clusters.process(place_of(cluster))
    assert cluster.start() == url
    assert clusters.process(place_of(cluster)) == pid


def test_killed_server_comes_up_with_its_data(cluster: Cluster):
    ask(cluster.start(), "CREATE TABLE kept AS SELECT 7 AS value")
    place = place_of(cluster)
    pid = clusters.process(place)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 120
    while clusters.process(place) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert clusters.stale_process(place) == pid
    assert ask(cluster.start(), "SELECT value FROM kept") == 7
    assert clusters.stale_process(place) is None


def test_a_kept_server_comes_back_by_itself_however_often_it_is_killed(
    cluster: Cluster, capfd: pytest.CaptureFixture[str]
):
    url = cluster.start()
    place = place_of(cluster)
    # A statement that is at work when the server is killed keeps the server's memory in use.
    with Keeper(cluster):
        for killed in range(3):
            busy = threading.Thread(target=_sleep_in, args=[url], daemon=True)
            busy.start()
            _until(
                lambda: (
                    ask(url, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%'") > 1
                )
            )
            pid = clusters.process(place)
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            _until(lambda pid=pid: clusters.process(place) not in (None, pid))
            _until(lambda: _answers(url))
            busy.join(120)
            assert not busy.is_alive(), f"killed {killed} times"
            _read_until("The database is back after", capfd)


def test_a_kept_server_that_does_not_start_is_tried_until_it_does(
    cluster: Cluster, capfd: pytest.CaptureFixture[str]
):
    url = cluster.start()
    place = place_of(cluster)
    control = place.folder / "data" / "global" / "pg_control"
    hidden = control.with_name("hidden")
    with Keeper(cluster):
        control.rename(hidden)
        pid = clusters.process(place)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert "pg_control" in _read_until("It is tried again until it starts", capfd)
        hidden.rename(control)
        _until(lambda: _answers(url))


def _sleep_in(url: str) -> None:
    with contextlib.suppress(psycopg2.Error):
        ask(url, "SELECT pg_sleep(600)")


def _answers(url: str) -> bool:
    try:
        return ask(url, "SELECT 1") == 1
    except psycopg2.Error:
        return False


def _read_until(words: str, capfd: pytest.CaptureFixture[str]) -> str:
    """What is printed until these words."""
    said: list[str] = []

    def read() -> bool:
        said.append(capfd.readouterr().out)
        return words in "".join(said)

    _until(read)
    return "".join(said)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_pid_of_a_killed_server_reused_by_another_program(cluster: Cluster):
    cluster.start()
    place = place_of(cluster)
    pid_file = place.folder / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    cluster.stop()
    assert not pid_file.exists()
    lines[0] = "1"
    pid_file.write_text("\n".join(lines) + "\n")
    os.chown(pid_file, place.owner.uid, place.owner.gid)
    assert clusters.process(place) is None
    assert ask(cluster.start(), "SELECT 1") == 1


def test_last_user_stops_it(cluster: Cluster):
    cluster.stop()
    with cluster.running():
        with cluster.running() as url:
            pass
        assert ask(url, "SELECT 1") == 1
    assert clusters.process(place_of(cluster)) is None


def test_kept_after_its_last_user(cluster: Cluster):
    cluster.keep()
    with cluster.running() as url:
        pass
    assert ask(url, "SELECT 1") == 1
    cluster.release()
    assert cluster.stop() is True
    assert cluster.stop() is False


def test_broken_configuration_is_reported_with_the_log(cluster: Cluster):
    broken = Cluster(cluster.checkout, cluster.name, lasting=False, settings={"shared_buffers": "many"})
    with pytest.raises(Stop, match="shared_buffers"):
        broken.start()
    assert ask(cluster.start(), "SELECT 1") == 1


def test_data_of_another_version_is_refused(cluster: Cluster, monkeypatch: pytest.MonkeyPatch):
    cluster.stop()
    monkeypatch.setattr(clusters.postgres, "of_major", lambda major: None)
    with pytest.raises(Stop, match="which is not installed"):
        cluster.start()


def test_database_of_the_containers_belongs_to_a_role_that_owns_no_more(cluster: Cluster):
    url, place = cluster.start(), place_of(cluster)
    socket = clusters.socket_folder(place)
    password = "a/b@c'd\"e $f"
    done = subprocess.run(
        ["sh", str(this_checkout().root / "deploy" / "database" / "city.sh")],
        env={
            "PATH": f"{place_bin(place)}:{os.environ['PATH']}",
            "PGHOST": str(socket),
            "POSTGRES_USER": clusters.SUPERUSER,
            "CITY_PASSWORD": password,
        },
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **place.owner.child_options(),
    )
    assert done.returncode == 0, done.stderr
    role = "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = 'city'"
    assert ask(url, role) is False
    owner = "SELECT pg_get_userbyid(datdba) || pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'city'"
    assert ask(url, owner) == "cityUTF8"
    there = clusters.query(place, "city", "SELECT string_agg(extname, ' ') FROM pg_extension").split()
    assert set(clusters.EXTENSIONS) <= set(there)
    stored = "SELECT rolpassword FROM pg_authid WHERE rolname = '{}'"
    assert clusters.query(place, "city", stored.format("city")).startswith("SCRAM-SHA-256$")
    assert clusters.query(place, "city", stored.format(clusters.SUPERUSER)) == ""


@pytest.mark.parametrize(("name", "inside"), [("short", True), ("f" * 120, False), ("a, b", False)])
def test_socket_has_a_path_that_clients_can_use(name: str, inside: bool):
    # /tmp itself: pytest's own folder is too deep for the short case.
    top = Path(tempfile.mkdtemp(prefix="s-"))
    try:
        folder = top / name
        folder.mkdir()
        socket = clusters._make_socket_folder(site.Site(folder, site.account(os.geteuid())))
        assert (socket.parent == folder) is inside
        assert len(os.fsencode(socket / ".s.PGSQL.5432")) <= 107
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        again = clusters._make_socket_folder(site.Site(folder, site.account(os.geteuid())))
        assert again == socket, "programs were told this path"
        if not inside:
            shutil.rmtree(socket)
    finally:
        shutil.rmtree(top)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a server as another user")
class TestSite:
    @pytest.fixture
    def hidden(self, tmp_path: Path) -> Checkout:
        """A checkout that only root can reach, like a clone in /root."""
        root = tmp_path / "hidden"
        (root / "var").mkdir(parents=True)
        root.chmod(0o700)
        return Checkout(root, root / "var")

    def test_unreachable_folder_is_not_used_and_the_choice_remembered(self, hidden: Checkout):
        chosen = site.choose(hidden, "postgres", lasting=False)
        try:
            assert hidden.var not in chosen.folder.parents
            assert chosen.folder.stat().st_uid == chosen.owner.uid != 0
            (chosen.folder / "data").mkdir()
            (chosen.folder / "data" / "PG_VERSION").write_text("15")
            os.chown(chosen.folder / "data", chosen.owner.uid, chosen.owner.gid)
            assert site.find(hidden, "postgres") == chosen
        finally:
            shutil.rmtree(chosen.folder)
        assert site.find(hidden, "postgres") is None

    def test_copied_checkout_does_not_open_the_originals_database(self, hidden: Checkout, tmp_path: Path):
        chosen = site.choose(hidden, "postgres", lasting=False)
        try:
            (chosen.folder / "data").mkdir()
            (chosen.folder / "data" / "PG_VERSION").write_text("15")
            copy = Checkout(tmp_path / "copy", tmp_path / "copy" / "var")
            shutil.copytree(hidden.root, copy.root)
            assert site.find(hidden, "postgres") is not None
            assert site.find(copy, "postgres") is None
        finally:
            shutil.rmtree(chosen.folder)

    def test_owner_of_the_checkout_comes_first(self, tmp_path: Path):
        os.chown(tmp_path, 65534, 65534)
        assert site.candidates(tmp_path)[0].uid == 65534
        os.chown(tmp_path, 0, 0)
        assert site.candidates(tmp_path)[0].uid != 0

    @pytest.mark.parametrize("umask", [0o022, 0o077])
    def test_folder_outside_is_found_whatever_the_umask(
        self, hidden: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: int
    ):
        # A place like /var/lib: everybody passes through it, and nothing is in it yet.
        outside = Path(tempfile.mkdtemp(prefix="var-lib-"))
        outside.chmod(0o755)
        monkeypatch.setattr(site, "_outside", lambda lasting: [outside / "oshcity"])
        before = os.umask(umask)
        try:
            for name in ("first", "later"):
                chosen = site.choose(hidden, name, lasting=True)
                assert chosen.folder.parent == outside / "oshcity"
                assert site.usable(chosen.folder, chosen.owner)
        finally:
            os.umask(before)
            shutil.rmtree(outside)


def outside(checkout: Checkout, folder: Path) -> None:
    """Gives the checkout a cluster in a folder that is not its own, as one under /root has."""
    checkout.var.mkdir(parents=True)
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "PG_VERSION").write_text("15")
    (folder / "checkout").write_text(f"{checkout.var}\n")
    (checkout.var / "postgres.place").write_text(f"{folder}\n")


def at(root: Path) -> Checkout:
    return Checkout(root, root / "var")


def folder_of(checkout: Checkout) -> Path | None:
    found = site.find(checkout, "postgres")
    return found and found.folder


def test_renamed_checkout_keeps_its_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = tmp_path / "outside" / "postgres-1"
    outside(at(tmp_path / "old"), folder)
    (tmp_path / "old").rename(tmp_path / "new")
    assert folder_of(at(tmp_path / "new")) == folder
    site.settle(at(tmp_path / "new"), "postgres")
    assert str(tmp_path / "old" / "var") in capsys.readouterr().out
    # Another clone in the old place, and another move, change nothing.
    at(tmp_path / "old").var.mkdir(parents=True)
    (tmp_path / "new").rename(tmp_path / "newer")
    assert folder_of(at(tmp_path / "newer")) == folder
    assert folder_of(at(tmp_path / "old")) is None
    site.settle(at(tmp_path / "newer"), "postgres")
    assert site.strays(at(tmp_path / "old"), [tmp_path / "outside"]) == []


def test_copy_is_told_that_the_database_stays_with_the_original(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "outside" / "postgres-1"
    outside(at(tmp_path / "original"), folder)
    shutil.copytree(tmp_path / "original", tmp_path / "copy")
    assert folder_of(at(tmp_path / "copy")) is None
    site.settle(at(tmp_path / "copy"), "postgres")
    assert f"copy of {tmp_path / 'original' / 'var'}" in capsys.readouterr().out
    assert folder_of(at(tmp_path / "original")) == folder


def test_no_empty_database_takes_the_place_of_one_that_is_not_there(tmp_path: Path):
    folder = tmp_path / "disk" / "postgres-1"
    outside(at(tmp_path / "clone"), folder)
    (tmp_path / "disk").rename(tmp_path / "unmounted")
    lost = Cluster(at(tmp_path / "clone"), "postgres", lasting=True)
    with pytest.raises(Stop, match="which is not there"):
        lost.start()
    assert not (tmp_path / "clone" / "var" / "postgres").exists()


def test_astray_is_what_is_not_claimed_from_where_its_checkout_was(tmp_path: Path):
    for name in ("used", "left"):
        outside(at(tmp_path / name), tmp_path / "outside" / name)
    (tmp_path / "left").rename(tmp_path / "moved")
    here = at(tmp_path / "here")
    (stray,) = site.strays(here, [tmp_path / "outside"])
    assert (stray.folder, stray.last_seen) == (tmp_path / "outside" / "left", tmp_path / "left" / "var")
    assert site.strays(at(tmp_path / "moved"), [tmp_path / "outside"]) == []


def test_damaged_data_is_never_removed(tmp_path: Path):
    checkout = Checkout(tmp_path, tmp_path / "var")
    (checkout.var / "postgres" / "data" / "base").mkdir(parents=True)
    with pytest.raises(Stop, match="damaged"):
        site.choose(checkout, "postgres", lasting=True)
    assert (checkout.var / "postgres" / "data" / "base").exists()
