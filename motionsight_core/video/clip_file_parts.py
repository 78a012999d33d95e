"""What is said of a clip's file while it is made and afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ClipFileFacts:
    """What a clip's file says of itself, in its comment."""

    clip_id: str
    made_with: str
    """Names the settings that the bytes depend on."""
    frames: int
    lost_frames: int
    """Frames of the clip that could not be decoded, and are not in the file."""
    width: int
    """Pixels."""
    height: int
    first_s: float
    """When the file's first frame, at 0 in the file, is shown in the source, seconds."""
    duration_s: float
    """From the first frame's start to the last one's end, seconds."""


@dataclass(frozen=True, slots=True)
class ClipFilePart:
    """A piece of the file; with the last one comes what the file is."""

    offset: int
    """Where the bytes begin."""
    data: NDArray[np.uint8]
    """[N] the bytes; none where there only is progress."""
    size: int = 0
    """Bytes of the whole file, with the last piece."""
    facts: ClipFileFacts | None = None
    """With the last piece."""
