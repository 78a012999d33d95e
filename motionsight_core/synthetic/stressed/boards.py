"""What stands in a world of three dimensions: textured boards, the ground, the sky with a skyline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.synthetic.layers import Pixels, Region
from motionsight_core.synthetic.paint import Canvas, box, flat, mix, noise, profile, ramp, textured
from motionsight_core.synthetic.scene import TEXTURES, Sprite, Texture, Waypoint
from motionsight_core.synthetic.sprites import drawn
from motionsight_core.synthetic.stressed.planes import View, levels_of, seen
from motionsight_core.synthetic.textures import TEXTURE_PAINTERS

_COUNT = 22
_MODEL_COUNT = 8
"""Boards that look different; the others are larger or smaller ones of these."""
_DEPTHS = 4.0, 50.0
_SPREAD = 0.95
"""Places of boards to either side, for each metre of depth: also outside the first picture."""
_GROUND_M, _GROUND_PIXELS = 24.0, 1536
_HAZE = np.array((206, 214, 222), np.uint8)
_HAZY_FROM, _HAZY_AT = 25.0, 120.0
"""Metres at which the ground begins to fade, and has faded."""


@dataclass(frozen=True)
class Board:
    """An upright rectangle that stands on the ground and faces the camera's first place."""

    x: float
    """Its middle, metres."""
    z: float
    width: float
    height: float
    levels: tuple[Pixels, ...]
    """[H, W, 4], RGB times alpha and alpha, and halves of it."""
    speed: float = 0.0
    """Metres per second to the right."""

    def matrix(self, view: View, t_s: float) -> NDArray[np.float64]:
        """From pixels of the texture to pixels of the picture, [3, 3]."""
        rows, columns = self.levels[0].shape[:2]
        origin = np.array((self.x + self.speed * t_s - self.width / 2, -self.height, self.z))
        across, down = np.array((self.width / columns, 0, 0)), np.array((0, self.height / rows, 0))
        return view.homography(origin, across, down)

    def corners(self, view: View, t_s: float, *, nearest: float) -> NDArray[np.float32] | None:
        """[4, 2] pixels; None where it reaches behind the camera."""
        rows, columns = self.levels[0].shape[:2]
        ends = np.array(((0, 0, 1), (columns, 0, 1), (columns, rows, 1), (0, rows, 1)))
        flat_corners = ends @ self.matrix(view, t_s).T
        if flat_corners[:, 2].min() < nearest:
            return None
        return (flat_corners[:, :2] / flat_corners[:, 2:]).astype(np.float32)

    def drawn(
        self, view: View, t_s: float, size: tuple[int, int], *, nearest: float
    ) -> tuple[Pixels, Region] | None:
        """Its pixels [h, w, 4] and the region of the picture that they fill; None outside the picture."""
        corners = self.corners(view, t_s, nearest=nearest)
        if corners is None:
            return None
        low = np.clip(np.floor(corners.min(axis=0)) - 1, 0, size).astype(int)
        high = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, size).astype(int)
        if np.any(high <= low):
            return None
        shown = float(np.sqrt(cv2.contourArea(corners) / np.prod(self.levels[0].shape[:2])))
        level = int(np.clip(np.round(-np.log2(max(shown, 1e-6))), 0, len(self.levels) - 1))
        region = (int(low[0]), int(low[1]), int(high[0]), int(high[1]))
        return seen(self.levels, level, self.matrix(view, t_s), region, cv2.BORDER_CONSTANT), region


@dataclass(frozen=True)
class Ground:
    """The plane y = 0, under a texture that goes on for ever."""

    levels: tuple[Pixels, ...]

    def lay(self, frame: Pixels, view: View) -> None:
        """Draws it over everything below the horizon, in place."""
        height, width = frame.shape[:2]
        # What changes slowly over the picture is worked out for every fourth pixel.
        x, y = np.arange(2, width + 4, 4.0)[None], np.arange(2, height + 4, 4.0)[:, None]
        down = view.down_of(x, y)
        rows = np.flatnonzero(down.max(axis=1) > 0)
        if not len(rows):
            return
        top = max(0, 4 * int(rows[0]) - 4)
        depth = -view.place[1] / np.maximum(down, 1e-4)
        scale = _GROUND_M / _GROUND_PIXELS
        # Metres of ground under one pixel: across the view, and (much more) along it.
        across = depth / view.focal
        along = across * depth / max(-view.place[1], 0.1)
        coarse = np.log2(np.sqrt(across * along) / scale) + 0.5
        level = _fine(np.clip(coarse, 0, len(self.levels) - 1), frame, top)
        air = _fine(ramp(np.log(depth), np.log(_HAZY_FROM), np.log(_HAZY_AT)), frame, top)
        over = _fine(np.clip(down * view.focal + 0.5, 0, 1), frame, top)

        matrix = view.homography(np.array((0.0, 0, 0)), np.array((scale, 0, 0)), np.array((0, 0, -scale)))
        lower = np.minimum(level.astype(np.int32), len(self.levels) - 2)
        under = frame[top:]
        floor = under.copy()
        for number in range(int(lower.min()), int(lower.max()) + 1):
            mine = (lower == number).astype(np.uint8)
            shown = np.flatnonzero(mine.any(axis=1))
            if not len(shown):
                continue
            part = slice(int(shown[0]), int(shown[-1]) + 1)
            region = (0, top + part.start, width, top + part.stop)
            finer, coarser = (
                seen(self.levels, each, matrix, region, cv2.BORDER_WRAP) for each in (number, number + 1)
            )
            share = np.ascontiguousarray(level[part] - number)
            cv2.copyTo(cv2.blendLinear(finer, coarser, 1 - share, share), mine[part], floor[part])
        hazy = cv2.blendLinear(floor, np.full_like(floor, _HAZE), 1 - air, air)
        frame[top:] = cv2.blendLinear(hazy, np.ascontiguousarray(under), over, 1 - over)


def _fine(coarse: NDArray[np.floating[Any]], frame: Pixels, top: int) -> NDArray[np.float32]:
    """Values [h, W] of the rows from `top` on, from those at every fourth pixel of the frame [H, W, 3]."""
    rows, columns = coarse.shape
    fine = cv2.resize(coarse.astype(np.float32), (4 * columns, 4 * rows), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(fine[top : frame.shape[0], : frame.shape[1]], np.float32)


@dataclass(frozen=True)
class Backdrop:
    """An upright plane far away."""

    levels: tuple[Pixels, ...]
    distance: float
    scale: float
    """Metres in one pixel of the texture."""

    def drawn(self, view: View, size: tuple[int, int]) -> Pixels:
        """The whole picture of it, [H, W, 3]."""
        rows, columns = self.levels[0].shape[:2]
        # Its middle row but one third stands at the horizon.
        origin = np.array((-columns / 2 * self.scale, -rows * 2 / 3 * self.scale, self.distance))
        across, down = np.array((self.scale, 0, 0)), np.array((0, self.scale, 0))
        region = (0, 0, *size)
        return seen(self.levels, 0, view.homography(origin, across, down), region, cv2.BORDER_REFLECT)


def _canvas(rng: np.random.Generator, width: int, height: int, unit: float) -> Canvas:
    return Canvas(width, height, unit, height * 2 / 3, rng)


def ground(rng: np.random.Generator) -> Ground:
    """Ground of a random material."""
    kinds: tuple[Texture, ...] = ("pebbles", "planks", "foliage", "asphalt", "confetti", "marble")
    side = _GROUND_PIXELS // 2
    canvas = _canvas(rng, side, side, side / 2)
    image = TEXTURE_PAINTERS[kinds[int(rng.integers(len(kinds)))]](canvas)
    image = textured(image, noise(canvas, 0.3 * canvas.unit, rough=0.7), 0.2)
    tile = np.clip(image, 0, 255).astype(np.uint8)
    # Four mirror images fit together at all sides, and wrapping round is quick at any distance.
    both = np.hstack((tile, tile[:, ::-1]))
    return Ground(levels_of(np.vstack((both, both[::-1]))))


def backdrop(rng: np.random.Generator, distance: float) -> Backdrop:
    """A clouded sky over a skyline of hills and towers."""
    canvas = _canvas(rng, 1600, 440, 280)
    rows = canvas.rows()
    top, low = rng.uniform(90, 190, 3).astype(np.float32), np.array((216, 220, 226), np.float32)
    image = mix(flat(canvas, (0, 0, 0)) + top, low, ramp(rows, 0.2 * canvas.horizon, canvas.horizon))
    image = mix(image, (244, 244, 244), 0.7 * ramp(noise(canvas, 60, stretch=2.2, rough=0.6), 0.1, 1.4))
    ridge = canvas.horizon - 31 + 17 * profile(canvas, 175, rough=0.55)
    hills = textured(flat(canvas, (108, 124, 138)), noise(canvas, 27, rough=0.75), 0.14)
    image = mix(image, hills, np.clip(rows - ridge + 0.5, 0, 1).astype(np.float32))
    for x in rng.uniform(0, canvas.width, 40):
        tall, wide, tone = rng.uniform(12, 60), rng.uniform(9, 24), rng.uniform(80, 170)
        base = canvas.horizon + 5
        box(image, x, base - tall, x + wide, base, (tone, tone, 1.05 * tone))
        for level in np.arange(base - tall + 4, base - 4, 6):
            for column in np.arange(x + 3, x + wide - 4, 6):
                lit = rng.uniform(0.5, 1.3)
                box(image, column, level, column + 3, level + 3, (lit * tone, lit * tone, lit * tone))
    image = np.clip(image, 0, 255)
    return Backdrop(levels_of(image.astype(np.uint8)), distance, 0.57)


def boards(rng: np.random.Generator, *, clear_m: float) -> tuple[Board, ...]:
    """Boards at all depths, the nearest within a few metres, none within `clear_m` of the way ahead."""
    models = [_MODELS[number % len(_MODELS)](rng) for number in range(_MODEL_COUNT)]
    result = []
    for z in np.geomspace(*_DEPTHS, _COUNT):
        x = rng.uniform(-_SPREAD, _SPREAD) * z
        if abs(x) < clear_m:
            x = float(np.copysign(clear_m + rng.uniform(0, 1), x))
        model = models[int(rng.integers(len(models)))]
        grown = rng.uniform(0.8, 1.25)
        result.append(
            replace(model, x=float(x), z=float(z), width=grown * model.width, height=grown * model.height)
        )
    return tuple(result)


def mover(rng: np.random.Generator, duration_s: float) -> Board:
    """A bus that drives by at some metres' distance."""
    z, way = rng.uniform(5.0, 8.0), rng.choice((-1, 1))
    sprite = Sprite("bus", (Waypoint(0, 0, 0),), seed=int(rng.integers(2**31)))
    pixels = drawn(sprite, 220.0)
    # The shape alone, without its margin.
    rows, columns = np.nonzero(pixels[:, :, 3] > 127)
    shape = pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    speed = way * rng.uniform(0.9, 1.5) * z / duration_s
    height = 2.2 * shape.shape[0] / shape.shape[1]
    levels = levels_of(np.clip(shape, 0, 255).astype(np.uint8))
    return Board(-speed * duration_s / 2, z, 2.2, height, levels, speed)


def _material(rng: np.random.Generator, rows: int, columns: int, unit: float) -> NDArray[np.float32]:
    kind = TEXTURES[int(rng.integers(len(TEXTURES)))]
    image = TEXTURE_PAINTERS[kind](_canvas(rng, columns, rows, unit))
    return np.clip(image, 0, 255).astype(np.float32)


def _cut(image: NDArray[np.float32], alpha: NDArray[np.float32]) -> tuple[Pixels, ...]:
    """Levels of RGB times alpha, alpha."""
    return levels_of(np.dstack((image * alpha[:, :, None], 255 * alpha)).astype(np.uint8))


def _wall(rng: np.random.Generator) -> Board:
    levels = _cut(_material(rng, 160, 240, 300), np.ones((160, 240), np.float32))
    return Board(0, 0, rng.uniform(1.6, 2.2), rng.uniform(1.1, 1.9), levels)


def _post(rng: np.random.Generator) -> Board:
    image = _material(rng, 320, 32, 160)
    image[::80] *= 0.4
    levels = _cut(image, np.ones((320, 32), np.float32))
    return Board(0, 0, rng.uniform(0.15, 0.25), rng.uniform(2.3, 3.2), levels)


def _tree(rng: np.random.Generator) -> Board:
    canvas = _canvas(rng, 160, 256, 200)
    leaves = TEXTURE_PAINTERS["foliage"](canvas)
    across = (np.arange(160, dtype=np.float32)[None] - 80) / 74
    down = (canvas.rows() - 92) / 88
    crown = ramp(1 - across**2 - down**2 + 0.3 * noise(canvas, 40, rough=0.7), -0.05, 0.05)
    trunk = (np.abs(across) < 0.09) & (canvas.rows() > 150)
    image = mix(leaves, (92, 72, 54), trunk.astype(np.float32) * (1 - crown))
    alpha = np.maximum(crown, trunk.astype(np.float32)).astype(np.float32)
    tall = rng.uniform(2.1, 3.0)
    return Board(0, 0, 0.62 * tall, tall, _cut(np.clip(image, 0, 255), alpha))


_MODELS = (_tree, _wall, _post, _tree)
