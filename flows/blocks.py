"""Blocks: forms in Prefect's UI for what a deployment is about, with its secrets.

`prefect block register -m flows.blocks` makes them known to a server; one that runs where MotionSight is
installed knows them by itself. What they say is used by `flows.operate.configuration`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from prefect.blocks.core import Block
from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator

from motionsight_core.errors import RunError, UsageError
from motionsight_core.settings import LONGEST_S, EndpointSettings, parse_toml

if TYPE_CHECKING:
    from motionsight_core.mllm import EndpointAddress

_LIMITS = EndpointSettings()

# An optional field is a choice of types in a form; so what may be left out has a default that says nothing.
# Errors of values are UsageErrors, not ValueErrors: pydantic would repeat the value, which may hold a key.
# Heavy imports live inside: every worker imports this module.


class CaptionEndpoint(Block):
    """A multimodal LLM at an OpenAI-compatible endpoint, which writes the descriptions."""

    model_config = ConfigDict(validate_assignment=True)

    _block_type_name = "MotionSight Caption Endpoint"
    _block_type_slug = "motionsight-caption-endpoint"
    _description = (
        "A multimodal LLM at an OpenAI-compatible endpoint (vLLM, SGLang, lmdeploy, a hosted one), which "
        "writes MotionSight's descriptions."
    )
    _code_example = """
        from flows.blocks import CaptionEndpoint

        CaptionEndpoint(url="http://gpu-host:8000/v1", model="Qwen/Qwen2.5-VL-7B-Instruct").save("captions")
        """

    url: str = Field(
        title="URL",
        description="Base URL of the endpoint, under which /chat/completions is; without user, password, "
        "query.",
        examples=["http://gpu-host:8000/v1"],
    )
    model: str = Field(
        title="Model",
        description="Name of the model as the endpoint serves it. Another model is another recipe.",
        examples=["Qwen/Qwen2.5-VL-7B-Instruct"],
    )
    api_key: SecretStr = Field(
        default=SecretStr(""),
        title="API key",
        description="Key of the endpoint, if it wants one. While a run lasts it is in the environment "
        "variable that the setting endpoint.key_variable names (OPENAI_API_KEY).",
    )
    concurrency: int = Field(
        default=_LIMITS.concurrency,
        ge=1,
        le=4096,
        title="Requests at once",
        description="Most concurrent requests, per process.",
    )
    timeout_s: float = Field(
        default=_LIMITS.timeout_s,
        gt=0,
        le=LONGEST_S,
        allow_inf_nan=False,
        title="Time-out",
        description="Time-out of one request, seconds.",
    )
    retries: int = Field(
        default=_LIMITS.retries,
        ge=0,
        le=1000,
        title="Retries",
        description="Retries after 429, 5xx or a broken connection, with pauses of up to 8 s: 30 "
        "outlast a server that loads its model for three minutes.",
    )

    @model_validator(mode="after")
    def _is_address(self) -> Self:
        self.address()
        return self

    def address(self) -> EndpointAddress:
        """Where which model is.

        Raises:
            UsageError: URL or model cannot be used.
        """
        from motionsight_core.mllm import EndpointAddress

        if "#" in self.url:
            raise UsageError("The URL of an endpoint must not hold a #: the model has a field of its own.")
        return EndpointAddress.parse(f"openai:{self.url}#{self.model}")

    def key(self) -> str | None:
        """The key in plain text; None where there is none."""
        return self.api_key.get_secret_value().strip() or None

    def setting_layer(self) -> dict[str, Any]:
        """The settings that it stands for; the key is none of them."""
        address = self.address()
        return {
            "annotator": f"openai:{address.base_url}#{address.model}",
            "endpoint": {
                "concurrency": self.concurrency,
                "timeout_s": self.timeout_s,
                "retries": self.retries,
            },
        }


class MotionSightWarehouse(Block):
    """Where the rows are kept and asked for in SQL."""

    model_config = ConfigDict(validate_assignment=True)

    _block_type_name = "MotionSight Warehouse"
    _block_type_slug = "motionsight-warehouse"
    _description = "Where MotionSight keeps its rows, and where people ask for them in SQL."
    _code_example = """
        from flows.blocks import MotionSightWarehouse

        MotionSightWarehouse(url="duckdb:/data/motionsight.duckdb").save("main")
        """

    url: str = Field(
        title="URL",
        description="duckdb:FILE, a file on the machine that runs the flow: give its whole path; or "
        "bigquery:PROJECT.DATASET?staging=gs://BUCKET/PREFIX. It holds no secret: credentials are the "
        "catalog's.",
        examples=["duckdb:/data/motionsight.duckdb", "bigquery:project.motion?staging=gs://bucket/staging"],
    )

    @field_validator("url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        _check_warehouse(url)
        return url


class MotionSightCatalog(Block):
    """A source of videos, the warehouse of its rows, and how it is annotated."""

    model_config = ConfigDict(validate_assignment=True)

    _block_type_name = "MotionSight Catalog"
    _block_type_slug = "motionsight-catalog"
    _description = (
        "A catalog of videos: its source, its warehouse, who describes it, settings and credentials. The "
        "deployments of MotionSight take its name as their parameter `catalog`."
    )
    _code_example = """
        from flows.blocks import CaptionEndpoint, MotionSightCatalog, MotionSightWarehouse

        MotionSightCatalog(
            source="s3://bucket/clips/",
            warehouse=MotionSightWarehouse.load("main"),
            endpoint=CaptionEndpoint.load("captions"),
            settings={"clips": {"window_s": 10}},
            credentials=["aws-credentials/videos"],
        ).save("clips")
        """

    source: str = Field(
        default="",
        title="Source",
        description="A file, a directory (recursive), a glob, gs://bucket/prefix/ or s3://bucket/prefix/.",
        examples=["s3://bucket/clips/"],
    )
    warehouse: MotionSightWarehouse | str | None = Field(
        default=None,
        title="Warehouse",
        description="A MotionSight Warehouse block, or a URL as one holds it.",
    )
    endpoint: CaptionEndpoint | None = Field(
        default=None,
        title="Caption endpoint",
        description="A MotionSight Caption Endpoint block; without one, the settings name the annotator, or "
        "the descriptions are written from what was measured.",
    )
    settings: dict[str, Any] = Field(
        default_factory=dict,
        title="Settings",
        description='Those that differ from the defaults, nested: {"clips": {"window_s": 10}}. From Python '
        "also TOML as one text. No secrets: settings are stored with each run.",
    )
    credentials: list[str] = Field(
        default_factory=list,
        title="Credentials",
        description="Blocks that hold them, as KIND/NAME: aws-credentials/NAME, minio-credentials/NAME, "
        "gcp-credentials/NAME; at most one for each cloud.",
    )

    @field_validator("warehouse")
    @classmethod
    def _is_warehouse(cls, warehouse: MotionSightWarehouse | str | None) -> MotionSightWarehouse | str | None:
        if isinstance(warehouse, str) and warehouse:
            _check_warehouse(warehouse)
        return warehouse

    @field_validator("settings", mode="before")
    @classmethod
    def _are_settings(cls, settings: object) -> object:
        from motionsight_core.annotator import Annotator
        from motionsight_core.settings import Settings

        values = _from_toml(settings) if isinstance(settings, str) else settings
        if isinstance(values, Mapping):
            Annotator.parse(Settings.layered(values).annotator)
        return values

    @field_validator("credentials")
    @classmethod
    def _are_credentials(cls, references: list[str]) -> list[str]:
        from flows.operate.cloud_credentials import check_references

        check_references(references)
        return references

    @model_validator(mode="after")
    def _has_one_annotator(self) -> Self:
        if self.endpoint is not None and "annotator" in self.settings:
            raise UsageError(
                "A catalog has one annotator: leave out either the caption endpoint or annotator in the "
                "settings."
            )
        return self

    def warehouse_url(self) -> str | None:
        """The warehouse's URL; None where none is named."""
        return (
            self.warehouse if isinstance(self.warehouse, str) else self.warehouse and self.warehouse.url
        ) or None

    def setting_layers(self) -> tuple[Mapping[str, Any], ...]:
        """The settings of its endpoint, and over these its own."""
        return (self.endpoint.setting_layer() if self.endpoint else {}, self.settings)


def _check_warehouse(url: str) -> None:
    """Nothing is created, and no server is asked.

    Raises:
        UsageError: the URL names no warehouse.
    """
    from motionsight_core.warehouse import open_warehouse

    with suppress(RunError):  # its packages need not be where the block is saved
        open_warehouse(url)


def _from_toml(text: str) -> dict[str, Any]:
    try:
        return parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"The settings are not valid TOML: {error}.") from None
