"""A program: AnnotateCatalog on a Beam worker in a process of its own; the rows go into a warehouse.

Arguments: source, warehouse, settings KEY=VALUE.
"""

from __future__ import annotations

import sys

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from motionsight_core.warehouse import Manifest, open_warehouse
from transforms import AnnotateCatalog, Attempt


def main() -> None:
    source, place, *overrides = sys.argv[1:]
    settings, warehouse = Settings.load(overrides=overrides, environment={}), open_warehouse(place)
    attempt = Attempt(f"{warehouse.staging}/attempt", "attempt", "run", settings.recipe())
    options = PipelineOptions([], direct_running_mode="multi_processing", direct_num_workers=1)
    with beam.Pipeline(runner=FnApiRunner(), options=options) as pipeline:
        _ = pipeline | beam.Create(list(list_objects(source))) | AnnotateCatalog(settings, attempt=attempt)
    with open(attempt.manifest_path, encoding="utf-8") as file:  # noqa: PTH123
        warehouse.commit(Manifest.from_json(file.read()))
    print("here:", *sorted(name for name in sys.modules if name.startswith("clip_tools.")))


if __name__ == "__main__":
    main()
