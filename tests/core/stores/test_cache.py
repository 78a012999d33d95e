"""Objects on disk: downloaded once, whole or not at all, and never more than the limit."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import StoreUnavailable, UsageError
from motionsight_core.stores._cache import Download, _files_by_use, _space_lock, cache_directory, cached

MIB = 1024 * 1024


class Store:
    """Gives what it has, and counts how often it is asked."""

    def __init__(self, size: int = 10, *, announced: int | None = None) -> None:
        self.asked: list[str] = []
        self._size, self._announced = size, size if announced is None else announced

    def ask(self, video: VideoObject) -> Download:
        self.asked.append(video.uri)

        def save(file: BinaryIO) -> None:
            file.write(b"x" * self._size)

        return Download(self._announced, save)


def video(name: str = "a", version: str = "1") -> VideoObject:
    return VideoObject(f"gs://bucket/{name}.mp4", version)


def use(store: Store, *names: str) -> None:
    for name in names:
        with cached(video(name), store.ask):
            pass


def entries(cache: Path) -> list[Path]:
    return [path for path in cache.iterdir() if path.name != "space.lock"]


def test_a_second_use_asks_nobody_and_another_version_does(cache: Path) -> None:
    store = Store()
    use(store, "a", "a")
    assert len(store.asked) == 1
    with cached(video(version="2"), store.ask) as path:
        assert path.read_bytes() == b"x" * 10
    assert len(store.asked) == 2
    assert len(entries(cache)) == 2


def test_a_download_of_another_size_than_announced_is_not_taken(cache: Path) -> None:
    for short in (Store(9, announced=10), Store(11, announced=10)):
        with pytest.raises(StoreUnavailable, match="of 10 bytes"):
            use(short, "a")
    assert entries(cache) == []
    use(Store(), "a")


def test_a_download_that_fails_leaves_nothing(cache: Path) -> None:
    def ask(_: VideoObject) -> Download:
        def save(file: BinaryIO) -> None:
            file.write(b"x" * 10)
            raise StoreUnavailable("It broke.")

        return Download(10, save)

    with pytest.raises(StoreUnavailable, match="It broke"), cached(video(), ask):
        pass
    assert entries(cache) == []


PROGRAM = """
import os, sys
from motionsight_core.catalog import VideoObject
from motionsight_core.stores._cache import Download, cached

def ask(video):
    with open(sys.argv[1], "a") as log:
        log.write("asked ")
    return Download(10 * 1024 * 1024, save)

def save(file):
    for _ in range(10):
        file.write(b"x" * 1024 * 1024)
        file.flush()
        if sys.argv[2:] == ["crash"]:
            os.kill(os.getpid(), 9)

with cached(VideoObject("gs://bucket/a.mp4", "1"), ask) as path:
    assert path.stat().st_size == 10 * 1024 * 1024
"""


def run(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments])


def test_processes_that_want_the_same_object_download_it_once(cache: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    processes = [run(str(log)) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert log.read_text() == "asked "


def test_a_process_that_dies_while_it_downloads_leaves_nothing_that_is_taken(
    cache: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    assert run(str(log), "crash").wait() == -9
    (left,) = entries(cache)
    assert left.suffix == ".part"
    assert run(str(log)).wait() == 0
    assert log.read_text() == "asked asked "
    (whole,) = entries(cache)
    assert whole.stat().st_size == 10 * MIB


def test_what_others_left_behind_is_cleared_away(cache: Path, tmp_path: Path) -> None:
    assert run(str(tmp_path / "log"), "crash").wait() == -9
    use(Store(), "b")
    assert len(entries(cache)) == 1


def test_threads_that_want_the_same_object_download_it_once(cache: Path) -> None:
    store = Store(MIB)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: use(store, "a"), range(32)))
    assert len(store.asked) == 1


@pytest.fixture
def limit_mb(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda limit: monkeypatch.setenv("MOTIONSIGHT_CACHE_MB", str(limit))


def test_the_least_recently_used_is_evicted(cache: Path, limit_mb: Callable[[int], None]) -> None:
    limit_mb(3)
    store = Store(MIB)
    use(store, "a", "b", "c")
    use(store, "a")  # b is now the one that was not used for longest
    use(store, "d")
    assert len(entries(cache)) == 3
    use(store, "a", "c", "d")
    assert len(store.asked) == 4
    use(store, "b")
    assert len(store.asked) == 5


def test_what_is_open_is_never_evicted(cache: Path, limit_mb: Callable[[int], None]) -> None:
    limit_mb(2)
    store = Store(MIB)
    with cached(video("open"), store.ask) as path:
        use(store, "b", "c", "d")
        assert path.exists()
        with cached(video("also open"), store.ask), cached(video("no room left"), store.ask) as passing:
            assert passing.read_bytes() == b"x" * MIB
        assert not passing.exists(), "what found no room is deleted after use"
        assert path.exists()
    assert len(entries(cache)) == 2


def test_what_is_larger_than_the_limit_is_deleted_after_use_and_evicts_nothing(
    cache: Path, limit_mb: Callable[[int], None]
) -> None:
    limit_mb(2)
    use(Store(MIB), "a", "b")
    before = set(entries(cache))
    large = Store(3 * MIB)
    with cached(video("large"), large.ask) as path:
        assert path.stat().st_size == 3 * MIB
        use(Store(MIB), "c")
        assert path.exists()
    assert not path.exists()
    assert len(before & set(entries(cache))) == 1, "c took one place"
    with pytest.raises(StoreUnavailable), cached(video("large"), Store(9, announced=3 * MIB).ask):
        pass
    assert len(entries(cache)) == 2


def test_many_threads_stay_within_the_limit(cache: Path, limit_mb: Callable[[int], None]) -> None:
    limit_mb(4)
    store = Store(MIB)

    def read(number: int) -> int:
        with cached(video(str(number % 7)), store.ask) as path:
            with _space_lock(cache):
                assert sum(size for _, size in _files_by_use(cache)) <= 4 * MIB
            return len(path.read_bytes())

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(read, range(200))) == {MIB}
    assert sum(path.stat().st_size for path in entries(cache)) <= 4 * MIB


def test_the_cache_is_this_users_own(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert stat.S_IMODE(cache_directory().stat().st_mode) == 0o700
    monkeypatch.delenv("MOTIONSIGHT_CACHE")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert cache_directory() == tmp_path / f"motionsight-cache-{os.getuid()}"


def test_a_link_in_the_temporary_folder_is_not_followed(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MOTIONSIGHT_CACHE")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / f"motionsight-cache-{os.getuid()}").symlink_to(elsewhere)
    with pytest.raises(UsageError, match=r"set stores\.cache_dir or MOTIONSIGHT_CACHE"):
        cache_directory()


def test_a_cache_that_cannot_be_is_a_usage_error(
    cache: Path, limit_mb: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MOTIONSIGHT_CACHE_MB", "lots")
    with pytest.raises(UsageError, match="MOTIONSIGHT_CACHE_MB takes a whole number of MiB, got 'lots'"):
        use(Store(), "a")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MOTIONSIGHT_CACHE", str(tmp_path / "file"))
    with pytest.raises(UsageError, match="cannot be used"):
        use(Store(), "a")
