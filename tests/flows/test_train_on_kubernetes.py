"""The flow `train_on_kubernetes`, with an API server on loopback that has Kubeflow Trainer's TrainJobs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kubernetes.config import kube_config
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import ArtifactSort, LogSort
from prefect.states import Cancelling

from flows import train_on_kubernetes as module
from flows.operate.cancelling import delete_train_job
from flows.runs import train_jobs
from flows.runs.train_jobs import TrainJobs, name_of, new_lines, read_template, train_job
from motionsight_core.errors import RunError, UsageError
from motionsight_core.settings import Settings
from motionsight_core.training.losses import LossFile
from tests.deploy.files import DEPLOY
from tests.flows.kubernetes_api import NAMESPACE, Cluster, require_train_job, served
from tests.plugin.serving import until

pytestmark = pytest.mark.usefixtures("prefect_api")

TEMPLATE = str(DEPLOY / "training" / "trainjob.yaml")
SETTINGS = Settings.model_validate({"training": {"fsdp": True, "max_steps": 3}})


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "kubeconfig"))
    monkeypatch.setattr(train_jobs, "_PAUSE_S", 0)
    monkeypatch.setattr(module, "_EVERY_S", 0)
    running = Cluster()
    with served(running, tmp_path / "kubeconfig"):
        yield running


def parameters(out: str = "/data/sft") -> dict[str, Any]:
    return {"stage": "sft", "folder": "/data/dataset", "model": "Qwen/Qwen2.5-VL-7B-Instruct", "out": out}


def job(out: str = "/data/sft", **more: Any) -> dict[str, Any]:
    return train_job(read_template(TEMPLATE), **parameters(out), settings=SETTINGS, **more)


def test_a_trainjob_is_made_and_followed_to_its_end(cluster: Cluster, tmp_path: Path) -> None:
    out = str(tmp_path / "sft")  # on the volume, which this run sees
    (tmp_path / "sft").mkdir()
    LossFile(tmp_path / "sft").add(3, 3, loss=0.25)
    cluster.conditions = ["Suspended", "", "Complete"]
    cluster.log = ["W torchrun", "Step 1 of 3: loss 7.2", "Step 3 of 3: loss 0.25"]

    done = module.train_on_kubernetes(
        **parameters(out), settings=SETTINGS, template=TEMPLATE, nodes=2, processes=4
    )

    assert done == out
    made = cluster.jobs[name_of(out)]["spec"]["trainer"]
    assert (made["numNodes"], made["numProcPerNode"]) == (2, 4)
    assert made["resourcesPerNode"]["limits"]["nvidia.com/gpu"] == "4"
    assert {"name": "MOTIONSIGHT_TRAINING__FSDP", "value": "true"} in made["env"]
    assert {"name": "HF_HOME", "value": "/models"} in made["env"]
    with get_client(sync_client=True) as client:
        # The newest ones, since other tests use the server as well; logs are sent in batches.
        shown = client.read_artifacts(sort=ArtifactSort.CREATED_DESC)
        newest = LogSort.TIMESTAMP_DESC
        until(
            lambda: any("The TrainJob is suspended." in one.message for one in client.read_logs(sort=newest))
        )
        told = [one.message for one in client.read_logs(sort=newest)]
    assert any(one.type == "progress" and "3 of 3 steps" in str(one.description) for one in shown)
    assert any(one.key == "motionsight-training" and f"{out}/losses.jsonl" in str(one.data) for one in shown)
    assert told.count("Step 1 of 3: loss 7.2") == 1
    assert "The TrainJob is suspended. It is Suspended." in told


def test_a_failure_is_the_sentence_of_the_first_node(cluster: Cluster) -> None:
    cluster.conditions = ["Failed"]
    cluster.log = ["motionsight: media/a.mp4 cannot be decoded.", "torch.distributed.elastic: failed"]
    unretried = Settings.model_validate({"runtime": {"shard_retries": 0}})

    with pytest.raises(RunError, match=r"^media/a\.mp4 cannot be decoded\.$"):
        module.train_on_kubernetes(**parameters(), settings=unretried, template=TEMPLATE)


def test_the_template_is_a_trainjob_and_what_is_made_of_it_trains_as_the_command_does() -> None:
    template = read_template(TEMPLATE)
    require_train_job(template)
    trainer = job()["spec"]["trainer"]
    assert [trainer["command"], *trainer["args"]] == [
        ["torchrun"], "-m", "flows", "train", "sft", "/data/dataset",
        "--model", "Qwen/Qwen2.5-VL-7B-Instruct", "--out", "/data/sft",
    ]  # fmt: skip
    assert trainer["args"] == template["spec"]["trainer"]["args"][: len(trainer["args"])]
    assert trainer["numNodes"] == template["spec"]["trainer"]["numNodes"]


def test_the_same_run_finds_its_job_again_and_another_one_is_refused(cluster: Cluster) -> None:
    cluster.conditions = [""]
    jobs = TrainJobs(NAMESPACE)

    assert jobs.start(job())
    assert not jobs.start(job())
    with pytest.raises(UsageError, match="writes the same folder with other parameters"):
        jobs.start(job(nodes=8))
    assert jobs.start(job("/data/other"))
    assert cluster.jobs.keys() == {name_of("/data/sft"), name_of("/data/other")}

    cluster.conditions = ["Complete"]
    assert not jobs.start(job())
    assert jobs.look(name_of("/data/sft")).state == "complete"


def test_a_job_that_failed_is_made_anew_once_it_is_deleted(cluster: Cluster) -> None:
    jobs = TrainJobs(NAMESPACE)
    jobs.start(job())
    cluster.conditions, cluster.lingering = ["Failed"], 2

    assert jobs.start(job())

    methods = [one.split()[0] for one in cluster.asked]
    assert methods == ["POST", "POST", "GET", "DELETE", "POST", "POST", "POST"]


def test_a_cluster_that_is_away_for_a_while_is_asked_again(cluster: Cluster) -> None:
    jobs = TrainJobs(NAMESPACE)
    jobs.start(job())
    cluster.unavailable = 3

    assert jobs.look(name_of("/data/sft")).state == "complete"


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            404,
            "404 page not found\n",
            "The cluster knows no TrainJobs (trainer.kubeflow.org/v1alpha1): ",
        ),
        (
            404,
            json.dumps({"message": 'namespaces "motionsight" not found', "details": {"kind": "namespaces"}}),
            "The cluster has no namespace motionsight.",
        ),
        (
            403,
            json.dumps({"message": "trainjobs is forbidden", "details": {"kind": "trainjobs"}}),
            "This run may not create trainjobs in the namespace motionsight (trainjobs is forbidden): apply ",
        ),
        (
            422,
            json.dumps({"message": "spec.trainer: Invalid value"}),
            "The cluster refuses the TrainJob: spec.trainer: Invalid value",
        ),
    ],
)
def test_what_the_cluster_lacks_is_one_sentence(cluster: Cluster, status: int, body: str, said: str) -> None:
    cluster.refusing = (status, body)

    with pytest.raises(UsageError) as error:
        TrainJobs(NAMESPACE).start(job())

    assert str(error.value).startswith(said)


def test_without_a_cluster_a_run_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none"))

    with pytest.raises(UsageError, match="No Kubernetes cluster is configured here"):
        TrainJobs(NAMESPACE).start(job())


@pytest.mark.parametrize("content", [None, "kind: Job", "kind: [TrainJob", "kind: TrainJob"])
def test_a_template_that_is_none_is_refused(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "trainjob.yaml"
    if content:
        file.write_text(content)

    with pytest.raises(UsageError, match="TrainJob"):
        train_job(read_template(str(file)), **parameters(), settings=SETTINGS)


def test_a_cancelled_run_deletes_its_job(cluster: Cluster) -> None:
    jobs = TrainJobs(NAMESPACE)
    jobs.start(job())
    run = FlowRun(id=uuid4(), flow_id=uuid4(), parameters=parameters() | {"template": TEMPLATE})

    delete_train_job(module.train_on_kubernetes, run, Cancelling())
    delete_train_job(module.train_on_kubernetes, run, Cancelling())

    assert cluster.jobs == {}
    flow = module.train_on_kubernetes
    assert flow.on_cancellation_hooks == flow.on_crashed_hooks == [delete_train_job]
    with pytest.raises(RunError, match="was deleted before it was complete"):
        jobs.look(name_of("/data/sft"))


def test_lines_of_a_log_are_told_once() -> None:
    assert new_lines(["1 a", "2 b"], None) == ["1 a", "2 b"]
    assert new_lines(["1 a", "2 b", "3 c"], "2 b") == ["3 c"]
    assert new_lines(["1 a", "2 b"], "2 b") == []
    assert new_lines(["8 h", "9 i"], "2 b") == ["8 h", "9 i"]
