"""Options of local pipelines: a shard is a pipeline of its own, and what Beam does beside the work counts."""

from __future__ import annotations

from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions


class LocalOptions(PipelineOptions):
    """PipelineOptions each of whose views is made once.

    Beam asks for them several times at each of a pipeline's transforms, and builds a parser of flags each
    time. All views hold the same options.
    """

    def view_as(self, cls: Any) -> Any:
        # The attributes of options are the options; what is not one has to be put past them.
        views = self.__dict__.setdefault("_views", {})
        if cls not in views:
            views[cls] = super().view_as(cls)
        return views[cls]
