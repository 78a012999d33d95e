"""TrainJobs of Kubeflow Trainer 2: training on several nodes of a Kubernetes cluster.

The cluster runs the processes; what is here makes a TrainJob, looks at it, and deletes it.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from tenacity import (
    Retrying,
    retry_if_exception,
    retry_if_exception_type,
    stop_after_delay,
    wait_exponential,
)

from flows.runs.train import variables_of
from motionsight_core.errors import ModelMissing, RunError, UsageError, one_line
from motionsight_core.settings import Settings
from motionsight_core.training import Stage

T = TypeVar("T")
Manifest: TypeAlias = dict[str, Any]
State: TypeAlias = Literal["waiting", "suspended", "running", "complete", "failed"]

#: Where the pools of deploy/work_pools mount what is in the ConfigMap motionsight-settings.
TEMPLATE = "/etc/motionsight/trainjob.yaml"
HOW_TO_INSTALL = "pip install 'motionsight[kubernetes]'"

_GPU = "nvidia.com/gpu"
_API = {"group": "trainer.kubeflow.org", "version": "v1alpha1", "plural": "trainjobs"}
#: Says of a TrainJob what it was made of, so that one of the same name for something else is told apart.
_DIGEST = "motionsight.io/made-of"
#: How long a cluster that does not answer, as while its control plane is updated, is asked again, seconds.
_PATIENCE_S = 600
_PAUSE_S = 1
_REQUEST_S = 60
_LOG_LINES = 500
_OF_JOB = "jobset.sigs.k8s.io/jobset-name"
#: Labels of the pod whose process speaks for all.
_FIRST_NODE = {
    "jobset.sigs.k8s.io/replicatedjob-name": "node",
    "batch.kubernetes.io/job-completion-index": "0",
}
#: Conditions of a TrainJob, and what they mean; the first that is true counts.
_STATES: Mapping[str, State] = {"Complete": "complete", "Failed": "failed", "Suspended": "suspended"}


@dataclass(frozen=True, slots=True)
class Look:
    """A TrainJob, as it was when it was looked at."""

    state: State
    message: str = ""
    """What the cluster says of it."""


def read_template(file: str) -> Manifest:
    """The TrainJob that others are made of.

    Raises:
        UsageError: the file is not there, or holds no TrainJob.
    """
    import yaml

    try:
        manifest = yaml.safe_load(Path(file).read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(
            f"{file} cannot be read ({one_line(error)}); it is the TrainJob that runs are made of, such as "
            "deploy/training/trainjob.yaml."
        ) from None
    if not isinstance(manifest, dict) or manifest.get("kind") != "TrainJob":
        raise UsageError(f"{file} holds no TrainJob; deploy/training/trainjob.yaml is one.")
    return manifest


def namespace_of(template: Mapping[str, Any]) -> str:
    """Where the TrainJobs are."""
    return (template.get("metadata") or {}).get("namespace") or "default"


def name_of(out: str) -> str:
    """The name of the TrainJob that writes a folder; it is the same for each run."""
    return f"motionsight-train-{hashlib.sha256(out.encode()).hexdigest()[:16]}"


def train_job(
    template: Mapping[str, Any],
    *,
    stage: Stage,
    folder: str,
    model: str,
    out: str,
    settings: Settings,
    nodes: int | None = None,
    processes: int | None = None,
) -> Manifest:
    """A TrainJob that does what `motionsight train` does.

    Args:
        template: see `read_template`.
        stage, model, settings: what is trained, and how.
        folder, out: the data set and the model's folder, as the pods see them.
        nodes: as the template says, if unset.
        processes: of each node, a GPU for each; as the template says, if unset.

    Raises:
        UsageError: the template has no trainer.
    """
    job = copy.deepcopy(dict(template))
    try:
        trainer: Manifest = job["spec"]["trainer"]
        metadata: Manifest = job["metadata"]
    except (KeyError, TypeError):
        raise UsageError("The TrainJob that runs are made of has no spec.trainer or no metadata.") from None
    metadata["name"] = name_of(out)
    trainer["command"] = ["torchrun"]
    trainer["args"] = ["-m", "flows", "train", stage, folder, "--model", model, "--out", out]
    given = variables_of(settings)
    kept = [one for one in trainer.get("env") or () if one["name"] not in given]
    trainer["env"] = [*kept, *({"name": name, "value": value} for name, value in given.items())]
    if nodes is not None:
        trainer["numNodes"] = nodes
    if processes is not None:
        trainer["numProcPerNode"] = processes
        for bound in trainer.get("resourcesPerNode", {}).values():
            if _GPU in bound:
                bound[_GPU] = str(processes)
    canonical = json.dumps(job, sort_keys=True).encode()
    metadata.setdefault("annotations", {})[_DIGEST] = hashlib.sha256(canonical).hexdigest()
    return job


class _Missing(Exception):
    """There is no object of that name."""


class _Exists(Exception):
    """There is one of that name."""


class TrainJobs:
    """The TrainJobs of one namespace, in the cluster that this process is in or that kubectl uses.

    All that it does may raise:

    Raises:
        ModelMissing: the package `kubernetes` is not installed.
        UsageError: no cluster is configured, or it is without Kubeflow Trainer or the rights to use it.
        RunError: it does not answer.
    """

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    def start(self, job: Manifest) -> bool:
        """Make a TrainJob; False where the same one is there already, at work or complete.

        One that failed is replaced: training goes on from its last checkpoint.

        Raises:
            UsageError: a TrainJob with other parameters writes the same folder.
        """
        metadata = job["metadata"]
        try:
            self._create(job)
        except _Exists:
            known = self._known(metadata["name"])
        else:
            return True
        if known is not None and "deletionTimestamp" not in known["metadata"]:
            state = _look(known).state
            annotations = known["metadata"].get("annotations") or {}
            is_same = annotations.get(_DIGEST) == metadata["annotations"][_DIGEST]
            if is_same and state != "failed":
                return False
            if state not in ("failed", "complete"):
                raise UsageError(
                    f"The TrainJob {metadata['name']} writes the same folder with other parameters: wait for "
                    "it to end, or name another folder."
                )
            self.delete(metadata["name"])
        try:
            for attempt in _patiently(retry_if_exception_type(_Exists)):
                with attempt:
                    self._create(job)
        except _Exists:
            raise RunError(f"The TrainJob {metadata['name']}, which has ended, cannot be deleted.") from None
        return True

    def look(self, name: str) -> Look:
        """How a TrainJob stands; the cluster is asked for ten minutes where it does not answer.

        Raises:
            RunError: it is not there any more.
        """
        job = self._known(name, patiently=True)
        if job is None:
            raise RunError(f"The TrainJob {name} was deleted before it was complete.")
        return _look(job)

    def log(self, name: str) -> list[str]:
        """The last lines that the first node wrote, each after its time; none while it has no container."""
        selector = ",".join(f"{label}={value}" for label, value in _FIRST_NODE.items())
        core = self._clients.CoreV1Api()
        found = self._asked(
            "list pods",
            lambda: core.list_namespaced_pod(
                self._namespace, label_selector=f"{_OF_JOB}={name},{selector}", _request_timeout=_REQUEST_S
            ),
            patiently=True,
        ).items
        started = [pod for pod in found if pod.status.phase != "Pending"]
        if not started:
            return []
        newest = max(started, key=lambda pod: pod.metadata.creation_timestamp)
        try:
            written = self._asked(
                "get pods/log",
                lambda: core.read_namespaced_pod_log(
                    newest.metadata.name,
                    self._namespace,
                    container="node",
                    tail_lines=_LOG_LINES,
                    timestamps=True,
                    _request_timeout=_REQUEST_S,
                ),
                patiently=True,
            )
        except _Missing:  # the pod went meanwhile
            return []
        return written.splitlines()

    def delete(self, name: str) -> None:
        """Delete a TrainJob with its pods; nothing happens where there is none."""
        try:
            self._asked(
                "delete trainjobs",
                lambda: self._jobs.delete_namespaced_custom_object(
                    **_API,
                    namespace=self._namespace,
                    name=name,
                    propagation_policy="Foreground",
                    _request_timeout=_REQUEST_S,
                ),
            )
        except _Missing:
            return

    def _create(self, job: Manifest) -> None:
        self._asked(
            "create trainjobs",
            lambda: self._jobs.create_namespaced_custom_object(
                **_API, namespace=self._namespace, body=job, _request_timeout=_REQUEST_S
            ),
        )

    def _known(self, name: str, *, patiently: bool = False) -> Manifest | None:
        try:
            return self._asked(
                "get trainjobs",
                lambda: self._jobs.get_namespaced_custom_object(
                    **_API, namespace=self._namespace, name=name, _request_timeout=_REQUEST_S
                ),
                patiently=patiently,
            )
        except _Missing:
            return None

    @property
    def _jobs(self) -> Any:
        return self._clients.CustomObjectsApi()

    @cached_property
    def _clients(self) -> Any:
        """The module of clients, which know where the cluster is."""
        try:
            from kubernetes import client, config
        except ImportError:
            raise ModelMissing(
                f"Training on Kubernetes needs a package that is not installed (kubernetes): {HOW_TO_INSTALL}"
            ) from None
        try:
            config.load_incluster_config()
        except config.ConfigException:
            try:
                config.load_kube_config()
            except config.ConfigException as error:
                raise UsageError(
                    f"No Kubernetes cluster is configured here ({one_line(error)}): run this in a pod whose "
                    "service account has a token, or set KUBECONFIG."
                ) from None
        return client

    def _asked(self, right: str, ask: Callable[[], T], *, patiently: bool = False) -> T:
        """What the cluster answers.

        Args:
            right: verb and resource, as a Role names them.
            ask: asks.
            patiently: whether it is asked again where it does not answer.

        Raises:
            _Missing, _Exists, and what the class raises.
        """
        clients = self._clients
        from urllib3.exceptions import HTTPError

        def passing(error: BaseException) -> bool:
            status = getattr(error, "status", None)  # of an ApiException
            return isinstance(error, HTTPError) or status == 429 or (status or 0) >= 500

        try:
            if not patiently:
                return ask()
            return _patiently(retry_if_exception(passing))(ask)
        except clients.ApiException as error:
            raise self._meant(right, error) from None
        except HTTPError as error:
            raise RunError(f"The Kubernetes cluster does not answer: {one_line(error)}") from None

    def _meant(self, right: str, error: Any) -> Exception:
        """What the cluster means by an answer that is an error."""
        told = _status(error.body)
        missing = told.get("details", {}).get("kind")
        message = told.get("message") or error.reason
        if error.status in (401, 403):
            return UsageError(
                f"This run may not {right} in the namespace {self._namespace} ({message}): apply "
                "deploy/training/setup.yaml, and have it run with the service account motionsight-trainer "
                "and its token."
            )
        if error.status == 404 and missing == "namespaces":
            return UsageError(f"The cluster has no namespace {self._namespace}.")
        if error.status == 404 and missing:
            return _Missing(message)
        if error.status == 404:
            return UsageError(
                "The cluster knows no TrainJobs (trainer.kubeflow.org/v1alpha1): install Kubeflow Trainer 2 "
                "in it."
            )
        if error.status == 409:
            return _Exists(message)
        if error.status in (400, 422):
            return UsageError(f"The cluster refuses the TrainJob: {message}")
        return RunError(f"The Kubernetes cluster answers {error.status}: {message}")


def _status(body: Any) -> Manifest:
    """What Kubernetes says with an error; not all that stands before it speaks JSON."""
    try:
        told = json.loads(body)
    except (TypeError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def new_lines(log: Sequence[str], last: str | None) -> Sequence[str]:
    """What of a log came after a line; all of it, where that line is not in it any more."""
    if last is None or last not in log:
        return log
    return log[len(log) - list(reversed(log)).index(last) :]


def _patiently(retry: Any) -> Retrying:
    return Retrying(
        retry=retry,
        stop=stop_after_delay(_PATIENCE_S),
        wait=wait_exponential(multiplier=_PAUSE_S, max=30),
        reraise=True,
    )


def _look(job: Mapping[str, Any]) -> Look:
    status = job.get("status") or {}
    true = {one["type"]: one for one in status.get("conditions") or () if one["status"] == "True"}
    for kind, state in _STATES.items():
        if kind in true:
            return Look(state, true[kind].get("message", ""))
    active = any(one.get("active") for one in status.get("jobsStatus") or ())
    return Look("running" if active else "waiting")
