"""`motionsight dataset` as its users meet it."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse
from tests.core.dataset.rows import SCORER
from tests.core.warehouse.rows import Stage, record, score

REFERENCE = ("--media", "reference")


@pytest.fixture
def warehouse(tmp_path: Path) -> str:
    """Two rows in the warehouse that commands take by default."""
    opened = open_warehouse(f"duckdb:{tmp_path / 'motionsight.duckdb'}")
    Stage(opened).commit(record("a.mp4"), record("b.mp4"))
    return opened.url


@pytest.mark.usefixtures("warehouse")
def test_a_data_set_is_made_and_told(motionsight, tmp_path: Path) -> None:
    done = motionsight("dataset", "data", *REFERENCE)
    assert done.code == 0, done.err
    assert "Wrote data: 2 clips" in done.out
    assert "Nothing was scored" in done.out
    assert (tmp_path / "data" / "README.md").exists()


@pytest.mark.usefixtures("warehouse")
def test_what_is_left_out_is_told_by_step(motionsight) -> None:
    done = motionsight("dataset", "data", *REFERENCE, "--set", "dataset.clarity=0.9")
    assert done.code == 0, done.err
    assert "Left out: select 2 rows; the reasons are in data/dropped.parquet" in done.out
    assert "It is empty" in done.out


@pytest.mark.usefixtures("warehouse")
def test_a_condition_chooses_rows_and_a_wrong_one_is_a_usage_error(motionsight, tmp_path: Path) -> None:
    assert motionsight("dataset", "data", *REFERENCE, "--where", "uri LIKE '%b.mp4'").code == 0
    assert set(pq.read_table(tmp_path / "data/clips.parquet")["uri"].to_pylist()) == {"/clips/b.mp4"}
    done = motionsight("dataset", "data", *REFERENCE, "--where", "nonsense")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "The query failed" in done.err


def test_sources_come_from_the_settings_and_scores_without_one_are_an_error(
    motionsight, warehouse: str, tmp_path: Path
) -> None:
    clip_id = record("a.mp4").clip_id
    Stage(open_warehouse(warehouse)).commit(score(clip_id, 0.9, aspect="camera", scorer=SCORER))
    done = motionsight("dataset", "data", *REFERENCE)
    assert done.code == 2
    assert "belongs to no source: add a table [[dataset.sources]]" in done.err
    (tmp_path / "sources.toml").write_text(
        '[[dataset.sources]]\nprefix = "/clips/"\nlicence = "CC0-1.0"\nhigh_object = 0.6\nhigh_camera = 0.6\n'
    )
    assert motionsight("dataset", "data", *REFERENCE, "--settings", "sources.toml").code == 0
    rows = pq.read_table(tmp_path / "data/clips.parquet").to_pylist()
    assert {row["licence"] for row in rows} == {"CC0-1.0"}
    assert {Path(row["uri"]).name: row["grade_camera"] for row in rows} == {
        "a.mp4": "high",
        "b.mp4": "ungraded",
    }


@pytest.mark.usefixtures("warehouse")
def test_clips_of_research_sources_come_when_asked_for(motionsight) -> None:
    lab = ("--set", 'dataset.sources=[{"prefix": "/", "name": "lab", "research_only": true}]')
    assert "Left out: licence 2 rows" in motionsight("dataset", "data", *REFERENCE, *lab).out
    assert "Wrote data: 2 clips" in motionsight("dataset", "data", *REFERENCE, *lab, "--research-only").out


@pytest.mark.usefixtures("warehouse")
def test_a_bucket_takes_the_clips_and_not_the_folder(motionsight, tmp_path: Path) -> None:
    done = motionsight("dataset", "gs://bucket/data")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "on a disk, and gs://bucket/data is not" in done.err
    assert "--media-root gs://..." in done.err
    assert not (tmp_path / "gs:").exists()
    done = motionsight("dataset", "data", "--media-root", "/data/clips")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "media.root" in done.err
    assert "such as gs://bucket/clips or s3://bucket/clips" in done.err


@pytest.mark.usefixtures("prefect_api")
def test_the_flow_builds_and_leaves_artifacts(
    warehouse: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import build_dataset as module

    shown: dict[str, str] = {}

    def kept(*, key: str, description: str, **_: object) -> None:
        shown[key] = description

    monkeypatch.setattr(module, "create_table_artifact", kept)
    monkeypatch.setattr(module, "create_markdown_artifact", kept)
    written = []

    def media(clips, folder: Path, settings: Settings) -> dict[str, str]:
        written.append(len(clips))
        return {clips[0].clip_id: "Truncated: The file ends early."}

    monkeypatch.setattr(module, "write_media", media)
    path = module.build_dataset(folder=str(tmp_path / "data"), warehouse=warehouse)
    assert written == [2]
    assert pq.read_table(Path(path) / "clips.parquet").num_rows == 1
    assert "1 clip, " in shown[module.GRADES_KEY]
    assert shown[module.DROPS_KEY] == "1 row left out"
    assert module.SAMPLES_KEY in shown
