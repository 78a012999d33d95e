"""Burnt-in text: the same words in the same place of several frames. Needs the extra `text`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core import Settings, clips_of
from motionsight_core.dataset.burnt_in_text import FRAMES, TextFinder, clips_with_text
from motionsight_core.errors import UsageError
from tests.videos import moving_texture, write_video

Frames = list[NDArray[np.uint8]]


@pytest.fixture(scope="module")
def finder() -> TextFinder:
    pytest.importorskip("rapidocr")
    return TextFinder()


def with_words(
    frames: Frames, place: Callable[[int], tuple[int, int]], words: str = "LIVE NEWS 24"
) -> Frames:
    """Frames with words whose lower left corner is at `place` of the frame's number."""
    drawn = [frame.copy() for frame in frames]
    for number, frame in enumerate(drawn):
        for colour, thickness in ((0, 6), (255, 2)):
            cv2.putText(frame, words, place(number), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (colour,) * 3, thickness)
    return drawn


def texture(count: int = FRAMES) -> Frames:
    return moving_texture(count, width=480, height=270, step=12)


def test_a_caption_is_read_where_it_stands(finder: TextFinder) -> None:
    (found,) = finder.find(with_words(texture(), lambda number: (40, 250)))
    assert found.text.replace(" ", "") == "LIVENEWS24"
    x0, y0, x1, y1 = found.box
    assert x0 < 0.2 < 0.4 < x1
    assert y0 > 0.75
    assert y1 > 0.9


def test_words_that_move_through_the_picture_are_not_burnt_in(finder: TextFinder) -> None:
    assert finder.find(with_words(texture(), lambda number: (10 + 60 * number, 60 + 50 * number))) == ()


def test_words_in_one_frame_alone_are_not_burnt_in(finder: TextFinder) -> None:
    frames = texture()
    assert finder.find([*with_words(frames[:1], lambda number: (40, 250)), *frames[1:]]) == ()


def test_a_disc_that_looks_like_text_to_the_detector_has_no_words(finder: TextFinder) -> None:
    still = np.full((360, 640, 3), 90, np.uint8)
    cv2.circle(still, (300, 100), 40, (50, 50, 200), -1)
    assert finder.find([still] * FRAMES) == ()


def test_clips_with_text_are_named_with_it(finder: TextFinder, tmp_path: Path) -> None:
    frames = moving_texture(40, width=480, height=270)
    write_video(tmp_path / "caption.mp4", with_words(frames, lambda number: (40, 250)))
    write_video(tmp_path / "plain.mp4", frames)
    found = list(clips_with_text(clips_of(str(tmp_path)), Settings()))
    assert [(Path(clip.uri).name, str(reason).replace(" ", "")) for clip, reason in found] == [
        ("caption.mp4", "Textisburntin:'LIVENEWS24'.")
    ]


def test_without_the_extra_a_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(UsageError, match=r"pip install 'motionsight\[text\]'"):
        TextFinder()
