"""Training at the paper's size: tokens per second, memory, the share of the GPU's peak, shards that resume.

    python -m benchmarks.gpu_train [--size real|tiny] [--minutes 9] [--steps 6] [--folder DIR]

Random weights of the sizes of Qwen2.5-VL, trained by `motionsight_core.training` on rendered clips of 16
frames, which are decoded in guarded processes of the data loader's workers:

- LoRA of rank 128 on a 7B, in bfloat16 with gradient checkpointing, on one GPU;
- all weights of a 3B in shards (FSDP2) on all GPUs there are, with a checkpoint two steps before the end,
  from which a second run goes on: the losses of both are compared. Where the disk is too small for the
  checkpoint (18 bytes a parameter with the model beside it), the LLM has fewer layers. On a CPU this is left
  out.

`tiny` runs the same code on a CPU. A run that lasts longer than --minutes is stopped, and what was
measured until then is printed.

Model FLOPs are those of the weights' products alone: 2 a weight and token forward, 2 more for the gradient of
what goes in, 2 more for that of the weight where it is trained. What gradient checkpointing computes again,
embeddings, the head (which trl asks for the tokens of answers alone) and the scores of attention do not
count. The tokens of a vision tower are patches.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import torch

from benchmarks.random_checkpoints import qwen2_5_vl
from tests.checkpoints.mllm import tiny_qwen2_5_vl
from tests.core.training.clips import write_data

#: Dense bfloat16 TFLOP/s by NVIDIA's data sheets; the first name that the GPU's contains.
PEAK_TFLOPS = {
    "H200 NVL": 835,
    "H200": 989,
    "H100 PCIe": 756,
    "H100 NVL": 835,
    "H100": 989,
    "A100": 312,
    "L40S": 362,
}
#: Steps that choose kernels and fill caches; they are not measured.
WARM_UP = 2
#: Steps that follow the checkpoint, and are made twice; it comes once, so there must be more before it.
AFTER_CHECKPOINT = 2
#: Of a parameter: in the model (2), and in a checkpoint its weight, twice, and AdamW's two (4 each).
DISK_BYTES = 18
REAL_CLIPS: dict[str, Any] = {"width": 960, "height": 540, "fps": 10.0, "duration_s": 16.0}

Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    has_gpu = torch.cuda.is_available()
    parser.add_argument("--size", choices=["real", "tiny"], default="real" if has_gpu else "tiny")
    parser.add_argument("--minutes", type=float, default=9.0, help="when it stops, whatever is left")
    parser.add_argument("--steps", type=int, default=6, help="of each training, two to warm up among them")
    parser.add_argument("--folder", type=Path, help="for models and checkpoints; a temporary one")
    parser.add_argument("--peak-tflops", type=float, help="of a GPU that the table does not know")
    chosen = parser.parse_args()
    if chosen.steps <= 2 * AFTER_CHECKPOINT:
        parser.error(f"--steps must be above {2 * AFTER_CHECKPOINT}")
    deadline = time.monotonic() + 60 * chosen.minutes
    peak = chosen.peak_tflops or _peak_tflops()
    print(f"machine            {_machine()}", flush=True)
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        place = Path(folder)
        data = write_data(place / "data", **(REAL_CLIPS if chosen.size == "real" else {}))
        _adapters(chosen, place, data, deadline, peak)
        if has_gpu:
            _shards(chosen, place, data, deadline, peak)
        else:
            print("\nFSDP2: left out, it needs a GPU.")


def _adapters(chosen: argparse.Namespace, place: Path, data: Path, deadline: float, peak: float) -> None:
    print("\nLoRA of rank 128, bfloat16, gradient checkpointing, one device:", flush=True)
    model = _model(place / "adapters", "7b", chosen.size)
    knobs = ["training.lora=true", "training.lora_rank=128", "training.save_every=1000000"]
    trained = Training(chosen, data, model, place / "adapters-out", [*knobs, *_knobs(chosen.size)])
    rows = trained.run(deadline, [sys.executable], only_one_gpu=True)
    print(measured(rows, peak, is_all=False), flush=True)
    shutil.rmtree(model)


def _shards(chosen: argparse.Namespace, place: Path, data: Path, deadline: float, peak: float) -> None:
    print(f"\nAll weights in shards (FSDP2), {torch.cuda.device_count()} GPUs:", flush=True)
    model = _model(place / "shards", "3b", chosen.size, most_bytes=shutil.disk_usage(place).free * 9 // 10)
    knobs = ["training.fsdp=true", f"training.save_every={chosen.steps - AFTER_CHECKPOINT}"]
    trained = Training(chosen, data, model, place / "shards-out", [*knobs, *_knobs(chosen.size)])
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "gpu"]
    whole = trained.run(deadline, launcher)
    print(measured(whole, peak, is_all=True), flush=True)
    resumed = trained.run(deadline, launcher)
    print(compared(whole, resumed), flush=True)


class Training:
    """Trainings of one model in processes of their own, which write a line for each step."""

    def __init__(
        self, chosen: argparse.Namespace, data: Path, model: Path, out: Path, knobs: Sequence[str]
    ) -> None:
        self._arguments = [str(data), str(model), str(out), str(chosen.steps), *knobs]

    def run(self, deadline: float, launcher: Sequence[str], *, only_one_gpu: bool = False) -> list[Row]:
        """The rows that it wrote before it ended, or had to."""
        environment = os.environ | ({"CUDA_VISIBLE_DEVICES": "0"} if only_one_gpu else {})
        command = [*launcher, "-m", "benchmarks._gpu_train_run", *self._arguments]
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        # torchrun hands a SIGTERM on to its workers, which are in sessions of their own.
        late = threading.Timer(
            max(1.0, deadline - time.monotonic()), os.killpg, (process.pid, signal.SIGTERM)
        )
        late.start()
        try:
            rows = [json.loads(line) for line in process.stdout or () if line.startswith("{")]
        finally:
            was_late = not late.is_alive()
            late.cancel()
            code = process.wait()
        if was_late:
            print("stopped            the time was up")
        elif code:
            print(f"failed             {' '.join(command)} ended with exit code {code}")
        return rows


def measured(rows: Sequence[Row], peak: float, *, is_all: bool) -> str:
    """What steps came to, those left out that warm up.

    Args:
        rows: as `benchmarks._gpu_train_run` writes them.
        peak: TFLOP/s of a device; 0 where it is not known.
        is_all: whether all weights are trained, or adapters of the LLM.
    """
    steps = rows[WARM_UP:]
    if not steps:
        return f"measured           nothing: {len(rows)} steps ended"
    seconds, last = sum(row["seconds"] for row in steps), steps[-1]
    tokens, patches = (sum(row[name] for row in steps) for name in ("tokens", "patches"))
    weights = last["weights"]
    # Adapters: no gradient of a weight that stays, and the frozen vision tower has none at all.
    per_token, per_patch = (6, 6) if is_all else (4, 2)
    of_tokens = per_token * weights["llm"] + 6 * weights["adapters"]
    work = of_tokens * tokens + per_patch * weights["vision"] * patches
    rate = work / seconds / last["processes"] / 1e12
    share = f", {rate / peak:.0%} of {peak:.0f} (MFU)" if peak else ""
    lines = {
        "weights": f"LLM {weights['llm'] / 1e9:.2f} billion, vision "
        f"{weights['vision'] / 1e9:.2f} billion, adapters {weights['adapters'] / 1e6:.0f} million",
        "steps": f"{len(steps)} of {mean(row['seconds'] for row in steps):.2f} s, {last['clips']} clips each",
        "LLM tokens": f"{tokens / seconds:,.0f} a second, {tokens / last['clips'] / len(steps):,.0f} a clip",
        "clips": f"{last['clips'] * len(steps) / seconds:.2f} a second",
        "model FLOPs": f"{rate:.3g} TFLOP/s a device{share}",
        "waiting for data": f"{sum(row['waited_s'] for row in steps) / seconds:.0%} of the time",
        "memory": f"{last['memory_bytes'] / 2**30:.1f} GiB a GPU at most",
        "losses": " ".join(f"{row['loss']:.4f}" for row in rows),
    }
    if not last["memory_bytes"]:
        del lines["memory"]  # a CPU's is not measured
    return "\n".join(f"{name:18} {value}" for name, value in lines.items())


def compared(whole: Sequence[Row], resumed: Sequence[Row]) -> str:
    """Losses of the steps that both runs made."""
    before = {row["step"]: row["loss"] for row in whole}
    both = [(row["step"], before[row["step"]], row["loss"]) for row in resumed if row["step"] in before]
    if not both:
        return "resumed            not compared: no step was made twice"
    steps = ", ".join(f"step {step}: {one:.6f} and {other:.6f}" for step, one, other in both)
    worst = max(abs(one - other) for _, one, other in both)
    return f"resumed            {steps}; {'equal' if worst == 0 else f'up to {worst:.2g} apart'}"


def _model(directory: Path, size: str, scale: str, most_bytes: int | None = None) -> Path:
    tiny_qwen2_5_vl(directory)
    if scale == "real":
        started = time.monotonic()
        layers = qwen2_5_vl(directory, size, most_weights=most_bytes and most_bytes // DISK_BYTES)
        torch.cuda.empty_cache()  # the trainings need it
        print(f"model              {size} of {layers} layers, made in {time.monotonic() - started:.0f} s")
    return directory


def _knobs(size: str) -> list[str]:
    """16 frames of each clip, and a few clips a step."""
    both = ["training.min_frames=16", "training.max_frames=16", "training.precision=bfloat16"]
    devices = max(1, torch.cuda.device_count())
    real = [f"training.batch={4 * devices}", "training.batch_per_device=2", "training.workers=6"]
    return [*both, *(real if size == "real" else ["training.batch=2", "training.workers=1"])]


def _peak_tflops() -> float:
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    return next((peak for known, peak in PEAK_TFLOPS.items() if known in name), 0)


def _machine() -> str:
    if torch.cuda.is_available():
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name()}, torch {torch.__version__}"
    return f"CPU, {torch.get_num_threads()} threads, torch {torch.__version__}"


if __name__ == "__main__":
    main()
