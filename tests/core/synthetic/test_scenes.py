"""The scenes' truth, checked against their pixels by means that know nothing of how they were made."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from av.error import FFmpegError
from av.video.frame import PictureType
from av.video.reformatter import Colorspace
from numpy.typing import NDArray

from motionsight_core.camera_motion import CameraLabel
from motionsight_core.synthetic import (
    KINDS,
    Encoding,
    Move,
    Scene,
    SceneTruth,
    Sprite,
    Waypoint,
    catalog,
    frames,
    load_truth,
    random_scene,
    render,
    render_catalog,
    scene_truth,
)
from motionsight_core.synthetic.scene import Shape, Space

Gray = NDArray[np.uint8]

FIELDS = Scene("fields", 320, 180, duration_s=0.5, theme="fields", seed=3)
"""A scene with texture all over, so that its motion can be measured everywhere."""


def decoded(path: Path) -> list[Gray]:
    """Luma of every frame."""
    with av.open(path) as container:
        return [np.asarray(frame.to_ndarray(format="gray"), np.uint8) for frame in container.decode(video=0)]


def pictures(scene: Scene) -> list[NDArray[np.uint8]]:
    """Every frame before encoding, [H, W, 3]."""
    return list(frames(scene))


def gray(picture: NDArray[np.uint8]) -> Gray:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def content_motion(before: Gray, after: Gray) -> tuple[complex, complex]:
    """How the content moved: factor (scale and turn) and shift in pixels about the frame's centre."""
    corners = np.asarray(cv2.goodFeaturesToTrack(before, 400, 0.01, 5), np.float32)
    moved, found, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, np.empty_like(corners))
    tracked = found[:, 0] == 1
    centre = np.array((before.shape[1], before.shape[0])) / 2 - 0.5
    start, end = corners[tracked, 0] - centre, moved[tracked, 0] - centre
    matrix, _ = cv2.estimateAffinePartial2D(start, end, ransacReprojThreshold=0.5)
    assert matrix is not None
    return complex(matrix[0, 0], matrix[1, 0]), complex(matrix[0, 2], matrix[1, 2])


def object_boxes(scene: Scene) -> list[tuple[int, int, int, int] | None]:
    """For each frame, x0, y0, x1, y1 in pixels around what is more than half opaque.

    That is where two flat backgrounds of different colours make less than half of their difference.
    """
    one, other = (replace(scene, theme=theme, contrast=0.0) for theme in ("fields", "hills"))
    empty_one, empty_other = (next(frames(replace(flat, sprites=()))).astype(int) for flat in (one, other))
    difference = np.abs(empty_one - empty_other).sum(axis=2)
    assert difference.min() > 60
    boxes = []
    for before, behind in zip(frames(one), frames(other), strict=True):
        opaque = np.abs(before.astype(int) - behind).sum(axis=2) < 0.5 * difference
        rows, columns = np.nonzero(opaque)
        found = len(rows) > 0
        boxes.append((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) if found else None)
    return boxes


# What the content does in 0.2 s: factor, then shift in frame widths and frame heights.
@pytest.mark.parametrize(
    ("label", "rate", "factor", "shift"),
    [
        ("pan_right", 0.3, 1, (-0.06, 0)),
        ("pan_left", 0.3, 1, (0.06, 0)),
        ("tilt_up", 0.4, 1, (0, 0.08)),
        ("tilt_down", 0.4, 1, (0, -0.08)),
        ("zoom_in", 0.4, math.exp(0.08), (0, 0)),
        ("zoom_out", 0.4, math.exp(-0.08), (0, 0)),
        # Rows count downwards, so a negative angle is counter-clockwise on the screen.
        ("roll_cw", 20.0, np.exp(-1j * math.radians(4)), (0, 0)),
        ("roll_ccw", 20.0, np.exp(1j * math.radians(4)), (0, 0)),
    ],
)
def test_content_of_a_decoded_file_moves_against_the_camera(
    tmp_path: Path, label: CameraLabel, rate: float, factor: complex, shift: tuple[float, float]
) -> None:
    scene = replace(FIELDS, moves=(Move(0.0, 0.5, label, rate),))
    truth = render(scene, tmp_path / "move.mp4")
    video = decoded(tmp_path / "move.mp4")

    measured_factor, measured_shift = content_motion(video[3], video[9])

    # Corners tracked over a change of size are about 0.2 px off; 0.002 is 0.3 px at the frame's edge.
    assert abs(measured_factor - factor) < 0.002
    assert abs(measured_shift - complex(shift[0] * 320, shift[1] * 180)) < 0.3
    assert truth.moves == scene.moves
    assert truth.steadiness == "smooth"


def test_overlapping_moves_act_in_the_displayed_picture() -> None:
    moves = (
        Move(0.0, 0.5, "zoom_in", 0.6),
        Move(0.0, 0.5, "pan_right", 0.2),
        Move(0.0, 0.5, "roll_cw", 30.0),
    )
    video = pictures(replace(FIELDS, moves=moves))

    # Late in the scene, when zoom and roll have changed what a pixel of the world is worth.
    factor, shift = content_motion(gray(video[11]), gray(video[14]))

    assert math.log(abs(factor)) == pytest.approx(0.06, abs=0.003)
    assert math.degrees(np.angle(factor)) == pytest.approx(-3.0, abs=0.1)
    assert shift.real == pytest.approx(-0.02 * 320 * math.exp(0.03), abs=0.2)


def test_an_eased_move_covers_its_mean_rate_and_rests_outside_its_span() -> None:
    move = Move(0.2, 0.8, "pan_right", 0.1, ease_s=0.2)
    video = [gray(picture) for picture in pictures(replace(FIELDS, duration_s=1.0, moves=(move,)))]

    assert np.array_equal(video[0], video[6])
    assert np.array_equal(video[24], video[29])
    start, middle = (content_motion(video[at], video[at + 2])[1].real for at in (6, 14))
    assert content_motion(video[0], video[29])[1].real == pytest.approx(-0.1 * 0.6 * 320, abs=0.1)
    assert abs(start) < 0.3 * abs(middle)
    assert middle == pytest.approx(-0.1 * 0.6 / 0.4 * 320 * 2 / 30, abs=0.1)


def test_a_near_layer_goes_faster_than_the_background_under_truck_but_not_under_pan() -> None:
    scene = replace(FIELDS, parallax=2.5, seed=1)
    ways: tuple[tuple[CameraLabel, float], ...] = (("truck_right", 2.5), ("pan_right", 1.0))
    for label, times in ways:
        video = [gray(picture) for picture in pictures(replace(scene, moves=(Move(0.0, 0.5, label, 0.1),)))]
        # The bushes fill the lowest rows.
        _, near = content_motion(video[3][150:], video[6][150:])
        _, far = content_motion(video[3][:90], video[6][:90])
        assert far.real == pytest.approx(-0.01 * 320, abs=0.15)
        assert near.real == pytest.approx(-0.01 * times * 320, abs=0.15)


def test_without_moves_and_noise_nothing_changes(tmp_path: Path) -> None:
    video = pictures(FIELDS)
    truth = render(FIELDS, tmp_path / "static.mp4")

    assert all(np.array_equal(video[0], picture) for picture in video)
    assert truth.moves == (Move(0.0, 0.5, "static", 0.0),)
    assert truth.steadiness == "static"


def test_noise_has_the_strength_asked_for_and_differs_from_frame_to_frame() -> None:
    clean = pictures(replace(FIELDS, contrast=0.3))[0].astype(np.float64)
    noisy = [picture - clean for picture in pictures(replace(FIELDS, contrast=0.3, noise=3.0))[:2]]

    assert noisy[0].std() == pytest.approx(3.0, rel=0.05)
    assert abs(np.corrcoef(noisy[0].ravel(), noisy[1].ravel())[0, 1]) < 0.05


@pytest.mark.parametrize(("shake", "steadiness"), [(0.02, "unsteady"), (0.15, "shaky")])
def test_shake_has_the_speed_asked_for(tmp_path: Path, shake: float, steadiness: str) -> None:
    scene = replace(FIELDS, shake=shake, duration_s=1.0)
    video = [gray(picture) for picture in pictures(scene)]

    shifts = [content_motion(before, after)[1] for before, after in itertools.pairwise(video)]
    speed = np.sqrt(np.mean(np.abs(shifts) ** 2)) * 30 / 320

    # Between frames a 6 Hz wave loses up to 6 % of its speed.
    assert speed == pytest.approx(shake, rel=0.1)
    assert render(scene, tmp_path / "shake.mp4").steadiness == steadiness


_SPIN = (Move(0.0, 0.5, "zoom_out", 0.5), Move(0.0, 0.5, "roll_cw", 30.0))


@pytest.mark.in_gate("balloon-moves1-world", "car-moves4-frame")
@pytest.mark.parametrize(
    ("shape", "moves", "space"),
    [
        ("ball", (), "world"),
        ("balloon", (), "world"),
        ("bus", (), "world"),
        ("car", (Move(0.0, 0.5, "pan_left", 0.3),), "world"),
        ("car", (Move(0.0, 0.5, "pan_left", 0.3),), "frame"),
        ("crate", _SPIN, "world"),
        ("crate", _SPIN, "frame"),
    ],
)
def test_boxes_fit_around_the_pixels_of_the_object(
    shape: Shape, moves: tuple[Move, ...], space: Space
) -> None:
    path = (Waypoint(0.0, 0.3, 0.4), Waypoint(0.5, 0.7, 0.6))
    sprite = Sprite(shape, path, size=0.3, space=space, seed=1)
    scene = replace(FIELDS, fps=10.0, moves=moves, sprites=(sprite,))  # as many frames as the truth has boxes

    (track,) = scene_truth(scene, "object.mp4").objects

    assert [box.t_s for box in track.boxes] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    videos = object_boxes(scene)
    for box in track.boxes:
        # 1.5 px: the edges are half transparent.
        assert videos[round(box.t_s * 10)] == pytest.approx(
            (box.x0 * 320, box.y0 * 180, box.x1 * 320, box.y1 * 180), abs=1.5
        )


def test_boxes_are_clipped_to_the_frame_and_absent_while_the_object_is_outside() -> None:
    path = (Waypoint(0.0, -0.5, 0.5), Waypoint(2.0, 1.5, 0.5))
    scene = replace(FIELDS, duration_s=2.0, sprites=(Sprite("car", path, size=0.2),))

    (track,) = scene_truth(scene, "crossing.mp4").objects

    boxes = {round(box.t_s * 30): box for box in track.boxes}
    seen = object_boxes(scene)
    assert set(boxes) == {index for index in range(0, 60, 3) if seen[index] is not None}
    assert 5 < len(boxes) < 20
    assert all(0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1 for box in track.boxes)
    assert boxes[15].x0 == 0
    assert boxes[45].x1 == 1


def test_an_object_that_slows_down_covers_less_and_less(tmp_path: Path) -> None:
    path = (Waypoint(0.0, 0.2, 0.5), Waypoint(1.0, 0.8, 0.5))
    sprite = Sprite("bus", path, size=0.1, easing="ease_out")
    (track,) = render(replace(FIELDS, duration_s=1.0, sprites=(sprite,)), tmp_path / "bus.mp4").objects

    steps = np.diff([box.x0 for box in track.boxes])

    assert np.all(np.diff(steps) < 0)
    assert np.all(steps > 0)


def test_the_picture_changes_at_cut_s_and_only_there(tmp_path: Path) -> None:
    scene = replace(FIELDS, cut_s=0.31, moves=(Move(0.0, 0.5, "pan_right", 0.1),))

    truth = render(scene, tmp_path / "cut.mp4")
    video = [frame.astype(np.float64) for frame in decoded(tmp_path / "cut.mp4")]

    changes = [np.abs(after - before).mean() for before, after in itertools.pairwise(video)]
    first_after = int(np.argmax(changes)) + 1
    # Frame 10 at 0.333 s is the first at or after 0.31 s.
    assert first_after == 10
    assert truth.cuts == (10 / 30,)
    assert changes[9] > 4 * max(changes[:9] + changes[10:])


def test_the_second_shot_starts_from_the_first_pose_again() -> None:
    stone = Sprite("crate", (Waypoint(0.0, 0.5, 0.5),), size=0.2)
    moves = (Move(0.0, 0.3, "pan_right", 0.8), Move(0.0, 0.3, "zoom_in", 0.8))
    scene = replace(FIELDS, cut_s=0.3, moves=moves, sprites=(stone,))

    (track,) = scene_truth(scene, "cut.mp4").objects

    middles = [(box.x0 + box.x1) / 2 for box in track.boxes]
    assert middles[2] < 0.4
    assert middles[3:] == pytest.approx([0.5, 0.5], abs=0.005)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    def rendered(name: str, seed: int) -> dict[str, bytes]:
        render_catalog(tmp_path / name, count=3, seed=seed, width=96, height=54, duration_s=0.3)
        return {path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())}

    first = rendered("first", 0)
    other = rendered("other", 1)

    assert rendered("again", 0) == first
    assert set(other) == set(first)
    assert all(other[name] != first[name] for name in first if name.endswith(".mp4"))


@pytest.mark.parametrize("count", [30, pytest.param(60, marks=pytest.mark.long)])
def test_a_catalog_has_as_many_different_files_as_asked_for_and_a_truth_that_reads_back(
    count: int, tmp_path: Path
) -> None:
    calls: list[tuple[int, int]] = []
    truths = render_catalog(
        tmp_path,
        count=count,
        width=64,
        height=36,
        duration_s=0.2,
        progress=lambda done, total: calls.append((done, total)),
    )

    files = sorted(path for path in tmp_path.iterdir() if path.suffix == ".mp4")
    assert len({path.read_bytes() for path in files}) == count
    assert len(list(tmp_path.iterdir())) == count + 1
    assert calls == [(done, count) for done in range(1, count + 1)]

    back = load_truth(tmp_path)
    assert list(back) == [path.name for path in files]
    assert list(back.values()) == truths
    assert [scene["file"] for scene in json.loads((tmp_path / "truth.json").read_text())] == list(back)


def test_the_first_twelve_scenes_show_every_move_a_shake_a_cut_and_objects() -> None:
    scenes = catalog(count=12, seed=0)

    assert len({scene.name for scene in scenes}) == 12
    assert {move.label for scene in scenes for move in scene.moves} == {
        *("pan_right", "pan_left", "tilt_up", "tilt_down"),
        *("zoom_in", "zoom_out", "roll_cw", "roll_ccw"),
    }
    assert sum(scene.shake > 0 for scene in scenes) == 1
    assert sum(scene.cut_s is not None for scene in scenes) == 1
    assert sum(bool(scene.sprites) and not scene.moves for scene in scenes) == 2
    assert sum(bool(scene.sprites) and bool(scene.moves) for scene in scenes) == 1
    assert catalog(count=5, seed=0) == scenes[:5]
    assert catalog(count=14, seed=0)[:12] == scenes


@pytest.mark.parametrize("kind", KINDS)
def test_a_random_scene_of_a_kind_holds_its_moves(kind: str) -> None:
    scene = random_scene(np.random.default_rng(4), kind=kind, width=64, height=36, duration_s=0.5)

    assert tuple(move.label.split("_")[0] for move in scene.moves) == KINDS[kind]
    assert (scene.shake > 0) == kind.startswith("shake")
    assert (scene.cut_s is not None) == (kind == "cut")
    assert {picture.shape for picture in frames(scene)} == {(36, 64, 3)}


def test_random_scenes_of_any_kind_vary() -> None:
    rng = np.random.default_rng(0)

    assert len({random_scene(rng).name for _ in range(100)}) == len(KINDS)


@pytest.mark.parametrize(("width", "height"), [(321, 180), (320, 181), (33, 35), (180, 320)])
def test_odd_and_upright_sizes_decode_as_asked(tmp_path: Path, width: int, height: int) -> None:
    truth = render(replace(FIELDS, width=width, height=height, duration_s=0.2), tmp_path / "odd.mp4")

    assert (truth.width, truth.height) == (width, height)
    assert {frame.shape for frame in decoded(tmp_path / "odd.mp4")} == {(height, width)}


def test_a_file_has_its_frames_its_keyframes_and_its_index_in_front(tmp_path: Path) -> None:
    scene = replace(FIELDS, fps=25.0, duration_s=2.0, encoding=Encoding(gop=20))
    truth = render(scene, tmp_path / "file.mp4")

    with av.open(tmp_path / "file.mp4") as container:
        stream = container.streams.video[0]
        kept = list(container.decode(stream))
        assert stream.average_rate == 25
        assert stream.codec_context.name == "h264"
        assert kept[0].colorspace == Colorspace.ITU601
    assert [frame.time for frame in kept] == pytest.approx([index / 25 for index in range(50)])
    assert [index for index, frame in enumerate(kept) if frame.key_frame] == [0, 20, 40]
    assert any(frame.pict_type == PictureType.B for frame in kept)
    assert truth.duration_s == 2.0
    content = (tmp_path / "file.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 0}, r"width and height must be 32 to 4096 pixels, not 0x180"),
        ({"height": -2}, r"32 to 4096 pixels, not 320x-2"),
        ({"width": 5000}, r"32 to 4096 pixels, not 5000x180"),
        ({"fps": 0.0}, r"fps must be 1 to 240"),
        ({"duration_s": 0.01}, r"at least two frames"),
        ({"cut_s": 0.5}, r"cut_s must lie inside"),
        ({"parallax": 0.5}, r"parallax must be at least 1"),
        ({"moves": (Move(0.0, 0.5, "static", 0.1),)}, r"no camera move 'static'; there are pan_left"),
        ({"moves": (Move(0.0, 0.9, "pan_right", 0.1),)}, r"does not fit into 0..0.5 s"),
        ({"moves": (Move(0.0, 0.5, "pan_right", -0.1),)}, r"rate must be positive, not -0.1"),
        ({"moves": (Move(0.0, 0.5, "pan_right", 0.1, 0.3),)}, r"ease_s must be 0 to half of the move"),
        (
            {"moves": (Move(0.0, 0.3, "pan_right", 0.1), Move(0.2, 0.5, "pan_left", 0.1))},
            r"pan_right and pan_left overlap in time along one axis",
        ),
        ({"sprites": (Sprite("ball", ()),)}, r"path of a ball needs waypoints"),
        ({"sprites": (Sprite("ball", (Waypoint(0.0, 0.5, 0.5),), size=0.0),)}, r"size of a ball"),
    ],
)
def test_a_scene_that_cannot_be_rendered_says_why(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(FIELDS, **change)


def test_a_catalog_needs_at_least_one_scene(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="count must be at least 1, not 0"):
        render_catalog(tmp_path / "none", count=0)
    assert not (tmp_path / "none").exists()


def test_a_kind_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="no kind of scene 'crane'; there are static, pan"):
        random_scene(np.random.default_rng(0), kind="crane")


def test_a_file_that_could_not_be_finished_is_not_left_behind(tmp_path: Path) -> None:
    with pytest.raises(FFmpegError):
        render(replace(FIELDS, encoding=Encoding(preset="nonesuch")), tmp_path / "broken.mp4")
    (tmp_path / "taken.mp4").mkdir()
    with pytest.raises(OSError, match=r"taken\.mp4"):
        render(FIELDS, tmp_path / "taken.mp4")

    assert [path.name for path in tmp_path.iterdir()] == ["taken.mp4"]


def test_truth_survives_a_journey_through_json(tmp_path: Path) -> None:
    sprite = Sprite("ball", (Waypoint(0.0, 0.2, 0.5), Waypoint(0.5, 0.8, 0.5)))
    scene = replace(FIELDS, cut_s=0.3, sprites=(sprite,), moves=(Move(0.1, 0.4, "zoom_in", 0.2, 0.1),))
    truth = render(scene, tmp_path / "scene.mp4")

    assert SceneTruth.from_json(json.loads(json.dumps(truth.to_json()))) == truth
