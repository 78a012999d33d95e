"""What the documentation site has beside docs/*.md; mkdocs calls these functions while it builds.

README.md, CONTRIBUTING.md and CHANGELOG.md are pages of the site, files of deploy/ that a page links to are
in it, and the reference is written from the code.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs.reference_of_commands import command_reference
from docs.reference_of_python import package_reference, with_links
from docs.reference_of_settings import settings_reference
from docs.reference_of_tables import table_reference

ROOT = Path(__file__).parent.parent
#: Pages that stand at the root of the repository, where everybody looks for them.
_FROM_ROOT = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
PACKAGES = ("motionsight_core", "transforms", "flows")
_WRITTEN: dict[str, Callable[[], str]] = {
    "reference/settings.md": settings_reference,
    "reference/commands.md": command_reference,
    "reference/tables.md": table_reference,
    **{f"reference/{package}.md": partial(package_reference, package) for package in PACKAGES},
}
#: The target of a link or of a picture, without its fragment.
_TARGET = re.compile(r"(?<=\]\()(?!\w+:)([^)#\s]+)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Let a navigation entry such as `extend/` stand for the pages of that folder, index.md first."""
    entries = []
    for entry in config.nav or []:
        ((title, target),) = entry.items()
        if not (isinstance(target, str) and target.endswith("/")):
            entries.append(entry)
        elif pages := sorted(Path(config.docs_dir, target).glob("*.md"), key=_index_first):
            entries.append({title: [f"{target}{page.name}" for page in pages]})
    config.nav = entries
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that do not lie in docs/."""
    for name, page in _FROM_ROOT.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text(encoding="utf-8")))
    for page, write in _WRITTEN.items():
        files.append(File.generated(config, page, content=write()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links that are right in the repository to the same places of the site."""
    here = page.file.src_uri
    in_repository = next((name for name, uri in _FROM_ROOT.items() if uri == here), f"docs/{here}")

    def on_site(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(in_repository), match[1]))
        uri = _FROM_ROOT.get(target) or target.removeprefix("docs/")
        if uri == target and (ROOT / target).is_file() and uri not in files.src_uris:
            # A file of deploy/: static, as it is.
            files.append(File.generated(config, uri, abs_src_path=str(ROOT / target)))
        return posixpath.relpath(uri, posixpath.dirname(here) or ".")

    return with_links(here, _TARGET.sub(on_site, markdown))


def _index_first(page: Path) -> tuple[bool, str]:
    return page.name != "index.md", page.name
