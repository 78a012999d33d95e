"""Names as nouns."""

from __future__ import annotations

import pytest

from motionsight_core.naming.vocabulary import COCO_NAMES, UNSAYABLE
from motionsight_core.naming.words import article, noun, plural


def test_there_are_eighty_names_and_each_is_there_once() -> None:
    assert len(COCO_NAMES) == len(set(COCO_NAMES)) == 80
    assert set(COCO_NAMES) > UNSAYABLE


def test_articles_follow_the_sound() -> None:
    with_an = {name for name in COCO_NAMES if article(noun(name)) == "an"}
    assert with_an == {"airplane", "elephant", "umbrella", "apple", "orange", "oven"}
    assert [article(text) for text in ("unicycle", "hour hand", "one-wheeler", "uncle", "honour")] == [
        "a", "an", "a", "an", "an",
    ]  # fmt: skip


def test_plurals_that_are_no_s() -> None:
    regular = {name for name in COCO_NAMES if plural(name) == f"{name}s"}
    assert {name: plural(name) for name in COCO_NAMES if name not in regular} == {
        "person": "people",
        "bus": "buses",
        "bench": "benches",
        "sheep": "sheep",
        "skis": "pairs of skis",
        "sports ball": "balls",
        "wine glass": "wine glasses",
        "knife": "knives",
        "sandwich": "sandwiches",
        "broccoli": "pieces of broccoli",
        "couch": "couches",
        "tv": "TVs",
        "mouse": "computer mice",
        "remote": "remote controls",
        "toothbrush": "toothbrushes",
        "scissors": "pairs of scissors",
        "hair drier": "hair dryers",
    }


@pytest.mark.parametrize("name", COCO_NAMES)
def test_every_name_has_a_noun_with_an_article(name: str) -> None:
    assert not noun(name).endswith("ss") or name == "wine glass"
    assert f"{article(noun(name))} {noun(name)}".split()[0] in ("a", "an")
