"""Blocks of a long object: how many are kept, and which are asked for ahead."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionsight_core.errors import StoreUnavailable
from motionsight_core.settings import StoreSettings
from motionsight_core.stores import _ranges as ranges
from motionsight_core.stores._pinned import Pinned
from motionsight_core.stores._retry import Sink

_BLOCK = 1000
_SIZE = 20_500
_CONTENT = random.Random(0).randbytes(_SIZE)


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges, "BLOCK_BYTES", _BLOCK)
        yield


class Store:
    """Gives one object, and remembers which blocks were asked for."""

    def __init__(self, before: Callable[[int], None] = lambda _: None) -> None:
        self.asked: list[int] = []
        self._before = before

    def transfer(self, offset: int, length: int, sink: Sink) -> None:
        self.asked.append(offset // _BLOCK)
        self._before(offset // _BLOCK)
        sink.write(_CONTENT[offset : offset + length])

    def reader(self) -> ranges.BlockReader:
        return ranges.BlockReader(
            Pinned(
                size=_SIZE, transfer=self.transfer, check=lambda _: None, settings=StoreSettings(retries=0)
            )
        )


def wait_for_all(store: Store, reader: ranges.BlockReader) -> None:
    for block in list(reader._blocks.values()):
        block.exception()


@given(st.lists(st.tuples(st.integers(0, _SIZE + 10), st.integers(0, 5 * _BLOCK)), max_size=8))
def test_whatever_is_read_in_whatever_order_is_what_the_object_holds(parts: list[tuple[int, int]]) -> None:
    reader = Store().reader()
    for offset, length in parts:
        assert reader.read(offset, length) == _CONTENT[offset : offset + length]
        assert len(reader._blocks) <= ranges.KEPT_BLOCKS


def test_who_reads_on_finds_the_next_block_on_its_way() -> None:
    store = Store()
    reader = store.reader()
    reader.read(0, 10)
    wait_for_all(store, reader)
    assert store.asked == [0, 1]
    reader.read(10, 10)
    wait_for_all(store, reader)
    assert store.asked == [0, 1], "still in the first block"
    reader.read(_BLOCK, 10)
    wait_for_all(store, reader)
    assert store.asked == [0, 1, 2]


def test_who_jumps_gets_one_block_and_no_more() -> None:
    store = Store()
    reader = store.reader()
    reader.read(5 * _BLOCK, 10)
    reader.read(15 * _BLOCK, 10)
    wait_for_all(store, reader)
    assert store.asked == [5, 15]


def test_the_last_blocks_used_are_kept() -> None:
    store = Store()
    reader = store.reader()
    for number in range(0, 20, 2):
        reader.read(number * _BLOCK, 10)
    wait_for_all(store, reader)
    store.asked.clear()
    for number in range(18, 6, -2):
        reader.read(number * _BLOCK, 10)
    wait_for_all(store, reader)
    assert store.asked == []
    reader.read(2 * _BLOCK, 10)
    assert store.asked == [2]


def test_a_block_that_failed_ahead_is_asked_for_again_when_it_is_needed() -> None:
    failing = threading.Event()
    failing.set()

    def fail(number: int) -> None:
        if number == 1 and failing.is_set():
            raise StoreUnavailable("It broke.")

    store = Store(fail)
    reader = store.reader()
    assert reader.read(0, 10) == _CONTENT[:10], "what fails ahead is not the concern of what is read now"
    wait_for_all(store, reader)
    with pytest.raises(StoreUnavailable, match="It broke"):
        reader.read(_BLOCK, 10)
    failing.clear()
    assert reader.read(_BLOCK, 10) == _CONTENT[_BLOCK : _BLOCK + 10]


def test_a_file_of_ranges_reads_like_a_file() -> None:
    file = ranges.file_of(Store().reader())
    assert file.readable()
    assert file.seekable()
    assert file.read(7) == _CONTENT[:7]
    assert file.seek(-5, 2) == _SIZE - 5
    assert file.read() == _CONTENT[-5:]
    assert file.seek(_SIZE + 100) == _SIZE + 100
    assert file.read(1) == b""
    file.seek(3)
    assert file.seek(4, 1) == 7
    assert file.readinto(buffer := bytearray(3000)) == 3000
    assert buffer == _CONTENT[7:3007]
    with pytest.raises(ValueError, match="0 or more"):
        file.seek(-1)


def test_a_range_has_no_negative_offset() -> None:
    with pytest.raises(ValueError, match="negative offset or length; got -1, 5"):
        Store().reader().read(-1, 5)
