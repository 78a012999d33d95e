"""System calls that Python has no function for, by their numbers."""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_NO_NEW_PRIVS = 38


class Unavailable(Exception):
    """The kernel does not have or not allow it; str() says why."""


def system_call(number: int, *arguments: object) -> int:
    """Call the kernel.

    Raises:
        OSError: as the kernel says.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    result = libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def forbid_new_privileges() -> None:
    """Neither this process nor one that it executes can gain rights: the kernel asks for it first.

    Raises:
        Unavailable
    """
    if sys.platform != "linux":
        raise Unavailable(f"only Linux has it, not {sys.platform}")
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = [ctypes.c_ulong(value) for value in (1, 0, 0, 0)]
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, *arguments) != 0:
        raise Unavailable(f"the kernel refuses it ({os.strerror(ctypes.get_errno())})")
