"""Options of local pipelines, and two things that Beam would work out anew again and again.

A shard is a pipeline of its own, often of a few seconds; what Beam does beside the work counts.
"""

from __future__ import annotations

from functools import partial
from types import MethodType
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, TypeOptions
from apache_beam.transforms.core import get_function_args_defaults

#: The methods of DoFn that others override, and whose arguments may be state and timers.
_WRITTEN_BY_USERS = {"process", "process_batch", "setup", "start_bundle", "finish_bundle", "teardown"}


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


def remember_signatures() -> None:
    """Say once what arguments the methods of DoFn have that are no user's to write.

    Every thread of every stage looks through all methods of its DoFn for state and timers, and inspects the
    signature of each. Where a class has an attribute `_inspect_METHOD`, Beam asks that instead.
    """
    plain = beam.DoFn()
    for name in dir(plain):
        method = getattr(plain, name)
        if isinstance(method, MethodType) and name not in _WRITTEN_BY_USERS:
            found = get_function_args_defaults(method)
            setattr(beam.DoFn, f"_inspect_{name}", staticmethod(partial(tuple, found)))
