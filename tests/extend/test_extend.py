"""A package of somebody else's, made of what docs/extend says, adds a backend of each kind."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from motionsight_core.synthetic import render_catalog
from motionsight_core.warehouse import open_warehouse
from tests.extend.package import files_of_the_pages, install_from_the_pages, register
from tests.plugin.serving import Server
from tests.warm import environment

HERE = Path(__file__).parent
BACKENDS = (
    "annotator=parrot:ball",
    "referring.detector=bright:0.9",
    "referring.tracker=template",
    "prompts.object=outline",
    "sampling.frames=4",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the package is installed."""
    return install_from_the_pages(tmp_path_factory.mktemp("clip-tools"))


@pytest.fixture
def archive(tmp_path: Path) -> str:
    """The address of a ZIP archive with a rendered clip and a text in it."""
    render_catalog(tmp_path / "clips", count=1, seed=1, width=240, height=136, duration_s=1.0)
    path = tmp_path / "clips.zip"
    with zipfile.ZipFile(path, "w") as into:
        for video in (tmp_path / "clips").glob("*.mp4"):
            into.write(video, f"day one/{video.name}")
        into.writestr("notes.txt", "Nothing moved.")
    return f"zips://{path}"


def run(folder: Path, *arguments: str, path: tuple[Path, ...], **variables: str) -> str:
    """Standard output of a Python that finds what is installed in these folders."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment() | {"PYTHONPATH": ":".join(map(str, path))} | variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_row(folder: Path, archive: str) -> None:
    """The one row in `logged:rows.duckdb` says that all six backends were used."""
    answer = open_warehouse(f"duckdb:{folder / 'rows.duckdb'}").query("SELECT * FROM motion")
    ((*values,),) = answer.rows
    row: dict[str, Any] = dict(zip(answer.columns, values, strict=True))
    assert row["uri"].startswith(f"{archive}!/day one/") and row["uri"].endswith(".mp4")
    checksum, _, size = row["version"].partition("-")
    with zipfile.ZipFile(folder / "clips.zip") as members:
        member = members.getinfo(row["uri"].partition("!/")[2])
    assert (int(checksum, 16), int(size)) == (member.CRC, member.file_size)
    assert (row["annotator"], row["object_names"], row["object_motion"]) == (
        "parrot:ball",
        ["ball"],
        "The ball moves.",
    )
    assert {track["label"] for track in row["object_tracks"]} == {"ball"}
    assert all(len(track["boxes"]) == 4 for track in row["object_tracks"])
    assert "a white line around the acting objects" in str(row["dialogue"])
    assert (folder / "rows.duckdb.log").read_text().endswith(" 1 annotated, 0 failed\n")


def test_a_prefect_flow_over_beam_uses_the_backends_of_another_package(
    site: Path, archive: str, prefect_server: Server, tmp_path: Path
) -> None:
    prefect = {
        name: value for name, value in prefect_server.environment.items() if name.startswith("PREFECT_")
    }
    chosen = [part for knob in (*BACKENDS, "runtime.keep_dialogue=true") for part in ("--set", knob)]
    where = ("--prefect", "--warehouse", "logged:rows.duckdb")
    run(tmp_path, "-m", "flows", "annotate", archive, *where, *chosen, path=(site,), **prefect)
    assert_row(tmp_path, archive)


@pytest.mark.long
def test_a_beam_worker_in_another_process_finds_them_by_name(
    site: Path, archive: str, tmp_path: Path
) -> None:
    program, knobs = str(HERE / "workers.py"), (*BACKENDS, "runtime.keep_dialogue=true")
    said = run(tmp_path, program, archive, "logged:rows.duckdb", *knobs, path=(site,))
    assert_row(tmp_path, archive)
    # What only a worker uses was not even imported where the pipeline was put together.
    assert "clip_tools.zips" in said and "clip_tools.bright" not in said


def test_names_are_looked_up_without_importing_and_what_is_wrong_with_one_is_one_sentence(
    site: Path, tmp_path: Path
) -> None:
    others = register(
        tmp_path / "others",
        "other-tools",
        "[motionsight.detectors]\nbroken = no_such_package:Detector",
        "[motionsight.mllms]\nboth = no_such_package:Model",
        "[motionsight.stores]\nbroken = no_such_package:Store",
        "[motionsight.trackers]\nsam2 = no_such_package:Tracker",
    )
    register(others, "third-tools", "[motionsight.mllms]\nboth = no_such_package:Model")
    said = json.loads(run(tmp_path, str(HERE / "asking.py"), path=(site, others)))

    assert said["help"] == 0 and said["imported by help and doctor"] == []
    assert said["imported"] == ["clip_tools", "clip_tools.bright"]
    assert said["doctor"] == [
        "Further detectors: bright (clip-tools 1.0), broken (other-tools 2.0)",
        "Further trackers: sam2 (other-tools 2.0), template (clip-tools 1.0)",
        "Further trackers: The tracker sam2 is registered by more than one package, motionsight and "
        "other-tools: uninstall other-tools.",
        "Further multimodal LLMs: both (other-tools 2.0), both (third-tools 2.0), parrot (clip-tools 1.0)",
        "Further multimodal LLMs: The multimodal LLM both is registered by more than one package, "
        "other-tools and third-tools: uninstall all but one of them.",
        "Further visual prompts: outline (clip-tools 1.0)",
        "Further object stores: broken (other-tools 2.0), zips (clip-tools 1.0)",
        "Further warehouses: logged (clip-tools 1.0)",
        "Further benchmarks: sheet (clip-tools 1.0)",
    ]
    unknown = {
        "annotator": "There is no annotator 'nobody': it is measured, transformers:MODEL_ID_OR_DIR, "
        "openai:BASE_URL#MODEL, both or parrot.",
        "detector": "referring.detector is measured, transformers:MODEL_ID_OR_DIR, "
        "groundingdino:CHECKPOINT#CONFIG, bright or broken; got 'nothing'.",
        "tracker": "referring.tracker is measured, transformers:MODEL_ID_OR_DIR, sam2:CHECKPOINT#CONFIG or "
        "template; got 'nothing'.",
        "prompt": "Settings are not valid: prompts.object: input should be 'spotlight', 'crop', "
        "'background_blur', 'object_blur', 'pose', 'motion_blur', 'none' or 'outline', got 'nothing'.",
        "store": "There is no object store for nowhere:// addresses; give a file, a directory, a glob, "
        "gs://..., s3://..., broken://... or zips://...",
        "warehouse": "There is no warehouse 'nowhere:x'; give duckdb:FILE, for example "
        "duckdb:motionsight.duckdb, bigquery:PROJECT.DATASET?staging=gs://BUCKET/PREFIX, or logged:PLACE.",
        "bad detector": "referring.detector is bright:QUANTILE, 0 to 1, such as bright:0.98; got '2'.",
        "twice": "The multimodal LLM both is registered by more than one package, other-tools and "
        "third-tools: uninstall all but one of them.",
        "ours": "The tracker sam2 is registered by more than one package, motionsight and other-tools: "
        "uninstall other-tools.",
        "broken store": "The object store broken of the package other-tools 2.0 cannot be imported "
        "(ModuleNotFoundError: No module named 'no_such_package'): reinstall or uninstall that package.",
    }
    assert {name: said[name] for name in unknown} == {
        name: ["UsageError", sentence] for name, sentence in unknown.items()
    }
    assert said["broken"] == [
        "ModelMissing",
        "The detector broken of the package other-tools 2.0 cannot be imported (ModuleNotFoundError: "
        "No module named 'no_such_package'): reinstall or uninstall that package.",
    ]


def test_a_benchmark_of_another_package_is_read_like_ours(site: Path, tmp_path: Path) -> None:
    (tmp_path / "sheet.csv").write_text(
        "video,question,options,answer\na.mp4,Where to?,left|right,B\nb.mp4,Where to?,up|down,C\n"
    )
    program = (
        "from motionsight_core.evaluation import open_benchmark\n"
        "sheet = open_benchmark('sheet')\n"
        "found = sheet.read('sheet.csv')\n"
        "print(found.questions[0].options, sheet.official(found.questions[0], '(B)'), *found.rejected)\n"
    )
    said = run(tmp_path, "-c", program, path=(site,))
    assert said == "('left', 'right') True row 2: Its answer 'C' is none of its 2 options.\n"


def test_each_page_that_adds_a_backend_holds_its_file_and_its_entry_point() -> None:
    files = files_of_the_pages()
    lines = files["pyproject.toml"].split()
    added = [line.strip('"') for line in lines if line.startswith('"clip_tools.')]
    assert len(added) == 7
    assert {f"{one.partition(':')[0].replace('.', '/')}.py" for one in added} == {
        name for name in files if name.startswith("clip_tools/") and not name.endswith("__init__.py")
    }
