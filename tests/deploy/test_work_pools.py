"""The pools' base job templates: what they leave open is described, and what they make is valid."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import jsonschema
import pytest
from docker.types import ContainerConfig, HostConfig
from prefect.utilities.templating import apply_values, find_placeholders
from prefect.workers.base import BaseJobConfiguration

from motionsight_core import __version__
from motionsight_core.settings import Settings
from tests.deploy.files import POOLS, pool
from tests.deploy.kubernetes import CLAIMS, CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS, check

NAMES = sorted(path.stem for path in POOLS.glob("*.json"))
CONTAINERS = [name for name in NAMES if name != "process"]
CLUSTERS = [name for name in NAMES if name.startswith("kubernetes")]
GPUS = [name for name in NAMES if name.endswith("-gpu")]

each_pool = pytest.mark.parametrize("name", NAMES)


def defaults(name: str) -> dict[str, Any]:
    properties = pool(name)["variables"]["properties"]
    return {key: value["default"] for key, value in properties.items() if "default" in value}


def rendered(name: str, **chosen: Any) -> dict[str, Any]:
    """What a worker makes of a template, as far as the template says it."""
    values = defaults(name) | {
        "name": "bold-lynx",
        "labels": {},
        "command": ["prefect", "flow-run", "execute"],
    }
    return apply_values(pool(name)["job_configuration"], values | chosen)


def manifest(name: str, **chosen: Any) -> dict[str, Any]:
    """The Kubernetes job, as a worker completes it."""
    job = rendered(name, **chosen)["job_manifest"]
    spec = job["spec"]["template"]["spec"]
    # Prefect's worker insists on these two, where Kubernetes does not know them and passes over them.
    assert spec.pop("parallelism") == spec.pop("completions") == 1
    container = spec["containers"][0]
    # Nor any other name.
    assert container["name"] == "prefect-job"
    container["env"] = [{"name": key, "value": value} for key, value in container["env"].items()]
    return job


@each_pool
def test_each_variable_is_described_used_and_valid(name: str) -> None:
    template = pool(name)
    properties = template["variables"]["properties"]
    used = {placeholder.name for placeholder in find_placeholders(template["job_configuration"])}
    assert used == properties.keys()
    for variable, schema in properties.items():
        assert schema["title"] and schema["description"], variable
        jsonschema.Draft202012Validator.check_schema(schema)
        if "default" in schema:
            jsonschema.validate(schema["default"], schema)


@each_pool
def test_a_deployment_s_environment_goes_over_the_pool_s(name: str) -> None:
    values = {"env": {"MOTIONSIGHT_SAMPLING__FRAMES": "8"}}
    # No template names a block or a variable, so the server is never asked.
    nobody = cast(Any, object())
    making = BaseJobConfiguration.from_template_and_values(pool(name), values, client=nobody)
    env = asyncio.run(making).env
    assert env["MOTIONSIGHT_SAMPLING__FRAMES"] == "8"
    assert env["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == "30"


@each_pool
def test_its_settings_are_settings(name: str) -> None:
    Settings.load(environment=defaults(name)["env"])


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_runs_our_image_but_not_its_entrypoint(name: str) -> None:
    # The image's entrypoint takes `motionsight`'s commands; a run is `prefect flow-run execute`.
    assert defaults(name)["image"] == f"motionsight:{__version__}" + ("-models" if name in GPUS else "")
    configuration = rendered(name)
    if name in CLUSTERS:
        assert manifest(name)["spec"]["template"]["spec"]["containers"][0]["command"] == ["/usr/bin/env"]
    else:
        assert configuration["container_create_kwargs"]["entrypoint"] == ["/usr/bin/env"]


@pytest.mark.parametrize("name", [name for name in CONTAINERS if name not in CLUSTERS])
def test_docker_takes_what_it_is_given(name: str) -> None:
    options = rendered(name)["container_create_kwargs"]
    assert ContainerConfig("1.50", "motionsight", [], entrypoint=options.pop("entrypoint"))
    host = HostConfig("1.50", **options)
    assert host["ShmSize"] >= 1 << 30
    assert (host["CapDrop"], host["SecurityOpt"]) == (["ALL"], ["no-new-privileges"])
    requests = [(request["Driver"], request["Count"]) for request in host.get("DeviceRequests", [])]
    assert requests == ([("nvidia", 1)] if name in GPUS else [])


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_job_is_one_that_kubernetes_takes(name: str) -> None:
    check(manifest(name))


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_job_finds_what_deploy_kubernetes_makes(name: str) -> None:
    job = manifest(name)
    spec = job["spec"]["template"]["spec"]
    assert job["metadata"]["namespace"] in NAMESPACES
    assert spec["serviceAccountName"] in SERVICE_ACCOUNTS
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    assert {mount["name"] for mount in spec["containers"][0]["volumeMounts"]} == volumes.keys()
    assert volumes["settings"]["configMap"]["name"] in CONFIG_MAPS
    assert ("models" in volumes) == (name in GPUS)
    if name in GPUS:
        assert volumes["models"]["persistentVolumeClaim"]["claimName"] in CLAIMS


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_job_decodes_with_as_many_processes_as_it_has_cores(name: str) -> None:
    chosen = defaults(name)
    processes = Settings.load(environment=chosen["env"]).runtime.decode_processes
    assert processes == int(chosen["cpu_request"])
    memory_mib = int(chosen["memory_limit"].removesuffix("Gi")) * 1024
    assert memory_mib > processes * Settings().limits.memory_mb


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_job_is_confined_and_leaves_the_decoders_their_walls(name: str) -> None:
    spec = manifest(name)["spec"]["template"]["spec"]
    # seccomp filters are for processes without new privileges; the runtime's profile lets Landlock through.
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    # A number: Kubernetes does not believe an image whose user is a name.
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] == 1000
    confined = spec["containers"][0]["securityContext"]
    assert confined["allowPrivilegeEscalation"] is False
    assert confined["capabilities"] == {"drop": ["ALL"]}
    written = {
        mount["mountPath"] for mount in spec["containers"][0]["volumeMounts"] if not mount.get("readOnly")
    }
    assert confined["readOnlyRootFilesystem"] and written == {"/home/motionsight", "/tmp", "/dev/shm"}  # noqa: S108


@pytest.mark.parametrize("name", CLUSTERS)
def test_prefect_not_kubernetes_tries_a_job_again(name: str) -> None:
    spec = manifest(name)["spec"]
    assert (spec["backoffLimit"], spec["template"]["spec"]["restartPolicy"]) == (0, "Never")
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] >= 60


def test_a_gpu_job_is_put_where_gpus_are() -> None:
    spec = manifest("kubernetes-gpu", gpu_count=2)["spec"]["template"]["spec"]
    assert spec["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == 2
    assert spec["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
    assert [toleration["key"] for toleration in spec["tolerations"]] == ["nvidia.com/gpu"]
    memory = next(v["emptyDir"] for v in spec["volumes"] if v["name"] == "shared-memory")
    assert memory == {"medium": "Memory", "sizeLimit": "8Gi"}


def test_other_jobs_ask_for_no_gpu() -> None:
    spec = manifest("kubernetes")["spec"]["template"]["spec"]
    assert spec["containers"][0]["resources"]["limits"].keys() == {"memory"}
    assert (spec["nodeSelector"], spec["tolerations"]) == ({}, [])
