"""Takes the pictures of Prefect's UI in docs/: a real server, a real worker, a real run with failures.

python -m docs.prefect_screenshots
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from uuid import UUID

from playwright.sync_api import Page

from motionsight_core.synthetic import render_catalog
from tests.checkpoints.mllm import tiny_qwen2_5_vl
from tests.chromium import WEBGL, started
from tests.core.training.clips import settings, write_data
from tests.plugin.serving import Server, served, until, worked

HERE = Path(__file__).parent
_SIZE = {"width": 1440, "height": 1080}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="motionsight-") as folder:
        place = Path(folder)
        catalog = _catalog(place / "catalog")
        with served(place / "prefect") as server:
            server.deploy()
            with worked(server, "motionsight", place), started(graphics=WEBGL) as browser:
                page = browser.new_page(viewport=_SIZE, color_scheme="light")
                _take(page, server, place, catalog)
                _take_training(page, server, place)


def _catalog(folder: Path) -> Path:
    """Eighty videos, some of them broken in ways that buckets know."""
    folder.mkdir()
    render_catalog(folder, count=12, width=640, height=360, duration_s=3.0)
    whole = sorted(folder.glob("*.mp4"))
    for number in range(68):
        shutil.copy(whole[number % len(whole)], folder / f"walk_{number:03d}.mp4")
    (folder / "notes.mp4").write_text("These are notes, not a video.")
    content = whole[0].read_bytes()
    (folder / "upload_broken_off.mp4").write_bytes(content[: len(content) // 2])
    return folder


def _take(page: Page, server: Server, place: Path, catalog: Path) -> None:
    warehouse = f"duckdb:{place / 'motion.duckdb'}"
    chosen = {"source": str(catalog), "warehouse": warehouse}
    running = server.begin("annotate-catalog/nightly", **chosen, settings={"runtime": {"shard_size": 41}})
    until(lambda: any(0 < item["data"] < 100 for item in _progress(server, running)))
    _shoot(page, server, f"/runs/flow-run/{running}", "prefect_progress.png", tab="Artifacts")
    assert server.ended(running) == "Completed"
    _shoot(page, server, f"/runs/flow-run/{running}", "prefect_run.png", tab="Task Runs")
    (summary,) = [item for item in server.artifacts(running) if item["key"] == "motionsight-summary"]
    _shoot(page, server, f"/artifacts/artifact/{summary['id']}", "prefect_summary.png")
    backfill = server.begin("backfill-catalog/backfill", **chosen, partitions=4, retry_failures=True)
    assert server.ended(backfill) == "Completed"
    _shoot(page, server, "/runs", "prefect_runs.png")


def _take_training(page: Page, server: Server, place: Path) -> None:
    """A tiny model with random weights, on eight rendered clips."""
    chosen = settings(max_steps=60, batch=8, batch_per_device=8, samples=1, save_every=60)
    run = server.begin(
        "train-model/train",
        folder=str(write_data(place / "data")),
        model=str(tiny_qwen2_5_vl(place / "tiny")),
        out=str(place / "sft"),
        settings=chosen.model_dump(mode="json", exclude_unset=True),
    )
    assert server.ended(run) == "Completed", server.log(run)
    (losses,) = [item for item in server.artifacts(run) if item["key"] == "motionsight-training"]
    _shoot(page, server, f"/artifacts/artifact/{losses['id']}", "prefect_training.png")


def _progress(server: Server, run: UUID) -> list[dict[str, float]]:
    return [item for item in server.artifacts(run) if item["type"] == "progress"]


def _shoot(page: Page, server: Server, path: str, name: str, *, tab: str | None = None) -> None:
    page.goto(server.url.removesuffix("/api") + path, wait_until="networkidle")
    if tab:
        page.get_by_text(tab, exact=True).first.click()
    page.wait_for_timeout(3000)  # the UI draws its timeline after its requests
    page.screenshot(path=HERE / name)


if __name__ == "__main__":
    main()
