"""README.md of a trained model: of what it was made, on what, with which settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from motionsight_core.dataset.markdown import cell, one_line, plural
from motionsight_core.models.source import ModelSource
from motionsight_core.settings import Settings, TrainingSettings
from motionsight_core.training.examples import Examples
from motionsight_core.training.outcome import Trained

if TYPE_CHECKING:  # which asks with what is told here
    from motionsight_core.training.samples import Samples

_STAGES = {
    "sft": "Supervised fine-tuning on questions about motion and their answers",
    "dpo": "Direct preference optimisation (DPO) on pairs of descriptions between which people chose",
}


def card(
    examples: Examples,
    source: ModelSource,
    settings: Settings,
    done: Trained,
    samples: Samples | None,
) -> str:
    """The model card in Markdown, with the head that Hugging Face reads."""
    head = {
        "library_name": "transformers",
        "pipeline_tag": "video-text-to-text",
        "base_model": source.location,
    }
    training = settings.training
    revision = f" at revision {source.revision}" if source.revision else ""
    trained = _adapters(examples, training) if training.lora else _parts(examples)
    files = "\n".join(f"- `{name}`: sha256 `{digest}`" for name, digest in sorted(examples.digests.items()))
    shown = ", ".join(f"{loss:.4g} at step {step}" for step, loss in (done.losses[:1] + done.losses[-1:]))
    parts = [
        "\n".join(["---", *(f"{key}: {json.dumps(value)}" for key, value in head.items()), "---"]),
        "# Video LLM, trained on motion",
        f"{_STAGES[examples.stage]}. Trained: {trained}. The base is `{source.location}`{revision}; its "
        "licence and those of the clips hold for this model.",
        "## Data",
        f"`{examples.folder.resolve()}`: {len(examples):,} rows of the split train.\n\n{files}",
        "## Training",
        f"{done.steps:,} steps; loss {shown or 'not logged'}. {_validated(examples, done)} Made with "
        f"{_versions()}.",
        "```json\n" + json.dumps(_settings(settings), indent=2) + "\n```",
        *(answers(samples) if samples else ()),
        "## Use",
        "```sh\nmotionsight annotate clips "
        + " ".join(f"--set {one}" for one in asked_with(done.out.resolve(), training))
        + "\n```",
    ]
    return "\n\n".join(parts) + "\n"


def answers(samples: Samples, *, plain: Callable[[str], str] = cell) -> list[str]:
    """Answers before and after as paragraphs of Markdown: a table would be too wide to be read.

    Args:
        samples: of a run.
        plain: makes text safe.
    """
    learned = ", whose answers it has learned" if samples.split == "train" else ""
    paragraphs = ["## Answers before and after", f"To questions of the split {samples.split}{learned}."]
    for one in samples.samples:
        said = {"reference": one.reference, "before": one.before, "after": one.after or ""}
        listed = "\n".join(f"- {name}: {plain(text)}" for name, text in said.items())
        paragraphs.append(f"`{one_line(one.media)}`: {plain(one.question)}\n\n{listed}")
    return paragraphs


def asked_with(out: Path | str, training: TrainingSettings) -> list[str]:
    """The settings, as `--set` takes them, under which a trained model sees what it saw in training."""
    asked = [f"annotator=transformers:{out}", f"mllm.frames_as={training.frames_as}"]
    if training.relative_times:
        asked.append("mllm.relative_times=true")
    if training.video_tokens != "all":
        names = ("video_tokens", "events", "event_stride")
        asked += [f"mllm.{name}={getattr(training, name)}" for name in names]
    return asked


def _validated(examples: Examples, done: Trained) -> str:
    if not done.validations:
        return "Not validated."
    last = done.validations[-1]
    of_pairs = "" if last.accuracy is None else f", {last.accuracy:.1%} of the pairs told apart as people do"
    rows = f"{plural(examples.validation.num_rows, 'row')} of the split validation"
    return f"On {rows}: loss {last.loss:.4g} at step {last.step:,}{of_pairs}."


def _adapters(examples: Examples, training: TrainingSettings) -> str:
    merger = " and the merger" if training.lora_merger and examples.stage == "sft" else ""
    return f"adapters of the LLM (LoRA), merged into it{merger}"


def _versions() -> str:
    return ", ".join(
        f"{name} {version(name)}" for name in ("motionsight", "torch", "transformers", "trl", "peft")
    )


def _parts(examples: Examples) -> str:
    return "vision tower, merger and LLM" if examples.stage == "sft" else "the LLM alone"


def _settings(settings: Settings) -> dict[str, object]:
    return {
        "training": settings.training.model_dump(mode="json"),
        "sampling": {"max_pixels": settings.sampling.max_pixels},
    }
