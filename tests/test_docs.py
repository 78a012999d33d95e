"""Every code block of the README, of docs/ and of the packages' docstrings does what it says."""

from __future__ import annotations

import ast
import json
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pyarrow.parquet as pq
import pytest

from flows.cli import cli
from flows.runs.loop import Loop
from motionsight_core.settings import Settings, parse_toml
from motionsight_core.synthetic import catalog, render, render_catalog
from motionsight_core.warehouse import open_warehouse
from tests.documented import ROOT, Block, commands, docstring_blocks, page_blocks, piped
from tests.prefer.preferring import Preferring
from tests.warm import WarmCommand, environment

#: What is not run, by a piece of the command or of the Python block, and why. Commands of ours and of Prefect
#: are parsed all the same, Python's imports are made, and files that are named must be there.
NOT_RUN = {
    # A cloud, a cluster, an engine
    "gs://": "needs Google Cloud Storage",
    "s3://": "needs an S3 store",
    "gcsfuse ": "needs Google Cloud Storage",
    "bigquery:": "needs BigQuery",
    "gcloud ": "needs Google Cloud",
    "bq ": "needs Google Cloud",
    "deploy/dataflow/deploy.sh": "needs Google Cloud",
    "export PROJECT=": "names a project of Google Cloud",
    "docker ": "needs a Docker engine",
    "cp deploy/.env.example": "is for Docker Compose",
    "kubectl ": "needs a Kubernetes cluster",
    "deploy/flink/cluster.py": "fetches Flink; tests/flink runs it",
    "runtime.runner=flink": "needs a Flink cluster; tests/flink has one",
    # Servers
    "motionsight serve": "serves until it is ended; tests/serve does",
    "motionsight prefer": "serves until it is ended, or takes choices of people; tests/prefer does",
    "OpenAI(base_url": "needs the server; tests/serve has one",
    "lmms_eval": "is a harness in an environment of its own; tests/serve has it where one is named",
    # Models
    "openai:": "needs an endpoint; tests/flows/test_mllm.py has one",
    "video_info.meta.jsonl": "needs MotionBench's videos; tests/flows/test_evaluate.py has such files",
    "video_perspective.json": "needs FAVOR-Bench's videos; tests/flows/test_evaluate.py has such files",
    "MotionBench/": "needs MotionBench's videos",
    "'camera_agreement' AS scorer": "needs a model's texts; tests/flows/test_import_scores.py has some",
    "vllm serve": "needs a GPU",
    "hf download": "fetches weights",
    "deploy/paper.toml": "needs the paper's weights and a GPU",
    "deploy/reproduce/": "needs the paper's weights, the benchmarks' videos and GPUs",
    "naming.model=transformers:": "fetches weights; tests/core/naming loads tiny ones",
    "motionsight train": "trains a model; tests/flows/test_train.py trains a tiny one",
    "motionsight loop": "trains a model; tests/flows/test_close_the_loop.py trains a tiny one",
    "transformers serve": "serves until it is ended; tests/flows/test_trained.py has it",
    "transformers:motionchat": "needs a trained model; tests/flows/test_train.py makes a tiny one",
    'train("sft"': "trains a model; tests/core/training trains tiny ones",
    "torchrun ": "needs GPUs",
    # The package of docs/extend, with which tests/extend runs
    "parrot:": "needs the package of docs/extend; tests/extend has it",
    "zips://": "needs the package of docs/extend; tests/extend has it",
    "logged:": "needs the package of docs/extend; tests/extend has it",
    # Data sets with pairs
    'read_pairs("dataset")': "needs a data set of scored rows; tests/core/preference has one",
    # Trainers
    "cd data": "is for a person's shell",
    "views/trl/sft_train.jsonl": "needs a data set of frames; tests/core/dataset/test_readers.py loads one",
    "swift sft": "needs ms-swift; tests/core/dataset/test_trainers.py has its loader",
    "swift rlhf": "needs ms-swift; tests/core/dataset/test_trainers.py has its loader",
    "llamafactory-cli ": "needs LLaMA-Factory; tests/core/dataset/test_trainers.py has its loader",
    # Prefect
    "prefect ": "needs a Prefect server; tests/plugin has one",
    "export PREFECT_API_URL": "names a Prefect server",
    "$EDITOR": "needs a person",
    "MotionSightWarehouse.load": "needs a Prefect server; tests/flows/test_blocks.py has one",
    "emit_event(": "needs a Prefect server; tests/plugin has one",
    "annotate_catalog(source=": "starts a Prefect server; tests/flows/test_annotate_flow.py runs it",
    # This environment
    ". .venv/bin/activate": "is for a person's shell",
    "pip install": "changes the environment",
    "make ": "makes the environment, or runs these tests",
    "python -m benchmarks.": "takes minutes",
}
#: One decoding process is enough for clips of a second.
ENVIRONMENT = environment() | {"MOTIONSIGHT_RUNTIME__DECODE_PROCESSES": "1"}
LANGUAGES = {"python", "sh", "sql", "toml", "text", "diff"}

#: Without the files of the pages in docs/extend, which tests/extend builds, and runs.
PAGE_BLOCKS = [block for block in page_blocks() if not block.title]
PYTHON = [block for block in PAGE_BLOCKS if block.language == "python"] + docstring_blocks()


def in_language(language: str) -> list[Block]:
    return [block for block in PAGE_BLOCKS if block.language == language]


def reason_not_to_run(text: str) -> str | None:
    return next((reason for piece, reason in NOT_RUN.items() if piece in text), None)


@pytest.fixture(scope="session")
def annotated(tmp_path_factory: pytest.TempPathFactory, warm_command: WarmCommand) -> Path:
    """A folder as the pages assume it: clips, the same as ~/videos, a dog, rows, scores in a file."""
    folder = tmp_path_factory.mktemp("documented")
    render_catalog(folder / "clips", count=2, seed=1, width=160, height=90, duration_s=1.0)
    video = next((folder / "clips").glob("*.mp4"))
    shutil.copy(video, folder / "clips" / "dog.mp4")
    shutil.copy(video, folder / "dog.mp4")
    (folder / "videos").mkdir()
    shutil.copy(video, folder / "videos")
    (folder / "settings.toml").write_text("[sampling]\nframes = 4\n")
    code, _, said = warm_command.run(["annotate", "clips"], cwd=folder, environment=ENVIRONMENT)
    assert code == 0, said
    query = "SELECT clip_id, recipe, 'object', 'mine', 0.5 FROM motion"
    rows = open_warehouse(f"duckdb:{folder / 'motionsight.duckdb'}").query(query).rows
    lines = ["clip_id,recipe,aspect,scorer,score", *(",".join(map(str, row)) for row in rows)]
    (folder / "scores.csv").write_text("\n".join(lines))
    return folder


@pytest.fixture
def folder(annotated: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(annotated, tmp_path / "documented"))


@pytest.mark.parametrize("block", PAGE_BLOCKS, ids=str)
def test_a_block_is_fenced_and_names_its_language(block: Block) -> None:
    assert block.language in LANGUAGES, block.text


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_a_block_of_python_runs(block: Block, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = compile(block.text, str(block), "exec")
    if reason_not_to_run(block.text):
        require_imports(block.text)
        return
    monkeypatch.chdir(folder)
    exec(code, {"__name__": "documented"})  # noqa: S102


@pytest.mark.parametrize("block", in_language("sql"), ids=str)
def test_a_block_of_sql_is_answered(block: Block, annotated: Path) -> None:
    assert open_warehouse(f"duckdb:{annotated / 'motionsight.duckdb'}").query(block.text).columns


@pytest.mark.parametrize("block", in_language("toml"), ids=str)
def test_a_block_of_toml_holds_settings(block: Block) -> None:
    values = parse_toml(block.text)
    assert values
    if "loop" in values:
        Loop.model_validate(values.pop("loop"))
    if set(values) != {"project"}:  # of a package that extends ours
        Settings.layered(values)


#: By their commands, the first block that holds just these: a page that shows the README's runs nothing anew.
FIRST = {tuple(map(tuple, commands(block.text))): block for block in reversed(in_language("sh"))}


@pytest.mark.parametrize("block", FIRST.values(), ids=str)
def test_the_commands_of_a_block_run(block: Block, folder: Path, warm_command: WarmCommand) -> None:
    for words in commands(block.text):
        reason = reason_not_to_run(" ".join(words))
        for part in piped(words):
            require_files(part)
            program = Path(part[0]).name
            if program == "motionsight" and "docs/extend" not in (reason or ""):
                parse_ours(part[1:])
            if program == "prefect":
                parse_prefect(part[1:])
            assert reason or program == "motionsight", f"{words} is neither run nor listed in NOT_RUN"
        if not reason:
            run_pipeline(words, folder, warm_command)


def test_the_walk_leads_from_the_demo_s_rows_to_a_chosen_pair(
    tmp_path: Path, warm_command: WarmCommand
) -> None:
    """The one clip of the demo in which something is named is enough: without names it is told otherwise."""
    walk = next(block.text for block in in_language("sh") if "motionsight score --import -" in block.text)
    first, scored, built, chosen, rebuilt = commands(walk)
    car = next(scene for scene in catalog(count=12, seed=0) if scene.name == "car_crossing_slows_down")
    (tmp_path / "clips").mkdir()
    render(car, tmp_path / "clips" / "car.mp4")
    for words in (["motionsight", "annotate", "clips"], first, scored, built):
        run_pipeline(words, tmp_path, warm_command)
    data = tmp_path / built[2]
    (pair,) = pq.read_table(data / "pairs.parquet").to_pylist()
    assert (data / pair["media"]).is_file()
    assert chosen == ["motionsight", "prefer", built[2]]
    with Preferring(data) as server:
        shown = server.next("Ada")["pair"]
        truth = "left" if shown["left"].startswith("A car") else "right"
        assert server.choose("Ada", shown["pair_id"], truth).status == 200
    run_pipeline(rebuilt, tmp_path, warm_command)
    (preference,) = pq.read_table(data / "preferences.parquet").to_pylist()
    assert preference["chosen"].startswith("A car ")
    assert preference["rejected"].startswith("A region ")
    assert "1 pair of descriptions to choose from, 1 decided by people" in (data / "README.md").read_text()
    views = [json.loads(path.read_text()) for path in data.glob("views/dpo/*.json")]
    assert [item["chosen"] for (item,) in views] == [preference["chosen"]]


@pytest.mark.long
def test_the_demo_ends_as_the_readme_shows(tmp_path: Path, warm_command: WarmCommand) -> None:
    question, _, table = next(
        block.text for block in in_language("text") if "Which clips' camera pans right" in block.text
    ).partition("\n")
    assert question in (ROOT / "Makefile").read_text()
    query = (ROOT / "deploy" / "sql" / "pans_right.sql").read_text()
    for arguments, typed in ((["scenes", "clips"], ""), (["annotate", "clips"], ""), (["sql", "-"], query)):
        code, out, said = warm_command.run(arguments, cwd=tmp_path, environment=environment(), input=typed)
        assert code == 0, said
    assert out.strip() == table.strip()


def test_whatever_is_not_run_is_in_a_page() -> None:
    lines = [" ".join(words) for block in in_language("sh") for words in commands(block.text)]
    everything = "\n".join([*lines, *(block.text for block in PYTHON)])
    assert [piece for piece in NOT_RUN if piece not in everything] == []


def run_pipeline(words: list[str], folder: Path, warm_command: WarmCommand) -> None:
    """Run commands of ours, each with what the one before it wrote as its input."""
    typed = ""
    for part in piped(words):
        arguments = [word.replace("~", str(folder)) for word in part[1:]]
        code, typed, said = warm_command.run(arguments, cwd=folder, environment=ENVIRONMENT, input=typed)
        assert code == 0, f"{words}: {typed}{said}"


def require_imports(program: str) -> None:
    """Make sure that all names which a program imports are there."""
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                getattr(import_module(node.module), alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                import_module(alias.name)


def require_files(words: list[str]) -> None:
    """Make sure that files of the repository which a command names are there."""
    for word in words:
        path = word.rpartition("=")[2]
        if path.startswith(("deploy/", "docs/", "tests/", "benchmarks/")) and path != "deploy/.env":
            assert (ROOT / path).exists(), path
        if word.startswith(("benchmarks.", "docs.")):
            import_module(word)


def parse_ours(arguments: list[str]) -> None:
    """Make sure that the command line takes the arguments, and the settings among them."""
    command = cli.commands[arguments[0]]
    context = command.make_context(arguments[0], arguments[1:])
    options: dict[str, Any] = context.params
    # What stands for a value, as in '[...]', is left out.
    overrides = [override for override in options.get("overrides", ()) if "..." not in override]
    Settings.load(options.get("settings_file") and ROOT / options["settings_file"], overrides, environment={})
    assert isinstance(context.command, click.Command)


def parse_prefect(arguments: list[str]) -> None:
    """Make sure that Prefect's command line takes the arguments."""
    from prefect.cli._app import _app  # no public name leads to what only parses

    some_id = "00000000-0000-0000-0000-000000000000"  # for a word that stands for one
    words = [some_id if word == "ID" else word for word in arguments if word != "--no-prompt"]
    _app.parse_args(words, exit_on_error=False, print_error=False)
