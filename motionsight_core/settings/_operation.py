"""The knobs of operation: on other machines, or with more of them, rows say the same of a clip."""

from __future__ import annotations

import json
import os
import shlex
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from motionsight_core.errors import UsageError
from motionsight_core.settings._section import Section, refuse_secret

#: The longest time-out, seconds: eleven days. Calls that wait count milliseconds in 32 bits.
LONGEST_S = 1_000_000


class LimitSettings(Section):
    """What one decode may cost before it is given up."""

    wall_s: float = Field(
        default=300.0, gt=0, le=LONGEST_S, description="Wall-clock time of one clip, seconds."
    )
    memory_mb: int = Field(
        default=3072, ge=256, le=2**24, description="Memory that a decoding process may allocate, MiB."
    )
    max_frame_pixels: int = Field(
        default=8192 * 4320,
        ge=1024,
        le=2**31 - 1,
        description="Pixels of one decoded frame; above: TooLarge.",
    )
    max_frames: int = Field(default=2_000_000, ge=1, description="Frames of one video; above: TooLarge.")
    sandbox: Literal["auto", "required", "off"] = Field(
        default="auto",
        description="Sandbox the decoding processes with Landlock and seccomp: `auto` uses what the kernel "
        "supports, `required` decodes only with both, `off` uses neither.",
    )


class RuntimeSettings(Section):
    """How the work is spread out."""

    decode_processes: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, le=256, description="Decoders at once."
    )
    shard_size: int = Field(default=400, ge=1, description="Videos in a shard: one pipeline, one commit.")
    shard_retries: int = Field(default=2, ge=0, description="Retries of a failed shard.")
    runner: Literal["local", "flink", "dataflow"] = Field(
        default="local", description="Where a shard's Beam pipeline runs: this machine, Flink, Dataflow."
    )
    beam: tuple[str, ...] = Field(
        default=(), description="Further Beam pipeline options of that runner, as flags."
    )
    device: str = Field(
        default="auto", description="Where models run: auto (a GPU if there is one), cpu, cuda, cuda:1 ..."
    )
    attention: Literal["auto", "sdpa", "flash_attention_2", "eager"] = Field(
        default="auto",
        description="Attention implementation of the MLLM; auto: the model's default, usually SDPA.",
    )
    accelerator: str = Field(
        default="",
        description="Beam's resource hint for the workers that run models, such as "
        "`type:nvidia-l4;count:1;install-nvidia-driver`.",
    )
    batch_clips: int = Field(default=8, ge=1, le=1024, description="Most clips described together.")
    batch_frames: int = Field(
        default=256, ge=1, description="Most frames in one call of the MLLM (at least one clip)."
    )
    keep_dialogue: bool = Field(
        default=False,
        description="Keep the questions put to the MLLM and its replies, word for word, in the column "
        "`dialogue` of the rows that are written from now on.",
    )

    @field_validator("beam", mode="before")
    @classmethod
    def _flags(cls, value: Any) -> Any:
        # --set and the environment bring text: as one types flags, or as JSON.
        if isinstance(value, str):
            return json.loads(value) if value.startswith("[") else shlex.split(value)
        return value or ()

    @field_validator("beam")
    @classmethod
    def _without_secrets(cls, flags: tuple[str, ...]) -> tuple[str, ...]:
        for flag in flags:
            refuse_secret("runtime.beam", flag.lstrip("-").partition("=")[0])
        return flags

    def __setstate__(self, state: dict[Any, Any]) -> None:
        # What nobody chose is the machine's: a pipeline's workers are not where it was put together.
        super().__setstate__(state)
        if "decode_processes" not in self.model_fields_set:
            object.__setattr__(self, "decode_processes", os.cpu_count() or 1)


class StoreSettings(Section):
    """How objects are listed and read; the stores' own environment variables hold where these are unset."""

    all_files: bool = Field(
        default=False,
        description="Look into every file of a source, whatever its name: its first bytes say whether it is "
        "a video. Otherwise a name's suffix does.",
    )
    s3_endpoint: str | None = Field(
        default=None,
        description="Address of an S3 store other than Amazon's, such as http://minio:9000; unset: "
        "AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or Amazon.",
    )
    s3_region: str | None = Field(
        default=None, description="Region of the bucket; unset: AWS_REGION, or what the store says."
    )
    s3_addressing: Literal["auto", "path", "virtual"] = Field(
        default="auto",
        description="Where the bucket's name goes: into the path, or before the host. auto: into the path "
        "where an endpoint is set.",
    )
    gs_endpoint: str | None = Field(
        default=None,
        description="Address of a Google Cloud Storage emulator, asked without credentials; unset: "
        "STORAGE_EMULATOR_HOST, or Google.",
    )
    s3_requester_pays: bool = Field(
        default=False,
        description="Pay for requests and transfer, which requester-pays buckets demand; your account is "
        "billed.",
    )
    gs_user_project: str | None = Field(
        default=None,
        min_length=1,
        description="Google Cloud project that pays for requests and transfer, which requester-pays buckets "
        "demand; unset: the bucket's owner pays.",
    )
    range_reads_above_mb: float = Field(
        default=256.0,
        ge=0,
        description="Objects larger than this are read by ranges instead of downloaded, MiB; so are objects "
        "that do not fit into the cache.",
    )
    cache_dir: str | None = Field(
        default=None,
        description="Folder for downloaded objects; unset: MOTIONSIGHT_CACHE, or one in the temporary "
        "folder.",
    )
    cache_mb: int | None = Field(
        default=None,
        ge=0,
        description="Most space that downloaded objects take, MiB; unset: MOTIONSIGHT_CACHE_MB, or 20,000.",
    )
    retries: int = Field(
        default=5,
        ge=0,
        le=20,
        description="Retries of a request that the store failed to answer, with pauses that double "
        "up to 20 s.",
    )
    stall_s: float = Field(
        default=60.0,
        gt=0,
        le=LONGEST_S,
        description="Seconds in which a transfer must bring at least 64 KiB; otherwise it is given up.",
    )

    @field_validator("s3_endpoint", "gs_endpoint")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if "@" in parts.netloc:
            # Neither stored with each run nor said: the sentence of a ValueError would repeat the value.
            raise UsageError(
                "The endpoint of a store must not hold a user or password; give them as the store's "
                "own environment variables."
            )
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an endpoint is an address such as http://minio:9000")
        return value.rstrip("/")


class EndpointSettings(Section):
    """How an OpenAI-compatible endpoint is asked."""

    frames_as: Literal["images", "video"] = Field(
        default="images",
        description="How frames are sent: as images with their times before them, or a sequence as one video "
        "of JPEG frames with their times, in vLLM's form. Part of the recipe where it is `video`.",
    )
    concurrency: int = Field(default=16, ge=1, le=4096, description="Most concurrent requests, per process.")
    timeout_s: float = Field(
        default=300.0, gt=0, le=LONGEST_S, description="Time-out of one request, seconds."
    )
    retries: int = Field(
        default=30,
        ge=0,
        le=1000,
        description="Retries after 429, 5xx or a broken connection; the pause doubles up to 8 s, so "
        "that 30 outlast a server that loads its model for three minutes.",
    )
    key_variable: str = Field(
        default="OPENAI_API_KEY", description="Environment variable that holds the key, if one is needed."
    )
