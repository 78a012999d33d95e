"""deploy/prefect.yaml against the flows that it names. That a server takes it is shown in tests/flows."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest
from prefect import Flow
from prefect.cli.deploy._models import DeploymentConfig, PrefectYamlModel
from prefect.client.schemas.objects import ConcurrencyLimitStrategy
from prefect.events import DeploymentEventTrigger

from tests.deploy.files import DEPLOY, LOCKED, POOLS, read_yaml

FILE = read_yaml(DEPLOY / "prefect.yaml")
DEPLOYMENTS: dict[str, dict[str, Any]] = {d["name"]: d for d in FILE["deployments"]}
#: What the person who starts a run gives.
GIVEN: dict[str, dict[str, Any]] = {"partition": {"partition": 0, "partitions": 16}}

each_deployment = pytest.mark.parametrize("name", list(DEPLOYMENTS))


def flow_of(name: str) -> Flow[..., Any]:
    module, _, function = DEPLOYMENTS[name]["entrypoint"].rpartition(".")
    flow = getattr(importlib.import_module(module), function)
    assert isinstance(flow, Flow)
    return flow


def test_there_is_a_deployment_for_each_flow() -> None:
    assert {f"{flow_of(name).name}/{name}" for name in DEPLOYMENTS} == {
        "annotate-catalog/nightly",
        "backfill-catalog/backfill",
        "annotate-partition/partition",
        "watch-catalog/watch",
        "evaluate-benchmark/benchmark",
        "refresh-report/report",
        "score-descriptions/score",
        "build-dataset/dataset",
        "train-model/train",
        "train-on-kubernetes/train-nodes",
        "close-the-loop/loop",
    }


def test_a_backfill_starts_the_deployment_of_partitions() -> None:
    parameters = flow_of("backfill").parameters.properties
    assert parameters["deployment"]["default"] == f"{flow_of('partition').name}/partition"


@each_deployment
def test_its_parameters_are_what_the_flow_takes(name: str) -> None:
    validated = flow_of(name).validate_parameters(DEPLOYMENTS[name]["parameters"] | GIVEN.get(name, {}))
    if "warehouse" in flow_of(name).parameters.properties:
        assert validated["warehouse"] == FILE["yours"]["warehouse"]


def test_the_loop_is_about_what_the_other_deployments_are_about() -> None:
    (given,) = DEPLOYMENTS["loop"]["parameters"].values()
    loop = flow_of("loop").validate_parameters({"loop": given})["loop"]
    assert (loop.source, loop.warehouse) == (FILE["yours"]["source"], FILE["yours"]["warehouse"])
    assert loop.benchmark.videos == FILE["yours"]["videos"]


@each_deployment
def test_nothing_runs_before_somebody_switches_it_on(name: str) -> None:
    deployment = DEPLOYMENTS[name]
    assert all(schedule["active"] is False for schedule in deployment.get("schedules", ()))
    assert all(trigger["enabled"] is False for trigger in deployment.get("triggers", ()))


@each_deployment
def test_prefect_knows_every_key(name: str) -> None:
    # It passes over the others without a word.
    deployment = DEPLOYMENTS[name]
    assert deployment.keys() <= DeploymentConfig.model_fields.keys()
    assert deployment["work_pool"].keys() <= {"name", "work_queue_name", "job_variables"}
    parsed = DeploymentConfig.model_validate(deployment)
    assert {type(schedule).__name__ for schedule in parsed.schedules or ()} <= {"RawScheduleConfig"}
    limit = deployment.get("concurrency_limit", {})
    assert limit.keys() <= {"limit", "collision_strategy", "grace_period_seconds"}
    if limit:
        assert ConcurrencyLimitStrategy(limit["collision_strategy"])


def test_there_are_schedules_that_somebody_can_switch_on() -> None:
    """So that the two tests above look at something."""
    assert any(deployment.get("schedules") for deployment in DEPLOYMENTS.values())


@each_deployment
def test_it_is_found_by_its_tag_and_described(name: str) -> None:
    assert "motionsight" in DEPLOYMENTS[name]["tags"]
    assert DEPLOYMENTS[name]["description"].startswith("**")


@each_deployment
def test_a_run_tells_often_enough_that_it_lives(name: str) -> None:
    frequency_s = int(
        DEPLOYMENTS[name]["work_pool"]["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]
    )
    within_s = read_yaml(DEPLOY / "automations" / "crash-zombies.yaml")["trigger"]["within"]
    assert 30 <= frequency_s < within_s / 2


def test_the_code_is_in_the_workers_environment() -> None:
    model = PrefectYamlModel.model_validate(FILE)
    # An empty list of pull steps; Prefect makes up some of its own where there is none.
    assert (model.build, model.push, model.pull) == ([], [], [])
    assert all(":" not in deployment["entrypoint"] for deployment in DEPLOYMENTS.values())
    assert FILE["prefect-version"] == LOCKED["prefect"]


def test_an_event_names_the_object_to_look_at() -> None:
    (trigger,) = DEPLOYMENTS["watch"]["triggers"]
    assert DeploymentEventTrigger.model_validate(trigger).expect == {"motionsight.object.written"}
    assert trigger["parameters"].keys() <= flow_of("watch").parameters.properties.keys()
    assert re.fullmatch(r"{{ event\.payload\.uri }}", trigger["parameters"]["source"])


def test_its_pools_have_templates() -> None:
    pools = {deployment["work_pool"]["name"] for deployment in DEPLOYMENTS.values()}
    assert pools <= {"motionsight", "motionsight-gpu"}
    assert {path.stem for path in POOLS.glob("*.json")} == {
        "process", "docker", "docker-gpu", "kubernetes", "kubernetes-gpu",
    }  # fmt: skip
