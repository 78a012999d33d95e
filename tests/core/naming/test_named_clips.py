"""Clips from their files to rows with names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core import Clip, MotionSight, Settings, clips_of, decode
from motionsight_core.clip import DecodedClip
from motionsight_core.errors import DecoderCrashed, ModelMissing, UsageError
from motionsight_core.guarded.pool import check_decoded
from motionsight_core.models.loaded import Models
from motionsight_core.naming import model_file
from motionsight_core.naming.nanodet import packaged_detector
from motionsight_core.record import MOVING_REGION, MotionRecord
from motionsight_core.referring import Detection, View
from motionsight_core.settings import NAMING_VERSION
from motionsight_core.synthetic import catalog, render
from motionsight_core.video.packing import pack, unpack
from tests.videos import moving_texture, write_video

FRAMES, RATE = 60, 20


def settings(*overrides: str) -> Settings:
    return Settings.load(overrides=overrides, environment={})


@pytest.fixture(scope="module")
def walker(portrait: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """A person's picture that slides from the left to the right over a still background."""
    (background,) = moving_texture(1, width=640, height=360, seed=3)
    background = np.asarray(cv2.GaussianBlur(background, (0, 0), 2.0) // 2 + 64, np.uint8)
    person = cv2.resize(portrait, (200, 240), interpolation=cv2.INTER_AREA)
    frames = []
    for number in range(FRAMES):
        frame = background.copy()
        left = 20 + round(400 * number / (FRAMES - 1))
        frame[110:350, left : left + 200] = person
        frames.append(frame)
    path = write_video(tmp_path_factory.mktemp("walker") / "walker.mp4", frames, rate=RATE)
    return clips_of(str(path), settings())[0]


def described(clip: Clip | DecodedClip, *overrides: str, models: Models | None = None) -> MotionRecord:
    (row,) = MotionSight(settings(*overrides), models=models).describe([clip])
    assert isinstance(row, MotionRecord), row
    return row


def test_a_person_who_moves_is_a_person_in_every_place_where_a_row_says_it(walker: Clip) -> None:
    row = described(walker)
    assert [track.label for track in row.object_tracks] == ["person"]
    assert row.object_names == ("person",)
    assert row.object_motion.startswith("A person ")
    (name,) = row.track_names
    assert (name.track_id, name.name) == (row.object_tracks[0].track_id, "person")
    assert 0.2 <= name.score <= 1 and name.frames >= 3
    assert row.notes == ()


def test_without_names_tracks_are_moving_regions_under_the_recipe_of_before(
    walker: Clip,
) -> None:
    named, row = described(walker), described(walker, "naming.model=none")
    assert row.recipe == settings("naming.model=none").recipe() == "d0b2cf78fab851ca"
    assert [track.label for track in row.object_tracks] == [MOVING_REGION]
    assert row.object_motion == named.object_motion.replace("person", "region").replace("tall", "wide") or (
        row.object_motion.startswith("A region ")
    )
    assert (row.object_names, row.track_names) == ((), ())
    whole, moving = named.object_tracks[0], row.object_tracks[0]
    # The person's box is the detector's, the region's is what moves of the person; what was recognised is
    # more likely there.
    assert replace(whole, label=MOVING_REGION, boxes=moving.boxes, score=moving.score) == moving
    assert whole.score >= moving.score > 0.9
    assert [box.t_s for box in whole.boxes] == [box.t_s for box in moving.boxes]
    assert named.camera_moves == row.camera_moves


def test_other_weights_are_another_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    before = settings().recipe()
    monkeypatch.setattr(model_file, "IDENTITY", "nanodet_g-0000000000000000")
    assert settings().recipe() != before
    assert settings("naming.model=none").recipe() == "d0b2cf78fab851ca"
    assert NAMING_VERSION == 2, "raise it where code changes what names say"


def test_a_window_and_a_scene_are_named_as_well_and_alone_as_in_one_pass(walker: Clip) -> None:
    scenes = settings("clips.scenes=true")
    row = described(clips_of(walker.uri, scenes)[0], "clips.scenes=true")
    assert row.object_names == ("person",)
    half = described(Clip(walker.uri, walker.version, 0.0, 1.5))
    assert half.object_names == ("person",)


def test_names_and_detections_survive_the_way_to_a_machine_with_a_gpu(walker: Clip) -> None:
    decoded = decode(walker, settings(), products=["motion"])
    assert decoded.motion is not None and decoded.motion.names
    assert len(decoded.motion.detections) >= 3
    assert any(found.label == "person" for found in decoded.motion.detections[0].detections)
    again = unpack(pack(decoded)).motion
    assert again is not None
    assert (again.names, again.detections) == (decoded.motion.names, decoded.motion.detections)


def test_a_decoding_process_cannot_call_a_track_what_it_likes(walker: Clip) -> None:
    decoded = decode(walker, settings(), products=["motion"])
    assert decoded.motion is not None
    track = replace(decoded.motion.tracks[0], label="<script>")
    with pytest.raises(DecoderCrashed, match="named a track"):
        check_decoded(replace(decoded, motion=replace(decoded.motion, tracks=(track,))))
    name = replace(decoded.motion.names[0], name="<script>")
    with pytest.raises(DecoderCrashed, match="named a track"):
        check_decoded(replace(decoded, motion=replace(decoded.motion, names=(name,))))


@pytest.fixture
def damaged_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The detector's file of this process is cut short."""
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(model_file.PATH.read_bytes()[:1000])
    monkeypatch.setattr(model_file, "PATH", cut)
    monkeypatch.setattr(model_file, "_kept", None)
    packaged_detector.cache_clear()
    yield
    packaged_detector.cache_clear()


def test_with_a_damaged_file_rows_go_on_without_names_and_say_so(walker: Clip, damaged_file: None) -> None:
    row = described(decode(walker, settings(), products=["motion"]))
    assert [track.label for track in row.object_tracks] == [MOVING_REGION]
    assert row.object_motion.startswith("A region ")
    assert row.notes == ("names_left_out",)


def test_a_balloon_that_was_drawn_gets_no_name(tmp_path: Path) -> None:
    scene = next(scene for scene in catalog(count=12, seed=0) if scene.name == "pan_right_with_balloon")
    render(scene, tmp_path / "scene.mp4")
    row = described(clips_of(str(tmp_path / "scene.mp4"), settings())[0])
    assert row.object_tracks
    assert row.object_names == ()


# A detector that is loaded for it ------------------------------------------------------------------------


class Finds:
    """Finds one name in the left half of every frame; keeps what it was asked for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: list[View] = []

    def detect(self, views: Sequence[View]) -> list[list[Detection]]:
        self.asked += views
        found = []
        for view in views:
            assert view.clip.motion is not None and view.clip.sampled is not None
            t_s = view.clip.sampled.times_s[view.frame]
            boxes = view.clip.motion.tracks[0].boxes
            near = min(boxes, key=lambda box: abs(box.t_s - t_s))
            found.append([Detection(self.name, 0.7, (near.x0, near.y0, near.x1, near.y1))])
        return found


def by_detector(detector: Finds, *overrides: str) -> Models:
    models = Models(settings(*overrides))
    models._namer = detector
    return models


LOADED = "naming.model=transformers:owner/detector"


def test_a_loaded_detector_names_tracks_by_its_own_vocabulary(walker: Clip) -> None:
    asked = "naming.names=surfboard, admiral"
    detector = Finds("admiral")
    row = described(walker, LOADED, asked, models=by_detector(detector, LOADED, asked))
    assert row.object_names == ("admiral",)
    assert row.object_motion.startswith("An admiral ")
    assert {view.names for view in detector.asked} == {("surfboard", "admiral")}
    assert len(detector.asked) <= 10


def test_without_names_of_ones_own_it_looks_for_those_of_coco(walker: Clip) -> None:
    detector = Finds("person")
    assert described(walker, LOADED, models=by_detector(detector, LOADED)).object_names == ("person",)
    assert len(detector.asked[0].names) == 80
    assert described(walker, LOADED, models=by_detector(Finds("surfboard"), LOADED)).object_names == ()


def test_what_it_is_and_what_it_looks_for_are_part_of_the_recipe() -> None:
    recipes = [
        settings(*overrides).recipe()
        for overrides in (
            (),
            ("naming.model=none",),
            (LOADED,),
            ("naming.model=transformers:owner/other",),
            (LOADED, "naming.names=dog"),
            (LOADED, "referring.box_threshold=0.4"),
        )
    ]
    assert len(set(recipes)) == len(recipes)
    assert settings("referring.box_threshold=0.4").recipe() == settings().recipe()


def test_a_tiny_checkpoint_is_loaded_and_runs(walker: Clip, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from tests.checkpoints.open_vocabulary import transformers_owl

    model = transformers_owl(tmp_path / "owl", version=2)
    sight = MotionSight(settings(f"naming.model={model}", "naming.names=dog, cat", "runtime.device=cpu"))
    sight.require_models()
    (row,) = sight.describe([walker])
    assert isinstance(row, MotionRecord), row
    assert {track.label for track in row.object_tracks} <= {"dog", "cat", MOVING_REGION}


def test_a_detector_that_is_not_there_is_a_sentence_before_any_clip() -> None:
    with pytest.raises(ModelMissing, match="nowhere"):
        MotionSight(settings("naming.model=transformers:./nowhere")).require_models()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("naming.model=crystal ball", "naming.model is packaged, none, transformers:"),
        ("naming.model=measured", "naming.model is packaged, none, transformers:"),
        ("naming.names=dog", "naming.names are looked for by a detector that is loaded"),
    ],
)
def test_what_names_nothing_is_a_usage_error(override: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        MotionSight(settings(override))
