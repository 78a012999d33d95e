"""The workflow of GitHub Actions: valid, read-only, pinned, and it runs what CONTRIBUTING names."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files

import pytest
import yaml
from jsonschema.validators import validator_for

from tests.documented import ROOT

TEXT = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load(TEXT)
JOBS = WORKFLOW["jobs"]


def test_it_is_valid_by_the_schema_of_workflows() -> None:
    vendored = files("check_jsonschema") / "builtin_schemas" / "vendor" / "github-workflows.json"
    schema = json.loads(vendored.read_text(encoding="utf-8"))
    # YAML 1.1 reads the key `on` as a truth value.
    workflow = {"on" if key is True else key: value for key, value in WORKFLOW.items()}
    validator_for(schema)(schema).validate(workflow)


def test_it_may_only_read_and_ends_in_time() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    for job in JOBS.values():
        assert "permissions" not in job
        assert job["timeout-minutes"] <= 60


def test_every_action_is_pinned_to_a_commit_and_says_its_version() -> None:
    uses = re.findall(r"uses: (.+)", TEXT)
    assert len(uses) >= 3
    assert [use for use in uses if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", use)] == []


@pytest.mark.parametrize(("job", "target"), [("test", "test"), ("docs", "docs")])
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
