"""What decoding needs of the kernel, with the numbers that each architecture gives it.

Memory, the socket, the handed-over file, clocks, locks, and the end. Numbers never change once a
kernel has them; architectures that are not listed go without this wall.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The most frequent first: the filter asks in this order.
_NEEDED = """
read futex mmap munmap mprotect madvise mremap brk lseek pread64 recvmsg recvfrom sendto sendmsg write
poll ppoll select pselect6 close fstat clock_gettime clock_nanosleep nanosleep clock_getres gettimeofday
rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall tgkill getpid gettid getppid getuid
geteuid getgid getegid getrandom getrusage prlimit64 sched_yield sched_getaffinity getcpu sysinfo uname
set_robust_list rseq clone clone3 exit exit_group
"""
NEEDED = tuple(_NEEDED.split())


@dataclass(frozen=True, slots=True)
class Architecture:
    mark: int
    """AUDIT_ARCH_*, what a filter sees of the calling convention."""
    seccomp: int
    """Number of the call that installs a filter."""
    numbers: dict[str, int]


_X86_64 = """
read 0 write 1 close 3 fstat 5 poll 7 lseek 8 mmap 9 mprotect 10 munmap 11 brk 12 rt_sigaction 13
rt_sigprocmask 14 rt_sigreturn 15 pread64 17 select 23 sched_yield 24 mremap 25 madvise 28 nanosleep 35
getpid 39 sendto 44 recvfrom 45 sendmsg 46 recvmsg 47 clone 56 exit 60 uname 63 gettimeofday 96 getrusage 98
sysinfo 99 getuid 102 getgid 104 geteuid 107 getegid 108 getppid 110 sigaltstack 131 gettid 186 futex 202
sched_getaffinity 204 restart_syscall 219 clock_gettime 228 clock_getres 229 clock_nanosleep 230
exit_group 231 tgkill 234 pselect6 270 ppoll 271 set_robust_list 273 prlimit64 302 getcpu 309
getrandom 318 rseq 334 clone3 435
"""
_AARCH64 = """
close 57 lseek 62 read 63 write 64 pread64 67 pselect6 72 ppoll 73 fstat 80 exit 93 exit_group 94
futex 98 set_robust_list 99 nanosleep 101 clock_gettime 113 clock_getres 114 clock_nanosleep 115
sched_getaffinity 123 sched_yield 124 restart_syscall 128 tgkill 131 sigaltstack 132 rt_sigaction 134
rt_sigprocmask 135 rt_sigreturn 139 uname 160 getrusage 165 getcpu 168 gettimeofday 169 getpid 172
getppid 173 getuid 174 geteuid 175 getgid 176 getegid 177 gettid 178 sysinfo 179 sendto 206 recvfrom 207
sendmsg 211 recvmsg 212 brk 214 munmap 215 mremap 216 clone 220 mmap 222 mprotect 226 madvise 233
prlimit64 261 getrandom 278 rseq 293 clone3 435
"""


def _numbers(table: str) -> dict[str, int]:
    words = table.split()
    return {name: int(number) for name, number in zip(words[::2], words[1::2], strict=True)}


#: By what `uname -m` says.
ARCHITECTURES = {
    "x86_64": Architecture(mark=0xC000_003E, seccomp=317, numbers=_numbers(_X86_64)),
    "aarch64": Architecture(mark=0xC000_00B7, seccomp=277, numbers=_numbers(_AARCH64)),
}
