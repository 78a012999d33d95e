"""`motionsight annotate` on buckets, through the command line."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from tests.core.stores.servers import (
    GcsBucket,
    Place,
    S3Bucket,
    environment_of,
)


@pytest.fixture(params=["gs", "s3"])
def bucket(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Place:
    """An empty bucket of a store that the commands find, with a cache of their own."""
    # The fixture that runs commands passes no variable of ours on, but this one.
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("tmp")))
    url = request.getfixturevalue("gcs_url" if request.param == "gs" else "s3_url")
    for name, value in environment_of(gcs=url, s3=url).items():
        monkeypatch.setenv(name, value)
    name = f"catalog-{uuid.uuid4().hex}"
    return GcsBucket(url, name) if request.param == "gs" else S3Bucket(url, name)


@pytest.mark.long
def test_a_bucket_is_annotated_like_a_folder_and_only_what_changed_again(
    motionsight, ask, scenes: Path, bucket: Place
) -> None:
    first, second, third, *_ = sorted(scenes.glob("*.mp4"))
    bucket.put("clips/a.mp4", first.read_bytes())
    bucket.put("clips/b.mp4", second.read_bytes())
    bucket.put("clips/broken.mp4", b"no video at all")
    bucket.put("other/c.mp4", third.read_bytes())
    source = bucket.address + "clips/"

    done = motionsight("annotate", source)
    assert done.code == 0, done.err
    assert "Annotated 2 clips" in done.out
    assert "failed 1" in done.out

    again = motionsight("annotate", source)
    assert again.code == 0, again.err
    assert "Annotated 0 clips" in again.out
    assert "skipped 3" in again.out

    bucket.put("clips/a.mp4", third.read_bytes())
    changed = motionsight("annotate", source)
    assert changed.code == 0, changed.err
    assert "Annotated 1 clips" in changed.out
    assert "skipped 2" in changed.out
    found = ask(
        "SELECT uri, count(DISTINCT version) AS versions, '' AS error FROM motion GROUP BY uri "
        "UNION ALL SELECT uri, 1, error FROM failures ORDER BY uri"
    )
    assert found == [
        {"uri": source + "a.mp4", "versions": 2, "error": ""},
        {"uri": source + "b.mp4", "versions": 1, "error": ""},
        {"uri": source + "broken.mp4", "versions": 1, "error": "NotAVideo"},
    ]


def test_a_bucket_that_does_not_exist_is_a_usage_error_in_one_sentence(motionsight, bucket: Place) -> None:
    source = bucket.address.replace("catalog", "absent")
    done = motionsight("annotate", source)
    assert done.code == 2
    assert f"There is no bucket {source.rstrip('/')}." in done.err
    assert "Traceback" not in done.err
