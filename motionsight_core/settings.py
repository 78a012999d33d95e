"""Every knob, as pydantic models whose defaults are the paper's values (arXiv 2506.01674).

`Settings` has two kinds of sections. Those that can change a row (sampling, blur, measure ...)
enter the `recipe`, which is half of a row's key. Those of operation (limits, runtime) do not:
a run on more workers writes the same rows.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from motionsight_core.errors import UsageError

#: Raise it when the code of the measurement or of its wording changes what a row says, so that
#: old rows keep their recipe and a rerun adds new ones.
MEASUREMENT_VERSION = 1

ENVIRONMENT_PREFIX = "MOTIONSIGHT_"


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClipSettings(Section):
    """How a video is split into clips."""

    window_s: float | None = Field(
        default=None, gt=0, description="Length of a clip in seconds; unset, a clip is the whole video."
    )


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
    """Object referring (section 3.2, eq. 2)."""

    max_pixels: int = Field(
        default=921_600, ge=1024, description="Pixels of a sampled frame as detector and tracker see it."
    )


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


class RuntimeSettings(Section):
    """How the work is spread out."""

    decode_processes: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, le=256, description="Decoders at once."
    )
    shard_size: int = Field(default=200, ge=1, description="Videos in a shard: one pipeline, one commit.")
    shard_retries: int = Field(default=2, ge=0, description="Further tries of a shard that failed.")


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
    spotlight: SpotlightSettings = SpotlightSettings()
    measure: MeasureSettings = MeasureSettings()
    limits: LimitSettings = LimitSettings()
    runtime: RuntimeSettings = Field(default_factory=lambda: RuntimeSettings())

    def recipe(self) -> str:
        """First 16 hex digits of sha256 over everything that can change a row."""
        # How videos are split is in it too: whole videos and windows are different answers, and
        # `latest_motion` must not mix them.
        rows = self.model_dump(mode="json", exclude={"limits", "runtime"})
        rows["measurement_version"] = MEASUREMENT_VERSION
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
