"""Sites with their own shape: markets, stadiums, stations, the airport, works, cemeteries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import shapely
from shapely.affinity import rotate
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from data.osh.drawing.curves import blob, metres
from data.osh.drawing.ground import RIVER_WIDTH_M, river, river_strip
from data.osh.drawing.streets import STREETS


@dataclass(frozen=True)
class Ground:
    """A site: its class on the map, its names, its shape on the drawing plane."""

    category: str
    name_ky: str
    name_ru: str
    name_en: str
    shape: BaseGeometry


@cache
def grounds() -> dict[str, Ground]:
    """Every site by key; none lies on the river or on a main street."""
    raw = {
        "jayma-bazaar": Ground(
            "market", "Жайма базар", "Базар Жайма", "Jayma Bazaar",
            river_strip(40.5354, 40.5412, left_m=230, right_m=90),
        ),
        "kelechek": Ground(
            "market", "Келечек базары", "Рынок Келечек", "Kelechek Market", _slab(72.8042, 40.5442, 420, 300, 12)
        ),
        "car-market": Ground(
            "market", "Жапалак авто базары", "Авторынок Жапалак", "Japalak Car Market",
            _slab(72.7558, 40.5062, 620, 380, 8),
        ),
        "livestock-market": Ground(
            "market", "Мал базары", "Скотный рынок", "Livestock Market", _slab(72.7345, 40.5312, 330, 230, -5)
        ),
        "stadium": Ground(
            "stadium", "Суюмбаев стадиону", "Стадион имени Суюмбаева", "Suyumbaev Stadium",
            _slab(72.80305, 40.52082, 110, 190, 20).buffer(20),
        ),
        "sports-palace": Ground(
            "stadium", "Спорт сарайы", "Дворец спорта", "Sports Palace", _slab(72.8263, 40.5229, 240, 160, 8)
        ),
        "bus-station": Ground(
            "station", "Жаңы автобекет", "Новый автовокзал", "New Bus Station", _slab(72.8066, 40.5536, 250, 160, 3)
        ),
        "railway-station": Ground(
            "station", "Темир жол бекети", "Железнодорожный вокзал", "Railway Station",
            _slab(72.8101, 40.5512, 330, 130, 35),
        ),
        "airport": Ground(
            "airport", "«Ош» аэропорту", "Аэропорт «Ош»", "Osh Airport", _slab(72.7925, 40.6113, 2750, 620, -28)
        ),
        "chp-plant": Ground(
            "industry", "Ош ЖЭБ", "Ошская ТЭЦ", "Osh CHP Plant", _slab(72.8204, 40.5433, 330, 270, -10)
        ),
        "textile-works": Ground(
            "industry", "Кездеме комбинаты", "Хлопчатобумажный комбинат", "Textile Works",
            _slab(72.8272, 40.5435, 380, 300, -15),
        ),
        "waterworks": Ground(
            "industry", "Суу тазалоочу курулмалар", "Водозабор", "Waterworks", _slab(72.8250, 40.4812, 260, 300, 0)
        ),
        "hospital": Ground(
            "hospital", "Облустар аралык оорукана", "Межобластная больница", "Interregional Hospital",
            _slab(72.8217, 40.5172, 250, 330, -12),
        ),
        "university": Ground(
            "education", "Ош мамлекеттик университети", "Ошский госуниверситет", "Osh State University",
            _slab(72.7975, 40.5263, 190, 230, 20),
        ),
        "western-cemetery": Ground(
            "cemetery", "Батыш көрүстөнү", "Западное кладбище", "Western Cemetery",
            blob(72.7500, 40.5395, name="cemetery", width_m=620, height_m=420),
        ),
        "eastern-cemetery": Ground(
            "cemetery", "Чыгыш көрүстөнү", "Восточное кладбище", "Eastern Cemetery",
            blob(72.8570, 40.4950, name="cemetery 2", width_m=560, height_m=460),
        ),
    }  # fmt: skip
    streets = shapely.unary_union([street.line for street in STREETS.values()]).buffer(14, quad_segs=2)
    water = river().buffer(RIVER_WIDTH_M / 2 + 2)
    return {
        key: Ground(
            site.category,
            site.name_ky,
            site.name_ru,
            site.name_en,
            site.shape.difference(water).difference(streets),
        )
        for key, site in raw.items()
    }


def _slab(lon: float, lat: float, width_m: float, height_m: float, turn_deg: float) -> Polygon:
    x, y = metres(lon, lat)
    box = shapely.box(x - width_m / 2, y - height_m / 2, x + width_m / 2, y + height_m / 2)
    return rotate(box, turn_deg).buffer(-15).buffer(15, quad_segs=2)
