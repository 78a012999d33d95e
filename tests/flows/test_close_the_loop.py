"""The flow `close_the_loop` on a Prefect server: rendered scenes, a tiny model, everything real."""

from __future__ import annotations

import math
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

from flows.runs.loop import Loop, LoopBenchmark, Turn
from flows.runs.run import run_catalog
from motionsight_core.errors import MotionSightError, RunError
from motionsight_core.preference import ChoiceLog, read_pairs
from motionsight_core.settings import Settings
from motionsight_core.synthetic import render_catalog
from motionsight_core.training import train
from motionsight_core.warehouse import open_warehouse
from tests.checkpoints.mllm import tiny_qwen2_5_vl
from tests.core.training.clips import settings as of_training
from tests.core.training.weights import are_equal
from tests.flows.evaluating import own_questions
from tests.plugin.serving import descendants, until

pytestmark = pytest.mark.usefixtures("prefect_api")

STEPS = 8


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips, one of which a benchmark shows as well, the benchmark, and a model; not to be changed."""
    place = tmp_path_factory.mktemp("loop")
    small = {"width": 160, "height": 90, "duration_s": 1.0}
    render_catalog(place / "clips", count=4, seed=1, **small)
    render_catalog(place / "videos", count=1, seed=9, **small)
    shutil.copy(min((place / "clips").glob("*.mp4")), place / "videos" / "copy.mp4")
    own_questions(place / "questions.jsonl", [video.name for video in (place / "videos").glob("*.mp4")])
    tiny_qwen2_5_vl(place / "base")
    return place


def loop_in(folder: Path, place: Path, **fields: Any) -> Loop:
    """A turn with all of its steps."""
    benchmark = LoopBenchmark(
        name="jsonl", annotations=str(place / "questions.jsonl"), videos=str(place / "videos")
    )
    given: dict[str, Any] = {
        "source": str(place / "clips"),
        "warehouse": f"duckdb:{folder / 'motion.duckdb'}",
        "model": str(place / "base"),
        "out": str(folder / "turn-1"),
        "scorer": f"transformers:{place / 'base'}",
        "benchmark": benchmark,
    }
    return Loop(**(given | fields))


def small() -> Settings:
    """For a tiny model, which gives every description a score near 0, on one CPU."""
    source = {"prefix": "/", "high_object": 1.0, "high_camera": 1.0}
    everything = {"low": 0, "clarity": "-1", "motion": "-1", "validation": 0, "test": 0}
    learning = of_training(max_steps=STEPS, batch=2, batch_per_device=2, save_every=2, samples=0)
    return Settings.layered(
        learning.model_dump(exclude_unset=True),
        {
            "sampling": {"frames": 4},
            "mllm": {"max_new_tokens": 8},
            "dataset": {**everything, "sources": [source]},
            "runtime": {"decode_processes": 1, "shard_retries": 0},
        },
    )


def closed(loop: Loop, settings: Settings) -> Turn:
    from flows.close_the_loop import close_the_loop

    turn: Any = close_the_loop(loop, settings)
    return turn


def newest_summary() -> str:
    with get_client(sync_client=True) as client:
        (newest,) = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["motionsight-loop"])),
            sort=ArtifactSort.CREATED_DESC,
            limit=1,
        )
    return str(newest.data)


def rows_in(warehouse: str | None) -> dict[str, int]:
    tables = ("motion", "scores", "predictions")
    place = open_warehouse(str(warehouse))
    return {name: place.query(f"SELECT count(*) FROM {name}").rows[0][0] for name in tables}  # noqa: S608


def written_in(folder: Path) -> dict[Path, int]:
    """When each file below a folder was written, nanoseconds."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@contextmanager
def killed_while_it_trains(out: Path) -> Iterator[None]:
    """SIGKILL for what trains into a folder, once there is a checkpoint."""
    left = threading.Event()

    def kill() -> None:
        until(lambda: left.is_set() or list(out.glob("checkpoints/*/trainer_state.json")))
        for pid in descendants(os.getpid()):
            with suppress(FileNotFoundError, ProcessLookupError):
                words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
                if "flows" in words and str(out) in words and "flows.runs.supervised" not in words:
                    os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        left.set()
        killer.join()


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_turn_ends_with_a_model_and_a_comparison_and_run_again_it_writes_nothing(
    place: Path, tmp_path: Path
) -> None:
    loop, settings = loop_in(tmp_path, place), small()

    turn = closed(loop, settings)

    # Of four clips, the benchmark shows one: it is annotated and scored, and not trained on.
    rows = {"motion": 4, "scores": 8, "predictions": 2 * 2 * 4}
    assert rows_in(loop.warehouse) == rows
    assert (turn.data.clips, turn.data.dropped) == (3, {"contamination": 1})
    assert pq.read_table(loop.data / "sft.parquet").num_rows == sum(turn.data.questions.values())
    (sft,) = turn.trained
    assert [step for step, _ in sft.losses["loss"]] == [1, STEPS]
    assert turn.comparison is not None
    assert {row.arm for row in turn.comparison.rows} == {"before", "after"}
    model = loop.trained("sft")
    summary, trained = newest_summary(), written_in(model)
    assert "DPO: the data set has no preferences to train on" in summary
    assert f'annotator = "transformers:{model}"' in summary

    closed(loop, settings)

    assert newest_summary() == summary
    assert rows_in(loop.warehouse) == rows
    assert written_in(model) == trained


@pytest.mark.long
@pytest.mark.timeout(900)
def test_killed_while_it_trains_it_goes_on_to_the_model_of_a_run_that_was_not(
    place: Path, tmp_path: Path
) -> None:
    loop, settings = loop_in(tmp_path, place, scorer=None, benchmark=None), small()
    with (
        killed_while_it_trains(loop.trained("sft")),
        pytest.raises(RunError, match=r"ended by signal 9 .* run it again to go on"),
    ):
        closed(loop, settings)
    assert not (loop.trained("sft") / "model.safetensors").exists()

    closed(loop, settings)

    train("sft", loop.data, model=loop.model, out=tmp_path / "calm", settings=settings)
    assert are_equal(loop.trained("sft"), tmp_path / "calm")


@pytest.mark.long
@pytest.mark.timeout(900)
def test_what_people_choose_is_trained_on_when_it_is_run_again(place: Path, tmp_path: Path) -> None:
    loop = loop_in(tmp_path, place, benchmark=None)
    graded_high = {
        "sources": [{"prefix": "/", "high_object": 1e-9, "high_camera": 1e-9}],
        "high_in_sft": "all",
    }
    settings = Settings.layered(small().model_dump(exclude_unset=True), {"dataset": graded_high})
    # A second description of each clip, for pairs.
    other = settings.model_copy(update={"annotator": loop.scorer})
    run_catalog(str(loop.source), warehouse=str(loop.warehouse), settings=other)

    first = closed(loop, settings)
    trained = written_in(loop.trained("sft"))
    with ChoiceLog(loop.data) as log:
        for pair in read_pairs(loop.data):
            log.add(pair.pair_id, "Ada", pair.aspect, left_side="a", choice="a", seconds=1.0)
    second = closed(loop, settings)

    assert [one.stage for one in first.trained] == ["sft"]
    assert [one.stage for one in second.trained] == ["sft", "dpo"]
    assert second.data.preferences == {"train": second.data.pairs}
    assert written_in(loop.trained("sft")) == trained
    # The model of SFT is the reference.
    assert second.trained[1].losses["loss"][0] == (1, pytest.approx(math.log(2), abs=1e-4))
    assert second.model == str(loop.trained("dpo"))


def test_steps_that_nothing_is_named_for_are_left_out_and_told(place: Path, tmp_path: Path) -> None:
    turn = closed(loop_in(tmp_path, place, scorer=None, benchmark=None, stages=("dpo",)), small())

    assert turn.data.clips == 4
    assert (turn.trained, turn.comparison, turn.model) == ((), None, str(place / "base"))
    assert [remark.partition(":")[0] for remark in turn.remarks] == ["Scores", "DPO", "Evaluation"]
    assert not (tmp_path / "turn-1" / "sft").exists()
    assert newest_summary().startswith("## Nothing was trained in ")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model": "./nowhere"}, "nowhere is not there"),
        ({"out": "gs://bucket/turn-1"}, "on a disk"),
        ({"scorer": "measured"}, "cannot score"),
        (
            {"benchmark": LoopBenchmark(name="jsonl", annotations="nothing.jsonl", videos="videos")},
            "nothing.jsonl",
        ),
    ],
)
def test_what_a_later_step_would_lack_is_said_before_the_first(
    place: Path, tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(MotionSightError, match=said):
        closed(loop_in(tmp_path, place, **changed), small())
    assert not (tmp_path / "motion.duckdb").exists()
