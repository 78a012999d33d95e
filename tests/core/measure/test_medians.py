"""Our medians are NumPy's."""

import numpy as np
import pytest

from motionsight_core.measure.medians import median, median_of_levels, medians


@pytest.mark.parametrize("size", [1, 2, 3, 880, 881])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_median_is_that_of_numpy(size, dtype):
    values = np.random.default_rng(size).integers(0, 256, (size, 2)).astype(dtype)

    assert median(values) == np.median(values)
    assert median(values[::2, 0]) == np.median(values[::2, 0])


@pytest.mark.parametrize("count", [1, 2, 3, 100])
def test_medians_of_columns_are_those_of_numpy(count):
    values = np.random.default_rng(count).standard_normal((count, 3, 2)).astype(np.float32)

    np.testing.assert_array_equal(medians(values), np.median(values, axis=0))


@pytest.mark.parametrize("deviation", [0.8, 1.1, 1.6, 2.3, 5.0])
def test_median_of_levels_is_that_of_the_values_before_they_were_rounded(deviation):
    values = np.abs(np.random.default_rng(0).normal(0, deviation, 40_000))

    assert median_of_levels(np.rint(values).astype(np.uint8)) == pytest.approx(np.median(values), abs=0.12)


def test_median_of_levels_of_one_level_is_within_it():
    assert median_of_levels(np.zeros((4, 4), np.uint8)) == 0.25
    assert median_of_levels(np.full((3, 3), 7, np.uint8)) == 7
    assert median_of_levels(np.array([255], np.uint8)) == 255
