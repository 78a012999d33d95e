"""What is said of detectors and trackers that are not there, or are not what they should be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from motionsight_core.errors import ModelMissing, UsageError
from motionsight_core.models.source import HOW_TO_INSTALL_ORIGINAL
from motionsight_core.referring import _opening, check_detector, check_tracker, open_detector, open_tracker
from motionsight_core.settings import Settings

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


def detecting(text: str) -> Settings:
    return Settings.load(overrides=[f"referring.detector={text}", "runtime.device=cpu"], environment={})


def tracking(text: str) -> Settings:
    return Settings.load(overrides=[f"referring.tracker={text}", "runtime.device=cpu"], environment={})


def test_importing_the_package_imports_no_torch() -> None:
    code = "import sys, motionsight_core.referring; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("text", ["yolo", "sam2:x.pt", "transformers:", "groundingdino:", "measured:x"])
def test_what_is_no_detector_is_refused_with_what_is_allowed(text: str) -> None:
    for opens in (open_detector, check_detector):
        with pytest.raises(UsageError) as refused:
            opens(detecting(text))
        assert str(refused.value) == (
            "referring.detector is measured, transformers:MODEL_ID_OR_DIR or "
            f"groundingdino:CHECKPOINT#CONFIG; got {text!r}."
        )


@pytest.mark.parametrize("text", ["sort", "groundingdino:x.pth", "sam2:", "sam2"])
def test_what_is_no_tracker_is_refused_with_what_is_allowed(text: str) -> None:
    for opens in (open_tracker, check_tracker):
        with pytest.raises(UsageError) as refused:
            opens(tracking(text))
        assert str(refused.value) == (
            "referring.tracker is measured, transformers:MODEL_ID_OR_DIR or sam2:CHECKPOINT#CONFIG; "
            f"got {text!r}."
        )


def test_what_is_there_passes_the_check(detectors: dict[str, str], trackers: dict[str, str]) -> None:
    for text in detectors.values():
        check_detector(detecting(text))
    for text in trackers.values():
        check_tracker(tracking(text))


def test_a_missing_checkpoint_says_where_it_was_looked_for_and_how_to_fetch_one(tmp_path: Path) -> None:
    for opens in (open_detector, check_detector):
        with pytest.raises(ModelMissing) as missing:
            opens(detecting(f"groundingdino:{tmp_path}/swint.pth"))
        assert str(missing.value).startswith(f"The detector swint.pth is not in {tmp_path}. ")
        assert "curl -LO https://github.com/IDEA-Research/GroundingDINO/releases/" in str(missing.value)
    for opens in (open_tracker, check_tracker):
        with pytest.raises(ModelMissing, match=r"The tracker l\.pt is not in .*curl -LO https://dl\.fbaipub"):
            opens(tracking(f"sam2:{tmp_path}/l.pt"))


def test_a_missing_directory_is_said_to_be_none(tmp_path: Path) -> None:
    for opens in (open_tracker, check_tracker):
        with pytest.raises(ModelMissing, match=f"no such directory .{tmp_path}/none"):
            opens(tracking(f"transformers:{tmp_path}/none"))


def test_a_hub_model_that_is_not_here_says_the_command_that_fetches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelMissing) as missing:
        open_detector(detecting("transformers:someone/detector-of-nothing"))
    assert str(tmp_path) in str(missing.value)
    assert str(missing.value).endswith("hf download someone/detector-of-nothing")
    with pytest.raises(ModelMissing, match="hf download someone/tracker-of-nothing"):
        open_tracker(tracking("transformers:someone/tracker-of-nothing"))


def test_a_text_encoder_that_is_not_here_says_the_command_that_fetches_it(
    detectors: dict[str, str], tmp_path: Path
) -> None:
    checkpoint, _, config = detectors["groundingdino"].partition(":")[2].partition("#")
    elsewhere = tmp_path / "config.py"
    elsewhere.write_text(Path(config).read_text() + "text_encoder_type = 'bert-of-nobody'\n")
    with pytest.raises(ModelMissing, match=r"text encoder bert-of-nobody .*hf download bert-of-nobody"):
        open_detector(detecting(f"groundingdino:{checkpoint}#{elsewhere}"))


def test_a_config_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "any.pt").touch()
    with pytest.raises(UsageError, match=r"'SwinX' .*GroundingDINO_SwinB_cfg, GroundingDINO_SwinT_OGC"):
        check_detector(detecting(f"groundingdino:{tmp_path}/any.pt#SwinX"))
    with pytest.raises(UsageError, match=r"'x\.yaml' .*configs/sam2\.1/sam2\.1_hiera_l\.yaml"):
        check_tracker(tracking(f"sam2:{tmp_path}/any.pt#x.yaml"))
    check_detector(detecting(f"groundingdino:{tmp_path}/any.pt#GroundingDINO_SwinB_cfg"))
    check_tracker(tracking(f"sam2:{tmp_path}/any.pt#configs/sam2.1/sam2.1_hiera_t.yaml"))


def test_a_package_that_is_not_installed_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "any.pt").touch()
    found = _opening.find_spec

    def without_originals(name: str) -> object:
        return None if name in ("sam2", "groundingdino") else found(name)

    monkeypatch.setattr(_opening, "find_spec", without_originals)
    for missing in (
        lambda: open_tracker(tracking(f"sam2:{tmp_path}/any.pt")),
        lambda: open_detector(detecting(f"groundingdino:{tmp_path}/any.pt")),
    ):
        with pytest.raises(ModelMissing) as error:
            missing()
        assert str(error.value).endswith(HOW_TO_INSTALL_ORIGINAL)


def test_a_clone_that_hides_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = tmp_path / "sam2"
    (clone / "sam2").mkdir(parents=True)
    (clone / "__init__.py").touch()
    (tmp_path / "any.pt").touch()
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "sam2"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ModelMissing, match=f"The folder {clone} hides the package sam2: run from"):
        check_tracker(tracking(f"sam2:{tmp_path}/any.pt"))


def test_a_checkpoint_that_would_run_code_is_not_loaded(
    detectors: dict[str, str], trackers: dict[str, str], tmp_path: Path
) -> None:
    class Hostile:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "was-here",))

    checkpoint = tmp_path / "hostile.pt"
    torch.save({"model": Hostile()}, checkpoint)
    config = detectors["groundingdino"].partition("#")[2]
    with pytest.raises(ModelMissing, match="not a file of weights alone"):
        open_detector(detecting(f"groundingdino:{checkpoint}#{config}"))
    config = trackers["sam2"].partition("#")[2]
    with pytest.raises(ModelMissing, match="not a file of weights alone"):
        open_tracker(tracking(f"sam2:{checkpoint}#{config}"))
    assert not (tmp_path / "was-here").exists()


def test_a_config_is_read_and_not_run(
    detectors: dict[str, str], trackers: dict[str, str], tmp_path: Path
) -> None:
    checkpoint = detectors["groundingdino"].partition(":")[2].partition("#")[0]
    python = tmp_path / "hostile.py"
    python.write_text(f"modelname = open({str(tmp_path / 'was-here')!r}, 'w')\n")
    with pytest.raises(ModelMissing, match="computes modelname; only plain values are read"):
        open_detector(detecting(f"groundingdino:{checkpoint}#{python}"))
    checkpoint = trackers["sam2"].partition(":")[2].partition("#")[0]
    yaml = tmp_path / "hostile.yaml"
    yaml.write_text("model:\n  image_encoder:\n    _target_: os.mkdir\n    path: was-here\n")
    with pytest.raises(ModelMissing, match=r"asks for os\.mkdir; only classes of sam2 are built"):
        open_tracker(tracking(f"sam2:{checkpoint}#{yaml}"))
    assert not (tmp_path / "was-here").exists()


def test_weights_left_out_are_not_made_up(detectors: dict[str, str], tmp_path: Path) -> None:
    path, _, config = detectors["groundingdino"].partition(":")[2].partition("#")
    weights = torch.load(path, weights_only=True)["model"]
    del weights["module.feat_map.bias"]
    torch.save({"model": weights}, tmp_path / "part.pth")
    with pytest.raises(ModelMissing, match=r"1 of its weights are not in the files, feat_map\.bias among"):
        open_detector(detecting(f"groundingdino:{tmp_path}/part.pth#{config}"))


def test_a_model_of_another_kind_is_refused(detectors: dict[str, str], trackers: dict[str, str]) -> None:
    for opens in (open_detector, check_detector):
        with pytest.raises(
            ModelMissing, match=r"it is a sam2_video, not one of grounding-dino, .*omdet-turbo, owlv2, owlvit"
        ):
            opens(detecting(trackers["transformers"]))
    for opens in (open_tracker, check_tracker):
        with pytest.raises(ModelMissing, match="it is a grounding-dino, not one of sam2_video, sam3_tracker"):
            opens(tracking(detectors["transformers"]))
