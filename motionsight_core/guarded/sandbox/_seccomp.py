"""seccomp: the system calls that decoding needs, and no other (include/uapi/linux/seccomp.h)."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable

from motionsight_core.guarded.sandbox._kernel import Unavailable, forbid_new_privileges, system_call
from motionsight_core.guarded.sandbox._system_calls import ARCHITECTURES, NEEDED, Architecture

_SET_MODE_FILTER = 1
_ALL_THREADS = 1
#: What happens to a call that is not needed: it fails, as if for lack of rights.
REFUSED = 0x0005_0000 | errno.EPERM
_UNKNOWN_CALL = 0x0005_0000 | errno.ENOSYS
_ALLOWED = 0x7FFF_0000
_KILL_PROCESS = 0x8000_0000

_PROT_EXEC = 0x4
_CLONE_THREAD = 0x1_0000
_ITSELF = 0

# Instructions of classic BPF: load a word, jump if equal, if at least, if a bit is set, return.
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
#: Calls of the x32 interface, which share x86-64's mark.
_X32 = 0x4000_0000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def take_system_calls() -> str:
    """Take every system call but the needed ones from all threads of this process; what that is.

    Raises:
        Unavailable: and nothing was taken.
    """
    machine = platform.machine()
    architecture = ARCHITECTURES.get(machine)
    if architecture is None:
        raise Unavailable(f"the numbers of the system calls of {machine} are not listed here")
    forbid_new_privileges()
    code = b"".join(instructions(architecture, process=os.getpid(), otherwise=REFUSED))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    try:
        system_call(
            architecture.seccomp,
            ctypes.c_uint(_SET_MODE_FILTER),
            ctypes.c_uint(_ALL_THREADS),
            ctypes.byref(program),
        )
    except OSError as error:
        raise Unavailable(f"the kernel does not support it, or refuses it ({error.strerror})") from None
    return f"{len(NEEDED)} system calls, no other"


def instructions(architecture: Architecture, *, process: int, otherwise: int) -> Iterable[bytes]:
    """The filter: what is not listed ends as `otherwise` says, a foreign calling convention at once."""
    yield _op(_LOAD, _ARCHITECTURE_AT)
    yield _op(_IF_EQUAL, architecture.mark, yes=1)
    yield _op(_RETURN, _KILL_PROCESS)
    yield _op(_LOAD, _NUMBER_AT)
    yield _op(_IF_AT_LEAST, _X32, no=1)
    yield _op(_RETURN, _KILL_PROCESS)
    for name in NEEDED:
        if (number := architecture.numbers.get(name)) is not None:
            yield from _clause(name, number, process, otherwise)
    yield _op(_RETURN, otherwise)


def _clause(name: str, number: int, process: int, otherwise: int) -> Iterable[bytes]:
    if name in ("mmap", "mprotect"):  # memory yes, but none that can be executed
        condition = [_load_argument(2), _op(_IF_SET, _PROT_EXEC, yes=1)]
    elif name == "clone":  # threads yes, but no processes
        condition = [_load_argument(0), _op(_IF_SET, _CLONE_THREAD, no=1)]
    elif name == "prlimit64":
        condition = [_load_argument(0), _op(_IF_EQUAL, _ITSELF, no=1)]
    elif name == "tgkill":  # abort() signals its own process
        condition = [_load_argument(0), _op(_IF_EQUAL, process, no=1)]
    elif name == "clone3":  # its arguments cannot be looked at; told so, C libraries fall back to clone
        yield _op(_IF_EQUAL, number, no=1)
        yield _op(_RETURN, _UNKNOWN_CALL)
        return
    else:
        yield _op(_IF_EQUAL, number, no=1)
        yield _op(_RETURN, _ALLOWED)
        return
    yield _op(_IF_EQUAL, number, no=len(condition) + 2)
    yield from condition
    yield _op(_RETURN, _ALLOWED)
    yield _op(_RETURN, otherwise)


def _load_argument(index: int) -> bytes:
    """The lower half of an argument, on machines whose lower bytes come first."""
    return _op(_LOAD, _ARGUMENTS_AT + 8 * index)


def _op(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
