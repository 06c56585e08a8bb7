"""What the system's files need here: errors in our words, readers, scratch space, locks, durable folders."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import IO

from .errors import StorageError, Unavailable
from .interface import CHUNK_BYTES, Source
from .streams import RangeReader

if sys.platform != "win32":
    import fcntl

SPOOLED_IN_MEMORY_BYTES = 1024 * 1024
REASONS = {
    errno.ENOENT: "the folder of files is not there",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file is larger than this system allows",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "the folder of files may not be used by this process (permission denied)",
    errno.EPERM: "the folder of files may not be used by this process (permission denied)",
    errno.EMFILE: "this process has too many files open",
    errno.ENFILE: "the system has too many files open",
}


def translate(error: OSError) -> StorageError:
    """What an error of the system means here. The one place that knows."""
    if error.errno in REASONS:
        return Unavailable(REASONS[error.errno])
    return Unavailable(f"the disk failed: {error.strerror or error}")


@contextmanager
def translated() -> Iterator[None]:
    """Around calls to the system; never around a source's `read`, whose errors are its own."""
    try:
        yield
    except OSError as error:
        raise translate(error) from error


class LocalReader(RangeReader):
    """An open blob or a range of one, over a real file that stands at the range's start."""

    def __init__(self, key: str, file: io.FileIO, *, size_bytes: int, length_bytes: int) -> None:
        super().__init__(key, TranslatedFile(file), size_bytes=size_bytes, length_bytes=length_bytes)
        self._file = file
        self._end = file.tell() + length_bytes

    def fileno(self) -> int:
        return self._file.fileno()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        """The position in the whole blob."""
        return self._end - self._remaining_bytes

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a position in the whole blob; `SEEK_END` counts from the end of the range."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._end}[whence]
        position = self._file.seek(min(origin + offset, self._end))
        self._remaining_bytes = self._end - position
        return position


class TranslatedFile:
    """A file whose errors are ours."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file

    def read(self, size: int, /) -> bytes:
        with translated():
            chunk: bytes = self._file.read(size)
        return chunk

    def close(self) -> None:
        self._file.close()


@contextmanager
def spooled(source: Source, size: int) -> Iterator[tuple[IO[bytes], int]]:
    """`size` bytes, fewer only where the source ends before, to be read again and again; and how many.

    A few are kept in memory, more in an unnamed file, so that many uploads at once don't add up.
    """
    with SpooledTemporaryFile(max_size=SPOOLED_IN_MEMORY_BYTES) as file:
        missing = size
        while missing:
            chunk = source.read(min(missing, CHUNK_BYTES))
            if not chunk:
                break
            with translated():
                file.write(chunk)
            missing -= len(chunk)
        with translated():
            file.seek(0)
        yield file, size - missing


def lock(file: int) -> None:
    """Keep a second writer out for as long as the file is open: two would leave a mixture of both."""
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable("another piece of this upload is being written") from error


def sync_folder(folder: str) -> None:
    """Make the names in a folder durable. Windows has no such call and does it by itself."""
    if sys.platform != "win32":
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def convert_time(timestamp: float) -> datetime:
    """The moment of a file system's time, in seconds since 1970."""
    return datetime.fromtimestamp(timestamp, UTC)
