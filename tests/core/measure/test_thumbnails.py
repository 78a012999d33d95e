"""What is cut out of thumbnails, in the place of a track."""

import numpy as np
from scipy.ndimage import map_coordinates

from motionsight_core.measure.thumbnails import _between_pixels


def test_pictures_are_sampled_linearly_and_go_on_at_their_edges():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (3, 45, 80), dtype=np.uint8)
    down, across = (np.sort(rng.uniform(-0.2, 1.2, (3, 6)), axis=1) for _ in range(2))

    seen = _between_pixels(pictures, down, across)

    for picture, y, x, ours in zip(pictures, down * 45 - 0.5, across * 80 - 0.5, seen, strict=True):
        grid = np.meshgrid(y, x, indexing="ij")
        expected = map_coordinates(picture, grid, order=1, mode="nearest", output=np.float64)
        np.testing.assert_allclose(ours, expected, atol=1e-9)
