"""Where events begin in a clip, and which of its tokens are kept (iMOVE, section 3.2, eq. 1 and 2).

starts = event_starts(features, count=4)                   # [T, h, w, d] -> for example [0, 5, 6, 11]
tokens = pooled_tokens(features, starts, stride=2)         # [n, d]
kept = kept_cells((16, 8, 8), starts, stride=2)            # [T, h, w], n of them true
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as nnf


def similarity(features: Tensor) -> Tensor:
    """S_{i,i+1}, eq. 1: the cosine similarity of each frame to the next.

    Args:
        features: [T, h, w, d], of any number type.

    Returns:
        [T-1], float32.
    """
    flat = features.flatten(1).float()
    return nnf.cosine_similarity(flat[:-1], flat[1:], dim=-1)


def event_starts(features: Tensor, *, count: int) -> list[int]:
    """The first frames of the events: where the similarity changes most, eq. 2.

    d_i = |S_{i,i+1} - S_{i-1,i}| for 1 <= i <= T-2. The paper leaves open whether the event of a large d_i
    begins at i or at i+1. A cut before frame c makes d large at c-1 and at c: with i+1, frame c and the one
    after it are starts.

    Args:
        features: [T, h, w, d].
        count: events wanted, K; from T on every frame is one.

    Returns:
        Frames in order; the first frame is always one of them.
    """
    frames = len(features)
    if count >= frames:
        return list(range(frames))
    between = similarity(features)
    change = (between[1:] - between[:-1]).abs()  # change[j] is d_{j+1}, whose event begins at j+2
    largest = change.argsort(descending=True, stable=True)[: count - 1]
    return sorted({0, *(largest + 2).tolist()})


def pooled_tokens(features: Tensor, starts: Sequence[int], *, stride: int) -> Tensor:
    """The tokens of a clip: of the first frame of each event all, of the others means of stride x stride.

    Args:
        features: [T, h, w, d].
        starts: frames that stay whole.
        stride: s; at the right and lower edges the means are of fewer cells.

    Returns:
        [n, d], frame by frame and row by row.
    """
    whole = set(starts)
    if len(whole) == len(features):
        return features.flatten(0, 2)
    pooled = nnf.avg_pool2d(features.movedim(-1, 1), stride, ceil_mode=True, count_include_pad=False)
    pooled = pooled.movedim(1, -1)
    return torch.cat(
        [(features if frame in whole else pooled)[frame].flatten(0, 1) for frame in range(len(features))]
    )


def kept_cells(shape: tuple[int, int, int], starts: Sequence[int], *, stride: int) -> Tensor:
    """For which cells of a clip a token stays: a mean stands where the first cell that it is of stood.

    Args:
        shape: T, h, w.
        starts: frames that stay whole.
        stride: s.

    Returns:
        [T, h, w], boolean; in its order the true ones are those of `pooled_tokens`.
    """
    kept = torch.zeros(shape, dtype=torch.bool)
    kept[:, ::stride, ::stride] = True
    kept[list(starts)] = True
    return kept
