"""The stream of demo appeals, oldest first."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from data.demo.clock import moments
from data.demo.grammar import kyrgyz, kyrgyz_area, russian, russian_area
from data.demo.ground import Ground, Spot, Surroundings
from data.demo.history import Pen, history
from data.demo.model import DemoAppeal
from data.demo.people import someone
from data.demo.texts import texts

DAYS = 730
_KYRGYZ_SHARE = 0.45
_PICTURE_SHARE = 0.30
#: Share of appeals under the law, whose authors say where they live; the others are civic reports.
_LEGAL_SHARE = 0.22
#: Share of appeals that repeat a place and topic somebody has just written about.
_ECHO_SHARE = 0.06
_ECHO_DAYS = 21


@dataclass(frozen=True)
class _Scene:
    """One row of demo.toml's scenes."""

    category: str
    texts: str
    weight: float
    months: tuple[float, ...]
    where: Mapping[str, float]
    forward: tuple[str, ...]
    pictures: tuple[str, ...]
    #: Whoever suggests something does so under the law: a proposal, which gathers voices.
    proposed: bool


def generate(profile_dir: Path, seed: int, count: int = 3000, *, until: dt.date) -> Iterator[DemoAppeal]:
    """``count`` appeals over the two years ending when ``until`` begins, oldest first.

    The same arguments and the same profile give the same appeals. Every point is strictly inside the city and
    off the river; no appeal and no step is dated at or after local midnight of ``until``.
    """
    ground = Ground(profile_dir)
    zone = ZoneInfo(ground.profile["timezone"])
    chance = random.Random(f"appeals {seed}")
    scenes = _scenes(ground)
    places = _Places(ground)
    end = dt.datetime.combine(until, dt.time(0), zone)
    by_category = {scene.category: scene for scene in scenes}
    latest = {n: row["category"] for row in ground.scenes.get("latest", ()) for n in row["from_the_end"]}
    dates = moments(chance, count, until - dt.timedelta(days=DAYS), until, zone)
    for left, at in zip(range(count, 0, -1), dates, strict=True):
        weights = [scene.weight * scene.months[at.month - 1] for scene in scenes]
        scene, near = chance.choices(scenes, weights)[0], None
        incident = places.incident((end - at).days, chance)
        if left in latest:
            scene = by_category[latest[left]]
        elif incident:
            scene, near = by_category[incident["category"]], incident
        spot = places.choose(scene, at, chance, near)
        yield _appeal(ground, scene, spot, at, end, chance)


def _scenes(ground: Ground) -> list[_Scene]:
    return [
        _Scene(
            category=row["category"],
            texts=row.get("texts", row["category"]),
            weight=row["weight"],
            months=tuple(row.get("months", (1.0,) * 12)),
            where=row["where"],
            forward=tuple(row["forward"]),
            pictures=tuple(row.get("pictures", ())),
            proposed=row.get("proposed", False),
        )
        for row in ground.scenes["scene"]
    ]


class _Places:
    """Chooses places: dense in the centre, clustered in hotspots, sometimes the same place again."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._hotspots: list[dict[str, Any]] = ground.scenes["hotspot"]
        self._recent: list[tuple[dt.datetime, str, Spot]] = []
        self._weights = cache(self._weigh)

    def incident(self, days_ago: int, chance: random.Random) -> dict[str, Any] | None:
        """What many write about on that day, if the appeal is one of theirs."""
        for row in self._ground.scenes.get("incident", ()):
            first, last = row["days_ago"]
            if last <= days_ago <= first and chance.random() < row["share"]:
                return dict(row)
        return None

    def choose(
        self, scene: _Scene, at: dt.datetime, chance: random.Random, incident: dict[str, Any] | None = None
    ) -> Spot:
        """A place for an appeal of this scene at this time, near to the incident if it is about one."""
        if incident:
            near = Spot(incident["lon"], incident["lat"])
            return self._jittered(near, incident["radius_m"], chance)
        self._recent = [row for row in self._recent if (at - row[0]).days <= _ECHO_DAYS]
        echoes = [spot for _, texts_key, spot in self._recent if texts_key == scene.texts]
        if echoes and chance.random() < _ECHO_SHARE:
            near = chance.choice(echoes)
            spot = self._jittered(near, 40.0, chance)
        else:
            where = chance.choices(list(scene.where), list(scene.where.values()))[0]
            pool = self._ground.pool(where)
            near = chance.choices(pool, cum_weights=self._weights(where, scene.category))[0]
            spot = self._jittered(near, 15.0, chance)
        self._recent.append((at, scene.texts, spot))
        return spot

    def _jittered(self, spot: Spot, radius_m: float, chance: random.Random) -> Spot:
        on_heights = not self._ground.stands(spot)
        for _ in range(20):
            moved = self._ground.moved(spot, chance.gauss(0, radius_m / 2), chance.gauss(0, radius_m / 2))
            moved = Spot(round(moved.lon, 6), round(moved.lat, 6), moved.names)
            if self._ground.stands(moved, on_heights=on_heights):
                return moved
        return spot

    def _weigh(self, where: str, category: str) -> list[float]:
        """Cumulative weights of the pool's places for the category."""
        ground = self._ground
        places = np.array([(place.lon, place.lat) for place in ground.pool(where)])
        from_center = ground.distances_m(places, ground.center)
        weights = 0.12 + np.exp(-((from_center / 2_300) ** 2)) + 0.45 * np.exp(-((from_center / 4_800) ** 2))
        for row in self._hotspots:
            if category in row["categories"]:
                reach = ground.distances_m(places, Spot(row["lon"], row["lat"])) / row["radius_m"]
                weights += row["boost"] * np.exp(-(reach**2))
        return list(accumulate(weights.tolist()))


def _appeal(
    ground: Ground, scene: _Scene, spot: Spot, at: dt.datetime, end: dt.datetime, chance: random.Random
) -> DemoAppeal:
    language = "ky" if chance.random() < _KYRGYZ_SHARE else "ru"
    around = ground.surroundings(spot)
    words = _words(language, around, spot, chance)
    written = texts(language)
    template = chance.choice(written.appeals[scene.texts])
    sentences = [_capital(template.text.format(**words))]
    if chance.random() < 0.22:
        sentences.insert(0, chance.choice(written.greetings))
    if chance.random() < 0.25:
        sentences.append(chance.choice(written.endings))
    name, email, phone = someone(chance)
    group = ground.categories[scene.category]["parent"]
    pen = Pen(
        language=language,
        words=words,
        own_answers=written.answers[scene.texts],
        group_answers=written.answers[group],
        life=written.life,
    )
    service = ground.service_at(spot, scene.category, at.date())
    picture = chance.choice(scene.pictures) if scene.pictures and chance.random() < _PICTURE_SHARE else None
    # A choice of its own: what else is invented does not depend on it.
    is_legal = random.Random(f"kind {at.isoformat()} {spot.lon}").random() < _LEGAL_SHARE
    is_legal = is_legal or (scene.proposed and template.kind == "recommendation")
    return DemoAppeal(
        kind=template.kind if is_legal else "report",
        category=scene.category,
        text=" ".join(sentences),
        address=_address(language, around, spot),
        lon=spot.lon,
        lat=spot.lat,
        language=language,
        submitted_at=at,
        name=name,
        email=email,
        phone=phone,
        steps=history(ground, service, scene.forward, at, end, pen, chance),
        picture=picture,
        postal_address=f"{around.street[language]}, {around.house}" if is_legal else "",
    )


def _words(language: str, around: Surroundings, spot: Spot, chance: random.Random) -> dict[str, str]:
    """The values for a template's slots."""
    words = {
        "house": str(around.house),
        "n": str(chance.randint(5, 20)),
        "w": str(chance.randint(2, 4)),
        "time": f"{chance.randint(20, 23)}:{chance.randrange(0, 60, 10):02d}",
        "route": str(chance.choice((chance.randint(1, 42), chance.randint(101, 146)))),
    }
    if language == "ky":
        area_name = kyrgyz_area(around.area["ky"], around.area_kind)
        area = kyrgyz(area_name)
        words |= kyrgyz(around.street["ky"])
        words |= {"in": area["on"], "in_of": area["of"], "in_to": area["to"], "in_from": area["from"]}
    else:
        area_name = russian_area(around.area["ru"], around.area_kind)
        area = russian(area_name)
        words |= russian(around.street["ru"])
        words |= {"in": area["on"], "in_of": area["of"]}
    landmark = spot.names or around.landmark
    words["lm"] = landmark[language] if landmark else area_name
    return words


def _address(language: str, around: Surroundings, spot: Spot) -> str:
    if spot.names:
        return spot.names[language]
    if around.street_m < 220:
        return f"{around.street[language]}, {around.house}"
    if language == "ky":
        return kyrgyz_area(around.area["ky"], around.area_kind)
    return russian_area(around.area["ru"], around.area_kind)


def _capital(text: str) -> str:
    """The text with every sentence capitalised: a slot may start one in lower case."""
    result, fresh = [], True
    for i, letter in enumerate(text):
        if fresh and letter.isalpha():
            result.append(letter.upper())
            fresh = False
            continue
        if letter in ".!?" and text[i + 1 : i + 2] == " ":
            fresh = True
        elif letter not in " «(":
            fresh = False
        result.append(letter)
    return "".join(result)
