"""Archives, by libarchive: zip, 7z, rar, cab, and tar and single files under any usual compression."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import IO, Any, Self

from .encodings import decode_name
from .interface import Member, Piece, Unreadable
from .rar5 import has_locked_files

_BLOCK_BYTES = 128 * 1024
# What lies between two members that are read may have to be unpacked as well, unseen.
_SKIPPED_BYTES_LIMIT = 1024 * 1024 * 1024
_CHEAP_TO_SKIP = frozenset({"application/zip", "application/x-tar"})

# libarchive's names of formats and of compressions. Never all of them: some start programs, and formats that
# are tried in vain may take one for another.
_Support = tuple[tuple[str, ...], tuple[str, ...]]
_COMPRESSED = {
    "application/gzip": "gzip",
    "application/x-bzip2": "bzip2",
    "application/x-xz": "xz",
    "application/x-lzma": "lzma",
    "application/zstd": "zstd",
    "application/x-lz4": "lz4",
    "application/x-compress": "compress",
}
_SUPPORT: dict[str, _Support] = {
    "application/zip": (("zip",), ()),
    "application/x-7z-compressed": (("7zip",), ()),
    "application/x-rar": (("rar", "rar5"), ()),
    "application/vnd.ms-cab-compressed": (("cab",), ()),
    "application/x-tar": (("tar",), ()),
    **{media_type: (("tar", "raw"), (name,)) for media_type, name in _COMPRESSED.items()},
}
_REGULAR_FILE = 0o100000
_END = 1  # ARCHIVE_EOF
_MISSING = "archives are read by libarchive, which is not installed: install the package libarchive13"


class ArchiveExtractor:
    """Archives, and single compressed files."""

    media_types = frozenset(_SUPPORT)

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[Piece]:
        """Yield the members in the order of the archive; of those under a password, the names."""
        all_locked = media_type == "application/x-rar" and has_locked_files(path)
        with path.open("rb") as file, _Archive(file, media_type) as archive:
            yield from _members(archive, all_locked, PurePath(filename).stem)


def _members(archive: _Archive, all_locked: bool, only_name: str) -> Iterator[Piece]:
    locked = 0
    try:
        while archive.go_on():
            if not archive.is_file:
                continue
            if all_locked or archive.is_locked:
                locked += 1
                yield f"{archive.name}\n"
            elif archive.is_single:
                # It has no name of its own; and past its end there is nothing to go on to.
                yield Member(only_name, archive.data)
                return
            else:
                yield Member(archive.name, archive.data)
    except Unreadable:
        if not locked:
            raise
    if locked:
        raise Unreadable("encrypted", f"{locked} files inside are protected by a password")


class _Archive:
    """An open archive, on one member at a time. Use it as a context manager; raises `Unreadable`."""

    def __init__(self, file: IO[bytes], media_type: str) -> None:
        self._libarchive = _load()
        self._descriptor = file.fileno()
        self._formats, self._filters = _SUPPORT[media_type]
        self._skip_is_cheap = media_type in _CHEAP_TO_SKIP
        self._unread_bytes = 0
        self._skipped_bytes = 0

    def __enter__(self) -> Self:
        self._archive = self._libarchive.read_new()
        self._entry = self._libarchive.entry_new()
        try:
            for name in self._formats:
                self._libarchive.get_read_format_function(name)(self._archive)
            for name in self._filters:
                self._libarchive.get_read_filter_function(name)(self._archive)
            self._call("read_open_fd", self._descriptor, _BLOCK_BYTES)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._libarchive.entry_free(self._entry)
        self._libarchive.read_free(self._archive)

    def go_on(self) -> bool:
        """Go to the next member; return whether there is one."""
        self._skipped_bytes += max(0, self._unread_bytes)
        if self._skipped_bytes > _SKIPPED_BYTES_LIMIT and not self._skip_is_cheap:
            raise Unreadable("too_large", "unpacked, the archive is too large to be read to its end")
        if self._call("read_next_header2", self._entry) == _END:
            return False
        self._unread_bytes = self._libarchive.entry_size(self._entry)
        return True

    @property
    def is_file(self) -> bool:
        """Whether the member is a file of its own: no folder, no link to another."""
        kind = self._libarchive.entry_filetype(self._entry)
        return kind == _REGULAR_FILE and not self._libarchive.entry_hardlink(self._entry)

    @property
    def is_locked(self) -> bool:
        """Whether the member's bytes are protected by a password."""
        return bool(self._libarchive.entry_is_data_encrypted(self._entry))

    @property
    def is_single(self) -> bool:
        """Whether this is no archive, but one compressed file."""
        if self._libarchive.format_name(self._archive) != b"raw":
            return False
        if self._libarchive.filter_count(self._archive) < 2:
            # The compression was not recognised: the member would be the file itself.
            raise Unreadable("damaged", "the file is cut short, or not compressed as its beginning says")
        return True

    @property
    def name(self) -> str:
        """The member's name with its folders; in the archive it is in Unicode, or in whatever was at hand."""
        return decode_name(self._libarchive.entry_pathname(self._entry) or b"")

    def data(self) -> Iterator[bytes]:
        """Yield the bytes of the member."""
        buffer = ctypes.create_string_buffer(_BLOCK_BYTES)
        while size := self._call("read_data", buffer, _BLOCK_BYTES):
            self._unread_bytes -= size
            yield ctypes.string_at(buffer, size)

    def _call(self, function: str, *arguments: object) -> int:
        try:
            return int(getattr(self._libarchive, function)(self._archive, *arguments))
        except self._libarchive.ArchiveError as error:
            raise _refusal_of(str(error.msg)) from error


def _refusal_of(message: str) -> Unreadable:
    """Sort libarchive's messages; it has no codes for what they say."""
    message = message.lower()
    if "passphrase" in message or "encrypt" in message:
        return Unreadable("encrypted", "the archive is protected by a password")
    if any(word in message for word in ("unsupported", "not supported", "unavailable")):
        return Unreadable("unsupported", "the archive is packed in a way that can't be read here")
    if "can't allocate" in message:
        return Unreadable("memory_limit", "unpacking the archive takes more memory than is allowed")
    return Unreadable("damaged", "the archive is cut short or damaged")


def _load() -> Any:
    """Return libarchive's functions. Raises `Unreadable` where the library is not installed."""
    try:
        import libarchive.ffi as functions
    except (OSError, AttributeError) as error:  # there is no such file; or none was found to look into
        raise Unreadable("unsupported", _MISSING) from error
    functions.logger.disabled = True  # it would write names of members
    functions.ffi("entry_is_data_encrypted", [functions.c_archive_entry_p], ctypes.c_int)
    return functions
