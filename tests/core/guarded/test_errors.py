"""An error of whichever package leaves the decoding process as what it is."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import ClipError, Corrupt, NotAVideo, error_names, permanent_names
from motionsight_core.guarded.pool import DecoderPool
from tests.core.guarded.processes import settings


@pytest.mark.parametrize(
    ("behaviour", "name", "message", "permanent"),
    [
        ("fail_as_another_package", "FlakyPlugin", r"cannot be read: \udcff", False),
        ("fail_as_a_deeper_subclass", "BrokenSlice", r"cannot be read: \udcff", True),
        ("fail_as_a_hidden_subclass", "_Internal", r"cannot be read: \udcff", True),
        ("fail_with_arguments_of_its_own", "Detailed", "slice 7 failed with 3", False),
    ],
)
def test_an_error_that_is_unknown_here_keeps_name_message_and_permanence(
    misbehaving: Callable[[str], VideoObject], behaviour: str, name: str, message: str, permanent: bool
) -> None:
    with DecoderPool(settings()) as decoder, pytest.raises(ClipError) as caught:
        decoder.probe(misbehaving(behaviour))
    assert (caught.value.name, str(caught.value), caught.value.permanent) == (name, message, permanent)


@pytest.fixture
def refined() -> type[Corrupt]:
    """A kind of Corrupt that is loaded in this process as well, as `inside/plugin_errors.py` names it."""

    class BrokenSlice(Corrupt):
        pass

    return BrokenSlice


def test_an_error_that_is_known_here_comes_as_its_class(
    misbehaving: Callable[[str], VideoObject], refined: type[Corrupt]
) -> None:
    with DecoderPool(settings()) as decoder, pytest.raises(refined) as caught:
        decoder.probe(misbehaving("fail_as_a_deeper_subclass"))
    assert caught.value.name == "BrokenSlice"


def test_deeper_kinds_are_among_the_names_of_errors(refined: type[Corrupt]) -> None:
    assert refined.__name__ in error_names()
    assert refined.__name__ in permanent_names()


def test_a_class_that_takes_more_than_a_message_is_not_made_of_one() -> None:
    class Picky(ClipError):
        def __init__(self, part: str, *, code: int) -> None:
            raise AssertionError("it was called")

    error = ClipError.named(Picky.__name__, "slice 7", permanent=True)
    assert (type(error), error.name, str(error)) == (ClipError, "Picky", "slice 7")


@pytest.mark.parametrize(
    "error", [NotAVideo("it is text"), ClipError.named("Odd", "it is odd", permanent=False)]
)
def test_an_error_travels_and_is_said_differently_as_what_it_is(error: ClipError) -> None:
    again = pickle.loads(pickle.dumps(error)).with_message("From 3 s on it is odd")  # noqa: S301 our own
    assert type(again) is type(error)
    assert (again.name, again.permanent) == (error.name, error.permanent)
    assert str(again) == "From 3 s on it is odd"
