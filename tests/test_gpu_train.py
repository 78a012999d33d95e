"""What `benchmarks/gpu_train.py` prints is what its steps came to."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.gpu_train import Row, compared, measured
from tests.documented import ROOT
from tests.warm import environment


def step(number: int, **changed: object) -> Row:
    weights = {"llm": 6_000_000_000, "vision": 700_000_000, "adapters": 300_000_000}
    row = {"step": number, "loss": 2.5, "seconds": 4.0, "waited_s": 1.0, "tokens": 6000, "patches": 20_000}
    return row | {"clips": 4, "weights": weights, "processes": 1, "memory_bytes": 3 * 2**30} | changed


def lines(text: str) -> dict[str, str]:
    return {line[:18].strip(): line[19:] for line in text.splitlines()}


def test_steps_that_warm_up_are_not_measured() -> None:
    slow = [step(1, seconds=100.0), step(2, seconds=100.0)]

    said = lines(measured([*slow, step(3), step(4)], peak=0, is_all=False))

    assert said["steps"] == "2 of 4.00 s, 4 clips each"
    assert said["LLM tokens"] == "1,500 a second, 1,500 a clip"
    assert said["clips"] == "1.00 a second"
    assert said["waiting for data"] == "25% of the time"
    assert said["memory"] == "3.0 GiB a GPU at most"
    assert measured(slow, peak=0, is_all=False).endswith("nothing: 2 steps ended")


@pytest.mark.parametrize(
    ("is_all", "flops"),
    [
        (False, 4 * 6e9 * 6000 + 6 * 3e8 * 6000 + 2 * 7e8 * 20_000),
        (True, 6 * 6e9 * 6000 + 6 * 3e8 * 6000 + 6 * 7e8 * 20_000),
    ],
)
def test_model_flops_are_those_of_what_is_trained(is_all: bool, flops: float) -> None:
    rate = flops / 4 / 1e12

    said = lines(measured([step(number) for number in (1, 2, 3)], peak=2 * rate, is_all=is_all))

    assert said["model FLOPs"] == f"{rate:.3g} TFLOP/s a device, 50% of {2 * rate:.0f} (MFU)"


def test_losses_of_the_same_steps_are_compared() -> None:
    whole = [step(3), step(4, loss=2.0), step(5, loss=1.5)]

    assert compared(whole, [step(4, loss=2.0), step(5, loss=1.5)]).endswith("; equal")
    assert compared(whole, [step(4, loss=2.0), step(5, loss=1.25)]).endswith("; up to 0.25 apart")
    assert "no step was made twice" in compared(whole, [])


@pytest.mark.long
def test_the_tiny_form_trains_and_measures() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu_train", "--size", "tiny", "--steps", "5"],
        cwd=ROOT,
        env=environment() | {"CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )

    said = lines(done.stdout)
    assert said["steps"].startswith("3 of ")
    assert len(said["losses"].split()) == 5
    assert "FSDP2: left out" in done.stdout
