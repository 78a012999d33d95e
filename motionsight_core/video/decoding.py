"""One pass over a clip: sampled frames, motion-blurred frames, and the motion measurement.

Nothing is kept of a frame but what was asked for, so memory does not grow with the video's length.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from typing import BinaryIO

import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.clip import ALL_PRODUCTS, DecodedClip, DecodeNote, Product
from motionsight_core.errors import Corrupt
from motionsight_core.settings import Settings
from motionsight_core.stores import open_object
from motionsight_core.video.clip_frames import ClipFrames
from motionsight_core.video.container import PacketDecoder, open_video, require_size
from motionsight_core.video.frame_index import FrameIndex
from motionsight_core.video.frame_reader import (
    IncompleteDecode,
    Reading,
    SeekMismatch,
    frames_that_come,
    from_keyframe,
    from_start,
    wanted_frames,
)
from motionsight_core.video.index_cache import IndexCache
from motionsight_core.video.pixels import geometry_of
from motionsight_core.video.sampling import HALF_MS, displayed_frames, times_shown
from motionsight_core.video.scene_frames import SceneFrames, ShownFrame, VideoFacts

__all__ = ["decode", "decode_scenes", "probe"]

_indices = IndexCache()
_NO_FRAME = "Not one frame of the clip can be decoded."


def probe(video: VideoObject, settings: Settings | None = None, *, file: BinaryIO | None = None) -> float:
    """Duration in seconds, from the first frame's start to the last one's end, without decoding.

    Args:
        file: a seekable handle on the object's bytes, read in place of its store.

    Raises:
        ClipError: the version is gone, or it is no readable video.
    """
    settings = settings or Settings()
    with _opened(video, settings, file) as opened:
        return _indices.of_packets(video, opened, settings.limits).duration_s


def decode(
    clip: Clip,
    settings: Settings | None = None,
    *,
    products: Collection[Product] = ALL_PRODUCTS,
    file: BinaryIO | None = None,
) -> DecodedClip:
    """Decode one clip in this process, once, for everything that is asked for.

    For bytes that are not trusted use `DecoderPool`, which runs this in a process with limits.

    Args:
        file: a seekable handle on the object's bytes, read in place of its store.

    Raises:
        ClipError: the version is gone, or the video cannot be decoded.
    """
    settings = settings or Settings()
    make = _decode_scene if settings.clips.scenes else _decode
    with _opened(clip.object, settings, file) as opened:
        index = _indices.of_packets(clip.object, opened, settings.limits)
        try:
            with suppress(SeekMismatch):
                return make(opened, clip, index, settings, products, reading=from_keyframe)
            return make(opened, clip, index, settings, products)
        except IncompleteDecode:
            pass
        try:
            # Damage: do without the frames that it hits.
            given = _without_lost_frames(opened, clip, index, settings)
            if given is not None:
                return make(opened, _cut_to(clip, given), given, settings, products)
        except IncompleteDecode:
            pass
        # The packets' timestamps are not the frames': count the frames that come out of a full decode.
        found = _on_the_clock_of(index, _indices.of_decoding(clip.object, opened, settings.limits))
        return make(opened, _cut_to(clip, found), found, settings, products)


def decode_scenes(
    video: VideoObject,
    settings: Settings,
    *,
    products: Collection[Product] = ALL_PRODUCTS,
    file: BinaryIO | None = None,
) -> Iterator[DecodedClip]:
    """The scenes of a video in this process, in order, each decoded as soon as its end is known.

    One pass looks for the cuts and makes everything that is asked for; `decode` of one of these clips
    alone gives the same bytes, as long as `settings.clips` say that clips are scenes.

    Args:
        file: a seekable handle on the object's bytes, read in place of its store.

    Raises:
        ClipError: as `decode`; after scenes that were given it speaks of what comes after them.
    """
    with _opened(video, settings, file) as opened:
        index = _indices.of_packets(video, opened, settings.limits)
        start_s = 0.0
        try:
            for decoded in _scenes(opened, video, index, settings, products, start_s=start_s):
                start_s = decoded.clip.end_s
                yield decoded
        except IncompleteDecode:
            # The packets' times are not the frames': count the frames that do come out.
            found = _on_the_clock_of(index, _indices.of_decoding(video, opened, settings.limits))
            yield from _scenes(opened, video, found, settings, products, start_s=start_s)


def _without_lost_frames(
    file: BinaryIO, clip: Clip, index: FrameIndex, settings: Settings
) -> FrameIndex | None:
    """The index without the clip's frames that do not come out of the decoder; None where all or none do.

    Raises:
        IncompleteDecode: the packets' timestamps are not those of the frames.
    """
    if index.packets is None:
        return None
    frames = displayed_frames(index.times_s, clip.start_s, clip.end_s)
    wanted = np.zeros(len(index.times_s), np.bool_)
    wanted[frames] = True
    with open_video(file, settings.limits) as (container, stream):
        decoder = PacketDecoder(stream)
        found = frames_that_come(container, stream, index, wanted, decoder=decoder)
        given = [number for number, _ in found]
    lost = np.setdiff1d(frames, given)
    # Packets that hold no picture of their own are no damage.
    return index.without(lost, noted=decoder.damaged > 0) if len(lost) and given else None


def _on_the_clock_of(index: FrameIndex, found: FrameIndex) -> FrameIndex:
    """An index made by decoding, with times since the first packet, as other clips of the video have them."""
    if index.packets is None or index.origin is None or found.origin is None:
        return found
    shift_s = (found.origin - index.origin) * index.time_base
    if not 0 < shift_s < index.duration_s:
        return found
    return replace(found, times_s=found.times_s + shift_s, lost_s=found.lost_s + shift_s)


def _cut_to(clip: Clip, index: FrameIndex) -> Clip:
    """The part of a clip in which there are frames, where it was planned on others than could be decoded."""
    start_s = max(clip.start_s, math.floor(float(index.times_s[0]) * 1000) / 1000)
    end_s = min(clip.end_s, round(index.end_s, 3))
    return replace(clip, start_s=start_s, end_s=end_s) if start_s < end_s else clip


def _with_notes(decoded: DecodedClip, index: FrameIndex) -> DecodedClip:
    """The clip with what was lost, mended or guessed of it."""
    clip = decoded.clip

    def is_inside(times_s: NDArray[np.float64]) -> bool:
        return bool(np.any((times_s >= clip.start_s - HALF_MS) & (times_s < clip.end_s - HALF_MS)))

    lost_frames = decoded.lost_frames + _lost_frames(index, clip)
    holds: dict[DecodeNote, bool] = {
        "frames_lost": lost_frames > 0,
        "times_mended": is_inside(index.times_s[index.mended]),
        "joined_recordings": is_inside(index.times_s[index.joins]),
    }
    return replace(decoded, lost_frames=lost_frames, notes=tuple(note for note in holds if holds[note]))


def _lost_frames(index: FrameIndex, clip: Clip) -> int:
    """How many of the clip's frames the index knows to be lost."""
    inside = (index.lost_s >= clip.start_s - HALF_MS) & (index.lost_s < clip.end_s + HALF_MS)
    # What is missing behind the last frame belongs to the clip that ends with it.
    at_end = (index.lost_s > clip.end_s) & (round(index.end_s, 3) <= clip.end_s)
    return int(np.count_nonzero(inside | at_end))


def _opened(
    video: VideoObject, settings: Settings, file: BinaryIO | None
) -> AbstractContextManager[BinaryIO]:
    return open_object(video, settings=settings.stores) if file is None else nullcontext(file)


def _decode(
    file: BinaryIO,
    clip: Clip,
    index: FrameIndex,
    settings: Settings,
    products: Collection[Product],
    *,
    reading: Reading = from_start,
) -> DecodedClip:
    frames = _frames_of(clip, index)
    times_s = times_shown(index.times_s, int(frames[0]), clip.start_s)
    pass_ = ClipFrames(clip, times_s, frames, settings, products)
    with open_video(file, settings.limits) as (container, stream):
        codec = stream.codec_context.name
        for shown in _shown(
            wanted_frames(container, stream, index, pass_.wanted, reading=reading), stream, settings
        ):
            pass_.take(shown.number, shown.frame, shown.geometry)
    geometry = pass_.geometry
    if geometry is None:
        raise Corrupt(_NO_FRAME)
    decoded = DecodedClip(
        clip=clip,
        width=geometry.width,
        height=geometry.height,
        fps=index.fps,
        codec=codec,
        lost_frames=0,
        sampled=pass_.sampled(),
        blurred=pass_.blurred(),
        motion=pass_.motion(),
        fingerprint=pass_.fingerprint(),
    )
    return _with_notes(decoded, index)


def _decode_scene(
    file: BinaryIO,
    clip: Clip,
    index: FrameIndex,
    settings: Settings,
    products: Collection[Product],
    *,
    reading: Reading = from_start,
) -> DecodedClip:
    """One scene, as `decode_scenes` gave it."""
    frames = _frames_of(clip, index)
    wanted = np.zeros(len(index.times_s), np.bool_)
    wanted[frames] = True
    scene: SceneFrames | None = None
    with open_video(file, settings.limits) as (container, stream):
        facts = VideoFacts.of(index.times_s, settings, fps=index.fps, codec=stream.codec_context.name)
        facts = facts.held(int(frames[0]), clip.start_s)
        found = frames_that_come(container, stream, index, wanted, reading=reading)
        for shown in _shown(found, stream, settings):
            scene = scene or SceneFrames(facts, shown.number, settings, products)
            scene.take(shown.number, shown.frame, shown.geometry)
    if scene is None:
        raise Corrupt(_NO_FRAME)
    return _with_notes(scene.finish(clip, frames=len(frames)), index)


def _scenes(
    file: BinaryIO,
    video: VideoObject,
    index: FrameIndex,
    settings: Settings,
    products: Collection[Product],
    *,
    start_s: float,
) -> Iterator[DecodedClip]:
    """The scenes from `start_s` on."""
    # Loads PySceneDetect, which nobody else needs.
    from motionsight_core.video.scene_pass import ScenePass

    end_s = round(index.duration_s, 3)
    wanted = index.times_s >= start_s - HALF_MS
    if not wanted.any():
        return
    with open_video(file, settings.limits) as (container, stream):
        facts = VideoFacts.of(index.times_s, settings, fps=index.fps, codec=stream.codec_context.name)
        scenes = ScenePass(video, facts, settings, products, start_s=start_s, end_s=end_s)
        found = frames_that_come(container, stream, index, wanted)
        for scene in scenes.scenes(_shown(found, stream, settings)):
            yield _with_notes(scene, index)
    if not scenes.found:
        raise Corrupt("Not one frame of the video can be decoded.")


def _frames_of(clip: Clip, index: FrameIndex) -> NDArray[np.intp]:
    frames = displayed_frames(index.times_s, clip.start_s, clip.end_s)
    if not len(frames) or clip.start_s >= index.end_s - HALF_MS:
        raise Corrupt(f"No frame can be decoded between {clip.start_s:.3f} s and {clip.end_s:.3f} s.")
    return frames


def _shown(
    frames: Iterator[tuple[int, VideoFrame]], stream: VideoStream, settings: Settings
) -> Iterator[ShownFrame]:
    """Frames with what is needed to show them.

    Raises:
        TooLarge: one of them is larger than `limits.max_frame_pixels`, or than can be processed.
    """
    for number, frame in frames:
        require_size(frame.width, frame.height, settings.limits)
        yield ShownFrame(number, frame, geometry_of(frame, stream.sample_aspect_ratio))
