"""Fonts for what is drawn here, with every letter of Kyrgyz, Russian and English; LICENSE lets them be passed on."""

from __future__ import annotations

from pathlib import Path
from typing import Final

REGULAR: Final = Path(__file__).parent / "DejaVuSans.ttf"
BOLD: Final = Path(__file__).parent / "DejaVuSans-Bold.ttf"
