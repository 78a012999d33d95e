"""The wheel, installed as a user installs it, and a folder of the user's with packages of the same names."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from tests.warm import environment

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Installation:
    """An environment that holds the wheel's files, not this checkout's."""

    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    @property
    def site_packages(self) -> Path:
        (found,) = self.folder.glob("lib/python*/site-packages")
        return found

    def run(
        self, program: str, *arguments: str, cwd: Path, more: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one of its programs in a folder, as one does in a shell."""
        return subprocess.run(
            [str(self.folder / "bin" / program), *arguments],
            cwd=cwd,
            env=environment() | (more or {}),
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )


def install(wheel: Path, folder: Path) -> Installation:
    """Install a wheel into a fresh environment. Its dependencies are those of the environment that tests.

    They come by a .pth, which unlike a .pth of that environment itself follows no editable installs: what is
    imported of MotionSight is the wheel's.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    installation = Installation(folder)
    # --python must be an interpreter that has a pip, or one that pip can run its own with.
    install = [sys.executable, "-m", "pip", "--python", installation.python, "install", "--quiet"]
    subprocess.run(
        [*install, "--disable-pip-version-check", "--no-deps", "--no-index", str(wheel)],
        check=True,
        capture_output=True,
    )
    dependencies = sysconfig.get_paths()["purelib"]
    (installation.site_packages / "dependencies.pth").write_text(f"{dependencies}\n")
    # Of Prefect too the script that pip makes: unlike `python -m` it looks for nothing where it is run.
    script = folder / "bin" / "prefect"
    lines = Path(sys.executable).with_name("prefect").read_text().splitlines(keepends=True)
    script.write_text(f"#!{installation.python}\n" + "".join(lines[1:]))
    script.chmod(0o755)
    return installation


def folder_of_a_namesake(folder: Path) -> Path:
    """A folder whose packages flows and transforms are somebody else's."""
    for name in ("flows", "transforms"):
        package = folder / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("MINE = True\n")
    return folder


def build_wheel(folder: Path) -> Path:
    """The wheel of this checkout."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel
