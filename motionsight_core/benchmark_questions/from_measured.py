"""Questions from what was measured: facts that are certain, each asked so that one option is right."""

from __future__ import annotations

from collections.abc import Sequence

from motionsight_core.benchmark_questions.camera_facts import CameraFacts, camera_facts
from motionsight_core.benchmark_questions.camera_questions import camera_drafts
from motionsight_core.benchmark_questions.drafts import Draft, Drop
from motionsight_core.benchmark_questions.measurements import Measurement
from motionsight_core.benchmark_questions.object_facts import ObjectFacts, object_facts
from motionsight_core.benchmark_questions.object_questions import object_drafts
from motionsight_core.benchmark_questions.source_clips import Siblings, SourceClip
from motionsight_core.naming.words import noun
from motionsight_core.record import MOVING_REGION
from motionsight_core.settings import QuestionsSettings

_NOTHING_TO_ASK = (
    "What is certain of it is not asked: it lacks three wrong options, or is asked of other clips as often "
    "as it can be without being right too often."
)


class Facts:
    """What is certain of each clip; small, so that all clips of a data set fit into memory."""

    def __init__(self, settings: QuestionsSettings) -> None:
        self._settings = settings
        self.camera: dict[str, CameraFacts] = {}
        """By clip_id, like the others."""
        self.objects: dict[str, ObjectFacts] = {}
        self.labels: dict[str, frozenset[str]] = {}
        """Camera moves, certain or not."""
        self.names: dict[str, frozenset[str]] = {}
        """Nouns of what was recognised, certain or not."""
        self.reasons: dict[str, list[str]] = {}
        """Why there are no facts of its camera, or of its objects."""

    def add(self, clip: SourceClip, measurement: Measurement) -> None:
        """Take in a clip's measurement."""
        settings, name = self._settings, clip.clip_id
        self.labels[name] = frozenset(move.label for move in measurement.camera_moves) - {"static"}
        self.names[name] = frozenset(
            noun(track.label) for track in measurement.tracks if track.label != MOVING_REGION
        )
        camera = camera_facts(measurement, confidence=settings.confidence)
        objects = object_facts(
            clip,
            measurement,
            confidence=settings.confidence,
            name_score=settings.name_score,
            camera_rests=not isinstance(camera, str) and camera.form == "rest",
        )
        if not isinstance(camera, str):
            self.camera[name] = camera
        if not isinstance(objects, str):
            self.objects[name] = objects
        self.reasons[name] = list(dict.fromkeys(one for one in (camera, objects) if isinstance(one, str)))


def drafts_from_facts(
    facts: Facts, clips: Sequence[SourceClip], *, seed: int
) -> tuple[list[Draft], list[Drop]]:
    """The questions, in the order of the clips, and the clips that have none, with the reason.

    Args:
        facts: of these clips; one that was not added has no row in the warehouse.
        clips: of the data set.
        seed: of what a hash chooses.
    """
    known = [clip for clip in clips if clip.clip_id in facts.reasons]
    siblings = Siblings(known, seed=seed)
    drafts = [
        *camera_drafts(facts.camera, known, siblings, facts.labels, seed=seed),
        *object_drafts(facts.objects, known, siblings, facts.names, seed=seed),
    ]
    order = {clip.clip_id: place for place, clip in enumerate(clips)}
    drafts.sort(key=lambda draft: order[draft.clip.clip_id])
    asked = {draft.clip.clip_id for draft in drafts}
    return drafts, [Drop(clip, "facts", _why(facts, clip)) for clip in clips if clip.clip_id not in asked]


def _why(facts: Facts, clip: SourceClip) -> str:
    reasons = facts.reasons.get(clip.clip_id)
    if reasons is None:
        return f"The warehouse has no row of it under the recipe {clip.recipe}."
    return " ".join(reasons) if len(reasons) == 2 else " ".join([*reasons, _NOTHING_TO_ASK])
