"""Data sets made from a warehouse's rows: selected, graded, split, with questions, pairs and a card.

    from pathlib import Path

    from motionsight_core import Settings
    from motionsight_core.dataset.build import build_dataset

    settings = Settings.load(overrides=["media.kind=reference"])
    built = build_dataset("duckdb:motionsight.duckdb", Path("motion-data"), settings)
    print(len(built.data.clips), "clips,", len(built.data.questions), "questions")

The steps stand in `build.py` and `prepare.py`; the files' form is in docs/datasets.md.
"""
