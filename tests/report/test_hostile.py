"""What others wrote stays text."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from motionsight_core.record import Exchange
from tests.core.warehouse.rows import failure
from tests.report.catalogs import report_of, row, track
from tests.report.conftest import Open, follow

ATTACKS = [
    "<script>window.taken = 1</script>",
    "</script><script>window.taken = 2</script>",
    "<!-- <script>",
    '"><img src=x onerror="window.taken = 3">',
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "' OR 1=1 --",
    "]]>&lt;b&gt;",
    "\u2028\u2029 lines",
    "ünïcödé \U0001f3a5 \u4e2d\u6587",
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [
        row(
            f"{number} {text}.mp4".replace("/", "\u2044"),
            object_motion=text,
            camera_motion=f"says {text}",
            object_names=(text,),
            object_tracks=(track((0.1, 0.1), (0.5, 0.5), label=text),),
            annotator=text,
            codec=text,
            notes=(text,),
            dialogue=(Exchange("names", f"asks {text}", f"replies {text}"),),
        )
        for number, text in enumerate(ATTACKS)
    ]
    rows.append(row("evil\u202e4pm.exe\u200b\x07.mp4", object_motion="\u05e9\u05dc\u05d5\u05dd \u202eterces"))
    rows.append(row("x" * 1000 + ".mp4", object_motion="y" * 3000))
    failures = [failure(f"bad {text}".replace("/", "\u2044"), error=text) for text in ATTACKS]
    return report_of(tmp_path_factory.mktemp("hostile"), [*rows, *failures])


def test_markup_in_names_and_descriptions_is_shown_and_never_obeyed(open_page: Open, hostile: Path) -> None:
    page = open_page(hostile)
    told = page.locator("dd").all_text_contents()
    for text in ATTACKS[:7]:
        assert text in told
        assert f"says {text}" in told
    assert page.evaluate("window.taken") is None
    assert page.locator("main script, main img[src=x], #cards b").count() == 0
    follow(page.locator(".card h3 a").first)
    page.get_by_text("The row as JSON").click()
    assert f"asks {ATTACKS[0]}" in page.locator(".dialogue pre").all_text_contents()
    assert f"replies {ATTACKS[0]}" in page.locator("blockquote").all_text_contents()
    assert page.locator("dialog script, dialog img").count() == 0
    assert ATTACKS[0] in page.locator("dialog").inner_text()
    assert page.evaluate("window.taken") is None


def test_a_filter_by_a_hostile_value_works_and_survives_its_address(open_page: Open, hostile: Path) -> None:
    page = open_page(hostile)
    bar = page.locator('[data-facet="annotator"]').filter(has_text="</script><script>")
    bar.click()
    assert page.locator(".card").count() == 1
    again = open_page(hostile, page.evaluate("location.hash"))
    assert again.locator(".card").count() == 1
    assert again.evaluate("window.taken") is None


def test_marks_that_turn_or_hide_text_are_written_out(open_page: Open, hostile: Path) -> None:
    page = open_page(hostile, "#q=4pm")
    assert page.locator(".card h3").inner_text() == "evil\\u202e4pm.exe\\u200b\\u0007.mp4"
    description = page.locator(".card dd").nth(1)
    assert description.text_content() == "\u05e9\u05dc\u05d5\u05dd \\u202eterces"
    assert description.get_attribute("dir") == "auto"


@pytest.mark.parametrize("width", [390, 1440])
def test_endless_words_break_and_push_nothing_out(open_page: Open, hostile: Path, width: int) -> None:
    page = open_page(hostile, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_hostile_address_does_nothing(open_page: Open, hostile: Path) -> None:
    page = open_page(
        hostile,
        "#q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&move=__proto__&sort=constructor&page=-9&motion=a~b&clip=%22%5D",
    )
    assert "Nothing meets all of these filters" in page.locator("#cards").inner_text()
    assert page.locator("img").count() == 0


def test_a_program_that_got_in_would_not_be_run(browser: Browser, sixty: Path) -> None:
    """The page's own policy allows its one program by its hash, and nothing from a network."""
    page = browser.new_page()
    page.goto(sixty.as_uri())
    taken, violated = page.evaluate(
        """async () => {
            const found = [];
            const both = new Promise((done) => addEventListener('securitypolicyviolation', (event) => {
                if (found.push(event.effectiveDirective) === 2) done();
            }));
            const program = document.createElement('script');
            program.textContent = 'window.taken = 4';
            document.body.append(program);
            await fetch('https://example.invalid/').catch(() => null);
            await both;
            return [window.taken ?? null, found];
        }"""
    )
    page.close()
    assert taken is None
    assert sorted(violated) == ["connect-src", "script-src-elem"]
