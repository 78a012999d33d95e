"""Every knob, as pydantic models whose defaults are the paper's values (arXiv 2506.01674).

`Settings` has two kinds of sections. Those that can change a row (sampling, blur, measure ...)
enter the `recipe`, which is half of a row's key. Those of operation (limits, runtime) do not:
a run on more workers writes the same rows.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from motionsight_core.errors import UsageError

#: Raise it when the code of the measurement or of its wording changes what a row says, so that
#: old rows keep their recipe and a rerun adds new ones.
MEASUREMENT_VERSION = 1
#: The same for the conversations with a multimodal LLM, the visual prompts and object referring.
DIALOGUE_VERSION = 1

ENVIRONMENT_PREFIX = "MOTIONSIGHT_"


#: Names of what must not be a setting: settings are written down with each run.
_SECRET = re.compile(
    r"(^|_)(secret|password|passwd|authorization|credentials?|api_?key|access_key"
    r"|(auth|access|session|bearer|api|hf)_token)(_|$)|^token$"
)


def _refuse_secret(setting: str, name: str) -> None:
    """Raises:
    UsageError: not a ValueError, whose sentence would repeat the value.
    """
    if _SECRET.search(name.lower().replace("-", "_")):
        raise UsageError(
            f"{setting} may not hold {name}: settings are stored with each run. Give it by the environment "
            "or by a credentials file."
        )


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClipSettings(Section):
    """How a video is split into clips."""

    window_s: float | None = Field(
        default=None,
        gt=0,
        description="Length of a clip in seconds; unset, a clip is the whole video. With scenes: the longest "
        "clip, longer scenes are cut into windows.",
    )
    scenes: bool = Field(default=False, description="Clips are the scenes (shots) of a video.")
    scene_threshold: float = Field(
        default=3.0,
        gt=1,
        le=255,
        description="How many times more a cut changes the picture than the frames around it do.",
    )
    min_scene_s: float = Field(default=0.6, ge=0, le=60, description="Shortest scene, seconds.")

    @property
    def several(self) -> bool:
        """Whether a video may become several clips; how many is known once it is opened."""
        return self.window_s is not None


class SamplingSettings(Section):
    """The sampled frames V_s (section 3.1)."""

    frames: int = Field(default=16, ge=1, le=1024, description="Sampled frames per clip, evenly in time.")
    fps: float | None = Field(
        default=None, gt=0, le=240, description="Sample at this rate instead of by count (frames per s)."
    )
    max_pixels: int = Field(
        default=151_200, ge=1024, description="Pixels of a frame as the MLLM sees it; never enlarged."
    )


class BlurSettings(Section):
    """Motion blur (section 3.3, eq. 5)."""

    window: int = Field(
        default=7, ge=1, le=64, description="N, raw frames in a window, the sampled one last."
    )
    decay: float = Field(default=0.65, gt=0, lt=1, description="Decay of the weights from frame to frame.")
    weights: Literal["geometric", "trail"] = Field(
        default="geometric",
        description="`geometric`: eq. 5. `trail`: the longer tail of the authors' recursive blend.",
    )


class ReferringSettings(Section):
    """Object referring (section 3.2, eq. 2): names to boxes to trajectories."""

    detector: str = Field(
        default="measured",
        description="Who finds the named objects: `measured` (moving regions, no weights), "
        "`transformers:MODEL_ID_OR_DIR`, `groundingdino:CHECKPOINT#CONFIG`.",
    )
    tracker: str = Field(
        default="measured",
        description="Who follows them: `measured`, `transformers:MODEL_ID_OR_DIR`, `sam2:CHECKPOINT#CONFIG`.",
    )
    max_pixels: int = Field(
        default=921_600, ge=1024, description="Pixels of a sampled frame as detector and tracker see it."
    )
    box_threshold: float = Field(default=0.25, ge=0, le=1, description="Least score of a detected box.")
    text_threshold: float = Field(default=0.25, ge=0, le=1, description="Least score of a word for a box.")
    mask_iou: float = Field(
        default=0.8, gt=0, le=1, description="IoU from which on two masks are the same object."
    )
    redetect_every: int = Field(
        default=4, ge=1, description="Sampled frames between two detections, for objects that enter."
    )
    max_objects: int = Field(default=8, ge=1, le=64, description="Objects followed in a clip, best first.")


#: Visual prompts, what is done to the frames of one aspect before the MLLM sees them.
PromptName = Literal["spotlight", "crop", "background_blur", "object_blur", "pose", "motion_blur", "none"]


class PromptSettings(Section):
    """Which visual prompt serves which aspect; Table 4 is a loop over these."""

    object: PromptName = Field(default="spotlight", description="Visual prompt for object motion.")
    camera: PromptName = Field(default="motion_blur", description="Visual prompt for camera motion.")
    background_sigma: float = Field(
        default=0.02, gt=0, le=0.5, description="Gaussian of `background_blur`, of the frame's larger side."
    )
    pose_model: str = Field(
        default="usyd-community/vitpose-base-simple",
        description="Keypoint model of `pose`: hub id or directory, for transformers.",
    )
    keypoint_threshold: float = Field(default=0.3, ge=0, le=1, description="Least score of a drawn keypoint.")


class MllmSettings(Section):
    """The multimodal LLM, where one writes the descriptions."""

    max_new_tokens: int = Field(default=512, ge=1, le=32_768, description="Longest reply, tokens.")
    temperature: float = Field(default=0.0, ge=0, le=2, description="0: greedy.")
    seed: int = Field(default=0, ge=0, description="Of the sampling, where the temperature is above 0.")
    frames_as: Literal["images", "video"] = Field(
        default="images",
        description="How `transformers:` models get frames: as images with their times before them, or as "
        "a video with timestamps. Endpoints always get images.",
    )
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field(
        default="auto", description="Of the weights; auto: bfloat16 on a GPU, float32 on a CPU."
    )
    extra_body: dict[str, Any] = Field(
        default_factory=dict, description="Further fields of an endpoint's request, as JSON."
    )

    @field_validator("extra_body", mode="before")
    @classmethod
    def _from_json(cls, value: Any) -> Any:
        # --set and the environment bring text.
        return json.loads(value) if isinstance(value, str) else value or {}

    @field_validator("extra_body")
    @classmethod
    def _without_secrets(cls, fields: dict[str, Any]) -> dict[str, Any]:
        for name in fields:
            _refuse_secret("mllm.extra_body", name)
        return fields


class FocusSettings(Section):
    """Action focusing (section 3.2, eq. 3): boxes merged over an adaptive window of time."""

    min_window_s: float = Field(default=0.2, ge=0, description="Window where objects run, seconds.")
    max_window_s: float = Field(default=1.5, ge=0, description="Window where objects stay, seconds.")
    fast_speed: float = Field(
        default=0.5,
        gt=0,
        description="Manhattan speed of a centre, frame sizes per second, from which on the window "
        "is the shortest.",
    )
    padding: float = Field(default=0.05, ge=0, le=0.5, description="Margin around the box, of frame size.")
    min_size: float = Field(default=0.2, ge=0, le=1, description="Smallest side of a region, of frame size.")


class SpotlightSettings(Section):
    """Visual spotlight (section 3.2)."""

    darken_factor: float = Field(
        default=0.9, ge=0, le=1, description="Share of the light taken away outside the focus region."
    )


class MeasureSettings(Section):
    """Motion measured from the pixels, with no weights."""

    width: int = Field(default=320, ge=64, le=1920, description="Width of the luma that is measured, pixels.")
    fps: float = Field(default=10.0, ge=2, le=60, description="Rate at which it is measured, frames per s.")
    pan: float = Field(default=0.018, gt=0, le=10, description="Least pan, frame widths per second.")
    tilt: float = Field(default=0.024, gt=0, le=10, description="Least tilt, frame heights per second.")
    zoom: float = Field(default=0.018, gt=0, le=10, description="Least zoom, natural-log scale per second.")
    roll: float = Field(default=1.2, gt=0, le=720, description="Least roll, degrees per second.")
    min_move_s: float = Field(default=0.3, ge=0, le=60, description="Shortest camera move, seconds.")
    region_threshold: float = Field(
        default=5.0, gt=0, le=255, description="Compensated luma difference of a moving pixel, of 255."
    )


class LimitSettings(Section):
    """What one decode may cost before it is given up."""

    wall_s: float = Field(default=300.0, gt=0, description="Wall-clock time of one clip, seconds.")
    memory_mb: int = Field(
        default=3072, ge=256, description="Memory that a decoding process may allocate, MiB."
    )
    max_frame_pixels: int = Field(
        default=8192 * 4320, ge=1024, description="Pixels of one decoded frame; above: TooLarge."
    )
    max_frames: int = Field(default=2_000_000, ge=1, description="Frames of one video; above: TooLarge.")
    sandbox: Literal["auto", "required", "off"] = Field(
        default="auto",
        description="Lock decoding processes in, by Landlock and seccomp: `auto` with what the kernel has, "
        "`required` or not at all, `off`.",
    )


class RuntimeSettings(Section):
    """How the work is spread out."""

    decode_processes: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, le=256, description="Decoders at once."
    )
    shard_size: int = Field(default=400, ge=1, description="Videos in a shard: one pipeline, one commit.")
    shard_retries: int = Field(default=2, ge=0, description="Further tries of a shard that failed.")
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
        default="auto", description="Attention of the MLLM; auto: what the model takes, SDPA mostly."
    )
    accelerator: str = Field(
        default="",
        description="Beam's resource hint for the workers that run models, such as "
        "`type:nvidia-l4;count:1;install-nvidia-driver`.",
    )
    batch_clips: int = Field(default=8, ge=1, le=1024, description="Clips described together, at most.")
    batch_frames: int = Field(
        default=256, ge=1, description="Frames in one call of the MLLM, at most (one clip at least)."
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
            _refuse_secret("runtime.beam", flag.lstrip("-").partition("=")[0])
        return flags

    def __setstate__(self, state: dict[Any, Any]) -> None:
        # What nobody chose is the machine's: a pipeline's workers are not where it was put together.
        super().__setstate__(state)
        if "decode_processes" not in self.model_fields_set:
            object.__setattr__(self, "decode_processes", os.cpu_count() or 1)


class StoreSettings(Section):
    """How objects are listed and read; the stores' own environment variables hold where these are unset."""

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
    range_reads_above_mb: float = Field(
        default=256.0,
        ge=0,
        description="Objects longer than this are read by ranges, not downloaded, MiB; so is what exceeds "
        "the cache.",
    )
    cache_dir: str | None = Field(
        default=None,
        description="Folder of the downloaded objects; unset: MOTIONSIGHT_CACHE, or one in the temporary "
        "folder.",
    )
    cache_mb: int | None = Field(
        default=None,
        ge=0,
        description="Most that the downloaded objects take, MiB; unset: MOTIONSIGHT_CACHE_MB, or 20,000.",
    )
    retries: int = Field(
        default=5,
        ge=0,
        le=20,
        description="Further tries of a request that the store failed to answer, with pauses that double "
        "up to 20 s.",
    )
    stall_s: float = Field(
        default=60.0,
        gt=0,
        description="A transfer that brings less than 64 KiB in this time is given up, seconds.",
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
                "The endpoint of a store holds no user or password; give them as the store's own "
                "environment variables."
            )
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an endpoint is an address such as http://minio:9000")
        return value.rstrip("/")


class EndpointSettings(Section):
    """How an OpenAI-compatible endpoint is asked."""

    concurrency: int = Field(default=16, ge=1, le=4096, description="Requests at once, per process.")
    timeout_s: float = Field(default=300.0, gt=0, description="Of one request, seconds.")
    retries: int = Field(
        default=30,
        ge=0,
        le=1000,
        description="Further tries after 429, 5xx or a broken connection; the pause doubles up to 8 s, so "
        "that 30 outlast a server that loads its model for three minutes.",
    )
    key_variable: str = Field(
        default="OPENAI_API_KEY", description="Environment variable that holds the key, if one is needed."
    )


class Settings(Section):
    """All settings of MotionSight; `Settings()` is the paper's configuration, measured annotator."""

    annotator: str = Field(
        default="measured",
        description="Who writes the descriptions: `measured`, `transformers:MODEL_ID_OR_DIR`, "
        "`openai:BASE_URL#MODEL`.",
    )
    clips: ClipSettings = ClipSettings()
    sampling: SamplingSettings = SamplingSettings()
    blur: BlurSettings = BlurSettings()
    referring: ReferringSettings = ReferringSettings()
    focus: FocusSettings = FocusSettings()
    prompts: PromptSettings = PromptSettings()
    mllm: MllmSettings = MllmSettings()
    endpoint: EndpointSettings = EndpointSettings()
    spotlight: SpotlightSettings = SpotlightSettings()
    measure: MeasureSettings = MeasureSettings()
    limits: LimitSettings = LimitSettings()
    stores: StoreSettings = StoreSettings()
    runtime: RuntimeSettings = Field(default_factory=lambda: RuntimeSettings())

    def recipe(self) -> str:
        """First 16 hex digits of sha256 over everything that can change a row."""
        # How videos are split is in it too: whole videos and windows are different answers, and
        # `latest_motion` must not mix them.
        rows = self.model_dump(mode="json", exclude={"limits", "runtime", "endpoint", "stores"})
        rows["measurement_version"] = MEASUREMENT_VERSION
        if not self.clips.scenes:  # they change no row, and older rows keep their recipe
            for name in ("scenes", "scene_threshold", "min_scene_s"):
                del rows["clips"][name]
        if self.annotator == "measured":
            for section in ("prompts", "mllm", "referring"):
                del rows[section]
        else:
            rows["dialogue_version"] = DIALOGUE_VERSION
        if self.annotator.startswith("openai:"):
            # Where an endpoint listens changes no row; which model it serves does.
            rows["annotator"] = "openai:#" + self.annotator.rpartition("#")[2]
        canonical = json.dumps(rows, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    @classmethod
    def load(
        cls,
        file: Path | str | None = None,
        overrides: Iterable[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Settings:
        """Settings from, each over the one before: defaults, TOML file, environment, overrides.

        Args:
            file: TOML with a table per section (`[sampling]`, `frames = 8`).
            overrides: `section.key=value` or `key=value`, as `--set` takes them.
            environment: variables such as `MOTIONSIGHT_SAMPLING__FRAMES=8`; `os.environ` if unset.

        Raises:
            UsageError: the file, a name or a value is not valid; one sentence each.
        """
        values: dict[str, Any] = {}
        if file is not None:
            _merge(values, _read_toml(Path(file)))
        for name, value in (os.environ if environment is None else environment).items():
            if name.startswith(ENVIRONMENT_PREFIX) and _is_setting(name):
                _put(values, name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"), value)
        for override in overrides:
            name, equals, value = override.partition("=")
            if not equals:
                raise UsageError(f"--set takes KEY=VALUE, for example sampling.frames=8; got {override!r}.")
            _put(values, name.strip().split("."), value)
        return cls.layered(values)

    @classmethod
    def layered(cls, *layers: Mapping[str, Any]) -> Settings:
        """Settings from nested values, each layer over the one before.

        Raises:
            UsageError: a name or a value is not valid.
        """
        values: dict[str, Any] = {}
        for layer in layers:
            _merge(values, deepcopy(dict(layer)))
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise UsageError(_sentence(error)) from None


def _is_setting(name: str) -> bool:
    """Whether an environment variable names a settings section or key, not another knob of ours."""
    head = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")[0]
    return head in Settings.model_fields


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"Cannot read the settings file {file}: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"The settings file {file} is not valid TOML: {error}.") from None


def _merge(into: dict[str, Any], new: Mapping[str, Any]) -> None:
    for key, value in new.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _put(values: dict[str, Any], path: list[str], value: str) -> None:
    *sections, key = path
    for section in sections:
        nested = values.setdefault(section, {})
        if not isinstance(nested, dict):
            raise UsageError(f"The setting {'.'.join(path)} does not exist: {section} has no keys.")
        values = nested
    # An empty value or "none" unsets: TOML and shells have no word for None.
    values[key] = None if value.lower() in ("", "none") else value


def _sentence(error: ValidationError) -> str:
    parts = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            parts.append(f"there is no setting {name}")
        else:
            parts.append(f"{name}: {problem['msg'].lower()}, got {problem['input']!r}")
    return f"Settings are not valid: {'; '.join(parts)}."
