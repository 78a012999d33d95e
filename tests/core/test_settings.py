from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from motionsight_core import environment
from motionsight_core.errors import UsageError
from motionsight_core.naming import model_file
from motionsight_core.settings import MEASUREMENT_VERSION, NAMING_VERSION, Settings
from motionsight_core.settings._names import setting_names


def test_the_defaults_are_the_papers_values() -> None:
    settings = Settings()
    assert (settings.blur.window, settings.blur.decay) == (7, 0.65)
    assert settings.spotlight.darken_factor == 0.9
    assert settings.sampling.frames == 16
    assert settings.annotator == "measured"


def test_the_recipe_is_the_hash_of_the_canonical_json_of_what_can_change_a_row() -> None:
    settings = Settings()
    rows = json.loads(settings.model_dump_json())
    for operation in ("limits", "runtime", "endpoint", "stores", "media", "dataset", "questions", "training"):
        del rows[operation]
    del rows["instances"]
    for of_an_mllm in ("prompts", "mllm", "referring"):
        del rows[of_an_mllm]
    for of_scenes in ("scenes", "scene_threshold", "min_scene_s"):
        del rows["clips"][of_scenes]
    for of_later in ("most_tracks", "least_confidence"):
        del rows["measure"][of_later]
    del rows["sampling"]["shown"]
    rows["measurement_version"] = MEASUREMENT_VERSION
    rows["naming"] = {"model": model_file.IDENTITY, "version": NAMING_VERSION}
    canonical = json.dumps(rows, sort_keys=True, separators=(",", ":"))
    assert settings.recipe() == hashlib.sha256(canonical.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    "override",
    [
        "sampling.frames=8",
        "measure.most_tracks=8",
        "measure.least_confidence=0",
        "blur.weights=trail",
        "spotlight.darken_factor=0.5",
        "measure.pan=0.02",
        "clips.window_s=10",
        "annotator=openai:http://localhost:1#m",
        "naming.model=none",
        "instances.captions=true",
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


def test_variables_that_are_no_settings_are_left_to_those_who_read_them() -> None:
    others = dict.fromkeys(environment.VARIABLES, "something")
    assert "MOTIONSIGHT_WAREHOUSE" in others
    assert Settings.load(environment=others) == Settings()


def test_what_kubernetes_tells_of_a_service_of_our_name_is_no_setting() -> None:
    told = (
        "MOTIONSIGHT_SERVICE_HOST",
        "MOTIONSIGHT_SERVICE_PORT",
        "MOTIONSIGHT_SERVICE_PORT_HTTP",
        "MOTIONSIGHT_PORT",
        "MOTIONSIGHT_PORT_8000_TCP",
        "MOTIONSIGHT_PORT_8000_TCP_ADDR",
        "MOTIONSIGHT_MINIO_SERVICE_HOST",
        "MOTIONSIGHT_MINIO_PORT_9000_TCP_PROTO",
    )
    assert Settings.load(environment=dict.fromkeys(told, "tcp://10.0.0.1:8000")) == Settings()


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("MOTIONSIGHT_SAMPLNG__FRAMES", "MOTIONSIGHT_SAMPLING__FRAMES"),
        ("MOTIONSIGHT_SAMPLING__FRAME", "MOTIONSIGHT_SAMPLING__FRAMES"),
        ("MOTIONSIGHT_SAMPLING_FRAMES", "MOTIONSIGHT_SAMPLING__FRAMES"),
        ("MOTIONSIGHT_FRAMES", "MOTIONSIGHT_SAMPLING__FRAMES"),
        ("MOTIONSIGHT_ANOTATOR", "MOTIONSIGHT_ANNOTATOR"),
        ("MOTIONSIGHT_WAREHOSE", "MOTIONSIGHT_WAREHOUSE"),
        ("MOTIONSIGHT_CACH", "MOTIONSIGHT_CACHE"),
        ("MOTIONSIGHT_XYZZY", None),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_name_that_was_meant(
    variable: str, meant: str | None
) -> None:
    with pytest.raises(UsageError) as refused:
        Settings.load(environment={variable: "8"})
    what = f"{variable} (did you mean {meant}?);" if meant else f"{variable};"
    assert str(refused.value) == f"MotionSight knows no environment variable {what} correct it or unset it."


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        ("sampling.frame", "sampling.frames"),
        ("frames", "sampling.frames"),
        ("limit.wall_s", "limits"),
        ("sampling.padding", "focus.padding"),
    ],
)
def test_a_misspelt_setting_is_refused_with_the_name_that_was_meant(override: str, meant: str) -> None:
    with pytest.raises(UsageError, match=rf"there is no setting .* \(did you mean {meant}\?\)"):
        Settings.load(overrides=[f"{override}=8"], environment={})


def test_nothing_is_meant_where_no_name_is_like_it() -> None:
    for name in ("clips.length", "xyzzy", "stores.q"):
        with pytest.raises(UsageError, match=rf"there is no setting {name}\.$"):
            Settings.load(overrides=[f"{name}=8"], environment={})


def test_a_variable_may_name_a_key_within_a_setting() -> None:
    chosen = Settings.load(environment={"MOTIONSIGHT_MLLM__EXTRA_BODY__TOP_K": "5"})
    assert chosen.mllm.extra_body == {"top_k": "5"}


@pytest.mark.parametrize(
    ("environment", "overrides"),
    [
        ({}, ["mllm.extra_body={}", "mllm.extra_body.top_k=5"]),
        ({"MOTIONSIGHT_MLLM__EXTRA_BODY": "{}"}, ["mllm.extra_body.top_k=5"]),
        ({"MOTIONSIGHT_MLLM__EXTRA_BODY": "{}", "MOTIONSIGHT_MLLM__EXTRA_BODY__TOP_K": "5"}, []),
    ],
)
def test_a_key_within_a_setting_that_is_given_as_text_is_refused_and_not_lost(
    environment: dict[str, str], overrides: list[str]
) -> None:
    with pytest.raises(UsageError, match=r"mllm\.extra_body\.top_k does not exist: extra_body has no keys"):
        Settings.load(overrides=overrides, environment=environment)


def test_every_variable_of_the_deployments_is_known() -> None:
    deploy = Path(__file__).parents[2] / "deploy"
    files = [path for path in deploy.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    named = {name for path in files for name in re.findall(r"MOTIONSIGHT_[A-Z0-9_]+", path.read_text())}
    settings = {environment.variable_of(name) for name in setting_names(Settings)}
    assert len(named) > 5
    assert named <= environment.VARIABLES | settings


def numbers(model: type[BaseModel] = Settings, above: str = "") -> Iterator[str]:
    """The names of all settings that are numbers."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from numbers(field.annotation, f"{above}{name}.")
        elif {int, float} & {field.annotation, *get_args(field.annotation)}:
            yield above + name


@pytest.mark.parametrize("name", numbers())
def test_numbers_are_finite_and_not_negative(name: str, tmp_path: Path) -> None:
    section, _, key = name.partition(".")
    file = tmp_path / "settings.toml"
    for value in ("inf", "-inf", "nan", "-1", "-0.5", "1e400"):
        with pytest.raises(UsageError, match=name.replace(".", r"\.")):
            Settings.load(overrides=[f"{name}={value}"], environment={})
        file.write_text(f"[{section}]\n{key} = {value}\n")
        with pytest.raises(UsageError):
            Settings.load(file, environment={})


@pytest.mark.parametrize(
    "override",
    [
        "limits.wall_s=1e9",
        "limits.memory_mb=99999999999999",
        "limits.max_frame_pixels=99999999999",
        "stores.stall_s=1e9",
        "endpoint.timeout_s=1e9",
        'mllm.extra_body={"top_p": NaN}',
    ],
)
def test_numbers_that_the_machine_cannot_count_with_are_refused(override: str) -> None:
    with pytest.raises(UsageError, match=override.partition("=")[0]):
        Settings.load(overrides=[override], environment={})


def test_a_settings_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(b"\xef\xbb\xbf" + b"[sampling]\r\nframes = 8\r\n")
    assert Settings.load(file, environment={}).sampling.frames == 8


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


def test_how_objects_are_captioned_is_part_of_the_recipe_only_where_they_are() -> None:
    def recipe(*overrides: str) -> str:
        return Settings.load(overrides=["naming.model=none", *overrides], environment={}).recipe()

    model = "annotator=openai:http://x/v1#m"
    assert recipe() == recipe("instances.most=3", "instances.clip=some/clip") == "d0b2cf78fab851ca"
    assert recipe(model) == recipe(model, "instances.area_ratio=2") == "89073fb20eb36d50", "rows keep theirs"
    captions = [
        recipe("instances.captions=true", *knobs)
        for knobs in ((), ("instances.most=3",), ("instances.clip=some/clip",), (model,))
    ]
    assert len({recipe(), recipe(model), *captions}) == 6
    assert recipe("instances.captions=true", "instances.clip_similarity=0.9") == captions[0], "no CLIP"


def test_how_scenes_are_found_is_part_of_the_recipe_only_where_clips_are_scenes() -> None:
    def recipe(*overrides: str) -> str:
        return Settings.load(overrides=["naming.model=none", *overrides], environment={}).recipe()

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


@pytest.mark.parametrize("source", ["override", "variable"])
def test_the_prompt_none_can_be_chosen_everywhere(source: str) -> None:
    overrides = ["prompts.camera=none"] if source == "override" else []
    environment = {"MOTIONSIGHT_PROMPTS__CAMERA": "none"} if source == "variable" else {}
    assert Settings.load(overrides=overrides, environment=environment).prompts.camera == "none"
