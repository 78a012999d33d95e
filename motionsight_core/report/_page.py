"""The page: the template filled, piece by piece, into a file that is there whole or not at all."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from motionsight_core.camera_motion import CAMERA_MOTIONS, STEADINESS
from motionsight_core.errors import UsageError
from motionsight_core.report._embed import content_hash, json_text, packed, source_text

_PAGE = files("motionsight_core.report") / "page"
#: In this order they are one program; what each needs stands before it.
_PROGRAMS = (
    "words.js",
    "elements.js",
    "catalog.js",
    "facets.js",
    "address.js",
    "timeline.js",
    "bars.js",
    "rose.js",
    "scatter.js",
    "overview.js",
    "cards.js",
    "gallery.js",
    "camera_path.js",
    "frames.js",
    "evidence.js",
    "compare.js",
    "main.js",
)


def write_page(
    out: Path,
    *,
    title: str,
    catalog: dict[str, Any],
    packs: Iterable[tuple[str, Any]],
    blocks: Iterable[tuple[str, Any]],
) -> int:
    """Write the page and return its size in bytes.

    Args:
        out: where; a file that is there is replaced when the new one is complete.
        title: of the window.
        catalog: what the page needs to begin with.
        packs: what it unpacks when it is asked for, each with the id of its element.
        blocks: the same, as plain JSON: what packing would not make smaller. Packs and blocks are taken
            one by one and never held together.

    Raises:
        UsageError: the file cannot be written.
    """
    part = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            for piece in _pieces(title, catalog, packs, blocks):
                file.write(piece)
        size = part.stat().st_size
        part.replace(out)
        return size
    except OSError as error:
        raise UsageError(f"The report cannot be written to {out}: {error.strerror}.") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _pieces(
    title: str,
    catalog: dict[str, Any],
    packs: Iterable[tuple[str, Any]],
    blocks: Iterable[tuple[str, Any]],
) -> Iterator[str]:
    # With autoescape on: the template itself writes no word of a row but the title.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("motionsight_core.report", "page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    style, script = source_text(_read("style.css")), source_text(_program())
    return environment.get_template("page.html.j2").generate(
        title=title,
        style=style,
        style_hash=Markup(content_hash(style)),  # noqa: S704 - base64 in quotation marks
        script=script,
        script_hash=Markup(content_hash(script)),  # noqa: S704
        catalog=json_text(catalog),
        packs=((name, packed(value)) for name, value in packs),
        blocks=((name, json_text(value)) for name, value in blocks),
    )


def _program() -> str:
    """D3 with its licence, then our own files as one function's body."""
    licence = "\n".join(f"// {line}".rstrip() for line in _read("vendor/d3.LICENSE").splitlines())
    own = "\n".join(_read(f"program/{name}") for name in _PROGRAMS)
    return (
        f'{licence}\n{_read("vendor/d3.min.js")}\n(() => {{\n"use strict";\n{_vocabulary()}\n{own}\n}})();\n'
    )


def _vocabulary() -> str:
    """What the program calls the camera's moves, as constants."""
    names = ("axis", "sign", "unit", "participle", "adverb")
    motions = {
        label: {name: getattr(motion, name) for name in names} for label, motion in CAMERA_MOTIONS.items()
    }
    # Labels are looked up by what stands in rows: one called `constructor` must not be found.
    return (
        f"const MOTIONS = Object.freeze({{ __proto__: null, ...{json.dumps(motions)} }});\n"
        f"const STEADINESS = {json.dumps(STEADINESS)};"
    )


def _read(name: str) -> str:
    return _PAGE.joinpath(name).read_text(encoding="utf-8")
