"""What a run says in Prefect's UI, where the names in it are not ours."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from flows.cli.answers import passed_over_sentence
from flows.operate.artifacts import ALL_FILES, code, link, plain, progress_sentence, summary
from flows.operate.run_names import named
from motionsight_core.record import RunRecord
from motionsight_core.stores import PassedOver

NOON = datetime(2026, 11, 21, 12, 0)


def record(**more: object) -> RunRecord:
    values: dict[str, object] = {
        "run_id": "0" * 32, "source": "gs://bucket/clips/", "recipe": "1" * 16, "settings": "{}",
        "started_at": datetime(2026, 11, 21, 12, tzinfo=UTC),
        "finished_at": datetime(2026, 11, 21, 12, 1, tzinfo=UTC),
        "planned": 10, "annotated": 7, "skipped": 0, "failed": 3, "throughput": 0.117,
    }  # fmt: skip
    return RunRecord(**(values | more))  # type: ignore[arg-type]


def test_a_summary_names_failures_by_type_with_an_example_that_can_be_looked_at() -> None:
    failures = [("NotAVideo", 2, "gs://bucket/clips/a b.mp4", "No video format."),
                ("Truncated", 1, "s3://bucket/c.mp4", "The file ends early.")]  # fmt: skip
    said = summary(record(), failures, "duckdb:/data/motion.duckdb")
    assert "7 of 10 clips annotated" in said
    assert "| NotAVideo | 2 |" in said
    assert "https://console.cloud.google.com/storage/browser/_details/bucket/clips/a%20b.mp4" in said
    assert "https://s3.console.aws.amazon.com/s3/object/bucket?prefix=c.mp4" in said
    assert "motionsight sql --warehouse 'duckdb:/data/motion.duckdb'" in said
    assert "Not finished" not in said


def test_a_summary_names_shards_that_could_not_be_finished_and_what_to_do() -> None:
    said = summary(record(), [], "duckdb:x", broken=["Shard 3 failed: the endpoint is away."])
    assert "- Shard 3 failed: the endpoint is away." in said
    assert "Run it again" in said


def test_a_summary_says_in_a_line_what_was_passed_over() -> None:
    passed_over = PassedOver()
    for name in ("a.txt", "b.txt", "c", *(f"{number}.s{number}" for number in range(9))):
        passed_over.add_name(name)
    said = passed_over_sentence(passed_over, how=ALL_FILES)
    assert said == (
        "12 files passed over: names that are not a video's (.txt 2, none 1, .s0 1, .s1 1, .s2 1, .s3 1, "
        "others 5); the setting stores.all_files looks into them."
    )
    passed_over.add_content("d.json")
    assert passed_over_sentence(passed_over).endswith("; contents that are not a video's (.json 1).")
    assert passed_over_sentence(PassedOver()) == ""
    assert plain(said) in summary(record(), [], "duckdb:x", passed_over=said).splitlines()


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[click](javascript:alert(1))",
        "a | b | c",
        "`code`\n# Heading",
        "**bold**",
    ],
)
def test_hostile_names_and_messages_format_nothing(hostile: str) -> None:
    for said in (plain(hostile), link(f"gs://bucket/{hostile}").partition("](https")[0].removeprefix("[")):
        assert "\n" not in said
        # Every letter with a meaning is escaped.
        assert not re.search(r"(?<!\\)(?:\\\\)*[<>\[\]|`*#]", said)
    assert code(hostile).count("`") == 2
    assert "\n" not in summary(record(source=hostile), [("Corrupt", 1, hostile, hostile)], "x").split("##")[0]
    (row,) = [
        line
        for line in summary(record(), [("Corrupt", 1, f"gs://b/{hostile}", hostile)], "x").splitlines()
        if line.startswith("| Corrupt")
    ]
    assert len(re.findall(r"(?<!\\)\|", row)) == 4, "a row of three cells"


def test_progress_says_how_far_how_fast_and_until_when() -> None:
    assert progress_sentence("Shard 2", 0, total=400, unit="clips", elapsed_s=3, now=NOON) == (
        "Shard 2: 0 of 400 clips"
    )
    assert progress_sentence("Shard 2", 100, total=400, unit="clips", elapsed_s=1200, now=NOON) == (
        "Shard 2: 100 of 400 clips, 5 per minute, the rest by about 21 Nov 13:00"
    )
    assert progress_sentence("Shard 2", 400, total=400, unit="clips", elapsed_s=100, now=NOON) == (
        "Shard 2: 400 of 400 clips, 4 per second, done"
    )


@pytest.mark.parametrize(
    ("flow", "parameters", "name"),
    [
        ("annotate-catalog", {"source": "gs://bucket/clips/"}, "annotate gs://bucket/clips/"),
        ("annotate-catalog", {"source": None, "catalog": "nightly"}, "annotate nightly"),
        ("annotate-partition", {"source": "s3://b/", "partition": 3, "partitions": 16},
         "annotate partition 3 of 16: s3://b/"),
        ("watch-catalog", {"source": "s3://b/"}, "watch s3://b/"),
        ("refresh-report", {"warehouse": "duckdb:m.duckdb"}, "report on duckdb:m.duckdb"),
    ],
)  # fmt: skip
def test_a_flow_run_s_name_tells_what_it_is_about(
    flow: str, parameters: dict[str, object], name: str
) -> None:
    assert named(flow, parameters) == name


def test_a_flow_run_s_name_stays_short() -> None:
    assert len(named("annotate-catalog", {"source": "gs://bucket/" + "x" * 1000})) == 100
