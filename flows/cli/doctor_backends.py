"""Backends that other packages register: which there are, and from which package each comes."""

from __future__ import annotations

from collections.abc import Iterator

from flows.cli.findings import Finding, State


def backends() -> Iterator[Finding]:
    """One line for each kind of which there are any; none is imported."""
    from motionsight_core.backends import REGISTRIES

    for registry in REGISTRIES:
        subject = f"Further {registry.kind}s"
        found = [f"{one.name} ({one.distribution} {one.version})" for one in registry.found()]
        if found:
            yield Finding(State.GOOD, subject, ", ".join(found))
        for sentence in registry.claimed_twice():
            yield Finding(State.BAD, subject, sentence)
