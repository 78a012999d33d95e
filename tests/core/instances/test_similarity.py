"""Pictures compared with names by a CLIP of transformers, tiny and random."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from motionsight_core import MotionSight, Settings
from motionsight_core.models.loaded import Models
from tests.core.instances.objects import SETTINGS, three_objects, understanding
from tests.core.method import ScriptedModel


@pytest.fixture(scope="module")
def clip_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.checkpoints.clip import tiny_clip

    return tiny_clip(tmp_path_factory.mktemp("clip"))


def with_clip(clip_model: Path, least: float) -> Settings:
    return SETTINGS.overridden([f"instances.clip={clip_model}", f"instances.clip_similarity={least}"])


def test_the_similarity_is_the_mean_cosine_of_pictures_and_name(clip_model: Path) -> None:
    import torch
    from transformers import AutoProcessor, CLIPModel

    pictures = np.random.default_rng(0).integers(0, 256, (3, 40, 60, 3), np.uint8)
    found = Models(with_clip(clip_model, 0)).similarity.of(pictures, "dog")
    model, processor = CLIPModel.from_pretrained(clip_model), AutoProcessor.from_pretrained(clip_model)
    inputs = processor(images=list(pictures), text=["a photo of a dog"], return_tensors="pt")
    with torch.no_grad():
        outputs = model(**inputs)
    cosines = torch.nn.functional.cosine_similarity(outputs.image_embeds, outputs.text_embeds)
    assert found == pytest.approx(float(cosines.mean()), abs=1e-5)


def captioned(settings: Settings, models: type[Models] = Models) -> tuple[set[int], int]:
    mllm = ScriptedModel(understanding())
    sight = MotionSight(settings, models=models(settings, mllm=mllm))
    (described,) = sight.describe_with_instances([three_objects()])
    return {one.track_id for one in described.instances}, len(mllm.asked)


def test_what_does_not_look_like_its_name_gets_no_caption(
    clip_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No cosine of random weights is 1. Three questions are the clip's, one asks for a name.
    assert captioned(with_clip(clip_model, 1.0)) == (set(), 4)
    likely = {"dog": 0.3, "car": 0.19, "ball": 0.2}
    monkeypatch.setattr(
        "motionsight_core.instances.similarity.Similarity.of", lambda self, pictures, name: likely[name]
    )
    assert captioned(with_clip(clip_model, 0.2)) == ({1, 3}, 4 + 6)


def test_a_name_longer_than_the_text_encoder_takes_is_cut(clip_model: Path) -> None:
    pictures = np.zeros((1, 40, 60, 3), np.uint8)
    assert -1 <= Models(with_clip(clip_model, 0)).similarity.of(pictures, "dog " * 100) <= 1


def test_models_are_loaded_ahead_and_shared_by_settings_that_name_the_same(clip_model: Path) -> None:
    from motionsight_core.models.loaded import compares_instances, models_key

    settings = with_clip(clip_model, 0.1)
    assert compares_instances(settings)
    assert not compares_instances(SETTINGS)
    assert not compares_instances(settings.overridden(["annotator=measured"])), "it asks no model"
    assert models_key(settings) == models_key(with_clip(clip_model, 0.9))
    assert models_key(settings) != models_key(SETTINGS)
