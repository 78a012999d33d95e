"""The files of the page: ours, and what is not."""

from __future__ import annotations

import hashlib
from importlib.resources import files

from motionsight_core.report._page import _PROGRAMS

VENDOR = files("motionsight_core.report") / "page" / "vendor"
#: Of dist/d3.min.js in d3-7.9.2.tgz of the npm registry.
D3_SHA256 = "912111098ea99503a6f4967361d2bbdc9dbf58cf9c678c8e27e5b02d1a07f0c1"


def test_d3_is_the_published_file_with_its_licence_beside_it() -> None:
    content = (VENDOR / "d3.min.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == D3_SHA256
    assert content.startswith(b"// https://d3js.org v7.9.2 ")
    assert "Mike Bostock" in (VENDOR / "d3.LICENSE").read_text()


def test_every_program_is_part_of_the_page() -> None:
    programs = files("motionsight_core.report") / "page" / "program"
    assert sorted(_PROGRAMS) == sorted(file.name for file in programs.iterdir())
