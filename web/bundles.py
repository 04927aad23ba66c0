"""Scripts: many modules to write in, few to load.

Where files are served as they lie (``DEBUG``) the browser loads each module; when the static files are collected,
esbuild makes a few bundles of them. Bundles name each other's modules as the modules do (``city/…``), and the page's
import map says which bundle has them, so that each is named by its own content alone.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from web.modules import MODULES_PREFIX, module_paths, module_source

#: Path of the bundles below STATIC_URL.
BUNDLES_PREFIX = "web/bundles/"

#: The modules of each bundle, as patterns of their paths; the first that fits has a module.
BUNDLES: Mapping[str, tuple[str, ...]] = {
    # The service worker's part in sending; it loads no modules, so that this one has all that it needs in itself.
    "worker": ("outbox/background.js",),
    # What every page runs, what an appeal of the outbox is sent with, and the frame that maps come into.
    "site": (
        "main.js",
        "site/*",
        "outbox/*",
        # With all that sends: some browsers that could not load a part just then do not ask for it again.
        "appeal/resumable.js",
        "appeal/transmit.js",
        "appeal/upload.js",
        "appeal/written.js",
        "elements/city-map.js",
        "elements/my-appeals.js",
        "map/extent.js",
        "map/status-bar.js",
        "map/still.js",
    ),
    "browse": (
        "elements/appeal-browser.js",
        "map/appeals-source.js",
        "map/browse.js",
        "map/card.js",
        "map/gather.js",
        "map/works.js",
    ),
    # With the map where somebody draws on it: services, and whoever asks for what happens in an area.
    "draw": ("map/draw.js",),
    "map": ("map/*",),
    "places": (
        "elements/appeal-pin.js",
        "elements/drawn-place.js",
        "elements/marked-place.js",
        "elements/place-here.js",
    ),
    # On each appeal's page, and where new ones are waited for.
    "push": ("elements/push-alert.js",),
    # On the author's own page, and where residents comment.
    "own": ("elements/own-words.js",),
    # In the form of a new appeal, in an author's and at the desk.
    "files": (
        "appeal/acceptable.js",
        "appeal/exif.js",
        "appeal/files.js",
        "appeal/form-files.js",
        "appeal/identifiers.js",
        "appeal/photos.js",
    ),
    "form": ("elements/appeal-form.js", "appeal/*"),
    "desk": ("desk/*", "elements/*"),
}

#: Name of the bundle that the service worker loads.
WORKER = "worker"

#: Browsers that know import maps know all of it.
_TARGET = "es2022"
_EXPORTED = re.compile(r"^export (?:async )?(?:class|const|function|let) ?\*? ?([\w$]+)", re.MULTILINE)


def bundle_of(path: str) -> str:
    """Name of the bundle that has the module; raises ``LookupError`` for a module that none has."""
    for name, patterns in BUNDLES.items():
        if any(fnmatch(path, pattern) for pattern in patterns):
            return name
    raise LookupError(f"no bundle has {path}: see BUNDLES in web/bundles.py")


@lru_cache(maxsize=2)
def files_of_modules(bundled: bool) -> Mapping[str, str]:
    """Name of the static file that has each module: its bundle's, or its own where files are served as they lie."""
    return {
        path: f"{BUNDLES_PREFIX}{bundle_of(path)}.js" if bundled else MODULES_PREFIX + path
        for path in module_paths()
    }


def offline_modules() -> tuple[str, ...]:
    """Path of every module that a device keeps for the time without a network; the desk needs one anyway.

    The browser keeps what the service worker loads by itself.
    """
    return tuple(path for path in module_paths() if bundle_of(path) not in {"desk", WORKER})


def modules_of(bundle: str) -> list[str]:
    """Paths of the bundle's modules."""
    return [path for path in module_paths() if bundle_of(path) == bundle]


def made(bundle: str) -> bytes:
    """The bundle's text, with the exports of all its modules. Takes esbuild some hundredths of a second.

    Raises ``ImproperlyConfigured`` without esbuild, with what it says if it fails, and for two modules that export one
    name: those that import it could not tell which.
    """
    own = modules_of(bundle)
    seen: dict[str, str] = {}
    for path in own:
        for name in _EXPORTED.findall(module_source(path)):
            if seen.setdefault(name, path) != path:
                raise ImproperlyConfigured(f"{path} and {seen[name]} of one bundle both export {name}")
    others = [path for path in module_paths() if path not in own] if bundle != WORKER else []
    done = subprocess.run(  # noqa: S603 - our own program, on our own modules
        [
            _esbuild(),
            "--bundle",
            f"--format={'iife' if bundle == WORKER else 'esm'}",
            "--minify",
            "--charset=utf8",
            f"--target={_TARGET}",
            "--log-level=warning",
            # It says where city/… lies, as the checks of types read it.
            f"--tsconfig={settings.BASE_DIR / 'tsconfig.json'}",
            "--external:maplibre-gl",
            *(f"--external:city/{path}" for path in others),
        ],
        input="".join(f'export * from "city/{path}";\n' for path in own).encode(),
        capture_output=True,
        check=False,
        cwd=settings.BASE_DIR,
        timeout=60,
    )
    if done.returncode:
        raise ImproperlyConfigured(f"esbuild: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _esbuild() -> Path:
    """The program of this machine's kind; npm installs no other."""
    found = sorted(settings.NODE_MODULES.glob("@esbuild/*/bin/esbuild"))
    if not found:
        raise ImproperlyConfigured(
            f"there is no esbuild in {settings.NODE_MODULES}; ./manage.py up installs it, as does npm ci"
        )
    return found[0]
