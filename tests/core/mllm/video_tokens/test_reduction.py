"""Models in this process with fewer video tokens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from motionsight_core.clip import FrameSequence
from motionsight_core.errors import UsageError
from motionsight_core.mllm import Conversation, Message, open_mllm
from motionsight_core.mllm._transformers import TransformersModel
from motionsight_core.settings import Settings
from tests.core.mllm.conversations import about, frames, good, texts

FAMILIES = ["qwen2_5_vl", "qwen3_vl", "internvl"]
OpenModel = Callable[..., TransformersModel]


@pytest.fixture(scope="module")
def grids(
    checkpoint: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """The directory of a family's checkpoint, whose square pictures have several tokens."""
    from tests.checkpoints.mllm import tiny_internvl

    internvl = tiny_internvl(tmp_path_factory.mktemp("internvl"), tokens_across=3)
    return lambda family: internvl if family == "internvl" else checkpoint(family)


@pytest.fixture
def opened(grids: Callable[[str], Path]) -> OpenModel:
    """Opens a family's model with settings of the section `mllm`."""

    def model(family: str, **mllm: object) -> Any:
        sections = {"mllm": {"max_new_tokens": 6} | mllm, "runtime": {"device": "cpu"}}
        return open_mllm(Settings.model_validate({"annotator": f"transformers:{grids(family)}"} | sections))

    return model


def square(count: int, *, seed: int = 0) -> FrameSequence:
    """Noise of 56x56: 2 x 2 tokens of Qwen's, 3 x 3 of this InternVL's."""
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 56, 56, 3), dtype=np.uint8)
    return FrameSequence(pixels, 0.5 * np.arange(count, dtype=np.float64))


def still(count: int, *, cut: int) -> FrameSequence:
    """One picture, and from frame `cut` on another one."""
    before, after = square(1, seed=1).pixels, square(1, seed=2).pixels
    pixels = np.concatenate([before.repeat(cut, 0), after.repeat(count - cut, 0)])
    return FrameSequence(pixels, 0.5 * np.arange(count, dtype=np.float64))


def unlike() -> list[Conversation]:
    """Clips of unlike length, one with two sequences of unlike size, and a single frame."""
    return [
        about("Describe the motion of every object.", shown=square(6)),
        about("Why?", shown=square(3, seed=1)),
        (Message("user", (frames(2, seed=3), "And ", square(4, seed=4), "now?")),),
        about("Is it a dog?", shown=square(1, seed=2)),
    ]


def inputs_of(model: TransformersModel, *conversations: Conversation) -> dict[str, Any]:
    """What `generate` is given."""
    with torch.inference_mode():
        return model._inputs(model._prepare(conversations), conversations)


def logits_of(model: TransformersModel, *conversations: Conversation) -> torch.Tensor:
    """[steps, conversations, vocabulary] of a reply of four tokens."""
    with torch.inference_mode():
        output = model._model.generate(
            **inputs_of(model, *conversations),
            max_new_tokens=4,
            output_logits=True,
            return_dict_in_generate=True,
        )
    return torch.stack(output.logits)


def pictures_in(model: TransformersModel, inputs: dict[str, Any]) -> list[int]:
    """Tokens of frames in each conversation."""
    config = model._model.config
    kinds = [getattr(config, name, None) for name in ("image_token_id", "video_token_id")]
    known = torch.tensor([kind for kind in kinds if kind is not None])
    return torch.isin(inputs["input_ids"], known).sum(dim=1).tolist()


@pytest.mark.parametrize("frames_as", ["images", "video"])
@pytest.mark.parametrize("family", FAMILIES)
def test_where_every_frame_is_an_event_nothing_changes_to_the_last_logit(
    opened: OpenModel, family: str, frames_as: str
) -> None:
    plain = opened(family, frames_as=frames_as)
    whole = opened(family, frames_as=frames_as, video_tokens="events", events=6)
    asked = [about("Why?", shown=square(4)), about("What moves towards it?", shown=square(4, seed=1))]

    assert torch.equal(logits_of(whole, *asked), logits_of(plain, *asked))


# InternVL's processor takes videos of one length a conversation, with events as without.
@pytest.mark.parametrize(
    ("family", "frames_as"),
    [*((family, "images") for family in FAMILIES), ("qwen2_5_vl", "video"), ("qwen3_vl", "video")],
)
def test_clips_of_unlike_length_in_a_batch_get_the_replies_of_single_calls(
    opened: OpenModel, family: str, frames_as: str
) -> None:
    model = opened(family, frames_as=frames_as, video_tokens="events", events=2)

    together = good(model.reply(unlike()))

    alone = [reply for one in unlike() for reply in good(model.reply([one]))]
    assert [reply.text for reply in together] == [reply.text for reply in alone]
    assert [reply.prompt_tokens for reply in together] == [reply.prompt_tokens for reply in alone]


@pytest.mark.parametrize("video_tokens", ["all", "events"])
def test_one_call_takes_videos_of_unlike_length_where_the_processor_does_not(
    opened: OpenModel, video_tokens: str
) -> None:
    model = opened("internvl", frames_as="video", video_tokens=video_tokens, events=2)
    asked = [about("Why?", shown=square(count, seed=count)) for count in (6, 3, 5)]

    together = logits_of(model, *asked)

    # Sums of a padded batch come in another order.
    alone = torch.cat([logits_of(model, one) for one in asked], dim=1)
    assert torch.allclose(together, alone, atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_one_call_takes_clips_of_unlike_length(opened: OpenModel, family: str) -> None:
    inputs = inputs_of(model := opened(family, video_tokens="events", events=2), *unlike())

    # Two whole frames of each sequence, one mean of each other frame of 2 x 2 tokens and four of 3 x 3.
    whole, mean = (9, 4) if family == "internvl" else (4, 1)
    small = 9 if family == "internvl" else 2  # of the frames of 64x36
    sizes = [2 * whole + 4 * mean, 2 * whole + mean, 2 * small + 2 * whole + 2 * mean, whole]
    assert pictures_in(model, inputs) == sizes


@pytest.mark.parametrize(
    ("family", "frames_as", "tokens"),
    [
        # Twelve frames: three whole ones and nine means of 2 x 2 tokens, or four of 3 x 3.
        ("qwen2_5_vl", "images", 3 * 4 + 9),
        ("qwen3_vl", "images", 3 * 4 + 9),
        ("internvl", "images", 3 * 9 + 9 * 4),
        # Qwen merges two frames of a video into one step in time.
        ("qwen2_5_vl", "video", 3 * 4 + 3),
        ("qwen3_vl", "video", 3 * 4 + 3),
        ("internvl", "video", 3 * 9 + 9 * 4),
    ],
)
def test_as_many_tokens_are_left_as_computed(
    opened: OpenModel, family: str, frames_as: str, tokens: int
) -> None:
    model = opened(family, frames_as=frames_as, video_tokens="events", events=3)

    assert pictures_in(model, inputs_of(model, about("Why?", shown=square(12)))) == [tokens]


@pytest.mark.parametrize("frames_as", ["images", "video"])
@pytest.mark.parametrize("family", ["qwen2_5_vl", "qwen3_vl"])
def test_tokens_that_are_left_keep_the_positions_of_the_full_sequence(
    opened: OpenModel, family: str, frames_as: str
) -> None:
    plain = opened(family, frames_as=frames_as)
    model = opened(family, frames_as=frames_as, video_tokens="events", events=3)
    # The longer one is not padded, the shorter one is; in both the cut is at the fifth step in time.
    step = 2 if frames_as == "video" else 1
    asked = [
        about("Why does it move?", shown=still(8 * step, cut=5 * step)),
        about("Why?", shown=still(7 * step, cut=5 * step)),
    ]
    full = inputs_of(plain, *asked)
    given = {name: full[name] for name in full if name.endswith(("_thw", "_ts", "type_ids"))}
    expected, _ = model._model.model.get_rope_index(
        full["input_ids"], attention_mask=full["attention_mask"], **given
    )

    fewer = inputs_of(model, *asked)

    for row, steps in enumerate((8, 7)):
        ids, shown = full["input_ids"][row], full["attention_mask"][row].bool()
        pictures = (ids == model._model.config.image_token_id) | (ids == model._model.config.video_token_id)
        # Of 2 x 2 tokens the first, but all where the clip begins, at the cut, and one step later.
        left = [time in (0, 5, 6) or token == 0 for time in range(steps) for token in range(4)]
        shown[pictures] = torch.tensor(left)
        mask = fewer["attention_mask"][row].bool()
        assert fewer["input_ids"][row, mask].tolist() == ids[shown].tolist()
        assert fewer["position_ids"][1:, row, mask].tolist() == expected[:, row, shown].tolist()
        assert fewer["position_ids"][0, row, mask].tolist() == list(range(int(shown.sum())))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_sees_the_means_of_what_is_pooled(opened: OpenModel, family: str) -> None:
    model = opened(family, video_tokens="events", events=1)
    asked = about("Why?", shown=square(2))
    full = inputs_of(opened(family), asked)
    with torch.inference_mode():
        pixels = {name: full[name] for name in ("pixel_values", "image_grid_thw") if name in full}
        features = model._model.model.get_image_features(**pixels, return_dict=True)

    found = inputs_of(model, asked)["mm_encoder_outputs"]["image"]

    side = 3 if family == "internvl" else 2
    layers = [(features.pooler_output, found.pooler_output)]
    if family == "qwen3_vl":
        layers += zip(features.deepstack_features, found.deepstack_features, strict=True)
    for before, after in layers:
        first_mean = list(before)[1].view(side, side, -1)[:2, :2].mean((0, 1))
        tokens = after if isinstance(after, torch.Tensor) else torch.cat(list(after))
        # A sum of four in another order.
        assert torch.allclose(tokens[side * side], first_mean, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_scores_are_read_of_fewer_tokens_as_well(opened: OpenModel, family: str) -> None:
    model = opened(family, video_tokens="events", events=2)

    together = model.yes_probability(unlike())

    # Sums of a padded batch come in another order.
    assert together == pytest.approx([p for one in unlike() for p in model.yes_probability([one])], rel=1e-3)


def test_conversations_without_frames_are_as_they_were(opened: OpenModel) -> None:
    asked = [about("No frames."), about("None at all, and longer.")]

    assert texts(opened("qwen2_5_vl", video_tokens="events").reply(asked)) == texts(
        opened("qwen2_5_vl").reply(asked)
    )


def test_a_family_that_is_not_supported_says_so_when_it_is_opened(opened: OpenModel) -> None:
    with pytest.raises(
        UsageError, match=r"works with Qwen2\.5-VL, Qwen3-VL, InternVL, and the model .+ none"
    ):
        opened("llava", video_tokens="events")


def test_an_endpoint_says_where_events_work() -> None:
    settings = Settings.load(
        overrides=["annotator=openai:http://localhost:1/v1#m", "mllm.video_tokens=events"], environment={}
    )

    with pytest.raises(
        UsageError, match=r"works with models in this process \(transformers:MODEL_ID_OR_DIR\)"
    ):
        open_mllm(settings)


def test_events_are_part_of_the_recipe_and_all_tokens_are_not() -> None:
    def recipe(**mllm: object) -> str:
        return Settings.model_validate({"annotator": "transformers:m", "mllm": mllm}).recipe()

    assert recipe() == recipe(events=9, event_stride=3)
    events = [recipe(video_tokens="events", **others) for others in ({}, {"events": 9}, {"event_stride": 3})]
    assert len({recipe(), *events}) == 4
