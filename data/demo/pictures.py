"""Illustrations for appeals and news, drawn so that no photographs are needed.

Flat scenes, each lit for one time of day, drawn at twice the size and scaled down; the same name gives the
same bytes with the same version of Pillow.
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable, Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1200, 900
_SCALE = 2

Colour = tuple[int, int, int]
XY = tuple[float, float]

_DAY = ((126, 182, 224), (226, 238, 240))
_DUSK = ((30, 38, 74), (226, 140, 104))
_GREY = ((150, 164, 178), (220, 224, 222))


def draw_picture(name: str) -> bytes:
    """The picture as a JPEG of 1200 by 900 pixels. Raises ``KeyError`` for a name not in ``PICTURES``."""
    scene = _Scene(name)
    _PAINTERS[name](scene)
    return scene.jpeg()


class _Scene:
    """A canvas with coordinates of 1200 by 900, and the few things every street has."""

    def __init__(self, name: str) -> None:
        self.chance = random.Random(name)
        self.image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE))
        self.pen = ImageDraw.Draw(self.image)

    def jpeg(self) -> bytes:
        image = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        image = ImageChops.multiply(image, _vignette())
        image = Image.blend(image, _grain(self.chance), 0.045)
        out = io.BytesIO()
        image.save(out, "JPEG", quality=86, optimize=True)
        return out.getvalue()

    def polygon(self, points: Sequence[XY], colour: Colour) -> None:
        self.pen.polygon([(x * _SCALE, y * _SCALE) for x, y in points], fill=colour)

    def box(self, x: float, y: float, width: float, height: float, colour: Colour, round_: float = 0) -> None:
        corners = (x * _SCALE, y * _SCALE, (x + width) * _SCALE, (y + height) * _SCALE)
        self.pen.rounded_rectangle(corners, round_ * _SCALE, fill=colour)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        self.pen.ellipse(
            ((x - rx) * _SCALE, (y - ry) * _SCALE, (x + rx) * _SCALE, (y + ry) * _SCALE), fill=colour
        )

    def line(self, points: Sequence[XY], colour: Colour, width: float) -> None:
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        self.pen.line(scaled, fill=colour, width=int(width * _SCALE), joint="curve")

    def uneven(self, x: float, y: float, rx: float, ry: float, colour: Colour, rough: float = 0.16) -> None:
        """A rounded patch with an uneven edge."""
        waves = [(self.chance.uniform(0, 6.3), self.chance.uniform(0.3, 1)) for _ in range(4)]
        points = []
        for step in range(120):
            angle = 2 * math.pi * step / 120
            reach = 1 + rough * sum(
                share / (i + 1) * math.sin((i + 2) * angle + phase) for i, (phase, share) in enumerate(waves)
            )
            points.append((x + math.cos(angle) * rx * reach, y + math.sin(angle) * ry * reach))
        self.polygon(points, colour)

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Light around a lamp."""
        halo = Image.new("RGB", self.image.size)
        ImageDraw.Draw(halo).ellipse(
            [(v) * _SCALE for v in (x - radius / 2, y - radius / 2, x + radius / 2, y + radius / 2)],
            fill=tuple(int(c * strength) for c in colour),
        )
        halo = halo.filter(ImageFilter.GaussianBlur(radius * _SCALE / 4))
        self.image.paste(ImageChops.screen(self.image, halo))

    def sky(self, colours: tuple[Colour, Colour], horizon: float) -> None:
        top, low = colours
        for row in range(int(horizon * _SCALE)):
            share = row / (horizon * _SCALE)
            self.pen.line([(0, row), (self.image.width, row)], fill=_mix(top, low, share))

    def ridge(self, base: float, height: float, colour: Colour, seed: float) -> None:
        """A line of hills on the horizon."""
        points = [(0.0, base)]
        for x in range(0, WIDTH + 20, 20):
            rise = (
                0.5
                + 0.28 * math.sin(x / 190 + seed)
                + 0.16 * math.sin(x / 77 + 2 * seed)
                + 0.06 * math.sin(x / 29)
            )
            points.append((x, base - height * rise))
        self.polygon([*points, (WIDTH, base)], colour)

    def houses(self, base: float, colours: Sequence[Colour], *, lit: bool = False) -> None:
        """A street front of low houses and a few blocks."""
        x = -30.0
        while x < WIDTH:
            width = self.chance.uniform(110, 210)
            storeys = self.chance.choice((1, 1, 2, 3, 4))
            height = 52 + storeys * 44
            wall = self.chance.choice(colours)
            self.box(x, base - height, width, height, wall)
            if storeys <= 2:
                roof = self.chance.choice(((128, 78, 66), (104, 110, 116), (146, 104, 78)))
                self.polygon(
                    [
                        (x - 8, base - height),
                        (x + width / 2, base - height - 40),
                        (x + width + 8, base - height),
                    ],
                    roof,
                )
            else:
                self.box(x, base - height - 8, width, 10, _mix(wall, (60, 60, 60), 0.4))
            for storey in range(storeys):
                for column in range(int(width // 46)):
                    glass = (250, 214, 130) if lit and self.chance.random() < 0.4 else (104, 128, 146)
                    self.box(
                        x + 14 + column * 46,
                        base - height + 18 + storey * 44,
                        22,
                        26,
                        _mix(glass, wall, 0.12),
                    )
            x += width + self.chance.uniform(4, 26)

    def poplars(self, base: float, count: int, colour: Colour) -> None:
        """A row of tall narrow trees."""
        for _ in range(count):
            x, height = self.chance.uniform(0, WIDTH), self.chance.uniform(150, 250)
            self.box(x - 3, base - 40, 6, 40, (92, 72, 56))
            self.uneven(
                x,
                base - 30 - height / 2,
                24,
                height / 2,
                _mix(colour, (30, 60, 40), self.chance.uniform(0, 0.3)),
            )

    def road(self, horizon: float, *, vanish: float = 600, colour: Colour = (98, 100, 104)) -> None:
        """A road receding from the viewer, with verges and a centre line."""
        self.polygon([(0, horizon), (WIDTH, horizon), (WIDTH, HEIGHT), (0, HEIGHT)], (150, 146, 126))
        self.polygon([(vanish - 60, horizon), (vanish + 60, horizon), (1330, HEIGHT), (-130, HEIGHT)], colour)
        for i in range(6):
            near, far = (i / 6) ** 1.8, ((i + 0.5) / 6) ** 1.8
            y1, y2 = horizon + (HEIGHT - horizon) * near, horizon + (HEIGHT - horizon) * far
            w1, w2 = 1 + near * 9, 1 + far * 9
            self.polygon(
                [(vanish - w1, y1), (vanish + w1, y1), (vanish + w2, y2), (vanish - w2, y2)], (224, 220, 204)
            )
        for side in (-1, 1):
            self.polygon(
                [
                    (vanish + side * 60, horizon), (vanish + side * 68, horizon),
                    (600 + side * 790, HEIGHT), (600 + side * 730, HEIGHT),
                ],
                (186, 182, 172),
            )  # fmt: skip


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    return (
        int(a[0] + (b[0] - a[0]) * share),
        int(a[1] + (b[1] - a[1]) * share),
        int(a[2] + (b[2] - a[2]) * share),
    )


def _vignette() -> Image.Image:
    mask = Image.new("L", (WIDTH, HEIGHT), 205)
    ImageDraw.Draw(mask).ellipse((-260, -220, WIDTH + 260, HEIGHT + 220), fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(120))
    return Image.merge("RGB", (mask, mask, mask))


def _grain(chance: random.Random) -> Image.Image:
    small = Image.frombytes("L", (WIDTH // 2, HEIGHT // 2), chance.randbytes(WIDTH * HEIGHT // 4))
    return small.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR).convert("RGB")


_WALLS: tuple[Colour, ...] = (
    (222, 206, 178),
    (206, 190, 170),
    (232, 224, 208),
    (198, 204, 202),
    (216, 186, 160),
)
_NIGHT_WALLS: tuple[Colour, ...] = ((62, 58, 74), (54, 54, 70), (70, 62, 72), (48, 52, 68))


def _street(scene: _Scene, sky: tuple[Colour, Colour] = _DAY) -> None:
    """The usual background: hills, poplars, houses, a road."""
    scene.sky(sky, 430)
    scene.ridge(430, 150, _mix(sky[1], (120, 124, 140), 0.55), 1.2)
    scene.poplars(425, 7, (92, 128, 82))
    scene.houses(432, _WALLS)
    scene.road(430)


def _pothole(scene: _Scene) -> None:
    _street(scene, _GREY)
    scene.uneven(610, 716, 300, 104, (84, 84, 86))
    scene.uneven(610, 720, 262, 86, (58, 54, 50))
    scene.uneven(622, 734, 214, 60, (116, 128, 138), 0.1)
    scene.uneven(596, 740, 130, 28, (168, 182, 190), 0.1)
    for _ in range(46):
        angle, reach = scene.chance.uniform(0, 6.28), scene.chance.uniform(1.0, 1.35)
        x, y = 610 + math.cos(angle) * 290 * reach, 716 + math.sin(angle) * 100 * reach
        scene.uneven(x, y, scene.chance.uniform(4, 13), scene.chance.uniform(3, 8), (72, 70, 68))
    for start, bend in (((330, 690), -70), ((900, 690), 80), ((500, 810), -60)):
        x, y = start
        scene.line(
            [(x, y), (x + bend * 0.5, y + 26), (x + bend, y + 20), (x + bend * 1.7, y + 52)], (66, 66, 68), 4
        )


def _manhole(scene: _Scene) -> None:
    _street(scene)
    scene.oval(600, 700, 250, 100, (84, 84, 86))
    scene.oval(600, 700, 216, 84, (30, 28, 28))
    scene.oval(600, 718, 196, 64, (16, 14, 16))
    scene.line([(600, 500), (588, 700)], (106, 74, 50), 12)
    for dx, dy in ((-70, -30), (64, -46), (-44, -84), (40, -96), (6, -132)):
        scene.line([(594, 590 + dy / 3), (594 + dx, 540 + dy)], (106, 74, 50), 5)
        scene.uneven(594 + dx, 536 + dy, 34, 24, (86, 132, 70))
    scene.box(566, 512, 74, 30, (206, 60, 48), 4)
    scene.oval(930, 770, 190, 62, (78, 78, 82))
    scene.oval(930, 760, 190, 62, (122, 120, 122))
    scene.oval(930, 760, 150, 47, (104, 102, 106))
    for i in range(-2, 3):
        scene.line([(930 + i * 56 - 24, 742), (930 + i * 56 + 24, 778)], (136, 134, 136), 6)


def _lamp(scene: _Scene) -> None:
    scene.sky(_DUSK, 560)
    scene.ridge(560, 170, (44, 42, 74), 0.4)
    scene.houses(566, _NIGHT_WALLS, lit=True)
    scene.road(560, colour=(52, 52, 62))
    scene.polygon([(0, 562), (540, 562), (0, 800)], (44, 46, 54))
    scene.polygon([(WIDTH, 562), (660, 562), (WIDTH, 800)], (44, 46, 54))
    for x, top, lit in ((300, 90, False), (860, 230, True), (700, 380, True)):
        base = 540 + (top < 200) * 250 + (top == 230) * 90
        width = max(4.0, (base - top) / 46)
        scene.line([(x, base), (x, top)], (28, 28, 38), width)
        scene.line([(x, top), (x + (base - top) / 6, top - width)], (28, 28, 38), width * 0.7)
        head = x + (base - top) / 6
        scene.box(head - width * 2, top - width * 1.6, width * 5, width * 1.4, (28, 28, 38), 3)
        if lit:
            scene.oval(head + width / 2, top, width * 2, width * 0.8, (255, 240, 190))
            scene.glow(head, top, (base - top) * 0.9, (255, 214, 140), 0.55)


def _bin(scene: _Scene) -> None:
    _street(scene)
    scene.polygon([(120, 640), (1080, 640), (1180, 830), (30, 830)], (168, 164, 156))
    for x, colour in ((240, (62, 122, 84)), (520, (70, 110, 144)), (800, (62, 122, 84))):
        for _ in range(9):
            bag = scene.chance.choice(((40, 42, 48), (228, 228, 224), (92, 128, 170), (60, 60, 66)))
            scene.uneven(x + scene.chance.uniform(0, 220), 512 - scene.chance.uniform(-10, 44), 44, 34, bag)
        scene.polygon([(x, 520), (x + 220, 520), (x + 200, 752), (x + 20, 752)], colour)
        scene.polygon(
            [(x - 8, 508), (x + 228, 508), (x + 224, 532), (x - 4, 532)], _mix(colour, (255, 255, 255), 0.2)
        )
        for i in range(1, 5):
            scene.line([(x + i * 44, 540), (x + 8 + i * 40, 744)], _mix(colour, (0, 0, 0), 0.18), 5)
        for wheel in (x + 44, x + 176):
            scene.oval(wheel, 762, 17, 17, (42, 42, 44))
    _litter(scene, 26, 700, 860)


def _litter(scene: _Scene, count: int, top: float, bottom: float) -> None:
    for _ in range(count):
        x, y = scene.chance.uniform(60, 1140), scene.chance.uniform(top, bottom)
        colour = scene.chance.choice(
            ((236, 236, 230), (206, 88, 70), (240, 206, 96), (96, 140, 186), (48, 50, 54))
        )
        scene.uneven(x, y, scene.chance.uniform(10, 34), scene.chance.uniform(7, 20), colour, 0.35)


def _dump(scene: _Scene) -> None:
    scene.sky(_GREY, 470)
    scene.ridge(470, 210, (150, 150, 146), 2.2)
    scene.polygon([(0, 468), (WIDTH, 468), (WIDTH, HEIGHT), (0, HEIGHT)], (162, 152, 122))
    scene.poplars(476, 6, (110, 130, 92))
    for _ in range(70):
        share = scene.chance.betavariate(2, 2)
        x = 180 + share * 840
        y = 780 - math.sin(share * math.pi) * scene.chance.uniform(20, 250)
        grey = scene.chance.randint(92, 176)
        colour = scene.chance.choice(
            ((grey, grey - 6, grey - 16), (176, 104, 84), (196, 180, 150), (88, 92, 96))
        )
        scene.uneven(x, y, scene.chance.uniform(24, 72), scene.chance.uniform(18, 46), colour, 0.3)
    for x, y in ((330, 742), (856, 716), (930, 782)):
        scene.oval(x, y, 62, 42, (38, 38, 40))
        scene.oval(x, y, 30, 19, (120, 112, 92))
    for x, y in ((520, 610), (660, 566), (600, 690)):
        scene.line([(x, y), (x + 120, y - 70)], (150, 116, 80), 12)
    _litter(scene, 44, 620, 850)


def _water(scene: _Scene) -> None:
    _street(scene)
    stream = [(660, 560), (720, 560), (960, 700), (1120, HEIGHT), (240, HEIGHT), (420, 720)]
    scene.polygon(stream, (120, 158, 182))
    scene.uneven(640, 640, 210, 66, (136, 176, 198))
    for i in range(10):
        y = 650 + i * 26
        half = 120 + i * 34
        scene.line(
            [(640 - half * 0.7, y), (640 + i * 8, y + 12), (640 + half * 0.6, y + 3)], (188, 214, 224), 4
        )
    for side in range(-7, 8):
        reach, height = side * 24, 250 - abs(side) * 22
        curve = [
            (640 + reach * t, 610 - height * 4 * t * (1 - t) * 0.9 - 30 * t)
            for t in (0, 0.2, 0.4, 0.6, 0.8, 1)
        ]
        scene.line(curve, (206, 228, 236), 7)
    scene.line([(520, 628), (760, 628)], (70, 66, 64), 26)
    scene.line([(610, 620), (672, 620)], (40, 38, 38), 30)


def _radiator(scene: _Scene) -> None:
    scene.box(0, 0, WIDTH, HEIGHT, (216, 208, 190))
    scene.box(0, 760, WIDTH, 140, (150, 112, 82))
    for i in range(8):
        scene.line([(i * 170, 760), (i * 190 - 60, HEIGHT)], (132, 96, 70), 4)
    scene.box(300, 60, 600, 330, (246, 246, 242), 6)
    scene.box(326, 84, 262, 282, (176, 200, 220))
    scene.box(612, 84, 262, 282, (170, 194, 216))
    for _ in range(90):
        scene.oval(scene.chance.uniform(330, 870), scene.chance.uniform(90, 360), 3.4, 3.4, (242, 246, 250))
    scene.box(588, 60, 24, 330, (246, 246, 242))
    scene.box(270, 386, 660, 26, (236, 232, 222), 4)
    scene.line([(180, 470), (330, 470)], (206, 200, 190), 16)
    scene.line([(180, 690), (330, 690)], (206, 200, 190), 16)
    for i in range(9):
        x = 320 + i * 64
        scene.box(x, 452, 54, 256, (240, 238, 230), 22)
        scene.box(x + 10, 470, 12, 220, (255, 254, 250), 6)
        scene.box(x + 38, 470, 8, 220, (208, 202, 190), 4)
    scene.box(990, 460, 46, 260, (250, 250, 248), 22)
    scene.box(1008, 600, 10, 96, (208, 70, 60), 5)
    scene.oval(1013, 694, 17, 17, (208, 70, 60))


def _tree(scene: _Scene) -> None:
    _street(scene)
    scene.line([(430, 800), (540, 520), (680, 210), (740, 120)], (98, 82, 68), 58)
    for x, y, dx, dy in (
        (560, 480, -190, -90), (620, 350, 200, -60), (660, 260, -150, -130), (700, 190, 150, -90), (520, 570, 150, -20),
    ):  # fmt: skip
        scene.line([(x, y), (x + dx * 0.6, y + dy * 0.8), (x + dx, y + dy * 1.6)], (104, 88, 74), 22)
        for turn in (-50, 30, 70):
            scene.line([(x + dx * 0.7, y + dy), (x + dx * 1.1 + turn, y + dy * 1.7 - 40)], (116, 100, 84), 8)
    scene.uneven(420, 812, 130, 40, (118, 104, 80))
    scene.line([(40, 250), (1160, 330)], (44, 44, 48), 4)
    scene.line([(40, 280), (1160, 366)], (44, 44, 48), 4)
    for x, y in ((760, 760), (880, 800), (690, 830)):
        scene.line([(x, y), (x + 140, y - 26)], (108, 92, 76), 12)
        scene.line([(x + 60, y - 10), (x + 100, y - 60)], (108, 92, 76), 6)


def _dog(scene: _Scene) -> None:
    _street(scene)
    for x, y, size, coat in (
        (330, 660, 1.0, (174, 132, 90)),
        (700, 620, 0.8, (70, 66, 64)),
        (930, 720, 1.12, (206, 190, 164)),
    ):
        dark = _mix(coat, (0, 0, 0), 0.28)
        scene.oval(x, y + 92 * size, 140 * size, 16 * size, (82, 84, 88))
        for leg in (-78, -52, 50, 76):
            scene.line(
                [(x + leg * size, y + 10 * size), (x + leg * size + 4, y + 90 * size)], dark, 17 * size
            )
        scene.oval(x, y, 112 * size, 46 * size, coat)
        scene.line(
            [
                (x - 100 * size, y - 10 * size),
                (x - 150 * size, y - 52 * size),
                (x - 140 * size, y - 88 * size),
            ],
            coat,
            15 * size,
        )
        scene.line([(x + 84 * size, y - 10 * size), (x + 130 * size, y - 62 * size)], coat, 40 * size)
        scene.oval(x + 140 * size, y - 72 * size, 40 * size, 34 * size, coat)
        scene.oval(x + 178 * size, y - 60 * size, 28 * size, 18 * size, _mix(coat, (255, 255, 255), 0.18))
        scene.oval(x + 202 * size, y - 64 * size, 8 * size, 7 * size, (30, 28, 28))
        scene.oval(x + 150 * size, y - 82 * size, 5 * size, 5 * size, (24, 22, 22))
        scene.polygon(
            [
                (x + 112 * size, y - 90 * size),
                (x + 122 * size, y - 138 * size),
                (x + 146 * size, y - 100 * size),
            ],
            dark,
        )


def _bus(scene: _Scene) -> None:
    _street(scene)
    scene.polygon([(0, 700), (WIDTH, 640), (WIDTH, HEIGHT), (0, HEIGHT)], (104, 106, 110))
    scene.oval(570, 782, 460, 26, (74, 76, 80))
    scene.box(130, 380, 880, 370, (238, 240, 238), 34)
    scene.box(130, 600, 880, 110, (44, 142, 124), 0)
    scene.box(130, 640, 880, 112, (238, 240, 238), 20)
    scene.box(130, 588, 880, 62, (44, 142, 124))
    for i in range(5):
        scene.box(170 + i * 136, 424, 116, 142, (92, 122, 142), 12)
        scene.polygon([(182 + i * 136, 436), (226 + i * 136, 436), (190 + i * 136, 548)], (136, 164, 182))
    scene.box(860, 424, 128, 290, (78, 104, 122), 12)
    scene.line([(924, 424), (924, 714)], (220, 224, 222), 8)
    scene.box(600, 386, 250, 34, (34, 36, 40), 6)
    for i in range(9):
        scene.box(620 + i * 24, 396, 14, 14, (250, 196, 70), 2)
    for wheel in (300, 760):
        scene.oval(wheel, 752, 58, 58, (40, 40, 44))
        scene.oval(wheel, 752, 26, 26, (176, 178, 180))
    scene.box(1080, 330, 14, 440, (88, 92, 96))
    scene.box(1040, 300, 96, 96, (40, 92, 164), 12)
    scene.box(1060, 330, 56, 34, (240, 240, 240), 6)


def _hill(scene: _Scene) -> None:
    scene.sky(((98, 160, 214), (244, 226, 196)), 620)
    scene.ridge(620, 130, (170, 176, 186), 3.0)
    peaks = [
        (40, 640), (150, 520), (230, 400), (290, 440), (370, 300), (430, 360), (520, 210), (600, 290), (700, 180), (770, 300),
        (850, 260), (940, 400), (1040, 480), (1170, 640),
    ]  # fmt: skip
    scene.polygon(peaks, (176, 146, 116))
    for (x1, y1), (x2, y2) in zip(peaks[1:-1:2], peaks[2::2], strict=False):
        scene.polygon([(x1, y1), (x2, y2), (x2 + 30, 640), (x1 + 60, 640)], (150, 120, 96))
    for _ in range(70):
        x, y = scene.chance.uniform(160, 1040), scene.chance.uniform(430, 630)
        scene.line(
            [(x, y), (x + scene.chance.uniform(-30, 30), y + scene.chance.uniform(20, 60))], (138, 110, 88), 4
        )
    path = [(980, 640), (900, 590), (940, 540), (850, 490), (880, 440), (800, 390), (812, 330), (730, 250)]
    scene.line(path, (226, 208, 178), 9)
    scene.box(690, 168, 40, 28, (230, 220, 200))
    scene.oval(710, 168, 20, 16, (196, 178, 150))
    scene.polygon([(0, 620), (WIDTH, 610), (WIDTH, HEIGHT), (0, HEIGHT)], (118, 146, 92))
    for _ in range(60):
        x, y = scene.chance.uniform(0, WIDTH), scene.chance.uniform(640, 850)
        size = 26 + (y - 640) / 6
        scene.uneven(
            x, y, size, size * 0.8, scene.chance.choice(((78, 118, 70), (96, 132, 76), (66, 104, 66)))
        )
    scene.houses(760, _WALLS)
    scene.poplars(880, 9, (76, 116, 70))


def _playground(scene: _Scene) -> None:
    scene.sky(_DAY, 470)
    scene.houses(480, ((206, 200, 190), (216, 206, 188), (196, 198, 200)))
    scene.polygon([(0, 476), (WIDTH, 476), (WIDTH, HEIGHT), (0, HEIGHT)], (196, 176, 138))
    scene.uneven(600, 770, 520, 110, (214, 196, 158))
    for x in (190, 560):
        scene.line([(x, 760), (x + 40, 360)], (202, 74, 60), 16)
        scene.line([(x + 80, 760), (x + 40, 360)], (202, 74, 60), 16)
    scene.line([(226, 366), (606, 366)], (202, 74, 60), 16)
    for x, low, tilt in ((340, 640, 0), (480, 640, 46)):
        scene.line([(x - 34, 372), (x - 34, low)], (80, 80, 84), 5)
        scene.line([(x + 34, 372), (x + 34 - tilt, low - tilt)], (80, 80, 84), 5)
        scene.polygon(
            [
                (x - 44, low),
                (x + 44 - tilt, low - tilt),
                (x + 44 - tilt, low + 18 - tilt),
                (x - 44, low + 18),
            ],
            (60, 110, 160),
        )
    for x in (800, 900):
        scene.line([(x, 770), (x, 430)], (60, 120, 90), 16)
    for y in range(470, 760, 52):
        scene.line([(800, y), (900, y)], (60, 120, 90), 10)
    scene.box(788, 420, 126, 20, (60, 120, 90), 4)
    scene.polygon([(900, 430), (960, 430), (1150, 740), (1180, 770), (1080, 770)], (240, 190, 70))
    scene.polygon([(1016, 560), (1040, 556), (1080, 640), (1052, 650)], (122, 96, 60))


def _roadworks(scene: _Scene) -> None:
    _street(scene)
    scene.polygon([(600, 470), (760, 470), (1180, HEIGHT), (640, HEIGHT)], (134, 106, 78))
    scene.polygon([(640, 480), (720, 480), (1020, HEIGHT), (740, HEIGHT)], (84, 64, 48))
    for _ in range(40):
        x = scene.chance.uniform(760, 1150)
        scene.uneven(x, 600 + (x - 700) * 0.5 + scene.chance.uniform(-50, 50), 36, 22, (152, 122, 90), 0.3)
    scene.box(140, 430, 330, 150, (240, 178, 50), 12)
    scene.box(330, 330, 130, 150, (240, 178, 50), 10)
    scene.box(346, 346, 98, 80, (120, 150, 166), 6)
    scene.line([(180, 440), (90, 280), (230, 200), (330, 300)], (214, 150, 36), 30)
    scene.polygon([(300, 280), (380, 300), (360, 380), (290, 356)], (94, 90, 86))
    scene.box(120, 580, 380, 62, (54, 54, 58), 30)
    for x in range(150, 490, 54):
        scene.oval(x, 611, 22, 22, (92, 92, 96))
    for x in (560, 690, 860):
        size = 0.8 + (x - 560) / 560
        y = 640 + (x - 560) * 0.5
        scene.polygon(
            [(x - 34 * size, y + 60 * size), (x + 34 * size, y + 60 * size), (x, y - 60 * size)],
            (232, 96, 44),
        )
        scene.polygon(
            [
                (x - 20 * size, y + 8 * size),
                (x + 20 * size, y + 8 * size),
                (x + 12 * size, y - 20 * size),
                (x - 12 * size, y - 20 * size),
            ],
            (246, 244, 240),
        )
        scene.box(x - 46 * size, y + 58 * size, 92 * size, 12 * size, (60, 60, 64), 3)


def _bridge(scene: _Scene) -> None:
    scene.sky(_DAY, 420)
    scene.ridge(420, 160, (150, 164, 178), 0.9)
    scene.poplars(430, 12, (92, 132, 84))
    scene.houses(430, _WALLS)
    scene.polygon([(0, 420), (WIDTH, 420), (WIDTH, HEIGHT), (0, HEIGHT)], (122, 148, 100))
    scene.polygon([(420, 430), (760, 430), (1120, HEIGHT), (60, HEIGHT)], (118, 160, 178))
    for _ in range(60):
        y = scene.chance.uniform(470, 880)
        half = 170 + (y - 430) * 0.75
        x = 600 + scene.chance.uniform(-half, half) * 0.9
        scene.line([(x, y), (x + 40, y + 3)], (196, 220, 226), 4)
    for _ in range(26):
        y = scene.chance.uniform(520, 880)
        side = scene.chance.choice((-1, 1))
        scene.uneven(590 + side * (190 + (y - 430) * 0.78), y, 34, 22, (160, 156, 148), 0.25)
    scene.polygon([(0, 500), (WIDTH, 470), (WIDTH, 560), (0, 596)], (182, 178, 170))
    scene.polygon([(0, 486), (WIDTH, 456), (WIDTH, 474), (0, 506)], (206, 202, 192))
    for pier in (330, 800):
        scene.polygon([(pier, 560), (pier + 70, 556), (pier + 86, 770), (pier - 16, 780)], (154, 150, 142))
    for x in range(10, WIDTH, 46):
        y = 490 - x * 0.025
        scene.line([(x, y), (x, y - 66)], (70, 94, 112), 6)
    scene.line([(0, 426), (WIDTH, 396)], (70, 94, 112), 9)


def _square(scene: _Scene) -> None:
    scene.sky(_DAY, 520)
    scene.ridge(520, 150, (160, 172, 186), 2.6)
    scene.poplars(530, 8, (92, 132, 84))
    scene.box(250, 220, 700, 320, (236, 230, 218))
    scene.box(230, 200, 740, 30, (214, 206, 192))
    for column in range(9):
        scene.box(286 + column * 74, 250, 40, 250, (122, 146, 164))
        scene.box(286 + column * 74, 366, 40, 18, (236, 230, 218))
    scene.box(540, 400, 120, 140, (92, 82, 74))
    scene.line([(600, 200), (600, 90)], (150, 150, 150), 7)
    scene.polygon([(603, 94), (700, 104), (690, 150), (603, 146)], (206, 44, 44))
    scene.oval(648, 122, 13, 13, (250, 206, 70))
    scene.polygon([(0, 520), (WIDTH, 520), (WIDTH, HEIGHT), (0, HEIGHT)], (206, 200, 190))
    for i in range(-7, 8):
        scene.line([(600 + i * 60, 540), (600 + i * 190, HEIGHT)], (190, 184, 174), 3)
    for y in (580, 640, 720, 820):
        scene.line([(0, y), (WIDTH, y)], (190, 184, 174), 3)
    scene.oval(600, 700, 230, 66, (170, 166, 158))
    scene.oval(600, 694, 206, 54, (122, 172, 194))
    for side in range(-5, 6):
        curve = [
            (600 + side * 26 * t, 690 - 190 * 4 * t * (1 - t) * (1 - abs(side) / 9))
            for t in (0, 0.25, 0.5, 0.75, 1)
        ]
        scene.line(curve, (222, 236, 240), 5)
    for x in (110, 1090):
        scene.uneven(x, 650, 130, 36, (104, 142, 84))
        for _ in range(14):
            flower = scene.chance.choice(((214, 70, 80), (246, 206, 90), (240, 240, 236)))
            scene.oval(x + scene.chance.uniform(-104, 104), 646 + scene.chance.uniform(-22, 22), 8, 7, flower)


_PAINTERS: dict[str, Callable[[_Scene], None]] = {
    "bin": _bin,
    "bridge": _bridge,
    "bus": _bus,
    "dog": _dog,
    "dump": _dump,
    "hill": _hill,
    "lamp": _lamp,
    "manhole": _manhole,
    "playground": _playground,
    "pothole": _pothole,
    "radiator": _radiator,
    "roadworks": _roadworks,
    "square": _square,
    "tree": _tree,
    "water": _water,
}

#: Names of every picture.
PICTURES: tuple[str, ...] = tuple(_PAINTERS)
