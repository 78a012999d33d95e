"""What operators see of a run in Prefect's UI: progress, results, a summary of what failed and why."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from flows.cli.answers import printable
from motionsight_core.errors import MotionSightError
from motionsight_core.record import PartitionRecord, RunRecord
from motionsight_core.warehouse import Warehouse

#: Keys of the artifacts that have a history from run to run.
RESULTS_KEY = "motionsight-run"
SAMPLES_KEY = "motionsight-samples"
SUMMARY_KEY = "motionsight-summary"
PARTITIONS_KEY = "motionsight-partitions"

#: What looks into files that were passed over for their names, in a flow's words.
ALL_FILES = "the setting stores.all_files"

#: From one update of a progress bar to the next; each is a request to the server.
UPDATE_EVERY_S = 3.0
_SAMPLES = 10
_MESSAGE_LENGTH = 200


@contextmanager
def shown_progress(title: str, *, total: int, unit: str, done: Callable[[], int]) -> Iterator[None]:
    """A progress artifact of the task or flow run that this is called in, kept up to date.

    Progress is for people: a server that cannot be reached for an update costs the update, not the work.

    Args:
        title: what is going on.
        total: how many there are, one or more.
        unit: of what, in the plural.
        done: how many of them are done; asked from another thread.
    """
    began_s = time.monotonic()
    artifact: UUID = create_progress_artifact(  # type: ignore[assignment]  # a coroutine only in async code
        0.0, description=_said(title, 0, total=total, unit=unit)
    )
    ended = threading.Event()

    def update(count: int) -> None:
        count = min(count, total)
        said = progress_sentence(
            title, count, total=total, unit=unit, elapsed_s=time.monotonic() - began_s, now=datetime.now()
        )
        percent = 100.0 * count / total
        with suppress(Exception):  # whatever an HTTP client raises
            update_progress_artifact(artifact, percent, description=said)

    def follow() -> None:
        last = 0
        while not ended.wait(UPDATE_EVERY_S):
            count = done()
            if count != last:
                update(count)
                last = count

    follower = threading.Thread(target=follow, daemon=True, name="progress")
    follower.start()
    try:
        yield
    finally:
        ended.set()
        follower.join()
        update(done())


def progress_sentence(
    title: str, count: int, *, total: int, unit: str, elapsed_s: float, now: datetime
) -> str:
    """How many are done, how fast, and when the rest will be."""
    said = _said(title, count, total=total, unit=unit)
    if not count or elapsed_s <= 0:
        return said
    rate = count / elapsed_s
    said += f", {rate:.3g} per second" if rate >= 1 else f", {60 * rate:.3g} per minute"
    if count >= total:
        return f"{said}, done"
    return f"{said}, the rest by about {now + timedelta(seconds=(total - count) / rate):%d %b %H:%M}"


def _said(title: str, count: int, *, total: int, unit: str) -> str:
    return f"{title}: {count} of {total} {unit}"


def show_run(
    record: RunRecord, warehouse: Warehouse, *, broken: Sequence[str] = (), passed_over: str = ""
) -> None:
    """The artifacts of a run that has ended: its counts, examples of its rows, a summary of what failed.

    The run is done and committed: a warehouse that does not answer any more costs the examples only.
    """
    create_table_artifact(
        key=RESULTS_KEY,
        table=[_counts(record)],
        description=f"MotionSight annotated {record.annotated} of {record.planned} clips of "
        f"{printable(record.source)}.",
    )
    samples = _samples(record, warehouse)
    if samples:
        create_table_artifact(
            key=SAMPLES_KEY, table=samples, description="Some of what was found, the most motion first."
        )
    create_markdown_artifact(
        key=SUMMARY_KEY,
        markdown=summary(
            record,
            warehouse.failures_of(record.run_id),
            warehouse.url,
            broken=broken,
            passed_over=passed_over,
        ),
        description=f"{record.annotated} annotated, {record.failed} failed, {record.skipped} known",
    )


def show_partitions(records: Sequence[PartitionRecord]) -> None:
    """The table of a backfill's partitions."""
    done = sum(record.state == "done" for record in records)
    create_table_artifact(
        key=PARTITIONS_KEY,
        table=[
            {
                "partition": record.partition,
                "state": record.state,
                "videos": record.videos,
                "annotated": record.annotated,
                "failed": record.failed,
                "known": record.skipped,
                "message": record.message or "",
            }
            for record in records
        ],
        description=f"{done} of {len(records)} partitions are done.",
    )


def summary(
    record: RunRecord,
    failures: Sequence[tuple[str, int, str, str]],
    warehouse_url: str,
    *,
    broken: Sequence[str] = (),
    passed_over: str = "",
) -> str:
    """A run in Markdown: what was done, what failed with an example each, and how to ask for more.

    Args:
        record: of the run.
        failures: error, how many, an example's uri and message; the most frequent first.
        warehouse_url: where its rows are.
        broken: one sentence for each shard that could not be finished.
        passed_over: a sentence about what of the source is not a video; empty where there is nothing to say.
    """
    seconds = (record.finished_at - record.started_at).total_seconds() if record.finished_at else 0.0
    lines = [
        f"## {record.annotated} of {record.planned} clips annotated",
        "",
        f"Source {code(record.source)}, recipe {code(record.recipe)}, {seconds:.0f} s, "
        f"{record.throughput:.1f} clips per second; {record.skipped} were known already.",
        "",
    ]
    if passed_over:
        lines += [plain(passed_over), ""]
    if broken:
        lines += ["### Not finished", "", *(f"- {plain(sentence)}" for sentence in broken), ""]
        lines += ["Run it again: it goes on with what is missing.", ""]
    if failures:
        lines += [f"### {record.failed} failed", "", "| error | clips | for example |", "| --- | --- | --- |"]
        lines += [
            f"| {plain(error)} | {count} | {link(uri)}<br>{plain(message[:_MESSAGE_LENGTH])} |"
            for error, count, uri, message in failures
        ]
        lines.append("")
    lines += [
        "### Ask for more",
        "",
        "```sh",
        f"motionsight sql --warehouse '{warehouse_url}' \\",
        f"  \"SELECT uri, error, message FROM failures WHERE run_id = '{record.run_id}'\"",  # noqa: S608
        "```",
    ]
    return "\n".join(lines)


def code(text: str) -> str:
    """Text as Markdown code, whatever it holds: names of objects are not ours."""
    return f"`{_one_line(text).replace('`', chr(0x2019))}`"


def plain(text: str) -> str:
    """Text as Markdown that formats nothing: names and messages may hold what looks like it."""
    return "".join(f"\\{letter}" if letter in _MEANING else letter for letter in _one_line(text))


def link(uri: str) -> str:
    """An object's name; in a cloud, with a link to where its console shows it."""
    scheme, mark, rest = uri.partition("://")
    bucket, _, name = rest.partition("/")
    if mark and scheme == "gs":
        return f"[{plain(uri)}](https://console.cloud.google.com/storage/browser/_details/{quote(bucket)}/{quote(name)})"
    if mark and scheme == "s3":
        return f"[{plain(uri)}](https://s3.console.aws.amazon.com/s3/object/{quote(bucket)}?prefix={quote(name)})"
    return code(uri)


#: What Markdown, a table in it, or HTML would take for more than a letter.
_MEANING = frozenset("\\`*_[]<>#!|&~")


def _one_line(text: str) -> str:
    return " ".join(printable(text).split())


def _counts(record: RunRecord) -> dict[str, Any]:
    return {
        "source": printable(record.source),
        "planned": record.planned,
        "annotated": record.annotated,
        "skipped": record.skipped,
        "failed": record.failed,
        "clips per second": round(record.throughput, 2),
        "recipe": record.recipe,
        "run": record.run_id,
    }


def _samples(record: RunRecord, warehouse: Warehouse) -> list[dict[str, Any]]:
    if not record.annotated:
        return []
    try:
        # A run's id is hexadecimal.
        rows = warehouse.query(
            "SELECT uri, start_s, end_s, camera_motion, object_motion, steadiness, motion_score "  # noqa: S608
            f"FROM motion WHERE run_id = '{record.run_id}' "
            f"ORDER BY motion_score DESC, uri, start_s LIMIT {_SAMPLES}"
        ).rows
    except MotionSightError:
        return []
    return [
        {
            "video": printable(uri),
            "from, s": round(start_s, 2),
            "to, s": round(end_s, 2),
            "camera": printable(camera),
            "objects": printable(objects),
            "steadiness": steadiness,
            "motion score": round(score, 3) if score is not None else None,
        }
        for uri, start_s, end_s, camera, objects, steadiness, score in rows
    ]
