"""Text that was burnt into a clip's pictures: captions, subtitles, logos with words. Needs the extra `text`.

A detector of text takes discs and fences for text. So text counts only where several frames have the same
box, and where a recogniser reads words in it. A sign that stands still before a still camera counts as well:
from pictures alone nobody can tell the two apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionsight_core.catalog import Clip
from motionsight_core.errors import ClipError, UsageError
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.settings import Settings

#: Frames of a clip that are looked at, evenly in time.
FRAMES = 4
#: Of these, how many must have a box in the same place.
_LEAST_FRAMES = 3
#: Overlap (intersection over union) from which two boxes are in the same place.
_LEAST_OVERLAP = 0.6
#: Letters and digits that must be read, and how sure the recogniser must be of them, 0 to 1.
_LEAST_LETTERS = 3
_LEAST_SURENESS = 0.8
#: Longer side to which the detector makes a frame smaller, pixels; half of the time of its default.
_LONGER_SIDE = 736

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BurntInText:
    """Text that stands in the same place for most of a clip."""

    text: str
    """As it was read in one of the frames."""
    box: tuple[float, float, float, float]
    """x0, y0, x1, y1 in fractions of width and height."""


class TextFinder:
    """Finds burnt-in text.

    Raises:
        UsageError: the extra is not installed.
    """

    def __init__(self) -> None:
        try:
            from rapidocr import RapidOCR
        except ImportError:
            raise UsageError("Text is found by rapidocr; run `pip install 'motionsight[text]'`.") from None
        self._engine: Any = RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.use_cls": False,
                "Det.limit_type": "max",
                "Det.limit_side_len": _LONGER_SIDE,
            }
        )

    def find(self, frames: Sequence[NDArray[np.uint8]]) -> tuple[BurntInText, ...]:
        """The text of a clip's frames [H, W, 3] RGB, from top to bottom; none in fewer than three frames."""
        found = [self._boxes(frame) for frame in frames]
        texts: list[BurntInText] = []
        for box in _lasting(found):
            text = self._read(frames[len(frames) // 2], box)
            if text is not None:
                texts.append(BurntInText(text, (box[0], box[1], box[2], box[3])))
        return tuple(sorted(texts, key=lambda one: (one.box[1], one.box[0])))

    def _boxes(self, frame: NDArray[np.uint8]) -> Floats:
        """[B, 4] x0, y0, x1, y1 in fractions of width and height."""
        found = self._engine(_bgr(frame), use_det=True, use_cls=False, use_rec=False)
        if found.boxes is None or not len(found.boxes):
            return np.empty((0, 4))
        corners = np.asarray(found.boxes, np.float64)
        height, width = frame.shape[:2]
        sides = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
        return sides / (width, height, width, height)

    def _read(self, frame: NDArray[np.uint8], box: Floats) -> str | None:
        height, width = frame.shape[:2]
        x0, y0, x1, y1 = np.round(box * (width, height, width, height)).astype(int).tolist()
        cut = frame[max(0, y0) : y1, max(0, x0) : x1]
        if not cut.size:
            return None
        read = self._engine(_bgr(cut), use_det=False, use_cls=False, use_rec=True)
        if not read.txts or read.scores[0] < _LEAST_SURENESS:
            return None
        text = str(read.txts[0])
        return text if sum(map(str.isalnum, text)) >= _LEAST_LETTERS else None


def clips_with_text(clips: Iterable[Clip], settings: Settings) -> Iterator[tuple[Clip, str | ClipError]]:
    """The clips with burnt-in text, each with a sentence that quotes it, or with why it cannot be told.

    A clip takes about two seconds of one core.

    Raises:
        UsageError: the extra is not installed.
    """
    finder = TextFinder()
    sampling = settings.sampling.model_copy(update={"frames": FRAMES, "fps": None})
    decoder = shared_decoder(settings.model_copy(update={"sampling": sampling}))
    for clip in clips:
        try:
            sampled = decoder.decode(clip, products=("sampled",)).sampled
        except ClipError as error:
            yield clip, error
            continue
        texts = finder.find(list(sampled.pixels)) if sampled is not None else ()
        if texts:
            yield clip, f"Text is burnt in: {', '.join(repr(one.text) for one in texts)}."


def _lasting(found: Sequence[Floats]) -> list[Floats]:
    """Of the boxes [B, 4] of each frame, one for each place in which enough frames have one: their median."""
    lasting: list[Floats] = []
    for boxes in found[: max(0, len(found) - _LEAST_FRAMES + 1)]:
        for box in boxes:
            if any(_overlaps(box, lasting)):
                continue
            same = [others[best] for others in found if (best := _best(box, others)) is not None]
            if len(same) >= _LEAST_FRAMES:
                lasting.append(np.median(same, axis=0))
    return lasting


def _best(box: Floats, others: Floats) -> int | None:
    """Which of the boxes [B, 4] is in the same place, if one is."""
    overlaps = _overlap(box, others) if len(others) else np.zeros(1)
    best = int(overlaps.argmax())
    return best if overlaps[best] >= _LEAST_OVERLAP else None


def _overlaps(box: Floats, others: Sequence[Floats]) -> Iterator[bool]:
    return (bool(_overlap(box, other[None])[0] >= _LEAST_OVERLAP) for other in others)


def _overlap(box: Floats, others: Floats) -> Floats:
    """[B] intersection over union of a box [4] with others [B, 4]."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.prod(np.maximum(sides, 0.0), axis=1)
    areas = np.prod(others[:, 2:] - others[:, :2], axis=1) + np.prod(box[2:] - box[:2])
    return shared / np.maximum(areas - shared, 1e-12)


def _bgr(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(rgb[..., ::-1])
