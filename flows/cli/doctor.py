"""`motionsight doctor`: what is installed, what works, what is missing and how to get it."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import click

from flows.cli.doctor_backends import backends
from flows.cli.doctor_names import names
from flows.cli.doctor_naming import namers
from flows.cli.doctor_prefect import prefect_server
from flows.cli.findings import Finding, State

_OPTIONAL = (
    (
        "models",
        ("torch", "torchvision", "transformers", "accelerate"),
        "multimodal LLMs, detectors and trackers in this process",
    ),
    ("train", ("trl", "peft", "datasets"), "motionsight train"),
    ("kubernetes", ("kubernetes",), "training on several nodes"),
    ("gcp", ("google-cloud-storage",), "gs:// sources"),
    ("aws", ("boto3",), "s3:// sources"),
    ("text", ("rapidocr", "onnxruntime"), "finding text that was burnt into clips"),
)
_REQUIRED = (
    "apache-beam",
    "prefect",
    "av",
    "opencv-python-headless",
    "duckdb",
    "numpy",
    "openai",
    "pyarrow",
    "pydantic",
)


def examine(warehouse: str) -> bool:
    """Print all findings; whether what is needed to annotate works."""
    healthy = True
    for check in (
        _python,
        _packages,
        _variables,
        names,
        _opencv,
        _decoding,
        namers,
        _extras,
        _originals,
        backends,
        _gpu,
        prefect_server,
    ):
        for finding in check():
            healthy &= _print(finding)
    for finding in _warehouse(warehouse):
        healthy &= _print(finding)
    click.echo("\nReady to annotate." if healthy else "\nNot ready: see the lines marked !!.")
    return healthy


def _print(finding: Finding) -> bool:
    mark, colour = finding.state.value
    click.echo(f"{click.style(f'[{mark}]', fg=colour)} {finding.subject}: {finding.detail}")
    return finding.state is not State.BAD


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    good = (3, 11) <= sys.version_info[:2] < (3, 14)
    yield Finding(
        State.GOOD if good else State.BAD, "Python", version if good else f"{version}; 3.11 to 3.13 is needed"
    )


def _packages() -> Iterator[Finding]:
    versions = {name: _version(name) for name in _REQUIRED}
    missing = [name for name, version in versions.items() if version is None]
    if missing:
        yield Finding(
            State.BAD, "Packages", f"{', '.join(missing)} missing; pip install --force-reinstall motionsight"
        )
    else:
        yield Finding(
            State.GOOD, "Packages", ", ".join(f"{name} {version}" for name, version in versions.items())
        )


def _variables() -> Iterator[Finding]:
    from motionsight_core.errors import UsageError
    from motionsight_core.settings import require_known_variables

    try:
        require_known_variables()
    except UsageError as error:
        yield Finding(State.BAD, "Environment", str(error))


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _opencv() -> Iterator[Finding]:
    """Two distributions own the folder cv2, and the last one installed has overwritten the other."""
    found = [
        name
        for name in ("opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless")
        if _version(name)
    ]
    if found:
        yield Finding(
            State.BAD,
            "OpenCV",
            f"{', '.join(found)} overwrites opencv-python-headless; pip uninstall {' '.join(found)}, "
            "then pip install --force-reinstall opencv-python-headless",
        )


def _decoding() -> Iterator[Finding]:
    from motionsight_core.errors import ClipError
    from motionsight_core.guarded.pool import shared_decoder
    from motionsight_core.planning.plan import clips_of
    from motionsight_core.settings import Settings
    from motionsight_core.synthetic import catalog, render

    settings = Settings.load(environment={}, overrides=["runtime.decode_processes=1"])
    with tempfile.TemporaryDirectory() as folder:
        plain, path = Path(folder, "plain.mp4"), Path(folder, "probe.mkv")
        try:
            render(catalog(count=1, seed=0, width=160, height=90, duration_s=1.0)[0], plain)
            _add_subtitles(plain, path)
            decoded = shared_decoder(settings).decode(clips_of(str(path), settings)[0])
            sandbox = shared_decoder(settings).sandbox()
        except (ClipError, OSError) as error:
            yield Finding(State.BAD, "Decoding", f"a video made here could not be decoded: {error}")
            return
    yield Finding(
        State.GOOD,
        "Decoding",
        f"an {decoded.codec} video with subtitles, made here, was decoded in a guarded process",
    )
    for part in sandbox.parts:
        yield Finding(State.GOOD if part.active else State.ABSENT, f"Sandbox, {part.name}", part.detail)


def _add_subtitles(video: Path, target: Path) -> None:
    """Copy a video beside a subtitle stream: for each kind of stream PyAV loads modules of its own."""
    import av

    with av.open(str(video)) as source, av.open(str(target), "w") as copy:
        pictures = copy.add_stream_from_template(source.streams.video[0])
        subtitles = copy.add_stream("ass")
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = pictures
                copy.mux(packet)
        line = av.Packet(b"0,0,Default,,0,0,0,,MotionSight")
        line.stream, line.time_base = subtitles, Fraction(1, 1000)
        line.pts, line.dts, line.duration = 0, 0, 500
        copy.mux(line)


def _extras() -> Iterator[Finding]:
    for extra, packages, purpose in _OPTIONAL:
        missing = [name for name in packages if _version(name) is None]
        if missing:
            how = f"{', '.join(missing)} not installed (for {purpose})"
            yield Finding(State.ABSENT, f"Extra {extra}", f"{how}; pip install 'motionsight[{extra}]'")
        else:
            yield Finding(
                State.GOOD, f"Extra {extra}", ", ".join(f"{name} {_version(name)}" for name in packages)
            )


def _originals() -> Iterator[Finding]:
    """The authors' own packages, which pip must be told to take without what they declare."""
    from motionsight_core.models.source import HOW_TO_INSTALL_ORIGINAL

    versions = {name: _version(name) for name in ("sam2", "groundingdino-py")}
    missing = [name for name, version in versions.items() if version is None]
    if missing:
        purpose = "only for original checkpoints: sam2:..., groundingdino:..."
        yield Finding(
            State.ABSENT,
            "Original models",
            f"{', '.join(missing)} not installed ({purpose}); {HOW_TO_INSTALL_ORIGINAL}",
        )
    else:
        yield Finding(
            State.GOOD, "Original models", ", ".join(f"{name} {value}" for name, value in versions.items())
        )


def _gpu() -> Iterator[Finding]:
    tool = shutil.which("nvidia-smi")
    names = ""
    if tool:
        query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
        try:
            names = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout
        except (OSError, subprocess.SubprocessError):
            names = ""
    if names.strip():
        yield Finding(State.GOOD, "GPU", "; ".join(names.strip().splitlines()))
    else:
        yield Finding(State.ABSENT, "GPU", "none found; the measured annotator needs none")


def _warehouse(url: str) -> Iterator[Finding]:
    from motionsight_core.errors import MotionSightError, NoWarehouse, UsageError
    from motionsight_core.warehouse import open_warehouse

    try:
        warehouse = open_warehouse(url)
    except MotionSightError as error:
        yield Finding(State.BAD, "Warehouse", str(error))
        return
    try:
        _ = warehouse.staging
    except UsageError as error:  # it can be read nevertheless
        yield Finding(State.ABSENT, "Staging", str(error))
    try:
        rows = warehouse.query("SELECT (SELECT count(*) FROM motion), (SELECT count(*) FROM failures)").rows
        yield Finding(
            State.GOOD, "Warehouse", f"{warehouse.url}, {rows[0][0]} clips annotated, {rows[0][1]} failures"
        )
    except NoWarehouse:
        kind, _, place = warehouse.url.partition(":")
        unwritable = _unwritable(Path(place)) if kind == "duckdb" else None
        detail = f"{unwritable} cannot be written to" if unwritable else "not there yet; annotate makes it"
        yield Finding(State.BAD if unwritable else State.ABSENT, "Warehouse", f"{warehouse.url} {detail}")
    except MotionSightError as error:
        yield Finding(State.BAD, "Warehouse", str(error))


def _unwritable(file: Path) -> Path | None:
    """The folder of a file that is not there yet, if it cannot be made there."""
    existing = file.parent if file.parent.exists() else file.parent.parent
    return None if os.access(existing, os.W_OK) else file.parent
