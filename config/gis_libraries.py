"""GDAL and GEOS for GeoDjango: from environment variables, else from the wheels, else from the system.

The pyogrio and shapely wheels bundle newer, patched builds than the distributions do, and exist wherever the
requirements are installed.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path


def _bundled(package: str, pattern: str) -> str | None:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    found = sorted(folder.parent.glob(f"{package}.libs/{pattern}"))
    return str(found[0]) if found else None


def _use_data_of_wheel() -> None:
    # PROJ and GDAL look for their data where they were built; the wheel keeps it beside its module.
    spec = find_spec("pyogrio")
    if spec is None or spec.origin is None:
        return
    folder = Path(spec.origin).parent
    for variable, name in (("GDAL_DATA", "gdal_data"), ("PROJ_DATA", "proj_data")):
        if (folder / name).is_dir():
            os.environ.setdefault(variable, str(folder / name))


def gdal_library() -> str | None:
    """Path of libgdal, or None to let GeoDjango find the system's."""
    if path := os.environ.get("GDAL_LIBRARY_PATH"):
        return path
    if path := _bundled("pyogrio", "libgdal*.so*"):
        _use_data_of_wheel()
        return path
    return None


def geos_library() -> str | None:
    """Path of libgeos_c, or None to let GeoDjango find the system's."""
    return os.environ.get("GEOS_LIBRARY_PATH") or _bundled("shapely", "libgeos_c*.so*")
