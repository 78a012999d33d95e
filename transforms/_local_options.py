"""Options of local pipelines: a shard is a pipeline of its own, and what Beam does beside the work counts."""

from __future__ import annotations

from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions, TypeOptions


class LocalOptions(PipelineOptions):
    """PipelineOptions whose TypeOptions are made once.

    Beam asks for them several times at each of a pipeline's transforms, and builds a parser of flags each
    time.
    """

    def view_as(self, cls: Any) -> Any:
        if cls is not TypeOptions:
            return super().view_as(cls)
        # The attributes of options are the options; what is not one has to be put past them.
        if (view := self.__dict__.get("_type_options")) is None:
            view = self.__dict__["_type_options"] = super().view_as(cls)
        return view
