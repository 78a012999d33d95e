"""Rendered clips with copies and trims, two annotators, chosen scores, and builds that are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from motionsight_core.synthetic import render_catalog
from motionsight_core.warehouse import open_warehouse
from tests.core.dataset.rows import files_in
from tests.core.mllm.scripted import ScriptedEndpoint, obliging
from tests.videos import all_frames, write_video
from tests.warm import WarmCommand, environment

FPS, TRIMMED_FRAMES = 30, 2
HIGH = {"object": 0.6, "camera": 0.7}
LOW = 0.3
#: At and on both sides of each boundary, and no score at all.
CHOSEN = (0.0, 0.299999, 0.3, 0.45, 0.599999, 0.6, 0.699999, 0.7, 1.0, None)
DATASET = (
    "--set", 'dataset.sources=[{"prefix": "/", "high_object": 0.6, "high_camera": 0.7}]',
    "--set", "dataset.clarity=-1", "--set", "dataset.motion=-1",
    "--set", "dataset.validation=0.33", "--set", "dataset.test=0.33",
    "--set", "media.preset=ultrafast",
)  # fmt: skip
#: Runs the command line, and ends it by SIGKILL at a counted moment: before a file of the data set takes its
#: name, or after it has.
KILLED = """
import os, signal, sys
folder, moment, after = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "after"
replace = os.replace
def counted(source, target, **options):
    global moment
    if not os.path.abspath(target).startswith(folder + os.sep):
        return replace(source, target, **options)
    moment -= 1
    if moment == 0 and after:
        replace(source, target, **options)
    if moment <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target, **options)
os.replace = counted
sys.argv[1:4] = []
from flows.cli import main
main()
"""


@dataclass(frozen=True, slots=True)
class Catalog:
    """A warehouse of clips of which some are copies of others."""

    warehouse: Path
    original: dict[str, str]
    """The name of the clip that a clip shows, by its name."""
    scores: dict[tuple[str, str], float | None]
    """By name and aspect."""
    options: tuple[str, ...]


def catalog(folder: Path, run: Callable[..., Any], *, originals: int, copies: int) -> Catalog:
    """Originals, re-encoded copies of the first and trims of the next of them, annotated twice and scored."""
    clips = folder / "clips"
    truths = render_catalog(
        clips, count=originals, seed=7, width=160, height=90, duration_s=1.0, fps=float(FPS)
    )
    original = {Path(truth.file).stem: Path(truth.file).stem for truth in truths}
    for number, name in enumerate(list(original)[: 2 * copies]):
        pictures = [
            np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            for frame in all_frames(clips / f"{name}.mp4")
        ]
        trimmed = number >= copies
        copy = f"{name}_{'trimmed' if trimmed else 'again'}"
        write_video(
            clips / f"{copy}.mp4",
            pictures[TRIMMED_FRAMES:] if trimmed else pictures,
            rate=FPS,
            options={"crf": "30"},
        )
        original[copy] = name
    plain = ("--set", "naming.model=none", "--set", "sampling.frames=2")
    run("annotate", "clips", *plain)
    with ScriptedEndpoint() as endpoint:
        endpoint.answers = [obliging]
        run("annotate", "clips", *plain, "--set", f"annotator={endpoint.settings().annotator}")
    rows = open_warehouse(f"duckdb:{folder / 'motionsight.duckdb'}").query(
        "SELECT parse_filename(uri, true), clip_id, recipe FROM motion "
        "WHERE annotator = 'measured' ORDER BY ALL"
    )
    scores: dict[tuple[str, str], float | None] = {}
    lines = ["clip_id,recipe,aspect,scorer,score"]
    for number, (name, clip_id, recipe) in enumerate(rows.rows):
        for step, aspect in enumerate(HIGH):
            score = scores[name, aspect] = CHOSEN[(number + 3 * step) % len(CHOSEN)]
            lines += [f"{clip_id},{recipe},{aspect},chosen,{score}"] if score is not None else []
    (folder / "scores.csv").write_text("\n".join(lines) + "\n")
    run("score", "--import", "scores.csv")
    (measured,) = {recipe for _, _, recipe in rows.rows}
    return Catalog(
        folder / "motionsight.duckdb", original, scores, (*DATASET, "--set", f"dataset.recipes={measured}")
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, warm_command: WarmCommand) -> Catalog:
    folder = tmp_path_factory.mktemp("end_to_end")

    def run(*arguments: str) -> None:
        code, _, said = warm_command.run(arguments, cwd=folder, environment=environment())
        assert code == 0, said

    return catalog(folder, run, originals=40, copies=10)


def build(made: Catalog, folder: str, *options: str) -> tuple[str, ...]:
    return ("dataset", folder, "--warehouse", f"duckdb:{made.warehouse}", *made.options, *options)


def rows_of(folder: Path, name: str) -> list[dict[str, Any]]:
    rows = pq.read_table(folder / f"{name}.parquet").to_pylist()
    return [row | {"name": Path(row["uri"]).stem} for row in rows]


def grade_of(score: float | None, aspect: str) -> str:
    if score is None:
        return "ungraded"
    return "low" if score < LOW else "high" if score > HIGH[aspect] else "standard"


@pytest.mark.long
def test_every_clip_is_of_one_grade_for_each_motion_and_no_two_splits_show_the_same(
    made: Catalog, motionsight, tmp_path: Path
) -> None:
    done = motionsight(*build(made, "data", "--media", "reference", "--set", "dataset.duplicates=keep"))
    assert done.code == 0, done.err
    kept, dropped = rows_of(tmp_path / "data", "clips"), rows_of(tmp_path / "data", "dropped")
    rows = Counter((row["name"], row["recipe"]) for row in kept + dropped)
    assert len(rows) == rows.total() == 2 * len(made.original)

    seen: set[tuple[str, float | None]] = set()
    for row in kept:
        for aspect in HIGH:
            score = made.scores[row["name"], aspect]
            assert row[f"grade_{aspect}"] == grade_of(score, aspect)
            seen.add((aspect, score))
    for row in dropped:
        assert row["stage"] == "grade"
        grades = {grade_of(made.scores[row["name"], aspect], aspect) for aspect in HIGH}
        assert grades == {"low"}
        seen |= {(aspect, made.scores[row["name"], aspect]) for aspect in HIGH}
    assert seen == {(aspect, score) for aspect in HIGH for score in CHOSEN}

    splits, clusters = defaultdict(set), defaultdict(set)
    for row in kept:
        splits[row["cluster"]].add(row["split"])
        clusters[made.original[row["name"]]].add(row["cluster"])
    assert all(len(found) == 1 for found in (*splits.values(), *clusters.values()))
    assert len(splits) == len(clusters), "clips that show different things are apart"
    assert len({split for found in splits.values() for split in found}) > 1


@pytest.mark.long
def test_of_clips_that_show_the_same_one_is_in_the_data_set(
    made: Catalog, motionsight, tmp_path: Path
) -> None:
    assert motionsight(*build(made, "data", "--media", "reference")).code == 0
    kept = {row["name"] for row in rows_of(tmp_path / "data", "clips")}
    dropped = {row["name"]: row["stage"] for row in rows_of(tmp_path / "data", "dropped")}
    assert kept.isdisjoint(dropped)
    assert kept | set(dropped) == set(made.original)
    shown = [made.original[name] for name in kept]
    assert len(shown) == len(set(shown))
    copies = Counter(made.original.values())
    duplicates = [made.original[name] for name, stage in dropped.items() if stage == "duplicate"]
    assert sorted(duplicates) == sorted(name for name, count in copies.items() if count == 2)
    for pair in rows_of(tmp_path / "data", "pairs"):
        assert grade_of(made.scores[pair["name"], pair["aspect"]], pair["aspect"]) == "high"
        assert pair["annotator_a"] == "measured" != pair["annotator_b"]


def killed(folder: Path, arguments: Sequence[str], moment: int, *, after: bool) -> bool:
    """Start a build, which kills itself at the moment; False if it ended before."""
    run = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), str(moment), "after" if after else "before", *arguments],
        cwd=folder.parent,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in (0, -signal.SIGKILL), run.stderr
    return run.returncode != 0


@pytest.mark.long
@pytest.mark.timeout(900)
def test_killed_again_and_again_and_run_once_more_every_file_is_that_of_a_calm_build(
    made: Catalog, motionsight, tmp_path: Path
) -> None:
    assert motionsight(*build(made, "calm")).code == 0
    calm = files_in(tmp_path / "calm")
    cuts = [name for name in calm if name.endswith(".mp4")]
    assert len(cuts) >= 3
    data, arguments = tmp_path / "data", build(made, "data")
    # A few clips; the rest of them and a table; ever more of the tables and views; the last file.
    files = len(calm) - len(cuts)
    moments = [3, len(cuts), 3, files // 2, files]
    for number, moment in enumerate(moments):
        assert killed(data, arguments, moment, after=bool(number % 2)), f"it ended before moment {moment}"
    assert motionsight(*arguments).code == 0
    assert files_in(data) == calm
    before = {path: path.stat().st_mtime_ns for path in data.glob("media/*.mp4")}
    assert motionsight(*arguments).code == 0
    assert files_in(data) == calm
    assert {path: path.stat().st_mtime_ns for path in data.glob("media/*.mp4")} == before
