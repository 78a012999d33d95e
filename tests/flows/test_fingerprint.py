"""`motionsight fingerprint`: catalogs that were annotated before there were fingerprints."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from motionsight_core import Settings, clips_of
from motionsight_core.dataset.clusters import clusters_of
from motionsight_core.dataset.fingerprinting import Benchmark
from motionsight_core.errors import ClipError, UsageError
from motionsight_core.warehouse import open_warehouse
from tests.flows.conftest import motionsight
from tests.videos import moving_texture, write_video

__all__ = ["motionsight"]


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Two videos, and the first of them encoded again."""
    folder = tmp_path / "clips"
    folder.mkdir()
    first = moving_texture(50, width=320, height=192)
    write_video(folder / "a.mp4", first, options={"crf": "18"})
    write_video(folder / "b.mp4", moving_texture(50, width=320, height=192, seed=1))
    write_video(folder / "copy of a.mp4", first, options={"crf": "35"})
    return folder


def fingerprints(tmp_path: Path) -> dict[str, str]:
    rows = (
        open_warehouse(f"duckdb:{tmp_path / 'motionsight.duckdb'}")
        .query("SELECT clip_id, bits FROM fingerprints")
        .rows
    )
    return dict(rows)


def forget(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "motionsight.duckdb")) as connection:
        connection.execute("DELETE FROM fingerprints")


def test_what_is_missing_is_taken_once_and_equals_what_annotating_took(
    motionsight, clips: Path, tmp_path: Path
) -> None:
    assert motionsight("annotate", "clips").code == 0
    taken = fingerprints(tmp_path)
    assert len(taken) == 3
    rows = motionsight("sql", "SELECT * FROM motion ORDER BY uri", "--format", "json").out
    forget(tmp_path)

    first = motionsight("fingerprint", "--where", "uri LIKE '%/a.mp4'")
    second = motionsight("fingerprint")
    third = motionsight("fingerprint")

    assert "Took 1 fingerprints, 0 clips had one, 0 could not be decoded." in first.out, first.err
    assert "Took 2 fingerprints, 1 clips had one, 0 could not be decoded." in second.out
    assert "Took 0 fingerprints, 3 clips had one, 0 could not be decoded." in third.out
    assert fingerprints(tmp_path) == taken
    assert motionsight("sql", "SELECT * FROM motion ORDER BY uri", "--format", "json").out == rows
    labels = clusters_of(taken, distance=0.2)
    named = {Path(clip.uri).name: labels[clip.clip_id] for clip in clips_of(str(clips))}
    assert named["a.mp4"] == named["copy of a.mp4"] != named["b.mp4"]


@pytest.mark.long
def test_a_warehouse_of_an_earlier_version_gets_the_table(motionsight, clips: Path, tmp_path: Path) -> None:
    assert motionsight("annotate", "clips/a.mp4").code == 0
    with duckdb.connect(str(tmp_path / "motionsight.duckdb")) as connection:
        connection.execute("DROP TABLE fingerprints; DELETE FROM migrations WHERE number >= 8")

    done = motionsight("fingerprint")

    assert "Took 1 fingerprints" in done.out, done.err
    assert len(fingerprints(tmp_path)) == 1


@pytest.mark.long
def test_a_clip_whose_video_is_gone_is_counted_and_tried_again(
    motionsight, clips: Path, tmp_path: Path
) -> None:
    assert motionsight("annotate", "clips").code == 0
    forget(tmp_path)
    (clips / "a.mp4").unlink()
    for taken, known in ((2, 0), (0, 2)):
        done = motionsight("fingerprint", "--set", "runtime.shard_size=1")
        assert done.code == 0, done.err
        assert f"Took {taken} fingerprints, {known} clips had one, 1 could not be decoded." in done.out
        assert "  VersionGone: 1, for example " in done.out


@pytest.mark.parametrize("arguments", [(), ("--where", "clarty > 1")])
def test_a_wrong_question_is_one_sentence(motionsight, arguments: tuple[str, ...], clips: Path) -> None:
    if arguments:
        assert motionsight("annotate", "clips/b.mp4").code == 0
    done = motionsight("fingerprint", *arguments)
    assert done.code == 2
    assert "Traceback" not in done.err


def test_a_benchmark_names_the_clips_that_show_its_videos(clips: Path, tmp_path: Path) -> None:
    shown = tmp_path / "benchmark"
    shown.mkdir()
    longer = moving_texture(100, width=320, height=192)
    write_video(shown / "question.mp4", longer)
    in_windows = Settings.load(None, ["clips.window_s=2"], environment={})
    benchmark = Benchmark(str(shown), in_windows, distance=0.2)
    assert set(benchmark.fingerprints) == {
        str(shown / "question.mp4"),
        f"{shown / 'question.mp4'} from 0 s to 2 s",
        f"{shown / 'question.mp4'} from 2 s to 4 s",
    }
    start = moving_texture(100, width=320, height=192)[:50]
    write_video(clips / "start.mp4", start, options={"crf": "33"})
    catalog = Benchmark(str(clips), Settings(), distance=0.2).fingerprints
    reasons = benchmark.shown_by(catalog)
    name = f"{shown / 'question.mp4'} from 0 s to 2 s"
    assert reasons == {str(clips / "start.mp4"): f"It shows what {name} shows."}


def test_a_benchmark_that_cannot_be_read_is_not_taken_for_clean(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no video"):
        Benchmark(str(tmp_path / "empty"), Settings(), distance=0.2)
    (tmp_path / "broken.mp4").write_text("no video")
    with pytest.raises(ClipError):
        Benchmark(str(tmp_path / "broken.mp4"), Settings(), distance=0.2)
