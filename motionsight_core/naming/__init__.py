"""What a measured track shows: a small detector looks at a few of a clip's frames, and they vote.

The detector that comes with the package (`naming.model = packaged`) runs where clips are decoded, on
pictures that are kept while the frames come by; one of transformers runs on the sampled frames, where models
are loaded.
"""
