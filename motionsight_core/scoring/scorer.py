"""A scorer: which model judges descriptions, on which frames, and what its scores are called."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias, cast, get_args

from motionsight_core.annotator import Annotator
from motionsight_core.clip import DecodedClip, FrameSequence
from motionsight_core.errors import AnnotatorFailed, ClipError, ModelUnavailable, RunError, UsageError
from motionsight_core.mllm import ScoringModel, require_endpoint, require_mllm
from motionsight_core.models.loaded import shared_models
from motionsight_core.record import ScoreRecord
from motionsight_core.scoring.descriptions import ClipToScore, Unscored
from motionsight_core.scoring.vqascore import vqa_scores
from motionsight_core.settings import MllmSettings, Settings

#: Raise it when `dialogue.questions.shows` says something else, so that old scores keep their name.
WORDING_VERSION = 1

#: What is asked about the frames. `description`: whether they show what the description says. `authors`: the
#: authors' released code, which never reads the description: it asks six frames about the words "object
#: motion" and "camera motion".
Variant: TypeAlias = Literal["description", "authors"]
_AUTHORS_FRAMES = 6


@dataclass(frozen=True, slots=True)
class Scorer:
    """Plain values: it travels to workers, where `score` loads the model once per process."""

    settings: Settings
    """The annotator is the model that judges; `sampling` says which frames it sees."""
    variant: Variant

    @classmethod
    def of(cls, model: str, settings: Settings, variant: Variant = "description") -> Scorer:
        """The scorer that a model makes.

        Args:
            model: `transformers:MODEL_ID_OR_DIR` or `openai:BASE_URL#MODEL`.
            settings: `sampling`, `mllm`, `endpoint`, `stores`, `limits` and `runtime` are used.
            variant: what is asked.

        Raises:
            UsageError: there is no such model or variant.
        """
        if variant not in get_args(Variant):
            raise UsageError(f"There is no variant {variant!r} of the score; give description or authors.")
        if Annotator.parse(model).is_measured:
            raise UsageError(
                "The annotator `measured` cannot score: name a multimodal LLM as the scorer, "
                "transformers:MODEL_ID_OR_DIR or openai:BASE_URL#MODEL."
            )
        sampling = settings.sampling
        if variant == "authors":
            sampling = sampling.model_copy(update={"frames": _AUTHORS_FRAMES, "fps": None})
        scoring = settings.model_copy(
            update={
                "annotator": model,
                "sampling": sampling,
                # Nothing looks for objects: frames are decoded at the size that the model sees.
                "referring": settings.referring.model_copy(update={"max_pixels": sampling.max_pixels}),
            }
        )
        require_mllm(scoring)
        return cls(scoring, variant)

    @property
    def name(self) -> str:
        """What the column `scorer` says: everything that can change a score.

        For example `vqascore-1 openai:Qwen/Qwen2.5-VL-7B-Instruct, 16 frames of 151200 pixels`, with the
        first 8 hex digits of a SHA-256 behind it where further settings of the model are not at their
        defaults. It has no quotation mark and no backslash, so that it can stand in any SQL.
        """
        sampling = self.settings.sampling
        asked = "vqascore" if self.variant == "description" else "vqascore-authors"
        model = Annotator.parse(self.settings.annotator).in_recipe.replace(":#", ":", 1)
        frames = f"{sampling.frames} frames" if sampling.fps is None else f"{sampling.fps:g} frames/s"
        name = f"{asked}-{WORDING_VERSION} {model}, {frames} of {sampling.max_pixels} pixels"
        return re.sub(r"['\"`\\\x00-\x1f]", "_", name) + self._further()

    def require_model(self) -> None:
        """Make sure, without loading weights, that the model is there or the endpoint answers.

        Raises:
            ModelMissing: it is not on this machine.
            RunError: the endpoint does not answer.
        """
        require_mllm(self.settings)
        if Annotator.parse(self.settings.annotator).endpoint is not None:
            require_endpoint(self.settings)

    def model(self) -> ScoringModel:
        """The model of this process, loaded when it is first asked for.

        Raises:
            UsageError: its probabilities cannot be read.
            ModelMissing: it is not on this machine.
        """
        model = shared_models(self.settings).mllm
        if not hasattr(model, "yes_probability"):
            raise UsageError(
                f"The model {self.settings.annotator} gives no probabilities, so it cannot score; name a "
                "transformers: or openai: model."
            )
        return cast("ScoringModel", model)

    def score(
        self, batch: Sequence[tuple[ClipToScore, DecodedClip]], model: ScoringModel, *, run_id: str
    ) -> list[list[ScoreRecord | Unscored]]:
        """What became of each clip's descriptions, in order.

        Args:
            batch: clips with their sampled frames.
            model: as `model()` gives it.
            run_id: of the rows.

        Raises:
            RunError: the model cannot be reached, or cannot score at all: that is no clip's fault.
        """
        frames: list[FrameSequence] = []
        texts: list[str] = []
        for clip, decoded in batch:
            for description in clip.descriptions:
                if decoded.sampled is None:
                    raise ValueError("the clip was decoded without sampled frames")
                frames.append(decoded.sampled)
                texts.append(
                    description.text if self.variant == "description" else f"{description.aspect} motion"
                )
        found = iter(vqa_scores(model, frames, texts))
        return [self._outcomes(clip, found, run_id) for clip, _ in batch]

    def _outcomes(self, clip: ClipToScore, found: Any, run_id: str) -> list[ScoreRecord | Unscored]:
        outcomes: list[ScoreRecord | Unscored] = []
        for description, score in zip(clip.descriptions, found, strict=False):
            if isinstance(score, ModelUnavailable):
                raise RunError(str(score))
            if isinstance(score, ClipError):
                outcomes.append(Unscored.of(score, clip, description))
            elif not 0 <= score <= 1:
                error = AnnotatorFailed(f"The model gave {score} for a probability; try mllm.dtype=float32.")
                outcomes.append(Unscored.of(error, clip, description))
            else:
                outcomes.append(
                    ScoreRecord(
                        clip_id=clip.clip_id,
                        recipe=description.recipe,
                        uri=clip.clip.uri,
                        scorer=self.name,
                        aspect=description.aspect,
                        score=score,
                        run_id=run_id,
                        scored_at=datetime.now(UTC),
                    )
                )
        return outcomes

    def _further(self) -> str:
        """A digest of the model's settings that are not in the name, where they are not at their defaults."""
        changed = {"frames_as", "dtype", "extra_body"}
        ours = self.settings.mllm.model_dump(mode="json", include=changed)
        defaults = MllmSettings().model_dump(mode="json", include=changed)
        # These came later: scorers without them keep their names.
        if self.settings.mllm.video_tokens != "all":
            ours |= self.settings.mllm.model_dump(
                mode="json", include={"video_tokens", "events", "event_stride"}
            )
        remote = Annotator.parse(self.settings.annotator).is_remote
        if remote and self.settings.endpoint.frames_as != "images":
            ours["endpoint"] = {"frames_as": self.settings.endpoint.frames_as}
        if ours == defaults:
            return ""
        return f" +{hashlib.sha256(json.dumps(ours, sort_keys=True).encode()).hexdigest()[:8]}"
