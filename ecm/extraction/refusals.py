"""What a reader raised, told to people."""

from __future__ import annotations

from .interface import Unreadable


def refusal_of(error: BaseException) -> Unreadable:
    """Say for people what a file made a reader raise; what no file can cause is raised again."""
    if isinstance(error, Unreadable):
        return error
    if isinstance(error, MemoryError):
        return Unreadable("memory_limit", "reading the file takes more memory than is allowed")
    if isinstance(error, Exception):
        return Unreadable("damaged", f"the file is damaged ({type(error).__name__})")
    if type(error).__name__ == "PanicException":  # what Rust code raises, outside Exception
        return Unreadable("damaged", "the file is damaged (its reader gave up)")
    raise error
