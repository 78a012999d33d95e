"""What ships beside the code agrees with it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from motionsight_core import __version__
from motionsight_core.settings import Settings

ROOT = Path(__file__).parent.parent
LOCKED = {
    package["name"]: package.get("version")
    for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_image_holds_the_locked_beam_and_one_python() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    beam_python, beam = re.findall(r"FROM apache/beam_python([\d.]+)_sdk:([\d.]+) ", dockerfile)[0]
    assert beam == LOCKED["apache-beam"]
    assert set(re.findall(r"FROM python:([\d.]+)-", dockerfile)) == {beam_python}


def test_makefile_and_image_use_the_same_uv() -> None:
    (in_makefile,) = re.findall(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.M)
    (in_image,) = re.findall(r"uv==(\S+)", (ROOT / "Dockerfile").read_text())
    assert in_makefile == in_image


def test_everything_that_the_image_copies_is_there_and_let_through() -> None:
    let_through = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.M):
        for source in sources.split():
            assert (ROOT / source).exists(), source
            assert any(source == name or source.startswith(f"{name}/") for name in let_through), source


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["annotate", "gs://bucket"], "motionsight annotate gs://bucket"),
        (["--help"], "motionsight --help"),
        ([], "motionsight"),
        (["--id=1-1", "--provision_endpoint=localhost:1"], "boot --id=1-1 --provision_endpoint=localhost:1"),
        (["--worker_pool"], "boot --worker_pool"),
    ],
)
def test_the_entrypoint_tells_a_beam_worker_from_a_command(
    tmp_path: Path, arguments: list[str], expected: str
) -> None:
    for name in ("motionsight", "boot"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho {name} "$@"\n')
        program.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "BEAM_BOOT": str(tmp_path / "boot"),
    }
    entrypoint = str(ROOT / "deploy" / "docker" / "entrypoint.sh")
    done = subprocess.run(
        [entrypoint, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == expected


def test_the_sample_settings_are_the_defaults() -> None:
    assert Settings.load(ROOT / "deploy" / "settings.toml", environment={}).recipe() == Settings().recipe()


def test_the_paper_s_settings_name_its_models_and_keep_its_values() -> None:
    paper = Settings.load(ROOT / "deploy" / "paper.toml", environment={})
    assert paper.annotator.startswith("transformers:")
    assert paper.referring.detector != "measured" != paper.referring.tracker
    knobs = paper.referring
    assert (knobs.box_threshold, knobs.text_threshold, knobs.mask_iou) == (0.25, 0.25, 0.8)
    assert (paper.blur.window, paper.blur.decay, paper.spotlight.darken_factor) == (7, 0.65, 0.9)


def test_the_base_install_needs_no_torch() -> None:
    names = {re.split(r"[<>=~!\[]", requirement)[0] for requirement in PROJECT["dependencies"]}
    assert not names & {"torch", "torchvision", "transformers", "sam2", "groundingdino-py"}
    assert {"apache-beam", "av", "numpy", "prefect"} <= names
    program = (
        # As if they were not there; Beam itself imports torch where it is.
        "import sys\n"
        "heavy = ['torch', 'torchvision', 'transformers', 'sam2', 'groundingdino']\n"
        "sys.modules.update(dict.fromkeys(heavy))\n"
        "import flows.annotate, flows.ask, transforms.shard, motionsight_core.motionsight\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_version_is_said_once() -> None:
    assert PROJECT["version"] == __version__
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_wheel_holds_the_three_packages_and_nothing_else(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert tops == {"motionsight_core", "transforms", "flows", f"motionsight-{__version__}.dist-info"}
