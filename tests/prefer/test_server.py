"""Who may see the page, what it gives away, and what becomes of a choice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from motionsight_core.preference import ChoiceLog
from tests.flows.conftest import motionsight, motionsight_process
from tests.prefer.conftest import Dataset
from tests.prefer.datasets import pair, write_dataset
from tests.prefer.preferring import Preferring

__all__ = ["motionsight", "motionsight_process"]

ANYWHERE = "0.0.0.0"  # noqa: S104
TOKEN = "correct-horse-battery"  # noqa: S105
FORM = {"content_type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[Preferring]:
    """A server that no test chooses at."""
    folder = write_dataset(tmp_path_factory.mktemp("shared") / "dataset", [pair(1), pair(2, "camera")], clip)
    with Preferring(folder) as server:
        yield server


def test_a_choice_is_recorded_by_description_and_not_by_place(dataset: Dataset) -> None:
    with Preferring(dataset()) as server:
        shown = server.next("Ada")["pair"]
        wanted = "left" if "rolls" in shown["left"] else "right"
        state = server.choose("Ada", shown["pair_id"], wanted).json
        assert (state["done"], state["total"], state["can_undo"]) == (1, 2, True)
        assert state["pair"]["pair_id"] != shown["pair_id"]
    (choice,) = ChoiceLog.read(server.dataset)
    assert choice.choice == "a"
    assert choice.left_side == ("a" if wanted == "left" else "b")
    assert (choice.annotator, choice.pair_id, choice.seconds) == ("Ada", shown["pair_id"], 2.5)


def test_who_wrote_a_description_is_not_told(dataset: Dataset) -> None:
    with Preferring(dataset()) as server:
        told = server.post("/api/next", {"annotator": "Ada"}).body
    assert b"secret" not in told
    assert b"r1" not in told
    assert b"0.9" not in told


def test_an_annotator_chooses_of_a_pair_once_until_it_is_taken_back(dataset: Dataset) -> None:
    with Preferring(dataset()) as server:
        pair_id = server.next("Ada")["pair"]["pair_id"]
        assert server.choose("Ada", pair_id, "equal").status == 200
        assert server.choose("Ada", pair_id, "left").status == 409
        assert server.choose("Bo", pair_id, "cannot_tell").status == 200
        undone = server.post("/api/undo", {"annotator": "Ada"}).json
        assert (undone["pair"]["pair_id"], undone["can_undo"]) == (pair_id, False)
        assert server.choose("Ada", pair_id, "left").status == 200
    choices = {one.annotator: one.choice for one in ChoiceLog.read(server.dataset)}
    assert choices["Ada"] in ("a", "b")
    assert choices["Bo"] == "cannot_tell"


def test_choices_survive_a_kill_and_two_servers_agree(dataset: Dataset) -> None:
    folder = dataset()
    with Preferring(folder) as first:
        pair_id = first.next("Ada")["pair"]["pair_id"]
        first.choose("Ada", pair_id, "left")
        with Preferring(folder) as second:
            assert second.next("Ada")["done"] == 1
            assert second.choose("Ada", pair_id, "right").status == 409
            assert second.post("/api/undo", {"annotator": "Ada"}).json["done"] == 0
            assert first.next("Ada")["done"] == 0
            assert first.choose("Ada", pair_id, "equal").status == 200
    with Preferring(folder) as third:
        assert third.next("Ada")["done"] == 1
    assert [one.choice for one in ChoiceLog.read(folder)] == ["equal"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"choice": "a"}, "A choice is one of left, right, equal, cannot_tell."),
        ({"pair_id": "../x"}, "There is no such pair; load the page again."),
        ({"played": False}, "The clip has not been played to its end; watch it, then choose."),
        ({"annotator": " "}, "An annotator's name has 1 to 60 visible characters."),
        ({"annotator": "x" * 61}, "An annotator's name has 1 to 60 visible characters."),
        ({"annotator": "a\u202eb"}, "An annotator's name has 1 to 60 visible characters."),
        ({"seconds": "1"}, "The field seconds is no number."),
        ({"seconds": float("nan")}, "The field seconds is no number."),
    ],
)
def test_what_cannot_be_a_choice_is_refused_in_a_sentence(
    shared: Preferring, fields: dict[str, object], said: str
) -> None:
    pair_id = shared.next("Ada")["pair"]["pair_id"]
    got = shared.post(
        "/api/choose",
        {"annotator": "Ada", "pair_id": pair_id, "choice": "left", "played": True, "seconds": 1} | fields,
    )
    assert (got.status, got.json) == (400, {"error": said})
    assert shared.next("Ada")["done"] == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 4000, b"x" * 5000])
def test_a_body_that_is_no_object_is_refused(shared: Preferring, body: bytes) -> None:
    assert shared.post("/api/next", body).status == 400


def test_a_form_of_another_page_is_refused(shared: Preferring) -> None:
    assert shared.post("/api/undo", b"annotator=Ada", **FORM).status == 415


def test_another_name_for_this_machine_is_refused(shared: Preferring) -> None:
    assert shared.get("/", host="evil.example").status == 403
    assert shared.get("/", host="localhost:8765").status == 200


def test_everything_comes_from_the_server_and_nothing_may_frame_it(shared: Preferring) -> None:
    for path in ("/", "/page.js", "/page.css", "/media/none"):
        policy = shared.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy


def test_a_clip_is_served_in_parts_by_its_pair(shared: Preferring, clip: Path) -> None:
    whole = clip.read_bytes()
    pair_id = shared.next("Ada")["pair"]["pair_id"]
    got = shared.get(f"/media/{pair_id}", range="bytes=10-19")
    assert (got.status, got.body) == (206, whole[10:20])
    assert got.headers["content-range"] == f"bytes 10-19/{len(whole)}"
    assert shared.get(f"/media/{pair_id}").body == whole
    assert shared.get(f"/media/{pair_id}", range=f"bytes={len(whole)}-").status == 416


@pytest.mark.parametrize(
    "path", ["/media/..%2Fpairs.parquet", "/media/../pairs.parquet", "/media/", "/pairs.parquet", "/choices/"]
)
def test_no_other_file_is_served(shared: Preferring, path: str) -> None:
    assert shared.get(path).status == 404


def test_a_data_set_cannot_name_files_outside_its_media(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    folder = dataset(
        pair(1),
        pair(2, media="../secret.mp4"),
        pair(3, media=str(tmp_path / "secret.mp4")),
        pair(4, media="media/link.mp4"),
        pair(5, media="media"),
        pair(6, media="pairs.parquet"),
    )
    (folder / "media" / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    with Preferring(folder) as server:
        assert server.said.startswith(
            "5 pairs have no clip below media/ and are left out.\n1 pair to choose from"
        )
        for number in range(2, 7):
            assert server.get(f"/media/{pair(number)['pair_id']}").status == 404


def test_a_clip_that_is_replaced_by_a_link_is_gone(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    folder = dataset(pair(1))
    with Preferring(folder) as server:
        clip = folder / pair(1)["media"]
        clip.unlink()
        clip.symlink_to(tmp_path / "secret.mp4")
        assert server.get(f"/media/{pair(1)['pair_id']}").status == 404


def test_where_other_machines_can_reach_it_a_token_is_needed(motionsight, dataset: Dataset) -> None:
    done = motionsight("prefer", str(dataset()), "--host", ANYWHERE, "--port", "0")
    assert done.code == 2
    assert done.err == (
        "motionsight: Other machines can reach 0.0.0.0: name the environment variable that holds a token "
        "with --token-variable.\n"
    )


def test_a_token_must_be_there_and_long(motionsight_process, dataset: Dataset) -> None:
    arguments = ("prefer", str(dataset()), "--port", "0", "--token-variable", "T")
    assert "holds no token" in motionsight_process(*arguments).err
    short = motionsight_process(*arguments, variables={"T": "short"})
    assert (short.code, "shorter than 16 characters" in short.err) == (2, True)


def test_with_a_token_nothing_is_seen_before_the_login(dataset: Dataset) -> None:
    options = ("--host", ANYWHERE, "--token-variable", "T")
    with Preferring(dataset(), *options, variables={"T": TOKEN}) as server:
        pair_id = pair(1)["pair_id"]
        for got in (
            server.get("/page.js"),
            server.get(f"/media/{pair_id}"),
            server.post("/api/next", {"annotator": "Ada"}),
            server.post("/api/next", {"annotator": "Ada"}, cookie=f"motionsight_prefer={TOKEN}"),
            server.post("/login", b"token=wrong", **FORM),
            server.post("/login", b"", **FORM),
        ):
            assert got.status == 401
            assert TOKEN.encode() not in got.body
        assert server.get("/").headers["location"] == "/login"
        assert server.post("/login", b"token=" + b"x" * 9000, **FORM).status == 413
        entered = server.post("/login", f"token={TOKEN}".encode(), **FORM)
        assert entered.status == 303
        cookie = entered.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert TOKEN not in cookie
        session = cookie.partition(";")[0]
        known = {"cookie": session, "host": "annotate.example"}
        assert server.post("/api/next", {"annotator": "Ada"}, **known).status == 200
        assert server.get(f"/media/{pair_id}", cookie=session).status == 200


def test_sigterm_ends_it_in_good_order(dataset: Dataset) -> None:
    folder = dataset()
    with Preferring(folder) as server:
        server.choose("Ada", server.next("Ada")["pair"]["pair_id"], "left")
        assert server.end() == 143
    with Preferring(folder) as idle:
        assert idle.end() == 143
    assert len(list((folder / "choices").iterdir())) == 1  # of the one in which somebody chose


def test_a_folder_without_pairs_or_clips_is_refused_in_a_sentence(
    motionsight, dataset: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    none = motionsight("prefer", str(tmp_path / "empty"))
    assert (none.code, "There is no" in none.err, "Traceback" in none.err) == (2, True, False)
    (tmp_path / "empty" / "pairs.parquet").write_bytes(b"PAR1 not")
    assert "cannot be read as pairs" in motionsight("prefer", str(tmp_path / "empty")).err
    folder = dataset(pair(1, media="gs://bucket/clip.mp4"))
    assert "has its clip in" in motionsight("prefer", str(folder)).err
