from __future__ import annotations

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import find_peaks

from motionsight_core.measure.peaks import peaks_of


@given(
    # Few levels make plateaus and equal peaks.
    values=arrays(np.float64, st.integers(0, 60), elements=st.integers(0, 6).map(float)),
    noise=st.sampled_from((0.0, 0.3)),
    prominence=st.sampled_from((0.0, 0.5, 1.0, 2.5)),
    height=st.sampled_from((-np.inf, 2.0, 3.5)),
    distance=st.sampled_from((1.0, 1.5, 4.0, 9.2)),
)
def test_peaks_are_those_of_scipy(
    values: np.ndarray, noise: float, prominence: float, height: float, distance: float
) -> None:
    values = values + noise * np.sin(np.arange(len(values)) ** 2)

    expected, _ = find_peaks(values, height=height, prominence=prominence, distance=distance)

    found = peaks_of(values, height=height, prominence=prominence, distance=distance)
    assert found.tolist() == expected.tolist()


def test_a_plateau_is_one_peak_and_the_ends_are_none() -> None:
    assert peaks_of(np.array([9.0, 0, 2, 2, 2, 0, 1, 0, 9]), prominence=1).tolist() == [3, 6]
    assert peaks_of(np.array([9.0, 0, 2, 2, 2, 0, 1, 0, 9]), prominence=1.5).tolist() == [3]


def test_a_decoding_process_loads_neither_scipy_s_signal_processing_nor_its_statistics() -> None:
    program = (
        "import sys\n"
        "import motionsight_core.guarded.child\n"
        "print({'scipy.signal', 'scipy.stats'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
