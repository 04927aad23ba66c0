"""What a visitor's device keeps from the first visit on, so that the site opens without a network.

The scripts are kept whole; the map library and pictures are kept when they are first used.
"""

from __future__ import annotations

_files: dict[str, None] = dict.fromkeys(
    (
        "web/css/site.css",
        "web/css/map.css",
        "web/css/appeal.css",
        "web/img/icons.svg",
        "web/icons/map.svg",
        "web/icons/icon.svg",
    )
)


def keep(*names: str) -> None:
    """Adds static files of a room above; its ``AppConfig.ready`` calls this."""
    _files.update(dict.fromkeys(names))


def kept() -> tuple[str, ...]:
    """Names of the static files, in the order in which they were named."""
    return tuple(_files)
