"""The package that the pages of docs/extend add their backends in, built and installed from these pages."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

PAGES = Path(__file__).parents[2] / "docs" / "extend"
_BLOCK = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def files_of_the_pages() -> dict[str, str]:
    """The files that the pages' blocks are, by name; one that several pages add to is all they say of it."""
    files: dict[str, str] = {}
    for page in sorted(PAGES.glob("*.md"), key=lambda page: (page.stem != "index", page.stem)):
        for name, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
            files[name] = f"{files[name]}\n{text}" if name in files else text
    return files


def install_from_the_pages(folder: Path) -> Path:
    """Build the package's wheel and unpack it; the folder that is to stand on Python's path."""
    source, wheels, site = folder / "source", folder / "wheels", folder / "site"
    for name, text in files_of_the_pages().items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(wheels)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (wheel,) = wheels.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(site)
    return site


def register(site: Path, package: str, *lines: str) -> Path:
    """Another package, of which only the metadata is there: the group and the lines of its entry points."""
    folder = site / f"{package.replace('-', '_')}-2.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 2.0\n")
    (folder / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return site
