"""Fetches Chromium, so that the tests need not."""

from __future__ import annotations

import sys

from tests.chromium import NoChromium, install

try:
    install()
except NoChromium as reason:
    print(f"{reason} The tests that need a browser will say so.", file=sys.stderr)
