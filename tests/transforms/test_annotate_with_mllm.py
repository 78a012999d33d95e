"""AnnotateMotion around a multimodal LLM: batches, one load per process, metrics, hints, outages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to

from motionsight_core import Clip, Settings, clips_of
from motionsight_core.mllm import open_mllm
from motionsight_core.models import loaded
from tests.core.mllm.scripted import BROKEN, MODEL, Answer, ScriptedEndpoint, fails, obliging
from tests.videos import moving_texture, write_video
from transforms import AnnotateMotion, MotionSightHandler
from transforms.runners import THREADS_BESIDE_A_MODEL, local_options


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        running.answers = [obliging]
        yield running


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    for number in range(5):
        write_video(tmp_path / f"{number}.mp4", moving_texture(30, seed=number))
    return clips_of(str(tmp_path))


def settings(endpoint: ScriptedEndpoint, *more: str) -> Settings:
    quick = ("sampling.frames=4", "endpoint.retries=0")
    return Settings.load(
        environment={}, overrides=[f"annotator={endpoint.settings().annotator}", *quick, *more]
    )


def run(clips: list[Clip], chosen: Settings) -> Any:
    """Annotate on the runner of local runs; every clip must give a row."""
    pipeline = beam.Pipeline(runner=FnApiRunner(), options=local_options(chosen))
    annotated: Any = pipeline | beam.Create(clips) | AnnotateMotion(chosen, run_id="run")
    names = annotated.rows | beam.Map(lambda row: (row.annotator, row.object_motion))
    assert_that(names, equal_to([(f"openai:{MODEL}", "A ball rolls.")] * len(clips)))
    assert_that(annotated.failures, equal_to([]), label="failures")
    result = pipeline.run()
    result.wait_until_finish()
    return result


@pytest.mark.usefixtures("frames_stay")
def test_clips_tokens_and_seconds_are_counted(clips: list[Clip], endpoint: ScriptedEndpoint) -> None:
    metrics = run(clips, settings(endpoint)).metrics().query(MetricsFilter().with_namespace("motionsight"))
    counters: dict[str, int] = {}
    for counter in metrics["counters"]:
        name = counter.key.metric.name
        counters[name] = counters.get(name, 0) + counter.committed
    assert counters["clips"] == 5
    # Three questions a clip, at 321 and 12 tokens each.
    assert counters["prompt_tokens"] == 15 * 321
    assert counters["completion_tokens"] == 15 * 12
    steps = {distribution.key.metric.name for distribution in metrics["distributions"]}
    assert {"name_objects_ms", "refer_ms", "caption_objects_ms", "caption_camera_ms"} <= steps


def test_the_model_is_opened_once_for_all_threads_and_shards(
    clips: list[Clip], endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    def opening(chosen: Settings) -> Any:
        opened.append(chosen)
        return open_mllm(chosen)

    monkeypatch.setattr(loaded, "open_mllm", opening)
    chosen = settings(endpoint)
    run(clips, chosen)
    run(clips[:2], chosen)
    assert len(opened) == 1


@pytest.mark.parametrize(
    ("knobs", "clips_at_once"),
    [
        ((), 8),
        (("runtime.batch_clips=3",), 3),
        (("runtime.batch_frames=10",), 2),
        (("runtime.batch_frames=1",), 1),
        (("sampling.fps=2", "clips.window_s=20", "runtime.batch_frames=80"), 2),
    ],
)
def test_batches_are_as_large_as_clips_and_frames_allow(
    endpoint: ScriptedEndpoint, knobs: tuple[str, ...], clips_at_once: int
) -> None:
    batching = MotionSightHandler(settings(endpoint, *knobs), "run").batch_elements_kwargs()
    assert batching == {"min_batch_size": clips_at_once, "max_batch_size": clips_at_once}


def test_the_measured_annotator_waits_for_no_batch() -> None:
    assert MotionSightHandler(Settings.load(environment={}), "run").batch_elements_kwargs() == {}


def test_a_model_in_process_gets_few_threads_and_an_endpoint_many(endpoint: ScriptedEndpoint) -> None:
    def threads(chosen: Settings, clips: int | None = None) -> int:
        return local_options(chosen, clips=clips).get_all_options()["direct_num_workers"]

    here = Settings.load(environment={}, overrides=["annotator=transformers:x"])
    assert threads(here) == THREADS_BESIDE_A_MODEL
    assert threads(settings(endpoint, "runtime.decode_processes=4")) == 16
    assert threads(settings(endpoint, "runtime.decode_processes=4"), clips=3) == 3


def test_the_accelerator_is_asked_for_where_models_run_and_nowhere_else(endpoint: ScriptedEndpoint) -> None:
    pipeline = beam.Pipeline(runner=FnApiRunner())
    chosen = settings(endpoint, "runtime.accelerator=type:nvidia-l4;count:1;install-nvidia-driver")
    _ = pipeline | beam.Create([]) | AnnotateMotion(chosen)
    proto = pipeline.to_runner_api()
    hinted = {
        environment_id
        for environment_id, environment in proto.components.environments.items()
        if any("nvidia-l4" in value.decode() for value in environment.resource_hints.values())
    }
    on_gpu = {
        transform.unique_name
        for transform in proto.components.transforms.values()
        if transform.environment_id in hinted
    }
    assert on_gpu
    assert all("Describe" in name for name in on_gpu)


def test_an_outage_of_the_endpoint_fails_the_bundle_and_no_clip(
    clips: list[Clip], endpoint: ScriptedEndpoint
) -> None:
    endpoint.answers = [fails(503)]
    endpoint.models = fails(503)
    chosen = settings(endpoint)
    pipeline = beam.Pipeline(runner=FnApiRunner(), options=local_options(chosen))
    _ = pipeline | beam.Create(clips) | AnnotateMotion(chosen, run_id="run")
    with pytest.raises(RuntimeError, match=r"RunError: The endpoint http.* cannot be reached"):
        pipeline.run()


def test_a_request_that_breaks_the_server_costs_its_clip_alone(
    clips: list[Clip], endpoint: ScriptedEndpoint
) -> None:
    broken = iter([BROKEN])

    def poisoned(request: dict[str, Any]) -> Answer:
        return next(broken, None) or obliging(request)

    endpoint.answers = [poisoned]
    chosen = settings(endpoint)
    handler = MotionSightHandler(chosen, "run")
    from motionsight_core.video.decoding import decode

    sight = handler.load_model()
    decoded = [decode(clip, chosen, products=sight.products) for clip in clips]
    outcomes = [type(outcome).__name__ for outcome in handler.run_inference(decoded, sight)]
    assert sorted(outcomes) == ["Failure"] + ["MotionRecord"] * 4
