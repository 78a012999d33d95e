"""deploy/compose.yaml: valid, of a piece, and reachable from this machine alone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema.validators import validator_for

from motionsight_core import __version__
from motionsight_core.settings import Settings
from tests.deploy.files import DEPLOY, LOCKED, pool, read_yaml

PATH = DEPLOY / "compose.yaml"
COMPOSE: dict[str, Any] = read_yaml(PATH)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = (DEPLOY / ".env.example").read_text()


def test_it_is_valid_by_the_schema_of_compose_files() -> None:
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    validator_for(schema)(schema).validate(COMPOSE)


def test_docker_compose_takes_it(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        pytest.skip("there is no `docker compose` on this machine; the schema is checked above")
    environment = tmp_path / ".env"
    environment.write_text(EXAMPLE.replace("S3_SECRET_KEY=", "S3_SECRET_KEY=x"))
    command = [
        docker,
        "compose",
        "--env-file",
        str(environment),
        "-f",
        str(PATH),
        "--profile",
        "gpu",
        "config",
    ]
    subprocess.run(command, check=True, capture_output=True)


def test_every_variable_stands_in_the_example_and_no_secret_does() -> None:
    variables = set(re.findall(r"\$\{(\w+)", PATH.read_text()))
    assert variables == set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", EXAMPLE, re.M))
    values = dict(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, re.M))
    assert not any(values[name] for name in ("S3_SECRET_KEY", "MODEL_KEY", "HF_TOKEN"))


def test_nothing_listens_to_other_machines() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports and all(port.startswith("127.0.0.1:") for port in ports)


def test_services_find_what_they_name() -> None:
    waited_for = {name for service in SERVICES.values() for name in service.get("depends_on", {})}
    assert {"prefect", "objects"} <= waited_for <= SERVICES.keys()
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    volumes = {mount.partition(":")[0] for mount in mounts} - {"."}
    assert volumes == COMPOSE["volumes"].keys() != set()
    addresses = re.findall(r"http://(\w+):", json.dumps(SERVICES["worker"]["environment"]))
    assert {"prefect", "objects"} <= set(addresses) <= SERVICES.keys()


def test_a_service_that_others_wait_for_tells_when_it_is_ready() -> None:
    conditions = {
        (name, condition["condition"])
        for service in SERVICES.values()
        for name, condition in service.get("depends_on", {}).items()
    }
    healthy = {name for name, condition in conditions if condition == "service_healthy"}
    assert healthy
    assert all("healthcheck" in SERVICES[name] for name in healthy)


def test_the_versions_are_those_of_the_project() -> None:
    assert SERVICES["prefect"]["image"] == f"prefecthq/prefect:{LOCKED['prefect']}-python3.11"
    assert SERVICES["worker"]["image"] == SERVICES["register"]["image"] == f"motionsight:{__version__}"
    cluster = (DEPLOY / "vllm" / "kubernetes.yaml").read_text()
    assert f"image: {SERVICES['vllm']['image']}\n" in cluster


def test_the_worker_has_a_settings_environment_and_room_for_a_backfill() -> None:
    environment = SERVICES["worker"]["environment"] | {"MOTIONSIGHT_ANNOTATOR": "measured"}
    settings = Settings.load(environment=environment)
    assert settings.stores.s3_endpoint == "http://objects:7070"
    command = SERVICES["worker"]["command"]
    limit = int(command[command.index("--limit") + 1])
    deployments = read_yaml(DEPLOY / "prefect.yaml")["deployments"]
    partitions = next(d for d in deployments if d["name"] == "partition")["concurrency_limit"]["limit"]
    # The backfill itself takes a place while it waits for its partitions.
    assert limit > partitions
    assert pool("process")["variables"]["properties"]["env"]["default"].items() <= environment.items()


def test_the_source_and_the_warehouse_of_the_deployments_are_in_it() -> None:
    yours = read_yaml(DEPLOY / "prefect.yaml")["yours"]
    bucket = re.search(r"BUCKET:-(\w+)", (DEPLOY / "compose" / "register.sh").read_text())
    assert bucket and yours["source"] == f"s3://{bucket[1]}/"
    assert "data:/data" in SERVICES["worker"]["volumes"]
    assert yours["warehouse"].startswith("duckdb:/data/") and yours["report"].startswith("/data/")
