"""A model writes questions from descriptions: nothing is asked twice, and nothing that fails is lost."""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from motionsight_core.benchmark_questions.drafts import Draft, Drop
from motionsight_core.benchmark_questions.from_model import drafts_from_model
from motionsight_core.benchmark_questions.kept_replies import FILE, KeptReplies
from motionsight_core.benchmark_questions.source_clips import SourceClip
from motionsight_core.errors import RunError
from motionsight_core.evaluation.motionbench import KINDS
from motionsight_core.settings import Settings
from tests.core.benchmark_questions.data_sets import name_in, question, writes
from tests.core.benchmark_questions.measured_clips import clip_named
from tests.core.mllm.scripted import MODEL, Answer, ScriptedEndpoint, fails, said, says


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        running.answers = [writes]
        yield running


CLIPS = [
    clip_named(name, object_motion=f"Thing {name} rolls.", camera_motion="It pans.") for name in "abcdef"
]


def asked(
    endpoint: ScriptedEndpoint, folder: Path, clips: list[SourceClip] = CLIPS, **questions: Any
) -> tuple[list[Draft], list[Drop]]:
    settings = endpoint.settings()
    chosen = Settings.layered(settings.model_dump(exclude_unset=True), {"questions": questions})
    return drafts_from_model(clips, chosen, KeptReplies(folder))


def test_the_model_is_told_descriptions_categories_and_what_similar_clips_show(
    endpoint: ScriptedEndpoint, tmp_path: Path
) -> None:
    drafts, drops = asked(endpoint, tmp_path)
    assert not drops
    assert [draft.clip.clip_id for draft in drafts] == [clip.clip_id for clip in CLIPS for _ in range(2)]
    assert {draft.writer for draft in drafts} == {f"openai:{MODEL}"}
    text = next(said(request) for request in endpoint.requests if name_in(request) == "a")
    assert 'What moves in it: "Thing a rolls."' in text
    assert 'What the camera does: "It pans."' in text
    assert text.count('- "Thing ') == 2, "two similar clips"
    assert all(category in text for category in KINDS)
    assert "at most 3 questions" in text
    assert all(isinstance(request["messages"][0]["content"], str | list) for request in endpoint.requests)
    assert "image_url" not in json.dumps(endpoint.requests), "no frame is shown"


def test_replies_are_kept_and_nothing_is_asked_twice(endpoint: ScriptedEndpoint, tmp_path: Path) -> None:
    first = asked(endpoint, tmp_path)
    assert len(endpoint.requests) == len(CLIPS)
    before = (tmp_path / FILE).read_bytes()
    assert asked(endpoint, tmp_path) == first
    assert len(endpoint.requests) == len(CLIPS)
    assert (tmp_path / FILE).read_bytes() == before
    # Another question is another one to ask.
    asked(endpoint, tmp_path, per_clip=2)
    assert len(endpoint.requests) == 2 * len(CLIPS)


def test_a_reply_that_was_torn_is_asked_for_again_and_the_others_are_kept(
    endpoint: ScriptedEndpoint, tmp_path: Path
) -> None:
    whole = asked(endpoint, tmp_path)
    undisturbed = (tmp_path / FILE).read_bytes()
    lines = undisturbed.splitlines(keepends=True)
    # As a process leaves it that is killed: in the order in which they came, the last one torn.
    (tmp_path / FILE).write_bytes(b"".join(reversed(lines[2:])) + lines[0][:40])
    endpoint.requests.clear()
    assert asked(endpoint, tmp_path) == whole
    assert len(endpoint.requests) == 2
    assert (tmp_path / FILE).read_bytes() == undisturbed


def test_a_reply_that_cannot_be_read_is_a_failure_of_its_clip(
    endpoint: ScriptedEndpoint, tmp_path: Path
) -> None:
    def mostly(request: dict[str, Any]) -> Answer:
        name = name_in(request)
        replies = {
            "a": "I would rather not.",
            "b": json.dumps({"questions": []}),
            "c": json.dumps({"questions": [question("c", category="Looks"), question("c", "speed")]}),
        }
        return says(replies[name]) if name in replies else writes(request)

    endpoint.answers = [mostly]
    drafts, drops = asked(endpoint, tmp_path)
    assert len(drafts) == 7
    told = {(drop.clip.object_motion[6], drop.stage): drop.reason for drop in drops}
    assert told.keys() == {("a", "reply"), ("b", "reply"), ("c", "question")}
    assert told["a", "reply"].startswith("BadReply: There is no JSON object")
    assert told["b", "reply"] == "The model found nothing to ask in its descriptions."
    assert told["c", "question"].startswith("Question 1: Its category 'Looks'")
    endpoint.requests.clear()
    assert asked(endpoint, tmp_path) == (drafts, drops)
    assert not endpoint.requests


def test_an_error_of_the_moment_is_told_and_asked_again_and_a_refusal_is_kept(
    endpoint: ScriptedEndpoint, tmp_path: Path
) -> None:
    def failing(request: dict[str, Any]) -> Answer:
        name = name_in(request)
        if name == "a":
            return fails(400, "the prompt is too long")
        return says("") if name == "b" else writes(request)

    endpoint.answers = [failing]
    drafts, drops = asked(endpoint, tmp_path)
    assert len(drafts) == 8
    reasons = {drop.clip.object_motion[6]: drop.reason for drop in drops}
    assert reasons["a"].startswith("ModelRefused: ")
    assert reasons["b"].startswith("BadReply: ")
    endpoint.requests.clear()
    endpoint.answers = [writes]
    asked(endpoint, tmp_path)
    assert Counter(map(name_in, endpoint.requests)).keys() <= {"b"}


def test_an_endpoint_that_goes_away_ends_the_run_and_what_came_is_kept(
    endpoint: ScriptedEndpoint, tmp_path: Path
) -> None:
    kept, asking = tmp_path / FILE, itertools.count()

    def leaving(request: dict[str, Any]) -> Answer:
        if next(asking) < 2:
            return writes(request)
        while not kept.is_file() or len(kept.read_text().splitlines()) < 2:
            time.sleep(0.01)
        return fails(401, "no key")

    endpoint.answers = [leaving]
    with pytest.raises(RunError, match="What was answered is kept; run this again"):
        asked(endpoint, tmp_path)
    came = {json.loads(line)["clip_id"] for line in kept.read_text().splitlines()}
    assert len(came) == 2
    endpoint.requests.clear()
    endpoint.answers = [writes]
    drafts, drops = asked(endpoint, tmp_path)
    assert (len(drafts), drops) == (12, [])
    names = {clip.object_motion[6]: clip.clip_id for clip in CLIPS}
    assert not came & {names[name_in(request)] for request in endpoint.requests}


def test_a_clip_without_a_description_is_not_asked_about(endpoint: ScriptedEndpoint, tmp_path: Path) -> None:
    silent = clip_named("z", object_motion="", camera_motion="")
    drafts, (drop,) = asked(endpoint, tmp_path, [silent, CLIPS[0]])
    assert len(drafts) == 2
    assert (drop.clip, drop.stage) == (silent, "facts")
