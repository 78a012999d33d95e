"""The Kubernetes objects of deploy/: valid, of a piece, and without privileges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.cli import cli
from motionsight_core import __version__
from motionsight_core.settings import Settings
from tests.deploy.files import DEPLOY, LOCKED, read_yaml
from tests.deploy.kubernetes import CLAIMS, CONFIG_MAPS, FILES, OBJECTS, SERVICE_ACCOUNTS, check, of_kind

OURS = [path for path in FILES if path.parent.name != "flink"]


WITH_PODS = [path for path in OURS if any(entry["kind"] in ("Deployment", "Job") for entry in OBJECTS[path])]


def pods(path: Path) -> list[dict[str, Any]]:
    specs = [
        entry["spec"]["template"]["spec"] for entry in OBJECTS[path] if "template" in entry.get("spec", {})
    ]
    assert specs
    return specs


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_object_is_one_that_kubernetes_takes(path: Path) -> None:
    assert OBJECTS[path]
    for entry in OBJECTS[path]:
        check(entry)


@pytest.mark.parametrize("path", WITH_PODS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_pods_run_without_privileges(path: Path) -> None:
    for pod in pods(path):
        assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()


@pytest.mark.parametrize("path", WITH_PODS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_pods_find_what_they_name(path: Path) -> None:
    for pod in pods(path):
        assert pod["serviceAccountName"] in SERVICE_ACCOUNTS
        volumes = pod.get("volumes", [])
        assert {
            v["persistentVolumeClaim"]["claimName"] for v in volumes if "persistentVolumeClaim" in v
        } <= CLAIMS
        for container in pod["containers"]:
            assert {mount["name"] for mount in container.get("volumeMounts", [])} == {
                v["name"] for v in volumes
            }
            assert {e["configMapRef"]["name"] for e in container.get("envFrom", [])} <= CONFIG_MAPS


def test_everything_of_ours_is_in_one_namespace() -> None:
    for path in OURS:
        for entry in OBJECTS[path]:
            assert entry["kind"] == "Namespace" or entry["metadata"]["namespace"] == "motionsight"


def test_the_workers_run_the_locked_prefect() -> None:
    images = {
        container["image"]
        for entry in of_kind("Deployment") if entry["metadata"]["name"].endswith("worker")
        for container in entry["spec"]["template"]["spec"]["containers"]
    }  # fmt: skip
    assert images == {f"prefecthq/prefect:{LOCKED['prefect']}-python3.11-kubernetes"}


def test_the_weights_are_fetched_by_the_image_that_uses_them() -> None:
    (job,) = of_kind("Job")
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == f"motionsight:{__version__}-models"


def test_a_trainjob_runs_the_image_with_the_trainer_on_claims_and_an_account_that_there_are() -> None:
    job = read_yaml(DEPLOY / "training" / "trainjob.yaml")
    assert job["spec"]["trainer"]["image"] == f"motionsight:{__version__}-train"
    (patch,) = job["spec"]["runtimePatches"]
    (node,) = patch["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"]
    pod = node["template"]["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] in SERVICE_ACCOUNTS
    claims = [
        volume["persistentVolumeClaim"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume
    ]
    assert (
        {claim["claimName"] for claim in claims} == {"motionsight-models", "motionsight-training"} <= CLAIMS
    )
    assert pod["securityContext"]["runAsNonRoot"]
    (container,) = pod["containers"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert {mount["name"] for mount in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}


def test_the_runs_that_make_trainjobs_have_the_account_that_may() -> None:
    pool = read_yaml(DEPLOY / "prefect.yaml")["yours"]["cluster_pool"]["job_variables"]
    assert pool["service_account_token"] is True
    bindings = {entry["roleRef"]["name"]: entry["subjects"] for entry in of_kind("RoleBinding")}
    assert [one["name"] for one in bindings["motionsight-trainer"]] == [pool["service_account_name"]]
    (role,) = [entry for entry in of_kind("Role") if entry["metadata"]["name"] == "motionsight-trainer"]
    allowed = {(resource, verb) for rule in role["rules"] for resource in rule["resources"]
               for verb in rule["verbs"]}  # fmt: skip
    assert {("trainjobs", verb) for verb in ("create", "get", "delete")} <= allowed
    assert {("pods", "list"), ("pods/log", "get")} <= allowed


def test_the_settings_are_settings_and_name_the_service(tmp_path: Path) -> None:
    config = next(
        entry for entry in of_kind("ConfigMap") if entry["metadata"]["name"] == "motionsight-settings"
    )
    for name, text in config["data"].items():
        (tmp_path / name).write_text(text)
    settings = Settings.load(tmp_path / "settings.toml", environment={})
    service = next(entry for entry in of_kind("Service") if entry["metadata"]["name"] == "motionsight-vllm")
    server = next(entry for entry in of_kind("Deployment") if entry["metadata"]["name"] == "motionsight-vllm")
    (container,) = server["spec"]["template"]["spec"]["containers"]
    model = container["command"][-1]
    port = service["spec"]["ports"][0]["port"]
    assert settings.annotator == f"openai:http://{service['metadata']['name']}:{port}/v1#{model}"


def test_the_server_takes_the_frames_of_a_question() -> None:
    server = next(entry for entry in of_kind("Deployment") if entry["metadata"]["name"] == "motionsight-vllm")
    (container,) = server["spec"]["template"]["spec"]["containers"]
    limit = next(a for a in container["args"] if a.startswith("--limit-mm-per-prompt="))
    images = yaml.safe_load(limit.partition("=")[2])["image"]
    assert images >= 2 * Settings().sampling.frames
    assert any(volume.get("emptyDir", {}).get("medium") == "Memory" for volume in
               server["spec"]["template"]["spec"]["volumes"])  # fmt: skip
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert container["readinessProbe"]["httpGet"]["path"] == "/health"


def test_the_served_method_is_given_arguments_that_it_takes_and_time_to_end() -> None:
    server = next(
        entry for entry in of_kind("Deployment") if entry["metadata"]["name"] == "motionsight-serve"
    )
    pod = server["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    name, *arguments = container["args"]
    command = cli.commands[name]
    options = command.make_context(name, arguments).params
    assert container["image"] == f"motionsight:{__version__}"
    assert options["host"] == "0.0.0.0"  # noqa: S104
    assert options["key_variable"] == "SERVE_KEY"
    assert options["timeout_s"] < pod["terminationGracePeriodSeconds"]
