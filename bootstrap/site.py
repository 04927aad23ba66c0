"""Where a private cluster lives and which account owns it.

PostgreSQL refuses to run as root, so a cluster started by root belongs to another account, which must be able
to reach the cluster's folder. A checkout under /root is closed to it; then a folder outside the checkout is
chosen and remembered in ``var``.

``var/<name>.place`` is the checkout's claim to that folder and moves with the checkout; ``checkout`` in the folder says
where its checkout was last seen. The claim counts unless what is at that place claims the folder too: then this one is
a copy, and the folder is the original's.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bootstrap.checkout import Checkout
from bootstrap.console import Stop, say


@dataclass(frozen=True)
class Account:
    """An operating system account."""

    name: str
    uid: int
    gid: int
    home: str

    def child_options(self) -> dict[str, object]:
        """``subprocess`` arguments that run the child as this account; none if it is our own."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass(frozen=True)
class Site:
    """A cluster's folder and the account that owns it and runs the server."""

    folder: Path
    owner: Account


def account(uid: int) -> Account:
    """The account with this uid; raises ``Stop`` if it has no name, which PostgreSQL needs."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise Stop(
            f"Uid {uid} has no user name, and PostgreSQL needs one. Set DATABASE_URL, or use another user."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir)


def candidates(root: Path) -> list[Account]:
    """Accounts that could run the server, best first.

    Ourselves, unless we are root; then the owner of the checkout (who will use it without sudo next time),
    the distribution's PostgreSQL account, and nobody.
    """
    if os.geteuid() != 0:
        return [account(os.geteuid())]
    found = []
    owner = root.stat().st_uid
    if owner != 0:
        with contextlib.suppress(Stop):
            found.append(account(owner))
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            found.append(account(pwd.getpwnam(name).pw_uid))
    return list(dict.fromkeys(found))


def find(checkout: Checkout, name: str) -> Site | None:
    """The site of the checkout's cluster of this name, or None if it does not exist yet.

    A checkout that was renamed or moved keeps its cluster; a copy of it never opens the original's.
    """
    folders = [checkout.var / name]
    claimed = _claimed(checkout.var, name)
    if claimed is not None:
        folders.insert(0, claimed)
    for folder in folders:
        try:
            exists = (folder / "data" / "PG_VERSION").exists()
        except PermissionError:
            owner = account(folder.stat().st_uid).name
            raise Stop(
                f"The database in {folder} belongs to {owner}: run this as its creator (root, with sudo?)."
            ) from None
        if exists and (folder == checkout.var / name or original(checkout.var, name) == checkout.var):
            return Site(folder, account((folder / "data").stat().st_uid))
    return None


def original(var: Path, name: str) -> Path | None:
    """The ``var`` that owns the folder outside that this ``var`` claims: itself, or the one it is a copy of.

    None when it claims no folder.
    """
    folder = _claimed(var, name)
    if folder is None:
        return None
    seen = _last_seen(folder)
    return seen if seen not in (None, var) and _claimed(seen, name) == folder else var


def settle(checkout: Checkout, name: str) -> None:
    """Brings the notes about a cluster outside up to date, and says so, if the checkout was moved or copied."""
    folder = _claimed(checkout.var, name)
    if folder is None:
        return
    owner = original(checkout.var, name)
    if owner != checkout.var:
        say(f"  --  This clone is a copy of {owner}.")
        say("      The database stays with that one; this clone gets one of its own.")
    elif (seen := _last_seen(folder)) not in (None, checkout.var):
        say(f"  --  This clone was in {seen} before.")
        say(f"      Its database stays in {folder}.")
        _note(folder).write_text(f"{checkout.var}\n", encoding="utf-8")


def must_not_be_lost(checkout: Checkout, name: str) -> None:
    """Raises ``Stop`` if the checkout's cluster is not where it was left: no empty one may take its place."""
    folder = _claimed(checkout.var, name)
    if folder is not None and original(checkout.var, name) == checkout.var and not os.path.lexists(folder):
        raise Stop(
            f"The database of this clone is in\n    {folder}\nwhich is not there. Is its disk mounted? "
            f"To start again with an empty database, move\n    {_claim(checkout.var, name)}\naway."
        )


def choose(checkout: Checkout, name: str, *, lasting: bool) -> Site:
    """Creates and remembers a new, empty, private folder (mode 0700) for the cluster.

    In ``var`` if the account can use it there; otherwise outside, in a place that survives a reboot if
    ``lasting``, else a temporary one. Raises ``Stop`` when there is none.
    """
    accounts = candidates(checkout.root)
    for owner in accounts:
        folder = checkout.var / name
        if (folder / "data").exists():
            raise Stop(f"{folder / 'data'} is damaged: it has no PG_VERSION. Move it away and start again.")
        shutil.rmtree(folder, ignore_errors=True)  # an initdb that was killed
        try:
            folder.mkdir(mode=0o700)
            os.chown(folder, owner.uid, owner.gid)
        except OSError:
            continue
        if usable(folder, owner):
            _claim(checkout.var, name).unlink(missing_ok=True)
            return Site(folder, owner)
        shutil.rmtree(folder, ignore_errors=True)
    for owner in accounts:
        for parent in _outside(lasting):
            try:
                _make_passable(parent)
                folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
                os.chown(folder, owner.uid, owner.gid)
            except OSError:
                continue
            if usable(folder, owner):
                _note(folder).write_text(f"{checkout.var}\n", encoding="utf-8")
                _claim(checkout.var, name).write_text(f"{folder}\n", encoding="utf-8")
                return Site(folder, owner)
            shutil.rmtree(folder, ignore_errors=True)
    tried = " or ".join(owner.name for owner in accounts) or "no account but root"
    raise Stop(
        f"Found no folder for the database that {tried} can use. Set DATABASE_URL, or use another user."
    )


def usable(folder: Path, owner: Account) -> bool:
    """True when the account can keep a database in the folder: reach it, write to it, and set modes.

    Shared folders of virtual machines and of Windows ignore modes, and PostgreSQL then refuses to start.
    Tested by trying, in a child process running as the account.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if owner.uid != os.geteuid():
                os.setgroups([])
                os.setgid(owner.gid)
                os.setuid(owner.uid)
            probe = folder / "probe"
            probe.mkdir(mode=0o700)
            os.chmod(probe, 0o700)
            obeyed = probe.stat().st_mode & 0o777 == 0o700 and probe.stat().st_uid == owner.uid
            probe.rmdir()
            code = 0 if obeyed else 1
        except OSError:
            pass
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _claim(var: Path, name: str) -> Path:
    return var / f"{name}.place"


def _claimed(var: Path, name: str) -> Path | None:
    try:
        return Path(_claim(var, name).read_text(encoding="utf-8").strip())
    except OSError:
        return None


def _note(folder: Path) -> Path:
    return folder / "checkout"


def _last_seen(folder: Path) -> Path | None:
    try:
        return Path(_note(folder).read_text(encoding="utf-8").strip())
    except OSError:
        return None


def _make_passable(parent: Path) -> None:
    """Makes the folder of all clusters of this kind; whatever the umask, other accounts can pass through root's."""
    parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if os.geteuid() == 0 and parent != Path(tempfile.gettempdir()):
        os.chmod(parent, 0o755)  # noqa: S103 - the clusters in it are closed themselves


def _outside(lasting: bool) -> Iterator[Path]:
    if lasting:
        if os.geteuid() == 0:
            yield Path("/var/lib/oshcity")
        else:
            yield Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "oshcity"
    else:
        yield Path(tempfile.gettempdir())


@dataclass(frozen=True)
class Stray:
    """A cluster outside whose checkout is not where it was last seen."""

    folder: Path
    last_seen: Path


def strays(checkout: Checkout, parents: Iterable[Path] | None = None) -> list[Stray]:
    """Clusters outside that no checkout claims from where it was last seen.

    Nobody can tell from here whether that checkout was deleted, moved, or lies on a disk that is not there now.
    """
    own = {_claimed(checkout.var, place.stem) for place in checkout.var.glob("*.place")}
    found = []
    for parent in parents if parents is not None else _outside(lasting=True):
        for note in sorted(parent.glob("*/checkout")):
            folder, seen = note.parent, _last_seen(note.parent)
            if seen is None or folder in own:
                continue
            if folder not in {_claimed(seen, place.stem) for place in seen.glob("*.place")}:
                found.append(Stray(folder, seen))
    return found
