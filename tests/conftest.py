"""What holds for all tests."""

from __future__ import annotations

import os

# Before anything imports torch: threads of OpenMP that wait for each other by spinning, beside as many test
# processes as there are cores, take minutes for what takes a second. torch.set_num_threads is for the calling
# thread alone.
os.environ["OMP_NUM_THREADS"] = "1"
