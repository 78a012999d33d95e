"""Clusters of near-duplicates and contamination: exact, deterministic, and quick enough for a catalog."""

from __future__ import annotations

import itertools
import random

import pytest

from motionsight_core.dataset.clusters import clusters_of, contaminated
from motionsight_core.dataset.fingerprints import BITS, as_bits, distance


def flipped(fingerprint: str, bits: int, rng: random.Random) -> str:
    """The fingerprint with so many of its bits turned round."""
    value = as_bits(fingerprint)
    for position in rng.sample(range(BITS), bits):
        value ^= 1 << position
    return f"{value:0128x}"


def some(count: int, rng: random.Random) -> list[str]:
    return [f"{rng.getrandbits(BITS):0128x}" for _ in range(count)]


def connected(fingerprints: dict[str, str], threshold: float) -> list[set[str]]:
    """Clusters as the definition has them, pair by pair."""
    clusters = [{clip} for clip in fingerprints]
    for a, b in itertools.combinations(fingerprints, 2):
        if distance(fingerprints[a], fingerprints[b]) <= threshold:
            joined = [cluster for cluster in clusters if a in cluster or b in cluster]
            clusters = [cluster for cluster in clusters if cluster not in joined]
            clusters.append(set().union(*joined))
    return clusters


def sets_of(labels: dict[str, int]) -> list[set[str]]:
    return [{clip for clip in labels if labels[clip] == label} for label in set(labels.values())]


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.2, 0.45, 1.0])
def test_clusters_are_what_all_pairs_within_the_distance_connect(threshold: float) -> None:
    rng = random.Random(3)
    originals = some(60, rng)
    near = [flipped(one, rng.randrange(0, 200), rng) for one in originals for _ in range(2)]
    fingerprints = {f"{rng.getrandbits(128):032x}": one for one in [*originals, *near, *originals[:5]]}
    found = sets_of(clusters_of(fingerprints, distance=threshold))
    assert sorted(map(sorted, found)) == sorted(map(sorted, connected(fingerprints, threshold)))


def test_the_threshold_itself_is_near_and_one_bit_more_is_not() -> None:
    rng = random.Random(4)
    (one,) = some(1, rng)
    for bits, clusters in ((102, 1), (103, 2)):
        labels = clusters_of({"a": one, "b": flipped(one, bits, rng)}, distance=0.2)
        assert len(set(labels.values())) == clusters


def test_frames_that_differ_in_every_bit_are_not_taken_for_equal() -> None:
    opposite = "0" * 128, "f" * 128
    assert clusters_of(dict(zip("ab", opposite, strict=True)), distance=0.2) == {"a": 0, "b": 1}


def test_a_chain_of_near_clips_is_one_cluster() -> None:
    rng = random.Random(5)
    chain = some(1, rng)
    for _ in range(20):
        chain.append(flipped(chain[-1], 60, rng))
    labels = clusters_of({f"{index:02d}": one for index, one in enumerate(chain)}, distance=60 / BITS)
    assert set(labels.values()) == {0}


def test_numbers_do_not_depend_on_the_order_in_which_clips_come() -> None:
    rng = random.Random(6)
    originals = some(50, rng)
    pairs = [
        (f"{rng.getrandbits(128):032x}", one)
        for one in [*originals, *(flipped(one, 30, rng) for one in originals)]
    ]
    labels = clusters_of(dict(pairs), distance=0.1)
    rng.shuffle(pairs)
    assert clusters_of(dict(pairs), distance=0.1) == labels
    firsts = [min(clip for clip in labels if labels[clip] == number) for number in range(50)]
    assert firsts == sorted(firsts)


def test_thousands_of_equal_and_nearly_equal_clips_are_one_cluster() -> None:
    rng = random.Random(7)
    (one,) = some(1, rng)
    many = [one] * 3000 + [flipped(one, 10, rng) for _ in range(3000)]
    labels = clusters_of({f"{index:05d}": near for index, near in enumerate(many)}, distance=0.1)
    assert set(labels.values()) == {0}


def test_there_may_be_no_clips() -> None:
    assert clusters_of({}, distance=0.2) == {}
    assert contaminated({}, {"video": "0" * 128}, distance=0.2) == {}
    assert contaminated({"clip": "0" * 128}, {}, distance=0.2) == {}


def test_a_clip_that_a_benchmark_shows_is_named_with_its_nearest_video() -> None:
    rng = random.Random(8)
    clips: dict[str, str] = dict(zip("abc", some(3, rng), strict=True))
    benchmark = {"far.mp4": flipped(clips["a"], 90, rng), "near.mp4": flipped(clips["a"], 40, rng)}
    benchmark |= {"too_far.mp4": flipped(clips["b"], 110, rng)}
    assert contaminated(clips, benchmark, distance=0.2) == {"a": "near.mp4"}
