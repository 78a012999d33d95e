"""What is remembered for Beam is what Beam would find."""

from __future__ import annotations

from types import MethodType

import apache_beam as beam
from apache_beam.coders import VarIntCoder
from apache_beam.options.pipeline_options import TypeOptions
from apache_beam.transforms.core import get_function_args_defaults, get_function_arguments
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec, is_stateful_dofn

from motionsight_core.settings import Settings
from transforms.runners import local_options

LAST = ReadModifyWriteStateSpec("last", VarIntCoder())


class Stateless(beam.DoFn):
    def process(self, element: int, window: object = beam.DoFn.WindowParam) -> list[int]:
        return [element]


class Stateful(beam.DoFn):
    def process(self, element: tuple[int, int], last: object = beam.DoFn.StateParam(LAST)) -> list[int]:
        return [element[1]]


def test_the_arguments_of_a_dofn_s_methods_are_those_that_they_have() -> None:
    dofn = Stateless()
    methods = [name for name in dir(dofn) if isinstance(getattr(dofn, name), MethodType)]
    assert len(methods) > 20
    for name in methods:
        assert tuple(get_function_arguments(dofn, name)) == get_function_args_defaults(getattr(dofn, name))


def test_state_is_found_where_there_is_some() -> None:
    assert is_stateful_dofn(Stateful())
    assert not is_stateful_dofn(Stateless())


def test_options_that_are_changed_later_are_seen_by_every_view() -> None:
    options = local_options(Settings.load(environment={}))
    assert not options.view_as(TypeOptions).runtime_type_check
    options.view_as(TypeOptions).runtime_type_check = True
    assert options.view_as(TypeOptions).runtime_type_check
    assert options.get_all_options()["runtime_type_check"] is True
