"""Multiple-choice questions about rendered scenes, whose right answers are known.

    from pathlib import Path

    from motionsight_core.synthetic.questions import render_questions

    render_questions(Path("asked"), Path("asked.jsonl"), count=2, seed=1, width=160, height=90)

A scene is made for its questions: four options are drawn, then which of them is true, then a scene in which
it is. Who sees the words alone is right in one of four.
"""

from __future__ import annotations

from motionsight_core.benchmark_questions.asked import AskedQuestion
from motionsight_core.synthetic.questions._file import asked_scenes, question_lines, render_questions
from motionsight_core.synthetic.questions._types import AskedScene

__all__ = ["AskedQuestion", "AskedScene", "asked_scenes", "question_lines", "render_questions"]
