"""PostgreSQL installations on this machine that have PostGIS."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: Oldest PostgreSQL that the project runs on.
OLDEST = 15

#: Debian, Ubuntu and the PostgreSQL project's RPMs keep the server's programs off PATH, in a folder per
#: version.
VERSIONED_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")


@dataclass(frozen=True)
class Installation:
    """Programs of one major version of PostgreSQL."""

    major: int
    bin: Path

    def program(self, name: str) -> str:
        return str(self.bin / name)


def installations() -> list[Installation]:
    """Every PostgreSQL server found, of any version, with or without PostGIS; newest first."""
    folders = [
        folder
        for pattern in VERSIONED_FOLDERS
        for folder in Path("/").glob(pattern.lstrip("/"))
        if (folder / "initdb").exists()
    ]
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    found = {folder: _major(folder) for folder in dict.fromkeys(folders)}
    return sorted(
        (Installation(major, folder) for folder, major in found.items() if major is not None),
        key=lambda installation: -installation.major,
    )


def newest() -> Installation | None:
    """The newest usable installation: ``OLDEST`` or newer, with PostGIS; None when there is none."""
    return next((one for one in installations() if one.major >= OLDEST and has_postgis(one)), None)


def of_major(major: int) -> Installation | None:
    """The installation of exactly this major version (a cluster opens with no other version), or None."""
    return next((one for one in installations() if one.major == major), None)


def has_postgis(installation: Installation) -> bool:
    """True when PostGIS is installed for this version of PostgreSQL."""
    prefix = installation.bin.parent
    shares = (
        Path(f"/usr/share/postgresql/{installation.major}"),
        prefix / "share",
        prefix / "share" / "postgresql",
        prefix / "share" / f"postgresql@{installation.major}",
    )
    return any((share / "extension" / "postgis.control").exists() for share in shares)


def _major(folder: Path) -> int | None:
    try:
        result = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    match = re.search(r"\(PostgreSQL\) (\d+)", result.stdout)
    return int(match[1]) if match else None
