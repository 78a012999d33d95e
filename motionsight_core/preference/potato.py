"""The pairs as a task of Potato, the annotation tool (https://github.com/davidjurgens/potato, 2.x).

Its scheme `pairwise` records the place of the answer that was chosen, not which description stood there:
the sides are settled here, by hash, and stand in every item as `left_side`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from motionsight_core.errors import RunError
from motionsight_core.preference.pairs import Pair
from motionsight_core.preference.sides import left_side, ordered

_FOLDER = "potato"
_QUESTIONS = {
    "object": "Which description fits how the objects move?",
    "camera": "Which description fits how the camera moves?",
}


def write_potato(directory: str | Path, pairs: Sequence[Pair], *, seed: int = 0) -> Path:
    """Write `DIR/potato/config.yaml` and `DIR/potato/pairs.jsonl`; returns the configuration's path.

    Args:
        directory: of the data set.
        pairs: each with a clip below `DIR/media`.
        seed: of sides and order.

    Raises:
        RunError: they cannot be written.
    """
    folder = Path(directory) / _FOLDER
    lines = [json.dumps(_item(pair, seed), ensure_ascii=False) for pair in ordered(pairs, seed)]
    config = folder / "config.yaml"
    try:
        folder.mkdir(exist_ok=True)
        (folder / "pairs.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        # JSON is YAML, too.
        config.write_text(json.dumps(_CONFIG, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise RunError(f"Potato's files cannot be written to {folder}: {error.strerror}.") from None
    return config


def _item(pair: Pair, seed: int) -> dict[str, Any]:
    left = left_side("", pair.pair_id, seed)  # the same for all annotators: Potato records places
    return {
        "id": pair.pair_id,
        "question": _QUESTIONS[pair.aspect],
        "descriptions": [pair.text(left), pair.text("b" if left == "a" else "a")],
        "video": f"/media/{pair.media.removeprefix('media/')}",
        "aspect": pair.aspect,
        "left_side": left,
    }


_CONFIG: dict[str, Any] = {
    "annotation_task_name": "Which description fits the motion?",
    "task_dir": ".",
    "output_annotation_dir": "annotation_output",
    "export_annotation_format": "jsonl",
    "data_files": ["pairs.jsonl"],
    "media_directory": "../media",
    "item_properties": {"id_key": "id", "text_key": "question"},
    "instance_display": {
        "fields": [
            {"key": "question", "type": "text"},
            {"key": "video", "type": "video", "display_options": {"loop": True, "muted": True}},
        ]
    },
    "annotation_schemes": [
        {
            "annotation_type": "pairwise",
            "name": "preference",
            "description": "Watch the clip first, then choose.",
            "mode": "binary",
            "items_key": "descriptions",
            "labels": ["A", "B"],
            "allow_tie": True,
            "tie_label": "Equal, or cannot tell",
            "label_requirement": {"required": True},
        }
    ],
    "user_config": {"allow_all_users": True, "users": []},
}
