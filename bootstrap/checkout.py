"""The checkout being bootstrapped: where its files are and what belongs in ``var/``."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bootstrap import variables
from bootstrap.console import Stop, as_administrator


@dataclass(frozen=True)
class Checkout:
    """A copy of the project (``root``) and the folder for everything it generates (``var``)."""

    root: Path
    var: Path

    @property
    def venv(self) -> Path:
        return self.var / "venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def cache(self) -> Path:
        """What pip and npm download is kept here, for the next lock file."""
        return self.var / "cache"

    @property
    def node_modules(self) -> Path:
        return self.root / "node_modules"

    def lock(self, name: str) -> Path:
        """The lock file of the ``run`` or ``dev`` requirements."""
        return self.root / "requirements" / f"{name}.txt"


def this_checkout() -> Checkout:
    """The checkout this module is part of; ``VAR_DIR`` moves its ``var``, wherever the command is called from."""
    root = Path(__file__).resolve().parents[1]
    return Checkout(root, (root / (os.environ.get("VAR_DIR", "").strip() or "var")).resolve())


def prepare_var(checkout: Checkout) -> None:
    """Creates ``var``; raises ``Stop`` with the command to run when it is not writable (another user's)."""
    try:
        checkout.var.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Stop(f"{checkout.var} cannot be created: {error.strerror}") from None
    # Whoever made the one has made the other.
    remedies = dict(not_writable([checkout.var, checkout.node_modules]))
    if checkout.var in remedies:
        raise Stop(
            f"{checkout.var} is not writable by this user (created with sudo?). Use that user again, or run\n    "
            + "\n    ".join(remedies.values())
        )


def not_writable(folders: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Those in which this user cannot write, or which they cannot make, each with the command that helps.

    One that waits only for another of them, in which it would be made, is not named.
    """
    named: set[Path] = set()
    for folder in folders:
        there = next(one for one in (folder, *folder.parents) if one.exists())
        if there in named or (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
            continue
        named.add(there)
        if there != folder:
            remedy = as_administrator(f"mkdir -p '{folder}'", f"chown {os.getuid()} '{folder}'")
        elif folder.stat().st_uid == os.getuid() and folder.is_dir():
            remedy = f"chmod -R u+rwX '{folder}'"
        else:
            remedy = as_administrator(f"chown -R {os.getuid()} '{folder}'")
        yield folder, remedy


def written_folders(checkout: Checkout) -> list[Path]:
    """Where a city that is open writes; static files may be part of an image."""
    given = (variables.MEDIA_ROOT.read(os.environ), variables.UPLOADS_ROOT.read(os.environ))
    media, uploads = (
        folder or checkout.var / name for folder, name in zip(given, ("media", "uploads"), strict=True)
    )
    return [checkout.var, checkout.var / "work", checkout.logs, media, uploads]


def digest(*parts: Path | str) -> str:
    """Hex SHA-256 of the files and strings together; a missing file counts as empty."""
    total = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part.read_bytes() if part.is_file() else b""
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


def ensure_secret_key(checkout: Checkout) -> None:
    """Sets ``SECRET_KEY`` to the checkout's own where it is not set."""
    if not variables.SECRET_KEY.is_set(os.environ):
        os.environ["SECRET_KEY"] = secret_key(checkout)


def secret_key(checkout: Checkout) -> str:
    """The checkout's own secret key: generated once, readable only by its owner."""
    path = checkout.var / "secret.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_text(encoding="ascii").strip()
        if key:
            return key
        path.unlink()  # its writer was killed between the two lines below
        return secret_key(checkout)
    with os.fdopen(handle, "w", encoding="ascii") as target:
        key = secrets.token_urlsafe(64)
        target.write(key)
    return key
