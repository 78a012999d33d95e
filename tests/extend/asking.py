"""A program: what is said of names, and what is imported by then; prints JSON.

Started where other packages register backends: see test_extend.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from click.testing import CliRunner

from flows.cli.commands import cli
from flows.cli.doctor_backends import backends
from motionsight_core.annotator import Annotator
from motionsight_core.errors import MotionSightError
from motionsight_core.referring import check_detector, check_tracker
from motionsight_core.settings import Settings
from motionsight_core.stores import store_for
from motionsight_core.warehouse import open_warehouse


def settings(override: str) -> Settings:
    return Settings.load(overrides=[override], environment={})


ASKED: dict[str, Callable[[], Any]] = {
    "annotator": lambda: Annotator.parse("nobody:x"),
    "detector": lambda: check_detector(settings("referring.detector=nothing")),
    "tracker": lambda: check_tracker(settings("referring.tracker=nothing")),
    "prompt": lambda: settings("prompts.object=nothing"),
    "store": lambda: store_for("nowhere://x"),
    "warehouse": lambda: open_warehouse("nowhere:x"),
    "bad detector": lambda: check_detector(settings("referring.detector=bright:2")),
    "twice": lambda: Annotator.parse("both:x"),
    "ours": lambda: check_tracker(settings("referring.tracker=sam2:x")),
    "broken": lambda: check_detector(settings("referring.detector=broken")),
    "broken store": lambda: store_for("broken://x"),
}


def main() -> None:
    said: dict[str, Any] = {"help": CliRunner().invoke(cli, ["--help"]).exit_code}
    said["doctor"] = [f"{finding.subject}: {finding.detail}" for finding in backends()]
    said["imported by help and doctor"] = imported("clip_tools")
    for name, ask in ASKED.items():
        try:
            ask()
        except MotionSightError as error:
            said[name] = [type(error).__name__, str(error)]
    said["imported"] = imported("clip_tools") + imported("torch")
    print(json.dumps(said))


def imported(package: str) -> list[str]:
    return sorted(name for name in sys.modules if name == package or name.startswith(f"{package}."))


if __name__ == "__main__":
    main()
