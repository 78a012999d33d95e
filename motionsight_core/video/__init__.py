"""One pass over a clip: from a file's bytes to the frames that were asked for, and their measured motion.

    from motionsight_core import clips_of, decode

    decoded = decode(clips_of("clips/dog.mp4")[0])
    print(decoded.sampled, decoded.blurred, decoded.motion.clarity)

`decoding.decode` is the door. What it walks through, in this order: `formats` (which demuxer), `container`
and `video_stream` (which stream), `indexing` (which frames, and when each is shown), `frame_reader` (decoded
and converted by `pixels`), `clip_frames` and `scene_frames` (what becomes of them).
"""
