"""A bucket of any number of objects is listed in the memory of some pages."""

from __future__ import annotations

import gc
import tracemalloc
from itertools import islice

import pytest

from motionsight_core.settings import StoreSettings
from motionsight_core.stores import list_objects
from tests.core.stores.catalogs import catalog_of, name_of

_COUNT = 5_000
#: Bytes. The uris alone take more, pages of 200 with all that was parsed of them one MiB to three.
_MOST_MEMORY = 4 << 20


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")


@pytest.mark.in_gate("gs")
@pytest.mark.parametrize("scheme", ["gs", "s3"])
def test_names_stream_through_page_by_page(scheme: str) -> None:
    with catalog_of(_COUNT) as (url, pages):
        settings = StoreSettings(s3_endpoint=url, gs_endpoint=url)
        listing = list_objects(f"{scheme}://bucket/catalog/", settings=settings)
        assert [item.uri for item in islice(listing, 200)] == [
            f"{scheme}://bucket/{name_of(number)}" for number in range(200)
        ]
        assert pages == [0], "the second page is asked for when its first name is"
        gc.collect()
        threshold = gc.get_threshold()
        gc.set_threshold(700, 10, 10)  # as in a program by itself
        tracemalloc.start()
        try:
            assert sum(1 for _ in listing) == _COUNT - 200
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            gc.set_threshold(*threshold)
        assert pages == list(range(0, _COUNT, 200))
        assert peak < _MOST_MEMORY
