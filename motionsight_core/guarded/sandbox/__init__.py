"""Locks a decoding process in: what a taken-over decoder could reach is its own memory and its parent's
socket.

Two walls of Linux, each complete by itself: Landlock takes files, TCP and signals away, seccomp every
system call but the few that decoding needs. Where the kernel, the architecture or a container has one
of them not, that part says so and the rest holds.
"""

from motionsight_core.guarded.sandbox._report import Part, SandboxReport
from motionsight_core.guarded.sandbox._walls import limit_memory, lock_files, lock_system_calls

__all__ = ["Part", "SandboxReport", "limit_memory", "lock_files", "lock_system_calls"]
