"""Our medians are NumPy's."""

import numpy as np
import pytest

from motionsight_core.measure.medians import median, medians


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
