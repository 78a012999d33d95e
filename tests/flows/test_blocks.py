"""The blocks, on a real (temporary) Prefect server."""

from __future__ import annotations

import os
import re
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentCreate
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.blocks import CaptionEndpoint, MotionSightCatalog, MotionSightWarehouse
from flows.operate.configuration import configured
from motionsight_core import DEFAULT_WAREHOUSE
from motionsight_core.errors import RunError, UsageError

BLOCKS = (CaptionEndpoint, MotionSightWarehouse, MotionSightCatalog)
SECRET = "sk-never-to-be-seen"  # noqa: S105 - it opens nothing


@pytest.fixture(scope="module")
def server(prefect_api: object) -> None:
    """The Prefect server, with our blocks."""
    for block in BLOCKS:
        block.register_type_and_schema()


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("MOTIONSIGHT_", "AWS_", "GOOGLE_", "OPENAI_")):
            monkeypatch.delenv(name)


def save_document(kind: str, name: str, data: dict[str, Any]) -> None:
    """Save a block as the UI does: by its kind's schema, without its class."""
    with get_client(sync_client=True) as client:
        block_type = client.read_block_type_by_slug(kind)
        schema = client.get_most_recent_block_schema_for_block_type(block_type.id)
        assert schema is not None
        client.create_block_document(
            BlockDocumentCreate(name=name, data=data, block_type_id=block_type.id, block_schema_id=schema.id)
        )


def test_prefect_s_servers_and_workers_find_the_blocks_by_themselves() -> None:
    (ours,) = [point for point in entry_points(group="prefect.collections") if point.name == "motionsight"]
    module = ours.load()
    assert {getattr(module, block.__name__) for block in BLOCKS} == set(BLOCKS)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_field_of_a_form_has_a_title_and_says_what_it_is_for(block: type[Block]) -> None:
    schema = block.model_json_schema()
    assert schema["description"]
    assert schema["block_type_slug"].startswith("motionsight-")
    for name, field in schema["properties"].items():
        assert field["title"], name
        assert field["description"].endswith("."), name


def test_a_key_is_a_secret_to_prefect_and_to_whoever_prints_the_block() -> None:
    assert CaptionEndpoint.model_json_schema()["secret_fields"] == ["api_key"]
    endpoint = CaptionEndpoint(url="http://gpu:8000", model="m", api_key=SECRET)
    assert SECRET not in repr(endpoint)
    assert SECRET not in repr(MotionSightCatalog(endpoint=endpoint))
    assert SECRET not in str(endpoint.setting_layer())


def test_an_endpoint_is_an_annotator_and_its_limits() -> None:
    endpoint = CaptionEndpoint(url="http://gpu:8000", model="Qwen/Q", concurrency=64)
    assert endpoint.setting_layer() == {
        "annotator": "openai:http://gpu:8000/v1#Qwen/Q",
        "endpoint": {"concurrency": 64, "timeout_s": 300.0, "retries": 30},
    }


@pytest.mark.parametrize(
    ("block", "fields", "sentence"),
    [
        (MotionSightCatalog, {"settings": {"clips": {"length": 1}}}, "there is no setting clips.length"),
        (
            MotionSightCatalog,
            {"settings": "[clips]\nwindow_s = -1"},
            "clips.window_s: input should be",
        ),
        (MotionSightCatalog, {"settings": "[clips"}, "The settings are not valid TOML"),
        (MotionSightCatalog, {"settings": {"annotator": "openai:"}}, "An openai: annotator needs an http"),
        (MotionSightCatalog, {"warehouse": "postgres:x"}, "There is no warehouse 'postgres:x'"),
        (MotionSightCatalog, {"credentials": ["videos"]}, "write KIND/NAME"),
        (MotionSightWarehouse, {"url": "bigquery:nodataset"}, "names no dataset"),
        (CaptionEndpoint, {"url": "gpu:8000", "model": "m"}, "needs an http:// or https:// URL"),
        (CaptionEndpoint, {"url": "http://gpu:8000#m", "model": "m"}, "must not hold a #"),
    ],
)
def test_what_a_block_cannot_hold_is_refused_in_one_sentence(
    block: type[Block], fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UsageError) as refusal:
        block(**fields)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_url_with_a_password_in_it_is_refused_without_repeating_it() -> None:
    with pytest.raises(UsageError) as refusal:
        CaptionEndpoint(url=f"http://user:{SECRET}@gpu:8000/v1", model="m")
    assert SECRET not in str(refusal.value)


def test_a_catalog_has_one_annotator() -> None:
    endpoint = CaptionEndpoint(url="http://gpu:8000", model="m")
    with pytest.raises(UsageError, match="A catalog has one annotator"):
        MotionSightCatalog(endpoint=endpoint, settings={"annotator": "measured"})


def test_a_block_that_is_changed_is_checked_as_a_new_one_is() -> None:
    catalog = MotionSightCatalog(settings={"clips": {"window_s": 1}})
    with pytest.raises(UsageError, match=r"there is no setting clips\.length"):
        catalog.settings = {"clips": {"length": 1}}


@pytest.mark.usefixtures("server")
def test_a_catalog_brings_source_warehouse_endpoint_settings_and_credentials() -> None:
    MotionSightWarehouse(url="duckdb:/data/all.duckdb").save("all")
    CaptionEndpoint(url="http://gpu:8000", model="Qwen/Q", api_key=SECRET, retries=2).save("vllm")  # type: ignore[arg-type]
    save_document(
        "minio-credentials",
        "videos",
        {
            "minio_root_user": "reader",
            "minio_root_password": SECRET,
            "aws_client_parameters": {"endpoint_url": "http://minio:9000"},
        },
    )
    MotionSightCatalog(
        source="s3://clips/",
        warehouse=MotionSightWarehouse.load("all"),
        endpoint=CaptionEndpoint.load("vllm"),
        settings={"clips": {"window_s": 10}, "endpoint": {"concurrency": 3}},
        credentials=["minio-credentials/videos"],
    ).save("full")
    before = dict(os.environ)
    with configured(catalog="full") as chosen:
        assert (chosen.source, chosen.warehouse) == ("s3://clips/", "duckdb:/data/all.duckdb")
        settings = chosen.settings
        assert settings.annotator == "openai:http://gpu:8000/v1#Qwen/Q"
        assert (settings.endpoint.retries, settings.endpoint.concurrency) == (2, 3)
        assert (settings.clips.window_s, settings.stores.s3_endpoint) == (10, "http://minio:9000")
        assert os.environ["OPENAI_API_KEY"] == os.environ["AWS_SECRET_ACCESS_KEY"] == SECRET
        assert os.environ["AWS_ACCESS_KEY_ID"] == "reader"
        assert SECRET not in repr(chosen)
        assert SECRET not in settings.model_dump_json()
    assert dict(os.environ) == before


@pytest.mark.long
@pytest.mark.usefixtures("server")
def test_the_examples_of_the_documentation_run(capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    use, make = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    save_document("aws-credentials", "videos", {"aws_access_key_id": "AKIA"})
    exec(make, {})  # noqa: S102 - our own
    exec(use, {})  # noqa: S102
    assert capsys.readouterr().out.split() == ["clips", DEFAULT_WAREHOUSE, "measured"]
    with configured(catalog="nightly") as chosen:
        assert (chosen.source, chosen.warehouse, chosen.settings.annotator) == (
            "s3://bucket/clips/",
            "duckdb:/data/motionsight.duckdb",
            "openai:http://gpu-host:8000/v1#Qwen/Qwen2.5-VL-7B-Instruct",
        )


@pytest.mark.long
@pytest.mark.usefixtures("server")
def test_what_is_changed_in_an_endpoint_s_block_is_what_its_catalogs_use() -> None:
    """A catalog refers to the block; it holds no copy of the key."""
    CaptionEndpoint(url="http://old:8000", model="m").save("shared")
    MotionSightCatalog(source="clips", endpoint=CaptionEndpoint.load("shared")).save("referring")  # type: ignore[arg-type]
    CaptionEndpoint(url="http://new:8000", model="m", api_key="newer").save("shared", overwrite=True)  # type: ignore[arg-type]
    with configured(catalog="referring") as chosen:
        assert chosen.settings.annotator == "openai:http://new:8000/v1#m"
        assert os.environ["OPENAI_API_KEY"] == "newer"


@pytest.mark.usefixtures("server")
def test_a_catalog_may_say_little_and_hold_its_warehouse_s_url() -> None:
    MotionSightCatalog(source="clips").save("little")
    with configured(catalog="little") as chosen:
        assert (chosen.source, chosen.warehouse) == ("clips", DEFAULT_WAREHOUSE)
    MotionSightCatalog(warehouse="duckdb:/data/one.duckdb", settings="[sampling]\nframes = 8").save("url")  # type: ignore[arg-type]
    with configured(catalog="motionsight-catalog/url") as chosen:
        assert chosen.warehouse == "duckdb:/data/one.duckdb"
        assert chosen.settings.sampling.frames == 8


@pytest.mark.long
@pytest.mark.usefixtures("server")
def test_a_google_key_of_a_block_is_a_file_for_the_length_of_the_run() -> None:
    save_document("gcp-credentials", "videos", {"service_account_info": {"client_email": "robot"}})
    MotionSightCatalog(source="gs://clips/", credentials=["gcp-credentials/videos"]).save("google")
    with configured(catalog="google"):
        path = Path(os.environ["GOOGLE_APPLICATION_CREDENTIALS"])
        assert path.read_text() == '{"client_email": "robot"}'
    assert not path.exists()


@pytest.mark.usefixtures("server")
def test_a_block_that_is_not_there_is_said_with_the_commands_that_list_and_make_it() -> None:
    with pytest.raises(UsageError) as refusal, configured(catalog="nowhere"):
        pass
    assert str(refusal.value) == (
        "There is no block motionsight-catalog/nowhere at this Prefect server: `prefect block ls` lists "
        "those that there are; `prefect block register -m flows.blocks`, then `prefect block create "
        "motionsight-catalog` prints where to make it in the UI."
    )
    MotionSightCatalog(source="clips", credentials=["aws-credentials/nowhere"]).save("keyless")
    with (
        pytest.raises(UsageError, match=r"^There is no block aws-credentials/nowhere at"),
        configured(catalog="keyless"),
    ):
        pass


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"settings": {"clips": {"length": 1}}}, "Settings are not valid: there is no setting clips.length."),
        ({"credentials": "aws-credentials/videos"}, "credentials: input should be a valid list."),
    ],
)
def test_what_the_ui_let_pass_is_said_when_the_run_begins(data: dict[str, Any], problem: str) -> None:
    name = f"wrong-{next(iter(data))}"
    save_document("motionsight-catalog", name, data)
    with pytest.raises(UsageError) as refusal, configured(catalog=name):
        pass
    assert str(refusal.value) == f"The block motionsight-catalog/{name} cannot be used: {problem}"


def test_a_server_that_does_not_answer_is_said_in_one_sentence() -> None:
    nowhere = "http://127.0.0.1:9/api"
    with (
        temporary_settings({PREFECT_API_URL: nowhere}),
        pytest.raises(RunError, match=r"^The block motionsight-catalog/nightly cannot be read, .*\.$"),
        configured(catalog="nightly"),
    ):
        pass


@pytest.mark.usefixtures("server")
def test_a_flow_run_takes_all_from_its_catalog_and_writes_no_secret(
    scenes: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from flows.annotate import annotate_catalog

    place = tmp_path / "motion.duckdb"
    save_document("aws-credentials", "unused", {"aws_access_key_id": "AKIA", "aws_secret_access_key": SECRET})
    MotionSightCatalog(
        source=str(scenes),
        warehouse=MotionSightWarehouse(url=f"duckdb:{place}"),
        settings={"clips": {"window_s": 1}},
        credentials=["aws-credentials/unused"],
    ).save("scenes")
    result = annotate_catalog(catalog="scenes")
    assert result.record.annotated == 8
    assert SECRET not in caplog.text
    assert SECRET not in repr(result)
    assert SECRET.encode() not in place.read_bytes()
