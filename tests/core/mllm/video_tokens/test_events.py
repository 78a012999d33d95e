"""Where events begin, and which tokens are left (iMOVE, section 3.2)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from motionsight_core.mllm.video_tokens.events import event_starts, kept_cells, pooled_tokens, similarity
from motionsight_core.synthetic import frames, random_scene


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_similarity_is_the_cosine_of_each_frame_and_the_next() -> None:
    features = torch.tensor([[1.0, 0.0], [0.0, 2.0], [0.0, 3.0], [4.0, 4.0]]).view(4, 1, 1, 2)

    assert similarity(features).tolist() == pytest.approx([0.0, 1.0, 0.5**0.5])


def test_events_begin_where_the_similarity_changes_most() -> None:
    # Unit vectors at these angles: S is the cosine of 0, 60, 60, 60, 0, 0 degrees, so that d_1 and d_4 are .5
    # and the others 0.
    angles = torch.deg2rad(torch.tensor([0.0, 0.0, 60.0, 120.0, 180.0, 180.0, 180.0]))
    features = torch.stack([angles.cos(), angles.sin()], dim=1).view(7, 1, 1, 2)

    assert event_starts(features, count=3) == [0, 2, 5]


def test_a_single_event_begins_with_the_clip() -> None:
    assert event_starts(noise(5, 2, 2, 4), count=1) == [0]


@pytest.mark.parametrize("count", [2, 3, 4])
def test_there_are_as_many_events_as_asked_for(count: int) -> None:
    assert len(event_starts(noise(6, 2, 2, 4), count=count)) == count


@pytest.mark.parametrize("frames_there", [1, 2, 3, 8])
def test_from_as_many_events_as_frames_on_every_frame_is_one(frames_there: int) -> None:
    for count in (frames_there, frames_there + 1):
        assert event_starts(noise(frames_there, 1, 1, 4), count=count) == list(range(frames_there))


def test_every_cut_of_rendered_scenes_makes_an_event() -> None:
    rng = np.random.default_rng(1)
    for _ in range(8):
        scene = random_scene(rng, kind="cut", width=160, height=96, fps=8, duration_s=3.0)
        pixels = torch.tensor(np.stack(list(frames(scene))), dtype=torch.float32)
        # Mean colours of 8 x 8 cells stand for features.
        features = torch.nn.functional.adaptive_avg_pool2d(pixels.movedim(-1, 1), 8).movedim(1, -1)

        starts = event_starts(features - features.mean((0, 1, 2)), count=3)

        # A cut changes the similarity twice: from before to across, and from across to after.
        assert scene.shot_starts[1] in starts


def test_first_frames_stay_whole_and_others_become_means() -> None:
    features = torch.arange(2 * 3 * 3, dtype=torch.float32).view(2, 3, 3, 1)

    tokens = pooled_tokens(features, [0], stride=2)

    # 9 to 17 row by row; at the edges the means are of two cells, and of one.
    assert tokens.flatten().tolist() == [*range(9), 11.0, 12.5, 15.5, 17.0]


def test_a_stride_of_one_changes_nothing() -> None:
    features = noise(3, 2, 3, 4)

    assert torch.equal(pooled_tokens(features, [0], stride=1), features.flatten(0, 2))


@pytest.mark.parametrize(
    ("events", "stride", "tokens"), [(24, 2, 2688), (12, 2, 2112), (24, 4, 1824), (96, 2, 6144)]
)
def test_96_frames_of_64_tokens_become_as_many_as_computed(events: int, stride: int, tokens: int) -> None:
    """24 and 2 are the paper's settings, and 2,688 its figure (iMOVE, B.1)."""
    features = noise(96, 8, 8, 4)
    starts = event_starts(features, count=events)

    assert len(pooled_tokens(features, starts, stride=stride)) == tokens
    assert kept_cells((96, 8, 8), starts, stride=stride).sum() == tokens


def test_a_mean_stands_where_the_first_of_its_cells_stood() -> None:
    features = noise(4, 5, 3, 2)
    cells = torch.arange(60).view(4, 5, 3, 1).float()
    starts = [0, 2]

    kept = kept_cells((4, 5, 3), starts, stride=2)

    # Of each mean the least cell, by the same pooling: the first of a window has the least number.
    least = -torch.nn.functional.max_pool2d(-cells.movedim(-1, 1), 2, ceil_mode=True)
    expected = torch.cat([cells[0].flatten(), least[1].flatten(), cells[2].flatten(), least[3].flatten()])
    assert cells[kept].flatten().tolist() == expected.tolist()
    assert len(expected) == len(pooled_tokens(features, starts, stride=2))
