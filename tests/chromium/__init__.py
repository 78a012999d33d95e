"""Chromium for the tests of pages, as the machine has it or from Debian's packages.

Where there is none, its packages and those that it stands on are unpacked into a folder of the environment
that runs the tests: nothing is installed on the machine, and nobody need be root. That takes an apt whose
sources have a package `chromium`, as Debian's do.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

_ENVIRONMENT = Path(sys.prefix, "chromium")
#: With fonts, so that a page looks the same wherever it is tested.
_PACKAGES = ("chromium", "fonts-inter", "fonts-dejavu-core")
_INSTALLED = ("chromium", "google-chrome", "google-chrome-stable")
#: Asks nobody for anything but the page.
_FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
)
#: Drawn by the processor.
WEBGL = "--enable-unsafe-swiftshader"
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}/root/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{folder}/fonts</cachedir>
  <alias binding="same"><family>system-ui</family><prefer><family>Inter</family></prefer></alias>
  <alias binding="same"><family>sans-serif</family><prefer><family>Inter</family></prefer></alias>
  <alias binding="same"><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
"""


class NoChromium(RuntimeError):
    """There is no browser, and none can be had; the message says why."""


@dataclass(frozen=True, slots=True)
class Chromium:
    """A browser that can be started."""

    program: Path
    environment: Mapping[str, str]
    """Variables that it needs beside those of this process."""


def install() -> Chromium:
    """The machine's Chromium, or one that was unpacked here; the packages are fetched once.

    Raises:
        NoChromium: there is none, and it cannot be fetched.
    """
    for name in _INSTALLED:
        if found := shutil.which(name):
            return Chromium(Path(found), {})
    _ENVIRONMENT.mkdir(parents=True, exist_ok=True)
    with _ENVIRONMENT.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the test processes all want it at once
        stamp = _ENVIRONMENT / "packages"
        if not (stamp.is_file() and stamp.read_text() == " ".join(_PACKAGES)):
            _unpack()
            (_ENVIRONMENT / "fonts.conf").write_text(_FONTS.format(folder=_ENVIRONMENT))
            stamp.write_text(" ".join(_PACKAGES))  # last: it says that the rest is whole
    root = _ENVIRONMENT / "root"
    libraries = sorted({str(file.parent) for file in root.rglob("*.so*")})
    return Chromium(
        root / "usr/lib/chromium/chromium",
        {
            "LD_LIBRARY_PATH": os.pathsep.join(libraries),
            "FONTCONFIG_FILE": str(_ENVIRONMENT / "fonts.conf"),
        },
    )


@contextmanager
def started(*, graphics: str = "--disable-gpu") -> Iterator[Browser]:
    """A headless browser, in the same look everywhere.

    Args:
        graphics: the flag that says how it draws; WEBGL for pages that need that.

    Raises:
        NoChromium: there is none, and it cannot be fetched.
    """
    chromium = install()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.program,
            args=[*_FLAGS, graphics],
            env={**os.environ, **chromium.environment},
        )
        try:
            yield browser
        finally:
            browser.close()


def _unpack() -> None:
    """Fetch the packages and what they stand on, as far as the machine has not got it, and unpack them."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise NoChromium("There is no Chromium on this machine and no apt to fetch it; install chromium.")
    for part in ("root", "apt"):
        shutil.rmtree(_ENVIRONMENT / part, ignore_errors=True)
    apt = _ENVIRONMENT / "apt"
    for folder in ("lists/partial", "archives/partial"):
        (apt / folder).mkdir(parents=True)
    options = {
        "Dir::State::Lists": apt / "lists",
        "Dir::Cache": apt,
        "Dir::Cache::Archives": apt / "archives",
        "Dir::Log": apt,
        "Debug::NoLocking": 1,
        "APT::Sandbox::User": "root",  # no other user could write into this folder
    }
    with_options = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    _do("apt-get", *with_options, "-qq", "update")
    fetch = ("--yes", "--no-install-recommends", "--download-only", "install")
    _do("apt-get", *with_options, "-qq", *fetch, *_PACKAGES)
    for archive in sorted((apt / "archives").glob("*.deb")):
        _do("dpkg", "-x", str(archive), str(_ENVIRONMENT / "root"))
    if not (_ENVIRONMENT / "root/usr/lib/chromium/chromium").is_file():
        raise NoChromium("The package chromium of this machine's sources holds no browser; install chromium.")
    shutil.rmtree(apt)


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoChromium(
            f"Chromium cannot be fetched: {command[0]} failed with {' '.join(done.stderr.split())[-600:]}"
        )
