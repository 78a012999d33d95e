"""Installs the emulator, so that the tests need not."""

from __future__ import annotations

from tests.bqemulator import install

install()
