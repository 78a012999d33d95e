"""The whole method with models: clips per second, where the time goes, and how near the model's own limit.

    python -m benchmarks.gpu_method [CLIPS ...] [--size real|tiny] [--clips N] [--minutes 9]
        [--set KEY=VALUE ...]

Random weights in the sizes that the paper uses (`real`, the default where there is a GPU: Qwen2.5-VL-7B,
GroundingDINO base, SAM 2.1 large) or tiny ones. Batches go through `MotionSight.describe` from a few
threads, as local runs do it: one decodes and prepares while another one holds the GPU. Afterwards every
`generate` call of the run is made once more on the very tensors it had: the model's own ceiling.

The run is made twice: with the detector and the tracker, and with measured regions in their place, which
leaves the GPU to the MLLM alone. The latter is then made with frames as a video, and with the tokens of
events alone (`mllm.video_tokens`); a table has tokens and clips per second of these beside each other.
What would not end within --minutes, by the run before, is left out.

Random weights say nothing and find chance boxes. So what is said and found is replaced, after the call was
made: two objects, found in the first key frame.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import torch

from benchmarks.random_checkpoints import real, tiny
from motionsight_core import Clip, Failure, MotionSight, Settings, clips_of
from motionsight_core.errors import ClipError
from motionsight_core.mllm import Conversation, Reply
from motionsight_core.mllm._transformers import TransformersModel
from motionsight_core.models.loaded import Models
from motionsight_core.referring import Detection, Detector, View
from motionsight_core.synthetic import render_catalog
from transforms import MotionSightHandler
from transforms.runners import THREADS_BESIDE_A_MODEL

NAMES = '{"groups": [{"action": "moves", "objects": ["car", "dog"]}]}'
FOUND = [Detection("car", 0.9, (0.1, 0.4, 0.4, 0.7)), Detection("dog", 0.8, (0.6, 0.5, 0.8, 0.9))]


class Recorded:
    """The MLLM, with the tensors of its `generate` calls kept and the names put into its mouth."""

    def __init__(self, model: TransformersModel) -> None:
        self.model, self.name = model, model.name
        self.clear()
        self._generate = model._model.generate
        model._model.generate = self._kept

    def clear(self) -> None:
        """Forget all calls."""
        self.calls: list[dict[str, Any]] = []
        self.seconds = 0.0
        self.tokens = self.prompt_tokens = 0

    def use(self, settings: Settings) -> None:
        """Show frames as other settings say; the weights stay as they were loaded."""
        self.model._settings = settings

    def _kept(self, **inputs: Any) -> Any:
        started = time.perf_counter()
        output = self._generate(**inputs)
        _finish()
        self.seconds += time.perf_counter() - started
        self.calls.append(inputs)
        return output

    def reply(self, conversations: Sequence[Conversation]) -> list[Reply | ClipError]:
        replies = self.model.reply(conversations)
        known = [reply for reply in replies if isinstance(reply, Reply)]
        self.tokens += sum(reply.completion_tokens for reply in known)
        self.prompt_tokens += sum(reply.prompt_tokens for reply in known)
        return [
            replace(reply, text=NAMES if '"groups"' in str(conversation[-1].parts[-1]) else "A car moves.")
            if isinstance(reply, Reply)
            else reply
            for reply, conversation in zip(replies, conversations, strict=True)
        ]

    @torch.inference_mode()
    def ceiling_s(self) -> float:
        """Seconds of all calls on ready tensors, one after the other, nothing else going on."""
        _finish()
        started = time.perf_counter()
        for inputs in self.calls:
            self._generate(**inputs)
        _finish()
        return time.perf_counter() - started


class TwoObjects:
    """The detector, with two objects in the place of what it finds."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    def detect(self, views: Sequence[View]) -> list[list[Detection]]:
        self._detector.detect(views)
        return [[] if view.frame else list(FOUND) for view in views]


class Busy:
    """Share of the time in which the GPU works, as its driver sees it, five times a second."""

    def __enter__(self) -> Busy:
        self._seen: list[int] = []
        self._process: subprocess.Popen[str] | None = None
        if torch.cuda.is_available():
            query = [
                "nvidia-smi",
                "--query-gpu=utilization.gpu",
                "--format=csv,noheader,nounits",
                "-lms",
                "200",
            ]
            self._process = subprocess.Popen(query, stdout=subprocess.PIPE, text=True)
            threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        return self

    def _read(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self._seen.append(int(line.split()[0]))

    def __exit__(self, *exception: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def __str__(self) -> str:
        return f"{sum(self._seen) / len(self._seen):.0f} %" if self._seen else "no GPU"


def _finish() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


@dataclass(frozen=True)
class Run:
    """What a run over the clips came to."""

    prompt_tokens: float
    """Of a clip, over all questions about it."""
    clips_per_s: float


def run(clips: Sequence[Clip], settings: Settings, mllm: Recorded) -> Run:
    """One warm-up, one measured run, one replay; prints what was found."""
    mllm.use(settings)
    models = Models(settings, mllm=mllm)
    if settings.referring.detector != "measured":
        models = Models(settings, mllm=mllm, detector=TwoObjects(models.detector))
    spent: dict[str, float] = defaultdict(float)
    lock = threading.Lock()

    def observe(name: str, amount: float) -> None:
        with lock:
            spent[name] += amount

    sight = MotionSight(settings, models=models, observe=observe)
    size = MotionSightHandler(settings, "").batch_elements_kwargs()["max_batch_size"]
    batches = [clips[start : start + size] for start in range(0, len(clips), size)]
    sight.describe(batches[0])  # models loaded, kernels chosen, decoders started
    spent.clear()
    mllm.clear()

    with Busy() as busy, ThreadPoolExecutor(THREADS_BESIDE_A_MODEL) as threads:
        started = time.perf_counter()
        outcomes = [outcome for batch in threads.map(sight.describe, batches) for outcome in batch]
        wall_s = time.perf_counter() - started
    failed = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    ceiling_s = mllm.ceiling_s()

    calls, rate = len(mllm.calls), mllm.tokens / wall_s
    print(f"clips              {len(outcomes)}, {len(failed)} failed{_why(failed)}")
    print(f"wall               {wall_s:.1f} s, {len(outcomes) / wall_s:.2f} clips/s")
    print(f"generate           {mllm.seconds:.1f} s in {calls} calls, {rate:.0f} tokens/s out")
    for step in ("name_objects", "refer", "caption_objects", "caption_camera"):
        print(f"  {step:16} {spent[step + '_s']:.1f} s over all threads, waiting for the GPU included")
    print(f"GPU busy           {busy}")
    if torch.cuda.is_available():
        print(f"GPU memory         {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB at most")
    print(f"ceiling            {ceiling_s:.1f} s for the same generate calls on ready tensors")
    print(f"share of it        {ceiling_s / wall_s:.0%}\n", flush=True)
    return Run(mllm.prompt_tokens / len(outcomes), len(outcomes) / wall_s)


def _why(failed: Sequence[Failure]) -> str:
    return f" ({failed[0].error}: {failed[0].message})" if failed else ""


def _machine() -> str:
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, torch {torch.__version__}"
    return f"CPU, {torch.get_num_threads()} threads, torch {torch.__version__}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sources", nargs="*", metavar="CLIPS", help="files or folders of videos")
    parser.add_argument(
        "--size", choices=["real", "tiny"], default="real" if torch.cuda.is_available() else "tiny"
    )
    parser.add_argument("--clips", type=int, default=0, help="how many; those there are, again and again")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--minutes", type=float, default=9.0, help="when no further run is begun")
    arguments = parser.parse_args()
    deadline, took_s = time.monotonic() + 60 * arguments.minutes, 0.0
    with tempfile.TemporaryDirectory() as folder:
        made = (real if arguments.size == "real" else tiny)(Path(folder))
        limits = ["mllm.max_new_tokens=128" if arguments.size == "real" else "mllm.max_new_tokens=16"]
        settings = Settings.load(overrides=[*limits, *made, *arguments.overrides], environment={})
        if not arguments.sources:
            width, height = (1280, 720) if arguments.size == "real" else (320, 180)
            render_catalog(Path(folder, "clips"), count=4, width=width, height=height, duration_s=4.0)
        found = [
            clip for source in arguments.sources or [f"{folder}/clips"] for clip in clips_of(source, settings)
        ]
        count = arguments.clips or (32 if arguments.size == "real" else 8)
        clips = [found[number % len(found)] for number in range(count)]
        mllm = Recorded(TransformersModel(settings))
        print(f"machine            {_machine()}", flush=True)
        found_of: dict[str, Run] = {}
        for name, changed in variants(settings).items():
            began = time.monotonic()
            if began + took_s > deadline:
                print(f"\n{name}: left out, the time is up")
                continue
            print(f"\n{name}:")
            found_of[name] = run(clips, changed, mllm)
            took_s = time.monotonic() - began
        print(table(found_of))


def variants(settings: Settings) -> dict[str, Settings]:
    """What is run, by name: the method as it is, then regions with frames and tokens in each form."""
    regions = settings.referring.model_copy(update={"detector": "measured", "tracker": "measured"})
    found = {"detector and tracker": settings}
    for frames_as, tokens in product(("images", "video"), ("all", "events")):
        mllm = settings.mllm.model_copy(update={"frames_as": frames_as, "video_tokens": tokens})
        changed = {"referring": regions, "mllm": mllm}
        found[f"regions, {frames_as}, {tokens}"] = settings.model_copy(update=changed)
    return found


def table(found: Mapping[str, Run]) -> str:
    """Tokens and speed of the runs beside each other."""
    lines = [f"{'run':26} {'prompt tokens a clip':>20} {'clips/s':>8}"]
    lines += [f"{name:26} {one.prompt_tokens:20,.0f} {one.clips_per_s:8.2f}" for name, one in found.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
