"""What a scorer is called, what it asks, and what it makes of the model's answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from motionsight_core.catalog import Clip
from motionsight_core.clip import DecodedClip
from motionsight_core.errors import BadReply, ClipError, ModelUnavailable, RunError, UsageError
from motionsight_core.mllm import Conversation
from motionsight_core.record import ScoreRecord
from motionsight_core.scoring import ClipToScore, Description, Scorer, Unscored, Variant
from motionsight_core.settings import Settings
from tests.core.mllm.conversations import frames

MODEL = "openai:http://localhost:8000/v1#a/model"
CLIP = Clip("/clips/a.mp4", "1-1", 0.0, 2.0)


class Judge:
    """Answers with what it is given, and keeps what it is asked."""

    name = "judge"

    def __init__(self, *answers: float | ClipError) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def yes_probability(self, conversations: Sequence[Conversation]) -> list[float | ClipError]:
        self.asked += [conversation[-1].as_text() for conversation in conversations]
        return list(self._answers)


def scorer(variant: Variant = "description", **settings: object) -> Scorer:
    return Scorer.of(MODEL, Settings.model_validate(settings), variant)


def both() -> ClipToScore:
    texts = (Description("r1", "object", "A ball rolls."), Description("r1", "camera", "It pans."))
    return ClipToScore(CLIP.clip_id, CLIP, texts)


def outcomes(judge: Judge, by: Scorer) -> list[ScoreRecord | Unscored]:
    decoded = DecodedClip(CLIP, 64, 36, 25.0, "h264", 0, frames(2), None, None)
    (found,) = by.score([(both(), decoded)], judge, run_id="run")  # type: ignore[arg-type]
    return found


def test_the_name_says_the_wording_the_model_and_the_frames() -> None:
    assert scorer().name == "vqascore-1 openai:a/model, 16 frames of 151200 pixels"
    assert scorer(sampling={"fps": 0.5}).name == "vqascore-1 openai:a/model, 0.5 frames/s of 151200 pixels"
    assert scorer("authors").name == "vqascore-authors-1 openai:a/model, 6 frames of 151200 pixels"


def test_the_name_has_what_else_changes_a_score_as_a_digest() -> None:
    names = {scorer(mllm=mllm).name for mllm in ({"dtype": "float32"}, {"extra_body": {"top_k": 1}}, {})}

    assert len(names) == 3
    assert scorer().name in names
    assert scorer(mllm={"max_new_tokens": 7}, endpoint={"concurrency": 2}).name == scorer().name


def test_fewer_video_tokens_are_in_the_name() -> None:
    def name(annotator: str, **sections: object) -> str:
        return Scorer(Settings.model_validate({"annotator": annotator, **sections}), "description").name

    here, video = "transformers:a/model", {"frames_as": "video"}
    events = {"video_tokens": "events"}
    assert len({name(here), name(here, mllm=events), name(here, mllm=events | {"event_stride": 3})}) == 3
    assert name(here, mllm={"events": 9}, endpoint=video) == name(here)
    assert name(MODEL, endpoint=video) != name(MODEL)


def test_the_address_of_an_endpoint_does_not_change_the_name() -> None:
    elsewhere = Scorer.of("openai:https://elsewhere/v1#a/model", Settings())

    assert elsewhere.name == scorer().name


def test_the_name_can_stand_in_any_sql() -> None:
    assert "'" not in Scorer.of("openai:http://h/v1#o'model\\x", Settings()).name


def test_no_recipe_of_annotations_depends_on_the_scorer() -> None:
    settings = Settings()
    before = settings.recipe()

    Scorer.of(MODEL, settings, "authors")

    assert settings.recipe() == before


def test_each_description_gets_a_row_of_its_aspect() -> None:
    judge = Judge(0.25, 0.75)

    rows = outcomes(judge, scorer())

    assert all(isinstance(row, ScoreRecord) for row in rows)
    assert [(row.recipe, row.aspect, row.score) for row in rows if isinstance(row, ScoreRecord)] == [
        ("r1", "object", 0.25),
        ("r1", "camera", 0.75),
    ]
    assert ['"A ball rolls."' in judge.asked[0], '"It pans."' in judge.asked[1]] == [True, True]
    assert all(text.startswith("Frames of the clip, as filmed.") for text in judge.asked)


def test_the_authors_variant_never_reads_the_description() -> None:
    judge = Judge(0.25, 0.75)

    outcomes(judge, scorer("authors"))

    assert ['"object motion"' in judge.asked[0], '"camera motion"' in judge.asked[1]] == [True, True]
    assert not any("ball" in text or "It pans" in text for text in judge.asked)


def test_what_has_no_score_has_its_reason() -> None:
    unscored, row = outcomes(Judge(BadReply("Nothing\nof use."), 1.0), scorer())

    assert unscored == Unscored("/clips/a.mp4", CLIP.clip_id, "r1", "object", "BadReply", "Nothing of use.")
    assert isinstance(row, ScoreRecord)


def test_a_probability_that_is_none_is_no_score() -> None:
    unscored, _ = outcomes(Judge(float("nan"), 0.5), scorer())

    assert isinstance(unscored, Unscored)
    assert unscored.error == "AnnotatorFailed"


def test_a_model_that_is_away_is_no_fault_of_the_clip() -> None:
    with pytest.raises(RunError, match="away"):
        outcomes(Judge(ModelUnavailable("It is away."), 0.5), scorer())


@pytest.mark.parametrize("model", ["measured", "no_such:model", "openai:localhost"])
def test_what_is_no_model_is_a_usage_error(model: str) -> None:
    with pytest.raises(UsageError):
        Scorer.of(model, Settings())
