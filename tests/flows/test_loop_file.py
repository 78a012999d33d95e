"""The file of a turn of the loop: what it is about, and settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.runs.loop import read_loop
from motionsight_core.errors import UsageError
from motionsight_core.settings import Settings
from tests.documented import ROOT

SHORT = 'annotator = "measured"\n[loop]\nmodel = "base"\nout = "turn-1"\n[training]\nepochs = 2\nbeta = 0.2\n'


def test_the_sample_names_a_turn_with_all_of_its_steps() -> None:
    loop, settings = read_loop(ROOT / "deploy" / "loop.toml", ())

    assert loop.model == "Qwen/Qwen2.5-VL-7B-Instruct"
    assert loop.stages == ("sft", "dpo")
    assert loop.scorer is not None
    assert loop.benchmark is not None
    (source,) = settings.dataset.sources
    assert str(loop.source).startswith(source.prefix.rstrip("/"))
    assert settings.training.lora


def test_what_is_set_on_the_command_line_is_over_the_environment_and_this_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "loop.toml"
    file.write_text(SHORT)
    monkeypatch.setenv("MOTIONSIGHT_TRAINING__BETA", "0.3")
    monkeypatch.setenv("MOTIONSIGHT_TRAINING__BATCH", "64")

    _, settings = read_loop(file, ["training.batch=32"])

    training = settings.training
    assert (training.epochs, training.beta, training.batch) == (2, 0.3, 32)
    assert training.fps == Settings().training.fps


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('annotator = "measured"\n', r"has no table \[loop\]"),
        (
            SHORT.replace("out =", "put ="),
            r"The table \[loop\] of .* is not valid: .*there is no setting put",
        ),
        (SHORT.replace("epochs", "epoch"), r"there is no setting training\.epoch"),
        (SHORT.replace('"turn-1"', '"turn-1"\nstages = ["rl"]'), r"stages\.0: .* got 'rl'"),
        ("[loop", "is not valid TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "loop.toml"
    file.write_text(text)

    with pytest.raises(UsageError, match=said):
        read_loop(file, ())


def test_a_turn_s_folder_holds_its_data_set_and_its_models(tmp_path: Path) -> None:
    file = tmp_path / "loop.toml"
    file.write_text(SHORT.replace("turn-1", str(tmp_path / "turn-1")))

    loop, _ = read_loop(file, ())

    assert (loop.data, loop.trained("dpo")) == (tmp_path / "turn-1" / "data", tmp_path / "turn-1" / "dpo")
