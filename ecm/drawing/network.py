"""No network for a process that opens hostile files: told to the kernel by the process itself."""

from __future__ import annotations

import ctypes
import platform
import struct
import sys

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # instructions of classic BPF
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 13  # EACCES
_AT_NUMBER, _AT_ARCHITECTURE, _AT_FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_OTHER_NUMBERING = 0x40000000  # system calls of the x32 ABI begin here
_IO_URING_SETUP = 425  # through which sockets can be had, too
_AF_UNIX = 1
# The kernel's name of an architecture (linux/audit.h), and the number of its system call `socket`.
_ARCHITECTURES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def forbid_network() -> bool:
    """Refuse this process, and all that it starts, any new socket but those of this machine's own files.

    False where the kernel has no such means: on other systems than Linux, on rare processors. See seccomp(2)
    and linux/filter.h.
    """
    if sys.platform != "linux" or platform.machine() not in _ARCHITECTURES:
        return False
    architecture, socket = _ARCHITECTURES[platform.machine()]
    program = b"".join(
        (
            _instruction(_LOAD, _AT_ARCHITECTURE),
            _instruction(_IF_EQUAL, architecture, otherwise=7),
            _instruction(_LOAD, _AT_NUMBER),
            _instruction(_IF_AT_LEAST, _OTHER_NUMBERING, then=5),
            _instruction(_IF_EQUAL, _IO_URING_SETUP, then=4),
            _instruction(_IF_EQUAL, socket, otherwise=2),
            _instruction(_LOAD, _AT_FIRST_ARGUMENT),
            _instruction(_IF_EQUAL, _AF_UNIX, otherwise=1),
            _instruction(_RETURN, _ALLOW),
            _instruction(_RETURN, _REFUSE),
        )
    )
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    filter_program = _Program(len(program) // 8, program)
    return bool(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(filter_program), 0, 0) == 0)


def _instruction(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    """One instruction; of a comparison also how many to skip when it holds, and when it doesn't."""
    return struct.pack("=HBBI", code, then, otherwise, value)
