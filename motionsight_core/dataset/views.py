"""The data set in the forms that trainers read; docs/datasets.md has a command for each.

Every trainer finds videos relative to the data set's folder; those in a bucket are copied or mounted there. A
trainer that takes a whole file would read past a span, so that a data set by reference has no views.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeAlias

from motionsight_core.dataset.assembled import DataSet
from motionsight_core.dataset.files_of_clips import MEDIA
from motionsight_core.dataset.folder import Folder
from motionsight_core.dataset.grounding import InstanceQuestion
from motionsight_core.dataset.pairs import Preference
from motionsight_core.dataset.pools import question
from motionsight_core.dataset.sft import Question
from motionsight_core.dataset.splits import SPLITS, Split

#: What views are of: questions about clips, questions about single objects, people's choices.
Kind: TypeAlias = Literal["sft", "instances", "preferences"]
#: What stands in a text where the video goes.
_VIDEO = "<video>\n"


def write_views(data: DataSet, folder: Folder) -> None:
    """Write the views that the form of the media allows; a split without items has no file."""
    if data.kind == "reference":
        return
    for split in SPLITS:
        asked = [one for one in data.questions if one.clip.split == split]
        preferred = [one for one in data.preferences if one.pair.clip.split == split]
        objects = [one for one in data.instances if one.clip.split == split]
        if data.kind == "frames":
            _write_lines(folder, f"views/trl/sft_{split}.jsonl", (_trl_sft(data, one) for one in asked))
            _write_lines(
                folder, f"views/trl/instances_{split}.jsonl", (_trl_sft(data, one) for one in objects)
            )
            _write_lines(folder, f"views/trl/dpo_{split}.jsonl", (_trl_dpo(data, one) for one in preferred))
            continue
        _write_array(folder, f"views/llava/{split}.json", (_llava(data, one) for one in asked))
        _write_array(folder, f"views/llava/instances_{split}.json", (_llava(data, one) for one in objects))
        _write_array(folder, f"views/dpo/{split}.json", (_dpo(data, one) for one in preferred))
        swift = f"views/ms-swift/{{}}_{split}.jsonl"
        _write_lines(folder, swift.format("sft"), (_swift_sft(data, one) for one in asked))
        _write_lines(folder, swift.format("instances"), (_swift_sft(data, one) for one in objects))
        _write_lines(folder, swift.format("dpo"), (_swift_dpo(data, one) for one in preferred))
    if data.kind == "cut":
        _write_llama_factory(data, folder)
        _write_lines(folder, f"{_videofolder(data)}/metadata.jsonl", _metadata(data))


def has_file(data: DataSet, split: Split, kind: Kind) -> bool:
    """Whether the views of a split have anything of a kind to show."""
    if kind == "preferences":
        return any(one.pair.clip.split == split for one in data.preferences)
    asked = data.questions if kind == "sft" else data.instances
    return any(one.clip.split == split for one in asked)


def _origin_of_question(one: Question | InstanceQuestion) -> dict[str, Any]:
    # No score: one that is missing would be a null, and loaders want a column of one type.
    row = one.clip.rows[0] if isinstance(one, Question) else one.row
    return {
        "clip_id": row.clip_id,
        "recipe": row.recipe,
        "uri": row.uri,
        "version": row.version,
        "start_s": row.start_s,
        "end_s": row.end_s,
        "annotator": row.annotator,
        **(
            {"aspect": one.asked, "grade": one.grade}
            if isinstance(one, Question)
            else {"task": one.task, "track_id": one.instance.track_id}
        ),
        "source": one.clip.source,
        "licence": one.clip.licence,
    }


def _origin_of_preference(one: Preference) -> dict[str, Any]:
    row = one.chosen.row
    return {
        "clip_id": row.clip_id,
        "uri": row.uri,
        "version": row.version,
        "start_s": row.start_s,
        "end_s": row.end_s,
        "aspect": one.pair.aspect,
        "recipe_chosen": row.recipe,
        "recipe_rejected": one.rejected.row.recipe,
        "source": one.pair.clip.source,
        "licence": one.pair.clip.licence,
    }


def _prompt(data: DataSet, one: Preference) -> str:
    return question(one.pair.aspect, one.pair.clip.clip_id, data.settings)


def _llava(data: DataSet, one: Question | InstanceQuestion) -> dict[str, Any]:
    return {
        "id": one.question_id,
        "video": data.name_in_folder(one.clip),
        "conversations": [
            {"from": "human", "value": _VIDEO + one.question},
            {"from": "gpt", "value": one.answer},
        ],
        **_origin_of_question(one),
    }


def _dpo(data: DataSet, one: Preference) -> dict[str, Any]:
    return {
        "id": one.pair.pair_id,
        "prompt": _VIDEO + _prompt(data, one),
        "chosen": one.chosen.text,
        "rejected": one.rejected.text,
        "videos": [data.name_in_folder(one.pair.clip)],
        **_origin_of_preference(one),
    }


def _swift_sft(data: DataSet, one: Question | InstanceQuestion) -> dict[str, Any]:
    return {
        "messages": _messages(_VIDEO + one.question, one.answer),
        "videos": [data.name_in_folder(one.clip)],
        "id": one.question_id,
        **_origin_of_question(one),
    }


def _swift_dpo(data: DataSet, one: Preference) -> dict[str, Any]:
    return {
        "messages": _messages(_VIDEO + _prompt(data, one), one.chosen.text),
        "rejected_response": one.rejected.text,
        "videos": [data.name_in_folder(one.pair.clip)],
        "id": one.pair.pair_id,
        **_origin_of_preference(one),
    }


def _trl_sft(data: DataSet, one: Question | InstanceQuestion) -> dict[str, Any]:
    asked, answered = _messages(one.question, one.answer)
    return {
        "prompt": [asked],
        "completion": [answered],
        "images": list(data.media[one.clip.clip_id]),
        "id": one.question_id,
        **_origin_of_question(one),
    }


def _trl_dpo(data: DataSet, one: Preference) -> dict[str, Any]:
    asked, chosen = _messages(_prompt(data, one), one.chosen.text)
    return {
        "prompt": [asked],
        "chosen": [chosen],
        "rejected": [{"role": "assistant", "content": one.rejected.text}],
        "images": list(data.media[one.pair.clip.clip_id]),
        "id": one.pair.pair_id,
        **_origin_of_preference(one),
    }


def _messages(asked: str, answered: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]


def _write_llama_factory(data: DataSet, folder: Folder) -> None:
    """Its registry; the files that it names are the LLaVA-style ones and the string triples."""
    known: dict[str, Any] = {}
    for split in SPLITS:
        named: dict[Kind, str] = {"sft": split, "instances": f"instances_{split}"}
        for kind, name in named.items():
            if has_file(data, split, kind):
                known[f"motionsight_{kind}_{split}"] = {
                    "file_name": f"../llava/{name}.json",
                    "formatting": "sharegpt",
                    "columns": {"messages": "conversations", "videos": "video"},
                }
        if has_file(data, split, "preferences"):
            known[f"motionsight_dpo_{split}"] = {
                "file_name": f"../dpo/{split}.json",
                "ranking": True,
                "columns": {
                    "prompt": "prompt",
                    "chosen": "chosen",
                    "rejected": "rejected",
                    "videos": "videos",
                },
            }
    folder.write("views/llama-factory/dataset_info.json", json.dumps(known, indent=2) + "\n")


def _videofolder(data: DataSet) -> str:
    """Beside the clips; where these are in a bucket, apart: nothing is written below what may be a mount."""
    return MEDIA if data.media_settings.root is None else "views/videofolder"


def _metadata(data: DataSet) -> Iterator[dict[str, Any]]:
    """A line for each file of `media/`, which makes it a folder that `datasets` loads as videos."""
    for clip in data.clips:
        row = clip.rows[0]
        yield {
            "file_name": data.name_in_folder(clip).rpartition("/")[2],
            "clip_id": clip.clip_id,
            "split": clip.split,
            "object_motion": row.object_motion,
            "camera_motion": row.camera_motion,
            "uri": row.uri,
            "version": row.version,
            "start_s": row.start_s,
            "end_s": row.end_s,
            "annotator": row.annotator,
            "source": clip.source,
            "licence": clip.licence,
        }


def _write_array(folder: Folder, name: str, items: Iterable[dict[str, Any]]) -> None:
    _write_items(folder, name, items, begin="[\n", between=",\n", end="\n]\n")


def _write_lines(folder: Folder, name: str, items: Iterable[dict[str, Any]]) -> None:
    _write_items(folder, name, items, begin="", between="\n", end="\n")


def _write_items(
    folder: Folder, name: str, items: Iterable[dict[str, Any]], *, begin: str, between: str, end: str
) -> None:
    left = iter(items)
    first = next(left, None)
    if first is None:
        return
    with folder.writing(name) as file:
        file.write((begin + _json(first)).encode())
        for item in left:
            file.write((between + _json(item)).encode())
        file.write(end.encode())


def _json(item: dict[str, Any]) -> str:
    return json.dumps(item, ensure_ascii=False)
