"""The sandboxed decoding processes: pool, both ends of a process, the wire between them, sandbox.

    from motionsight_core import Settings, clips_of
    from motionsight_core.guarded.pool import shared_decoder

    decoded = shared_decoder(Settings()).decode(clips_of("clips/dog.mp4")[0], products=["sampled"])
    print(decoded.sampled)

`decode` in a process of its own: videos that are not trusted are opened only here.
"""
