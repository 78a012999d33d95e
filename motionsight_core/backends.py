"""Backends by name: ours stand in the tables below, those of other packages come as entry points.

A package registers a backend in its own metadata, in the group of its kind:

    [project.entry-points."motionsight.detectors"]
    blobs = "my_package.blobs:BlobDetector"

A name is looked up in the process that uses it, and only then is its module imported: a worker elsewhere
needs the package installed, and nothing of a backend is pickled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from motionsight_core.errors import ModelMissing, MotionSightError, UsageError

OURS = "motionsight"


@dataclass(frozen=True, slots=True)
class Found:
    """A backend of another package."""

    name: str
    distribution: str
    """The package that registers it, as pip calls it."""
    version: str


@dataclass(frozen=True, slots=True)
class _Own:
    usage: str
    """How it is named, as messages write it; after a colon stands what it needs to be told."""
    target: str
    """`module:attribute`, below motionsight_core."""
    refuses_itself: bool = False
    """Whether it says in a sentence of its own what should stand after the colon."""


class Registry:
    """The backends of one kind.

    Args:
        kind: what sentences call one, such as "detector".
        group: of other packages' entry points.
        own: ours, by name.
        broken: raised where another package's cannot be imported.
        behind: what messages write after the name of another package's.
    """

    def __init__(
        self,
        kind: str,
        group: str,
        own: Mapping[str, _Own],
        *,
        broken: type[MotionSightError] = ModelMissing,
        behind: str = "",
    ) -> None:
        self.kind, self._group = kind, group
        self._own, self._broken, self._behind = own, broken, behind
        self._loaded: dict[str, Any] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._own or any(point.name == name for point in self._points())

    def usages(self) -> list[str]:
        """How each backend is named: ours in the order of the table, then the others'."""
        others = sorted({point.name for point in self._points()} - self._own.keys())
        return [*(own.usage for own in self._own.values()), *(name + self._behind for name in others)]

    def split(self, text: str) -> tuple[str, str] | None:
        """The name before the first colon and what stands after it; None where that names no backend.

        Ours say whether something must stand after it; of the others that is their own affair.
        """
        name, colon, rest = text.partition(":")
        own = self._own.get(name)
        if own is not None:
            fits = bool(colon) == (":" in own.usage) == bool(rest.strip())
            return (name, rest) if fits or own.refuses_itself else None
        return (name, rest) if name in self else None

    def load(self, name: str) -> Any:
        """What is registered under a name, imported.

        Raises:
            KeyError: nothing is.
            UsageError: two packages claim the name.
            MotionSightError: of the kind `broken`, another package's cannot be imported.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def found(self) -> list[Found]:
        """The backends of other packages, by name; none is imported."""
        return [
            Found(point.name, *_package(point))
            for point in sorted(self._points(), key=lambda point: (point.name, _package(point)))
        ]

    def claimed_twice(self) -> list[str]:
        """A sentence for each name that more than one package claims."""
        names = sorted({point.name for point in self._points()})
        return [sentence for name in names if (sentence := self._conflict(name))]

    def _load(self, name: str) -> Any:
        if conflict := self._conflict(name):
            raise UsageError(conflict)
        if name in self._own:
            module, _, attribute = self._own[name].target.partition(":")
            return getattr(import_module(f"motionsight_core.{module}"), attribute)
        for point in self._points():
            if point.name == name:
                return self._imported(point)
        raise KeyError(name)

    def _imported(self, point: EntryPoint) -> Any:
        try:
            return point.load()
        except Exception as error:
            package, version = _package(point)
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            raise self._broken(
                f"The {self.kind} {point.name} of the package {package} {version} cannot be imported "
                f"({reason}): reinstall or uninstall that package."
            ) from error

    def _conflict(self, name: str) -> str:
        others = sorted(_package(point)[0] for point in self._points() if point.name == name)
        owners = [OURS, *others] if name in self._own else others
        if len(owners) < 2:
            return ""
        todo = f"uninstall {' and '.join(others)}" if name in self._own else "uninstall all but one of them"
        return (
            f"The {self.kind} {name} is registered by more than one package, {' and '.join(owners)}: {todo}."
        )

    def _points(self) -> Iterator[EntryPoint]:
        yield from entry_points(group=self._group)


def _package(point: EntryPoint) -> tuple[str, str]:
    """Name and version of the distribution that an entry point is from."""
    return (point.dist.name, point.dist.version) if point.dist else ("unknown", "")


DETECTORS = Registry(
    "detector",
    "motionsight.detectors",
    {
        "measured": _Own("measured", "referring._opening:measured_detector"),
        "transformers": _Own("transformers:MODEL_ID_OR_DIR", "referring._opening:TRANSFORMERS_DETECTORS"),
        "groundingdino": _Own("groundingdino:CHECKPOINT#CONFIG", "referring._opening:GROUNDINGDINO"),
    },
)
TRACKERS = Registry(
    "tracker",
    "motionsight.trackers",
    {
        "measured": _Own("measured", "referring._opening:measured_tracker"),
        "transformers": _Own("transformers:MODEL_ID_OR_DIR", "referring._opening:TRANSFORMERS_TRACKERS"),
        "sam2": _Own("sam2:CHECKPOINT#CONFIG", "referring._opening:SAM2"),
    },
)
MLLMS = Registry(
    "multimodal LLM",
    "motionsight.mllms",
    {
        "transformers": _Own("transformers:MODEL_ID_OR_DIR", "mllm._opening:TRANSFORMERS"),
        "openai": _Own("openai:BASE_URL#MODEL", "mllm._opening:OPENAI", refuses_itself=True),
    },
)
STORES = Registry(
    "object store",
    "motionsight.stores",
    {"gs": _Own("gs://...", "stores._gcs:GcsStore"), "s3": _Own("s3://...", "stores._s3:S3Store")},
    broken=UsageError,
    behind="://...",
)
WAREHOUSES = Registry(
    "warehouse",
    "motionsight.warehouses",
    {
        "duckdb": _Own("duckdb:FILE", "warehouse._duckdb:DuckDBWarehouse"),
        "bigquery": _Own(
            "bigquery:PROJECT.DATASET?staging=gs://BUCKET/PREFIX", "warehouse._bigquery:BigQueryWarehouse"
        ),
    },
    broken=UsageError,
    behind=":PLACE",
)
PROMPTS = Registry(
    "visual prompt",
    "motionsight.prompts",
    {
        "spotlight": _Own("spotlight", "prompts.spotlight:Spotlight"),
        "crop": _Own("crop", "prompts.crop:Crop"),
        "background_blur": _Own("background_blur", "prompts.background_blur:BackgroundBlur"),
        "object_blur": _Own("object_blur", "prompts.object_blur:ObjectBlur"),
        "pose": _Own("pose", "prompts.pose:Pose"),
        "motion_blur": _Own("motion_blur", "prompts.unchanged:MotionBlur"),
        "none": _Own("none", "prompts.unchanged:Unchanged"),
    },
    broken=UsageError,
)
BENCHMARKS = Registry(
    "benchmark",
    "motionsight.benchmarks",
    {
        "motionbench": _Own("motionbench", "evaluation.motionbench:MotionBench"),
        "favor": _Own("favor", "evaluation.favor:FavorBench"),
        "mvbench": _Own("mvbench", "evaluation.mvbench:MVBench"),
        "tomato": _Own("tomato", "evaluation.tomato:Tomato"),
        "camerabench": _Own("camerabench", "evaluation.camerabench:CameraBench"),
        "jsonl": _Own("jsonl", "evaluation.jsonl:JsonLines"),
    },
    broken=UsageError,
)
REGISTRIES = (DETECTORS, TRACKERS, MLLMS, PROMPTS, STORES, WAREHOUSES, BENCHMARKS)
