"""A map of cells on paper: two pages A4 as PDF, or the first of them as a picture. It knows cells, not what they count."""

from geo.paper_map.pens import Fonts
from geo.paper_map.sheet import Sheet, Table, as_pdf, as_png

__all__ = ["Fonts", "Sheet", "Table", "as_pdf", "as_png"]
