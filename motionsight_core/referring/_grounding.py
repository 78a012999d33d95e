"""What both forms of GroundingDINO share: prompts of names, and detections from probabilities."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import nms

from motionsight_core.referring._base import Detection, View, sampled_of
from motionsight_core.settings import ReferringSettings

#: Tokens that the text encoder takes, [CLS] and [SEP] included.
MAX_TOKENS = 256
#: What is read of a name: at three tokens for a character, the most that there are, it still fits.
MAX_CHARACTERS = 80
#: Frames in one call of the model. A frame is resized to a megapixel and takes some 2 GB while it runs.
VIEWS_ON_GPU, VIEWS_ON_CPU = 16, 2
#: IoU from which on two boxes are one object, found under two names or twice.
SAME_OBJECT_IOU = 0.8
#: Shortest side of a box, of the frame's: what is left of boxes outside of it is thinner.
LEAST_SIDE = 1e-3


@dataclass(frozen=True, slots=True)
class Prompt:
    """Names as the text encoder reads them, and where each one stands."""

    text: str
    """Lower case, a full stop after each name: "dog. red car."."""
    names: tuple[str, ...]
    """As they were given."""
    spans: tuple[tuple[int, int], ...]
    """Of each name, its first token and the one after its last."""


#: Number of the view, its pixels [H, W, 3], and one of its prompts.
_Job = tuple[int, NDArray[np.uint8], Prompt]


class PromptedDetector(ABC):
    """A model that scores boxes against the tokens of a prompt. Safe to call from many threads."""

    #: Whether frames with different prompts may go through the model together.
    mixes_prompts = True

    def __init__(self, device: torch.device, settings: ReferringSettings) -> None:
        self._device, self._settings = device, settings
        self._lock = threading.Lock()

    def detect(self, views: Sequence[View]) -> list[list[Detection]]:
        """The named objects of each view, best first; none where no names are given.

        Frames of one size go through the model together, so that none is padded for another's sake
        and a view's answer does not depend on its neighbours.
        """
        found: list[list[Detection]] = [[] for _ in views]
        jobs = [
            (number, sampled_of(view.clip).pixels[view.frame], prompt)
            for number, view in enumerate(views)
            for prompt in prompts_of(view.names, self._tokens_of)
        ]
        for batch in self._batches(jobs):
            inputs = self._prepare(
                [pixels for _, pixels, _ in batch], [prompt.text for _, _, prompt in batch]
            )
            with self._lock, torch.inference_mode():
                logits, boxes = self._predict(inputs)
                probabilities, boxes = logits.float().sigmoid().cpu(), boxes.float().cpu()
            for (number, _, prompt), scores, corners in zip(
                batch, probabilities, corners_of(boxes), strict=True
            ):
                found[number] += detections_of(scores, corners, prompt, self._settings)
        return [without_doubles(detections) for detections in found]

    def _batches(self, jobs: list[_Job]) -> Iterator[list[_Job]]:
        """Jobs that may go through the model together, as many as fit."""
        size = VIEWS_ON_GPU if self._device.type == "cuda" else VIEWS_ON_CPU
        alike: dict[tuple[Any, ...], list[_Job]] = {}
        for job in jobs:
            _, pixels, prompt = job
            alike.setdefault((pixels.shape, None if self.mixes_prompts else prompt.text), []).append(job)
        for some in alike.values():
            for start in range(0, len(some), size):
                yield some[start : start + size]

    @abstractmethod
    def _tokens_of(self, text: str) -> int:
        """Tokens of a text, without [CLS] and [SEP]."""

    @abstractmethod
    def _prepare(self, frames: list[NDArray[np.uint8]], texts: list[str]) -> Any:
        """The model's inputs of frames [H, W, 3] of one size, RGB, and their prompts; any thread."""

    @abstractmethod
    def _predict(self, inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits [B, Q, tokens] and boxes [B, Q, 4], centre and size in fractions; under the lock."""


def prompts_of(names: Sequence[str], tokens_of: Callable[[str], int]) -> Iterator[Prompt]:
    """The prompts that hold all names, as few as the text encoder's limit allows.

    Args:
        names: in plain words; the same name in other case is one name, empty ones are left out.
        tokens_of: how many tokens a text is.
    """
    texts: list[str] = []
    given: list[str] = []
    spans: list[tuple[int, int]] = []
    seen: set[str] = set()
    for name in names:
        text = plain_name(name)
        length = tokens_of(text)
        if not length or text in seen:
            continue
        seen.add(text)
        start = spans[-1][1] + 1 if spans else 1  # after the full stop, or after [CLS]
        if start + length + 2 > MAX_TOKENS and spans:  # a full stop and [SEP] follow
            yield Prompt(". ".join(texts) + ".", tuple(given), tuple(spans))
            texts, given, spans, start = [], [], [], 1
        texts.append(text)
        given.append(name)
        spans.append((start, start + length))
    if spans:
        yield Prompt(". ".join(texts) + ".", tuple(given), tuple(spans))


def plain_name(name: str) -> str:
    """What a model reads of a name: lower case, without the marks that end a name in a prompt."""
    return " ".join(name.lower().replace(".", " ").replace("?", " ").split())[:MAX_CHARACTERS].strip()


def corners_of(boxes: torch.Tensor) -> torch.Tensor:
    """[..., 4] x0, y0, x1, y1, clipped to the frame, of boxes as centre and size."""
    centre, half = boxes[..., :2], boxes[..., 2:] / 2
    return torch.cat([centre - half, centre + half], dim=-1).clamp(0, 1)


def detections_of(
    probabilities: torch.Tensor, corners: torch.Tensor, prompt: Prompt, settings: ReferringSettings
) -> list[Detection]:
    """The boxes of at least `box_threshold`, each with the name that it was most likely found for.

    A box's score is that of its best token, as its authors have it. Its words are the tokens of at
    least `text_threshold`; a box without a word of any name is no object that was asked for. A name's
    claim is its best word plus the mean over all its words: "red car" beats "car" where the car is
    red, and not where only "car" was recognised.

    Args:
        probabilities: [Q, tokens].
        corners: [Q, 4] in fractions, inside 0..1.
        prompt: what the tokens are.
        settings: thresholds.
    """
    scores = probabilities.max(dim=1).values
    sizes = corners[:, 2:] - corners[:, :2]
    kept = (scores >= settings.box_threshold) & (sizes >= LEAST_SIDE).all(dim=1)
    words = probabilities[kept]
    words = words.where(words >= settings.text_threshold, 0.0)
    claims = torch.stack(
        [words[:, first:last].amax(dim=1) + words[:, first:last].mean(dim=1) for first, last in prompt.spans],
        dim=1,
    )
    claim, name = claims.max(dim=1)
    return [
        Detection(prompt.names[index], min(score, 1.0), (box[0], box[1], box[2], box[3]))
        for score, box, index, is_named in zip(
            scores[kept].tolist(), corners[kept].tolist(), name.tolist(), (claim > 0).tolist(), strict=True
        )
        if is_named
    ]


def without_doubles(detections: list[Detection]) -> list[Detection]:
    """Best first; of boxes that overlap by `SAME_OBJECT_IOU`, whatever their names, only the best."""
    if not detections:
        return []
    boxes = torch.tensor([detection.box for detection in detections])
    scores = torch.tensor([detection.score for detection in detections])
    return [detections[index] for index in nms(boxes, scores, SAME_OBJECT_IOU).tolist()]
