"""Where a private cluster lives and which account owns it.

PostgreSQL refuses to run as root, so a cluster started by root belongs to another account, which must be able
to reach the cluster's folder. A checkout under /root is closed to it; then a folder outside the checkout is
chosen and remembered in ``var``.
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
from bootstrap.console import Stop


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

    A remembered folder counts only if it is marked as belonging to this checkout: a copied ``var`` must not
    open the original's database.
    """
    pointer = _pointer(checkout, name)
    folders = [checkout.var / name]
    if pointer.exists():
        folders.insert(0, Path(pointer.read_text(encoding="utf-8").strip()))
    for folder in folders:
        try:
            exists = (folder / "data" / "PG_VERSION").exists()
        except PermissionError:
            owner = account(folder.stat().st_uid).name
            raise Stop(
                f"The database in {folder} belongs to {owner}: run this as its creator (root, with sudo?)."
            ) from None
        if exists and (folder == checkout.var / name or _belongs(folder, checkout)):
            return Site(folder, account((folder / "data").stat().st_uid))
    return None


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
            _pointer(checkout, name).unlink(missing_ok=True)
            return Site(folder, owner)
        shutil.rmtree(folder, ignore_errors=True)
    for owner in accounts:
        for parent in _outside(lasting):
            try:
                parent.mkdir(mode=0o755, parents=True, exist_ok=True)
                folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
                os.chown(folder, owner.uid, owner.gid)
            except OSError:
                continue
            if usable(folder, owner):
                (folder / "checkout").write_text(f"{checkout.var}\n", encoding="utf-8")
                _pointer(checkout, name).write_text(f"{folder}\n", encoding="utf-8")
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


def _pointer(checkout: Checkout, name: str) -> Path:
    return checkout.var / f"{name}.place"


def _belongs(folder: Path, checkout: Checkout) -> bool:
    try:
        return (folder / "checkout").read_text(encoding="utf-8").strip() == str(checkout.var)
    except OSError:
        return False


def _outside(lasting: bool) -> Iterator[Path]:
    if lasting:
        if os.geteuid() == 0:
            yield Path("/var/lib/oshcity")
        else:
            yield Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "oshcity"
    else:
        yield Path(tempfile.gettempdir())


def abandoned(parents: Iterable[Path] | None = None) -> list[Path]:
    """Cluster folders outside whose checkout no longer exists; nothing uses them any more."""
    found = []
    for parent in parents if parents is not None else _outside(lasting=True):
        for note in parent.glob("*/checkout"):
            var = Path(note.read_text(encoding="utf-8").strip())
            pointers = [place.read_text(encoding="utf-8").strip() for place in var.glob("*.place")]
            if str(note.parent) not in pointers:
                found.append(note.parent)
    return found
