"""A harness that people use already, from its own environment, asks `motionsight serve` unchanged.

lmms-eval pins an older PyAV than ours, so it is installed elsewhere, and its Python is named:

    python -m venv lmms && lmms/bin/pip install lmms-eval==0.7.3 'filelock<3.20'
    LMMS_EVAL_PYTHON=lmms/bin/python pytest tests/serve/test_harness.py
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from motionsight_core.synthetic import render_catalog
from tests.serve.serving import Serving

PYTHON = os.environ.get("LMMS_EVAL_PYTHON", "")
pytestmark = pytest.mark.skipif(not PYTHON, reason="LMMS_EVAL_PYTHON names no Python with lmms-eval")

OPTIONS = ("It pans left", "It pans right", "It does not move", "It zooms in")
TRUTH = {"pan_left": "A", "pan_right": "B", "static_with_ball": "C", "zoom_in": "D"}


def row(video: str, answer: str) -> dict[str, Any]:
    """A video in MotionBench's own form: a question that is measured, and one that is not."""
    listed = "\n".join(f"{letter}. {option}" for letter, option in zip("ABCD", OPTIONS, strict=True))
    asked = (
        ("camera", f"How does the camera move?\n{listed}", answer),
        ("mood", "Is the man happy?\nA. He is\nB. He is not", "A"),
    )
    return {
        "question_type": "Camera Motion",
        "video_type": "rendered",
        "key": video,
        "video_path": f"{video}.mp4",
        "qa": [
            {"uid": f"{video}-{about}", "start": 0.0, "end": 3.5, "question": question, "answer": right}
            for about, question, right in asked
        ],
    }


def test_lmms_eval_scores_its_motionbench_task_by_what_is_measured(tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    render_catalog(clips, count=6)
    rows = [row(video, answer) for video, answer in TRUTH.items()]
    (tmp_path / "annotations.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    code = "import lmms_eval, pathlib; print(pathlib.Path(lmms_eval.__file__).parent)"
    package = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "served.yaml").write_text(
        f"include: {package}/tasks/motionbench/_default_template_yaml\n"
        "task: motionbench_served\n"
        f"dataset_kwargs: {{data_files: {{test: {tmp_path}/annotations.jsonl}}}}\n"
    )
    variables = {
        "MOTIONBENCH_VIDEO_DIR": str(clips),
        "MOTIONBENCH_AUTO_DOWNLOAD": "0",
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "hf"),
    }
    with Serving("--root", str(clips)) as serving:
        model = f"model_version=measured,base_url={serving.url},api_key=none,pass_video_url=True"
        done = subprocess.run(
            [
                *(PYTHON, "-m", "lmms_eval", "eval", "--model", "openai", "--model_args", model),
                *("--tasks", "motionbench_served", "--include_path", "task", "--output_path", "out"),
            ],
            cwd=tmp_path,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
    (results,) = (tmp_path / "out").rglob("*_results.json")
    scores = json.loads(results.read_text())["results"]["motionbench_served"]
    assert done.returncode == 0
    # All that is measured is right; where the measurement refuses, no letter is found in the reply.
    assert scores["motionbench_acc,none"] == 0.5
    assert scores["motionbench_answered_rate,none"] == 0.5
