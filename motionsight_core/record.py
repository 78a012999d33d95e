"""What a run leaves behind: a MotionRecord or a Failure per clip, a RunRecord, and their schemas.

The columns are the design contract "tables"; `MOTION_SCHEMA`, `FAILURE_SCHEMA` and `SPLIT_SCHEMA` are
the Arrow form of what is staged.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import UTC, datetime
from types import NoneType
from typing import Annotated, Any, Literal, TypeAlias, cast, get_args, get_origin, get_type_hints

import pyarrow as pa

from motionsight_core.camera_motion import CameraLabel, Steadiness
from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.errors import ClipError, one_line

#: Longer messages are cut: they may quote hostile input.
_MESSAGE_CHARACTERS = 500

#: Of clips in a run: there may be billions.
Count: TypeAlias = Annotated[int, pa.int64()]
Json: TypeAlias = Annotated[str, pa.json_()]


@dataclass(frozen=True, slots=True)
class CameraMove:
    """A measured span of one camera movement."""

    start_s: float
    """Source seconds."""
    end_s: float
    """Source seconds."""
    label: CameraLabel
    """static, pan_left, pan_right, tilt_up, ...; the camera's direction, not the content's."""
    rate: float
    """Always positive: frame widths/s (pan, truck), heights/s (tilt, pedestal), natural-log scale/s
    (zoom, dolly), degrees/s (roll, arc); 0 for static."""
    confidence: float
    """How likely the move is right, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where an object is at one moment, in fractions of the displayed width and height."""

    t_s: float
    """Source seconds."""
    x0: float
    y0: float
    x1: float
    y1: float


#: The label of a track of which no name is known.
MOVING_REGION = "moving region"


@dataclass(frozen=True, slots=True)
class ObjectTrack:
    """One object (or moving region) followed through the clip."""

    track_id: int
    """Of the track in its clip."""
    label: str
    """The object's name where one is known, else `moving region`."""
    score: float
    """Of a measured track, how likely it is of a thing that moves, and where it is said to be; else the
    detector's; 0 to 1."""
    start_s: float
    """Source seconds."""
    end_s: float
    """Source seconds."""
    boxes: tuple[Box, ...]
    """In order of time."""


@dataclass(frozen=True, slots=True)
class TrackName:
    """What a measured track was recognised as."""

    track_id: int
    """Of the track, in `object_tracks`."""
    name: str
    """The track's label."""
    score: float
    """How far the name stands out, 0 to 1: its support in the frames that were looked at, above that of any
    name that contradicts it."""
    frames: int
    """Frames that agree on it."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """How a measured track repeats its motion: swings, bounces, is struck."""

    track_id: int
    """Of the track, in `object_tracks`."""
    count: int
    """Times."""
    period_s: float
    """Median time of one, seconds."""
    start_s: float
    """Source seconds."""
    end_s: float
    """Source seconds."""
    confidence: float
    """How alike and how even the times are, 0 to 1."""


#: A dissolve mixes two pictures; a fade goes from an even colour, mostly black, to a picture, or back.
DissolveKind: TypeAlias = Literal["dissolve", "fade_in", "fade_out"]


@dataclass(frozen=True, slots=True)
class Dissolve:
    """A shot change that takes time."""

    start_s: float
    """Source seconds; the last frame of the old picture alone."""
    end_s: float
    """The first frame of the new picture alone."""
    kind: DissolveKind = "dissolve"


#: The step in which something failed.
FailureStage: TypeAlias = Literal["list", "plan", "decode", "refer", "caption", "stage"]

#: What a question to a multimodal LLM asks for: the acting objects' names, one of the descriptions; of a
#: user's question its aspect, and its answer; of a single object what it is, its look, its motion, and the
#: check of these.
About: TypeAlias = Literal[
    "names", "object", "camera", "aspect", "answer", "category", "appearance", "motion", "check"
]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question that was put to a multimodal LLM, and its reply."""

    about: About
    question: str
    """Word for word, with `<image>` where a frame was."""
    reply: str
    """As it came; of one that ran away the beginning."""


@dataclass(frozen=True, slots=True)
class MotionRecord:
    """One row of the `motion` table."""

    clip_id: str
    """First 32 hex digits of the SHA-256 of uri, version, start_s and end_s; key, with recipe."""
    recipe: str
    """First 16 hex digits of the SHA-256 of all settings that can change a row."""
    uri: str
    """The object that the clip is of."""
    version: str
    """Which bytes: generation, version id or ETag; `<mtime_ns>-<size>` for a local file."""
    start_s: float
    """Where the clip begins in its source, seconds."""
    end_s: float
    """Where it ends, seconds."""
    width: int
    """Pixels as displayed: rotation and pixel aspect applied."""
    height: int
    """Pixels as displayed."""
    fps: float
    """Average frame rate, frames per second."""
    codec: str
    """FFmpeg's name of the video codec."""
    object_motion: str
    """What the objects do, in English."""
    camera_motion: str
    """What the camera does, in English."""
    object_names: tuple[str, ...]
    """What object referring looked for; for `measured` the names that were recognised."""
    camera_moves: tuple[CameraMove, ...]
    """Measured, in order; never empty: a clip without a move has one `static`."""
    steadiness: Steadiness
    """static, smooth, unsteady or shaky."""
    cuts: tuple[float, ...]
    """Source seconds."""
    object_tracks: tuple[ObjectTrack, ...]
    """Objects or moving regions, followed through the clip."""
    motion_score: float
    """Mean optical-flow magnitude, frame widths per second."""
    clarity: float
    """0 blurred .. 1 sharp."""
    annotator: str
    """Who wrote the descriptions: `measured`, or the multimodal LLM's id."""
    run_id: str
    """The run that wrote the row."""
    annotated_at: datetime
    """When it was written, UTC."""
    camera_agreement: float | None = None
    """Share of the camera's kinds of move on which the text and `camera_moves` agree, 0 to 1; None
    where the text names none, or was written from the measurement."""
    notes: tuple[str, ...] = ()
    """What did not go as it should and was made up for: names_unreadable, objects_not_found,
    description_cut, names_left_out, captions_incomplete; of the file frames_lost, times_mended,
    joined_recordings."""
    dialogue: tuple[Exchange, ...] = ()
    """In the order of asking, where `runtime.keep_dialogue` is on."""
    track_names: tuple[TrackName, ...] = ()
    """Of the measured tracks that were recognised, the name and its score."""
    repetitions: tuple[Repetition, ...] = ()
    """Of the measured tracks whose motion repeats, how often."""
    dissolves: tuple[Dissolve, ...] = ()
    """Dissolves and fades, in order: shot changes that take time; `cuts` has the hard ones."""
    objects_at_once: int | None = None
    """Most measured tracks at one moment; None where the tracks are an MLLM's."""
    objects_in_all: int | None = None
    """Measured tracks in all, those beyond `measure.most_tracks` as well."""

    def to_row(self) -> dict[str, Any]:
        """The row as plain lists and dicts, ready for Arrow."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Failure:
    """One row of the `failures` table: why an object or clip has no row in `motion`."""

    uri: str
    """The object."""
    version: str
    """Which of its bytes, as in `motion`."""
    clip_id: str | None
    """None where planning failed: no clip is known yet."""
    recipe: str
    """As in `motion`."""
    stage: FailureStage
    """list, plan, decode, refer, caption or stage."""
    error: str
    """A short stable name, such as NotAVideo."""
    message: str
    """What happened, in one sentence."""
    run_id: str
    """The run in which it failed."""
    failed_at: datetime
    """When, UTC."""

    @classmethod
    def of(
        cls,
        error: ClipError,
        *,
        stage: FailureStage,
        uri: str,
        version: str,
        clip_id: str | None,
        recipe: str,
        run_id: str,
    ) -> Failure:
        """The row of an error that happened now; its message becomes one line of printable text."""
        return cls(
            uri=uri,
            version=version,
            clip_id=clip_id,
            recipe=recipe,
            stage=stage,
            error=error.name,
            message=one_line(error, most=_MESSAGE_CHARACTERS),
            run_id=run_id,
            failed_at=datetime.now(UTC),
        )

    @classmethod
    def of_clip(
        cls, error: ClipError, clip: Clip, *, stage: FailureStage, recipe: str, run_id: str
    ) -> Failure:
        """The row of a clip's error; see `of`."""
        return cls.of(
            error,
            stage=stage,
            uri=clip.uri,
            version=clip.version,
            clip_id=clip.clip_id,
            recipe=recipe,
            run_id=run_id,
        )

    @classmethod
    def of_object(
        cls, error: ClipError, video: VideoObject, *, stage: FailureStage, recipe: str, run_id: str
    ) -> Failure:
        """The row of an error that concerns an object and no clip of it; see `of`."""
        return cls.of(
            error,
            stage=stage,
            uri=video.uri,
            version=video.version,
            clip_id=None,
            recipe=recipe,
            run_id=run_id,
        )

    def to_row(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One row of the `runs` table, and the summary that a run ends with."""

    run_id: str
    """Key."""
    source: str
    """What was annotated, as it was given."""
    recipe: str
    """Of the run's settings."""
    settings: Json
    """JSON, without credentials."""
    started_at: datetime
    """UTC."""
    finished_at: datetime | None
    """UTC; empty while the run goes on."""
    planned: Count
    """Clips that the run looked at, the skipped ones included."""
    annotated: Count
    """Clips that got a row."""
    skipped: Count
    """Clips that were in the warehouse already."""
    failed: Count
    """Clips and objects that became a row of `failures`."""
    throughput: float
    """Clips annotated per second of wall-clock time."""

    @classmethod
    def begun(
        cls, run_id: str, *, source: str, recipe: str, settings: str, started_at: datetime
    ) -> RunRecord:
        """The row of a run of which nothing is committed yet."""
        return cls(
            run_id=run_id,
            source=source,
            recipe=recipe,
            settings=settings,
            started_at=started_at,
            finished_at=None,
            planned=0,
            annotated=0,
            skipped=0,
            failed=0,
            throughput=0.0,
        )


@dataclass(frozen=True, slots=True)
class PartitionRecord:
    """One row of the `partitions` table: how far a part of a backfill has come."""

    backfill_id: str
    """Key, with partition: of source, times, recipe and number of partitions."""
    partition: int
    """From 0."""
    source: str
    """What is annotated."""
    recipe: str
    """Of the backfill's settings."""
    state: Literal["pending", "running", "done", "failed"]
    """Of the partition's last run."""
    videos: Count
    """Objects in the partition."""
    annotated: Count
    """Clips that got a row."""
    skipped: Count
    """Clips that were in the warehouse already."""
    failed: Count
    """Clips and objects."""
    run_id: str | None = None
    """The run that works or worked on it last."""
    started_at: datetime | None = None
    """UTC, of its last run."""
    finished_at: datetime | None = None
    """UTC; empty while it runs."""
    message: str | None = None
    """One sentence on why it failed."""


@dataclass(frozen=True, slots=True)
class SplitRecord:
    """One row of the `splits` table: into how many clips a version of an object was split."""

    uri: str
    version: str
    recipe: str
    clips: int
    """How many."""

    def to_row(self) -> dict[str, Any]:
        """The row, in the form of SPLIT_SCHEMA."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class PredictionRecord:
    """One row of the `predictions` table: what a benchmark's question was answered with."""

    benchmark: str
    """Name of the benchmark, such as motionbench."""
    annotations: str
    """SHA-256 of its annotations file: which questions."""
    question_id: str
    """Of the question in that file."""
    recipe: str
    """Of the settings that answered it; the prompts are part of them."""
    route: Literal["label", "model", "words", "none"]
    """What decided between object and camera prompts; none: they were the same."""
    uri: str
    """The video that is asked about."""
    version: str
    """Which of its bytes, as in `motion`; empty where there is no such video."""
    clip_id: str | None
    """As in `motion`; None where there is no such video, or it cannot be opened."""
    category: str
    """The benchmark's name for what is asked."""
    aspect: Literal["object", "camera", "both"]
    """What the question was taken to be about."""
    reply: str | None
    """As it came, before any rule read it; None where there is none."""
    choice: str | None
    """The letter that it chooses, read strictly; None where it chooses none or several."""
    error: str | None
    """Why there is no reply: a short stable name, such as NotAVideo."""
    run_id: str
    """The run that asked."""
    answered_at: datetime
    """UTC."""

    def to_row(self) -> dict[str, Any]:
        """The row, in the form of the table's schema."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ScoreRecord:
    """One row of the `scores` table: how far a description is true of its frames."""

    clip_id: str
    """Of the description's row in `motion`, with recipe."""
    recipe: str
    uri: str
    """The object that the clip is of."""
    scorer: str
    """Who scored, and how: scores of different scorers cannot be compared."""
    aspect: Literal["object", "camera"]
    """Which of the two descriptions."""
    score: float
    """0 to 1."""
    run_id: str
    """The run that scored it."""
    scored_at: datetime
    """UTC."""

    def to_row(self) -> dict[str, Any]:
        """The row, in the form of the table's schema."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class FingerprintRecord:
    """One row of the `fingerprints` table: what a clip looks like, to find near-duplicates by."""

    clip_id: str
    """As in `motion`: the same pictures, whatever the recipe."""
    uri: str
    """The object that the clip is of."""
    bits: str
    """512 bits as 128 hex digits: how eight frames, evenly in time, become brighter from left to right."""
    taken_at: datetime
    """UTC."""

    @classmethod
    def of(cls, clip: Clip, bits: str) -> FingerprintRecord:
        """The row of a fingerprint that was taken now."""
        return cls(clip.clip_id, clip.uri, bits, datetime.now(UTC))

    def to_row(self) -> dict[str, Any]:
        """The row, in the form of the table's schema."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class InstanceRecord:
    """One row of the `instances` table: what one track shows and does, in words."""

    clip_id: str
    """Of the track's row in `motion`, with recipe."""
    recipe: str
    uri: str
    """The object that the clip is of."""
    track_id: int
    """Of the track, in `object_tracks`."""
    appearance: str
    """By which it can be told from what else is in the picture, such as "a brown dog"."""
    motion: str
    """What it does, in a sentence."""
    checked: bool
    """Whether a checker found both right, and of this instance alone."""
    run_id: str
    """The run that wrote it."""
    written_at: datetime
    """UTC."""

    def to_row(self) -> dict[str, Any]:
        """The row, in the form of the table's schema."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class PreferenceRecord:
    """One row of the `preferences` table: which of two descriptions a person prefers."""

    pair_id: str
    """Of the two descriptions, in the data set's `pairs.parquet`."""
    annotator: str
    """The person, by the name that was given."""
    aspect: Literal["object", "camera"]
    """What the descriptions are about."""
    left_side: Literal["a", "b"]
    """Which of the pair stood on the left."""
    choice: Literal["a", "b", "equal", "cannot_tell"]
    """Of the pair, whichever side it stood on."""
    seconds: float
    """From the pair's first sight to the choice."""
    chosen_at: datetime
    """UTC."""

    def to_row(self) -> dict[str, Any]:
        """The row, in the form of the table's schema."""
        return asdict(self)


#: Arrow types of the plain Python ones; a field that needs another says so with Annotated.
_ARROW: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int32(),
    float: pa.float64(),
    datetime: pa.timestamp("us", tz="UTC"),
    bool: pa.bool_(),
}


def arrow_schema(row: type) -> pa.Schema:
    """The Arrow form of a dataclass of rows: a column for each of its fields, in their order.

    Tuples become lists, dataclasses structs, and the words of a Literal text. What is staged and the
    warehouses' tables are made from it, so a new column is a new field at a dataclass's end.
    """
    return pa.schema(_arrow_fields(row))


def _arrow_fields(row: type) -> list[pa.Field]:
    kinds = get_type_hints(row, include_extras=True)
    return [pa.field(field.name, _arrow_type(kinds[field.name])) for field in fields(row)]


def _arrow_type(kind: Any) -> pa.DataType:
    if kind in _ARROW:
        return _ARROW[kind]
    if is_dataclass(kind):
        return pa.struct(_arrow_fields(cast("type", kind)))
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return arguments[1]
    if origin is Literal:
        return pa.string()
    if origin is tuple:
        return pa.list_(_arrow_type(arguments[0]))
    (present,) = (argument for argument in arguments if argument is not NoneType)  # `X | None`
    return _arrow_type(present)


MOTION_SCHEMA = arrow_schema(MotionRecord)
FAILURE_SCHEMA = arrow_schema(Failure)
#: Into how many clips a version of an object was split, so that a rerun need not open it.
SPLIT_SCHEMA = arrow_schema(SplitRecord)
