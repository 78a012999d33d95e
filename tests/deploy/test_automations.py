"""The automations: valid, and about our runs alone. What they do is shown on a server in docs/deploy.md."""

from __future__ import annotations

from typing import Any

import pytest
from prefect.events.schemas.automations import AutomationCore, EventTrigger

from tests.deploy.files import DEPLOY, read_yaml

FILES = sorted((DEPLOY / "automations").glob("*.yaml"))


def trigger_of(automation: dict[str, Any]) -> EventTrigger:
    trigger = AutomationCore.model_validate(automation).trigger
    assert isinstance(trigger, EventTrigger)
    return trigger


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_prefect_takes_it_and_it_is_about_runs_of_ours(path: Any) -> None:
    automation = read_yaml(path)
    related = trigger_of(automation).model_dump()["match_related"]
    specifications = related if isinstance(related, list) else [related]
    assert automation["name"] == f"motionsight-{path.stem}"
    assert {
        "prefect.resource.role": "tag",
        "prefect.resource.id": "prefect.tag.motionsight",
    } in specifications


def test_a_run_that_falls_silent_is_marked_and_one_that_waits_is_not() -> None:
    automation = read_yaml(DEPLOY / "automations" / "crash-zombies.yaml")
    trigger = trigger_of(automation)
    assert trigger.posture == "Proactive"
    assert trigger.after == {"prefect.flow-run.heartbeat"}
    assert {
        f"prefect.flow-run.{state}" for state in ("heartbeat", "Completed", "Paused", "Suspended")
    } <= trigger.expect
    (action,) = automation["actions"]
    assert (action["type"], action["state"]) == ("change-flow-run-state", "CRASHED")


def test_a_backfill_of_many_partitions_sends_one_message() -> None:
    automation = read_yaml(DEPLOY / "automations" / "notify-failures.yaml")
    flows = next(
        m["prefect.resource.name"]
        for m in automation["trigger"]["match_related"]
        if "prefect.resource.name" in m
    )
    assert "annotate-partition" not in flows and "backfill-catalog" in flows


def test_a_message_is_a_template_that_prefect_renders() -> None:
    from prefect.server.events.actions import SendNotification  # with it comes all of Prefect's server

    (action,) = read_yaml(DEPLOY / "automations" / "notify-failures.yaml")["actions"]
    SendNotification.model_validate(action)
