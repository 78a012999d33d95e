"""The report: a warehouse's rows and the videos behind them as one HTML file that needs nothing else.

    from pathlib import Path

    from motionsight_core import Settings
    from motionsight_core.report import write_report

    write_report("duckdb:motionsight.duckdb", Path("motionsight.html"), settings=Settings())

`_selection` reads the rows, `_entries` says what the page filters them by, `_pictures` draws the
evidence from the videos, `_page` writes it all into the template. The page itself, which is in `page/`,
builds what it shows from that data in the browser, as text and never as HTML.
"""

from __future__ import annotations

from motionsight_core.report._judged import Judgement
from motionsight_core.report._report import FrameChoice, ReportSummary, write_report

__all__ = ["FrameChoice", "Judgement", "ReportSummary", "write_report"]
