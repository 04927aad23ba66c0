"""An address as a QR code (ISO/IEC 18004) for whoever reads it from paper."""

from __future__ import annotations

from typing import Final

import qrcode
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

#: Modules of quiet ground on each side, as the standard asks.
_QUIET: Final = 4


def qr_svg(address: str, label: str) -> SafeString:
    """The address as an SVG image of black modules, whose description is the label; a seventh of it may be damaged."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=0)
    code.add_data(address)
    rows = code.get_matrix()
    size = len(rows) + 2 * _QUIET
    path = "".join(
        f"M{x + _QUIET} {y + _QUIET}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, dark in enumerate(row)
        if dark
    )
    return format_html(
        '<svg role="img" aria-label="{}" viewBox="0 0 {} {}" shape-rendering="crispEdges">'
        '<rect width="100%" height="100%" fill="#fff"/><path d="{}" fill="#000"/></svg>',
        label,
        size,
        size,
        mark_safe(path),  # noqa: S308 - digits and letters of our own
    )
