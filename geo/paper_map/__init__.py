"""A map of cells on paper: two pages A4 and more for large tables as PDF, or the first of them as a picture. It knows cells, not what they count."""

from geo.paper_map.numbers import SMALL_MM
from geo.paper_map.pens import Fonts
from geo.paper_map.sheet import Matrix, Sheet, Table, as_pdf, as_png

__all__ = ["SMALL_MM", "Fonts", "Matrix", "Sheet", "Table", "as_pdf", "as_png"]
