"""Landlock: no file, no TCP, no signal to others (include/uapi/linux/landlock.h, Linux 5.13 and later)."""

from __future__ import annotations

import ctypes
import os

from motionsight_core.guarded.sandbox._kernel import Unavailable, forbid_new_privileges, system_call

# The same numbers on every architecture that Python runs on, but Alpha.
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_VERSION = 1
#: How many rights over files each version of the interface knows, which are the lowest bits.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NETWORK_RIGHTS = 0b11
"""Bind and connect TCP: from version 4 on."""
_SCOPES = 0b11
"""Abstract Unix sockets and signals: from version 6 on."""


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


def take_files() -> str:
    """Take from this thread, and those that it starts, all that Landlock knows; what that is.

    Raises:
        Unavailable: and nothing was taken.
    """
    forbid_new_privileges()
    try:
        version = system_call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    except OSError as error:
        raise Unavailable(f"the kernel does not support or enable it ({error.strerror})") from None
    rights = _FILE_RIGHTS.get(version, max(_FILE_RIGHTS.values()))
    ruleset = _Ruleset(
        handled_access_fs=(1 << rights) - 1,
        handled_access_net=_NETWORK_RIGHTS if version >= 4 else 0,
        scoped=_SCOPES if version >= 6 else 0,
    )
    # What a version does not know it takes as too long an argument, even where it is zero.
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    try:
        descriptor = system_call(
            _CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), ctypes.c_uint32(0)
        )
        try:
            system_call(_RESTRICT_SELF, ctypes.c_int(descriptor), ctypes.c_uint32(0))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unavailable(f"the kernel refuses it ({error.strerror})") from None
    taken = ["files"] + ["TCP"] * (version >= 4) + ["signals to other processes"] * (version >= 6)
    return f"no {', no '.join(taken)} (version {version})"
