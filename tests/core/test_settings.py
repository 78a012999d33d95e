from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from motionsight_core.errors import UsageError
from motionsight_core.settings import MEASUREMENT_VERSION, Settings


def test_the_defaults_are_the_papers_values() -> None:
    settings = Settings()
    assert (settings.blur.window, settings.blur.decay) == (7, 0.65)
    assert settings.spotlight.darken_factor == 0.9
    assert settings.sampling.frames == 16
    assert settings.annotator == "measured"


def test_the_recipe_is_the_hash_of_the_canonical_json_of_what_can_change_a_row() -> None:
    settings = Settings()
    rows = json.loads(settings.model_dump_json())
    for operation in ("limits", "runtime", "endpoint", "stores"):
        del rows[operation]
    for of_an_mllm in ("prompts", "mllm", "referring"):
        del rows[of_an_mllm]
    for of_scenes in ("scenes", "scene_threshold", "min_scene_s"):
        del rows["clips"][of_scenes]
    rows["measurement_version"] = MEASUREMENT_VERSION
    canonical = json.dumps(rows, sort_keys=True, separators=(",", ":"))
    assert settings.recipe() == hashlib.sha256(canonical.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    "override",
    [
        "sampling.frames=8",
        "blur.weights=trail",
        "spotlight.darken_factor=0.5",
        "measure.pan=0.02",
        "clips.window_s=10",
        "annotator=openai:http://localhost:1#m",
    ],
)
def test_a_setting_that_can_change_a_row_changes_the_recipe(override: str) -> None:
    assert Settings.load(overrides=[override], environment={}).recipe() != Settings().recipe()


@pytest.mark.parametrize(
    "override",
    [
        "runtime.decode_processes=7",
        "runtime.shard_size=3",
        "limits.wall_s=5",
        "limits.memory_mb=512",
        "stores.all_files=true",
    ],
)
def test_a_knob_of_operation_does_not_change_the_recipe(override: str) -> None:
    assert Settings.load(overrides=[override], environment={}).recipe() == Settings().recipe()


def test_each_source_of_settings_overrides_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('annotator = "measured"\n[sampling]\nframes = 8\nmax_pixels = 2048\n[blur]\nwindow = 5\n')
    settings = Settings.load(
        file,
        overrides=["blur.window=3"],
        environment={"MOTIONSIGHT_SAMPLING__FRAMES": "4", "MOTIONSIGHT_BLUR__WINDOW": "4", "PATH": "/bin"},
    )
    assert settings.sampling.max_pixels == 2048  # file over default
    assert settings.sampling.frames == 4  # environment over file
    assert settings.blur.window == 3  # --set over environment


def test_other_variables_with_our_prefix_are_not_taken_for_settings() -> None:
    assert Settings.load(environment={"MOTIONSIGHT_WAREHOUSE": "duckdb:x"}) == Settings()


def test_none_unsets_an_optional_setting(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[sampling]\nfps = 2.0\n")
    assert Settings.load(file, environment={}).sampling.fps == 2.0
    assert Settings.load(file, overrides=["sampling.fps=none"], environment={}).sampling.fps is None


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["sampling.frame=8"], ["no setting", "sampling.frame"]),
        (["blur.decay=2"], ["blur.decay", "less than 1", "'2'"]),
        (["frames"], ["KEY=VALUE", "'frames'"]),
        (["annotator=measured", "annotator.x=1"], ["annotator.x", "no keys"]),
    ],
)
def test_what_is_not_valid_is_named_in_one_sentence(overrides: list[str], words: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        Settings.load(overrides=overrides, environment={})
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


def test_a_missing_or_broken_settings_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Cannot read"):
        Settings.load(tmp_path / "absent.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[sampling\n")
    with pytest.raises(UsageError, match="not valid TOML"):
        Settings.load(broken)


def test_how_scenes_are_found_is_part_of_the_recipe_only_where_clips_are_scenes() -> None:
    def recipe(*overrides: str) -> str:
        return Settings.load(overrides=overrides, environment={}).recipe()

    assert recipe() == recipe("clips.min_scene_s=2") == "d0b2cf78fab851ca", "rows of earlier versions keep it"
    scenes = [recipe("clips.scenes=true", *knobs) for knobs in ((), ("clips.min_scene_s=2",))]
    assert len({recipe(), *scenes}) == 3


@pytest.mark.parametrize(
    "override",
    [
        'mllm.extra_body={"api_key": "sk-1234"}',
        'mllm.extra_body={"Authorization": "sk-1234"}',
        "runtime.beam=--s3_secret_access_key=sk-1234",
        "runtime.beam=--s3-session-token=sk-1234",
        'runtime.beam=["--runner=X", "--s3_access_key_id=sk-1234"]',
    ],
)
def test_a_setting_that_would_be_stored_with_each_run_holds_no_secret_and_repeats_none(override: str) -> None:
    with pytest.raises(UsageError, match="settings are stored with each run") as refused:
        Settings.load(overrides=[override], environment={})
    assert "sk-1234" not in str(refused.value)


def test_tokens_that_are_counted_are_no_secret() -> None:
    chosen = Settings.load(
        overrides=['mllm.extra_body={"min_tokens": 4, "stop_token_ids": [2]}'], environment={}
    )
    assert chosen.mllm.extra_body == {"min_tokens": 4, "stop_token_ids": [2]}
