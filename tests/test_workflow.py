"""The workflows of GitHub Actions: valid, read-only, pinned, and they run what CONTRIBUTING names."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files

import pytest
import yaml
from jsonschema.validators import validator_for

from tests.documented import ROOT

TEXTS = {
    path.stem: path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")
}
WORKFLOWS = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS = {name: job for workflow in WORKFLOWS.values() for name, job in workflow["jobs"].items()}


@pytest.fixture(params=["test", "test-long"])
def name(request: pytest.FixtureRequest) -> str:
    """Of each workflow, as its file and itself have it."""
    assert WORKFLOWS[request.param]["name"] == request.param
    return request.param


def test_it_is_valid_by_the_schema_of_workflows(name: str) -> None:
    vendored = files("check_jsonschema") / "builtin_schemas" / "vendor" / "github-workflows.json"
    schema = json.loads(vendored.read_text(encoding="utf-8"))
    # YAML 1.1 reads the key `on` as a truth value.
    workflow = {"on" if key is True else key: value for key, value in WORKFLOWS[name].items()}
    validator_for(schema)(schema).validate(workflow)


def test_it_may_only_read_and_ends_in_time(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
    for job in WORKFLOWS[name]["jobs"].values():
        assert "permissions" not in job
        assert job["timeout-minutes"] <= (240 if name == "test-long" else 60)


def test_every_action_is_pinned_to_a_commit_and_says_its_version(name: str) -> None:
    uses = re.findall(r"uses: (.+)", TEXTS[name])
    assert len(uses) >= 3
    assert [use for use in uses if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", use)] == []


@pytest.mark.parametrize(("job", "target"), [("test", "test"), ("docs", "docs"), ("long", "test-long")])
def test_a_job_runs_a_target_of_the_makefile(job: str, target: str) -> None:
    assert [step["run"] for step in JOBS[job]["steps"] if "run" in step] == [f"make {target}"]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_oldest_and_the_newest_python_are_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (oldest, beyond) = re.findall(r"3\.(\d+)", project["requires-python"])
    assert JOBS["test"]["strategy"]["matrix"]["python"] == [f"3.{oldest}", f"3.{int(beyond) - 1}"]


def test_the_cache_is_that_of_the_lock_file() -> None:
    for job in JOBS.values():
        (cache,) = (step for step in job["steps"] if step.get("uses", "").startswith("actions/cache@"))
        assert "hashFiles('uv.lock')" in cache["with"]["key"]
