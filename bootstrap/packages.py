"""System packages: finds what is missing and installs it through apt where allowed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bootstrap import postgres
from bootstrap.console import Stop, as_administrator, note, run_step

#: Debian reads here what its packages do when they are installed.
CREATECLUSTER = Path("/etc/postgresql-common/createcluster.d")
#: Exit code when the user must install packages first.
PACKAGES_MISSING = 3


@dataclass(frozen=True)
class Need:
    """Something the system must provide.

    ``there`` tests for the thing itself, not for a package: it may have been installed another way.
    ``packages`` are its package names on Debian 12 and Ubuntu 24.04. Alternatives are written as in a Debian package's
    own needs, the best one first: ``chromium-headless-shell | chromium``.
    """

    what: str
    why: str
    packages: tuple[str, ...]
    there: Callable[[], bool]


def venv_package() -> str:
    """Package with ``venv`` for this Python: the distribution's default one, or the one for its version."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    default = Path("/usr/bin/python3").resolve().name
    return "python3-venv" if default == version else f"{version}-venv"


VENV = Need(
    "Python's venv module",
    "the project's Python packages live in var/venv, apart from the system's",
    (venv_package(),),
    lambda: find_spec("ensurepip") is not None and find_spec("venv") is not None,
)
DATABASE = Need(
    f"PostgreSQL {postgres.OLDEST} or newer with PostGIS",
    "the city lives in a private database in var/ that listens on no network",
    ("postgresql", "postgresql-postgis"),
    lambda: postgres.newest() is not None,
)
BROWSER = Need(
    "Chromium",
    "the browser tests drive it",
    # The shell has no windows, menus and extensions to keep: it takes three quarters of the processor's time.
    ("chromium-headless-shell | chromium", "fonts-dejavu-core"),
    lambda: browser() is not None,
)


def browser() -> str | None:
    """Path of a Chromium for the browser tests, or None; ``CHROMIUM`` overrides it."""
    names = ("chromium-headless-shell", "chromium", "google-chrome-stable")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def ensure(needs: Sequence[Need], *, logs: Path) -> None:
    """Installs what is missing and says what and why.

    Works as root or with sudo, which asks for its password on a terminal; otherwise raises ``Stop`` with the command to
    run.
    """
    missing = [need for need in needs if not need.there()]
    if not missing:
        return
    packages = [package for need in missing for package in need.packages]
    for need in missing:
        note(f"{need.what} ({', '.join(need.packages)}) is missing: {need.why}")
    if shutil.which("apt-get") is None:
        raise Stop(
            "This system has no apt. Install what is listed above with its own package manager"
            + (", or set DATABASE_URL to a PostgreSQL with PostGIS" if DATABASE in missing else "")
            + ".",
            PACKAGES_MISSING,
        )
    right = _right_to_install()
    if right is None:
        raise Stop("Installing needs an administrator. Run\n    " + install_line(packages), PACKAGES_MISSING)
    quiet = [*right, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=600"]
    run_step("List of system packages (apt-get update)", [*quiet, "update"], log=logs / "apt-update.log")
    # Only now is it known what this release of the system has.
    packages = [*map(_chosen, packages)]
    with _no_cluster_of_debians(right) if DATABASE in missing else nullcontext():
        run_step(
            f"System packages: {' '.join(packages)}",
            [*quiet, "install", "-y", "--no-install-recommends", *packages],
            log=logs / "apt-install.log",
            remedy="To see the full output, run\n    " + install_line(packages),
            outlives_us=True,  # half of a system package helps nobody
        )
    still = [need.what for need in missing if not need.there()]
    if still:
        raise Stop(f"Installed, but still not found: {', '.join(still)}. See {logs / 'apt-install.log'}")


def install_line(packages: Sequence[str]) -> str:
    """The command an administrator runs to install the packages."""
    names = " ".join(shlex.quote(_chosen(package)) for package in packages)
    return as_administrator("apt-get update", f"apt-get install -y --no-install-recommends {names}")


def _chosen(package: str) -> str:
    """The first of the alternatives that apt can install by the lists it has; the last one if it can install none."""
    *better, last = package.split(" | ")
    return next(filter(_installable, better), last)


def _installable(package: str) -> bool:
    simulated = ["apt-get", "--simulate", "--no-install-recommends", "install", package]
    return (
        shutil.which("apt-get") is not None
        and not subprocess.run(simulated, capture_output=True, check=False).returncode
    )


def may_install() -> bool:
    """True as root, or where there is sudo, which may still refuse."""
    return os.geteuid() == 0 or shutil.which("sudo") is not None


def _right_to_install() -> list[str] | None:
    """Prefix for apt-get: empty as root, else sudo, which may ask for a password on a terminal; None if we may not."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    if subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    if not sys.stdin.isatty():
        return None
    note("Installing needs an administrator: sudo asks for your password.")
    return [sudo, "-n"] if subprocess.run([sudo, "-v"], check=False).returncode == 0 else None


@contextmanager
def _no_cluster_of_debians(right: Sequence[str]) -> Iterator[None]:
    """While PostgreSQL's packages are being installed: keeps them from making a server of their own, on a network port.

    The city has its private one. Only the first installation makes one, so that the switch need not stay.
    """
    switch, folder = "oshcity.conf", str(CREATECLUSTER)
    on = f'mkdir -p "$1" && echo "create_main_cluster = off" >"$1/{switch}"'
    off = f'rm -f "$1/{switch}"; rmdir "$1" 2>/dev/null || true'
    subprocess.run([*right, "sh", "-c", on, "sh", folder], check=True)
    try:
        yield
    finally:
        subprocess.run([*right, "sh", "-c", off, "sh", folder], check=True)
