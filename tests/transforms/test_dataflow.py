"""Dataflow: options, jobs and templates, put together as they would be sent, and never sent."""

from __future__ import annotations

import json
import os
import re
import subprocess
import uuid
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import apache_beam as beam
import grpc
import pytest
from apache_beam.internal.gcp import auth
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import (
    DebugOptions,
    GoogleCloudOptions,
    PipelineOptions,
    SetupOptions,
    StandardOptions,
    WorkerOptions,
)
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.runner import PipelineResult, PipelineRunner, PipelineState
from google.cloud import dataflow_v1beta3 as dataflow

from flows import dataflow_template
from motionsight_core import Settings
from motionsight_core.catalog import VideoObject
from motionsight_core.errors import RunError, UsageError
from motionsight_core.evaluation import Question
from motionsight_core.evaluation.arms import arms_of
from motionsight_core.evaluation.work import AskedQuestion, AskedVideo, Evaluation
from tests.core.stores.servers import GcsBucket, environment_of
from transforms import AnnotateCatalog, AnswerQuestions, Attempt, StageAnswers
from transforms.dataflow import CancelledWithUs, cancel_jobs, dataflow_options
from transforms.runners import pipeline_for

DEPLOY = Path(__file__).parents[2] / "deploy" / "dataflow"
METADATA = json.loads((DEPLOY / "metadata.json").read_text())
IMAGE = "europe-west4-docker.pkg.dev/my-project/motionsight/worker:1"
SUBSCRIPTION = "projects/my-project/subscriptions/my-videos"
WAREHOUSE = "bigquery:my-project.motion?staging=gs://my-staging/rows"
L4 = "type:nvidia-l4;count:1;install-nvidia-driver"


@pytest.fixture
def bucket(gcs_url: str, monkeypatch: pytest.MonkeyPatch) -> GcsBucket:
    for name, value in environment_of(gcs=gcs_url, s3="").items():
        monkeypatch.setenv(name, value)
    # Beam would look for credentials for half a minute; the emulator takes none.
    monkeypatch.setattr(auth._Credentials, "_credentials_init", True)
    return GcsBucket(gcs_url, f"bucket-{uuid.uuid4().hex}")


@pytest.fixture
def flags(bucket: GcsBucket) -> list[str]:
    """What names a place for a job, and keeps Beam from asking pip for each what is installed here."""
    place = ["--project=my-project", "--region=europe-west4", f"--temp_location={bucket.address}temp"]
    silent = "--experiments=disable_logging_submission_environment"
    return [*place, f"--sdk_container_image={IMAGE}", silent]


def settings(flags: list[str], **more: Any) -> Settings:
    runtime = {"runner": "dataflow", "beam": tuple(flags), **more.pop("runtime", {})}
    return Settings.model_validate({"runtime": runtime, **more})


def test_what_dataflow_cannot_guess_is_asked_for_in_one_sentence() -> None:
    with pytest.raises(UsageError, match=r"needs --region, --temp_location and --sdk_container_image; write"):
        dataflow_options(settings(["--project=my-project"]), job="motionsight-1")


def test_a_flag_that_beam_does_not_have_is_named(flags: list[str]) -> None:
    with pytest.raises(UsageError, match="no option --machine_typo"):
        dataflow_options(settings([*flags, "--machine_typo=n2"]), job="motionsight-1")


def test_a_project_that_is_none_is_refused_in_one_sentence(flags: list[str]) -> None:
    wrong = settings(["--project=My Project", *flags[1:]])
    with pytest.raises(UsageError, match=r"^Beam refuses the options: .*My Project"):
        pipeline_for(wrong, job="motionsight-1", staging="gs://my-staging/rows")


def test_workers_run_the_image_in_one_process_without_public_addresses(flags: list[str]) -> None:
    options = dataflow_options(settings(flags), job="motionsight-1")
    workers, cloud = options.view_as(WorkerOptions), options.view_as(GoogleCloudOptions)
    assert options.view_as(StandardOptions).runner == "DataflowRunner"
    assert (workers.sdk_container_image, workers.use_public_ips) == (IMAGE, False)
    assert options.view_as(SetupOptions).sdk_location == "container"
    assert {"use_runner_v2", "no_use_multiple_sdk_containers"} <= set(
        options.view_as(DebugOptions).experiments or ()
    )
    assert (cloud.job_name, cloud.labels) == ("motionsight-1", ["motionsight_job=motionsight-1"])
    assert options.view_as(DebugOptions).number_of_worker_harness_threads is None


def test_what_is_said_outright_is_kept(flags: list[str]) -> None:
    said = ["--use_public_ips", "--disk_size_gb=30", "--job_name=mine", "--labels=team=video"]
    said += ["--experiments=use_multiple_sdk_containers", "--number_of_worker_harness_threads=3"]
    options = dataflow_options(settings([*flags, *said], annotator="transformers:x"), job="motionsight-1")
    workers, cloud = options.view_as(WorkerOptions), options.view_as(GoogleCloudOptions)
    assert (workers.use_public_ips, workers.disk_size_gb) == (True, 30)
    assert (cloud.job_name, cloud.labels) == ("mine", ["team=video", "motionsight_job=mine"])
    assert options.view_as(DebugOptions).number_of_worker_harness_threads == 3
    assert "no_use_multiple_sdk_containers" not in (options.view_as(DebugOptions).experiments or ())


def test_a_model_in_the_workers_process_gets_few_threads(flags: list[str]) -> None:
    options = dataflow_options(settings(flags, annotator="transformers:x"), job="motionsight-1")
    assert options.view_as(DebugOptions).number_of_worker_harness_threads == 8


@pytest.mark.parametrize(
    "flag",
    ["--dataflow_service_options=worker_accelerator=type:nvidia-l4;count:1", "--flexrs_goal=COST_OPTIMIZED"],
)
def test_an_accelerator_for_some_and_for_all_exclude_each_other(flags: list[str], flag: str) -> None:
    with pytest.raises(UsageError, match="exclude each other"):
        dataflow_options(settings([*flags, flag], runtime={"accelerator": L4}), job="motionsight-1")


def test_rows_staged_on_this_machine_are_refused(flags: list[str]) -> None:
    with pytest.raises(UsageError, match=r"cannot write to /home/me/motion.duckdb.staging"):
        pipeline_for(settings(flags), job="motionsight-1", staging="/home/me/motion.duckdb.staging")


def dry_run(chosen: Settings) -> Any:
    """The job of a shard that Dataflow would be sent."""
    pipeline = pipeline_for(chosen, job="motionsight-run-00000-1", staging="gs://my-staging/rows")
    attempt = Attempt("gs://my-staging/rows/run/1", "1", "run", chosen.recipe())
    videos = pipeline | beam.Create([VideoObject("gs://videos/a.mp4", "1")])
    _ = videos | AnnotateCatalog(chosen, attempt=attempt)
    result: Any = pipeline.run()
    return result.job


def dry_run_of_questions(chosen: Settings) -> Any:
    """The job of an evaluation's shard."""
    arms = arms_of(chosen)
    evaluation = Evaluation("jsonl", "ab" * 32, arms, "run", "gs://my-staging/rows/replies/1")
    pipeline = pipeline_for(arms[0].settings, job="motionsight-run-00000-1", staging="gs://my-staging/rows")
    attempt = Attempt("gs://my-staging/rows/run/1", "1", "run", arms[0].recipe)
    asked = AskedQuestion(Question("1", "a.mp4", "Does it pan?", ("yes", "no")), tuple(range(len(arms))))
    videos = pipeline | beam.Create([AskedVideo(VideoObject("gs://videos/a.mp4", "1"), (asked,))])
    _ = videos | AnswerQuestions(evaluation) | StageAnswers(attempt)
    result: Any = pipeline.run()
    return result.job


def hints(job: Any) -> dict[str, dict[str, str]]:
    """Per step of the pipeline, the resource hints of its environment."""
    components = job.proto_pipeline.components
    return {
        step.unique_name: {
            urn.split(":")[-2]: value.decode()
            for urn, value in components.environments[step.environment_id].resource_hints.items()
        }
        for step in components.transforms.values()
        if step.environment_id and not step.subtransforms
    }


def test_only_workers_that_describe_have_a_gpu(flags: list[str]) -> None:
    job = dry_run(settings([*flags, "--dry_run=True"], runtime={"accelerator": L4}))
    found = hints(job)
    on_gpu = {name for name, hint in found.items() if "accelerator" in hint}
    assert {hint["accelerator"] for hint in found.values() if "accelerator" in hint} == {L4}
    assert all("/Describe/UnpackFrames/" in name or "/Describe/RunInference/" in name for name in on_gpu)
    assert any(name.endswith("BeamML_RunInference") for name in on_gpu)
    decode = next(hint for name, hint in found.items() if "DecodeOnce" in name)
    assert decode == {"min_ram_bytes": str((3072 + 2048) << 20)}, (
        "a decode at its limit leaves the worker alive"
    )
    # A shuffle stands between: its input is packed, and nothing else leaves the decoding workers.
    between = [
        step
        for step in job.proto_pipeline.components.transforms.values()
        if step.spec.urn == "beam:transform:group_by_key:v1" and "ToModels" in step.unique_name
    ]
    assert len(between) == 1


def test_only_workers_that_answer_questions_have_a_gpu(flags: list[str]) -> None:
    runtime = {"accelerator": L4}
    chosen = settings([*flags, "--dry_run=True"], runtime=runtime, annotator="transformers:a/b")
    found = hints(dry_run_of_questions(chosen))
    on_gpu = {name for name, hint in found.items() if "accelerator" in hint}
    assert on_gpu
    assert all("/Answer/UnpackFrames" in name or "/Answer/RunInference/" in name for name in on_gpu)
    (decode,) = [hint for name, hint in found.items() if name.split("/")[-2].endswith("DecodeOnce")]
    assert "accelerator" not in decode


def test_without_an_accelerator_there_is_one_kind_of_workers(flags: list[str]) -> None:
    job = dry_run(settings([*flags, "--dry_run=True"]))
    assert {json.dumps(hint) for hint in hints(job).values()} == {"{}"}


Build = Callable[..., dict[str, Any]]


@pytest.fixture
def template(flags: list[str], tmp_path: Path) -> Build:
    """Builds a template with the launcher, and reads it."""

    def build(*parameters: str) -> dict[str, Any]:
        file = tmp_path / f"{uuid.uuid4().hex}.json"
        arguments = [f"--warehouse={WAREHOUSE}", *flags, *parameters, f"--template_location={file}"]
        pipeline, _, _ = dataflow_template.build(arguments)
        pipeline.run()
        return json.loads(file.read_text())

    return build


def steps(job: dict[str, Any]) -> Any:
    """The pipeline inside a template's file."""
    options = job["environment"]["sdkPipelineOptions"]["options"]
    with FileSystems.open(options["pipelineUrl"]) as file:
        return beam_runner_api_pb2.Pipeline.FromString(file.read())


def test_the_template_of_a_subscription_is_a_stream_that_reads_it(template: Build) -> None:
    job = template(f"--subscription={SUBSCRIPTION}")
    assert job["type"] == "JOB_TYPE_STREAMING"
    (pool,) = job["environment"]["workerPools"]
    assert {image["containerImage"] for image in pool["sdkHarnessContainerImages"]} == {IMAGE}
    assert pool["ipConfiguration"] == "WORKER_IP_PRIVATE"
    assert "enable_streaming_engine" in job["environment"]["experiments"]
    reads = [
        beam_runner_api_pb2.PubSubReadPayload.FromString(step.spec.payload)
        for step in steps(job).components.transforms.values()
        if step.spec.urn == "beam:transform:pubsub_read:v1"
    ]
    assert [(read.subscription, read.with_attributes) for read in reads] == [(SUBSCRIPTION, True)]


def test_the_template_of_a_source_is_a_batch_job(template: Build) -> None:
    job = template("--source=gs://videos/2026/", f"--overrides=runtime.accelerator={L4}")
    assert job["type"] == "JOB_TYPE_BATCH"
    assert any(L4.encode() in value for value in environment_hints(job))


def environment_hints(job: dict[str, Any]) -> list[bytes]:
    environments = steps(job).components.environments.values()
    return [value for environment in environments for value in environment.resource_hints.values()]


def test_settings_come_from_a_file_in_a_bucket(template: Build, bucket: GcsBucket) -> None:
    bucket.put("settings.toml", f'[runtime]\naccelerator = "{L4}"\n'.encode())
    job = template("--source=gs://videos/2026/", f"--settings={bucket.address}settings.toml")
    assert any(L4.encode() in value for value in environment_hints(job))


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (["--source=gs://videos", f"--subscription={SUBSCRIPTION}"], "either --source"),
        ([], "either --source"),
        (["--subscription=my-videos"], "Beam refuses the options"),
        (["--source=gs://videos", "--overrides=sampling.frames=many"], "sampling.frames"),
        (["--source=gs://videos", "--settings=gs://nobody/there.toml"], "cannot be read"),
        (["--source=gs://videos", "--warehouse=duckdb:motion.duckdb"], "which is on this machine"),
    ],
)
def test_parameters_that_make_no_job_are_refused_with_a_sentence(
    template: Build, parameters: list[str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        template(*parameters)


def test_every_parameter_of_the_template_is_an_option_of_its_launcher() -> None:
    options = {
        action.dest: action.required
        for action in dataflow_template.parser()._actions
        if action.dest != "help"
    }
    parameters = {parameter["name"]: not parameter["isOptional"] for parameter in METADATA["parameters"]}
    assert parameters == options
    assert all(parameter["helpText"] and parameter["label"] for parameter in METADATA["parameters"])


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("source", ["gs://videos", "gs://videos/2026/a b.mp4"], ["videos", "s3://videos", "gs:///x"]),
        ("subscription", [SUBSCRIPTION], ["my-videos", "projects/p/topics/t"]),
        ("warehouse", [WAREHOUSE], ["duckdb:x", "bigquery:my-project.motion"]),
        ("sdk_container_image", [IMAGE, "eu.gcr.io/p/worker@sha256:abc"], ["worker"]),
        ("settings", ["gs://staging/settings.toml"], ["settings.toml"]),
        ("overrides", ["", "clips.window_s=10 sampling.frames=8", f"runtime.accelerator={L4}"], ["frames"]),
        ("commit_every_s", ["90", "1.5"], ["often", "-1"]),
    ],
)
def test_the_template_takes_good_values_and_refuses_bad_ones(
    name: str, good: list[str], bad: list[str]
) -> None:
    (parameter,) = (parameter for parameter in METADATA["parameters"] if parameter["name"] == name)
    (pattern,) = parameter["regexes"]
    assert all(re.fullmatch(pattern, value) for value in good)
    assert not any(re.fullmatch(pattern, value) for value in bad)


def test_the_template_s_image_starts_the_launcher_of_the_package() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    (main,) = re.findall(r"^ENV FLEX_TEMPLATE_PYTHON_PY_FILE=(\S+)$", dockerfile, re.M)
    assert re.findall(r"^COPY (main\.py) (\S+)$", dockerfile, re.M) == [("main.py", main)]
    assert "from flows.dataflow_template import main" in (DEPLOY / "main.py").read_text()
    root = (DEPLOY.parents[1] / "Dockerfile").read_text()
    (python,) = set(re.findall(r"FROM python:([\d.]+)-", root))
    assert f"python{python.replace('.', '')}-template-launcher-base" in dockerfile


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("images", "docker build --build-arg EXTRAS=--extra gcp"),
        ("template", "gcloud dataflow flex-template build gs://my-staging/templates/motionsight-1.json"),
        ("notify", "gcloud storage buckets notifications create gs://my-videos"),
        ("stream", f"--parameters subscription={SUBSCRIPTION.replace('my-videos', 'motionsight-my-videos')}"),
        ("batch", "--parameters source=gs://my-videos/2026/"),
    ],
)
def test_the_script_calls_gcloud_with_parameters_that_the_template_takes(
    tmp_path: Path, command: str, expected: str
) -> None:
    for name in ("gcloud", "docker"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho {name} "$@"\n')
        program.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PROJECT": "my-project",
        "REGION": "europe-west4",
        "VIDEOS": "my-videos",
        "STAGING": "my-staging",
        "PREFIX": "2026/",
        "VERSION": "1",
        "SETTINGS": "gs://my-staging/settings.toml",
    }
    done = subprocess.run(
        [str(DEPLOY / "deploy.sh"), command], env=environment, capture_output=True, text=True, check=True
    )
    assert expected in done.stdout
    patterns = {parameter["name"]: parameter["regexes"][0] for parameter in METADATA["parameters"]}
    given = re.findall(r"--parameters (\w+)=(\S+)", done.stdout)
    assert bool(given) == (command in ("stream", "batch"))
    for name, value in given:
        assert re.fullmatch(patterns[name], value), (name, value)


class _InterruptedJob(PipelineResult):
    """A job that goes on while whoever waits for it is interrupted."""

    def __init__(self) -> None:
        super().__init__(PipelineState.RUNNING)
        self.cancelled = False

    def wait_until_finish(self, duration: int | None = None) -> None:
        raise KeyboardInterrupt

    def is_in_terminal_state(self) -> bool:
        return False

    def cancel(self) -> None:
        self.cancelled = True


class _InterruptedRunner(PipelineRunner):
    def __init__(self, job: _InterruptedJob) -> None:
        self._job = job

    def run_pipeline(self, pipeline: Any, options: Any) -> _InterruptedJob:
        return self._job


def test_a_job_that_nobody_waits_for_any_more_is_cancelled() -> None:
    job = _InterruptedJob()
    options = PipelineOptions([])
    with pytest.raises(KeyboardInterrupt), CancelledWithUs(_InterruptedRunner(job), options) as pipeline:
        _ = pipeline | beam.Create([1])
    assert job.cancelled


class Service:
    """As much of Dataflow's API as listing and ending jobs takes."""

    def __init__(self, jobs: list[dataflow.Job]) -> None:
        self.jobs = jobs
        self.asked_to_cancel: list[str] = []

    def list_jobs(self, request: bytes, context: Any) -> bytes:
        asked = dataflow.ListJobsRequest.deserialize(request)
        assert (asked.project_id, asked.location) == ("my-project", "europe-west4")
        assert asked.filter == dataflow.ListJobsRequest.Filter.ACTIVE
        return dataflow.ListJobsResponse.serialize(dataflow.ListJobsResponse(jobs=self.jobs))

    def update_job(self, request: bytes, context: Any) -> bytes:
        asked = dataflow.UpdateJobRequest.deserialize(request)
        assert asked.job.requested_state == dataflow.JobState.JOB_STATE_CANCELLED
        self.asked_to_cancel.append(asked.job_id)
        return dataflow.Job.serialize(asked.job)


@pytest.fixture
def service() -> Iterator[tuple[Service, Any]]:
    jobs = [("1", "motionsight-run-00000-ab"), ("2", "motionsight-other-00000-cd"), ("3", "wordcount")]
    serving = Service([dataflow.Job(id=number, name=name) for number, name in jobs])
    methods = {
        "ListJobs": grpc.unary_unary_rpc_method_handler(serving.list_jobs),
        "UpdateJob": grpc.unary_unary_rpc_method_handler(serving.update_job),
    }
    server = grpc.server(futures.ThreadPoolExecutor(2))
    name = "google.dataflow.v1beta3.JobsV1Beta3"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    transport = dataflow.JobsV1Beta3Client.get_transport_class("grpc")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield serving, dataflow.JobsV1Beta3Client(transport=transport(channel=channel))
    server.stop(None)


def test_cancelling_a_run_cancels_its_jobs_and_no_other(service: tuple[Service, Any]) -> None:
    serving, client = service
    chosen = settings(["--project=my-project", "--region=europe-west4"])
    assert cancel_jobs(chosen, "run", client=client) == ["1"]
    assert serving.asked_to_cancel == ["1"]


def test_jobs_that_cannot_be_cancelled_are_named(service: tuple[Service, Any]) -> None:
    serving, client = service
    serving.jobs = [dataflow.Job(id="1", name="motionsight-run-00000-ab")]
    chosen = settings(["--project=elsewhere", "--region=europe-west4"])
    with pytest.raises(RunError, match=r"motionsight-run-\* with `gcloud dataflow jobs list"):
        cancel_jobs(chosen, "run", client=client)
