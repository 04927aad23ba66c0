"""The virtual environment: built from the lock files with plain pip, rebuilt when they change."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrap.checkout import Checkout, digest
from bootstrap.console import Stop, run_step

#: Lock files in requirements/: what the product runs on, and what its tests need on top.
LOCKS = ("run", "dev")
#: The newest Python that the lock files have packages for.
NEWEST_PYTHON = (3, 13)


def current(checkout: Checkout, locks: tuple[str, ...]) -> bool:
    """True when the environment was built from the current lock files by a Python that still exists."""
    stamp = _read_stamp(checkout)
    return checkout.python.exists() and all(stamp.get(name) == digest(checkout.lock(name)) for name in locks)


def inside(checkout: Checkout) -> bool:
    """True when this process already runs in the environment."""
    return Path(sys.prefix).resolve() == checkout.venv.resolve()


def ensure(checkout: Checkout, *, dev: bool) -> None:
    """Installs exactly the packages of ``run.txt``, plus those of ``dev.txt`` if ``dev``.

    Hashes are required, so what is installed is what was locked. An interrupted run leaves no stamp and is repeated.
    """
    locks = ("run", "dev") if dev else ("run",)
    if current(checkout, locks):
        return
    if sys.version_info[:2] > NEWEST_PYTHON:
        newest = ".".join(map(str, NEWEST_PYTHON))
        raise Stop(
            f"This is Python {_python_version()}; the packages are locked for 3.11 to {newest}. Run\n"
            f"    python{newest} manage.py up"
        )
    with _alone(checkout):
        if current(checkout, locks):  # another command built it in the meantime
            return
        # An environment built for tests keeps its test packages when only the run lock is needed.
        wanted = ("run", "dev") if dev or "dev" in _read_stamp(checkout) else ("run",)
        _stamp_file(checkout).unlink(missing_ok=True)
        if not checkout.python.exists() or _version_of(checkout) != _python_version():
            base: str = getattr(sys, "_base_executable", sys.executable)
            run_step(
                "Virtual environment in var/venv",
                [base, "-m", "venv", "--clear", checkout.venv],
                log=checkout.logs / "venv.log",
            )
        # dev.txt is resolved on top of run.txt and repeats it.
        lock = checkout.lock(wanted[-1])
        pins = pinned(lock.read_text(encoding="utf-8"))
        pip: list[str | Path] = [checkout.python, "-m", "pip", "--disable-pip-version-check", "--no-input"]
        run_step(
            f"Python packages ({len(pins)}; the first time takes minutes)",
            [*pip, "install", "--progress-bar", "off", "--require-hashes", "--no-deps", "-r", lock],
            log=checkout.logs / "pip.log",
            env={
                **os.environ,
                "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR") or str(checkout.cache / "pip"),
            },
            remedy="Is the network up? To try again, run the same command.",
        )
        # Packages of the other lock may stay: `up` and `test` often use the same environment alternately.
        known = set[str]().union(*(pinned(checkout.lock(name).read_text(encoding="utf-8")) for name in LOCKS))
        leftovers = sorted(_installed(checkout) - known - {"pip", "setuptools"})
        if leftovers:
            run_step(
                f"Removing {len(leftovers)} packages that are no longer locked",
                [*pip, "uninstall", "-y", *leftovers],
                log=checkout.logs / "pip-uninstall.log",
            )
        stamp = {name: digest(checkout.lock(name)) for name in wanted}
        _stamp_file(checkout).write_text(json.dumps(stamp), encoding="ascii")


def pinned(lock: str) -> set[str]:
    """Normalised names of the packages that a lock file pins, whatever their markers."""
    return {normalised(name) for name in re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", lock, re.MULTILINE)}


def normalised(name: str) -> str:
    """Package name normalised according to PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def re_execute(checkout: Checkout, arguments: list[str]) -> None:
    """Replaces this process with the same command run in the environment; does not return."""
    sys.stdout.flush()
    sys.stderr.flush()
    script = checkout.root / "manage.py"
    os.execv(checkout.python, [os.fspath(checkout.python), os.fspath(script), *arguments])


def _stamp_file(checkout: Checkout) -> Path:
    return checkout.venv / "locked.json"


def _read_stamp(checkout: Checkout) -> dict[str, str]:
    try:
        stamp = json.loads(_stamp_file(checkout).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _python_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _version_of(checkout: Checkout) -> str:
    command = [os.fspath(checkout.python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip()


def _installed(checkout: Checkout) -> set[str]:
    command = [
        os.fspath(checkout.python),
        "-m",
        "pip",
        "list",
        "--format=json",
        "--disable-pip-version-check",
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return {normalised(package["name"]) for package in json.loads(found.stdout)}


@contextmanager
def _alone(checkout: Checkout) -> Iterator[None]:
    """Two commands started at once must not run pip in one environment."""
    with (checkout.var / "environment.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
