"""Peaks are those that SciPy finds, though SciPy's signal processing is not loaded to find them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import signal

from motionsight_core.measure.peaks import find_peaks


def test_peaks_are_those_of_scipy() -> None:
    for seed in range(600):
        compare_with_scipy(seed)


def compare_with_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    curve = rng.normal(size=int(rng.integers(1, 200)))
    if seed % 3 == 0:
        curve = np.round(2 * curve) / 2  # with plateaus, and many peaks of one height
    elif seed % 3 == 1:
        curve = np.convolve(curve, np.ones(5) / 5, "same")
    distance = float(rng.choice([1.0, 2.0, 5.0, rng.uniform(1, 12)]))
    chosen = {"prominence": rng.uniform(0, 1.5), "height": rng.normal(), "distance": distance}
    peaks, _ = signal.find_peaks(curve, **chosen)
    np.testing.assert_array_equal(find_peaks(curve, **chosen), peaks)


@pytest.mark.parametrize("curve", [np.zeros(5), np.arange(5.0), np.zeros(0), np.array([0.0, 1.0])])
def test_what_does_not_turn_down_has_no_peak(curve: np.ndarray) -> None:
    assert len(find_peaks(curve, prominence=0.0)) == 0


def test_a_decoding_process_loads_neither_scipy_s_signal_processing_nor_its_statistics() -> None:
    program = (
        "import sys\n"
        "import motionsight_core.guarded.child, motionsight_core.video.scene_pass\n"
        "print({'scipy.signal', 'scipy.stats'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
