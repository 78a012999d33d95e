"""Random stressed scenes, for tuning and for tests that nobody tuned on.

Seeds 1 to 999 are for development: look at their scenes, tune on them. Seeds 5000 to 5999 are for tests:
nothing may be tuned on what their scenes show. Other seeds are free.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from motionsight_core.camera_motion import CameraLabel
from motionsight_core.synthetic.random_scenes import random_scene
from motionsight_core.synthetic.scene import TEXTURES, THEMES, Encoding, Scene, Sprite
from motionsight_core.synthetic.stressed.actors import CYCLES, crowd, foreground, repeating, walkers
from motionsight_core.synthetic.stressed.editing import Edited, Join
from motionsight_core.synthetic.stressed.film import COMPRESSED_FROM, Film
from motionsight_core.synthetic.stressed.optics import Flicker, Haze, Night, SensorNoise
from motionsight_core.synthetic.stressed.overlays import Bars, Captions, Clock, Logo
from motionsight_core.synthetic.stressed.screen import ScreenRecording
from motionsight_core.synthetic.stressed.shot import Planar, Stressor
from motionsight_core.synthetic.stressed.solid import MOST_TURN, SPEEDS, Solid
from motionsight_core.synthetic.stressed.water import Ripple

_KINDS = ("static", "pan", "tilt", "zoom", "roll", "pan_tilt", "pan_zoom", "zoom_roll", "start_stop")
_DIRECTIONS = {
    "truck": ("left", "right"), "pedestal": ("up", "down"), "dolly": ("in", "out"), "arc": ("cw", "ccw"),
    "pan": ("left", "right"), "tilt": ("up", "down"), "zoom": ("in", "out"), "roll": ("cw", "ccw"),
}  # fmt: skip
_TEXTURE_SHARE = 0.75
"""How many planar backgrounds are of one material; the others are landscapes."""
_CONTRAST = 0.3, 1.0
_FAINT = ("low_texture", "night")
_BEHIND = 0.06, 0.5
"""Contrast of what lies behind a large foreground."""
_SECOND_SHARE = 0.35
"""How many films have a second, optical stressor."""


@dataclass(frozen=True, slots=True)
class _Draw:
    """What the random choices of one film have in common."""

    rng: np.random.Generator
    width: int
    height: int
    pictures: tuple[str, ...]
    """Picture files for backgrounds; none of them where it is empty."""
    fps: float = 24.0
    duration_s: float = 4.0

    def seed(self) -> int:
        return int(self.rng.integers(2**31))

    def one(self, choices: Sequence[str]) -> str:
        return choices[int(self.rng.integers(len(choices)))]

    def scene(self, kinds: Sequence[str] = _KINDS, *, duration_s: float = 0.0, objects: bool = True) -> Scene:
        """A planar scene over a background that the measurement was not tuned on, mostly."""
        rng = self.rng
        scene = random_scene(
            rng,
            kind=self.one(kinds),
            width=self.width,
            height=self.height,
            fps=self.fps,
            # Whole frames, so that a move to the end of the scene fits into it.
            duration_s=round((duration_s or self.duration_s) * self.fps) / self.fps,
        )
        sprites = walkers(rng, scene.duration_s) if objects and rng.uniform() < 0.5 else ()
        picture = self.one(self.pictures) if self.pictures and rng.uniform() < 0.5 else ""
        themes = TEXTURES if rng.uniform() < _TEXTURE_SHARE else THEMES
        theme = themes[int(rng.integers(len(themes)))]
        # Few real backgrounds are as rich as a whole wall of bricks in the sun.
        contrast = round(float(rng.uniform(*_CONTRAST)), 3)
        return replace(scene, sprites=sprites, theme=theme, picture=picture, contrast=contrast)

    def planar(self, kinds: Sequence[str] = _KINDS) -> Planar:
        return Planar(self.scene(kinds))


def _solid(draw: _Draw, kinds: Sequence[str], *, shake: float = 0.0) -> Solid:
    rng = draw.rng
    kind = draw.one(kinds)
    label: CameraLabel = "static"
    if kind != "static":
        label = f"{kind}_{draw.one(_DIRECTIONS[kind])}"  # pyrefly: ignore[bad-assignment]
    low, high = SPEEDS[kind]
    if kind in ("pan", "arc"):
        high = min(high, MOST_TURN / draw.duration_s)
    return Solid(
        draw.seed(),
        label,
        float(np.exp(rng.uniform(np.log(low), np.log(high)))) if low else 0.0,
        shake=shake,
        pivot_m=float(rng.uniform(7, 11)),
        with_mover=bool(rng.uniform() < 0.4),
        width=draw.width,
        height=draw.height,
        fps=draw.fps,
        duration_s=draw.duration_s,
    )


def _slow(scene: Scene) -> Scene:
    moves = tuple(replace(move, rate=round(0.5 * move.rate, 4)) for move in scene.moves)
    return replace(scene, moves=moves)


def _parallax(draw: _Draw) -> Film:
    return Film("", _solid(draw, ("truck", "pedestal", "dolly", "arc")), ("parallax",))


def _depth(draw: _Draw) -> Film:
    return Film("", _solid(draw, ("pan", "tilt", "zoom", "roll", "static")), ("depth",))


def _foreground(draw: _Draw) -> Film:
    static = draw.rng.uniform() < 0.6
    scene = _slow(draw.scene(("static",) if static else ("pan", "tilt", "zoom"), objects=False))
    # A lens that is focused on what is near shows little of what lies behind.
    scene = replace(scene, contrast=round(float(draw.rng.uniform(*_BEHIND)), 3))
    return _with(scene, (foreground(draw.rng, scene.duration_s),), "foreground")


def _crowd(draw: _Draw) -> Film:
    scene = draw.scene(("static", "static", "pan", "tilt", "zoom"))
    return _with(scene, crowd(draw.rng, scene.duration_s), "crowd")


def _repetition(draw: _Draw) -> Film:
    scene = _slow(draw.scene(("static", "static", "static", "pan", "zoom"), objects=False))
    cycle = CYCLES[int(draw.rng.integers(len(CYCLES)))]
    aspect = draw.width / draw.height
    return _with(scene, (repeating(draw.rng, scene.duration_s, cycle, aspect=aspect),), "repetition")


def _with(scene: Scene, sprites: tuple[Sprite, ...], name: str) -> Film:
    return Film("", Planar(replace(scene, sprites=(*scene.sprites, *sprites))), (name,))


def _shake(draw: _Draw) -> Film:
    shake = float(np.exp(draw.rng.uniform(np.log(0.03), np.log(0.2))))
    if draw.rng.uniform() < 0.3:
        return Film("", _solid(draw, ("static", "pan", "truck", "dolly"), shake=0.5 * shake), ("shake",))
    return Film("", Planar(replace(draw.scene(("static", "pan", "tilt", "zoom")), shake=shake)), ("shake",))


def _blur(draw: _Draw) -> Film:
    kinds = ("pan", "tilt", "pan_tilt", "zoom", "roll", "static")
    return Film("", draw.planar(kinds), shutter=float(draw.rng.choice((0.5, 0.67, 1.0))))


def _slideshow(draw: _Draw) -> Film:
    lengths = draw.rng.uniform(0.7, 1.8, 5)
    kept = max(2, int(np.sum(np.cumsum(lengths) <= draw.duration_s)))
    stills = [draw.scene(("static",), duration_s=float(length), objects=False) for length in lengths[:kept]]
    return Film("", Edited(tuple(Planar(replace(still, noise=0.0)) for still in stills)), ("slideshow",))


def _edited(draw: _Draw, join: str) -> Film:
    rng = draw.rng
    count = int(rng.integers(2, 4))
    overlap = 0 if join == "cuts" else round(rng.uniform(0.35, 1.0) * draw.fps)
    length = draw.duration_s / count + overlap / draw.fps
    shots = tuple(
        Planar(draw.scene(("static", "pan", "tilt", "zoom"), duration_s=length)) for _ in range(count)
    )
    ends = join == "fades" and bool(rng.uniform() < 0.5)
    kinds: dict[str, Join] = {"cuts": "cut", "dissolves": "dissolve", "fades": "fade"}
    return Film("", Edited(shots, kinds[join], overlap, ends), (join,))


def _screen(draw: _Draw) -> Film:
    shot = ScreenRecording(draw.seed(), draw.width, draw.height, draw.fps, draw.duration_s)
    return Film("", shot, ("screen",))


def _under(
    make: Callable[[_Draw], tuple[Stressor, ...]], kinds: Sequence[str] = _KINDS
) -> Callable[[_Draw], Film]:
    """A film of any planar shot, or one in depth now and then, under some stressors."""

    def film(draw: _Draw) -> Film:
        deep = draw.rng.uniform() < 0.2 and kinds is _KINDS
        shot = _solid(draw, tuple(SPEEDS)) if deep else draw.planar(kinds)
        return Film("", shot, stressors=make(draw))

    return film


def _flicker(draw: _Draw) -> tuple[Stressor, ...]:
    rng = draw.rng
    return (Flicker(draw.seed(), float(rng.uniform(0.06, 0.3)), float(rng.uniform(0.7, 9.0))),)


def _noise(draw: _Draw) -> tuple[Stressor, ...]:
    return (SensorNoise(draw.seed(), float(draw.rng.uniform(0.3, 1.6)), float(draw.rng.uniform(2, 9))),)


def _night(draw: _Draw) -> tuple[Stressor, ...]:
    noise = SensorNoise(draw.seed(), float(draw.rng.uniform(0.1, 0.4)), float(draw.rng.uniform(1, 4)))
    return (Night(float(draw.rng.uniform(0.2, 0.4))), noise)


def _low_texture(draw: _Draw) -> tuple[Stressor, ...]:
    rng = draw.rng
    return (Haze(float(rng.uniform(0.2, 0.45)), float(rng.choice((0.0, 0.003, 0.006)))),)


def _overlay(draw: _Draw) -> tuple[Stressor, ...]:
    every: tuple[Stressor, ...] = (Logo(draw.seed()), Clock(), Captions(draw.seed()))
    chosen = draw.rng.uniform(size=3) < 0.6
    return tuple(one for one, is_in in zip(every, chosen, strict=True) if is_in) or every[2:]


def _bars(draw: _Draw) -> tuple[Stressor, ...]:
    return (Bars(float(draw.rng.uniform(0.08, 0.22)), upright=bool(draw.rng.uniform() < 0.4)),)


def _water(draw: _Draw) -> tuple[Stressor, ...]:
    rng = draw.rng
    return (Ripple(draw.seed(), float(rng.uniform(0.45, 0.75)), float(rng.uniform(0.003, 0.01))),)


_FILMS: dict[str, Callable[[_Draw], Film]] = {
    "parallax": _parallax,
    "foreground": _foreground,
    "flicker": _under(_flicker),
    "dissolves": lambda draw: _edited(draw, "dissolves"),
    "low_texture": _under(_low_texture),
    "repetition": _repetition,
    "crowd": _crowd,
    "blur": _blur,
    "depth": _depth,
    "overlay": _under(_overlay),
    "slideshow": _slideshow,
    "noise": _under(_noise),
    "shake": _shake,
    "screen": _screen,
    "bars": _under(_bars),
    "night": _under(_night),
    "cuts": lambda draw: _edited(draw, "cuts"),
    "compression": lambda draw: Film("", draw.planar()),
    "fades": lambda draw: _edited(draw, "fades"),
    "dynamic_texture": _under(_water, ("static",)),
}
STRESSORS: tuple[str, ...] = tuple(_FILMS)
"""What may stress a film first of all."""
_SECONDS: dict[str, Callable[[_Draw], tuple[Stressor, ...]]] = {
    "flicker": _flicker,
    "noise": _noise,
    "overlay": _overlay,
    "bars": _bars,
}


def random_film(
    rng: np.random.Generator,
    *,
    stressor: str,
    name: str = "",
    width: int = 480,
    height: int = 270,
    pictures: Sequence[str] = (),
) -> Film:
    """A film of 4 to 5.5 s under one of STRESSORS, and now and then another, optical one.

    Named after its stressor where `name` is empty; `pictures` are files that half of the planar backgrounds
    are made of. ValueError for a stressor that does not exist.
    """
    if stressor not in _FILMS:
        raise ValueError(f"no stressor {stressor!r}; there are {', '.join(STRESSORS)}")
    draw = _Draw(
        rng,
        width,
        height,
        tuple(pictures),
        fps=float(rng.choice((24.0, 25.0, 30.0))),
        duration_s=float(rng.choice((4.0, 4.5, 5.0, 5.5))),
    )
    film = _FILMS[stressor](draw)
    crf = int(rng.integers(18, COMPRESSED_FROM))
    second = draw.one((*_SECONDS, "compression")) if rng.uniform() < _SECOND_SHARE else ""
    # Strong compression leaves nothing of a faint picture that anyone could follow.
    if stressor == "compression" or (second == "compression" and stressor not in _FAINT):
        crf = int(rng.integers(COMPRESSED_FROM, 37))
    if second in _SECONDS and second != stressor:
        film = replace(film, stressors=(*film.stressors, *_SECONDS[second](draw)))
    return replace(film, name=name or stressor, encoding=Encoding(crf=crf))
