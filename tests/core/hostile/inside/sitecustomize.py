"""Makes the sandbox of decoding processes deadly: who tries to open a file or a socket dies of it.

Python imports it at its start where PYTHONPATH names this folder. It is the proof that needs no strace:
in the sandbox as it is such an attempt would only fail, and might go unnoticed.
"""

import ctypes
import platform
import sys

#: open, openat, openat2, creat, socket, connect, fork, vfork, execve, execveat
DEADLY = {"x86_64": [2, 257, 437, 85, 41, 42, 57, 58, 59, 322], "aarch64": [56, 437, 198, 203, 221, 281]}

#: What transport streams may write their names in. The C library loads a module for each, from a file;
#: here it does so in time, since it is no decoder that asks for them.
CHARACTER_SETS = ["ISO6937", "UCS-2BE", "UTF-16BE", "KSC_5601", "EUC-KR", "GB2312", "BIG5"]
CHARACTER_SETS += [f"ISO-8859-{number}" for number in range(1, 17)]

if any("guarded.child" in argument for argument in sys.orig_argv):
    from motionsight_core.guarded.sandbox import _seccomp

    real = _seccomp.instructions

    def deadly(architecture, *, process, otherwise):
        program = list(real(architecture, process=process, otherwise=otherwise))
        trap = []
        for number in DEADLY[platform.machine()]:
            trap.append(_seccomp._op(_seccomp._IF_EQUAL, number, no=1))
            trap.append(_seccomp._op(_seccomp._RETURN, _seccomp._KILL_PROCESS))
        # Behind the checks of the architecture, which end with the call's number at hand.
        return program[:6] + trap + program[6:]

    _seccomp.instructions = deadly
    if hasattr(libc := ctypes.CDLL(None), "iconv_open"):
        for name in CHARACTER_SETS:
            libc.iconv_open(b"UTF-8", name.encode())
