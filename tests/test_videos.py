"""The videos that tests make leave the process that made them as it was."""

from __future__ import annotations

import os
from pathlib import Path

from tests.videos import moving_texture, write_video


def test_writing_av1_makes_no_real_time_process_of_this_one(tmp_path: Path) -> None:
    before = os.sched_getscheduler(0)
    write_video(tmp_path / "av1.mp4", moving_texture(5), codec="libsvtav1", options={"preset": "12"})
    assert os.sched_getscheduler(0) == before
