"""The two ends of a guarded decoding process: what they say to each other, and how one is started."""
