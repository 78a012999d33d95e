"""Options of local pipelines that are remembered are those that Beam would find."""

from __future__ import annotations

from apache_beam.options.pipeline_options import TypeOptions

from motionsight_core.settings import Settings
from transforms.runners import local_options


def test_options_that_are_changed_later_are_seen_by_every_view() -> None:
    options = local_options(Settings.load(environment={}))
    assert not options.view_as(TypeOptions).runtime_type_check
    options.view_as(TypeOptions).runtime_type_check = True
    assert options.view_as(TypeOptions).runtime_type_check
    assert options.get_all_options()["runtime_type_check"] is True
