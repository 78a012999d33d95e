"""Questions about rendered scenes: their answers are true of the scenes, and their words give none away."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from motionsight_core.camera_motion import CAMERA_MOTIONS
from motionsight_core.evaluation import Question, open_benchmark
from motionsight_core.evaluation.motionbench import KINDS as CATEGORIES
from motionsight_core.questions.kinds import KINDS
from motionsight_core.synthetic import load_truth, scene_truth
from motionsight_core.synthetic.questions import (
    AskedQuestion,
    AskedScene,
    asked_scenes,
    question_lines,
    render_questions,
)
from motionsight_core.synthetic.sprites import place

SEED = 11
MANY = 600
#: Four standard errors of a share of a quarter.
NOISE = 4 * np.sqrt(0.25 * 0.75)


@pytest.fixture(scope="module")
def asked() -> list[AskedScene]:
    return asked_scenes(count=MANY, seed=SEED)


@pytest.fixture(scope="module")
def read(asked: list[AskedScene], tmp_path_factory: pytest.TempPathFactory) -> tuple[Question, ...]:
    """The questions, as the reader of MotionBench has them."""
    path = tmp_path_factory.mktemp("asked") / "asked.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in question_lines(asked, seed=SEED)))
    found = open_benchmark("motionbench").read(path)
    assert not found.rejected
    return found.questions


def of_sort(asked: list[AskedScene], sort: str) -> list[tuple[AskedScene, str, AskedQuestion]]:
    """Scenes of a sort with the right option of their first question."""
    return [
        (one, one.questions[0].options[one.questions[0].right], one.questions[0])
        for one in asked
        if one.sort == sort
    ]


def test_all_six_kinds_of_questions_are_asked(read: tuple[Question, ...]) -> None:
    assert {one.category for one in read} == set(CATEGORIES)
    assert {one.kind for one in read} <= set(KINDS)
    assert len(read) > MANY
    assert all(len(set(one.options)) == 4 for one in read)
    assert all((one.start_s, one.end_s) == (None, None) for one in read)
    assert {one.aspect for one in read if one.category == "Camera Motion"} == {"camera"}


def test_every_letter_is_right_equally_often(read: tuple[Question, ...]) -> None:
    counts = Counter(one.answer for one in read)
    assert set(counts) == {0, 1, 2, 3}
    assert max(counts.values()) - min(counts.values()) <= 1


def first(options: tuple[str, ...], _: Counter[str]) -> str:
    return options[0]


def longest(options: tuple[str, ...], _: Counter[str]) -> str:
    return max(options, key=len)


def most_frequent(options: tuple[str, ...], texts: Counter[str]) -> str:
    return max(options, key=lambda option: texts[option])


def first_in_the_alphabet(options: tuple[str, ...], _: Counter[str]) -> str:
    return min(options)


def most_like_the_others(options: tuple[str, ...], _: Counter[str]) -> str:
    words = {option: set(re.findall(r"[\w-]+", option.lower())) for option in options}
    return max(options, key=lambda option: sum(len(words[option] & words[other]) for other in options))


@pytest.mark.parametrize(
    "blind", [first, longest, most_frequent, first_in_the_alphabet, most_like_the_others]
)
def test_whoever_sees_the_words_alone_is_right_in_one_of_four(
    read: tuple[Question, ...], blind: Callable[[tuple[str, ...], Counter[str]], str]
) -> None:
    texts = Counter(option for one in read for option in one.options)
    for category in (*CATEGORIES, None):
        mine = [one for one in read if category in (None, one.category)]
        right = [blind(one.options, texts) == one.options[one.answer or 0] for one in mine]
        assert np.mean(right) == pytest.approx(0.25, abs=NOISE / np.sqrt(len(right))), category


def test_no_question_about_a_video_gives_the_answer_to_another(read: tuple[Question, ...]) -> None:
    """The move that most options of the order hold is the first one as often as any."""
    right = []
    for order, begins in itertools.pairwise(read):
        if order.text.startswith("In which order does the camera") and "first" in begins.text:
            said = " ".join(order.options)
            guess = max(begins.options, key=said.count)
            right.append(guess == begins.options[begins.answer or 0])
    assert len(right) >= 100
    assert np.mean(right) == pytest.approx(0.25, abs=NOISE / np.sqrt(len(right)))


def test_the_camera_moves_as_the_right_option_says(asked: list[AskedScene]) -> None:
    for sort in ("camera_move", "camera_rest", "camera_together"):
        for one, right, _ in of_sort(asked, sort):
            moves = [CAMERA_MOTIONS[move.label] for move in one.scene.moves]
            words = " and ".join(f"{move.verb} {move.adverb}" for move in moves)
            assert right == (f"It {words}" if moves else "The camera does not move")


def test_the_camera_moves_in_the_order_of_the_right_option(asked: list[AskedScene]) -> None:
    for one, right, _ in of_sort(asked, "camera_order"):
        begins, ends = sorted(one.scene.moves, key=lambda move: move.start_s)
        assert begins.end_s == ends.start_s
        nouns = [CAMERA_MOTIONS[move.label].noun for move in (begins, ends)]
        assert right == f"A {nouns[0]}, then a {nouns[1]}"
        assert [question.options[question.right] for question in one.questions[1:]] == nouns


def test_the_object_that_moves_is_the_one_of_the_right_option(asked: list[AskedScene]) -> None:
    for one, right, question in of_sort(asked, "which_object"):
        ways = {
            f"The {sprite.shape}": abs(place(sprite, 4.0).y - place(sprite, 0.0).y)
            for sprite in one.scene.sprites
        }
        assert ways[right] > 0.3
        assert sum(ways.values()) == ways[right]
        assert ways.keys() == set(question.options)


def test_objects_go_where_the_right_option_says_and_stay_in_the_picture(asked: list[AskedScene]) -> None:
    signs = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
    signs |= {"Upward": (0, -1), "Downward": (0, 1), "To the left": (-1, 0), "To the right": (1, 0)}

    def went(one: AskedScene, start_s: float, end_s: float) -> tuple[int, int]:
        before, after = (place(one.scene.sprites[0], t_s) for t_s in (start_s, end_s))
        assert 0.05 < min(before.x, after.x) <= max(before.x, after.x) < 0.95
        assert 0.05 < min(before.y, after.y) <= max(before.y, after.y) < 0.95
        return round(np.sign(round(after.x - before.x, 6))), round(np.sign(round(after.y - before.y, 6)))

    for one, right, _ in of_sort(asked, "object_direction"):
        assert went(one, 0.0, 4.0) == signs[right]
    for one, right, _ in of_sort(asked, "object_order"):
        ways = [signs[way.removeprefix("to the ")] for way in re.findall(r"(?:to the )?\w+(?=,|$)", right)]
        assert [went(one, 0.0, 2.0), went(one, 2.0, 4.0)] == ways


def test_speeds_change_as_the_right_option_says(asked: list[AskedScene]) -> None:
    for one, right, _ in of_sort(asked, "object_speed"):
        sprite = one.scene.sprites[0]
        x = [place(sprite, t_s).x for t_s in (0.0, 1.0, 3.0, 4.0)]
        early, late = abs(x[1] - x[0]), abs(x[3] - x[2])
        changes = {
            "It speeds up": late > 2 * early > 0,
            "It slows down": early > 2 * late > 0,
            "It keeps the same speed": early > 0 and early == pytest.approx(late),
            "It stands still": early == late == 0,
        }
        assert [text for text, holds in changes.items() if holds] == [right]


def test_repetitions_are_as_many_as_the_right_option_says(asked: list[AskedScene]) -> None:
    for one, right, question in of_sort(asked, "repetition"):
        (track,) = scene_truth(one.scene, "a.mp4").objects
        assert track.repetitions is not None
        assert right == str(track.repetitions.count)
        lasts_s = track.repetitions.count * track.repetitions.period_s
        assert lasts_s < one.scene.duration_s
        # The length of the scene tells no count from another.
        assert one.scene.duration_s == round(0.6 + 0.7 * max(map(int, question.options)), 1)


def test_a_scene_depends_on_the_seed_and_its_number_alone() -> None:
    assert asked_scenes(count=12, seed=3)[:5] == asked_scenes(count=5, seed=3)
    assert asked_scenes(count=5, seed=3) != asked_scenes(count=5, seed=4)


def test_rendered_questions_name_the_videos_beside_their_truth(tmp_path: Path) -> None:
    small = {"count": 3, "width": 96, "height": 54, "fps": 10.0}
    done: list[tuple[int, int]] = []
    videos, file = tmp_path / "videos", tmp_path / "elsewhere" / "asked.jsonl"
    count = render_questions(videos, file, seed=1, progress=lambda now, of: done.append((now, of)), **small)
    found = open_benchmark("motionbench").read(file)
    assert count == len(found.questions) == 5
    assert done == [(1, 3), (2, 3), (3, 3)]
    truth = load_truth(videos)
    assert (
        {one.video for one in found.questions} == set(truth) == {path.name for path in videos.glob("*.mp4")}
    )
    assert sorted(path.name for path in file.parent.iterdir()) == ["asked.jsonl"]
    again = tmp_path / "again.jsonl"
    render_questions(tmp_path / "again", again, seed=1, **small)
    assert again.read_bytes() == file.read_bytes()


def test_fewer_than_one_scene_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="count"):
        render_questions(tmp_path, tmp_path / "asked.jsonl", count=0, seed=1)
