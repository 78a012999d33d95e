"""Captions of single objects from the command line: annotated, reported, and asked about in a data set."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq


def test_a_catalog_s_objects_become_questions_of_a_data_set(
    motionsight, ask, scenes: Path, tmp_path: Path
) -> None:
    captions = ("--set", "instances.captions=true")
    assert motionsight("annotate", str(scenes), *captions).code == 0
    again = motionsight("annotate", str(scenes), *captions)
    assert "skipped 4" in again.out
    told = ask("SELECT clip_id, track_id, motion FROM instances WHERE checked ORDER BY ALL")
    assert told
    done = motionsight("dataset", "data", "--media", "reference", "--set", "dataset.box_format=pixels")
    assert done.code == 0, done.err
    asked = pq.read_table(tmp_path / "data" / "instances.parquet").to_pylist()
    kept = {(row["clip_id"], row["track_id"]) for row in asked}
    assert kept <= {(row["clip_id"], row["track_id"]) for row in told}
    assert len(asked) == 3 * len(kept) > 0
    tracks = {
        (row["clip_id"], row["track_id"]): row["boxes"]
        for row in ask("SELECT clip_id, track_id, boxes FROM object_tracks")
    }
    for row in asked:
        first = tracks[row["clip_id"], row["track_id"]][0]
        _, *edges = json.loads(row["boxes"])[0]
        assert edges == [round(first[side], 4) for side in ("x0", "y0", "x1", "y1")]
    report = motionsight("report", "--frames", "none")
    assert report.code == 0, report.err
    html = next(tmp_path.glob("*.html")).read_text()
    assert told[0]["motion"] in html
