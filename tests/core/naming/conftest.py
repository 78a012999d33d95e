"""A real person: the photograph of Grace Hopper that Matplotlib brings (NASA, public domain)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray


@pytest.fixture(scope="session")
def portrait() -> NDArray[np.uint8]:
    """[H, W, 3] RGB, upright, the person fills it."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        pytest.skip("Matplotlib, which comes with the extra `models`, is not installed")
    file = Path(spec.origin).parent / "mpl-data" / "sample_data" / "grace_hopper.jpg"
    bgr = cv2.imread(str(file))
    assert bgr is not None
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
