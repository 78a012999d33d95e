"""What ships beside the code agrees with it."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.workers.process import ProcessWorker

from flows.cli import doctor_prefect
from flows.cli.doctor_names import SAFE_COMMAND, namesakes
from flows.cli.findings import Finding, State
from motionsight_core import __version__
from motionsight_core.naming import model_file
from motionsight_core.settings import Settings
from motionsight_core.synthetic import render_catalog
from tests.installed import Installation, build_wheel, folder_of_a_namesake, install
from tests.plugin.serving import Server

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
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.M)
    sources = [source for line in copied for source in line.split()]
    assert {"pyproject.toml", "uv.lock", "motionsight_core", "transforms", "flows"} <= set(sources)
    for source in sources:
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
        "import flows.annotate, flows.cli.ask, transforms.shard, motionsight_core.motionsight\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_version_is_said_once() -> None:
    assert PROJECT["version"] == __version__
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel in an environment of its own."""
    return install(wheel, tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with packages `flows` and `transforms` that are not ours."""
    return folder_of_a_namesake(tmp_path_factory.mktemp("elsewhere"))


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert tops == {"motionsight_core", "transforms", "flows", f"motionsight-{__version__}.dist-info"}


def test_the_wheel_holds_the_detector_with_its_licence_and_whence_it_comes(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        folder = "motionsight_core/naming/weights"
        names = {name.rpartition("/")[2] for name in archive.namelist() if name.startswith(folder)}
        assert names == {"nanodet_g.onnx", "LICENSE", "LICENSE.human-models", "README.md"}
        assert hashlib.sha256(archive.read(f"{folder}/nanodet_g.onnx")).hexdigest() == model_file.SHA256
    assert wheel.stat().st_size < 20_000_000, "an installation grows by less than 20 MB"


def test_prefect_s_servers_and_workers_are_told_of_the_blocks(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        points = archive.read(f"motionsight-{__version__}.dist-info/entry_points.txt").decode()
    assert "[prefect.collections]\nmotionsight = flows.blocks\n" in points


@pytest.mark.long
def test_the_command_works_in_a_folder_that_has_a_flows_of_its_own(
    installation: Installation, elsewhere: Path
) -> None:
    rendered = installation.run("motionsight", "scenes", "clips", "--count", "1", cwd=elsewhere)
    assert rendered.returncode == 0, rendered.stderr
    annotated = installation.run("motionsight", "annotate", "clips", cwd=elsewhere)
    assert annotated.returncode == 0, annotated.stderr
    asked = installation.run("motionsight", "sql", "SELECT uri FROM motion", "--format", "csv", cwd=elsewhere)
    assert len(asked.stdout.splitlines()) == 2, asked.stderr


def test_a_folder_of_one_of_our_names_that_is_no_package_is_in_nobody_s_way(
    installation: Installation, tmp_path: Path
) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "annotate.py").touch()
    assert namesakes(tmp_path) == []
    found = installation.run("python", "-c", "import flows; print(flows.__file__)", cwd=tmp_path).stdout
    assert found.startswith(str(installation.site_packages))


def test_doctor_says_which_folders_take_the_place_of_ours_and_what_to_do(
    installation: Installation, elsewhere: Path
) -> None:
    said = installation.run("motionsight", "doctor", cwd=elsewhere).stdout
    assert f"motionsight_core from {installation.site_packages}\n" in said
    assert f"[--] Namesakes: {elsewhere} has flows and transforms of its own." in said
    assert f"job variable command: {SAFE_COMMAND}" in said


def complaints(server: Server, monkeypatch: pytest.MonkeyPatch) -> dict[str, Finding]:
    """What doctor finds of a server, by its subject."""
    monkeypatch.setenv("PREFECT_API_URL", server.url)
    with temporary_settings({PREFECT_API_URL: server.url}):
        return {finding.subject: finding for finding in doctor_prefect.prefect_server()}


@pytest.mark.long
def test_doctor_names_the_deployment_whose_runs_begin_beside_a_flows_of_somebody_else_s(
    elsewhere: Path, prefect_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "prefect.yaml").write_text(DEPLOYMENTS.format(folder=elsewhere, pool="told"))
    template = ProcessWorker.get_default_base_job_template()
    prefect_server.post("/work_pools/", name="told", type="process", base_job_template=template)
    prefect_server.prefect("deploy", "--all", cwd=tmp_path)

    found = complaints(prefect_server, monkeypatch)

    assert [one for one in found if one.startswith("Deployment ")] == ["Deployment begins-there"]
    complaint = found["Deployment begins-there"]
    assert complaint.state is State.BAD
    assert f"its runs begin in {elsewhere}, where flows and transforms are not ours" in complaint.detail


@pytest.mark.long
@pytest.mark.timeout(1200)  # seven processes of Prefect, each of which imports it anew
def test_blocks_and_deployments_work_where_there_is_a_flows_of_somebody_else_s(
    installation: Installation,
    elsewhere: Path,
    prefect_server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The worker runs there; of two deployments whose runs begin there, the one with the safe command works,
    and of the other one doctor says what is the matter. Prefect itself cannot deploy there."""
    render_catalog(tmp_path / "clips", count=1, seed=1, width=160, height=90, duration_s=1.0)
    (tmp_path / "prefect.yaml").write_text(DEPLOYMENTS.format(folder=elsewhere, pool="pool"))
    server = prefect_server
    more = server.environment | {"PATH": f"{installation.folder / 'bin'}:{os.environ['PATH']}"}

    def prefect(*arguments: str, cwd: Path = elsewhere) -> CompletedProcess[str]:
        return installation.run("prefect", "--no-prompt", *arguments, cwd=cwd, more=more)

    registered = prefect("block", "register", "-m", "flows.blocks")
    assert "Successfully registered 3 blocks" in registered.stdout, registered.stderr
    template = ProcessWorker.get_default_base_job_template()
    server.post("/work_pools/", name="pool", type="process", base_job_template=template)
    there = prefect("deploy", "flows.annotate.annotate_catalog", "-n", "there", "-p", "pool")
    assert "No module named 'flows.annotate'" in there.stderr + there.stdout
    deployed = prefect("deploy", "--all", cwd=tmp_path)
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    runs = {
        name: server.begin(
            f"annotate-catalog/{name}",
            source=str(tmp_path / "clips"),
            warehouse=f"duckdb:{tmp_path / name}.duckdb",
        )
        for name in ("begins-nowhere", "begins-there", "begins-there-safely")
    }
    worked = prefect("worker", "start", "--pool", "pool", "--run-once")
    assert worked.returncode == 0, worked.stdout + worked.stderr
    ended = {name: server.ended(run) for name, run in runs.items()}
    found = complaints(server, monkeypatch)
    assert ended.pop("begins-there") in ("Crashed", "Failed"), worked.stdout
    assert ended == {"begins-nowhere": "Completed", "begins-there-safely": "Completed"}, worked.stdout
    assert found["Prefect blocks"].state is State.GOOD
    assert [one for one in found if one.startswith("Deployment ")] == ["Deployment begins-there"]
    complaint = found["Deployment begins-there"]
    assert complaint.state is State.BAD
    assert f"its runs begin in {elsewhere}, where flows and transforms are not ours" in complaint.detail


DEPLOYMENTS = f"""
name: ours
deployments:
  - name: begins-nowhere # as in deploy/prefect.yaml
    entrypoint: flows.annotate.annotate_catalog
    pull: []
    work_pool: {{{{name: {{pool}}}}}}
  - name: begins-there # as Prefect does where nobody says otherwise
    entrypoint: flows.annotate.annotate_catalog
    pull: &there [{{{{prefect.deployments.steps.set_working_directory: {{{{directory: "{{folder}}"}}}}}}}}]
    work_pool: {{{{name: {{pool}}}}}}
  - name: begins-there-safely
    entrypoint: flows.annotate.annotate_catalog
    pull: *there
    work_pool: {{{{name: {{pool}}, job_variables: {{{{command: {SAFE_COMMAND}}}}}}}}}
"""
