"""The documentation site is built without a warning or a network, is complete, and opens anywhere."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import pytest
from mkdocs.config.defaults import MkDocsConfig
from playwright.sync_api import Browser, Page

from docs.reference_of_python import promised_names, resolved
from docs.site_hooks import on_config
from flows.cli import cli
from motionsight_core.record import FAILURE_SCHEMA, MOTION_SCHEMA
from motionsight_core.settings import Settings
from motionsight_core.settings._names import setting_names
from tests.chromium import started
from tests.documented import ROOT, docstring_blocks

DESKTOP, PHONE = (1280, 900), (390, 844)
#: Pages of every sort: pictures, generated text, wide tables, docstrings, links into it.
LOOKED_AT = ("index", "reference/settings", "reference/commands", "reference/motionsight_core", "api")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does, where no server of the world can be reached."""
    folder = tmp_path_factory.mktemp("site")
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | nowhere | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


def text_of(page: Path) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))


def test_every_setting_is_in_the_reference(site: Path) -> None:
    page = text_of(site / "reference" / "settings.html")
    names = list(setting_names(Settings))
    assert len(names) > 50
    assert [name for name in names if f"{name}¶" not in page] == []


def test_every_command_and_option_is_in_the_reference(site: Path) -> None:
    page = text_of(site / "reference" / "commands.html")
    said = {f"motionsight {name}¶" for name in cli.commands}
    said |= {option for command in cli.commands.values() for it in command.params for option in it.opts}
    assert [one for one in sorted(said) if one.startswith("-") and one not in page] == []
    assert [one for one in sorted(said) if one.startswith("motionsight") and one not in page] == []


def test_every_column_says_what_it_means(site: Path) -> None:
    page = (site / "reference" / "tables.html").read_text(encoding="utf-8")
    rows = re.findall(r"<td><code>(\w+)</code></td>\s*<td>.*?</td>\s*<td>(.*?)</td>", page)
    assert {*MOTION_SCHEMA.names, *FAILURE_SCHEMA.names} <= {name for name, _ in rows}
    assert [name for name, meaning in rows if not meaning] == []


def test_every_name_that_is_promised_is_there_and_in_the_reference(site: Path) -> None:
    for name in promised_names():
        assert resolved(name) is not None
        page = site / "reference" / f"{name.split('.')[0]}.html"
        assert f'id="{name}"' in page.read_text(encoding="utf-8"), name


def test_all_that_the_packages_export_is_promised() -> None:
    packages = [import_module(name) for name in ("motionsight_core", "transforms")]
    exported = {f"{package.__name__}.{name}" for package in packages for name in package.__all__}
    assert exported <= set(promised_names())


def test_packages_with_public_names_begin_with_an_example() -> None:
    packages = {".".join(name.split(".")[:-1]) for name in promised_names()} & {
        f"{path.parent.relative_to(ROOT)}".replace("/", ".") for path in ROOT.glob("*/**/__init__.py")
    }
    assert packages <= {block.place for block in docstring_blocks()}


def test_a_folder_in_the_navigation_stands_for_its_pages(tmp_path: Path) -> None:
    config: Any = MkDocsConfig()  # its type is that of any configuration
    config.docs_dir, config.nav = str(tmp_path), [{"Home": "index.md"}, {"Extend": "extend/"}]
    assert on_config(config).nav == [{"Home": "index.md"}]
    (tmp_path / "extend").mkdir()
    for name in ("store.md", "index.md", "column.md"):
        (tmp_path / "extend" / name).touch()
    config.nav = [{"Extend": "extend/"}]
    expected = [{"Extend": ["extend/index.md", "extend/column.md", "extend/store.md"]}]
    assert on_config(config).nav == expected


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as browser:
        yield browser


@pytest.fixture
def complaints() -> list[str]:
    return []


def opened(
    browser: Browser,
    complaints: list[str],
    address: str,
    *,
    size: tuple[int, int] = DESKTOP,
    scheme: Literal["light", "dark"] = "light",
) -> Page:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.on("request", lambda asked: None if asked.url.startswith(address) else complaints.append(asked.url))
    page.on("response", lambda got: complaints.append(got.url) if got.status >= 400 else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    return page


@pytest.mark.in_gate("desktop-light")
@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(DESKTOP, "light", id="desktop-light"),
        pytest.param(PHONE, "dark", id="phone-dark"),
        pytest.param(DESKTOP, "dark", id="desktop-dark"),
        pytest.param(PHONE, "light", id="phone-light"),
    ],
)
def test_pages_fit_ask_nobody_and_complain_of_nothing(
    browser: Browser,
    complaints: list[str],
    address: str,
    size: tuple[int, int],
    scheme: Literal["light", "dark"],
) -> None:
    page = opened(browser, complaints, address, size=size, scheme=scheme)
    for name in LOOKED_AT:
        page.goto(f"{address}/{name}.html")
        expected = "slate" if scheme == "dark" else "default"
        assert page.locator("body").get_attribute("data-md-color-scheme") == expected
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name
    page.close()
    assert complaints == []


@pytest.mark.in_gate("served")
@pytest.mark.parametrize("served", [True, False], ids=["served", "from-a-disk"])
def test_search_finds_a_setting(
    browser: Browser, complaints: list[str], site: Path, address: str, served: bool
) -> None:
    place = address if served else site.as_uri()
    page = opened(browser, complaints, place)
    page.goto(f"{place}/index.html")
    page.get_by_role("textbox", name="Search").press_sequentially("darken_factor")
    first = page.locator(".md-search-result__link").first
    first.wait_for()
    assert "reference/settings.html" in (first.get_attribute("href") or "")
    page.close()
    assert complaints == []
