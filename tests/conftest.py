"""What holds for all tests, and the servers that they share.

What is dear to start is started once: a fixture of the whole session stands here, since one that two
`conftest.py` import is two fixtures, and the tests that use it are sent to the same process.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from motionsight_core.guarded import process
from motionsight_core.guarded.pool import close_shared_decoders
from tests.beam_signatures import keep_signatures
from tests.served import ServedProcess
from tests.warm import WarmCommand
from tests.warm_decoders import WarmDecoders, in_place_of_subprocess

if TYPE_CHECKING:
    from tests.plugin.serving import Server
    from tests.warehouses import BigQueryServers

# Before anything imports torch: threads of OpenMP that wait for each other by spinning, beside as many test
# processes as there are cores, take minutes for what takes a second. torch.set_num_threads is for the calling
# thread alone.
os.environ["OMP_NUM_THREADS"] = "1"

# A shell without job control lets what it starts in the background ignore Ctrl-C, and that is inherited: the
# tests of Ctrl-C would fail there.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

#: Tests that share what is dear to start or to import go to one process, by what their ids begin with.
SHARED = {
    "prefect": (
        "tests/plugin/",
        "tests/extend/test_extend.py",
        "tests/test_packaging.py",
        "tests/flows/test_annotate_flow.py",
        "tests/flows/test_blocks.py",
        "tests/flows/test_cancelling.py",
        "tests/flows/test_close_the_loop.py",
        "tests/flows/test_evaluate_flow.py",
        "tests/flows/test_retries.py",
        "tests/flows/test_score_flow.py",
        "tests/flows/test_train_flow.py",
        "tests/flows/test_train_on_kubernetes.py",
        "tests/flows/test_dataset.py",
    ),
    "bigquery": ("tests/core/warehouse/test_bigquery", "tests/transforms/test_cloud_staging.py"),
    "models": (
        "tests/core/compressors/",
        "tests/core/instances/test_similarity.py",
        "tests/core/mllm/",
        "tests/core/prompts/",
        "tests/core/referring/",
        "tests/core/test_released_models.py",
        "tests/core/test_whole_method.py",
        "tests/serve/test_checkpoint.py",
    ),
    "training": ("tests/core/training/", "tests/flows/test_trained.py"),
    "browser": ("tests/report/", "tests/prefer/test_page.py", "tests/test_site.py"),
}
#: What takes longest comes first, or it would keep one process when the others are done.
LONGEST = (
    "prefect",
    "tests/flink/",
    "bigquery",
    "models",
    "training",
    "browser",
    "tests/flows/",
    "tests/core/guarded/",
    "tests/transforms/",
)


class _Groups(LoadScopeScheduling):
    """Groups instead of files or classes.

    `--dist loadgroup` would do, but pytest-xdist 3.8 hands its groups on in a field of items that pytest 9.2
    does not read.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Groups:
    config.option.loadscopereorder = False
    return _Groups(config, log)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: what waits for a server or a child leaves its core to another."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(wrapper=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> Iterator[None]:
    """Of a test whose forms are many, those that `in_gate` does not name are left to `make test-long`."""
    yield
    if marker := metafunc.definition.get_closest_marker("in_gate"):
        unknown = set(marker.args) - {form.id for form in metafunc._calls}
        assert not unknown, f"{metafunc.definition.nodeid} has no form {', '.join(sorted(unknown))}"


@pytest.hookimpl(tryfirst=True)  # before those that are marked are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        marker = item.get_closest_marker("in_gate")
        if marker and isinstance(item, pytest.Function) and item.callspec.id not in marker.args:
            item.add_marker(pytest.mark.long)
    items.sort(key=lambda item: _place(group_of(item.nodeid)))


def pytest_collection_finish() -> None:
    keep_signatures()
    gc.freeze()  # or each collection would look through all that was imported
    gc.set_threshold(20_000, 20, 20)
    atexit.register(gc.unfreeze)  # some libraries complain of what is left at the end


def group_of(nodeid: str) -> str:
    """Which tests this one is run with: those that share something, or those of its file."""
    path, _, name = nodeid.partition("::")
    if "bigquery" in name.partition("[")[2]:
        return "bigquery"
    return next((group for group, starts in SHARED.items() if path.startswith(starts)), path)


def _place(group: str) -> int:
    return next((place for place, start in enumerate(LONGEST) if group.startswith(start)), len(LONGEST))


@pytest.fixture(scope="session")
def warm_decoders() -> Iterator[WarmDecoders]:
    """Where decoding processes come from without waiting for their imports."""
    warm = WarmDecoders()
    yield warm
    close_shared_decoders()
    warm.close()


@pytest.fixture(autouse=True)
def decoders_are_warm(request: pytest.FixtureRequest, warm_decoders: WarmDecoders) -> Iterator[None]:
    """Decoding processes are forks of a warm one; not where their start and their walls are the subject."""
    if request.node.get_closest_marker("decoders_start_anew"):
        yield
        return
    # A patch of its own: a test that undoes its patches keeps it.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "subprocess", in_place_of_subprocess(warm_decoders.address))
        yield


@pytest.fixture(scope="session")
def warm_command(warm_decoders: WarmDecoders) -> Iterator[WarmCommand]:
    """Runs the command line without waiting for its imports; servers come from the same process."""
    warm = ServedProcess.warm = WarmCommand(warm_decoders.address())
    yield warm
    warm.close()


@pytest.fixture(scope="session")
def gcs_url() -> Iterator[str]:
    """The address of a GCS emulator."""
    from tests.core.stores.servers import gcs_emulator

    with gcs_emulator() as url:
        yield url


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """The address of an S3 server."""
    from tests.core.stores.servers import s3_server

    with s3_server() as url:
        yield url


@pytest.fixture(scope="session")
def bigquery_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BigQueryServers]:
    """A BigQuery emulator, and a GCS emulator whose buckets it loads from."""
    from tests.warehouses import bigquery_servers

    with bigquery_servers(tmp_path_factory.mktemp("bigquery")) as servers:
        yield servers


@pytest.fixture
def bigquery(bigquery_session: BigQueryServers, monkeypatch: pytest.MonkeyPatch) -> BigQueryServers:
    """The shared emulators, in use by this test and by the processes that it starts."""
    from motionsight_core.warehouse import _bigquery_client

    for name, value in bigquery_session.environment().items():
        monkeypatch.setenv(name, value)
    # What goes wrong here goes wrong for good.
    monkeypatch.setattr(_bigquery_client, "_RETRY_S", 5.0)
    return bigquery_session


@pytest.fixture
def empty_dataset(bigquery: BigQueryServers) -> Iterator[str]:
    """The address of a warehouse in BigQuery that has its tables and no rows."""
    with bigquery.emptied_warehouse() as url:
        yield url


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Prefect server, with nothing in it but what tests put there."""
    from tests.plugin.serving import served

    with served(tmp_path_factory.mktemp("prefect")) as running:
        yield running


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four small rendered clips; copy before changing."""
    from motionsight_core.synthetic import render_catalog

    folder = tmp_path_factory.mktemp("scenes")
    render_catalog(folder, count=4, seed=1, width=240, height=136, duration_s=2.0)
    return folder
