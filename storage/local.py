"""Blobs as files in a folder of the local disk.

A blob is written to a file of its own under `.uploads`, made durable, and only then linked to its
place: `link` refuses a name that is taken, at once and for all processes. No key begins with a dot,
so that what is under way never looks like a blob.
"""

from __future__ import annotations

import io
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from stat import S_ISREG
from typing import Self
from urllib.parse import unquote

from .errors import AlreadyExists, Corrupt, InvalidKey, NotFound, Unavailable
from .files import LocalReader, convert_time, lock, sync_folder, translated
from .interface import CHUNK_BYTES, KEY_PATTERN, Appended, BlobInfo, Capabilities, Source, check_key
from .streams import Counted, Measured, measure_range

UPLOADS = ".uploads"
BINARY: int = getattr(os, "O_BINARY", 0)  # elsewhere than on Windows a file is its bytes anyway
FILE_MODE = 0o640
FOLDER_MODE = 0o750
REMEMBERED_FOLDERS = 10_000


class LocalStorage:
    """A `Storage` in `folder`, which is made if it is missing. Unavailable where that cannot be.

    The filesystem must know hard links (all but FAT do). Several processes, and machines that share
    the folder, may use it at once.
    """

    capabilities = Capabilities(seekable_files=True)

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = os.path.abspath(folder)
        self._uploads = os.path.join(self.folder, UPLOADS)
        self._durable_folders = {self.folder}
        with translated():
            make_folders(self._uploads)

    @classmethod
    def from_url(cls, url: str) -> Self:
        """From ``file:path``, relative or absolute, or ``file:///path``. ValueError says what is wrong."""
        scheme, _, path = url.partition(":")
        if path.startswith("//"):
            host, slash, path = path[2:].partition("/")
            path = slash + path
            if host not in ("", "localhost"):
                raise ValueError(f"expected file:path, found a host {host!r} in {url!r}")
        if scheme != "file" or not path:
            raise ValueError(f"expected file:path, found {url!r}")
        return cls(unquote(path))

    def put(
        self, key: str, source: Source, *, size_bytes: int | None = None, sha256: str | None = None
    ) -> BlobInfo:
        check_key(key)
        measured = Measured(key, source, size_bytes=size_bytes, sha256=sha256)
        temporary = os.path.join(self._uploads, uuid.uuid4().hex)
        with translated():
            file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, FILE_MODE)
        try:
            try:
                self._write(file, measured)
                with translated():
                    os.fsync(file)
                    modified_at = convert_time(os.fstat(file).st_mtime)
            finally:
                os.close(file)
            self._publish(temporary, key)
        except BaseException:
            self._discard(temporary)
            raise
        return BlobInfo(key, measured.size_bytes, modified_at, measured.sha256)

    def open(self, key: str, *, start: int = 0, length_bytes: int | None = None) -> LocalReader:
        check_key(key)
        with self._found(key):
            file = io.FileIO(self._locate(key))
        try:
            with translated():
                status = os.fstat(file.fileno())
                length = measure_range(key, status.st_size, start, length_bytes)
                if start:
                    file.seek(start)
            return LocalReader(key, file, size_bytes=status.st_size, length_bytes=length)
        except BaseException:
            file.close()
            raise

    def stat(self, key: str) -> BlobInfo:
        check_key(key)
        with self._found(key):
            status = os.stat(self._locate(key))
            if not S_ISREG(status.st_mode):
                raise IsADirectoryError
        return BlobInfo(key, status.st_size, convert_time(status.st_mtime))

    def delete(self, key: str) -> None:
        check_key(key)
        path = self._locate(key)
        try:
            with self._found(key):
                if os.path.isdir(path):  # what unlink says of a folder differs from system to system
                    return
                os.unlink(path)
        except NotFound:
            return
        with translated():
            # What has been given back must not come back to life after a power cut.
            sync_folder(os.path.dirname(path))

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        return self._walk("", prefix)

    def begin(self, key: str, *, size_bytes: int) -> str:
        check_key(key)
        name = uuid.uuid4().hex
        with translated():
            file = os.open(os.path.join(self._uploads, name), os.O_CREAT | os.O_EXCL, FILE_MODE)
            os.close(file)
            sync_folder(self._uploads)
        return Upload(name, 0, size_bytes).dump()

    def append(self, key: str, state: str, source: Source) -> Appended:
        check_key(key)
        upload = Upload.load(state)
        with self._opened_upload(key, upload) as file:
            with translated():
                os.lseek(file, upload.offset_bytes, os.SEEK_SET)
            counted = Counted(key, source, limit_bytes=upload.size_bytes, count_bytes=upload.offset_bytes)
            self._write(file, counted)
            with translated():
                os.fsync(file)
        offset = counted.count_bytes
        return Appended(Upload(upload.name, offset, upload.size_bytes).dump(), offset)

    def finish(self, key: str, state: str) -> BlobInfo:
        check_key(key)
        upload = Upload.load(state)
        if upload.offset_bytes != upload.size_bytes:
            raise Corrupt(key, "size", upload.size_bytes, upload.offset_bytes)
        try:
            with self._opened_upload(key, upload) as file:
                with translated():
                    os.fsync(file)  # a forgotten piece may just have been cut off
                    modified_at = convert_time(os.fstat(file).st_mtime)
                self._publish(os.path.join(self._uploads, upload.name), key)
        except NotFound:
            self.stat(key)  # NotFound as well, or else there is a blob
            raise AlreadyExists(key) from None
        return BlobInfo(key, upload.size_bytes, modified_at)

    def abort(self, key: str, state: str) -> None:
        check_key(key)
        with suppress(NotFound), self._found(key):
            os.unlink(os.path.join(self._uploads, Upload.load(state).name))

    def collect(self, *, older_than_s: float) -> int:
        removed = 0
        before = time.time() - older_than_s
        with translated(), os.scandir(self._uploads) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # its writer came to an end meanwhile
                    if entry.stat(follow_symlinks=False).st_mtime <= before:
                        os.unlink(entry.path)
                        removed += 1
        return removed

    def _write(self, file: int, source: Source) -> None:
        while chunk := source.read(CHUNK_BYTES):
            with translated():
                written = os.write(file, chunk)
                while written < len(chunk):
                    written += os.write(file, chunk[written:])

    def _publish(self, temporary: str, key: str) -> None:
        """Give a durable file its place under the key, durably, and take its temporary name away."""
        path = self._locate(key)
        parent = os.path.dirname(path)
        with translated():
            try:
                self._make_folder(parent)
                self._link(temporary, path)
            except FileExistsError:
                raise AlreadyExists(key) from None
            except NotADirectoryError:
                raise InvalidKey(key) from None  # a part of the key is a blob
            try:
                sync_folder(parent)
            except BaseException:
                self._discard(path)
                raise
        self._discard(temporary)

    def _link(self, temporary: str, path: str) -> None:
        try:
            os.link(temporary, path)
        except FileNotFoundError:  # somebody tidied an empty folder away that we still remember
            self._durable_folders = {self.folder}
            self._make_folder(os.path.dirname(path))
            os.link(temporary, path)

    def _make_folder(self, folder: str) -> None:
        """Make a folder and those above it durably: once for each folder and process.

        Also where it exists: the process that made it may not have come to make it durable.
        """
        if folder in self._durable_folders:
            return
        above = os.path.dirname(folder)
        self._make_folder(above)
        with suppress(FileExistsError):
            os.mkdir(folder, FOLDER_MODE)
        sync_folder(above)
        if len(self._durable_folders) >= REMEMBERED_FOLDERS:
            self._durable_folders = {self.folder}
        self._durable_folders.add(folder)

    def _discard(self, path: str) -> None:
        """Remove what is of no use any more. The write, or its error, matters more than one here."""
        with suppress(OSError):
            os.unlink(path)

    @contextmanager
    def _opened_upload(self, key: str, upload: Upload) -> Iterator[int]:
        """The upload's file, for us alone, cut to what its state says. NotFound when it is no more."""
        path = os.path.join(self._uploads, upload.name)
        with self._found(key):
            file = os.open(path, os.O_WRONLY | BINARY)
        try:
            with translated():
                lock(file)
                status = os.fstat(file)
                if status.st_nlink > 1:  # published, and killed before the temporary name was gone
                    os.unlink(path)
                    raise NotFound(key)
                if status.st_size < upload.offset_bytes:
                    raise Corrupt(key, "size of the upload", upload.offset_bytes, status.st_size)
                os.ftruncate(file, upload.offset_bytes)
            yield file
        finally:
            os.close(file)

    def _locate(self, key: str) -> str:
        return os.path.join(self.folder, *key.split("/"))

    @contextmanager
    def _found(self, key: str) -> Iterator[None]:
        """Around what opens or removes a file: a missing one is NotFound, unless all are missing."""
        with translated():
            try:
                yield
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
                if not os.path.isdir(self.folder):
                    raise Unavailable("the folder of files is not there") from error
                raise NotFound(key) from None

    def _walk(self, folder: str, prefix: str) -> Iterator[BlobInfo]:
        """The blobs under `folder` (a key with its slash, or nothing), folders between files by key."""
        with translated():
            try:
                with os.scandir(os.path.join(self.folder, folder)) as found:
                    entries = {
                        entry.name + "/" if entry.is_dir() else entry.name: entry
                        for entry in found
                        if KEY_PATTERN.fullmatch(entry.name)
                    }
            except FileNotFoundError as error:
                if folder:
                    return
                raise Unavailable("the folder of files is not there") from error
        for name in sorted(entries):
            key = folder + name
            if name.endswith("/"):
                if key.startswith(prefix) or prefix.startswith(key):
                    yield from self._walk(key, prefix)
            elif key.startswith(prefix):
                # One that was deleted meanwhile is not shown.
                with suppress(NotFound):
                    yield self.stat(key)


def make_folders(folder: str) -> None:
    """Make a folder that is missing, and all that is missing above it, durably."""
    if os.path.isdir(folder):
        return
    above = os.path.dirname(folder)
    make_folders(above)
    with suppress(FileExistsError):
        os.mkdir(folder, FOLDER_MODE)
    sync_folder(above)


@dataclass(frozen=True, slots=True)
class Upload:
    """The state of an upload in pieces: its file under `.uploads`, and how much of it counts."""

    name: str
    offset_bytes: int
    size_bytes: int

    @classmethod
    def load(cls, state: str) -> Self:
        return cls(**json.loads(state))

    def dump(self) -> str:
        return json.dumps(asdict(self))
