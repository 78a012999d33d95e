"""People in a browser: two annotators, early keys, reloads, undo, a phone, a screen reader's rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from motionsight_core.preference import ChoiceLog, agreement, left_side
from tests.prefer.conftest import CLIP_S, Dataset
from tests.prefer.datasets import pair
from tests.prefer.preferring import Preferring
from tests.report.test_hostile import ATTACKS
from tests.report.test_looks import overflowing

#: Far more than anything here takes on a loaded machine, ms.
_PATIENCE_MS = 60_000
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


class Visitor:
    """A person with a browser of their own."""

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        self.asked: list[str] = []
        context.set_default_timeout(_PATIENCE_MS)
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", self._note)

    def _note(self, message: ConsoleMessage) -> None:
        # A clip that is still being read when the test kills its server is no complaint of the page.
        if message.type == "error" and "net::ERR_" not in message.text:
            self.complaints.append(message.text)

    def enter(self, url: str, name: str) -> None:
        """Give a name, and see the first pair."""
        self.page.goto(url)
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_role("button", name="Begin").click()
        expect(self.page.locator("#name")).to_have_text(name)

    @property
    def pair_id(self) -> str | None:
        return self.page.locator("#work").get_attribute("data-pair")

    def watch(self) -> None:
        """Wait until the clip was played."""
        self.page.locator('[data-choice=left][aria-disabled="false"]').wait_for()

    def choose(self, label: str, *, done: int) -> None:
        """Watch the pair and choose by a click, after which `done` pairs are chosen of."""
        self.watch()
        self.page.get_by_role("button", name=label).click()
        expect(self.page.locator("#count")).to_contain_text(f"{done} of")


@pytest.fixture
def visit(browser: Browser) -> Iterator[Any]:
    """Brings people; at the end their pages must have complained of nothing and asked nobody else."""
    people: list[Visitor] = []
    contexts: list[BrowserContext] = []

    def bring(*, width: int = 1440, height: int = 900, scheme: Any = "light", **options: Any) -> Visitor:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, **options
        )
        contexts.append(context)
        people.append(Visitor(context))
        return people[-1]

    yield bring
    for context in contexts:
        context.close()
    assert [text for one in people for text in one.complaints] == []
    assert [
        url for one in people for url in one.asked if not url.startswith(("http://127.0.0.1:", "data:"))
    ] == []


def test_two_annotators_see_their_own_sides_and_agree_as_computed_by_hand(
    visit: Any, dataset: Dataset
) -> None:
    folder = dataset(*(pair(number) for number in range(4)))
    wanted = {"Ada": "aabb", "Bo": "abbb"}
    by_id = {pair(number)["pair_id"]: number for number in range(4)}
    sides: dict[str, dict[str, str]] = {}
    with Preferring(folder) as server:
        for name, letters in wanted.items():
            person = visit()
            person.enter(server.url, name)
            for done in range(1, 5):
                pair_id = person.pair_id
                number = by_id[pair_id]
                left = "a" if person.page.locator("#left").inner_text() == pair(number)["text_a"] else "b"
                sides.setdefault(name, {})[pair_id] = left
                person.choose("A is better" if letters[number] == left else "B is better", done=done)
            expect(person.page.get_by_role("heading", name="All done")).to_be_visible()
    choices = ChoiceLog.read(folder)
    assert {(one.annotator, by_id[one.pair_id]): one.choice for one in choices} == {
        (name, number): letter for name, letters in wanted.items() for number, letter in enumerate(letters)
    }
    assert {(one.annotator, one.pair_id): one.left_side for one in choices} == {
        (name, pair_id): side for name, seen in sides.items() for pair_id, side in seen.items()
    }
    assert sides["Ada"] != sides["Bo"]
    for name, seen in sides.items():
        assert seen == {pair_id: left_side(name, pair_id) for pair_id in seen}
    assert all(0.9 * CLIP_S < one.seconds < 120 for one in choices)
    # 8 ratings, 3 of them a; they differ on one pair: 1 - (2/8) / (2 * 3 * 5 / (8 * 7)).
    assert agreement(choices)[0].alpha == pytest.approx(1 - 14 / 30)


def test_a_key_before_the_clip_has_played_is_refused(visit: Any, dataset: Dataset) -> None:
    with Preferring(dataset()) as server:
        person = visit(reduced_motion="reduce")  # the clip waits to be started
        person.enter(server.url, "Ada")
        page = person.page
        status = page.get_by_role("status")
        expect(status).to_have_text("Watch the clip to its end, then choose.")
        for key in ("a", "b", "e", "c"):
            page.keyboard.press(key)
            expect(status).to_have_class("refused")
        page.get_by_role("button", name="Equal").click(force=True)
        page.evaluate(
            f"document.getElementById('clip').currentTime = {0.98 * CLIP_S}"
        )  # skipping is not watching
        page.keyboard.press("a")
        assert ChoiceLog.read(server.dataset) == []
        page.get_by_role("button", name="Play").click()
        person.watch()
        page.keyboard.press("e")
        expect(page.locator("#count")).to_have_text("1 of 2")


def test_a_key_that_was_meant_for_the_pair_before_is_refused(visit: Any, dataset: Dataset) -> None:
    with Preferring(dataset()) as server:
        person = visit()
        person.enter(server.url, "Ada")
        person.watch()
        # Keys of one moment: a repeated one, one that chooses, one while that is under way, and one as the
        # new pair is shown.
        person.page.evaluate(
            """() => {
                const press = (key, repeat = false) =>
                    document.body.dispatchEvent(new KeyboardEvent('keydown', { key, repeat, bubbles: true }));
                const work = document.getElementById('work');
                new MutationObserver(() => press('b')).observe(work, { attributeFilter: ['data-pair'] });
                press('c', true);
                press('a');
                press('a');
            }"""
        )
        expect(person.page.locator("#count")).to_have_text("1 of 2")
        person.watch()
    assert len(ChoiceLog.read(server.dataset)) == 1


def test_a_reload_and_a_new_server_go_on_where_the_annotator_was(visit: Any, dataset: Dataset) -> None:
    folder = dataset()
    person = visit()
    with Preferring(folder) as server:
        person.enter(server.url, "Zo\u00eb & Co")
        first = person.pair_id
        person.choose("Cannot tell", done=1)
        person.page.reload()
        expect(person.page.locator("#count")).to_have_text("1 of 2")
        second = person.pair_id
        assert second not in (None, first)
    with Preferring(folder) as server:
        person.page.goto(f"{server.url}#name={'Zo%C3%AB%20%26%20Co'}")
        expect(person.page.locator("#count")).to_have_text("1 of 2")
        assert person.pair_id == second
        person.choose("Equal", done=2)
    assert [one.choice for one in ChoiceLog.read(folder)] == ["cannot_tell", "equal"]


def test_undo_shows_the_pair_again_also_after_the_last(visit: Any, dataset: Dataset) -> None:
    with Preferring(dataset()) as server:
        person = visit()
        person.enter(server.url, "Ada")
        first = person.pair_id
        undo = person.page.locator("#work [data-undo]")
        assert undo.get_attribute("aria-disabled") == "true"
        person.choose("A is better", done=1)
        second = person.pair_id
        person.choose("A is better", done=2)
        person.page.locator("#done [data-undo]").click()
        expect(person.page.locator("#count")).to_have_text("1 of 2")
        assert person.pair_id == second
        person.page.keyboard.press("u")
        expect(person.page.locator("#count")).to_have_text("0 of 2")
        assert person.pair_id == first
        person.choose("Equal", done=1)
    assert [(one.pair_id, one.choice) for one in ChoiceLog.read(server.dataset)] == [(first, "equal")]


@pytest.mark.in_gate("light")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_has_a_name_and_contrast(visit: Any, dataset: Dataset, scheme: str) -> None:
    """By the rules of WCAG 2.1 AA, as axe-core checks them, on each view of the page."""
    with Preferring(dataset(pair(1))) as server:
        person = visit(scheme=scheme)
        page = person.page

        def found() -> list[Any]:
            return [
                (one["id"], [node["html"][:160] for node in one["nodes"][:3]])
                for one in Axe().run(page, options=_RULES).response["violations"]
            ]

        page.goto(server.url)
        page.get_by_label("Your name").wait_for()
        assert found() == []
        person.enter(server.url, "Ada")
        assert found() == []
        person.watch()
        assert found() == []
        page.get_by_role("button", name="Guidelines").click()
        page.get_by_role("heading", name="How to choose").wait_for()
        assert found() == []
        page.get_by_role("button", name="Close").click()
        person.choose("B is better", done=1)
        assert found() == []


@pytest.mark.long
def test_the_login_has_names_and_contrast(visit: Any, dataset: Dataset) -> None:
    options = ("--token-variable", "T")
    with Preferring(dataset(), *options, variables={"T": "correct-horse-battery"}) as server:
        person = visit()
        person.page.goto(server.url)
        assert Axe().run(person.page, options=_RULES).response["violations"] == []
        person.page.get_by_label("token").fill("correct-horse-battery")
        person.page.get_by_role("button", name="Log in").click()
        person.page.get_by_label("Your name").wait_for()
        person.enter(server.url, "Ada")
        person.choose("Equal", done=1)


def test_a_phone_shows_everything_within_its_width(visit: Any, dataset: Dataset) -> None:
    long = {"text_a": "word " * 300, "text_b": "y" * 3000}
    with Preferring(dataset(pair(1, **long), pair(2))) as server:
        person = visit(width=390, height=844, has_touch=True, is_mobile=True)
        person.enter(server.url, "x" * 60)
        for done in (1, 2):
            assert overflowing(person.page) == []
            assert person.page.evaluate("document.documentElement.scrollWidth") <= 390
            person.watch()
            button = person.page.get_by_role("button", name="A is better")
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= 44
            button.tap()
            expect(person.page.locator("#count")).to_have_text(f"{done} of 2")


def test_a_hostile_description_is_shown_as_text(visit: Any, dataset: Dataset) -> None:
    pairs = [pair(number, text_a=text, text_b="\u202eevil\u200b") for number, text in enumerate(ATTACKS)]
    texts = {one["pair_id"]: one["text_a"] for one in pairs}
    with Preferring(dataset(*pairs)) as server:
        person = visit()
        person.enter(server.url, "Ada")
        while texts:
            expect(person.page.locator("#count")).to_have_text(f"{len(pairs) - len(texts)} of {len(pairs)}")
            text = texts.pop(person.pair_id)
            shown = {person.page.locator(f"#{side}").text_content() for side in ("left", "right")}
            assert shown == {
                text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"), "\\u202eevil\\u200b",
            }  # fmt: skip
            assert person.page.evaluate("window.taken") is None
            assert person.page.locator(".texts script, .texts img, .texts b").count() == 0
            assert server.choose("Ada", person.pair_id, "equal").status == 200
            person.page.reload()


def test_a_clip_that_does_not_play_leaves_cannot_tell(visit: Any, dataset: Dataset) -> None:
    folder = dataset(pair(1))
    (folder / pair(1)["media"]).write_bytes(b"no video")
    with Preferring(folder) as server:
        person = visit()
        person.enter(server.url, "Ada")
        expect(person.page.get_by_role("status")).to_contain_text("cannot be played here")
        assert person.page.locator("[data-choice=left]").get_attribute("aria-disabled") == "true"
        person.page.locator('[data-choice=cannot_tell][aria-disabled="false"]').click()
        expect(person.page.locator("#count")).to_have_text("1 of 1")
    assert [one.choice for one in ChoiceLog.read(folder)] == ["cannot_tell"]


@pytest.mark.long
def test_a_server_that_is_gone_loses_no_pair(visit: Any, dataset: Dataset) -> None:
    with Preferring(dataset()) as server:
        person = visit()
        person.enter(server.url, "Ada")
        person.watch()
        server.process.kill()
        person.page.get_by_role("button", name="Equal").click()
        expect(person.page.get_by_role("status")).to_contain_text("nothing was saved. Try again.")
    assert ChoiceLog.read(server.dataset) == []


def test_the_clip_steps_by_frames_slows_and_loops(visit: Any, dataset: Dataset) -> None:
    with Preferring(dataset(pair(1))) as server:
        person = visit()
        person.enter(server.url, "Ada")
        page = person.page
        person.watch()
        clip = "document.getElementById('clip')"
        assert page.evaluate(f"{clip}.paused") is False  # it loops
        page.keyboard.press("s")
        assert page.evaluate(f"{clip}.playbackRate") == 0.25
        page.keyboard.press("ArrowLeft")
        assert page.evaluate(f"{clip}.paused")
        page.evaluate(f"{clip}.currentTime = 0.3")
        page.keyboard.press("ArrowRight")
        fps = 30
        assert page.evaluate(f"{clip}.currentTime") == pytest.approx(0.3 + 1 / fps, abs=0.5 / fps)
        page.keyboard.press("l")
        assert page.locator("#loop").get_attribute("aria-pressed") == "false"
        page.locator("[data-open=guide]:visible").click()
        page.get_by_label("Single keys").uncheck()
        page.get_by_role("button", name="Close").click()
        page.keyboard.press("e")
        assert page.locator("#count").inner_text() == "0 of 1"
