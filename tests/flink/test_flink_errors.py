"""What is missing for a run on Flink is said in one sentence, before anything is started."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from motionsight_core import environment
from motionsight_core.errors import RunError, UsageError
from motionsight_core.settings import RuntimeSettings, Settings
from transforms._flink import job_failure
from transforms.runners import pipeline_for


def flink(*flags: str) -> Settings:
    return Settings(runtime=RuntimeSettings(runner="flink", beam=flags))


@pytest.fixture
def nobody() -> str:
    """An address of this machine where nothing listens."""
    with socket.socket() as unbound:
        unbound.bind(("localhost", 0))
        return f"localhost:{unbound.getsockname()[1]}"


@pytest.fixture
def jar(tmp_path: Path) -> str:
    (tmp_path / "job-server.jar").touch()
    return f"--flink_job_server_jar={tmp_path / 'job-server.jar'}"


def test_without_a_cluster_s_address_it_says_where_to_put_it() -> None:
    with pytest.raises(UsageError, match=r"put --flink_master=HOST:8081 into runtime\.beam"):
        pipeline_for(flink())


def test_without_the_job_server_s_jar_it_says_how_to_get_it(
    nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(environment.FLINK_JOB_SERVER_JAR, raising=False)
    # Whatever runs here, so that the test does not ask for Java.
    with pytest.raises(UsageError, match=r"none is named: `python deploy/flink/cluster\.py fetch` makes one"):
        pipeline_for(flink(f"--flink_master={nobody}", "--job_server_java_launcher=true"))
    monkeypatch.setenv(environment.FLINK_JOB_SERVER_JAR, "/no/such.jar")
    with pytest.raises(UsageError, match=r"/no/such\.jar does not exist"):
        pipeline_for(flink(f"--flink_master={nobody}", "--job_server_java_launcher=true"))


def test_without_java_it_says_how_to_get_it(nobody: str, jar: str) -> None:
    with pytest.raises(UsageError, match="needs Java: apt install"):
        pipeline_for(flink(f"--flink_master={nobody}", jar, "--job_server_java_launcher=no-such-java"))


def test_a_cluster_that_does_not_answer_is_named(nobody: str, jar: str) -> None:
    with pytest.raises(RunError, match=rf"No Flink cluster answers at http://{nobody} \(.*refused"):
        pipeline_for(flink(f"--flink_master={nobody}", jar, "--job_server_java_launcher=true"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "Pipeline motionsight-1 failed in state FAILED: Error received from SDK "
            "harness for instruction 4: Traceback (most recent call last):\n"
            '  File "transforms/_annotate.py", line 9, in run_inference\n'
            "motionsight_core.errors.RunError: The endpoint does not answer. [while running 'Describe']\n",
            "The endpoint does not answer.",
        ),
        (
            "Pipeline motionsight-1 failed in state FAILED: StatusRuntimeException: UNAVAILABLE\n"
            "Connection refused: localhost/127.0.0.1:50000",
            "The TaskManagers reach no Python worker pool at the address of --environment_config: start "
            "`python -m transforms.worker_pool` beside each of them.",
        ),
        (
            "Pipeline motionsight-1 failed in state FAILED: java.io.IOException: Too few buffers",
            "The Flink job failed: java.io.IOException: Too few buffers",
        ),
    ],
)
def test_a_failed_job_is_one_sentence(text: str, sentence: str) -> None:
    assert job_failure(text) == sentence


def test_flags_of_the_runner_may_be_typed_or_given_as_json() -> None:
    typed = Settings.load(overrides=["runtime.beam=--flink_master=here:8081 --parallelism=4"], environment={})
    as_json = Settings.load(
        overrides=['runtime.beam=["--flink_master=here:8081", "--parallelism=4"]'], environment={}
    )
    assert typed.runtime.beam == as_json.runtime.beam == ("--flink_master=here:8081", "--parallelism=4")
