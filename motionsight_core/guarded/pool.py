"""Guarded decoding: every video is opened in a process with limits, which is killed when they end.

A hostile file may hang a decoder, crash it, fill the memory or take it over; native code that holds
the GIL cannot be stopped from within its process. So the work is done by child processes of our own,
one request at a time each. They are started with `exec`, never by a bare fork: no CUDA context, no
gRPC thread and no lock is inherited, and the caller's `__main__` is not imported again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.clip import ALL_PRODUCTS, DecodedClip, FrameSequence, Product
from motionsight_core.dataset.fingerprints import is_fingerprint
from motionsight_core.errors import DecoderCrashed
from motionsight_core.guarded.process import ProcessDied, Request, Source
from motionsight_core.guarded.processes import Processes, close_shared_processes, shared_processes
from motionsight_core.guarded.sandbox import SandboxReport
from motionsight_core.measure.types import MotionMeasurement
from motionsight_core.naming.choice import PACKAGED
from motionsight_core.naming.vocabulary import COCO_NAMES
from motionsight_core.record import MOVING_REGION
from motionsight_core.settings import Settings
from motionsight_core.stores import LocalStore, store_for
from motionsight_core.video.clip_file_parts import ClipFileFacts, ClipFilePart
from motionsight_core.video.picture import Picture

#: What the track of a decoded clip may be called: anything else is a stranger's text.
_LABELS = {MOVING_REGION, *COCO_NAMES}


class DecoderPool:
    """A pool of decoding processes; safe to call from many threads.

    A request that exceeds `limits.wall_s` is killed and raises TimedOut. One whose process died is
    tried once more in a fresh process, alone, before it is condemned as DecoderCrashed: the machine,
    not the file, may have been at fault.

    Objects are opened here and handed over as an open file, or read here piece by piece: what decodes
    hostile files needs neither credentials nor a network nor a file system.
    """

    def __init__(self, settings: Settings, *, processes: Processes | None = None) -> None:
        """`processes`: that others use as well; some of its own if unset."""
        self._settings = settings
        self._processes = processes or Processes(
            settings.limits, count=settings.runtime.decode_processes, modules=_modules_for(settings)
        )

    def probe(self, video: VideoObject, *, file: BinaryIO | None = None) -> float:
        """`motionsight_core.video.decoding.probe` in a guarded process.

        Args:
            file: an open file with the object's bytes, handed over in place of its store's.

        Raises:
            ClipError: as `probe`, and TimedOut or DecoderCrashed.
        """
        return self._single(video, "probe", video, self._settings, answer=float, file=file)

    def decode(
        self, clip: Clip, *, products: Collection[Product] = ALL_PRODUCTS, file: BinaryIO | None = None
    ) -> DecodedClip:
        """`motionsight_core.video.decoding.decode` in a guarded process.

        Args:
            file: as for `probe`.

        Raises:
            ClipError: as `decode`, and TimedOut or DecoderCrashed.
        """
        arguments = (clip, self._settings, tuple(products))
        return self._clip(clip, "decode", *arguments, file=file)

    def decode_pictures(
        self,
        clip: Clip,
        pictures: Sequence[Picture],
        file: BinaryIO,
        *,
        products: Collection[Product] = ALL_PRODUCTS,
    ) -> DecodedClip:
        """`motionsight_core.video.pictures.decode_pictures` in a guarded process.

        Args:
            file: an open file, which is handed over.

        Raises:
            ClipError: as `decode_pictures`, and TimedOut or DecoderCrashed.
        """
        arguments = (clip, tuple(pictures), self._settings, tuple(products))
        return self._clip(clip, "decode_pictures", *arguments, file=file)

    def decode_scenes(
        self, video: VideoObject, *, products: Collection[Product] = ALL_PRODUCTS
    ) -> Generator[DecodedClip, None, None]:
        """`motionsight_core.video.decoding.decode_scenes` in a guarded process.

        `limits.wall_s` holds for each scene. Whoever takes a scene can use it: the version was still
        there when it came. Stop early and the process ends with it.

        Raises:
            ClipError: as `decode_scenes`, and TimedOut or DecoderCrashed; it speaks of what comes after
                the scenes that were given.
            ValueError: the settings do not say that clips are scenes.
        """
        if not self._settings.clips.scenes:
            raise ValueError("decode_scenes is for settings with clips.scenes")
        end_s = 0.0
        for decoded in self._stream(
            video, "decode_scenes", video, self._settings, tuple(products), answer=DecodedClip
        ):
            clip = decoded.clip
            if clip.object != video or not end_s <= clip.start_s < clip.end_s:
                raise DecoderCrashed("The decoding process answered for another clip.")
            check_decoded(decoded)
            _check_version(video, self._settings)
            end_s = clip.end_s
            yield decoded

    def clip_file(self, clip: Clip, *, made_with: str) -> Generator[ClipFilePart, None, None]:
        """`motionsight_core.video.clip_file.clip_file` in a guarded process, which writes nothing itself.

        `limits.wall_s` holds for each part. Stop early and the process ends with it.

        Raises:
            ClipError: as `clip_file`, and TimedOut or DecoderCrashed.
        """
        most_mb = self._settings.media.max_mb
        # An attempt that fails half-way is followed by another, which begins anew.
        most_parts = 4 * (most_mb + self._settings.limits.max_frames)
        most_bytes = most_mb << 20
        ended = False
        parts = self._stream(
            clip.object,
            "clip_file",
            clip,
            self._settings,
            made_with,
            answer=ClipFilePart,
            most_answers=most_parts,
        )
        for part in parts:
            if ended or part.offset < 0 or max(part.offset + part.data.nbytes, part.size) > most_bytes:
                raise DecoderCrashed("The decoding process returned data that is not a file.")
            ended = part.facts is not None
            yield part
        if not ended:
            raise DecoderCrashed("The decoding process did not finish the clip's file.")

    def facts_of_file(self, video: VideoObject) -> ClipFileFacts | None:
        """`motionsight_core.video.clip_file.facts_of_file` in a guarded process; errors as `probe`."""
        return self._single(video, "facts_of_file", self._settings, answer=ClipFileFacts | None)

    def count_frames(self, video: VideoObject) -> int:
        """How many frames of a clip's file a full decode gives.

        Raises:
            ClipError: as `motionsight_core.video.clip_file.count_frames`, and TimedOut or DecoderCrashed.
        """
        return max(self._stream(video, "count_frames", self._settings, answer=int), default=0)

    def sandbox(self) -> SandboxReport:
        """Which sandbox a decoding process of this machine is in; starts one where there is none.

        Raises:
            RunError: `limits.sandbox` requires what the machine does not support.
            DecoderCrashed: decoding processes do not start.
        """
        with self._processes.one(fresh=False) as process:
            try:
                return process.started()
            except ProcessDied as death:
                raise DecoderCrashed(f"The decoding process did not start ({death}).") from None

    def start_one(self) -> None:
        """Start a process for the first request to come, without waiting for it, where none is there yet."""
        self._processes.start_one()

    def close(self) -> None:
        """Kill all processes; requests under way fail."""
        self._processes.close()

    def __enter__(self) -> DecoderPool:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _clip(self, clip: Clip, task: str, *arguments: Any, file: BinaryIO | None) -> DecodedClip:
        """The one decoded clip that a task answers with."""

        def check(decoded: DecodedClip) -> None:
            found = decoded.clip
            # Its span may be shorter, where less could be decoded than was planned on.
            if found.object != clip.object or not clip.start_s <= found.start_s < found.end_s <= clip.end_s:
                raise DecoderCrashed("The decoding process answered for another clip.")
            check_decoded(decoded)

        return self._single(clip.object, task, *arguments, answer=DecodedClip, check=check, file=file)

    def _single(
        self,
        video: VideoObject,
        task: str,
        *arguments: Any,
        answer: Any,
        check: Callable[[Any], None] = lambda answer: None,
        file: BinaryIO | None = None,
    ) -> Any:
        """The one answer of a task. A process whose answer does not pass the check is not used again."""
        found: list[Any] = []
        stream = self._stream(video, task, *arguments, answer=answer, most_answers=1, file=file)
        with closing(stream) as answers:
            for item in answers:
                check(item)
                found.append(item)
        if not found:
            raise DecoderCrashed("The decoding process gave no answer.")
        return found[0]

    def _stream(
        self,
        video: VideoObject,
        task: str,
        *arguments: Any,
        answer: Any,
        most_answers: int = 100_000,
        file: BinaryIO | None = None,
    ) -> Generator[Any, None, None]:
        """The answers of a task of `child.TASKS`, as they come, each within `limits.wall_s`.

        Whoever stops early ends the process. One that dies is replaced once, by a process that begins
        again and leaves out what was given already.

        Args:
            arguments: of the task, after the file.
            answer: type of each answer, as `guarded.answers.build` takes it.
            most_answers: more can only come from a process that was taken over.
            file: in place of what the video's store has.

        Raises:
            ClipError: the task's, the store's (a changed object's only at the end), TimedOut or
                DecoderCrashed.
        """
        given = 0
        with _opened(video, self._settings, file) as source:
            for fresh in (False, True):
                request = Request(task, arguments, answer, most_answers - given, skip=given)
                try:
                    with self._processes.one(fresh=fresh) as process:
                        for item in process.answers(request, source):
                            given += 1
                            yield item
                    return
                except ProcessDied as death:
                    if fresh:
                        raise DecoderCrashed(
                            f"The decoding process died twice on this video ({death})."
                        ) from None


@contextmanager
def _opened(video: VideoObject, settings: Settings, file: BinaryIO | None) -> Iterator[Source]:
    """The object as a decoding process gets it."""
    if file is not None:
        yield Source(descriptor=file.fileno())
        return
    store = store_for(video.uri, settings.stores)
    with ExitStack() as stack:
        if isinstance(store, LocalStore):
            # The very file whose version is watched, not another that has its name by now.
            yield Source(descriptor=stack.enter_context(store.open(video)).fileno())
            return
        found = stack.enter_context(store.read(video))
        if isinstance(found, Path):
            yield Source(descriptor=stack.enter_context(found.open("rb")).fileno())
        else:
            yield Source(reader=found)


def _check_version(video: VideoObject, settings: Settings) -> None:
    """Raises VersionGone where a local file is no longer what was listed; others are pinned."""
    store = store_for(video.uri, settings.stores)
    if isinstance(store, LocalStore):
        with store.open(video):
            pass


def check_decoded(decoded: DecodedClip) -> None:
    """Check what types do not say, for all who use these arrays without a look at their shapes.

    Raises:
        DecoderCrashed: the process that sent it was taken over.
    """
    shapes = [
        _is_sequence(sequence) for sequence in (decoded.sampled, decoded.blurred) if sequence is not None
    ]
    if decoded.motion is not None and not _said_in(decoded.motion) <= _LABELS:
        raise DecoderCrashed("The decoding process named a track as nothing that there is.")
    if decoded.fingerprint is not None and not is_fingerprint(decoded.fingerprint):
        raise DecoderCrashed("The decoding process returned a fingerprint that is not one.")
    if not all(shapes) or min(decoded.width, decoded.height, decoded.lost_frames + 1) < 1:
        raise DecoderCrashed("The decoding process returned data that is not a sequence of frames.")


def _said_in(motion: MotionMeasurement) -> set[str]:
    """All names in a measurement."""
    return {
        *(track.label for track in motion.tracks),
        *(name.name for name in motion.names),
        *(found.label for frame in motion.detections for found in frame.detections),
    }


def _is_sequence(sequence: FrameSequence) -> bool:
    shape = sequence.pixels.shape
    if sequence.within_s is not None:  # that is for prompts
        return False
    return len(shape) == 4 and shape[3] == 3 and min(shape) > 0 and sequence.times_s.shape == (shape[0],)


def shared_decoder(settings: Settings) -> DecoderPool:
    """A decoder for these settings, whose processes are shared by all threads of this process, and by all
    settings that ask for processes of the same kind."""
    processes = shared_processes(
        settings.limits, count=settings.runtime.decode_processes, modules=_modules_for(settings)
    )
    return DecoderPool(settings, processes=processes)


def close_shared_decoders() -> None:
    """End all decoding processes of this process, but those of a DecoderPool of its own."""
    close_shared_processes()


def _modules_for(settings: Settings) -> tuple[str, ...]:
    modules = []
    if settings.clips.scenes:  # cuts are looked for with a library of their own, which nothing else waits for
        modules.append("motionsight_core.video.scene_pass")
    if settings.naming.model == PACKAGED:
        modules.append("motionsight_core.naming.model_file")
    return tuple(modules)
