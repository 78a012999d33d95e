"""ScoreDescriptions: one decode for each clip, batches, and workers with an accelerator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from motionsight_core import Clip, Settings, clips_of
from motionsight_core.record import ScoreRecord
from motionsight_core.scoring import ClipToScore, Description, Scorer
from tests.core.mllm.scripted import ScriptedEndpoint, begins_with
from tests.videos import moving_texture, write_video
from transforms import ScoreDescriptions, _score
from transforms.runners import pipeline_for


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        running.answers = [begins_with({"Yes": 0.75, "No": 0.25})]
        yield running


@pytest.fixture
def clips(tmp_path: Path) -> list[ClipToScore]:
    """Three clips, each with two descriptions of two recipes, and one whose video is gone."""
    for number in range(3):
        write_video(tmp_path / f"{number}.mp4", moving_texture(30, seed=number))
    texts = tuple(
        Description(recipe, aspect, f"{aspect} {recipe}")
        for recipe in ("r1", "r2")
        for aspect in ("object", "camera")
    )
    found = [*clips_of(str(tmp_path)), Clip(str(tmp_path / "gone.mp4"), "1-1", 0.0, 1.0)]
    return [ClipToScore(clip.clip_id, clip, texts) for clip in found]


def scorer(endpoint: ScriptedEndpoint, *more: str) -> Scorer:
    settings = Settings.load(environment={}, overrides=["sampling.frames=4", *more])
    return Scorer.of(endpoint.settings().annotator, settings)


def run(clips: list[ClipToScore], by: Scorer) -> None:
    """Every description must get a score, but for those of the clip that is gone."""
    with pipeline_for(by.settings) as pipeline:
        outcomes: Any = pipeline | beam.Create(clips) | ScoreDescriptions(by, run_id="run")
        found = outcomes | beam.Map(
            lambda one: (
                one.clip_id,
                one.recipe,
                one.aspect,
                round(one.score, 6) if isinstance(one, ScoreRecord) else one.error,
            )
        )
        *there, gone = clips
        wanted = [
            (clip.clip_id, text.recipe, text.aspect, 0.75) for clip in there for text in clip.descriptions
        ]
        wanted += [(gone.clip_id, text.recipe, text.aspect, "VersionGone") for text in gone.descriptions]
        assert_that(found, equal_to(wanted))


@pytest.mark.usefixtures("frames_stay")
def test_a_clip_is_decoded_once_for_all_of_its_descriptions(
    clips: list[ClipToScore], endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: Counter[str] = Counter()
    shared = _score.shared_decoder

    class Counting:
        def __init__(self, settings: Settings) -> None:
            self._decoder = shared(settings)

        def decode(self, clip: Clip, **products: Any) -> Any:
            decoded[clip.clip_id] += 1
            return self._decoder.decode(clip, **products)

    monkeypatch.setattr(_score, "shared_decoder", Counting)

    run(clips, scorer(endpoint))

    assert decoded == {clip.clip_id: 1 for clip in clips}
    assert len(endpoint.requests) == 12


def test_frames_that_travel_to_workers_with_an_accelerator_are_scored_alike(
    clips: list[ClipToScore], endpoint: ScriptedEndpoint
) -> None:
    run(clips, scorer(endpoint, "runtime.accelerator=type:nvidia-l4;count:1"))


def test_the_accelerator_is_asked_for_where_the_model_runs_and_not_where_clips_are_decoded(
    endpoint: ScriptedEndpoint,
) -> None:
    by = scorer(endpoint, "runtime.accelerator=type:nvidia-l4;count:1")
    pipeline = beam.Pipeline()
    _ = pipeline | beam.Create([]) | ScoreDescriptions(by, run_id="run")

    hinted = {
        transform.unique_name.rpartition("/")[2]
        for transform in pipeline.to_runner_api().components.transforms.values()
        if transform.environment_id
        and any(
            "accelerator" in hint
            for hint in pipeline.to_runner_api()
            .components.environments[transform.environment_id]
            .resource_hints
        )
    }

    assert "BeamML_RunInference" in hinted
    assert not any("Decode" in name for name in hinted)
