"""Areas where a particular service answers: networks, sites, parks, works in progress.

Three kinds of area, distinguished by priority. 0: working districts and networks that divide the city. 5 to
15: areas inside them with their own keeper (river banks, the hill's buffer zone). 20 and up: a site with a
fence or a contract (a market, a park, a road under reconstruction).
"""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from data.osh.drawing.curves import Degrees, ring, spot
from data.osh.drawing.ground import city, faces, hill, parks, river_strip
from data.osh.drawing.grounds import grounds
from data.osh.drawing.places import SETTLEMENTS
from data.osh.drawing.streets import STREETS


@dataclass(frozen=True)
class Area:
    """One service area on the drawing plane. Dates are ISO; ``valid_to`` is exclusive."""

    code: str
    service: str
    categories: tuple[str, ...]
    shape: BaseGeometry
    priority: int
    name_ky: str
    name_ru: str
    name_en: str
    valid_from: str | None = None
    valid_to: str | None = None


_UPKEEP = (
    "bins",
    "sweeping",
    "lamp-out",
    "no-lamps",
    "pavements",
    "trees",
    "planting",
    "parks",
    "playground",
)
_MARKET = (
    "bazaar",
    "pickup",
    "bins",
    "sweeping",
    "street-trade",
    "parking",
    "lamp-out",
    "no-lamps",
    "drains",
)
_ROADWORKS = ("potholes", "pavements", "drains", "signs", "dug-up")


def areas() -> tuple[Area, ...]:
    """Every service area, inside the city and valid, in the order of the file."""
    found = (*_working_districts(), *_networks(), *_kept_ground(), *_sites(), *_works())
    return tuple(
        Area(
            area.code, area.service, area.categories, _inside(area.shape), area.priority,
            area.name_ky, area.name_ru, area.name_en, area.valid_from, area.valid_to,
        )
        for area in found
    )  # fmt: skip


def _inside(shape: BaseGeometry) -> BaseGeometry:
    """The part of the shape within the city; a shape fully inside keeps its vertices."""
    return shape if city().covers(shape) else shape.intersection(city())


def _union(*codes: str) -> BaseGeometry:
    return shapely.coverage_union_all([faces()[code] for code in codes])


def _working_districts() -> tuple[Area, ...]:
    west = ("sulaiman-too", "manas-ata")
    centre = ("kurmanjan-datka", "alymbek-datka")
    east = ("kerme-too", "toloikon")
    north = ("jibek-jolu", "kyzyl-kyshtak")
    left = ("kurmanjan-datka", "sulaiman-too", "manas-ata", "japalak")
    right = ("alymbek-datka", "jibek-jolu", "kerme-too", "toloikon", "kyzyl-kyshtak")
    return (
        Area("tazalyk-centre", "tazalyk", (), _union(*centre), 0,
             "Ош-Тазалык: борбордук участок", "Ош-Тазалык: центральный участок", "Osh-Tazalyk: central district"),
        Area("tazalyk-west", "tazalyk", (), _union(*west), 0,
             "Ош-Тазалык: батыш участогу", "Ош-Тазалык: западный участок", "Osh-Tazalyk: western district"),
        Area("tazalyk-east", "tazalyk", (), _union(*east), 0,
             "Ош-Тазалык: чыгыш участогу", "Ош-Тазалык: восточный участок", "Osh-Tazalyk: eastern district"),
        Area("tazalyk-north", "tazalyk", (), _union(*north), 0,
             "Ош-Тазалык: түндүк участогу", "Ош-Тазалык: северный участок", "Osh-Tazalyk: northern district"),
        Area("tazalyk-japalak", "tazalyk", (), _union("japalak"), 0,
             "Ош-Тазалык: Жапалак участогу", "Ош-Тазалык: участок Жапалак", "Osh-Tazalyk: Japalak district"),
        Area("gorsvet-left-bank", "gorsvet", (), _union(*left), 0,
             "Горсвет: сол жээк", "Горсвет: левый берег", "Gorsvet: left bank"),
        Area("gorsvet-right-bank", "gorsvet", (), _union(*right), 0,
             "Горсвет: оң жээк", "Горсвет: правый берег", "Gorsvet: right bank"),
        Area("joldor-south", "joldor", (), _union("kurmanjan-datka", "alymbek-datka", "kerme-too", "toloikon"), 0,
             "Жолдор: түштүк участогу", "Дороги: южный участок", "Roads: southern depot"),
        Area("joldor-west", "joldor", (), _union("sulaiman-too", "japalak"), 0,
             "Жолдор: батыш участогу", "Дороги: западный участок", "Roads: western depot"),
        Area("joldor-north", "joldor", (), _union("manas-ata", "jibek-jolu", "kyzyl-kyshtak"), 0,
             "Жолдор: түндүк участогу", "Дороги: северный участок", "Roads: northern depot"),
    )  # fmt: skip


def _networks() -> tuple[Area, ...]:
    heat = ("no-heating",)
    village_water = ("no-water", "pipe-leak", "water-quality")
    lamps = ("lamp-out", "no-lamps")
    trunk = shapely.union_all(
        [STREETS["alymbek-datka"].line.buffer(170, quad_segs=3), STREETS["kurmanjan-datka"].line.buffer(150)]
    ).intersection(_band(40.4925, 40.5400))
    return (
        Area("heat-trunk-centre", "osh-tec", ("no-heating", "heat-leak"), trunk.simplify(8), 5,
             "ЖЭБдин борбордук магистралы", "Центральная магистраль ТЭЦ", "CHP trunk main, centre"),
        Area("heat-trunk-north", "osh-tec", ("no-heating", "heat-leak"),
             _patch("heat north", (72.8090, 40.5405), (72.8225, 40.5400), (72.8250, 40.5470), (72.8120, 40.5480)), 5,
             "ЖЭБдин түндүк магистралы", "Северная магистраль ТЭЦ", "CHP trunk main, north"),
        Area("heat-left-bank", "jyluuluk", heat,
             _patch("heat left", (72.7915, 40.5060), (72.8040, 40.4955), (72.8120, 40.4965), (72.8075, 40.5090),
                    (72.8030, 40.5230), (72.7945, 40.5225), (72.7905, 40.5160)), 0,
             "Жылуулук тармагы: сол жээк", "Тепловая сеть: левый берег", "Heat network: left bank"),
        Area("heat-right-bank", "jyluuluk", heat,
             _patch("heat right", (72.8135, 40.5150), (72.8250, 40.5060), (72.8320, 40.5075), (72.8300, 40.5200),
                    (72.8270, 40.5330), (72.8120, 40.5325), (72.8110, 40.5240)), 0,
             "Жылуулук тармагы: оң жээк", "Тепловая сеть: правый берег", "Heat network: right bank"),
        Area("heat-turan", "jyluuluk", heat,
             _patch("heat turan", (72.8195, 40.5480), (72.8330, 40.5465), (72.8370, 40.5540), (72.8260, 40.5580)), 0,
             "Жылуулук тармагы: Туран", "Тепловая сеть: Туран", "Heat network: Turan"),
        Area("heat-cheryomushki", "jyluuluk", heat,
             _patch("heat cher", (72.7790, 40.5420), (72.7900, 40.5410), (72.7925, 40.5480), (72.7895, 40.5550),
                    (72.7790, 40.5550)), 0,
             "Жылуулук тармагы: Черёмушки", "Тепловая сеть: Черёмушки", "Heat network: Cheryomushki"),
        Area("village-water-toloikon", "jkh", village_water, faces()["toloikon"], 0,
             "Айылдык суу түтүгү: Төлөйкөн", "Сельский водопровод: Толойкон", "Village water supply: Toloikon"),
        Area("village-water-japalak", "jkh", village_water, faces()["japalak"], 0,
             "Айылдык суу түтүгү: Жапалак", "Сельский водопровод: Жапалак", "Village water supply: Japalak"),
        Area("village-water-kyzyl-kyshtak", "jkh", village_water, faces()["kyzyl-kyshtak"], 0,
             "Айылдык суу түтүгү: Кызыл-Кыштак", "Сельский водопровод: Кызыл-Кыштак",
             "Village water supply: Kyzyl-Kyshtak"),
        Area("city-water-kyzyl-kyshtak", "suu-kanal", village_water, _village("Kyzyl-Kyshtak", 1050), 10,
             "Кызыл-Кыштакка тартылган шаардык суу", "Городской водопровод в Кызыл-Кыштаке",
             "City water brought to Kyzyl-Kyshtak", valid_from="2026-07-01"),
        Area("village-lamps-japalak", "jkh", lamps, faces()["japalak"], 5,
             "Жапалак айылдарынын көчө жарыгы", "Освещение сёл Жапалака", "Village lighting: Japalak",
             valid_to="2026-01-01"),
        Area("village-lamps-kyzyl-kyshtak", "jkh", lamps, faces()["kyzyl-kyshtak"], 5,
             "Кызыл-Кыштак айылдарынын көчө жарыгы", "Освещение сёл Кызыл-Кыштака",
             "Village lighting: Kyzyl-Kyshtak", valid_to="2026-01-01"),
    )  # fmt: skip


def _kept_ground() -> tuple[Area, ...]:
    banks = ("dump", "river-bank", "trees", "planting", "sweeping")
    buffer_zone = hill().buffer(430, quad_segs=4).simplify(10)
    return (
        Area("river-bank-south", "jashyl", banks, river_strip(40.4560, 40.5040, left_m=70, right_m=70), 8,
             "Ак-Буура жээги: түштүк", "Берег Ак-Бууры: юг", "Ak-Buura bank: south"),
        Area("river-bank-centre", "jashyl", banks, river_strip(40.5040, 40.5350, left_m=60, right_m=60), 8,
             "Ак-Буура жээги: борбор", "Берег Ак-Бууры: центр", "Ak-Buura bank: centre"),
        Area("river-bank-north", "jashyl", banks, river_strip(40.5415, 40.6150, left_m=70, right_m=70), 8,
             "Ак-Буура жээги: түндүк", "Берег Ак-Бууры: север", "Ak-Buura bank: north"),
        Area("hill-buffer-zone", "muras", ("illegal-building", "trees", "parks", "dump", "street-trade"),
             buffer_zone, 12,
             "Сулайман-Тоонун коргоо аймагы", "Охранная зона Сулайман-Тоо", "Sulaiman-Too buffer zone"),
        Area("hill", "muras",
             ("green", "waste", "lighting", "pavements", "illegal-building", "street-trade", "animals"),
             hill().union(parks()["foot-of-the-hill"]).simplify(4), 30,
             "Сулайман-Тоо коругу", "Заповедник Сулайман-Тоо", "Sulaiman-Too reserve"),
        Area("central-square", "meria", ("parks", "heritage", "sweeping", "lamp-out", "pavements", "trees"),
             parks()["central-square"].buffer(40, quad_segs=3), 25,
             "Борбордук аянт", "Центральная площадь", "Central square"),
    )  # fmt: skip


def _sites() -> tuple[Area, ...]:
    names = {
        "navoi-park": ("Навои паркы", "Парк имени Навои", "Navoi Park"),
        "toktogul-park": ("Токтогул паркы", "Парк имени Токтогула", "Toktogul Park"),
        "riverside-park": ("Жээктеги парк", "Прибрежный парк", "Riverside Park"),
        "jashtyk-park": ("Жаштык паркы", "Парк Жаштык", "Jashtyk Park"),
        "manas-ata-park": ("Манас-Ата паркы", "Парк Манас-Ата", "Manas-Ata Park"),
        "jibek-jolu-park": ("Жибек-Жолу паркы", "Парк Жибек-Жолу", "Jibek-Jolu Park"),
    }
    in_parks = tuple(
        Area(key, "jashyl", _UPKEEP, parks()[key].buffer(8, quad_segs=2), 20, *name)
        for key, name in names.items()
    )
    site = {key: ground.shape.buffer(22, quad_segs=3) for key, ground in grounds().items()}
    station = ("stops", "parking", "sweeping", "bins", "lamp-out", "pavements", "street-trade")
    mortgage = ("house-common", "playground", "yard-light")
    return (
        *in_parks,
        Area("jayma-bazaar", "shaardyk-bazar", _MARKET, site["jayma-bazaar"], 20,
             "Жайма базардын аймагы", "Территория базара Жайма", "Grounds of Jayma Bazaar"),
        Area("kelechek-market", "shaardyk-bazar", _MARKET, site["kelechek"], 20,
             "Келечек базарынын аймагы", "Территория рынка Келечек", "Grounds of Kelechek Market"),
        Area("car-market", "avtobazar", (*_MARKET[1:], "potholes", "pavements"), site["car-market"], 20,
             "Жапалак авто базарынын аймагы", "Территория авторынка Жапалак", "Grounds of Japalak Car Market"),
        Area("livestock-market", "veterinar", ("bazaar", "pickup", "sweeping", "animals"), site["livestock-market"],
             20, "Мал базарынын аймагы", "Территория скотного рынка", "Grounds of the livestock market"),
        Area("suyumbaev-stadium", "sport", (*_UPKEEP, "sport-grounds", "parking"), site["stadium"], 20,
             "Суюмбаев стадионунун аймагы", "Территория стадиона имени Суюмбаева", "Grounds of Suyumbaev Stadium"),
        Area("sports-palace", "sport", (*_UPKEEP, "sport-grounds", "parking"), site["sports-palace"], 20,
             "Спорт сарайынын аймагы", "Территория Дворца спорта", "Grounds of the Sports Palace"),
        Area("new-bus-station", "transport", station, site["bus-station"], 20,
             "Жаңы автобекеттин аймагы", "Территория нового автовокзала", "Grounds of the New Bus Station"),
        Area("mortgage-ak-tilek", "ipoteka", mortgage, _disc(72.8492, 40.5120, 260), 15,
             "Ак-Тилектеги ипотекалык үйлөр", "Ипотечные дома в Ак-Тилеке", "Mortgage houses in Ak-Tilek"),
        Area("mortgage-toloikon", "ipoteka", mortgage, _disc(72.8150, 40.4765, 230), 15,
             "Төлөйкөндөгү ипотекалык үйлөр", "Ипотечные дома в Толойконе", "Mortgage houses in Toloikon"),
        Area("mortgage-ak-buura-3", "ipoteka", mortgage, _disc(72.8108, 40.5656, 220), 15,
             "Ак-Буура-3 ипотекалык үйлөрү", "Ипотечные дома в Ак-Бууре-3", "Mortgage houses in Ak-Buura-3",
             valid_from="2025-09-01"),
    )  # fmt: skip


def _works() -> tuple[Area, ...]:
    def corridor(key: str, width_m: float, south: float = 40.40, north: float = 40.70) -> BaseGeometry:
        part = STREETS[key].line.intersection(_band(south, north))
        return part.buffer(width_m, cap_style="flat", quad_segs=3).simplify(3)

    return (
        Area("works-monuev", "kapkurulush", _ROADWORKS, corridor("monuev", 32), 30,
             "Монуев көчөсүн реконструкциялоо", "Реконструкция улицы Монуева", "Reconstruction of Monuev Street",
             valid_from="2024-09-01", valid_to="2025-11-15"),
        Area("works-masaliev", "kapkurulush", _ROADWORKS, corridor("masaliev", 34, north=40.5330), 30,
             "Масалиев проспектисин реконструкциялоо", "Реконструкция проспекта Масалиева",
             "Reconstruction of Masaliev Avenue", valid_from="2025-06-01", valid_to="2027-01-01"),
        Area("works-navoi-bridge", "kapkurulush", _ROADWORKS, _disc(72.8003, 40.5345, 190), 31,
             "Навои көпүрөсүн оңдоо", "Ремонт моста на улице Навои", "Repair of the Navoi bridge",
             valid_from="2026-03-01", valid_to="2026-12-01"),
        Area("works-airport-road", "kapkurulush", _ROADWORKS, corridor("airport-road", 36, south=40.5640), 30,
             "Аэропорт жолун кеңейтүү", "Расширение Аэропортской улицы", "Widening of Airport Road",
             valid_from="2026-08-15", valid_to="2027-07-01"),
        Area("works-kokum-biy", "kapkurulush", _ROADWORKS, corridor("kokum-biy", 30), 30,
             "Көкүм-Бий көчөсүндөгү курулуш", "Строительство на улице Кокум-Бий", "Works on Kokum-Biy Street",
             valid_from="2025-03-01", valid_to="2025-11-10"),
    )  # fmt: skip


def _patch(name: str, *points: Degrees) -> BaseGeometry:
    return ring(points, name=name, wobble_m=18.0)


def _disc(lon: float, lat: float, radius_m: float) -> BaseGeometry:
    return spot(lon, lat).buffer(radius_m, quad_segs=6)


def _village(name_en: str, radius_m: float) -> BaseGeometry:
    place = next(place for place in SETTLEMENTS if place.name_en == name_en)
    return _disc(place.lon, place.lat, radius_m).intersection(faces()["kyzyl-kyshtak"])


def _band(south: float, north: float) -> BaseGeometry:
    return shapely.box(spot(72.60, south).x, spot(72.60, south).y, spot(73.0, north).x, spot(73.0, north).y)
