"""Misbehaves inside decoding processes, as a decoder that was taken over would.

Python imports it at its start where PYTHONPATH names this folder. There a "video" that begins with
`behave: NAME` makes its decoding process call the function NAME of this file; others are decoded.
"""

import collections
import ctypes
import itertools
import mmap
import os
import pathlib
import socket
import sys
from typing import Any


def hang_in_python():
    while True:
        pass


def hang_in_a_native_loop_that_holds_the_gil():
    collections.deque(itertools.count(), maxlen=0)


def hang_in_a_system_call_that_holds_the_gil():
    ctypes.PyDLL(None).sleep(3600)


def crash():
    ctypes.string_at(0)


def allocate_without_end():
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))


def allocate_one_huge_block():
    bytearray(1 << 45)


def allocate_nearly_all():
    """As much as there is, then 32 MiB given back, and an answer that needs but little."""
    hoard = []
    try:
        while True:
            hoard.append(bytearray(8 << 20))
    except MemoryError:
        del hoard[-4:]
    return float(len(hoard) * 8)


def fail_unexpectedly():
    raise LookupError("a defect of ours")


def fail_as(name):
    """Raise an error that another package defines, with bytes of a file in its message."""
    import plugin_errors

    raise getattr(plugin_errors, name)("cannot be read: \udcff")


def fail_as_another_package():
    fail_as("FlakyPlugin")


def fail_as_a_deeper_subclass():
    fail_as("BrokenSlice")


def fail_as_a_hidden_subclass():
    fail_as("_Internal")


def fail_with_arguments_of_its_own():
    import plugin_errors

    raise plugin_errors.Detailed("slice 7", code=3)


def count_up(file, until, then):
    """A streamed task: many answers, and then an end of some kind."""
    for number in range(until):
        yield float(number)
    if then:
        globals()[then]()


# What a taken-over process may try -----------------------------------------------------------------


def try_everything():
    """Do what no decoder does, and tell what of it worked."""
    from motionsight_core.errors import Corrupt

    worked = []
    for name, attempt in ATTEMPTS.items():
        try:
            attempt()
        except OSError:
            continue
        worked.append(name)
    raise Corrupt(f"worked: {' '.join(worked) or 'nothing'}")


LIBC = ctypes.CDLL(None, use_errno=True)


def _system_call(number, *arguments):
    result = LIBC.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result


def _fork():
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _memory_to_execute():
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def _connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.connect(address)


ATTEMPTS = {
    "open": lambda: os.close(os.open("/etc/passwd", os.O_RDONLY)),
    "write": lambda: pathlib.Path(os.environ["HOME"], ".motionsight-test").write_text("x"),
    "list": lambda: list(pathlib.Path("/").iterdir()),
    "stat": lambda: pathlib.Path("/etc/passwd").stat(),
    "tcp": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
    "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
    "unix": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close(),
    "fork": _fork,
    "signal": lambda: os.kill(os.getppid(), 0),
    "execute": _memory_to_execute,
    "ptrace": lambda: _system_call(101, 0, 0, 0, 0),  # PTRACE_TRACEME
    "pidfd": lambda: os.close(os.pidfd_open(os.getppid())),
    "memfd": lambda: os.close(os.memfd_create("x")),
    "chdir": lambda: os.chdir("/"),
    "io_uring": lambda: os.close(_system_call(425, 1, ctypes.create_string_buffer(120))),  # its setup
}


# ---------------------------------------------------------------------------------------------------


def _misbehave(real: Any) -> Any:
    def behave(video, settings, *, file, **rest):
        head = file.read(100)
        file.seek(0)
        if not head.startswith(b"behave: "):
            return real(video, settings, file=file, **rest)
        return globals()[head.removeprefix(b"behave: ").decode()]()

    return behave


def _without(walls):
    """As on a kernel without these walls."""
    from motionsight_core.guarded.sandbox import _walls
    from motionsight_core.guarded.sandbox._kernel import Unavailable

    def refuse():
        raise Unavailable("the kernel does not support it")

    for wall in walls:
        assert hasattr(_walls, wall)
        setattr(_walls, wall, refuse)


if any("guarded.child" in argument for argument in sys.orig_argv):
    import plugin_errors  # noqa: F401 - before the files are locked

    from motionsight_core.guarded import child

    child.probe = _misbehave(child.probe)
    child.decode = _misbehave(child.decode)
    child.TASKS["count"] = count_up
    # PYTHON* is what a decoding process sees of the environment.
    _without(os.environ.get("PYTHONWITHOUT", "").split())
