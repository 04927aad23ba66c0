"""The ground of the city: river, canals, hills, parks, the outline and the nine territories."""

from __future__ import annotations

from functools import cache

import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import linemerge, polygonize, unary_union

from data.osh.drawing.curves import Degrees, line, metres, ring, spot
from data.osh.drawing.streets import STREETS

RIVER_WIDTH_M = 34.0

_RIVER: tuple[Degrees, ...] = (
    (72.8300, 40.4300), (72.8262, 40.4430), (72.8225, 40.4540), (72.8212, 40.4640), (72.8232, 40.4740),
    (72.8222, 40.4830), (72.8196, 40.4905), (72.8178, 40.4985), (72.8148, 40.5045), (72.8118, 40.5112),
    (72.8086, 40.5180), (72.8060, 40.5240), (72.8030, 40.5300), (72.8002, 40.5360), (72.7982, 40.5420),
    (72.7950, 40.5490), (72.7912, 40.5548), (72.7878, 40.5620), (72.7842, 40.5705), (72.7808, 40.5800),
    (72.7752, 40.5910), (72.7690, 40.6020), (72.7632, 40.6140), (72.7580, 40.6280), (72.7545, 40.6450),
)  # fmt: skip

_UVAM: tuple[Degrees, ...] = (
    (72.8150, 40.5035), (72.8085, 40.5010), (72.8010, 40.5000), (72.7925, 40.5022), (72.7850, 40.5058),
    (72.7760, 40.5120), (72.7690, 40.5200), (72.7640, 40.5290), (72.7600, 40.5390), (72.7540, 40.5480),
    (72.7455, 40.5560), (72.7380, 40.5640),
)  # fmt: skip

_JEKELIK: tuple[Degrees, ...] = (
    (72.8192, 40.4930), (72.8235, 40.5000), (72.8250, 40.5080), (72.8245, 40.5160), (72.8240, 40.5240),
    (72.8238, 40.5320), (72.8262, 40.5400), (72.8290, 40.5490), (72.8345, 40.5580), (72.8415, 40.5660),
    (72.8490, 40.5750),
)  # fmt: skip

_CITY: tuple[Degrees, ...] = (
    (72.7665, 40.6270), (72.7850, 40.6330), (72.8060, 40.6270), (72.8210, 40.6130), (72.8400, 40.6080),
    (72.8540, 40.5980), (72.8580, 40.5830), (72.8690, 40.5710), (72.8830, 40.5590), (72.8920, 40.5430),
    (72.8870, 40.5270), (72.8940, 40.5110), (72.8860, 40.4960), (72.8720, 40.4850), (72.8600, 40.4720),
    (72.8440, 40.4600), (72.8290, 40.4510), (72.8140, 40.4490), (72.8000, 40.4570), (72.7880, 40.4660),
    (72.7750, 40.4620), (72.7590, 40.4650), (72.7440, 40.4720), (72.7320, 40.4830), (72.7220, 40.4950),
    (72.7080, 40.5060), (72.6970, 40.5190), (72.6950, 40.5350), (72.7040, 40.5470), (72.7180, 40.5530),
    (72.7270, 40.5650), (72.7390, 40.5730), (72.7440, 40.5870), (72.7410, 40.6020), (72.7500, 40.6160),
)  # fmt: skip

#: Borders that follow neither the river nor a street. Their ends overshoot the line they meet; dangling ends
#: are cut off.
_FIELD_BORDERS: dict[str, tuple[Degrees, ...]] = {
    "kyzyl-kyshtak | manas-ata": (
        (72.7200, 40.5710), (72.7320, 40.5660), (72.7440, 40.5630), (72.7570, 40.5660), (72.7690, 40.5655),
        (72.7790, 40.5660), (72.7880, 40.5640),
    ),
    "kyzyl-kyshtak | jibek-jolu": (
        (72.7850, 40.5655), (72.7940, 40.5662), (72.8060, 40.5690), (72.8180, 40.5715), (72.8290, 40.5735),
        (72.8400, 40.5770), (72.8500, 40.5800), (72.8660, 40.5810),
    ),
    "alymbek-datka | kerme-too": (
        (72.8445, 40.5360), (72.8440, 40.5290), (72.8425, 40.5215), (72.8432, 40.5150), (72.8410, 40.5090),
        (72.8362, 40.5045), (72.8280, 40.5052), (72.8200, 40.5046), (72.8120, 40.5040),
    ),
    "jibek-jolu | kerme-too": (
        (72.8430, 40.5338), (72.8520, 40.5370), (72.8610, 40.5390), (72.8720, 40.5420), (72.8830, 40.5450),
        (72.9000, 40.5460),
    ),
    "sulaiman-too | japalak": (
        (72.7812, 40.5090), (72.7700, 40.5095), (72.7600, 40.5110), (72.7480, 40.5100), (72.7360, 40.5085),
        (72.7240, 40.5050), (72.7130, 40.5000), (72.7030, 40.4960),
    ),
    # From Razzakov street between Sulaiman-Too and Kurmanjan-Datka, then between Japalak and Kurmanjan-Datka
    "kurmanjan-datka, west": (
        (72.7872, 40.5232), (72.7872, 40.5208), (72.7850, 40.5175), (72.7822, 40.5130), (72.7790, 40.5090),
        (72.7782, 40.5040), (72.7802, 40.4980), (72.7850, 40.4930), (72.7872, 40.4870), (72.7888, 40.4825),
    ),
    "kurmanjan-datka | toloikon": (
        (72.7865, 40.4850), (72.7960, 40.4862), (72.8050, 40.4858), (72.8130, 40.4868), (72.8240, 40.4880),
    ),
    "japalak | toloikon": ((72.7888, 40.4880), (72.7872, 40.4790), (72.7890, 40.4720), (72.7872, 40.4600)),
    "kerme-too | toloikon": (
        (72.8165, 40.4888), (72.8290, 40.4900), (72.8400, 40.4885), (72.8500, 40.4910), (72.8610, 40.4905),
        (72.8760, 40.4830),
    ),
}  # fmt: skip

#: A place inside each territory, by which its face is recognised, with its names.
TERRITORIES: dict[str, tuple[Degrees, str, str, str]] = {
    "alymbek-datka": ((72.8200, 40.5200), "Алымбек-Датка", "Алымбек-Датка", "Alymbek-Datka"),
    "jibek-jolu": ((72.8200, 40.5500), "Жибек-Жолу", "Жибек-Жолу", "Jibek-Jolu"),
    "kerme-too": ((72.8600, 40.5150), "Керме-Тоо", "Керме-Тоо", "Kerme-Too"),
    "kurmanjan-datka": ((72.8000, 40.5000), "Курманжан-Датка", "Курманжан-Датка", "Kurmanjan-Datka"),
    "manas-ata": ((72.7650, 40.5500), "Манас-Ата", "Манас-Ата", "Manas-Ata"),
    "sulaiman-too": ((72.7500, 40.5230), "Сулайман-Тоо", "Сулайман-Тоо", "Sulaiman-Too"),
    "toloikon": ((72.8200, 40.4700), "Төлөйкөн", "Толойкон", "Toloikon"),
    "kyzyl-kyshtak": ((72.7900, 40.6000), "Кызыл-Кыштак", "Кызыл-Кыштак", "Kyzyl-Kyshtak"),
    "japalak": ((72.7600, 40.4900), "Жапалак", "Жапалак", "Japalak"),
}
RURAL = frozenset({"toloikon", "kyzyl-kyshtak", "japalak"})


@cache
def river() -> LineString:
    """The centre line of the Ak-Buura, from beyond the southern to beyond the northern edge of the city."""
    return line(_RIVER, name="ak-buura", wobble_m=75.0, wave_m=2600.0, step_m=45.0)


@cache
def canals() -> dict[str, LineString]:
    """The two canals, by key."""
    return {
        "uvam": line(_UVAM, name="uvam", wobble_m=25.0),
        "jekelik": line(_JEKELIK, name="jekelik", wobble_m=25.0),
    }


@cache
def river_bed() -> Polygon:
    """The water of the Ak-Buura within the city."""
    water = (
        river().buffer(RIVER_WIDTH_M / 2, cap_style="flat", quad_segs=2).simplify(3.0).intersection(city())
    )
    return water if isinstance(water, Polygon) else max(water.geoms, key=lambda part: part.area)


@cache
def hill() -> Polygon:
    """Sulaiman-Too: a ridge of five peaks, 1,140 m by 570 m."""
    return ring(
        (
            (72.7762, 40.5282), (72.7776, 40.5302), (72.7796, 40.5307), (72.7812, 40.5301), (72.7830, 40.5313),
            (72.7851, 40.5310), (72.7868, 40.5296), (72.7889, 40.5292), (72.7897, 40.5280), (72.7880, 40.5270),
            (72.7858, 40.5272), (72.7838, 40.5262), (72.7818, 40.5266), (72.7797, 40.5259), (72.7775, 40.5266),
        ),
        name="sulaiman-too", wobble_m=14.0, step_m=40.0,
    )  # fmt: skip


@cache
def foothills() -> dict[str, Polygon]:
    """Bare ridges at the edge of the city, by key."""
    shapes = {
        "kerme-too-ridge": ring(
            (
                (72.8700, 40.5190), (72.8790, 40.5230), (72.8860, 40.5200), (72.8890, 40.5120), (72.8840, 40.5060),
                (72.8760, 40.5070), (72.8700, 40.5110), (72.8670, 40.5150),
            ), name="kerme-too-ridge", wobble_m=60.0,
        ),
        "toloikon-ridge": ring(
            (
                (72.8380, 40.4790), (72.8480, 40.4760), (72.8560, 40.4770), (72.8540, 40.4710), (72.8450, 40.4640),
                (72.8360, 40.4580), (72.8300, 40.4620), (72.8310, 40.4710),
            ), name="toloikon-ridge", wobble_m=60.0,
        ),
        "orke-ridge": ring(
            (
                (72.7160, 40.5260), (72.7280, 40.5270), (72.7400, 40.5250), (72.7500, 40.5210), (72.7480, 40.5150),
                (72.7370, 40.5140), (72.7260, 40.5130), (72.7160, 40.5160), (72.7110, 40.5210),
            ), name="orke-ridge", wobble_m=60.0,
        ),
    }  # fmt: skip
    return {key: shape.intersection(city()) for key, shape in shapes.items()}


@cache
def parks() -> dict[str, Polygon]:
    """Parks and squares, by key; none reaches into the river bed."""
    water = river().buffer(RIVER_WIDTH_M / 2 + 4)
    shapes = {
        "navoi-park": river_strip(40.5290, 40.5338, left_m=150, right_m=0),
        "toktogul-park": river_strip(40.5198, 40.5238, left_m=0, right_m=190),
        "riverside-park": river_strip(40.5062, 40.5105, left_m=130, right_m=60),
        "jashtyk-park": ring(
            ((72.8282, 40.5236), (72.8318, 40.5240), (72.8328, 40.5214), (72.8292, 40.5206)),
            name="jashtyk", wobble_m=6.0, step_m=50.0,
        ),
        "central-square": ring(
            ((72.8047, 40.5170), (72.8066, 40.5175), (72.8070, 40.5160), (72.8052, 40.5154)),
            name="square", wobble_m=1.0, step_m=60.0,
        ),
        "manas-ata-park": ring(
            ((72.7735, 40.5475), (72.7772, 40.5478), (72.7780, 40.5450), (72.7745, 40.5442)),
            name="manas", wobble_m=6.0, step_m=50.0,
        ),
        "jibek-jolu-park": ring(
            ((72.8130, 40.5440), (72.8172, 40.5445), (72.8180, 40.5418), (72.8138, 40.5414)),
            name="jibek", wobble_m=6.0, step_m=50.0,
        ),
        "toloikon-grove": river_strip(40.4700, 40.4800, left_m=160, right_m=120),
        "airport-grove": ring(
            ((72.7955, 40.5930), (72.8000, 40.5940), (72.8010, 40.5890), (72.7958, 40.5880)),
            name="grove", wobble_m=8.0, step_m=60.0,
        ),
        "foot-of-the-hill": hill().buffer(90, quad_segs=3).simplify(4).difference(hill()),
    }  # fmt: skip
    return {key: _largest(shape.difference(water)) for key, shape in shapes.items()}


def river_strip(south: float, north: float, *, left_m: float, right_m: float) -> BaseGeometry:
    """A strip of the given widths on the two banks between two latitudes, on the drawing plane."""
    band = shapely.box(*metres(72.70, south), *metres(72.90, north))
    part = _longest(river().intersection(band))
    sides = []
    if left_m:
        sides.append(part.buffer(left_m, single_sided=True, quad_segs=2))
    if right_m:
        sides.append(part.buffer(-right_m, single_sided=True, quad_segs=2))
    return unary_union(sides).buffer(-12).buffer(12, quad_segs=3).simplify(3.0)


@cache
def faces() -> dict[str, Polygon]:
    """The nine territories on the drawing plane, cut from one set of lines so that neighbours share every vertex."""
    navoi_and_monuev = linemerge(
        [
            STREETS["kasymbekov"].line,
            STREETS["navoi"].line,
            STREETS["monuev"].line,
            STREETS["aravan-road"].line,
        ]
    )
    if not isinstance(navoi_and_monuev, LineString):
        raise ValueError("the border streets do not meet end to end")
    eastern_limit = shapely.box(*metres(72.60, 40.40), *metres(72.8440, 40.70))
    tail = LineString([metres(72.6960, 40.5330), metres(72.6800, 40.5335)])
    borders = [
        line(points, name=name, wobble_m=45.0, wave_m=1900.0, step_m=90.0)
        for name, points in _FIELD_BORDERS.items()
    ]
    lines = [
        ring(_CITY, name="city", wobble_m=190.0, wave_m=5200.0, step_m=140.0).exterior,
        river(),
        _longest(navoi_and_monuev.intersection(eastern_limit)),
        tail,
        _longest(
            STREETS["razzakov"].line.intersection(shapely.box(*metres(72.7858, 40.0), *metres(72.8090, 41.0)))
        ),
        *borders,
    ]
    found = [face for face in polygonize(unary_union(lines)) if face.area > 1.0]
    named: dict[str, list[Polygon]] = {code: [] for code in TERRITORIES}
    seeds = {code: spot(*row[0]) for code, row in TERRITORIES.items()}
    loose = []
    for face in found:
        owners = [code for code, seed in seeds.items() if face.contains(seed)]
        if len(owners) > 1:
            raise ValueError(f"one face holds {owners}: a border has a hole")
        if owners:
            named[owners[0]].append(face)
        else:
            loose.append(face)
    for (
        face
    ) in loose:  # slivers where two lines cross twice go to the neighbour with the longest common border
        owner = max(
            (code for code, parts in named.items() if parts),
            key=lambda code: face.boundary.intersection(named[code][0].boundary).length,
        )
        named[owner].append(face)
    result = {}
    for code, parts in named.items():
        whole = unary_union(parts)
        if not isinstance(whole, Polygon) or whole.interiors:
            raise ValueError(f"territory {code} is not one piece: {whole.geom_type}")
        result[code] = whole
    return result


@cache
def city() -> Polygon:
    """The whole city: exactly the union of the territories."""
    whole = shapely.coverage_union_all(list(faces().values()))
    if not isinstance(whole, Polygon):
        raise ValueError("the territories do not cover the city")
    return whole


def _longest(geometry: BaseGeometry) -> LineString:
    if isinstance(geometry, LineString):
        return geometry
    return max(
        (part for part in geometry.geoms if isinstance(part, LineString)), key=lambda part: part.length
    )


def _largest(geometry: BaseGeometry) -> BaseGeometry:
    """The geometry without small fragments: only parts at least a twentieth of the largest."""
    if isinstance(geometry, Polygon):
        return geometry
    parts = [part for part in geometry.geoms if isinstance(part, Polygon)]
    limit = max(part.area for part in parts) / 20
    return unary_union([part for part in parts if part.area >= limit])
